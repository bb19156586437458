/* Name servers grouped by what they answer, for each RRset that matters for mail; the resolver's answer beside them. */
#include "zones/check/servers.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/dmarc.h"
#include "zones/mail/spf.h"
#include "zones/record/zone.h"

#include <string.h>

#define GROUPS_MAX   8u
#define EVIDENCE_MAX ((size_t)8192)
#define RECORDS_MAX  4u /* of one group that are shown */

struct group {
	struct dg_rrset set;
	const struct dg_view *views[CHECK_SERVERS_MAX];
	size_t n;
};

struct grouping {
	struct group groups[GROUPS_MAX];
	size_t n;
	size_t n_views;
};

typedef bool is_record(const char *text, size_t len);

/* The records of a TXT RRset that is_wanted() says yes to; the others when it is NULL: all. */
static struct dg_rrset part_of(struct check *c, const struct dg_rrset *set, is_record *is_wanted)
{
	struct dg_rdata *rdata = NULL;
	size_t n = 0;

	if (!is_wanted || set->n == 0) {
		return *set;
	}
	rdata = dg_newn(c->arena, struct dg_rdata, set->n);
	for (size_t i = 0; i < set->n; i++) {
		const struct dg_rdata *rd = &set->rdata[i];

		if (is_wanted(dg_txt_join(c->arena, rd), dg_txt_len(rd))) {
			rdata[n++] = *rd;
		}
	}
	return n > 0 ? dg_rrset_make(set->owner, set->type, set->ttl, rdata, n)
		     : dg_rrset_none(set->owner, set->type);
}

static bool is_same(const struct dg_rrset *x, const struct dg_rrset *y)
{
	return x->n == 0 || y->n == 0 ? x->n == y->n : dg_rrset_same_meaning(x, y);
}

static void put_view(struct grouping *g, const struct dg_view *v, const struct dg_rrset *set)
{
	size_t i = 0;

	while (i < g->n && !is_same(&g->groups[i].set, set)) {
		i++;
	}
	if (i == GROUPS_MAX) {
		return;
	}
	if (i == g->n) {
		g->groups[g->n++].set = *set;
	}
	g->groups[i].views[g->groups[i].n++] = v;
	g->n_views++;
}

/* Those that answered; the largest group first. */
static struct grouping *group(struct servers *s, const struct dg_rrkey *key, is_record *is_wanted)
{
	struct grouping *g = dg_new(s->c->arena, struct grouping);
	struct dg_rrset set;

	for (size_t i = 0; i < s->n; i++) {
		if (s->views[i]->state == DG_VIEW_OK &&
			dg_zone_get(s->views[i]->says, key->owner, key->type, &set) == 0) {
			struct dg_rrset part = part_of(s->c, &set, is_wanted);

			put_view(g, s->views[i], &part);
		}
	}
	for (size_t i = 1; i < g->n; i++) {
		if (g->groups[i].n > g->groups[0].n) {
			struct group *swap = dg_memdup(s->c->arena, &g->groups[0], sizeof(*swap));

			g->groups[0] = g->groups[i];
			g->groups[i] = *swap;
		}
	}
	return g;
}

static void put_group(
	struct check *c, struct dg_buf *b, const struct dg_rrkey *key, const struct group *group)
{
	const char *first = NULL;
	char type[16];

	if (group->set.n == 0) {
		dg_buf_printf(b, "%s: no such %s", check_shown(c, key->owner),
			dg_type_text(key->type, type));
	}
	for (size_t i = 0; i < group->set.n && i < RECORDS_MAX; i++) {
		dg_buf_puts(b, i > 0 ? " and " : "");
		dg_buf_puts(b, check_evidence(c, key->owner, key->type, &group->set.rdata[i]));
	}
	dg_buf_printf(b, " (%s)", check_server_names(c, group->views, group->n, &first));
}

static const char *evidence_of(
	struct check *c, const struct dg_rrkey *key, const struct grouping *g)
{
	struct dg_buf b;

	dg_buf_init(&b, EVIDENCE_MAX);
	for (size_t i = 0; i < g->n; i++) {
		dg_buf_puts(&b, i > 0 ? "; " : "");
		put_group(c, &b, key, &g->groups[i]);
	}
	const char *text = dg_strdup(c->arena, b.data);
	dg_buf_done(&b);
	return text;
}

struct facet {
	is_record *is_wanted; /* NULL: the whole RRset */
	const char *code;
	const char *what;
};

/* True: all that answered say the same. */
static bool agree(struct servers *s, const struct dg_rrkey *key, const struct facet *facet)
{
	struct check *c = s->c;
	const struct grouping *g = group(s, key, facet->is_wanted);

	if (g->n < 2) {
		return true;
	}
	struct dg_finding *f = check_find(c, facet->code, key->owner, evidence_of(c, key, g),
		"the name servers disagree about %s of %s: %zu answers from %zu addresses",
		facet->what, check_shown(c, key->owner), g->n, g->n_views);

	f->server = g->groups[g->n - 1].views[0]->text;
	if (key->type == DG_TYPE_A || key->type == DG_TYPE_AAAA) {
		f->severity = DG_SEVERITY_NOTE;
	}
	return false;
}

/* --- the resolver beside it ------------------------------------------------------------------------------- */
static const struct dg_fact *asked(const struct check *c, const struct dg_rrkey *key)
{
	const struct dg_check *out = c->out;

	for (size_t i = 0; i < out->n_records; i++) {
		if (out->records[i].type == key->type &&
			strcmp(out->records[i].owner, key->owner) == 0) {
			return out->records[i].fact;
		}
	}
	return NULL;
}

static void compare_resolver(struct servers *s, const struct dg_rrkey *key)
{
	struct check *c = s->c;
	const struct dg_fact *fact = asked(c, key);
	const struct grouping *g = group(s, key, NULL);
	char type[16];

	if (!fact || fact->alias || g->n != 1 || key->type == DG_TYPE_A ||
		key->type == DG_TYPE_AAAA ||
		(fact->state != DG_FACT_FOUND && !dg_fact_is_none(fact))) {
		return;
	}
	struct dg_rrset none = dg_rrset_none(key->owner, key->type);
	const struct dg_rrset *seen = fact->state == DG_FACT_FOUND ? &fact->set : &none;

	if (is_same(seen, &g->groups[0].set)) {
		return;
	}
	if (c->in->zone) {
		(void)check_find(c, "servers-zone-differs", key->owner, evidence_of(c, key, g),
			"the name servers do not serve the %s of %s that stands in the zone",
			dg_type_text(key->type, type), check_shown(c, key->owner));
		return;
	}
	unsigned ttl = fact->state == DG_FACT_FOUND ? fact->set.ttl : fact->negative_ttl;
	(void)check_find(c, "servers-resolver-differs", key->owner, evidence_of(c, key, g),
		"the resolver has another answer for the %s of %s (%s%s), %s",
		dg_type_text(key->type, type), check_shown(c, key->owner),
		seen->n > 0 ? check_evidence_of(c, key->owner, fact) : "no such record",
		seen->n > 1 ? " and others" : "",
		ttl > 0 ? dg_printf(c->arena, "for %u s at most", ttl)
			: "which it does not keep: another server gave it");
}

static bool look_at_key(struct servers *s, const struct dg_rrkey *key)
{
	bool is_domain = strcmp(key->owner, s->c->in->domain) == 0;
	bool is_dmarc = strncmp(key->owner, "_dmarc.", strlen("_dmarc.")) == 0;
	struct facet part = {NULL, NULL, NULL};
	struct facet whole = {NULL, "servers-differ", NULL};
	char type[16];

	if (key->type == DG_TYPE_TXT && is_domain) {
		part = (struct facet){dg_spf_is_record, "servers-spf-differ", "SPF"};
	} else if (key->type == DG_TYPE_TXT && is_dmarc) {
		part = (struct facet){dg_dmarc_is_record, "servers-dmarc-differ", "DMARC"};
	} else if (key->type == DG_TYPE_MX) {
		part = (struct facet){NULL, "servers-mx-differ", "MX"};
	}
	if (part.code && !agree(s, key, &part)) {
		return false;
	}
	whole.what = dg_type_text(key->type, type);
	return agree(s, key, &whole);
}

void check_server_groups(struct servers *s)
{
	struct check *c = s->c;
	bool do_agree = true;

	for (size_t i = 0; i < s->n_keys; i++) {
		if (s->keys[i].type == DG_TYPE_SOA) {
			continue;
		}
		if (look_at_key(s, &s->keys[i])) {
			compare_resolver(s, &s->keys[i]);
		} else {
			do_agree = false;
		}
	}
	if (do_agree && s->n_ok > 1 && s->n_ok == s->n && s->newest) {
		(void)check_find(c, "servers-agree", c->in->domain, NULL,
			"%zu name server addresses give the same answers, serial %u", s->n_ok,
			(unsigned)s->newest->serial);
	}
}
