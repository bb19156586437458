#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "zones/base/err.h"
#include "zones/mail/spf.h"
#include "zones/record/name.h"
#include "zones/record/rrset.h"

/* What the world answers; what is not listed exists, and TXT that is not listed is void. */
struct answer {
	const char *owner;
	uint16_t type;
	enum dg_spf_answer answer;
	const char *record;
	size_t n_records;
};

struct world {
	const struct answer *answers;
	size_t n;
	unsigned n_asked;
};

static enum dg_spf_answer ask(
	void *arg, const char *owner, uint16_t type, const char **ret_record, size_t *ret_n_records)
{
	struct world *w = arg;

	w->n_asked++;
	for (size_t i = 0; i < w->n; i++) {
		const struct answer *a = &w->answers[i];

		if (a->type == type && strcmp(a->owner, owner) == 0) {
			*ret_record = a->record;
			*ret_n_records = a->n_records;
			return a->answer;
		}
	}
	return type == DG_TYPE_TXT ? DG_SPF_VOID : DG_SPF_FOUND;
}

#define SPF(owner, text)                                  \
	{                                                 \
		owner, DG_TYPE_TXT, DG_SPF_FOUND, text, 1 \
	}
#define COUNT(a, record, list) \
	count((a), (record),   \
		&(struct world){.answers = (list), .n = sizeof(list) / sizeof((list)[0])})

static struct dg_spf_count count(struct dg_arena *a, const char *record, struct world *w)
{
	struct dg_spf_count c;

	dg_spf_count(a, "example.com.", record, ask, w, &c);
	return c;
}

static void test_terms(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	static const struct {
		const char *record;
		unsigned n_lookups;
	} cases[] = {
		{"v=spf1 -all", 0},
		{"v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 exp=e.example.net x=y -all", 0},
		{"v=spf1 a mx ptr exists:e.example.net -all", 4},
		{"v=spf1 mx mx mx -all", 3},
		{"v=spf1 a -all mx", 1}, /* nobody comes to what stands after all */
		{"v=spf1 a all redirect=r.example.net", 1},
		{"v=spf1 a:%{i}.example.net -all", 1},
	};
	struct world w = {.n = 0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dg_spf_count c = count(a, cases[i].record, &w);

		assert_int_equal(c.n_lookups, cases[i].n_lookups);
		assert_int_equal(c.n_voids, 0);
		assert_null(c.broken);
		assert_null(c.loop);
	}
	assert_int_equal(
		count(a, "v=spf1 a:%{i}.x.example include:%{d}.example -all", &w).n_macros, 2);
}

static void test_tree(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	static const struct answer world[] = {
		SPF("_spf.example.net.", "v=spf1 include:b.example.net a:x.example.net ~all"),
		SPF("b.example.net.", "v=spf1 mx redirect=c.example.net"),
		SPF("c.example.net.", "v=spf1 ip4:192.0.2.0/24 -all"),
		{"x.example.net.", DG_TYPE_AAAA, DG_SPF_VOID, NULL, 0},
	};
	struct dg_spf_count c = COUNT(
		a, "v=spf1 mx include:_SPF.example.NET. exists:%{i}.e.example.net -all", world);

	(void)state;
	assert_int_equal(c.n_lookups, 7);
	assert_int_equal(c.n_voids, 1);
	assert_null(c.broken);
	assert_string_equal(c.tree, "example.com: 7 of 10 look-ups, 1 of 2 void ones\n"
				    "  mx: 1\n"
				    "  include:_SPF.example.NET.: 5\n"
				    "    include:b.example.net: 3\n"
				    "      mx: 1\n"
				    "      redirect=c.example.net: 1\n"
				    "    a:x.example.net: 1, void for IPv6 clients\n"
				    "  exists:%{i}.e.example.net: 1, depends on the mail\n");
}

static void test_voids(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	static const struct answer world[] = {
		{"only6.example.", DG_TYPE_A, DG_SPF_VOID, NULL, 0},
		{"only4.example.", DG_TYPE_AAAA, DG_SPF_VOID, NULL, 0},
		{"none.example.", DG_TYPE_A, DG_SPF_VOID, NULL, 0},
		{"none.example.", DG_TYPE_AAAA, DG_SPF_VOID, NULL, 0},
		{"none.example.", DG_TYPE_MX, DG_SPF_VOID, NULL, 0},
	};

	(void)state;
	/* a client has one family: the two are not added */
	assert_int_equal(COUNT(a, "v=spf1 a:only4.example a:only6.example -all", world).n_voids, 1);
	assert_int_equal(
		COUNT(a, "v=spf1 a:only4.example a:only4.example a:only6.example -all", world)
			.n_voids,
		2);
	assert_int_equal(COUNT(a, "v=spf1 a:none.example -all", world).n_voids, 1);
	assert_int_equal(COUNT(a, "v=spf1 mx:none.example -all", world).n_voids, 1);
	assert_int_equal(COUNT(a, "v=spf1 exists:none.example -all", world).n_voids, 1);
	assert_int_equal(COUNT(a, "v=spf1 exists:only4.example -all", world).n_voids, 0);
	struct dg_spf_count c = COUNT(a, "v=spf1 include:none.example a:none.example -all", world);
	assert_int_equal(c.n_voids, 2);
	assert_string_equal(c.broken, "none.example.");
	assert_string_equal(c.broken_why, "it has no TXT record");
	assert_int_equal(COUNT(a, "v=spf1 redirect=none.example", world).n_voids, 1);
}

static void test_broken(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	static const struct answer world[] = {
		{"zero.example.", DG_TYPE_TXT, DG_SPF_FOUND, NULL, 0},
		{"two.example.", DG_TYPE_TXT, DG_SPF_FOUND, "v=spf1 -all", 2},
		SPF("bad.example.", "v=spf1 ip4:1 mx -all"),
	};

	(void)state;
	struct dg_spf_count c = COUNT(a, "v=spf1 include:zero.example -all", world);
	assert_string_equal(c.broken, "zero.example.");
	assert_int_equal(c.n_voids, 0);
	c = COUNT(a, "v=spf1 include:two.example include:zero.example -all", world);
	assert_string_equal(c.broken, "two.example.");
	assert_string_equal(c.broken_why, "it has 2 SPF records, not one");
	c = COUNT(a, "v=spf1 include:bad.example -all", world);
	assert_string_equal(c.broken, "bad.example.");
	assert_int_equal(c.n_lookups, 2);
	c = COUNT(a, "v=spf1 nonsense -all", world);
	assert_string_equal(c.broken, "example.com.");
	assert_non_null(strstr(c.broken_why, "nonsense"));
}

static void test_loops(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	static const struct answer world[] = {
		SPF("a.example.", "v=spf1 include:b.example -all"),
		SPF("b.example.", "v=spf1 redirect=A.Example."),
		SPF("c.example.", "v=spf1 a -all"),
	};

	(void)state;
	struct dg_spf_count c = COUNT(a, "v=spf1 include:a.example -all", world);
	assert_string_equal(c.loop, "a.example.");
	assert_int_equal(c.n_lookups, 3);
	c = COUNT(a, "v=spf1 include:Example.com -all", world);
	assert_string_equal(c.loop, "example.com.");
	/* the same name on two branches is no loop, and counts twice */
	c = COUNT(a, "v=spf1 include:c.example include:c.example -all", world);
	assert_null(c.loop);
	assert_int_equal(c.n_lookups, 4);
}

static void test_pending_goes_on(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	static const struct answer world[] = {
		{"p.example.", DG_TYPE_TXT, DG_SPF_PENDING, NULL, 0},
		{"p.example.", DG_TYPE_A, DG_SPF_PENDING, NULL, 0},
		{"p.example.", DG_TYPE_AAAA, DG_SPF_PENDING, NULL, 0},
		{"f.example.", DG_TYPE_MX, DG_SPF_FAILED, NULL, 0},
		SPF("q.example.", "v=spf1 mx:f.example -all"),
	};
	struct world w = {.answers = world, .n = 5};
	struct dg_spf_count c =
		count(a, "v=spf1 include:p.example a:p.example include:q.example -all", &w);

	(void)state;
	assert_int_equal(c.n_pending, 3);
	assert_int_equal(c.n_failed, 1);
	assert_int_equal(c.n_lookups, 4);
	assert_int_equal(c.n_voids, 0);
	assert_int_equal(w.n_asked, 5);
	assert_non_null(strstr(c.tree, "include:p.example: 1, not known yet\n"));
	assert_non_null(strstr(c.tree, "mx:f.example: 1, could not be looked up\n"));
}

/* Each record includes the next one twice: 2^n without a bound. */
static enum dg_spf_answer ask_doubling(
	void *arg, const char *owner, uint16_t type, const char **ret_record, size_t *ret_n_records)
{
	struct dg_arena *a = arg;
	assert_int_equal(type, DG_TYPE_TXT);
	long i = strtol(owner + 1, NULL, 10);
	*ret_record =
		dg_printf(a, "v=spf1 include:n%ld.example include:n%ld.example -all", i + 1, i + 1);
	*ret_n_records = 1;
	return DG_SPF_FOUND;
}

/* Each record is as large as a record can be. */
static enum dg_spf_answer ask_large(
	void *arg, const char *owner, uint16_t type, const char **ret_record, size_t *ret_n_records)
{
	(void)owner;
	*ret_record = type == DG_TYPE_TXT ? arg : NULL;
	*ret_n_records = 1;
	return DG_SPF_FOUND;
}

static void test_bounds(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_spf_count c;
	struct dg_buf b;

	(void)state;
	dg_spf_count(a, "n0.example.", "v=spf1 include:n1.example -all", ask_doubling, a, &c);
	assert_true(c.n_lookups > DG_SPF_LOOKUPS_MAX);
	assert_true(c.n_lookups < 4 * DG_SPF_RECORDS_MAX);
	assert_non_null(strstr(c.tree, "not followed"));

	dg_buf_init(&b, DG_SPF_TEXT_MAX);
	dg_buf_puts(&b, "v=spf1");
	for (unsigned i = 0; i < DG_SPF_TERMS_MAX; i++) {
		dg_buf_printf(&b, " include:%03u.xxxxxxxxxx.example", i);
	}
	dg_spf_count(a, "example.com.", b.data, ask_large, b.data, &c);
	assert_true(c.n_lookups > DG_SPF_NODES_MAX);
	assert_non_null(strstr(c.tree, "more\n"));
	dg_buf_done(&b);
}

/* Characters that a zone file would take for something else are escaped, as in every name. */
static enum dg_spf_answer ask_odd(
	void *arg, const char *owner, uint16_t type, const char **ret_record, size_t *ret_n_records)
{
	(void)type;
	(void)ret_record;
	*ret_n_records = 0;
	assert_string_equal(owner, arg);
	return DG_SPF_VOID;
}

static void test_odd_names(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_spf_count c;
	char expected[] = "x\\;y\\@\\$z\\\\:/.example.";

	(void)state;
	dg_spf_count(a, "example.com.", "v=spf1 a:X;y@$Z\\:/.Example -all", ask_odd, expected, &c);
	assert_int_equal(c.n_voids, 1);
	const char *name = NULL;
	struct dg_err err;
	assert_int_equal(dg_name_parse(a, expected, strlen(expected), NULL, &name, &err), DG_OK);
	assert_string_equal(name, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_voids),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_pending_goes_on),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_odd_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
