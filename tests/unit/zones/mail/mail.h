/* tests/unit/zones/mail/mail.h: what the tests of mail records share. */
#pragma once

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/lint.h"

#include <stdio.h>
#include <string.h>

#define TEST_ARENA (16u << 20)

/* The lint with this code; NULL: none. */
static inline const struct dg_lint *lint_with(const struct dg_lints *l, const char *code)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->list[i].code, code) == 0) {
			return &l->list[i];
		}
	}
	return NULL;
}

/* The codes in order, with a space between: "spf-ptr spf-no-all". */
static inline const char *lint_codes(const struct dg_lints *l)
{
	const char *codes = "";

	for (size_t i = 0; i < l->n; i++) {
		codes = dg_printf(l->arena, "%s%s%s", codes, i > 0 ? " " : "", l->list[i].code);
	}
	return codes;
}

static inline void print_lints(const struct dg_lints *l)
{
	for (size_t i = 0; i < l->n; i++) {
		(void)fprintf(stderr, "  %zu: %s: %s (%s)\n", l->list[i].column, l->list[i].code,
			l->list[i].text, l->list[i].rule);
	}
}
