/* From one RRset to another, record by record: what stands there on the way. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/rewrite.h"
#include "zones/record/rrset.h"

#define RECORDS_MAX 8u

/* rdata: separated by '|'; "": none. */
static struct dg_rrset set_of(struct dg_arena *a, uint16_t type, uint32_t ttl, const char *rdata)
{
	struct dg_rdata *list = dg_newn(a, struct dg_rdata, RECORDS_MAX);
	struct dg_err err;
	size_t n = 0;

	while (*rdata) {
		size_t len = strcspn(rdata, "|");

		assert_true(n < RECORDS_MAX);
		assert_int_equal(dg_rdata_parse(a, type, rdata, len, ".", &list[n++], &err), 0);
		rdata += len + (rdata[len] == '|');
	}
	return n == 0 ? dg_rrset_none("example.com.", type)
		      : dg_rrset_make("example.com.", type, ttl, list, n);
}

/* "U0>1 C0 D1" */
static const char *edits_of(struct dg_arena *a, const struct dg_rrset *before,
	const struct dg_rrset *after, bool needs_gap)
{
	struct dg_edit *edits = NULL;
	const char *text = "";
	size_t n = dg_rewrite_make(a, before, after, needs_gap, &edits);

	for (size_t i = 0; i < n; i++) {
		const char *blank = i > 0 ? " " : "";

		switch (edits[i].kind) {
		case DG_EDIT_UPDATE:
			text = dg_printf(
				a, "%s%sU%zu>%zu", text, blank, edits[i].old, edits[i].new);
			break;
		case DG_EDIT_CREATE:
			text = dg_printf(a, "%s%sC%zu", text, blank, edits[i].new);
			break;
		case DG_EDIT_DELETE:
			text = dg_printf(a, "%s%sD%zu", text, blank, edits[i].old);
			break;
		}
	}
	return text;
}

struct row {
	uint16_t type;
	uint32_t ttl_before, ttl_after;
	const char *before, *after;
	bool needs_gap;
	const char *edits;
};

static const struct row rows[] = {
	{DG_TYPE_MX, 60, 60, "10 a.|20 b.", "0 .", false, "D1 U0>0"},
	{DG_TYPE_MX, 60, 60, "0 .", "10 a.|20 b.", false, "U0>0 C1"},
	{DG_TYPE_MX, 60, 60, "10 a.|20 b.", "0 .", true, "D0 D1 C0"},
	{DG_TYPE_MX, 60, 60, "0 .", "10 a.", true, "D0 C0"},
	{DG_TYPE_MX, 60, 60, "10 a.|20 b.", "10 c.", true, "U0>0 D1"},
	{DG_TYPE_MX, 60, 60, "", "10 a.", false, "C0"},
	{DG_TYPE_MX, 60, 60, "10 a.", "", false, "D0"},
	{DG_TYPE_MX, 60, 60, "10 a.|20 b.", "10 a.|30 c.", false, "U1>1"},
	{DG_TYPE_MX, 60, 90, "10 a.|20 b.", "10 a.|20 b.", false, "U0>0 U1>1"},
	{DG_TYPE_MX, 60, 60, "0 .|10 a.", "0 .", false, "D1"},
	{DG_TYPE_TXT, 60, 60, "\"a\"|\"v=spf1 mx\"", "\"a\"|\"v=spf1 -all\"", false, "U1>1"},
	/* the other record does not become a second SPF record, and the new one has no place to come from */
	{DG_TYPE_TXT, 60, 60, "\"zz\"", "\"v=spf1 -all\"", false, "C0 D0"},
	{DG_TYPE_TXT, 60, 60, "\"v=spf1 mx\"|\"zzzzzzzzzzzzzzz\"", "\"aa\"|\"v=spf1 -all\"", false,
		"U0>1 U1>0"},
};

static void test_edits(void **state)
{
	struct dg_arena *a = dg_arena_new(1u << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct dg_rrset before = set_of(a, r->type, r->ttl_before, r->before);
		struct dg_rrset after = set_of(a, r->type, r->ttl_after, r->after);

		assert_string_equal(edits_of(a, &before, &after, r->needs_gap), r->edits);
	}
	(void)dg_arena_free(a);
}

static void test_between(void **state)
{
	struct dg_arena *a = dg_arena_new(1u << 20);
	struct dg_rrset before = set_of(a, DG_TYPE_MX, 300, "10 a.|20 b.");
	struct dg_rrset after = set_of(a, DG_TYPE_MX, 60, "10 a.|30 c.|40 d.");
	static const struct {
		uint32_t ttl;
		const char *rdata;
		bool is_between;
	} seen[] = {
		{60, "10 a.|20 b.", true},        /* 10 a. has its new TTL, read as the lowest */
		{60, "10 a.|30 c.", true},        /* 20 b. was rewritten */
		{300, "10 a.|30 c.|40 d.", true}, /* records first, TTL not yet */
		{300, "10 a.", false},            /* somebody else took 20 b. away */
		{60, "10 a.|30 c.|20 b.", false}, /* not in our order */
		{60, "10 a.|20 b.|40 d.", false},
		{30, "10 a.|30 c.", false},
		{60, "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		struct dg_rrset now = set_of(a, DG_TYPE_MX, seen[i].ttl, seen[i].rdata);

		assert_int_equal(
			dg_rewrite_is_between(a, &before, &after, &now, false), seen[i].is_between);
	}
	/* where a null MX needs a gap, nothing at all may stand there for a moment */
	after = set_of(a, DG_TYPE_MX, 60, "0 .");
	struct dg_rrset none = dg_rrset_none("example.com.", DG_TYPE_MX);
	assert_true(dg_rewrite_is_between(a, &before, &after, &none, false));
	/* a record that was made has the TTL that was asked for only later */
	before = none;
	struct dg_rrset made = set_of(a, DG_TYPE_MX, 86400, "0 .");
	assert_true(dg_rewrite_is_between(a, &before, &after, &made, true));
	assert_false(dg_rewrite_is_between(a, &before, &after, &made, false));
	(void)dg_arena_free(a);
}

/* Whatever is rewritten into whatever: it ends where it should, is never empty, never two SPF records or a null MX beside another. */
static void walk(struct dg_arena *a, const struct dg_rrset *before, const struct dg_rrset *after)
{
	struct dg_edit *edits = NULL;
	struct dg_rdata at[2 * RECORDS_MAX];
	bool is_there[2 * RECORDS_MAX] = {false};
	size_t n = dg_rewrite_make(a, before, after, false, &edits);

	for (size_t i = 0; i < before->n; i++) {
		at[i] = before->rdata[i];
		is_there[i] = true;
	}
	for (size_t i = 0; i <= n; i++) {
		struct dg_rdata *list = dg_newn(a, struct dg_rdata, 2 * RECORDS_MAX);
		size_t n_list = 0;
		size_t n_spf = 0;
		size_t n_null = 0;

		for (size_t k = 0; k < before->n + after->n; k++) {
			if (is_there[k]) {
				n_spf += before->type == DG_TYPE_TXT &&
					 dg_txt_has_tag(&at[k], "v=spf1");
				n_null += before->type == DG_TYPE_MX && at[k].len == 3;
				list[n_list++] = at[k];
			}
		}
		assert_true(n_list > 0);
		assert_true(n_spf <= 1);
		assert_true(n_null == 0 || n_list == 1);
		if (i == n) {
			struct dg_rrset end =
				dg_rrset_make(before->owner, before->type, 60, list, n_list);
			assert_true(dg_rrset_same_data(&end, after));
			break;
		}
		if (edits[i].kind != DG_EDIT_CREATE) {
			is_there[edits[i].old] = false;
		}
		if (edits[i].kind != DG_EDIT_DELETE) {
			at[before->n + edits[i].new] = after->rdata[edits[i].new];
			is_there[before->n + edits[i].new] = true;
		}
	}
}

static void test_every_pair(void **state)
{
	static const char *const mx[] = {
		"0 .", "10 a.", "20 a.", "10 a.|20 b.", "20 b.|30 c.", "5 e.|10 a.|20 b.|30 c."};
	static const char *const txt[] = {"\"a\"", "\"v=spf1 -all\"", "\"a\"|\"v=spf1 mx\"",
		"\"b\"|\"c\"", "\"b\"|\"v=spf1 -all\"|\"x\"", "\"v=spf1 a\"|\"z\""};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		for (size_t k = 0; k < 6; k++) {
			struct dg_arena *a = dg_arena_new(1u << 20);
			struct dg_rrset x = set_of(a, DG_TYPE_MX, 60, mx[i]);
			struct dg_rrset y = set_of(a, DG_TYPE_MX, 60, mx[k]);

			walk(a, &x, &y);
			x = set_of(a, DG_TYPE_TXT, 60, txt[i]);
			y = set_of(a, DG_TYPE_TXT, 60, txt[k]);
			walk(a, &x, &y);
			(void)dg_arena_free(a);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_between),
		cmocka_unit_test(test_every_pair),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
