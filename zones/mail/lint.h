/* zones/mail/lint.h: what a reading of a mail record found, one list for all kinds of records.
 *
 * Shape    code is stable ("spf-too-many-lookups"), for machines; text is for a person: lower case, the value seen
 *          and the rule that it broke; rule names the source ("RFC 7208 section 4.6.4"); column counts octets of
 *          the record from 1 (0: the record as a whole).
 * Levels   ERROR: receivers treat the record as broken, or it does the opposite of its purpose: we do not publish it.
 *          WARNING: works, but is weak or fragile. NOTE: worth knowing.
 * Memory   In the arena of the list.
 */
#pragma once

#include <stddef.h>

struct dg_arena;

enum dg_level {
	DG_LEVEL_NOTE,
	DG_LEVEL_WARNING,
	DG_LEVEL_ERROR,
};

struct dg_lint {
	enum dg_level level;
	const char *code;
	const char *text;
	const char *rule;
	size_t column;
};

#define DG_LINTS_MAX \
	64u /* further ones are counted, not kept; errors push out what is below them */

struct dg_lints {
	struct dg_arena *arena;
	struct dg_lint *list;
	size_t n;
	size_t n_dropped;
	size_t n_errors;
};

#define DG_LINT_SEEN_MAX 64u /* octets of a value that are shown */

void dg_lints_init(struct dg_lints *l, struct dg_arena *a);

/* A value from outside as text that is safe to show in a lint: control characters escaped, the end cut off. "" when the list
 * is full of errors and the text would not be kept. */
const char *dg_lint_seen(struct dg_lints *l, const char *p, size_t len);

void dg_lint(struct dg_lints *l, enum dg_level level, const char *code, const char *rule,
	size_t column, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
