#include "zones/mail/bimi.h"

#include "zones/base/arena.h"
#include "zones/mail/lint.h"
#include "zones/mail/tags.h"
#include "zones/mail/uri.h"

#include <string.h>

static const char record_rule[] = "draft-brand-indicators section 4.3";

static bool is_text(const char *p, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(p, text, len) == 0;
}

bool dg_bimi_is_record(const char *text, size_t len)
{
	struct dg_tag t;
	size_t pos = 0;

	return dg_tag_next(text, len, &pos, &t) && t.value && is_text(t.name, t.name_len, "v") &&
	       is_text(t.value, t.value_len, "BIMI1");
}

/* One address; a list, which old drafts knew, is one with a comma and so refused. */
static void read_uri(struct dg_arena *a, const struct dg_tag *t, const char *code,
	const char **ret_uri, struct dg_lints *lints)
{
	const char *fault = t->value_len > 0 ? dg_https_fault(t->value, t->value_len) : NULL;

	if (*ret_uri) {
		dg_lint(lints, DG_LEVEL_ERROR, "bimi-duplicate-tag", record_rule, t->column,
			"%s= stands twice", dg_lint_seen(lints, t->name, t->name_len));
		return;
	}
	*ret_uri = dg_strndup(a, t->value, t->value_len);
	if (fault) {
		dg_lint(lints, DG_LEVEL_ERROR, code, record_rule, t->column, "%s=%s: %s",
			dg_lint_seen(lints, t->name, t->name_len),
			dg_lint_seen(lints, t->value, t->value_len), fault);
	}
}

static void read_tag(
	struct dg_arena *a, const struct dg_tag *t, struct dg_bimi *bimi, struct dg_lints *lints)
{
	if (!t->value || t->name_len == 0) {
		dg_lint(lints, DG_LEVEL_ERROR, "bimi-syntax", record_rule, t->column,
			"\"%s\" is not of the form tag=value",
			dg_lint_seen(lints, t->name, t->name_len));
	} else if (is_text(t->name, t->name_len, "l")) {
		read_uri(a, t, "bimi-bad-location", &bimi->location, lints);
	} else if (is_text(t->name, t->name_len, "a")) {
		read_uri(a, t, "bimi-bad-evidence", &bimi->evidence, lints);
	}
}

void dg_bimi_parse(struct dg_arena *a, const char *text, size_t len, struct dg_bimi *ret_bimi,
	struct dg_lints *lints)
{
	struct dg_tag t;
	size_t pos = 0;

	*ret_bimi = (struct dg_bimi){.location = NULL};
	if (len > DG_BIMI_TEXT_MAX || !dg_bimi_is_record(text, len)) {
		dg_lint(lints, DG_LEVEL_ERROR, "bimi-syntax", record_rule, 1,
			"\"%s\" is not a BIMI record of at most %u octets: it begins with v=BIMI1",
			dg_lint_seen(lints, text, len), DG_BIMI_TEXT_MAX);
		return;
	}
	(void)dg_tag_next(text, len, &pos, &t);
	while (dg_tag_next(text, len, &pos, &t)) {
		read_tag(a, &t, ret_bimi, lints);
	}
	const char *l = ret_bimi->location;
	const char *evidence = ret_bimi->evidence;

	ret_bimi->is_declined = l && *l == '\0' && (!evidence || *evidence == '\0');
	if (!l || (*l == '\0' && !ret_bimi->is_declined)) {
		dg_lint(lints, DG_LEVEL_ERROR, "bimi-no-location", record_rule, 0,
			"l= says nothing: it names the logo, an SVG file, by https");
	} else if (!ret_bimi->is_declined && (!evidence || *evidence == '\0')) {
		dg_lint(lints, DG_LEVEL_NOTE, "bimi-no-evidence", record_rule, 0,
			"there is no a=: large receivers show a logo only with a certificate of "
			"the mark");
	}
}
