/* zones/policy/want_mail.c: one mail name in its stage, and the subdomain that its mail can move to.
 *
 * What opens a way goes out first. What closes one, a null MX with the SPF and DMARC beside it, is one step after it: a split of an
 * armed name is one change at the primary. On the way back the MX goes first and SPF and DMARC loosen after it, when senders can
 * have seen it (DESIGN: the split). */
#include "zones/policy/wanting.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/digest.h"
#include "zones/record/name.h"

#include <string.h>

#define POLICY_TEXT_MAX 65536u /* octets (RFC 8461 section 3.2) */
#define ID_BYTES        10u    /* of the digest: 20 letters and digits */

struct place {
	const struct dg_mail_spec *mail;
	const char *name; /* the mail name, or the subdomain */
	uint32_t ttl;     /* of MX and TXT at the name itself */
	unsigned phase;   /* of SPF, DMARC and MTA-STS */
	bool is_split; /* takes no mail: the mail name after the split, or a subdomain that was given up */
	bool is_sub;
	bool is_sunk;         /* with the sink as its MX */
	const char *moved_to; /* is_split: where its mail lives */
};

static struct dg_claim claim(
	const struct place *p, const struct dg_pos *pos, const char *why, const char *rule)
{
	return (struct dg_claim){.owner = p->name,
		.ttl = p->ttl,
		.phase = p->phase,
		.why = why,
		.rule = rule,
		.pos = *pos};
}

static int want_mx(struct dg_wanting *w, const struct place *p)
{
	const struct dg_mail_spec *m = p->mail;
	struct dg_claim c = claim(p, &m->pos, NULL, "RFC 5321 section 5.1");

	if (!m->has_mx) {
		return 0;
	}
	if (p->is_sunk) {
		c.phase = 0;
		c.pos = m->split->sink[0].pos;
		c.why = dg_printf(w->arena, "a sink takes what still comes for %s: is it over?",
			dg_name_plain(w->arena, p->name));
		return dg_want_mx(w, &c, m->split->sink, m->split->n_sink);
	}
	if (p->is_split || m->is_null_mx) {
		c.phase = 1;
		c.rule = "RFC 7505 section 3";
		c.pos = p->is_split ? m->split->pos : m->pos;
		c.why = p->is_split ? dg_printf(w->arena, "mail of %s has moved to %s",
					      dg_name_plain(w->arena, p->name),
					      dg_name_plain(w->arena, p->moved_to))
				    : dg_printf(w->arena, "%s takes no mail",
					      dg_name_plain(w->arena, p->name));
		dg_want_null_mx(w, &c, true);
		return 0;
	}
	c.phase = 0;
	if (m->n_mx > 0) {
		c.pos = m->mx[0].pos;
	}
	c.why = p->is_sub ? dg_printf(w->arena, "mail of %s can move to %s",
				    dg_name_plain(w->arena, m->name),
				    dg_name_plain(w->arena, p->name))
			  : dg_printf(w->arena, "these hosts take mail for %s",
				    dg_name_plain(w->arena, p->name));
	return dg_want_mx(w, &c, m->mx, m->n_mx);
}

/* At the subdomain "a" and "ptr" without a name still mean the mail name: the subdomain has no address of its own. */
static struct dg_spf *spf_of_sub(struct dg_wanting *w, const struct dg_mail_spec *m)
{
	struct dg_spf *spf = dg_new(w->arena, struct dg_spf);
	const char *domain = dg_strndup(w->arena, m->name, strlen(m->name) - 1);

	spf->n = m->spf->n;
	spf->terms = dg_memdup(w->arena, m->spf->terms, spf->n * sizeof(*spf->terms));
	for (size_t i = 0; i < spf->n; i++) {
		struct dg_spf_term *t = &spf->terms[i];

		if ((t->kind == DG_SPF_A || t->kind == DG_SPF_PTR) && !t->domain) {
			t->domain = domain;
		}
	}
	return spf;
}

static int want_spf(struct dg_wanting *w, const struct place *p)
{
	const struct dg_mail_spec *m = p->mail;
	struct dg_claim c = claim(p, &m->spf_pos, NULL, "RFC 7208 section 3");

	if (!m->spf) {
		return 0;
	}
	if (p->is_split) {
		c.pos = m->split->pos;
		c.rule = "RFC 7208 section 10.1.2";
		c.why = dg_printf(w->arena, "no mail is sent from %s while it is split",
			dg_name_plain(w->arena, p->name));
		dg_want_constant(w, &c, "v=spf1", "v=spf1 -all");
		return 0;
	}
	c.why = dg_printf(
		w->arena, "only these may send mail from %s", dg_name_plain(w->arena, p->name));
	if (m->spf_text && !p->is_sub) {
		return dg_want_txt(w, &c, "v=spf1", m->spf_text);
	}
	return dg_want_spf(w, &c, p->is_sub ? spf_of_sub(w, m) : m->spf);
}

/* Is this very record served already? Then who takes its reports was settled before. */
static bool is_served(const struct dg_wanting *w, const char *owner, const struct dg_item *item)
{
	struct dg_rrset txt = dg_want_have(w, owner, DG_TYPE_TXT);
	struct dg_rrset wanted = {
		.owner = owner, .type = DG_TYPE_TXT, .rdata = item->rdata, .n = 1};

	for (size_t i = 0; i < txt.n; i++) {
		struct dg_rrset one = {
			.owner = owner, .type = DG_TYPE_TXT, .rdata = &txt.rdata[i], .n = 1};

		if (dg_rrset_same_meaning(&one, &wanted)) {
			return true;
		}
	}
	return false;
}

/* Reporters ignore an address elsewhere unless that place says that it wants the reports. */
static void note_report_addresses(struct dg_wanting *w, const struct place *p)
{
	const struct dg_dmarc *d = p->mail->dmarc;
	const struct dg_item *item = &w->items[w->n - 1];
	const char *domain = NULL;

	if (w->is_sketch || p->is_sub || is_served(w, item->owner, item)) {
		return;
	}
	for (size_t i = 0; i < d->n_rua + d->n_ruf; i++) {
		const char *uri = i < d->n_rua ? d->rua[i] : d->ruf[i - d->n_rua];

		if (dg_dmarc_uri_domain(w->arena, uri, &domain) == 0 &&
			!dg_name_is_at_or_under(domain, w->policy->zone)) {
			dg_want_note(w, &(struct dg_note){.code = "report-authorisation",
						.owner = p->name,
						.text = dg_printf(w->arena,
							"reports go to another domain: unless it "
							"belongs to the same "
							"organisation, a TXT record \"v=DMARC1;\" "
							"must stand at "
							"%.*s._report._dmarc.%s (report-for: in "
							"the policy of that zone)",
							(int)strlen(p->name) - 1, p->name, domain),
						.rule = "RFC 9990 section 4",
						.pos = p->mail->dmarc_pos});
		}
	}
}

static int want_dmarc(struct dg_wanting *w, const struct place *p)
{
	const struct dg_mail_spec *m = p->mail;
	struct dg_claim c = claim(p, &m->dmarc_pos, NULL, "RFC 9989 section 4.7");

	if (!m->dmarc) {
		return 0;
	}
	struct dg_dmarc d = *m->dmarc;
	c.ttl = m->ttl;
	if (p->is_split) {
		d.p = d.sp = d.np = DG_DMARC_REJECT;
		d.adkim = d.aspf = 's';
		d.t = 0;
		if (p->is_sub) {
			d.psd = 0;
		}
		c.pos = m->split->pos;
		c.why = dg_printf(w->arena, "mail from %s is forged while it is split",
			dg_name_plain(w->arena, p->name));
	} else if (p->is_sub) { /* sp, np and psd belong to the organizational domain */
		d.sp = d.np = DG_DMARC_UNSET;
		d.psd = 0;
		c.rule = "RFC 9989 section 4.10";
		c.why = dg_printf(w->arena,
			"%s has a policy of its own, which every receiver finds",
			dg_name_plain(w->arena, p->name));
	} else {
		c.why = dg_printf(w->arena, "what receivers do with mail forged from %s",
			dg_name_plain(w->arena, p->name));
	}
	int r = dg_want_dmarc(w, &c, &d, p->is_split || p->is_sub ? NULL : m->dmarc_text);
	if (r == 0) {
		note_report_addresses(w, p);
	}
	return r;
}

static int want_dkim(struct dg_wanting *w, const struct place *p)
{
	const struct dg_mail_spec *m = p->mail;

	for (size_t i = 0; i < m->n_dkim; i++) {
		const struct dg_dkim_spec *k = &m->dkim[i];
		struct dg_claim c = claim(p, &k->pos, NULL, "RFC 6376 section 3.6.1");

		c.ttl = m->ttl;
		c.phase = 0;
		c.owner = dg_want_below(
			w, dg_printf(w->arena, "%s._domainkey", k->selector), p->name, &k->pos);
		if (!c.owner) {
			return (int)w->err->rc;
		}
		c.why = dg_printf(w->arena, "the key of selector %s", k->selector);
		int r = dg_want_txt(w, &c, NULL, k->text);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

/* The id tells senders that the policy file is another one: what is in it decides. */
static const char *sts_id(
	struct dg_wanting *w, const struct dg_sts_policy *policy, const char *salt)
{
	uint8_t digest[DG_DIGEST_LEN];
	char text[DG_DIGEST_TEXT_MAX];
	struct dg_buf b;

	dg_buf_init(&b, POLICY_TEXT_MAX);
	dg_sts_policy_print(&b, policy);
	dg_buf_puts(&b, salt ? salt : "");
	dg_digest(b.data, b.len, digest);
	dg_buf_done(&b);
	return dg_strdup(w->arena, dg_digest_text(digest, ID_BYTES, text));
}

static int want_sts(struct dg_wanting *w, const struct place *p)
{
	const struct dg_mail_spec *m = p->mail;
	struct dg_claim c = claim(p, &m->pos, NULL, "RFC 8461 section 3.1");
	struct dg_buf b;

	if (!m->mta_sts) {
		return 0;
	}
	struct dg_sts_policy policy = m->mta_sts->policy;
	const char *id = m->mta_sts->id;
	c.ttl = m->ttl;
	c.owner = dg_want_below(w, "_mta-sts", p->name, &m->pos);
	if (!c.owner) {
		return (int)w->err->rc;
	}
	if (p->is_split) { /* a cached policy would pin the MX that is gone */
		policy.mode = DG_STS_NONE;
		id = sts_id(w, &policy, id);
		c.rule = "RFC 8461 section 8.3";
		c.why = dg_printf(w->arena, "senders must forget the policy of %s",
			dg_name_plain(w->arena, p->name));
		dg_want_note(w,
			&(struct dg_note){.code = "mta-sts-policy-none",
				.owner = p->name,
				.text = dg_printf(w->arena,
					"serve \"mode: none\" at "
					"https://mta-sts.%.*s/.well-known/mta-sts.txt "
					"while %s is split: senders keep the old policy for up to "
					"%u seconds",
					(int)strlen(p->name) - 1, p->name,
					dg_name_plain(w->arena, p->name), policy.max_age),
				.rule = c.rule,
				.pos = m->split->pos});
	} else {
		c.why = dg_printf(w->arena, "senders must use TLS to the MX of %s",
			dg_name_plain(w->arena, p->name));
		id = id ? id : sts_id(w, &policy, NULL);
	}
	dg_buf_init(&b, POLICY_TEXT_MAX);
	dg_sts_print(&b, id);
	int r = dg_want_txt(w, &c, "v=STSv1", b.data);
	dg_buf_done(&b);
	return r;
}

static int want_tlsrpt(struct dg_wanting *w, const struct place *p)
{
	const struct dg_mail_spec *m = p->mail;
	struct dg_claim c = claim(p, &m->pos, NULL, "RFC 8460 section 3");
	struct dg_buf b;

	if (m->tlsrpt.n == 0) {
		return 0;
	}
	c.ttl = m->ttl;
	c.phase = 0;
	c.pos = m->tlsrpt.list[0].pos;
	c.why = dg_printf(w->arena, "where failures of TLS to %s are reported",
		dg_name_plain(w->arena, p->name));
	c.owner = dg_want_below(w, "_smtp._tls", p->name, &m->pos);
	if (!c.owner) {
		return (int)w->err->rc;
	}
	const char **uris = dg_newn(w->arena, const char *, m->tlsrpt.n);
	for (size_t i = 0; i < m->tlsrpt.n; i++) {
		uris[i] = m->tlsrpt.list[i].text;
	}
	dg_buf_init(&b, POLICY_TEXT_MAX);
	dg_tlsrpt_print(&b, uris, m->tlsrpt.n);
	int r = dg_want_txt(w, &c, "v=TLSRPTv1", b.data);
	dg_buf_done(&b);
	return r;
}

static int want_place(struct dg_wanting *w, const struct place *p)
{
	static int (*const parts[])(struct dg_wanting * w, const struct place *p) = {
		want_mx, want_spf, want_dkim, want_dmarc, want_sts, want_tlsrpt};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		r = parts[i](w, p);
	}
	return r;
}

/* TTL of MX and TXT at the mail name. */
static uint32_t own_ttl(
	const struct dg_wanting *w, const struct dg_mail_spec *m, enum dg_name_stage stage)
{
	const struct dg_split_spec *s = m->split;

	if (stage != DG_STAGE_CALM) {
		return m->ttl == 0 || s->armed_ttl < m->ttl ? s->armed_ttl : m->ttl;
	}
	/* What arming lowered goes up again: where no TTL is written, none would ask for it. */
	if (s && m->ttl == 0 && dg_want_have(w, m->name, DG_TYPE_MX).ttl == s->armed_ttl) {
		uint32_t before = dg_want_state(w, m->name).mx_ttl;

		return before > 0 ? before : DG_TTL_NEW;
	}
	return m->ttl;
}

/* Not there, as before it was needed. */
static int want_gone(struct dg_wanting *w, const struct place *p)
{
	static const struct {
		const char *label;
		const char *tag; /* NULL: the whole RRset */
	} texts[] = {{"_dmarc", "v=DMARC1"}, {"_mta-sts", "v=STSv1"}, {"_smtp._tls", "v=TLSRPTv1"}};
	const struct dg_mail_spec *m = p->mail;
	struct dg_claim c = claim(p, &m->split->pos,
		dg_printf(w->arena, "mail of %s does not live at %s any more",
			dg_name_plain(w->arena, m->name), dg_name_plain(w->arena, p->name)),
		"RFC 1034 section 3.6");

	dg_want_none(w, &c, DG_TYPE_MX, NULL);
	dg_want_none(w, &c, DG_TYPE_TXT, "v=spf1");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		c.owner = dg_want_below(w, texts[i].label, p->name, &m->split->pos);
		if (!c.owner) {
			return (int)w->err->rc;
		}
		dg_want_none(w, &c, DG_TYPE_TXT, texts[i].tag);
	}
	for (size_t i = 0; i < m->n_dkim; i++) {
		c.owner =
			dg_want_below(w, dg_printf(w->arena, "%s._domainkey", m->dkim[i].selector),
				p->name, &m->split->pos);
		if (!c.owner) {
			return (int)w->err->rc;
		}
		dg_want_none(w, &c, DG_TYPE_TXT, NULL);
	}
	return 0;
}

static bool is_null(const struct dg_wanting *w, const char *name)
{
	struct dg_rrset mx = dg_want_have(w, name, DG_TYPE_MX);

	return dg_mx_state(&mx) == DG_MX_NULL;
}

/* TTL of MX and TXT at a subdomain: low from the moment on at which it may have to go. */
static uint32_t sub_ttl(const struct dg_wanting *w, const struct dg_mail_spec *m,
	const struct dg_name_state *st, size_t at)
{
	const struct dg_split_spec *s = m->split;
	uint32_t served = dg_want_have(w, dg_split_label(s, at), DG_TYPE_MX).ttl;

	if (st->stage >= DG_STAGE_SPLIT && st->label > 0) {
		return m->ttl == 0 || s->armed_ttl < m->ttl ? s->armed_ttl : m->ttl;
	}
	return m->ttl == 0 && st->label > 0 && served == s->armed_ttl ? DG_TTL_NEW : m->ttl;
}

/* The names that mail can live at: the first stands in peacetime too, the others only when they are needed. */
static int want_sub(struct dg_wanting *w, const struct dg_mail_spec *m,
	const struct dg_name_state *st, size_t at)
{
	bool is_out = st->stage >= DG_STAGE_SPLIT;
	struct place p = {.mail = m,
		.name = dg_split_label(m->split, at),
		.ttl = sub_ttl(w, m, st, at),
		.is_sub = true,
		.is_split = is_out && at < st->retired,
		.moved_to = dg_split_label(m->split, st->label)};

	if (w->is_sketch || at == 0 || (is_out && at <= st->label)) {
		p.phase = p.is_split || is_null(w, p.name); /* taken back: the MX first */
		return want_place(w, &p);
	}
	p.phase = 1;
	return at <= st->label ? want_gone(w, &p) : 0;
}

int dg_want_mail(struct dg_wanting *w, const struct dg_mail_spec *m)
{
	struct dg_name_state st = dg_want_state(w, m->name);
	struct place p = {.mail = m,
		.name = m->name,
		.ttl = own_ttl(w, m, st.stage),
		.is_split = st.stage >= DG_STAGE_SPLIT,
		.is_sunk = st.stage == DG_STAGE_PROBING,
		.moved_to = m->split ? dg_split_label(m->split, st.label) : NULL};

	if (p.is_split || m->n_mx > 0) {
		p.phase = p.is_split || is_null(w, m->name); /* back from a split: the MX first */
	}
	int r = want_place(w, &p);
	if (r < 0 || !m->split || dg_want_declared(w, m->split->to).mail) {
		return r;
	}
	for (size_t i = 0; r == 0 && i < dg_split_n_labels(m->split); i++) {
		r = want_sub(w, m, &st, i);
	}
	return r;
}
