#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/chars.h"
#include "zones/mail/lint.h"
#include "zones/mail/spf.h"
#include "zones/record/rrset.h"

#include <string.h>

#define SCRATCH_MAX \
	(64u << 20) /* bytes: 64 records of 16 KiB, with their terms and lints, are 20 MiB */
#define TREE_MAX  (256u << 10)
#define LABEL_MAX 120u /* octets of a term that are shown */
#define NO_NODE   SIZE_MAX

static const char depends[] = "depends on the mail";

struct node {
	const char *label;
	const char *remark; /* NULL: none */
	unsigned n_lookups; /* its own and those below it */
	unsigned depth;
};

/* A record that is being walked through. */
struct frame {
	const char *name; /* canonical */
	struct dg_spf spf;
	size_t all;  /* index of the first all; spf.n: none */
	size_t next; /* the next term */
	size_t node;
	unsigned before; /* look-ups before the term that led here */
};

struct counter {
	struct dg_arena *arena; /* of the caller, for what is returned */
	struct dg_arena *scratch;
	dg_spf_ask *ask;
	void *arg;
	struct dg_spf_count *ret;
	struct frame frames[DG_SPF_DEPTH_MAX];
	size_t n_frames;
	size_t n_records;
	struct node *nodes;
	size_t n_nodes;
	size_t n_hidden;
	unsigned n_voids4; /* seen by an IPv4 client */
	unsigned n_voids6;
};

static const char *shown(const struct counter *c, const char *name)
{
	size_t len = strlen(name);

	return dg_strndup(c->scratch, name, len > 1 ? len - 1 : len);
}

static void note_broken(struct counter *c, const char *name, const char *why)
{
	if (!c->ret->broken) {
		c->ret->broken = dg_strdup(c->arena, name);
		c->ret->broken_why = dg_strdup(c->arena, why);
	}
}

static size_t add_node(struct counter *c, const char *label)
{
	if (c->n_nodes >= DG_SPF_NODES_MAX) {
		c->n_hidden++;
		return NO_NODE;
	}
	c->nodes[c->n_nodes] =
		(struct node){.label = label, .n_lookups = 1, .depth = (unsigned)c->n_frames};
	return c->n_nodes++;
}

static void remark(struct counter *c, size_t node, const char *text)
{
	if (node != NO_NODE) {
		c->nodes[node].remark = text;
	}
}

/* The name that a domain-spec without macros means, in canonical form. */
static const char *target_name(struct counter *c, const struct dg_spf_term *t)
{
	if (!t->domain) {
		return c->frames[c->n_frames - 1].name;
	}
	size_t len = strlen(t->domain);
	char *name = dg_get(c->scratch, len + 1, 2);
	size_t n = 0;

	len -= len > 0 && t->domain[len - 1] == '.' ? 1 : 0;
	for (size_t i = 0; i < len; i++) {
		if (strchr(";\\\"()@$", t->domain[i])) {
			name[n++] = '\\';
		}
		name[n++] = dg_lower(t->domain[i]);
	}
	name[n] = '.';
	return name;
}

static enum dg_spf_answer ask(struct counter *c, size_t node, const char *name, uint16_t type,
	const char **ret_record, size_t *ret_n)
{
	enum dg_spf_answer answer = c->ask(c->arg, name, type, ret_record, ret_n);

	if (answer == DG_SPF_PENDING) {
		c->ret->n_pending++;
		remark(c, node, "not known yet");
	} else if (answer == DG_SPF_FAILED) {
		c->ret->n_failed++;
		remark(c, node, "could not be looked up");
	}
	return answer;
}

static enum dg_spf_answer ask_existence(
	struct counter *c, size_t node, const char *name, uint16_t type)
{
	const char *record = NULL;
	size_t n = 0;

	return ask(c, node, name, type, &record, &n);
}

static void count_void(struct counter *c, size_t node, bool is_for4, bool is_for6)
{
	c->n_voids4 += is_for4 ? 1 : 0;
	c->n_voids6 += is_for6 ? 1 : 0;
	if (is_for4 || is_for6) {
		remark(c, node,
			!is_for6   ? "void for IPv4 clients"
			: !is_for4 ? "void for IPv6 clients"
				   : "void");
	}
}

static void open_record(
	struct counter *c, const char *name, const char *text, size_t node, unsigned before)
{
	struct dg_lints lints;
	struct frame *f = &c->frames[c->n_frames++];

	*f = (struct frame){.name = name, .node = node, .before = before};
	c->n_records++;
	dg_lints_init(&lints, c->scratch);
	dg_spf_parse(c->scratch, text, strlen(text), &f->spf, &lints);
	if (lints.n_errors > 0) {
		remark(c, node, "does not parse");
		note_broken(c, name, lints.list[0].text);
	}
	while (f->all < f->spf.n && f->spf.terms[f->all].kind != DG_SPF_ALL) {
		f->all++;
	}
}

static bool is_on_path(const struct counter *c, const char *name)
{
	for (size_t i = 0; i < c->n_frames; i++) {
		if (strcmp(c->frames[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

/* include and redirect. before: look-ups without this term's own. */
static void follow(struct counter *c, size_t node, const char *name, unsigned before)
{
	const char *record = NULL;
	size_t n = 0;

	if (is_on_path(c, name)) {
		remark(c, node, "leads back to itself");
		if (!c->ret->loop) {
			c->ret->loop = dg_strdup(c->arena, name);
		}
		return;
	}
	enum dg_spf_answer answer = ask(c, node, name, DG_TYPE_TXT, &record, &n);
	if (answer == DG_SPF_VOID) {
		count_void(c, node, true, true);
		note_broken(c, name, "it has no TXT record");
	}
	if (answer != DG_SPF_FOUND) {
		return;
	}
	if (n != 1 || !record) {
		const char *why = dg_printf(c->scratch, "it has %zu SPF records, not one", n);

		remark(c, node, why);
		note_broken(c, name, why);
		return;
	}
	if (c->n_frames >= DG_SPF_DEPTH_MAX || c->n_records >= DG_SPF_RECORDS_MAX) {
		remark(c, node, "not followed: far above the limit already");
		return;
	}
	open_record(c, name, record, node, before);
}

static void ask_for(struct counter *c, const struct dg_spf_term *t, size_t node, unsigned before)
{
	const char *name = target_name(c, t);

	switch (t->kind) {
	case DG_SPF_INCLUDE:
	case DG_SPF_REDIRECT:
		follow(c, node, name, before);
		break;
	case DG_SPF_A: { /* a client has one address: of the two answers it meets one */
		bool is_void4 = ask_existence(c, node, name, DG_TYPE_A) == DG_SPF_VOID;
		bool is_void6 = ask_existence(c, node, name, DG_TYPE_AAAA) == DG_SPF_VOID;
		count_void(c, node, is_void4, is_void6);
		break;
	}
	case DG_SPF_MX: {
		bool is_void = ask_existence(c, node, name, DG_TYPE_MX) == DG_SPF_VOID;
		count_void(c, node, is_void, is_void);
		break;
	}
	case DG_SPF_EXISTS: { /* always the A record (RFC 7208 section 5.7) */
		bool is_void = ask_existence(c, node, name, DG_TYPE_A) == DG_SPF_VOID;
		count_void(c, node, is_void, is_void);
		break;
	}
	case DG_SPF_PTR: /* asks for the client's address */
	case DG_SPF_ALL:
	case DG_SPF_IP4:
	case DG_SPF_IP6:
	case DG_SPF_EXP:
	case DG_SPF_UNKNOWN:
		break;
	}
}

/* Does a receiver come to this term, when nothing before it matches? */
static bool is_counted(const struct frame *f, size_t i)
{
	switch (f->spf.terms[i].kind) {
	case DG_SPF_INCLUDE:
	case DG_SPF_A:
	case DG_SPF_MX:
	case DG_SPF_PTR:
	case DG_SPF_EXISTS:
		return i < f->all;
	case DG_SPF_REDIRECT:
		return f->all == f->spf.n;
	case DG_SPF_ALL:
	case DG_SPF_IP4:
	case DG_SPF_IP6:
	case DG_SPF_EXP:
	case DG_SPF_UNKNOWN:
		break;
	}
	return false;
}

static const char *term_label(const struct counter *c, const struct dg_spf_term *t)
{
	struct dg_buf b;

	dg_buf_init(&b, DG_SPF_TEXT_MAX);
	dg_spf_term_print(&b, t);
	const char *label = dg_strndup(c->scratch, b.data, b.len > LABEL_MAX ? LABEL_MAX : b.len);
	dg_buf_done(&b);
	return label;
}

static void count_term(struct counter *c, const struct dg_spf_term *t)
{
	unsigned before = c->ret->n_lookups++;
	size_t node = add_node(c, term_label(c, t));

	if (t->has_macro) {
		c->ret->n_macros++;
		remark(c, node, depends);
		return;
	}
	ask_for(c, t, node, before);
}

static void walk(struct counter *c)
{
	while (c->n_frames > 0) {
		struct frame *f = &c->frames[c->n_frames - 1];

		if (f->next < f->spf.n) {
			size_t i = f->next++;

			if (is_counted(f, i)) {
				count_term(c, &f->spf.terms[i]);
			}
			continue;
		}
		if (f->node != NO_NODE) {
			c->nodes[f->node].n_lookups = c->ret->n_lookups - f->before;
		}
		c->n_frames--;
	}
}

static void print_tree(const struct counter *c, struct dg_buf *b)
{
	dg_buf_printf(b, "%s: %u of %u look-ups, %u of %u void ones", c->nodes[0].label,
		c->ret->n_lookups, DG_SPF_LOOKUPS_MAX, c->ret->n_voids, DG_SPF_VOIDS_MAX);
	for (size_t i = 0; i < c->n_nodes; i++) {
		const struct node *node = &c->nodes[i];

		if (i > 0) {
			dg_buf_printf(b, "%*s%s: %u", 2 * (int)node->depth, "", node->label,
				node->n_lookups);
		}
		if (node->remark) {
			dg_buf_printf(b, ", %s", node->remark);
		}
		dg_buf_putc(b, '\n');
	}
	if (c->n_hidden > 0) {
		dg_buf_printf(b, "and %zu more\n", c->n_hidden);
	}
}

void dg_spf_count(struct dg_arena *a, const char *owner, const char *record, dg_spf_ask *ask_fn,
	void *arg, struct dg_spf_count *ret_count)
{
	struct dg_arena *scratch dg_cleanup(dg_arena_freep) = dg_arena_new(SCRATCH_MAX);
	struct counter *c = dg_new(scratch, struct counter);
	struct dg_buf b;

	*ret_count = (struct dg_spf_count){.loop = NULL};
	*c = (struct counter){
		.arena = a, .scratch = scratch, .ask = ask_fn, .arg = arg, .ret = ret_count};
	c->nodes = dg_newn(scratch, struct node, DG_SPF_NODES_MAX);
	open_record(c, owner, record, add_node(c, shown(c, owner)), 0);
	walk(c);
	ret_count->n_voids = c->n_voids4 > c->n_voids6 ? c->n_voids4 : c->n_voids6;
	dg_buf_init(&b, TREE_MAX);
	print_tree(c, &b);
	ret_count->tree = dg_strdup(a, b.data);
	dg_buf_done(&b);
}
