/* zones/policy/want_item.c: one claim at a time; every record passes our own lint before it is wanted. */
#include "zones/policy/wanting.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/dkim.h"
#include "zones/record/name.h"

#include <string.h>

#define RECORD_MAX 65000u /* octets: what a TXT record can hold */

static void grow(struct dg_arena *a, void **list, size_t n, size_t *cap, size_t size)
{
	if (n == *cap) {
		size_t more = *cap > 0 ? 2 * *cap : 16;
		void *grown = dg_get(a, more, size);

		if (n > 0) {
			memcpy(grown, *list, n * size);
		}
		*list = grown;
		*cap = more;
	}
}

static void add(struct dg_wanting *w, const struct dg_item *item)
{
	void *list = w->items;

	grow(w->arena, &list, w->n, &w->cap, sizeof(*w->items));
	w->items = list;
	w->items[w->n++] = *item;
}

void dg_want_note(struct dg_wanting *w, const struct dg_note *note)
{
	void *list = w->notes;

	grow(w->arena, &list, w->n_notes, &w->notes_cap, sizeof(*w->notes));
	w->notes = list;
	w->notes[w->n_notes++] = *note;
}

const char *dg_want_below(
	struct dg_wanting *w, const char *label, const char *name, const struct dg_pos *pos)
{
	const char *out = NULL;

	if (dg_name_join(w->arena, label, name, &out, w->err) < 0) {
		w->err->pos = *pos;
		return NULL;
	}
	return out;
}

static void start_lint(struct dg_wanting *w)
{
	w->lints.arena = w->arena;
	w->lints.n = w->lints.n_dropped = w->lints.n_errors =
		0; /* the list's memory is used again */
}

/* What the lint said: errors refuse the plan, warnings are told. */
static int end_lint(struct dg_wanting *w, const struct dg_claim *c, const char *what)
{
	for (size_t i = 0; i < w->lints.n; i++) {
		const struct dg_lint *lint = &w->lints.list[i];

		if (lint->level == DG_LEVEL_ERROR) {
			return dg_fail_at(w->err, &c->pos, DG_EPOLICY,
				"%s of %s would be broken: %s (%s)", what,
				dg_name_plain(w->arena, c->owner), lint->text, lint->rule);
		}
		if (lint->level == DG_LEVEL_WARNING) {
			dg_want_note(w, &(struct dg_note){.code = lint->code,
						.owner = c->owner,
						.text = lint->text,
						.rule = lint->rule,
						.pos = c->pos});
		}
	}
	return w->lints.n_errors == 0
		       ? 0
		       : dg_fail_at(w->err, &c->pos, DG_EPOLICY, "%s of %s would be broken", what,
				 dg_name_plain(w->arena, c->owner));
}

static int lint_txt(
	struct dg_wanting *w, const struct dg_claim *c, const char *tag, const char *text)
{
	size_t len = strlen(text);
	const char *id = NULL;
	const char *const *rua = NULL;
	size_t n_rua = 0;
	struct dg_dmarc dmarc;
	struct dg_dkim dkim;
	struct dg_spf spf;

	start_lint(w);
	if (!tag) {
		dg_dkim_parse(w->arena, text, len, &dkim, &w->lints);
		dg_dkim_lint(&dkim, &w->lints);
		return end_lint(w, c, "the DKIM key");
	}
	if (strcmp(tag, "v=spf1") == 0) {
		dg_spf_parse(w->arena, text, len, &spf, &w->lints);
		dg_spf_lint(&spf, c->owner, len, &w->lints);
		return end_lint(w, c, "the SPF record");
	}
	if (strcmp(tag, "v=DMARC1") == 0) {
		dg_dmarc_parse(w->arena, text, len, &dmarc, &w->lints);
		dg_dmarc_lint(&dmarc, &w->lints);
		return end_lint(w, c, "the DMARC record");
	}
	if (strcmp(tag, "v=STSv1") == 0) {
		dg_sts_parse(w->arena, text, len, &id, &w->lints);
		return end_lint(w, c, "the MTA-STS record");
	}
	dg_tlsrpt_parse(w->arena, text, len, &rua, &n_rua, &w->lints);
	return end_lint(w, c, "the TLSRPT record");
}

void dg_want_constant(
	struct dg_wanting *w, const struct dg_claim *c, const char *tag, const char *text)
{
	struct dg_rdata *rd = dg_new(w->arena, struct dg_rdata);

	*rd = dg_txt_make(w->arena, text, strlen(text));
	add(w, &(struct dg_item){.owner = c->owner,
		       .type = DG_TYPE_TXT,
		       .tag = tag,
		       .rdata = rd,
		       .n = 1,
		       .ttl = c->ttl,
		       .phase = c->phase,
		       .why = c->why,
		       .rule = c->rule,
		       .pos = c->pos});
}

int dg_want_txt(struct dg_wanting *w, const struct dg_claim *c, const char *tag, const char *text)
{
	if (strlen(text) > RECORD_MAX) {
		return dg_fail_at(w->err, &c->pos, DG_EPOLICY,
			"the record at %s is longer than %u octets",
			dg_name_plain(w->arena, c->owner), RECORD_MAX);
	}
	if (!w->is_sketch) {
		int r = lint_txt(w, c, tag, text);

		if (r < 0) {
			return r;
		}
	}
	dg_want_constant(w, c, tag, text);
	return 0;
}

int dg_want_spf(struct dg_wanting *w, const struct dg_claim *c, const struct dg_spf *spf)
{
	struct dg_buf b;

	dg_buf_init(&b, DG_SPF_TEXT_MAX);
	dg_spf_print(&b, spf);
	int r = b.is_full ? dg_fail_at(w->err, &c->pos, DG_EPOLICY,
				    "the SPF record of %s is longer than %u octets",
				    dg_name_plain(w->arena, c->owner), DG_SPF_TEXT_MAX)
			  : dg_want_txt(w, c, "v=spf1", b.data);
	dg_buf_done(&b);
	return r;
}

int dg_want_dmarc(struct dg_wanting *w, const struct dg_claim *c, const struct dg_dmarc *d,
	const char *as_written)
{
	struct dg_claim at = *c;
	struct dg_buf b;

	at.owner = dg_want_below(w, "_dmarc", c->owner, &c->pos);
	if (!at.owner) {
		return (int)w->err->rc;
	}
	if (as_written) {
		return dg_want_txt(w, &at, "v=DMARC1", as_written);
	}
	dg_buf_init(&b, DG_DMARC_TEXT_MAX);
	dg_dmarc_print(&b, d);
	int r = b.is_full ? dg_fail_at(w->err, &c->pos, DG_EPOLICY,
				    "the DMARC record of %s is longer than %u octets",
				    dg_name_plain(w->arena, c->owner), DG_DMARC_TEXT_MAX)
			  : dg_want_txt(w, &at, "v=DMARC1", b.data);
	dg_buf_done(&b);
	return r;
}

void dg_want_none(struct dg_wanting *w, const struct dg_claim *c, uint16_t type, const char *tag)
{
	add(w, &(struct dg_item){.owner = c->owner,
		       .type = type,
		       .tag = tag,
		       .ttl = c->ttl,
		       .phase = c->phase,
		       .is_mail_mx = type == DG_TYPE_MX,
		       .why = c->why,
		       .rule = c->rule,
		       .pos = c->pos});
}

int dg_want_mx(
	struct dg_wanting *w, const struct dg_claim *c, const struct dg_mx_spec *mx, size_t n)
{
	struct dg_rdata *rdata = dg_newn(w->arena, struct dg_rdata, n);

	if (n > DG_RDATA_MAX) {
		return dg_fail_at(w->err, &c->pos, DG_EPOLICY,
			"%zu MX records, expected at most %u", n, DG_RDATA_MAX);
	}
	for (size_t i = 0; i < n; i++) {
		rdata[i] = dg_mx_make(w->arena, mx[i].preference, mx[i].host);
	}
	struct dg_rrset set = dg_rrset_make(c->owner, DG_TYPE_MX, c->ttl, rdata, n);
	if (!w->is_sketch) {
		start_lint(w);
		dg_mx_lint(&set, &w->lints);
		int r = end_lint(w, c, "the MX");

		if (r < 0) {
			return r;
		}
	}
	add(w, &(struct dg_item){.owner = c->owner,
		       .type = DG_TYPE_MX,
		       .rdata = rdata,
		       .n = set.n,
		       .ttl = c->ttl,
		       .phase = c->phase,
		       .is_mail_mx = true,
		       .why = c->why,
		       .rule = c->rule,
		       .pos = c->pos});
	return 0;
}

void dg_want_null_mx(struct dg_wanting *w, const struct dg_claim *c, bool is_mail_mx)
{
	struct dg_rrset set = dg_nullmx(w->arena, c->owner, c->ttl);
	struct dg_rdata *rdata = dg_new(w->arena, struct dg_rdata);

	*rdata = set.rdata[0];
	add(w, &(struct dg_item){.owner = c->owner,
		       .type = DG_TYPE_MX,
		       .rdata = rdata,
		       .n = 1,
		       .ttl = c->ttl,
		       .phase = c->phase,
		       .is_mail_mx = is_mail_mx,
		       .why = c->why,
		       .rule = c->rule,
		       .pos = c->pos});
}
