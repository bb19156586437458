#include "zones/mail/lint.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SEEN_TEXT_MAX ((size_t)8 * DG_LINT_SEEN_MAX) /* an octet takes at most 8 when escaped */

void dg_lints_init(struct dg_lints *l, struct dg_arena *a)
{
	*l = (struct dg_lints){.arena = a};
}

const char *dg_lint_seen(struct dg_lints *l, const char *p, size_t len)
{
	struct dg_buf b;

	if (l->n >= DG_LINTS_MAX && l->n_errors >= DG_LINTS_MAX) {
		return "";
	}
	dg_buf_init(&b, SEEN_TEXT_MAX);
	dg_buf_put_safe(&b, p, len > DG_LINT_SEEN_MAX ? DG_LINT_SEEN_MAX : len);
	if (len > DG_LINT_SEEN_MAX) {
		dg_buf_puts(&b, "...");
	}
	const char *seen = dg_strndup(l->arena, b.data, b.len);
	dg_buf_done(&b);
	return seen;
}

/* A flood of notes must not hide an error: it takes the place of the last entry below it. One entry is dropped either way. */
static bool make_room(struct dg_lints *l, enum dg_level level)
{
	size_t i = l->n;

	l->n_dropped++;
	while (i > 0 && l->list[i - 1].level >= level) {
		i--;
	}
	if (level != DG_LEVEL_ERROR || i == 0) {
		return false;
	}
	memmove(&l->list[i - 1], &l->list[i], (l->n - i) * sizeof(l->list[0]));
	l->n--;
	return true;
}

void dg_lint(struct dg_lints *l, enum dg_level level, const char *code, const char *rule,
	size_t column, const char *fmt, ...)
{
	va_list ap;

	l->n_errors += level == DG_LEVEL_ERROR;
	if (l->n >= DG_LINTS_MAX && !make_room(l, level)) {
		return;
	}
	if (!l->list) {
		l->list = dg_newn(l->arena, struct dg_lint, DG_LINTS_MAX);
	}
	va_start(ap, fmt);
	int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	size_t size = len < 0 ? 1 : (size_t)len + 1;
	char *text = dg_get(l->arena, size, 1);
	va_start(ap, fmt);
	(void)vsnprintf(text, size, fmt, ap);
	va_end(ap);
	l->list[l->n++] = (struct dg_lint){
		.level = level, .code = code, .text = text, .rule = rule, .column = column};
}
