/* zones/policy/want_check.c: does the policy contradict itself, or what stands in the zone? */
#include "zones/policy/wanting.h"

#include "zones/base/arena.h"
#include "zones/record/name.h"

#include <string.h>

static int refuse(struct dg_wanting *w, const struct dg_pos *pos, const char *text)
{
	return dg_fail_at(w->err, pos, DG_EPOLICY, "%s", text);
}

/* A host that takes mail for others, or says HELO, cannot be one that neither sends nor receives. */
static int check_host(struct dg_wanting *w, const char *host, const struct dg_pos *pos, bool is_mx)
{
	struct dg_declared d = dg_want_declared(w, host);
	const char *role = is_mx ? "MX" : "HELO";

	if (!dg_name_is_at_or_under(host, w->policy->zone)) {
		return 0;
	}
	if (d.silent || (d.mail && d.mail->is_null_mx)) {
		return refuse(w, pos,
			dg_printf(w->arena,
				"%s host %s has a null MX (line %u): a host that handles mail is "
				"not silent; "
				"take it out of there",
				role, dg_name_plain(w->arena, host),
				d.silent ? d.silent->pos.line : d.mail->pos.line));
	}
	if (is_mx && dg_want_is_alias(w, host)) {
		return refuse(w, pos,
			dg_printf(w->arena,
				"MX host %s is an alias (CNAME), which an MX must not name (RFC "
				"5321 section 5.1, "
				"RFC 2181 section 10.3): name its target",
				dg_name_plain(w->arena, host)));
	}
	return 0;
}

static bool has_address(struct dg_wanting *w, const char *name)
{
	struct dg_rrset a = dg_want_have(w, name, DG_TYPE_A);
	struct dg_rrset aaaa = dg_want_have(w, name, DG_TYPE_AAAA);

	return a.n > 0 || aaaa.n > 0;
}

/* Only where the whole zone was seen: what was not asked for is not missing. */
static void note_addressless(struct dg_wanting *w, const char *host, const struct dg_pos *pos)
{
	struct dg_err ignored;
	const char *wildcard = NULL;

	if (!w->have->is_complete || !dg_name_is_at_or_under(host, w->policy->zone) ||
		has_address(w, host) || dg_want_cut_above(w, host)) {
		return;
	}
	if (dg_name_join(w->arena, "*", dg_name_parent(host), &wildcard, &ignored) == 0 &&
		dg_zone_has_name(w->have, host) == 0 && has_address(w, wildcard)) {
		return;
	}
	dg_want_note(w, &(struct dg_note){.code = "mx-host-without-address",
				.owner = host,
				.text = dg_printf(w->arena,
					"MX host %s has no address in this zone: mail to it will "
					"wait and come back",
					dg_name_plain(w->arena, host)),
				.rule = "RFC 5321 section 5.1",
				.pos = *pos});
}

static int check_mx(struct dg_wanting *w, const struct dg_mail_spec *m)
{
	for (size_t i = 0; i < m->n_mx; i++) {
		int r = check_host(w, m->mx[i].host, &m->mx[i].pos, true);

		if (r < 0) {
			return r;
		}
		note_addressless(w, m->mx[i].host, &m->mx[i].pos);
	}
	return 0;
}

/* Reports to a name that takes no mail, now or once it is split, are lost. */
static int check_uri(struct dg_wanting *w, const char *uri, const struct dg_pos *pos)
{
	const char *domain = NULL;

	if (dg_dmarc_uri_domain(w->arena, uri, &domain) != 0 ||
		!dg_name_is_at_or_under(domain, w->policy->zone)) {
		return 0;
	}
	struct dg_declared d = dg_want_declared(w, domain);
	if (d.silent || (d.mail && d.mail->is_null_mx)) {
		return refuse(w, pos,
			dg_printf(w->arena,
				"reports go to %s, and %s takes no mail (line %u): name an address "
				"that does",
				uri, dg_name_plain(w->arena, domain),
				d.silent ? d.silent->pos.line : d.mail->pos.line));
	}
	if (d.mail && d.mail->split) {
		return refuse(w, pos,
			dg_printf(w->arena,
				"reports go to %s, and they would be lost when %s is split (line "
				"%u): name an "
				"address at %.*s, or outside this zone",
				uri, dg_name_plain(w->arena, domain), d.mail->split->pos.line,
				(int)strlen(d.mail->split->to) - 1, d.mail->split->to));
	}
	return 0;
}

static int check_uris(struct dg_wanting *w, const struct dg_mail_spec *m)
{
	int r = 0;

	for (size_t i = 0; r == 0 && m->dmarc && i < m->dmarc->n_rua; i++) {
		r = check_uri(w, m->dmarc->rua[i], &m->dmarc_pos);
	}
	for (size_t i = 0; r == 0 && m->dmarc && i < m->dmarc->n_ruf; i++) {
		r = check_uri(w, m->dmarc->ruf[i], &m->dmarc_pos);
	}
	for (size_t i = 0; r == 0 && i < m->tlsrpt.n; i++) {
		r = check_uri(w, m->tlsrpt.list[i].text, &m->tlsrpt.list[i].pos);
	}
	return r;
}

static bool is_in(const struct dg_strings *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->list[i].text, name) == 0) {
			return true;
		}
	}
	return false;
}

static bool comes_twice(const struct dg_split_spec *s, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (strcmp(dg_split_label(s, i), dg_split_label(s, at)) == 0) {
			return true;
		}
	}
	return false;
}

/* A name that mail moves to: `to`, and those of rotate. */
static int check_target(struct dg_wanting *w, const struct dg_mail_spec *m, size_t at)
{
	const struct dg_split_spec *s = m->split;
	const char *name = dg_split_label(s, at);
	struct dg_declared to = dg_want_declared(w, name);
	const char *fault = NULL;

	if (strcmp(name, m->name) == 0) {
		fault = "is the mail name itself";
	} else if (strcmp(name, w->policy->zone) == 0) {
		fault = "is the zone's own name, expected a name below it";
	} else if (dg_name_is_wildcard(name)) {
		fault = "is a wildcard";
	} else if (to.silent) {
		fault = "is in silent: too, and takes no mail";
	} else if (to.mail && (to.mail->n_mx == 0 || to.mail->split)) {
		fault = "is in mail: too, without hosts in mx:, or with a split of its own";
	} else if (to.mail && s->rotate.n > 0) {
		fault = "is in mail: too, and could not be given up for the next name of rotate:";
	} else if (dg_want_split_to(w, name) != m) {
		fault = "is where another mail name's split moves to, expected a name for each";
	} else if (comes_twice(s, at)) {
		fault = "stands there twice";
	} else if (dg_want_is_alias(w, name)) {
		fault = "is an alias (CNAME) in the zone (RFC 1034 section 3.6.2)";
	} else if (dg_want_cut_above(w, name)) {
		fault = "is delegated away from this zone";
	}
	return fault ? refuse(w, at == 0 ? &s->pos : &s->rotate.list[at - 1].pos,
			       dg_printf(w->arena, "split of %s: %s: %s %s",
				       dg_name_plain(w->arena, m->name), at == 0 ? "to" : "rotate",
				       dg_name_plain(w->arena, name), fault))
		     : 0;
}

static int check_names(struct dg_wanting *w, const struct dg_mail_spec *m)
{
	const struct dg_split_spec *s = m->split;
	struct dg_name_state state = dg_want_state(w, m->name);
	int r = 0;

	for (size_t i = 0; r == 0 && i < dg_split_n_labels(s); i++) {
		r = check_target(w, m, i);
	}
	for (size_t i = 0; r == 0 && i < s->n_sink; i++) {
		r = check_host(w, s->sink[i].host, &s->sink[i].pos, true);
	}
	if (r == 0 && state.label >= dg_split_n_labels(s)) {
		r = refuse(w, &s->pos,
			dg_printf(w->arena,
				"split of %s: its mail lives at the name %u of rotate:, which is "
				"gone from zone.yaml: put it back and run dnsguard unsplit %.*s "
				"first",
				dg_name_plain(w->arena, m->name), state.label,
				(int)strlen(m->name) - 1, m->name));
	}
	if (r == 0 && state.stage == DG_STAGE_PROBING && s->n_sink == 0) {
		r = refuse(w, &s->pos,
			dg_printf(w->arena,
				"split of %s: a probe is under way, and sink: is gone from "
				"zone.yaml: put it back and run dnsguard split %.*s first",
				dg_name_plain(w->arena, m->name), (int)strlen(m->name) - 1,
				m->name));
	}
	return r;
}

static int check_split(struct dg_wanting *w, const struct dg_mail_spec *m)
{
	const struct dg_split_spec *s = m->split;

	if (dg_want_stage(w, m->name) != DG_STAGE_CALM && !s) {
		return refuse(w, &m->pos,
			dg_printf(w->arena,
				"%s is split or armed, and its split: is gone from zone.yaml: put "
				"it back and run "
				"dnsguard unsplit %.*s first",
				dg_name_plain(w->arena, m->name), (int)strlen(m->name) - 1,
				m->name));
	}
	if (!s) {
		return 0;
	}
	if (m->n_mx == 0 || !m->spf || !m->dmarc) {
		return refuse(w, &s->pos,
			dg_printf(w->arena,
				"split of %s: %s: the subdomain is published with the name's own "
				"mx, spf and dmarc",
				dg_name_plain(w->arena, m->name),
				m->is_null_mx  ? "mx is null, there is no mail to move"
				: m->n_mx == 0 ? "the key 'mx' is missing"
				: !m->spf      ? "the key 'spf' is missing"
					       : "the key 'dmarc' is missing"));
	}
	if (is_in(&w->policy->never, m->name) &&
		(s->when == DG_SPLIT_AUTOMATIC || dg_want_stage(w, m->name) >= DG_STAGE_SPLIT)) {
		return refuse(w, &s->pos,
			dg_printf(w->arena,
				"split of %s: the name is in never:, and %s; take it out of one of "
				"them",
				dg_name_plain(w->arena, m->name),
				s->when == DG_SPLIT_AUTOMATIC ? "when: is automatic"
							      : "it is split now"));
	}
	return check_names(w, m);
}

static int check_mail(struct dg_wanting *w, const struct dg_mail_spec *m)
{
	struct dg_declared d = dg_want_declared(w, m->name);
	const char *cut = dg_want_cut_above(w, m->name);
	int r = 0;

	if (d.silent) {
		return refuse(w, &d.silent->pos,
			dg_printf(w->arena,
				"%s is in silent: and in mail: (line %u): it is one or the other",
				dg_name_plain(w->arena, m->name), m->pos.line));
	}
	if (cut) {
		return refuse(w, &m->pos,
			dg_printf(w->arena,
				"%s is below %s, which leads out of this zone (RFC 1034 section "
				"4.2.1): declare it "
				"where it is served",
				dg_name_plain(w->arena, m->name), dg_name_plain(w->arena, cut)));
	}
	r = check_mx(w, m);
	if (r == 0) {
		r = check_split(w, m);
	}
	return r < 0 ? r : check_uris(w, m);
}

static int check_states(struct dg_wanting *w)
{
	for (size_t i = 0; i < w->n_states; i++) {
		const struct dg_name_state *s = &w->states[i];

		if (s->stage != DG_STAGE_CALM && !dg_want_declared(w, s->name).mail) {
			return refuse(w, &w->policy->pos,
				dg_printf(w->arena,
					"%s is split or armed, and is gone from mail: in "
					"zone.yaml: put it back and "
					"run dnsguard unsplit %.*s first",
					dg_name_plain(w->arena, s->name), (int)strlen(s->name) - 1,
					s->name));
		}
	}
	return 0;
}

int dg_want_check(struct dg_wanting *w)
{
	const struct dg_policy *p = w->policy;
	int r = check_states(w);

	for (size_t i = 0; r == 0 && i < p->n_mail; i++) {
		r = check_mail(w, &p->mail[i]);
	}
	for (size_t i = 0; r == 0 && i < p->helo.n; i++) {
		r = check_host(w, p->helo.list[i].text, &p->helo.list[i].pos, false);
	}
	for (size_t i = 0; r == 0 && i < p->never.n; i++) {
		if (!dg_want_declared(w, p->never.list[i].text).mail) {
			r = refuse(w, &p->never.list[i].pos,
				dg_printf(w->arena,
					"%s is in never: and no mail name: name it in mail: too",
					dg_name_plain(w->arena, p->never.list[i].text)));
		}
	}
	return r;
}
