#include "controller/lookup/verify_words.h"

#include <string.h>

#include "providers/net/dns.h" /* struct dg_swap */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/zone.h"

#define SHOWN_MAX 120u /* octets of records that a sentence quotes */

static const char *key_text(struct dg_arena *a, const struct dg_swap *swap)
{
	char type[16];

	return dg_printf(a, "%s %s", swap->after.owner, dg_type_text(swap->after.type, type));
}

/* "10 mx.example.com., 20 ...", short; "nothing". */
static const char *set_text(struct dg_arena *a, const struct dg_rrset *set)
{
	struct dg_buf b;
	struct dg_buf one;

	if (set->n == 0) {
		return "nothing";
	}
	dg_buf_init(&b, SHOWN_MAX);
	dg_buf_init(&one, (size_t)4 * 65536);
	for (size_t i = 0; i < set->n; i++) {
		dg_buf_clear(&one);
		dg_rdata_print(&one, set->type, &set->rdata[i]);
		dg_buf_puts(&b, i > 0 ? ", " : "");
		dg_buf_put(&b, one.data, one.len);
	}
	const char *text = dg_printf(a, "%s%s", b.data, b.is_full ? "..." : "");
	if (b.len == 0) {
		text = dg_printf(a, "%.*s...", (int)SHOWN_MAX, one.data);
	}
	dg_buf_done(&one);
	dg_buf_done(&b);
	return text;
}

/* "of 2 of 5 RRsets, example.com. MX first"; just the RRset when there is one. */
static const char *which(
	struct dg_arena *a, const struct dg_verify *v, size_t n, const struct dg_swap *first)
{
	if (v->n_swaps == 1) {
		return key_text(a, first);
	}
	return dg_printf(a, "%zu of %zu RRsets (%s)", n, v->n_swaps, key_text(a, first));
}

static const char *seconds(struct dg_arena *a, uint32_t s)
{
	if (s >= 3600 && s % 3600 == 0) {
		return dg_printf(a, "%uh", s / 3600);
	}
	return s >= 60 && s % 60 == 0 ? dg_printf(a, "%um", s / 60) : dg_printf(a, "%us", s);
}

static void say_old(struct dg_arena *a, const struct dg_verify *v, struct dg_verify_server *s)
{
	const struct dg_view *w = s->view;
	const char *what = which(a, v, s->n_old, s->first_bad);

	if (w->is_resolver) {
		struct dg_rrset is = {0};
		(void)dg_zone_get(
			w->says, s->first_bad->after.owner, s->first_bad->after.type, &is);
		s->text = dg_printf(a, "still holds the old answer for %s, for at most %s", what,
			seconds(a, is.ttl));
		s->remedy = "wait: its cache lets go when the TTL has run out";
	} else if (s->n_behind > 0) {
		s->text = dg_printf(a, "still serves serial %u, %u behind %u: the old %s",
			w->serial, s->n_behind, v->serial, what);
		s->remedy = dg_printf(a,
			"ask it to transfer now (nsd-control transfer %s, knotc zone-refresh %s, "
			"rndc "
			"retransfer %s, pdns_control retrieve %s); by itself it asks every %s (SOA "
			"refresh)",
			v->zone, v->zone, v->zone, v->zone, seconds(a, w->refresh));
	} else {
		s->text = dg_printf(a, "still serves the old %s%s", what,
			w->has_serial ? dg_printf(a, ", with serial %u", w->serial) : "");
		s->remedy = "let it load the zone again (and raise the SOA serial, if the change "
			    "did not)";
	}
}

static void say_other(struct dg_arena *a, const struct dg_verify *v, struct dg_verify_server *s)
{
	const struct dg_rrset *want = &s->first_bad->after;
	struct dg_rrset is = {0};
	struct dg_rrset cname;

	(void)dg_zone_get(s->view->says, want->owner, want->type, &is);
	bool has_cname = dg_zone_get(s->view->says, want->owner, DG_TYPE_CNAME, &cname) == 0 &&
			 cname.n > 0 && !s->view->is_resolver;
	if (has_cname && is.n > 0) {
		s->text = dg_printf(a, "serves a CNAME beside %s (RFC 1034 section 3.6.2)",
			key_text(a, s->first_bad));
		s->remedy = "remove the CNAME: receivers differ in which of the two they take";
	} else if (has_cname) {
		s->text = dg_printf(a, "serves a CNAME in place of %s", key_text(a, s->first_bad));
		s->remedy = "remove the CNAME, or leave this name out of the policy";
	} else if (is.n > 0 && dg_rrset_same_meaning(&is, want)) {
		s->text = dg_printf(a, "serves %s with TTL %u in place of %u",
			key_text(a, s->first_bad), is.ttl, want->ttl);
		s->remedy = "somebody changed the TTL, or the server has limits of its own: make a "
			    "new plan";
	} else {
		s->text = dg_printf(a, "serves something else for %s: %s",
			which(a, v, s->n_other, s->first_bad), set_text(a, &is));
		s->remedy =
			s->view->is_resolver
				? "an older answer may still be in its cache: wait, then look again"
				: "somebody edited it, or this server has another source: look at "
				  "a new plan";
	}
}

static void say_unknown(struct dg_arena *a, const struct dg_verify *v, struct dg_verify_server *s)
{
	const struct dg_view *w = s->view;
	const char *why = w->why ? w->why : "no answer";

	s->text = dg_printf(a, "could not tell: %s", why);
	switch (w->state) {
	case DG_VIEW_OK:
		s->text = dg_printf(
			a, "could not tell %zu of %zu RRsets: %s", s->n_unknown, v->n_swaps, why);
		return;
	case DG_VIEW_TIMEOUT:
		s->remedy = "see that it runs, and that UDP and TCP reach it from here";
		return;
	case DG_VIEW_REFUSED:
		s->remedy = dg_printf(a,
			"configure %s on it (or let it answer this machine), or take it out of the "
			"NS records",
			v->zone);
		return;
	case DG_VIEW_LAME:
		s->remedy = dg_printf(
			a, "let it load or transfer %s, or take it out of the NS records", v->zone);
		return;
	case DG_VIEW_ERROR:
		s->remedy = w->address ? "see that it runs, and what its log says"
				       : "correct its name or its address records";
		return;
	case DG_VIEW_BOGUS:
		s->remedy = "compare the DS records at the parent with the zone's keys: validating "
			    "receivers "
			    "see nothing of this zone";
		return;
	case DG_VIEW_NO_ROUTE:
		s->text = w->why;
		return;
	}
}

void dg_verify_say(struct dg_arena *a, const struct dg_verify *v, struct dg_verify_server *s)
{
	s->remedy = NULL;
	switch (s->verdict) {
	case DG_VERDICT_IN_FORCE:
		s->text = s->view->has_serial ? dg_printf(a, "has it, serial %u", s->view->serial)
					      : "has it";
		break;
	case DG_VERDICT_OLD:
		say_old(a, v, s);
		break;
	case DG_VERDICT_OTHER:
		say_other(a, v, s);
		break;
	case DG_VERDICT_UNKNOWN:
		say_unknown(a, v, s);
		break;
	}
}
