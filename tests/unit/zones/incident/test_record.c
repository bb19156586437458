/* The record of an incident: the chain, what it refuses, and how it reads in each form. */
#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/incident/over.h"
#include "zones/incident/record.h"

#include <stdlib.h>
#include <string.h>

#define LESSON  "lesson: " HOSTILE
#define HOSTILE "</td><script>x</script>|[a](b)\x1b[31m\n=1"

static struct dg_record_entry entries[4];

static void make_chain(void)
{
	static const char *const kinds[] = {
		DG_RECORD_OPENED, DG_RECORD_NOTE, DG_RECORD_GUARD, DG_RECORD_NOTE};
	static const char *const texts[] = {"opened", HOSTILE, "calm to elevated", LESSON};

	for (size_t i = 0; i < 4; i++) {
		entries[i] = (struct dg_record_entry){.n = (int64_t)i + 1,
			.at = 1795000000 + 60 * (int64_t)i,
			.who = "me@" HOSTILE,
			.kind = kinds[i],
			.text = texts[i]};
	}
	entries[2].data = "{\"from\":\"calm\",\"to\":\"elevated\"}";
	for (size_t i = 0; i < 4; i++) {
		dg_record_seal(&entries[i], i > 0 ? entries[i - 1].hash : NULL);
	}
}

static void test_each_seals_all_before_it(void **state)
{
	(void)state;
	make_chain();
	assert_int_equal(dg_record_broken(entries, 4, 4, entries[3].hash), 0);
	assert_int_equal(
		dg_record_broken(entries, 3, 4, entries[3].hash), 4); /* cut off at the end */
	assert_int_equal(dg_record_broken(NULL, 0, 0, (const uint8_t[DG_DIGEST_LEN]){0}), 0);
	entries[1].text = "something else";
	assert_int_equal(dg_record_broken(entries, 4, 4, entries[3].hash), 2);
	make_chain();
	entries[0].at++;
	assert_int_equal(dg_record_broken(entries, 4, 4, entries[3].hash), 1);
	make_chain();
	entries[2].data = NULL;
	assert_int_equal(dg_record_broken(entries, 4, 4, entries[3].hash), 3);
	make_chain();
	entries[3].n = 5;
	assert_int_equal(dg_record_broken(entries, 4, 4, entries[3].hash), 4);
}

/* Where one field ends and the next begins is sealed, too. */
static void test_fields_do_not_run_together(void **state)
{
	struct dg_record_entry a = {.n = 1, .at = 1, .who = "ab", .kind = "c", .text = ""};
	struct dg_record_entry b = {.n = 1, .at = 1, .who = "a", .kind = "bc", .text = ""};
	struct dg_record_entry c = {
		.n = 1, .at = 1, .who = "ab", .kind = "c", .text = "", .data = ""};

	(void)state;
	dg_record_seal(&a, NULL);
	dg_record_seal(&b, NULL);
	dg_record_seal(&c, NULL);
	assert_memory_not_equal(a.hash, b.hash, DG_DIGEST_LEN);
	assert_memory_not_equal(a.hash, c.hash, DG_DIGEST_LEN);
}

static struct dg_record record_of(struct dg_arena *a, const char *verdict, const char *triage)
{
	struct dg_record r = {.id = 3,
		.name = "good.example.",
		.zone = "good.example.",
		.opened = 1795000000,
		.now = 1795003600,
		.opened_by = HOSTILE,
		.reason = HOSTILE,
		.verdict = verdict,
		.confidence = verdict ? "high" : NULL,
		.retention = 86400,
		.n_entries = 4,
		.n = 4};

	make_chain();
	r.entries = dg_memdup(a, entries, sizeof(entries));
	memcpy(r.head, entries[3].hash, DG_DIGEST_LEN);
	r.triage = triage ? json_loads(triage, 0, NULL) : NULL;
	dg_record_order(&r, a);
	return r;
}

static const char triage[] =
	"{\"type\":\"triage\",\"split\":false,\"timeline\":{\"first\":1794990000,\"last\":"
	"1795000500,\"span\":60,"
	"\"spans\":[{\"at\":1794990000,\"by_class\":{\"forged\":7,\"own\":2,\"unknown\":1}},"
	"{\"at\":1795000440,\"by_class\":{\"forged\":-5,\"own\":99999999999}}]},"
	"\"origins\":{\"first\":[{\"text\":\"<b>198.51.100.0/24\",\"bounces\":9,\"reporters\":3}]},"
	"\"reporters\":{\"first\":[{\"text\":\"r&d.example\",\"bounces\":4},{\"text\":5,"
	"\"bounces\":4}]}}";

static void test_pages_are_safe(void **state)
{
	struct dg_arena *a = dg_arena_new((size_t)1 << 22);
	struct dg_record r = record_of(a, "forged", triage);
	struct dg_buf b;

	(void)state;
	dg_buf_init(&b, (size_t)1 << 22);
	dg_record_html(&b, &r);
	assert_non_null(strstr(b.data, "Content-Security-Policy\" content=\"default-src 'none'"));
	assert_null(strstr(b.data, "<script"));
	assert_null(strchr(b.data, '\x1b'));
	assert_null(strstr(b.data, "<b>"));
	assert_null(strstr(b.data, "src="));
	assert_non_null(strstr(b.data, "&lt;b&gt;198.51.100.0/24"));
	assert_non_null(strstr(b.data, "r&amp;d.example"));
	assert_non_null(strstr(b.data, "<title>elevated</title>"));
	assert_non_null(strstr(b.data, "from the first bounce to this record: 2 h 46 min"));
	dg_buf_clear(&b);
	dg_record_markdown(&b, &r);
	for (const char *p = b.data; (p = strchr(p, '<')) != NULL; p++) {
		assert_true(p > b.data && p[-1] == '\\');
	}
	assert_null(strchr(b.data, '\x1b'));
	assert_null(strstr(b.data, "|[a]"));
	dg_buf_clear(&b);
	dg_record_print(&b, &r, true);
	assert_null(strchr(b.data, '\x1b'));
	dg_buf_clear(&b);
	dg_record_json(&b, &r);
	json_t *o = json_loads(b.data, JSON_REJECT_DUPLICATES, NULL);
	assert_string_equal(json_string_value(json_object_get(o, "opened_by")),
		"</td><script>x</script>|[a](b)\x1b[31m\n=1");
	assert_int_equal(json_array_size(json_object_get(o, "timeline")), 4);
	json_decref(o);
	dg_buf_done(&b);
	json_decref(r.triage);
	dg_arena_free(a);
}

static void test_what_refuses_a_split(void **state)
{
	static const struct {
		const char *verdict, *triage;
		bool is_refused;
	} rows[] = {{NULL, NULL, false}, {"forged", "{\"split\":true}", false},
		{"forged", "{\"split\":false}", true}, {"forged", NULL, false},
		{"relay", NULL, true}, {"account", NULL, true}, {"script", NULL, true},
		{"provider", NULL, true}, {"through-own", NULL, true}, {"own", NULL, true},
		{"undecided", NULL, false}};
	struct dg_arena *a = dg_arena_new((size_t)1 << 22);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dg_record r = record_of(a, rows[i].verdict, rows[i].triage);

		assert_int_equal(dg_record_refuses_split(&r), rows[i].is_refused);
		json_decref(r.triage);
	}
	dg_arena_free(a);
}

/* --- is it over? ------------------------------------------------------------------------------------ */
static void test_over(void **state)
{
	const struct dg_over_facts calm = {
		.now = 10000000, .is_watched = true, .is_below = true, .guard = "calm"};
	struct dg_over_condition c[DG_OVER_CONDITIONS];
	struct dg_over_facts f = calm;

	(void)state;
	assert_true(dg_over(&f, c));
	f.is_below = false;
	assert_false(dg_over(&f, c));
	f = calm;
	f.guard = "cooldown";
	assert_false(dg_over(&f, c));
	f = calm;
	f.is_moved = true;
	assert_false(dg_over(&f, c));
	f = calm;
	f.old_until = f.now + 1;
	assert_false(dg_over(&f, c));
	f = calm;
	f.residue_last = f.now - 3600;
	assert_false(dg_over(&f, c));
	f.residue_last = f.now - DG_OVER_COOLDOWN_S;
	assert_true(dg_over(&f, c));
}

/* Not told is not over. */
static void test_over_without_a_watch(void **state)
{
	struct dg_over_facts f = {.now = 10000000};
	struct dg_over_condition c[DG_OVER_CONDITIONS];

	(void)state;
	assert_false(dg_over(&f, c));
	assert_int_equal(c[0].answer, DG_OVER_UNKNOWN);
	f.triaged = f.now - 60;
	f.last_bounce = f.triaged - 3600;
	assert_false(dg_over(&f, c));
	assert_int_equal(c[0].answer, DG_OVER_NO);
	f.last_bounce = f.triaged - DG_OVER_COOLDOWN_S;
	assert_true(dg_over(&f, c));
	f.triaged = f.now - 2 * DG_OVER_COOLDOWN_S;
	f.last_bounce = 5;
	assert_false(dg_over(&f, c));
	assert_int_equal(c[0].answer, DG_OVER_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_seals_all_before_it),
		cmocka_unit_test(test_fields_do_not_run_together),
		cmocka_unit_test(test_pages_are_safe),
		cmocka_unit_test(test_what_refuses_a_split),
		cmocka_unit_test(test_over),
		cmocka_unit_test(test_over_without_a_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
