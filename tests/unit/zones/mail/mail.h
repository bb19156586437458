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

/* A file under tests/data, NUL added. */
static inline char *read_data(struct dg_arena *a, const char *name, size_t *ret_len)
{
	char *data = dg_get(a, 1u << 16, 1);
	FILE *f = fopen(dg_printf(a, "%s/%s", DG_TEST_DATA, name), "re");

	assert_non_null(f);
	*ret_len = fread(data, 1, (1u << 16) - 1, f);
	(void)fclose(f);
	return data;
}

/* The base64 text of a PEM file under tests/data. */
static inline const char *read_base64(struct dg_arena *a, const char *name)
{
	size_t len = 0;
	size_t n = 0;
	char *data = read_data(a, name, &len);
	char *line_end = strchr(data, '\n');

	assert_non_null(line_end);
	for (const char *p = line_end; *p && *p != '-'; p++) {
		if (*p != '\n') {
			data[n++] = *p;
		}
	}
	data[n] = '\0';
	return data;
}
