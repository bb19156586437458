/* The frame of a check: the book of kinds, findings in order and within bounds, what each depth asks. */
#include "tests/unit/zones/check/check_unit.h"
#include "zones/check/rule.h"

#include <dirent.h>

#define SOUND                                                                                  \
	"example.com. TXT v=spf1 ip4:192.0.2.1 -all\nexample.com. MX 10 mx.test.\nmx.test. A " \
	"9.9.9.9\n_dmarc.example.com. TXT v=DMARC1; p=reject\n"

/* --- the book ------------------------------------------------------------------------------------ */
static void test_book(void **state)
{
	const struct dg_kind *k = NULL;

	(void)state;
	for (size_t i = 0; (k = dg_kind_at(i)) != NULL; i++) {
		assert_ptr_equal(dg_kind_find(k->code), k); /* codes are unique */
		assert_true(strlen(k->area) > 0 && strlen(k->title) > 0 && strlen(k->rule) > 0);
		assert_true(strlen(k->explain) > 0 && strlen(k->remedy) > 0);
		assert_int_not_equal(k->title[strlen(k->title) - 1], '.');
		assert_non_null(strchr(".)", k->explain[strlen(k->explain) - 1]));
		assert_true(strspn(k->code, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
			    strlen(k->code));
	}
	assert_null(dg_kind_find("no-such-kind"));
	assert_null(dg_kind_find(""));
}

static bool is_code(const char *p, size_t len)
{
	static const char *const areas[] = {
		"spf-", "dmarc-", "mx-", "dkim-", "sts-", "tlsrpt-", "bimi-"};

	if (len == strlen("dkim-signature") && strncmp(p, "dkim-signature", len) == 0) {
		return false; /* a header field */
	}
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
		size_t n = strlen(areas[i]);

		if (len > n && strncmp(p, areas[i], n) == 0) {
			return strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-") >= len;
		}
	}
	return false;
}

/* Each literal of the source that reads as a code has its kind. */
static size_t check_source(const char *text)
{
	size_t n = 0;

	for (const char *p = strchr(text, '"'); p; p = strchr(p, '"')) {
		size_t len = strcspn(++p, "\"\n");

		if (p[len] == '"' && is_code(p, len)) {
			char code[64] = "";

			assert_true(len < sizeof(code));
			memcpy(code, p, len);
			if (!dg_kind_find(code)) {
				fail_msg("%s has no kind", code);
			}
			n++;
		}
		p += len;
		p += *p == '"';
	}
	return n;
}

static void test_readers(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(WORLD_ARENA);
	DIR *dir = opendir(DG_TEST_SOURCE "/zones/mail");
	struct dirent *entry = NULL;
	size_t n = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		const char *dot = strrchr(entry->d_name, '.');

		if (dot && strcmp(dot, ".c") == 0) {
			char *text = dg_get(a, 1, 1u << 18);
			FILE *f = fopen(
				dg_printf(a, "%s/zones/mail/%s", DG_TEST_SOURCE, entry->d_name),
				"re");

			assert_non_null(f);
			assert_true(fread(text, 1, (1u << 18) - 1, f) < (1u << 18) - 1);
			(void)fclose(f);
			n += check_source(text);
		}
	}
	(void)closedir(dir);
	assert_true(n > 80);
}

/* --- findings ------------------------------------------------------------------------------------- */
static size_t place_of(const struct dg_kind *kind)
{
	size_t i = 0;

	while (dg_kind_at(i) != kind) {
		i++;
	}
	return i;
}

static void test_order(void **state)
{
	static const enum dg_severity order[] = {DG_SEVERITY_ERROR, DG_SEVERITY_WARNING,
		DG_SEVERITY_UNKNOWN, DG_SEVERITY_NOTE, DG_SEVERITY_GOOD};
	struct world w;
	const struct dg_check *c = world_check(&w,
		"example.com. TXT v=DMARC1; p=none\nexample.com. TXT v=spf1 ptr ip4:192.0.2.7/24 "
		"oops -all\nexample.com. MX 10 "
		"gone.test.\n"
		"example.com. MX 20 mail.\n_dmarc.example.com. TXT v=DMARC1; p=none\n"
		"!unknown mail. A\n!unknown mail. AAAA");
	size_t rank = 0;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < c->n_findings; i++) {
		while (c->findings[i].severity != order[rank]) {
			rank++;
			assert_true(rank < 5);
		}
		if (i > 0 && c->findings[i - 1].severity == c->findings[i].severity) {
			assert_true(
				place_of(c->findings[i - 1].kind) <= place_of(c->findings[i].kind));
		}
	}
	assert_true(rank >= 3);
	for (size_t i = 0; i < 5; i++) {
		n += c->n_by_severity[i];
	}
	assert_int_equal(n, c->n_findings);
	assert_int_equal(c->n_findings_dropped, 0);
	world_done(&w);
}

/* A flood of small findings neither grows without end nor hides an error. */
static void test_flood(void **state)
{
	struct world w;
	struct dg_buf b;

	(void)state;
	dg_buf_init(&b, 1u << 20);
	dg_buf_puts(&b, "_dmarc.example.com. TXT v=DMARC1; p=none; p=none\n");
	for (unsigned i = 0; i < 1000; i++) {
		dg_buf_printf(&b, "example.com. TXT spf2.0/pra x%u\n", i);
	}
	const struct dg_check *c = world_check(&w, b.data);
	assert_int_equal(c->n_findings, DG_CHECK_FINDINGS_MAX);
	assert_true(c->n_findings_dropped > 700);
	assert_non_null(finding_with(c, "dmarc-duplicate-tag"));
	assert_true(c->n_records <= DG_CHECK_RECORDS_MAX);
	world_done(&w);
	dg_buf_done(&b);
}

/* --- depth ---------------------------------------------------------------------------------------- */
static size_t count_asked(const char *text)
{
	struct world w;
	struct partly p = {.w = &w};

	(void)world_check(&w, text);
	expect_convergence(&p);
	size_t n = p.n_asked;
	world_done(&w);
	return n;
}

static void test_depth(void **state)
{
	(void)state;
	/* TXT, MX, and _dmarc at the name and above it */
	assert_int_equal(count_asked(SOUND "!depth fast"), 4);
	/* and the addresses, where there is no MX */
	assert_int_equal(count_asked("example.com. A 9.9.9.9\n!depth fast"), 5);
	assert_int_equal(count_asked("example.com. TXT x\n!depth fast"), 6);
	assert_true(count_asked(SOUND "!depth audit") < 14);
	assert_true(count_asked(SOUND) > count_asked(SOUND "!depth audit"));
}

static void test_records(void **state)
{
	struct world w;
	const struct dg_check *c = world_check(&w, SOUND "example.com. TXT hello");

	(void)state;
	assert_true(c->exists && c->sends && c->receives && !c->is_parked && !c->is_unknown);
	assert_string_equal(c->spf_record, "v=spf1 ip4:192.0.2.1 -all");
	assert_int_equal(c->mx_state, DG_MX_HOSTS);
	assert_int_equal(c->n_mx, 1);
	assert_string_equal(c->mx[0].host, "mx.test.");
	assert_int_equal(c->mx[0].a->state, DG_FACT_FOUND);
	assert_int_equal(c->walk.policy, DG_DMARC_REJECT);
	assert_int_equal(c->psl.policy, DG_DMARC_REJECT);
	assert_true(c->spf->has_fail_all);
	for (size_t i = 0; i < c->n_records; i++) {
		for (size_t k = 0; k < i; k++) {
			assert_false(c->records[i].type == c->records[k].type &&
				     strcmp(c->records[i].owner, c->records[k].owner) == 0);
		}
	}
	world_done(&w);
}

/* The root, and a name so long that nothing fits in front of it. */
static void test_edges(void **state)
{
	static const char *const names[] = {".", "com.", NULL};
	struct world w;
	struct dg_check c;

	(void)state;
	(void)world_check(&w, SOUND);
	for (size_t i = 0; names[i]; i++) {
		w.in.domain = names[i];
		dg_check_make(w.arena, &w.in, &c);
		assert_int_equal(c.n_pending, 0);
	}
	char name[256] = "";
	for (size_t i = 0; i < 126; i++) {
		memcpy(name + 2 * i, "a.", 2);
	}
	w.in.domain = name;
	for (int d = DG_CHECK_FAST; d <= DG_CHECK_FULL; d++) {
		w.in.depth = (enum dg_check_depth)d;
		dg_check_make(w.arena, &w.in, &c);
		assert_int_equal(c.n_pending, 0);
	}
	world_done(&w);
}

static void test_keys(void **state)
{
	struct world w;
	struct dg_rrkey *keys = NULL;
	size_t n = 0;

	(void)state;
	(void)world_check(&w, SOUND);
	dg_check_keys(w.arena, &w.in, &keys, &n);
	assert_true(n >= 8);
	assert_string_equal(keys[0].owner, "example.com.");
	assert_int_equal(keys[0].type, DG_TYPE_SOA);
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_book),
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
