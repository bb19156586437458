/* The DMARC cases of tests/data/dmarc: found, aligned and judged as RFC 9989 says. */
#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "tests/unit/zones/mail/world.h"
#include "zones/base/buf.h"
#include "zones/mail/dmarc_find.h"
#include "zones/record/name.h"

#include <jansson.h>

#define ZONE_TEXT_MAX 65536u
#define DKIM_MAX      8u

struct play {
	struct world *world;
	struct dg_dmarc_outcome out;
};

static const char *canonical(struct dg_arena *a, const char *text)
{
	const char *name = NULL;
	struct dg_err err;

	assert_int_equal(dg_name_parse(a, text, strlen(text), NULL, &name, &err), 0);
	return name;
}

static void put_txt(struct dg_buf *b, const char *owner, const json_t *strings)
{
	json_t *string;
	size_t i;

	dg_buf_printf(b, "%s TXT", owner);
	json_array_foreach(strings, i, string)
	{
		dg_buf_puts(b, " \"");
		for (const char *p = json_string_value(string); *p != '\0'; p++) {
			dg_buf_printf(b, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
		}
		dg_buf_puts(b, "\"");
	}
	dg_buf_puts(b, "\n");
}

static const char *zone_text(struct dg_arena *a, json_t *zone)
{
	const char *name;
	json_t *sets;
	json_t *rr;
	size_t i;
	struct dg_buf b;

	dg_buf_init(&b, ZONE_TEXT_MAX);
	json_object_foreach(zone, name, sets)
	{
		const char *owner = canonical(a, name);

		json_array_foreach(json_object_get(sets, "TXT"), i, rr) put_txt(&b, owner, rr);
		json_array_foreach(json_object_get(sets, "A"), i, rr)
			dg_buf_printf(&b, "%s A %s\n", owner, json_string_value(rr));
		json_array_foreach(json_object_get(sets, "MX"), i, rr)
			dg_buf_printf(&b, "%s MX %d %s.\n", owner,
				(int)json_integer_value(json_object_get(rr, "priority")),
				json_string_value(json_object_get(rr, "exchange")));
	}
	assert_false(b.is_full);
	const char *text = dg_strndup(a, b.data ? b.data : "", b.len);
	dg_buf_done(&b);
	return text;
}

static void run(struct dg_arena *a, json_t *c, struct play *p)
{
	const char *every = json_string_value(json_object_get(c, "every"));
	const char *spf = json_string_value(json_array_get(json_object_get(c, "spf"), 0));
	json_t *dkim = json_object_get(c, "dkim");
	struct dg_dmarc_dkim signatures[DKIM_MAX];
	struct dg_dmarc_query q = {.dkim = signatures, .n_dkim = json_array_size(dkim)};

	p->world = world_new(a, zone_text(a, json_object_get(c, "zone")));
	p->world->unknown = every && strcmp(every, "timeout") == 0 ? "*" : NULL;
	p->world->nodata = every && strcmp(every, "nodata") == 0 ? "*" : NULL;
	assert_true(q.n_dkim <= DKIM_MAX && json_array_size(json_object_get(c, "spf")) <= 1);
	for (size_t i = 0; i < q.n_dkim; i++) {
		signatures[i].domain = canonical(a, json_string_value(json_array_get(dkim, i)));
	}
	q.from = canonical(a, json_string_value(json_object_get(c, "from")));
	q.spf = spf ? DG_SPF_RESULT_PASS : DG_SPF_RESULT_NONE;
	q.spf_qualifier = spf ? '+' : '\0';
	q.spf_domain = spf ? canonical(a, spf) : NULL;
	dg_dmarc_eval(a, &q, &p->world->facts, &p->out);
}

static bool is_text(const char *is, const char *expected)
{
	return is && strcmp(is, expected) == 0;
}

static bool is_letter(char is, const char *expected)
{
	return (is == '\0' ? 'r' : is) == expected[0];
}

static bool is_asked(const struct world *w, json_t *expected)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_asked; i++) {
		const char *name = strstr(w->asked[i], "16 _dmarc.");
		const char *text = json_string_value(json_array_get(expected, n));

		if (name && (!text || strncmp(name + 3, text, strlen(text)) != 0 ||
				    strcmp(name + 3 + strlen(text), ".") != 0)) {
			return false;
		}
		n += name != NULL;
	}
	return n == json_array_size(expected);
}

static bool holds_of_record(const struct dg_dmarc_found *f, const char *key, const char *text)
{
	if (strcmp(key, "p") == 0) {
		return is_text(dg_dmarc_policy_text(f->dmarc.p), text);
	}
	if (strcmp(key, "sp") == 0) {
		return is_text(dg_dmarc_policy_text(f->dmarc.sp), text);
	}
	if (strcmp(key, "adkim") == 0) {
		return is_letter(f->dmarc.adkim, text);
	}
	if (strcmp(key, "aspf") == 0) {
		return is_letter(f->dmarc.aspf, text);
	}
	if (strcmp(key, "fo") == 0) {
		return is_text(f->dmarc.fo, text);
	}
	if (strcmp(key, "rua") == 0) {
		return f->dmarc.n_rua == 1 && is_text(f->dmarc.rua[0], text);
	}
	if (strcmp(key, "ruf") == 0) {
		return f->dmarc.n_ruf == 1 && is_text(f->dmarc.ruf[0], text);
	}
	if (strcmp(key, "record") == 0) {
		return is_text(f->record, text);
	}
	assert_string_equal(key, "record_holds");
	return f->record && strstr(f->record, text);
}

static bool holds(struct dg_arena *a, const struct play *p, const char *key, json_t *value)
{
	const struct dg_dmarc_found *f = &p->out.found;
	const char *text = json_string_value(value);

	if (strcmp(key, "result") == 0) {
		return is_text(dg_dmarc_result_text(p->out.result), text);
	}
	if (strcmp(key, "state") == 0) {
		return is_text(dg_dmarc_state_text(f->state), text);
	}
	if (strcmp(key, "policy") == 0) {
		return is_text(dg_dmarc_policy_text(f->applied), text);
	}
	if (strcmp(key, "at") == 0) {
		return is_text(f->at, canonical(a, text));
	}
	if (strcmp(key, "own") == 0) {
		return f->at && is_text(f->at, f->domain) == json_is_true(value);
	}
	if (strcmp(key, "two_outcomes") == 0) {
		return f->has_two_outcomes == json_is_true(value);
	}
	if (strcmp(key, "spf_aligned") == 0) {
		return p->out.is_spf_aligned == json_is_true(value);
	}
	if (strcmp(key, "dkim_aligned") == 0) {
		return p->out.is_dkim_aligned == json_is_true(value);
	}
	return strcmp(key, "asked") == 0 ? is_asked(p->world, value)
					 : holds_of_record(f, key, text);
}

/* What of an expectation does not hold; NULL: all holds. */
static const char *first_that_fails(struct dg_arena *a, const struct play *p, json_t *expected)
{
	const char *key;
	json_t *value;

	json_object_foreach(expected, key, value)
	{
		if (!holds(a, p, key, value)) {
			return key;
		}
	}
	return NULL;
}

static void check_case(json_t *c)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	json_t *expected = json_object_get(c, "expect");
	json_t *differs = json_object_get(c, "differs");
	struct play p;

	assert_true(json_object_size(expected) > 0 || json_object_get(c, "left_out"));
	if (json_is_array(json_object_get(c, "from"))) { /* several authors are no case of ours */
		assert_non_null(differs);
		return;
	}
	run(a, c, &p);
	const char *fails = first_that_fails(a, &p, expected);
	if (differs) {
		assert_non_null(json_string_value(json_object_get(differs, "why")));
		assert_non_null(fails); /* else the difference has gone */
		fails = first_that_fails(a, &p, json_object_get(differs, "expect"));
	}
	if (fails) {
		(void)fprintf(stderr, "%s: %s does not hold; %s: %s\n",
			json_string_value(json_object_get(c, "title")), fails,
			dg_dmarc_result_text(p.out.result), p.out.text);
		fail();
	}
}

static void check_file(const char *name, size_t n_cases, size_t n_differing)
{
	json_error_t error;
	json_t *cases = json_load_file(name, JSON_REJECT_DUPLICATES, &error);
	size_t n = 0;
	json_t *c;
	size_t i;

	assert_non_null(cases);
	assert_int_equal(json_array_size(cases), n_cases);
	json_array_foreach(cases, i, c)
	{
		check_case(c);
		n += json_object_get(c, "differs") != NULL;
	}
	assert_int_equal(n, n_differing);
	json_decref(cases);
}

static void test_rfc9989(void **state)
{
	(void)state;
	check_file(DG_TEST_DATA "/dmarc/rfc9989.json", 30, 1);
}

static void test_get_dmarc_record(void **state)
{
	(void)state;
	check_file(DG_TEST_DATA "/dmarc/get-dmarc-record.json", 26, 1);
}

static void test_dmarc_verify(void **state)
{
	(void)state;
	check_file(DG_TEST_DATA "/dmarc/dmarc-verify.json", 35, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc9989),
		cmocka_unit_test(test_get_dmarc_record),
		cmocka_unit_test(test_dmarc_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
