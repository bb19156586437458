#include "controller/check/audit_tally.h"

#include "controller/check/audit.h"
#include "controller/check/audit_row.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/map.h"
#include "zones/check/check.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_MAX ((size_t)1 << 20)
#define CODE_MAX  63u

struct dg_tally {
	struct dg_audit *audit;
	struct dg_map by_code;
	struct dg_audit_cause *causes;
	size_t n;
};

struct dg_tally *dg_tally_new(struct dg_audit *audit)
{
	audit->arena = dg_arena_new(ARENA_MAX);
	struct dg_tally *t = dg_new(audit->arena, struct dg_tally);
	t->audit = audit;
	t->causes = dg_newn(audit->arena, struct dg_audit_cause, DG_TALLY_CODES_MAX);
	dg_map_init(&t->by_code, audit->arena);
	return t;
}

static void add_cause(struct dg_tally *t, const char *code, size_t len)
{
	char key[CODE_MAX + 1];

	if (len > CODE_MAX) {
		return;
	}
	memcpy(key, code, len);
	key[len] = '\0';
	struct dg_audit_cause *c = dg_map_get(&t->by_code, key);
	if (!c && t->n < DG_TALLY_CODES_MAX) {
		c = &t->causes[t->n++];
		c->code = dg_strdup(t->audit->arena, key);
		(void)dg_map_put(&t->by_code, c->code, c);
	}
	if (c) {
		c->n++;
	}
}

static bool is_verdict(const struct dg_row *row, enum dg_forgery f)
{
	const char *text = dg_forgery_text(f);

	return strlen(text) == row->verdict_len &&
	       memcmp(text, row->verdict, row->verdict_len) == 0;
}

void dg_tally_add(struct dg_tally *t, const struct dg_row *row)
{
	struct dg_audit *a = t->audit;
	const char *at = row->codes;
	const char *code = NULL;
	size_t len = 0;

	if (row->kind != DG_ROW_DOMAIN) {
		a->n_done += row->kind == DG_ROW_ERROR;
		a->n_bad_lines += row->kind == DG_ROW_ERROR;
		return;
	}
	a->n_done++;
	if (is_verdict(row, DG_PROTECTED)) {
		a->n_protected++;
		return;
	}
	if (is_verdict(row, DG_FORGEABLE)) {
		a->n_forgeable++;
	} else if (is_verdict(row, DG_FORGEABLE_LENIENT)) {
		a->n_lenient++;
	} else {
		a->n_unknown++;
		return;
	}
	while (dg_row_next_code(row, &at, &code, &len)) {
		add_cause(t, code, len);
	}
}

static int by_number(const void *x, const void *y)
{
	const struct dg_audit_cause *a = x;
	const struct dg_audit_cause *b = y;

	return a->n != b->n ? (a->n < b->n ? 1 : -1) : strcmp(a->code, b->code);
}

void dg_tally_sort(struct dg_tally *t)
{
	if (t->n > 0) {
		qsort(t->causes, t->n, sizeof(*t->causes), by_number);
	}
	t->audit->causes = t->causes;
	t->audit->n_causes = t->n;
}

static void put_count(struct dg_buf *b, const char *name, uint64_t n)
{
	dg_buf_printf(b, ",\"%s\":%llu", name, (unsigned long long)n);
}

void dg_tally_put(struct dg_buf *b, const struct dg_audit *a)
{
	uint64_t n = a->n_done - a->n_bad_lines;

	dg_buf_printf(b, "{\"type\":\"summary\",\"complete\":%s", a->is_stopped ? "false" : "true");
	put_count(b, "domains", n);
	put_count(b, "errors", a->n_bad_lines);
	put_count(b, "forgeable", a->n_forgeable);
	put_count(b, "lenient", a->n_lenient);
	put_count(b, "protected", a->n_protected);
	put_count(b, "unknown", a->n_unknown);
	dg_buf_printf(
		b, ",\"share_forgeable\":%.4f", n > 0 ? (double)a->n_forgeable / (double)n : 0.0);
	put_count(b, "questions", a->n_questions);
	put_count(b, "cached", a->n_cached);
	dg_buf_printf(b, ",\"seconds\":%.1f,\"causes\":[", a->seconds);
	for (size_t i = 0; i < a->n_causes; i++) {
		dg_buf_printf(b, "%s{\"code\":\"%s\",\"domains\":%llu}", i > 0 ? "," : "",
			a->causes[i].code, (unsigned long long)a->causes[i].n);
	}
	dg_buf_puts(b, "]}\n");
}
