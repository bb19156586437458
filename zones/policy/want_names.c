/* zones/policy/want_names.c: names that take and send no mail, hosts that send it, and reports that come here. */
#include "zones/policy/wanting.h"

#include "zones/base/arena.h"
#include "zones/record/name.h"

#include <stdlib.h>
#include <string.h>

#define COUNTED_MAX 1000u /* names under a wildcard */

static const struct dg_dmarc *apex_dmarc(const struct dg_wanting *w)
{
	const struct dg_mail_spec *m = dg_want_declared(w, w->policy->zone).mail;

	return m ? m->dmarc : NULL;
}

/* Reports about forged mail from a silent name go where those of the zone's own name go. */
static int want_silent_dmarc(struct dg_wanting *w, const struct dg_claim *name)
{
	const struct dg_dmarc *apex = apex_dmarc(w);
	struct dg_dmarc d = {.p = DG_DMARC_REJECT, .adkim = 's', .aspf = 's'};
	struct dg_claim c = *name;

	if (strcmp(name->owner, w->policy->zone) == 0) {
		d.sp = d.np = DG_DMARC_REJECT;
	}
	if (apex) {
		d.rua = apex->rua;
		d.n_rua = apex->n_rua;
	}
	c.rule = "RFC 9989 section 4.7";
	return dg_want_dmarc(w, &c, &d, NULL);
}

/* Names that exist below the wildcard's parent: it answers for none of them (RFC 4592 section 2.2.1). */
static void note_unreached(struct dg_wanting *w, const struct dg_silent_spec *s)
{
	const char *parent = dg_name_parent(s->name);
	const char *first = NULL;
	const char *last = NULL;
	size_t n = 0;

	if (!w->have->is_complete) {
		return;
	}
	for (size_t i = dg_zone_lower_bound(w->have, parent);
		i < w->have->n && n < COUNTED_MAX &&
		dg_name_is_at_or_under(w->have->sets[i].owner, parent);
		i++) {
		const struct dg_rrset *set = &w->have->sets[i];
		bool is_host = set->type == DG_TYPE_A || set->type == DG_TYPE_AAAA;

		if (is_host && strcmp(set->owner, parent) != 0 &&
			strcmp(set->owner, s->name) != 0 &&
			(!last || strcmp(last, set->owner) != 0)) {
			first = first ? first : set->owner;
			last = set->owner;
			n++;
		}
	}
	if (n == 0) {
		return;
	}
	dg_want_note(
		w, &(struct dg_note){.code = "wildcard-does-not-reach",
			   .owner = s->name,
			   .text = dg_printf(w->arena,
				   "%s does not reach the %s%zu hosts that exist below %s, such as "
				   "%s: each "
				   "needs records of its own",
				   dg_name_plain(w->arena, s->name),
				   n == COUNTED_MAX ? "more than " : "", n,
				   dg_name_plain(w->arena, parent), dg_name_plain(w->arena, first)),
			   .rule = "RFC 4592 section 2.2.1",
			   .pos = s->pos});
}

static void note_wildcard(struct dg_wanting *w, const struct dg_silent_spec *s)
{
	dg_want_note(w, &(struct dg_note){.code = "wildcard-hides-nxdomain",
				.owner = s->name,
				.text = dg_printf(w->arena,
					"with %s every name below %s exists: np= of DMARC no "
					"longer applies (set "
					"subdomains: too), and _dmarc, _mta-sts and _domainkey "
					"names that are not "
					"there answer with \"v=spf1 -all\"",
					dg_name_plain(w->arena, s->name),
					dg_name_plain(w->arena, dg_name_parent(s->name))),
				.rule = "RFC 4592 section 2.2.1, RFC 9989 section 4.7",
				.pos = s->pos});
	note_unreached(w, s);
}

/* An alias has no records of its own; its mail goes where the alias points. */
static void note_alias(struct dg_wanting *w, const struct dg_silent_spec *s)
{
	dg_want_note(w, &(struct dg_note){.code = "silent-alias",
				.owner = s->name,
				.text = dg_printf(w->arena,
					"%s is an alias (CNAME): it gets no null MX and no SPF "
					"record; what its "
					"target publishes applies",
					dg_name_plain(w->arena, s->name)),
				.rule = "RFC 1034 section 3.6.2",
				.pos = s->pos});
}

static void note_cut(struct dg_wanting *w, const struct dg_silent_spec *s, const char *cut)
{
	dg_want_note(
		w, &(struct dg_note){.code = "silent-elsewhere",
			   .owner = s->name,
			   .text = dg_printf(w->arena,
				   "%s is below %s, which leads out of this zone: nothing is "
				   "published for it "
				   "here",
				   dg_name_plain(w->arena, s->name), dg_name_plain(w->arena, cut)),
			   .rule = "RFC 1034 section 4.2.1",
			   .pos = s->pos});
}

int dg_want_silent(struct dg_wanting *w, const struct dg_silent_spec *s)
{
	struct dg_rrset mx = dg_want_have(w, s->name, DG_TYPE_MX);
	bool takes_mail = dg_mx_state(&mx) == DG_MX_HOSTS;
	bool is_wildcard = dg_name_is_wildcard(s->name);
	const char *cut = dg_want_cut_above(w, s->name);
	struct dg_claim c = {.owner = s->name,
		.ttl = w->policy->ttl,
		.rule = "RFC 7505 section 3",
		.pos = s->pos};

	if (cut) {
		note_cut(w, s, cut);
		return 0;
	}
	c.why = dg_printf(
		w->arena, "no mail is sent from or to %s", dg_name_plain(w->arena, s->name));
	if (is_wildcard && !w->is_sketch) {
		note_wildcard(w, s);
	}
	if (dg_want_is_alias(w, s->name)) {
		note_alias(w, s);
		return is_wildcard ? 0 : want_silent_dmarc(w, &c);
	}
	c.phase = takes_mail ? 1 : 0;
	dg_want_null_mx(w, &c, takes_mail);
	c.phase = 0;
	c.rule = "RFC 7208 section 10.1.2";
	dg_want_constant(w, &c, "v=spf1", "v=spf1 -all");
	return is_wildcard ? 0 : want_silent_dmarc(w, &c);
}

static void want_sending_host(struct dg_wanting *w, const char *host, const struct dg_pos *pos)
{
	struct dg_declared d = dg_want_declared(w, host);
	struct dg_claim c = {.owner = host,
		.ttl = w->policy->ttl,
		.rule = "RFC 7208 section 10.1.3",
		.pos = *pos};

	if (d.mail || d.silent || dg_want_split_to(w, host) || dg_want_is_alias(w, host) ||
		dg_want_cut_above(w, host)) {
		return;
	}
	c.why = dg_printf(w->arena, "%s says HELO with its own name, and bounces are judged by it",
		dg_name_plain(w->arena, host));
	dg_want_constant(w, &c, "v=spf1", "v=spf1 a -all");
}

static bool is_helo(const struct dg_wanting *w, const char *host)
{
	const struct dg_strings *helo = &w->policy->helo;

	for (size_t i = 0; i < helo->n; i++) {
		if (strcmp(helo->list[i].text, host) == 0) {
			return true;
		}
	}
	return false;
}

static int cmp_slots(const void *x, const void *y)
{
	const struct dg_map_slot *a = x;
	const struct dg_map_slot *b = y;

	return dg_name_cmp(a->key, b->key);
}

void dg_want_sending_hosts(struct dg_wanting *w)
{
	struct dg_map_slot *slots = dg_newn(w->arena, struct dg_map_slot, w->hosts.n);
	size_t n = 0;

	for (size_t i = 0; i < w->hosts.n_slots; i++) {
		if (w->hosts.slots[i].key) {
			slots[n++] = w->hosts.slots[i];
		}
	}
	if (n > 1) {
		qsort(slots, n, sizeof(*slots), cmp_slots);
	}
	for (size_t i = 0; i < n; i++) {
		if (w->policy->mx_hosts == DG_MX_HOSTS_SPF || is_helo(w, slots[i].key)) {
			want_sending_host(w, slots[i].key, slots[i].value);
		}
	}
}

int dg_want_report_for(struct dg_wanting *w)
{
	const struct dg_strings *domains = &w->policy->report_for;

	for (size_t i = 0; i < domains->n; i++) {
		const struct dg_string *d = &domains->list[i];
		size_t len = strlen(d->text) - 1; /* the final dot */
		struct dg_claim c = {
			.ttl = w->policy->ttl, .rule = "RFC 9990 section 4", .pos = d->pos};

		c.owner = dg_want_below(w,
			dg_printf(w->arena, "%.*s._report._dmarc", (int)len, d->text),
			w->policy->zone, &d->pos);
		if (!c.owner) {
			return (int)w->err->rc;
		}
		c.why = dg_printf(w->arena, "%s takes the DMARC reports of %.*s",
			dg_name_plain(w->arena, w->policy->zone), (int)len, d->text);
		dg_want_constant(w, &c, "v=DMARC1", "v=DMARC1;");
	}
	return 0;
}
