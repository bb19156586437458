/* zones/policy/hazards.c: what a split of one mail name would break, from what the policy and the zone show. */
#include "zones/policy/wanting.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/name.h"

#include <string.h>
#include <strings.h>

#define RECORD_SHOWN_MAX 300u /* octets of a record in a text */
#define MENTIONS_MAX     50u  /* records that name an address at the mail name */
#define QUEUE_DAYS       5    /* RFC 5321 section 4.5.4.1: senders keep trying for 4 to 5 days */

struct hazard {
	struct dg_wanting w;
	const struct dg_mail_spec *mail;
	const char *name;
	int bare_len; /* of the name, without the final dot */
};

static void tell(
	struct hazard *h, const char *code, const char *owner, const char *rule, const char *text)
{
	dg_want_note(&h->w, &(struct dg_note){.code = code,
				    .owner = owner,
				    .text = text,
				    .rule = rule,
				    .pos = h->mail ? h->mail->pos : h->w.policy->pos});
}

/* Who may send from the name today: in the zone, else by the policy. */
static void tell_senders(struct hazard *h)
{
	struct dg_rrset txt = dg_want_have(&h->w, h->name, DG_TYPE_TXT);
	struct dg_buf b;

	dg_buf_init(&b, DG_SPF_TEXT_MAX);
	for (size_t i = 0; i < txt.n && b.len == 0; i++) {
		if (dg_txt_has_tag(&txt.rdata[i], "v=spf1")) {
			const char *record = dg_txt_join(h->w.arena, &txt.rdata[i]);
			size_t len = dg_txt_len(&txt.rdata[i]);

			dg_buf_put_safe(
				&b, record, len < RECORD_SHOWN_MAX ? len : RECORD_SHOWN_MAX);
		}
	}
	if (b.len == 0 && h->mail && h->mail->spf) {
		dg_spf_print(&b, h->mail->spf);
	}
	if (b.len > 0 && strcasecmp(b.data, "v=spf1 -all") != 0) {
		tell(h, "still-sends", h->name, "RFC 7505 section 4.2",
			dg_printf(h->w.arena,
				"mail that is still sent from addresses at %.*s will be refused "
				"(null MX, SPF -all, "
				"DMARC reject): \"%.*s\" lets senders use it today; move each of "
				"them to %s first",
				h->bare_len, h->name, (int)RECORD_SHOWN_MAX, b.data,
				h->mail && h->mail->split
					? dg_strndup(h->w.arena, h->mail->split->to,
						  strlen(h->mail->split->to) - 1)
					: "the subdomain"));
	}
	dg_buf_done(&b);
}

static void tell_addresses(struct hazard *h)
{
	struct dg_rrset mx = dg_want_have(&h->w, h->name, DG_TYPE_MX);
	struct dg_arena *a = h->w.arena;

	if (dg_mx_state(&mx) != DG_MX_NULL) {
		tell(h, "addresses-go", h->name, "RFC 7505 section 3",
			dg_printf(a,
				"mail to every address at %.*s is returned at once (556 5.1.10): "
				"replies, new mail, "
				"and what queues still hold, for up to %d days; tell "
				"correspondents the new addresses",
				h->bare_len, h->name, QUEUE_DAYS));
	}
	tell(h, "contact-addresses", h->name, "RFC 2142",
		dg_printf(a,
			"postmaster@, abuse@, hostmaster@ and the addresses that registrar, "
			"certificate "
			"authorities and account recovery know at %.*s stop working: change them "
			"first",
			h->bare_len, h->name));
	tell(h, "mailing-lists", h->name, "RFC 9989 section 7.4",
		dg_printf(a,
			"subscriptions of and under addresses at %.*s end: lists drop members "
			"whose mail comes back",
			h->bare_len, h->name));
}

/* Is this the end of a domain name? */
static bool is_end(const char *p, size_t len)
{
	if (len == 0) {
		return true;
	}
	char c = *p;
	if (c == '.') {
		return len == 1 || strchr(" \",;", p[1]);
	}
	return c != '-' && c != '_' && !(c >= '0' && c <= '9') &&
	       !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Does text hold the name as a whole, right after before? Returns where, 0: nowhere. */
static size_t names_it(const struct hazard *h, const char *text, size_t len, char before)
{
	size_t n = (size_t)h->bare_len;

	for (size_t i = 1; i + n <= len; i++) {
		if (text[i - 1] == before && strncasecmp(text + i, h->name, n) == 0 &&
			is_end(text + i + n, len - i - n)) {
			return i;
		}
	}
	return 0;
}

/* An SPF record that asks for the name's MX or SPF record; "a:" asks for its address, which stays. */
static bool builds_on_it(const struct hazard *h, const char *text, size_t len)
{
	size_t at = names_it(h, text, len, ':');
	bool is_a = at >= 3 && (text[at - 2] | 0x20) == 'a' && strchr(" +-~?", text[at - 3]);

	return (at > 0 && !is_a) || names_it(h, text, len, '=') > 0;
}

static void tell_mention(struct hazard *h, const struct dg_rrset *set, const char *text, size_t len)
{
	bool is_spf = len >= 6 && strncasecmp(text, "v=spf1", 6) == 0;

	if (is_spf && strcmp(set->owner, h->name) != 0 && builds_on_it(h, text, len)) {
		tell(h, "spf-depends", set->owner, "RFC 7208 section 5.2",
			dg_printf(h->w.arena,
				"the SPF record of %s builds on %.*s (include, redirect or mx), "
				"which authorises "
				"nobody once it is split: write what it needs into it",
				set->owner, h->bare_len, h->name));
	} else if (!is_spf && names_it(h, text, len, '@') > 0) {
		tell(h, "reports-lost", set->owner, "RFC 9990 section 4",
			dg_printf(h->w.arena,
				"the record at %s sends reports to an address at %.*s: they would "
				"be lost",
				set->owner, h->bare_len, h->name));
	}
}

/* Records anywhere in the zone that send something to the name, or build on it. */
static void tell_mentions(struct hazard *h)
{
	const struct dg_zone *z = h->w.have;
	size_t before = h->w.n_notes;

	for (size_t i = 0; i < z->n && h->w.n_notes - before < MENTIONS_MAX; i++) {
		for (size_t k = 0; z->sets[i].type == DG_TYPE_TXT && k < z->sets[i].n; k++) {
			const struct dg_rdata *rd = &z->sets[i].rdata[k];

			tell_mention(h, &z->sets[i], dg_txt_join(h->w.arena, rd), dg_txt_len(rd));
		}
	}
}

/* SOA RNAME: the first label is the local part (RFC 1035 section 3.3.13). */
static void tell_soa(struct hazard *h)
{
	struct dg_rrset soa = dg_want_have(&h->w, h->w.policy->zone, DG_TYPE_SOA);
	const char *name = NULL;
	size_t used = 0;
	size_t at = 0;

	for (int i = 0; i < 2; i++) {
		if (soa.n == 0 || dg_name_from_wire(h->w.arena, soa.rdata[0].wire + at,
					  soa.rdata[0].len - at, &name, &used) != 0) {
			return;
		}
		at += used;
	}
	if (strcmp(dg_name_parent(name), h->name) == 0) {
		tell(h, "soa-contact", h->w.policy->zone, "RFC 2142 section 7",
			dg_printf(h->w.arena,
				"the SOA names %s as the contact of the zone, an address at %.*s: "
				"put one there that "
				"will still work",
				name, h->bare_len, h->name));
	}
}

static void tell_sts(struct hazard *h)
{
	const char *owner = NULL;
	struct dg_err ignored;
	struct dg_rrset txt = {0};
	uint32_t max_age = 0;

	if (dg_name_join(h->w.arena, "_mta-sts", h->name, &owner, &ignored) == 0) {
		txt = dg_want_have(&h->w, owner, DG_TYPE_TXT);
	}
	if (h->mail && h->mail->mta_sts) {
		max_age = h->mail->mta_sts->policy.max_age;
	} else if (txt.n == 0) {
		return;
	}
	tell(h, "mta-sts-cached", h->name, "RFC 8461 section 3.2",
		dg_printf(h->w.arena,
			"senders that cached the MTA-STS policy of %.*s expect the old MX for up "
			"to %s: serve "
			"mode: none there before and while it is split",
			h->bare_len, h->name,
			max_age > 0 ? dg_printf(h->w.arena, "%u seconds", max_age)
				    : "its max_age"));
}

static void tell_ttl(struct hazard *h)
{
	struct dg_rrset mx = dg_want_have(&h->w, h->name, DG_TYPE_MX);
	uint32_t armed = h->mail && h->mail->split ? h->mail->split->armed_ttl : 0;

	if (mx.n > 0 && dg_mx_state(&mx) == DG_MX_HOSTS && armed > 0 && mx.ttl > armed) {
		tell(h, "ttl-not-armed", h->name, "RFC 1035 section 3.2.1",
			dg_printf(h->w.arena,
				"caches may hold the old MX of %.*s for %u seconds: bounces go on "
				"for so long; arming "
				"first brings that down to %u",
				h->bare_len, h->name, mx.ttl, armed));
	}
}

/* Hosts that still take mail at their address, of the whole zone: the attacker's next names. */
static void tell_hosts(struct hazard *h)
{
	struct dg_policy as_report = *h->w.policy;
	struct dg_wanting w = h->w;

	as_report.hosts = DG_HOSTS_REPORT;
	w.policy = &as_report;
	(void)dg_want_hosts(&w);
	h->w.notes = w.notes;
	h->w.n_notes = w.n_notes;
	h->w.notes_cap = w.notes_cap;
}

void dg_split_hazards(struct dg_arena *a, const struct dg_policy *policy, const char *name,
	const struct dg_zone *have, struct dg_note **ret_notes, size_t *ret_n)
{
	struct dg_err ignored;
	struct hazard h = {.w = {.arena = a, .policy = policy, .have = have, .err = &ignored},
		.name = name,
		.bare_len = (int)strlen(name) - 1};

	dg_want_index(&h.w);
	h.mail = dg_want_declared(&h.w, name).mail;
	tell_senders(&h);
	tell_addresses(&h);
	tell_soa(&h);
	tell_mentions(&h);
	tell_sts(&h);
	tell_ttl(&h);
	tell_hosts(&h);
	*ret_notes = h.w.notes;
	*ret_n = h.w.n_notes;
}
