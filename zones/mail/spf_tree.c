#include "zones/mail/spf_tree.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/facts.h"
#include "zones/mail/spf_record.h"
#include "zones/mail/spf_shared.h"

#include <string.h>

#define SCRATCH_MAX \
	(64u << 20) /* bytes: 64 records of 16 KiB, with their terms and lints, are 20 MiB */
#define NODES_FIRST 16u
#define TERM_SHOWN  120u /* octets of a term that are shown */
#define HOSTS_MAX   10u  /* of an MX set: RFC 7208 section 4.6.4 */
#define HOSTS_UP_TO 64u  /* look-ups: behind them MX hosts are not asked for any more */
#define ALL4        0x1p32
#define ALL6_64     0x1p64
#define NO_NODE     SIZE_MAX

static const char depends[] = "depends on the mail";

/* A record that is being walked through. */
struct frame {
	const char *name; /* canonical */
	const struct dg_spf_ready *record;
	size_t next; /* the next term */
	size_t node; /* of the term that led here */
	unsigned depth;
	bool is_whole; /* what ends it ends the tree: the first record, or where its redirects led */
	bool is_passed; /* its passes are passes of the record above it */
	unsigned lookups_before, voids4_before, voids6_before;
	double n4, n6_64;
};

struct walker {
	struct dg_arena *arena; /* of the caller, for what is returned */
	struct dg_arena *scratch;
	const struct dg_facts *facts;
	struct dg_spf_tree *ret;
	struct frame frames[DG_SPF_DEPTH_MAX];
	size_t n_frames;
	size_t n_records;
	size_t n_nodes_cap;
};

static struct frame *top(struct walker *w)
{
	return &w->frames[w->n_frames - 1];
}

static const char *shown(struct dg_arena *a, const char *name)
{
	size_t len = strlen(name);

	return dg_strndup(a, name, len > 1 ? len - 1 : len);
}

static void note_broken(struct walker *w, const char *name, const char *why)
{
	if (!w->ret->broken) {
		w->ret->broken = dg_strdup(w->arena, name);
		w->ret->broken_why = dg_strdup(w->arena, why);
	}
}

/* --- nodes ------------------------------------------------------------------------------------ */
static size_t add_node(struct walker *w, const char *term, unsigned n_lookups)
{
	struct dg_spf_tree *t = w->ret;

	if (t->n_nodes >= DG_SPF_NODES_MAX) {
		t->n_hidden++;
		return NO_NODE;
	}
	if (t->n_nodes == w->n_nodes_cap) {
		w->n_nodes_cap = w->n_nodes_cap > 0 ? 2 * w->n_nodes_cap : NODES_FIRST;
		struct dg_spf_node *grown = dg_newn(w->arena, struct dg_spf_node, w->n_nodes_cap);
		if (t->n_nodes > 0) {
			memcpy(grown, t->nodes, t->n_nodes * sizeof(grown[0]));
		}
		t->nodes = grown;
	}
	t->nodes[t->n_nodes] = (struct dg_spf_node){.term = term,
		.n_lookups = n_lookups,
		.depth = w->n_frames > 0 ? top(w)->depth + 1 : 0};
	return t->n_nodes++;
}

static void remark(struct walker *w, size_t node, const char *text)
{
	if (node != NO_NODE && !w->ret->nodes[node].remark) {
		w->ret->nodes[node].remark = text;
	}
}

static const char *term_text(struct walker *w, const struct dg_spf_ready *r, size_t i)
{
	struct dg_buf b;

	dg_buf_init(&b, DG_SPF_TEXT_MAX);
	dg_spf_term_print(&b, &r->spf.terms[i]);
	const char *text = dg_strndup(w->arena, b.data, b.len < TERM_SHOWN ? b.len : TERM_SHOWN);
	dg_buf_done(&b);
	return text;
}

/* --- what is asked ---------------------------------------------------------------------------- */
static const struct dg_fact *ask(struct walker *w, size_t node, const char *name, uint16_t type)
{
	const struct dg_fact *fact = dg_fact(w->facts, name, type);

	if (fact->state == DG_FACT_PENDING) {
		w->ret->n_pending++;
		remark(w, node, "not known yet");
	} else if (fact->state == DG_FACT_UNKNOWN) {
		w->ret->n_failed++;
		remark(w, node, "could not be looked up");
		if (!w->ret->failed_why) {
			w->ret->failed_why = dg_printf(w->arena, "%s: %s", shown(w->scratch, name),
				fact->why ? fact->why : "no answer");
		}
	}
	return fact;
}

static void count_void(struct walker *w, size_t node, bool is_for4, bool is_for6)
{
	w->ret->n_voids4 += is_for4 ? 1 : 0;
	w->ret->n_voids6 += is_for6 ? 1 : 0;
	if (node == NO_NODE || (!is_for4 && !is_for6)) {
		return;
	}
	w->ret->nodes[node].n_voids = 1;
	remark(w, node,
		!is_for6   ? "void for IPv4 clients"
		: !is_for4 ? "void for IPv6 clients"
			   : "void");
}

static double least(double x, double y)
{
	return x < y ? x : y;
}

static double two_to(int n)
{
	return n < 64 ? (double)(UINT64_C(1) << n) : ALL6_64;
}

/* Networks of 64 bits that a prefix covers: a part of one is one. */
static double n_of_prefix6(int prefix)
{
	return prefix >= 0 && prefix < 64 ? two_to(64 - prefix) : 1;
}

static double n_of_prefix4(int prefix)
{
	return prefix >= 0 ? two_to(32 - prefix) : 1;
}

/* Adds to the node and to the record that the term stands in. */
static void add_addresses(
	struct walker *w, size_t node, const struct dg_spf_term *t, double n4, double n6_64)
{
	struct frame *f = top(w);

	if (t->qualifier != '+') {
		return;
	}
	if (node != NO_NODE) {
		struct dg_spf_node *n = &w->ret->nodes[node];

		n->n_addresses4 = least(n->n_addresses4 + n4, ALL4);
		n->n_addresses6_64 = least(n->n_addresses6_64 + n6_64, ALL6_64);
	}
	f->n4 = least(f->n4 + n4, ALL4);
	f->n6_64 = least(f->n6_64 + n6_64, ALL6_64);
}

static void ask_addresses(struct walker *w, const struct dg_spf_term *t, size_t node,
	const char *name, bool is_counted)
{
	const struct dg_fact *fact4 = ask(w, node, name, DG_TYPE_A);
	const struct dg_fact *fact6 = ask(w, node, name, DG_TYPE_AAAA);

	if (is_counted) { /* a client has one address: of the two answers it meets one */
		count_void(w, node, dg_fact_is_none(fact4), dg_fact_is_none(fact6));
	}
	add_addresses(w, node, t, (double)fact4->set.n * n_of_prefix4(t->prefix4),
		(double)fact6->set.n * n_of_prefix6(t->prefix6));
}

/* The hosts' own answers are not counted: section 4.6.4 counts terms. */
static void ask_mx(struct walker *w, const struct dg_spf_term *t, size_t node, const char *name)
{
	const struct dg_fact *mx = ask(w, node, name, DG_TYPE_MX);
	bool is_void = dg_fact_is_none(mx);

	count_void(w, node, is_void, is_void);
	if (mx->state != DG_FACT_FOUND) {
		return;
	}
	if (mx->set.n > HOSTS_MAX) {
		remark(w, node, "more than 10 MX hosts");
		if (!w->ret->many_mx) {
			w->ret->many_mx = dg_strdup(w->arena, name);
		}
	}
	for (size_t i = 0; i < mx->set.n && i < HOSTS_MAX && w->ret->n_lookups <= HOSTS_UP_TO;
		i++) {
		const char *host = NULL;
		uint16_t preference = 0;

		if (dg_mx_read(w->scratch, &mx->set.rdata[i], &preference, &host) == 0 &&
			strcmp(host, ".") != 0) {
			ask_addresses(w, t, node, host, false);
		}
	}
}

/* --- records ---------------------------------------------------------------------------------- */
static void open_record(struct walker *w, const char *name, const struct dg_spf_ready *record,
	size_t node, const struct dg_spf_term *t)
{
	const struct frame *above = w->n_frames > 0 ? top(w) : NULL;
	bool is_redirect = t && t->kind == DG_SPF_REDIRECT;

	w->n_records++;
	if (record->fault) {
		remark(w, node, "does not parse");
		note_broken(w, name, record->fault->text);
	}
	if (node != NO_NODE) {
		w->ret->nodes[node].record = dg_spf_ready_shown(w->arena, record);
	}
	struct frame f = {.name = name,
		.record = record,
		.node = node,
		.depth = above ? above->depth + 1 : 0,
		.is_whole = !above || (above->is_whole && is_redirect),
		.is_passed = !t || is_redirect || t->qualifier == '+',
		.lookups_before = w->ret->n_lookups - (t ? 1 : 0),
		.voids4_before = w->ret->n_voids4,
		.voids6_before = w->ret->n_voids6};
	w->frames[w->n_frames++] = f;
}

static void close_record(struct walker *w)
{
	const struct frame *f = top(w);
	double n4 = f->is_passed ? f->n4 : 0;
	double n6_64 = f->is_passed ? f->n6_64 : 0;

	if (f->node != NO_NODE) {
		struct dg_spf_node *n = &w->ret->nodes[f->node];
		unsigned voids4 = w->ret->n_voids4 - f->voids4_before;
		unsigned voids6 = w->ret->n_voids6 - f->voids6_before;

		n->n_lookups = w->ret->n_lookups - f->lookups_before;
		n->n_voids = voids4 > voids6 ? voids4 : voids6;
		n->n_addresses4 = n4;
		n->n_addresses6_64 = n6_64;
	}
	w->n_frames--;
	if (w->n_frames > 0) {
		top(w)->n4 = least(top(w)->n4 + n4, ALL4);
		top(w)->n6_64 = least(top(w)->n6_64 + n6_64, ALL6_64);
	} else {
		w->ret->n_addresses4 = n4;
		w->ret->n_addresses6_64 = n6_64;
	}
}

static bool is_on_path(const struct walker *w, const char *name)
{
	for (size_t i = 0; i < w->n_frames; i++) {
		if (strcmp(w->frames[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

/* include and redirect */
static void follow(struct walker *w, const struct dg_spf_term *t, size_t node, const char *name)
{
	const struct dg_spf_ready *record = NULL;

	if (is_on_path(w, name)) {
		remark(w, node, "it includes itself");
		if (!w->ret->loop) {
			w->ret->loop = dg_strdup(w->arena, name);
		}
		return;
	}
	const struct dg_fact *fact = ask(w, node, name, DG_TYPE_TXT);
	if (dg_fact_is_none(fact)) {
		count_void(w, node, true, true);
		note_broken(w, name, "it has no TXT record");
	}
	if (fact->state != DG_FACT_FOUND) {
		return;
	}
	size_t n = dg_spf_ready_find(w->scratch, NULL, &fact->set, &record);
	if (n != 1 || !record) {
		const char *why = dg_printf(w->arena, "it has %zu SPF records, not one", n);

		remark(w, node, why);
		note_broken(w, name, why);
		return;
	}
	if (w->n_frames >= DG_SPF_DEPTH_MAX || w->n_records >= DG_SPF_RECORDS_MAX) {
		remark(w, node, "not followed: far above the limit already");
		return;
	}
	open_record(w, name, record, node, t);
}

/* --- terms ------------------------------------------------------------------------------------ */
static void ask_for(struct walker *w, const struct dg_spf_term *t, size_t node, const char *name)
{
	switch (t->kind) {
	case DG_SPF_INCLUDE:
	case DG_SPF_REDIRECT:
		follow(w, t, node, name);
		break;
	case DG_SPF_A:
		ask_addresses(w, t, node, name, true);
		break;
	case DG_SPF_MX:
		ask_mx(w, t, node, name);
		break;
	case DG_SPF_EXISTS: { /* always the A record (RFC 7208 section 5.7) */
		bool is_void = dg_fact_is_none(ask(w, node, name, DG_TYPE_A));
		count_void(w, node, is_void, is_void);
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

static void count_term(struct walker *w, size_t i)
{
	const struct frame *f = top(w);
	const struct dg_spf_term *t = &f->record->spf.terms[i];
	const char *name = t->domain ? f->record->targets[i] : f->name;

	w->ret->n_lookups++;
	size_t node = add_node(w, term_text(w, f->record, i), 1);
	if (t->has_macro || !name) {
		w->ret->n_macros++;
		remark(w, node, depends);
		return;
	}
	if (node != NO_NODE && t->kind != DG_SPF_PTR) {
		w->ret->nodes[node].domain = dg_strdup(w->arena, name);
		w->ret->nodes[node].shared = dg_spf_shared(name);
	}
	ask_for(w, t, node, name);
}

static bool is_network(const struct dg_spf_term *t)
{
	return t->kind == DG_SPF_IP4 || t->kind == DG_SPF_IP6;
}

/* ip4 and ip6 terms that stand together, from i on: one node. */
static void count_networks(struct walker *w, size_t i)
{
	struct frame *f = top(w);
	const struct dg_spf *spf = &f->record->spf;
	const char *first = term_text(w, f->record, i);
	size_t end = i;

	while (end < spf->n && is_network(&spf->terms[end])) {
		end++;
	}
	size_t node = add_node(w,
		end - i > 1 ? dg_printf(w->arena, "%s and %zu more", first, end - i - 1) : first,
		0);
	for (size_t k = i; k < end; k++) {
		const struct dg_spf_term *t = &spf->terms[k];
		bool is_ip4 = t->kind == DG_SPF_IP4;

		add_addresses(w, node, t, is_ip4 ? n_of_prefix4(t->prefix4) : 0,
			is_ip4 ? 0 : n_of_prefix6(t->prefix6));
	}
	f->next = end;
}

static void count_all(struct walker *w, const struct dg_spf_term *t)
{
	struct dg_spf_tree *ret = w->ret;

	add_addresses(w, NO_NODE, t, ALL4, ALL6_64);
	if (top(w)->is_whole) {
		ret->has_all = true;
		ret->has_pass_all = t->qualifier == '+';
		ret->has_neutral_all = t->qualifier == '?';
		ret->has_soft_all = t->qualifier == '~';
		ret->has_fail_all = t->qualifier == '-';
	}
}

/* Only what a receiver comes to when nothing before it matches. */
static void take_term(struct walker *w, size_t i)
{
	const struct dg_spf_ready *r = top(w)->record;
	const struct dg_spf_term *t = &r->spf.terms[i];

	switch (t->kind) {
	case DG_SPF_INCLUDE:
	case DG_SPF_A:
	case DG_SPF_MX:
	case DG_SPF_PTR:
	case DG_SPF_EXISTS:
		if (i < r->all) {
			count_term(w, i);
		}
		break;
	case DG_SPF_IP4:
	case DG_SPF_IP6:
		if (i < r->all) {
			count_networks(w, i);
		}
		break;
	case DG_SPF_ALL:
		if (i == r->all) {
			count_all(w, t);
		}
		break;
	case DG_SPF_REDIRECT: /* is followed last, wherever it stands */
	case DG_SPF_EXP:
	case DG_SPF_UNKNOWN:
		break;
	}
}

static void walk(struct walker *w)
{
	while (w->n_frames > 0) {
		struct frame *f = top(w);
		const struct dg_spf_ready *r = f->record;

		if (f->next < r->spf.n) {
			take_term(w, f->next++);
		} else if (f->next++ == r->spf.n && r->all == r->spf.n && r->redirect < r->spf.n) {
			count_term(w, r->redirect);
		} else {
			close_record(w);
		}
	}
}

void dg_spf_tree(struct dg_arena *a, const char *owner, const char *record,
	const struct dg_facts *facts, struct dg_spf_tree *ret_tree)
{
	struct dg_arena *scratch dg_cleanup(dg_arena_freep) = dg_arena_new(SCRATCH_MAX);
	struct walker *w = dg_new(scratch, struct walker);

	*ret_tree = (struct dg_spf_tree){.nodes = NULL};
	*w = (struct walker){.arena = a, .scratch = scratch, .facts = facts, .ret = ret_tree};
	size_t node = add_node(w, shown(a, owner), 0);
	ret_tree->nodes[node].domain = dg_strdup(a, owner);
	open_record(w, owner, dg_spf_ready_make(scratch, record, strlen(record)), node, NULL);
	walk(w);
	ret_tree->n_voids =
		ret_tree->n_voids4 > ret_tree->n_voids6 ? ret_tree->n_voids4 : ret_tree->n_voids6;
}
