#include "tests/unit/zones/incident/incident_unit.h"

#include "zones/base/buf.h"
#include "zones/incident/advice.h"
#include "zones/incident/beside.h"
#include "zones/incident/case.h"
#include "zones/incident/ledger.h"
#include "zones/incident/verdict.h"

#include <math.h>
#include <stdio.h>

/* What a mailbox is made of: so many bounces by this rule, of so many reporters. */
struct part {
	enum dg_rule_code rule;
	enum dg_class class;
	enum dg_strength strength;
	unsigned n, reporters;
};

struct judged {
	struct unit u;
	struct dg_ledger *ledger;
	struct dg_beside beside;
	struct dg_verdict *v;
};

static void add(struct judged *j, const struct part *p)
{
	struct dg_ruling r = {.class = p->class, .rule = p->rule, .strength = p->strength};
	struct dg_evidence e;
	char key[32];

	dg_evidence_of(j->u.arena, &j->u.bounce, &j->u.owner, DG_TOKEN_NONE, &e);
	for (unsigned i = 0; i < p->n; i++) {
		(void)snprintf(key, sizeof(key), "r%u.example", i % p->reporters);
		e.reporter = key;
		e.reporter_key = key;
		e.handoff.octets[1] = (uint8_t)(i % 3);
		dg_ledger_add(j->ledger, &e, &r);
	}
}

static void begin(struct judged *j)
{
	*j = (struct judged){0};
	unit_init(&j->u, "198.51.100.7");
	j->ledger = dg_ledger_new(1);
	j->v = dg_new(j->u.arena, struct dg_verdict);
}

static void judge(struct judged *j, const struct part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		add(j, &parts[i]);
	}
	dg_verdict_of(j->ledger, &j->u.owner, &j->beside, j->v);
}

static void end(struct judged *j)
{
	j->ledger = dg_ledger_free(j->ledger);
	unit_done(&j->u);
}

static void expect_first(const struct judged *j, enum dg_incident_kind kind, enum dg_level level)
{
	assert_string_equal(dg_incident_text(j->v->incidents[0].kind), dg_incident_text(kind));
	assert_string_equal(dg_level_text(j->v->incidents[0].level), dg_level_text(level));
}

#define FORGED(n, r)                                                               \
	{                                                                          \
		DG_RULE_HANDOFF_FOREIGN, DG_CLASS_FORGED, DG_STRENGTH_STRONG, n, r \
	}
#define RELAY(n, r)                                                          \
	{                                                                    \
		DG_RULE_OPEN_RELAY, DG_CLASS_RELAY, DG_STRENGTH_STRONG, n, r \
	}
#define LOGIN(n, r)                                                       \
	{                                                                 \
		DG_RULE_LOGIN, DG_CLASS_ACCOUNT, DG_STRENGTH_STRONG, n, r \
	}
#define PASSED(n, r)                                                           \
	{                                                                      \
		DG_RULE_THROUGH_OWN, DG_CLASS_PASSED, DG_STRENGTH_MEDIUM, n, r \
	}
#define OWN(n, r)                                                      \
	{                                                              \
		DG_RULE_INSIDE, DG_CLASS_OWN, DG_STRENGTH_MEDIUM, n, r \
	}

static void test_wilson(void **state)
{
	(void)state;
	assert_true(dg_wilson_low(0, 0) == 0 && dg_wilson_low(0, 10) < 1e-9);
	assert_true(fabs(dg_wilson_low(10, 10) - 0.7225) < 0.001);
	assert_true(fabs(dg_wilson_low(5, 10) - 0.2366) < 0.001);
	assert_true(fabs(dg_wilson_low(92, 100) - 0.8501) < 0.001);
}

/* The table of levels, at its edges. */
static void test_levels(void **state)
{
	static const struct {
		struct part part;
		enum dg_level level;
	} cases[] = {
		{FORGED(4, 4), DG_LEVEL_UNDECIDED},
		{FORGED(5, 5), DG_LEVEL_MEDIUM},
		{FORGED(10, 5), DG_LEVEL_MEDIUM}, /* 0.72 */
		{FORGED(20, 5), DG_LEVEL_HIGH},
		{FORGED(200, 1), DG_LEVEL_UNDECIDED},
		{{DG_RULE_TOKEN_MISSING, DG_CLASS_FORGED, DG_STRENGTH_CERTAIN, 3, 2},
			DG_LEVEL_HIGH},
		{{DG_RULE_TOKEN_MISSING, DG_CLASS_FORGED, DG_STRENGTH_CERTAIN, 2, 2},
			DG_LEVEL_UNDECIDED},
		{{DG_RULE_TOKEN_MISSING, DG_CLASS_FORGED, DG_STRENGTH_CERTAIN, 3, 1},
			DG_LEVEL_UNDECIDED},
	};
	struct judged j;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&j);
		judge(&j, &cases[i].part, 1);
		expect_first(&j, DG_INCIDENT_FORGED, cases[i].level);
		assert_int_equal(j.v->has_split, cases[i].level >= DG_LEVEL_MEDIUM);
		end(&j);
	}
}

static void test_inferred_is_at_most_medium(void **state)
{
	static const struct part parts[] = {
		{DG_RULE_HANDOFF_STRANGER, DG_CLASS_FORGED, DG_STRENGTH_MEDIUM, 100, 9}};
	static const struct part relay = RELAY(100, 9);
	struct judged j;

	(void)state;
	begin(&j);
	judge(&j, parts, 1);
	expect_first(&j, DG_INCIDENT_FORGED, DG_LEVEL_MEDIUM);
	end(&j);
	begin(&j);
	j.u.owner.n_networks = 0;
	judge(&j, &relay, 1);
	expect_first(&j, DG_INCIDENT_RELAY, DG_LEVEL_MEDIUM);
	end(&j);
	begin(&j);
	j.u.owner.unresolved = "mx";
	judge(&j, &relay, 1);
	expect_first(&j, DG_INCIDENT_RELAY, DG_LEVEL_MEDIUM);
	assert_int_equal(j.v->incidents[0].doubts[0].code, DG_REASON_UNRESOLVED);
	end(&j);
}

static void test_mixtures(void **state)
{
	static const struct part parts[] = {FORGED(184, 9), LOGIN(16, 5), OWN(2, 2)};
	struct judged j;

	(void)state;
	begin(&j);
	judge(&j, parts, 3);
	assert_int_equal(j.v->n, 2); /* two of one's own are no incident */
	expect_first(&j, DG_INCIDENT_FORGED, DG_LEVEL_HIGH);
	assert_int_equal(j.v->incidents[1].kind, DG_INCIDENT_ACCOUNT);
	assert_int_equal(j.v->incidents[1].level, DG_LEVEL_HIGH);
	assert_false(j.v->has_split);
	end(&j);
}

static void test_passed_joins_what_is_known(void **state)
{
	static const struct part parts[] = {PASSED(60, 9), RELAY(20, 5)};
	struct judged j;

	(void)state;
	begin(&j);
	judge(&j, parts, 2);
	expect_first(&j, DG_INCIDENT_RELAY, DG_LEVEL_HIGH);
	assert_int_equal(j.v->incidents[0].n, 80);
	end(&j);
	begin(&j);
	judge(&j, parts, 1);
	expect_first(&j, DG_INCIDENT_THROUGH_OWN, DG_LEVEL_UNDECIDED);
	assert_int_equal(j.v->incidents[0].decides[0], DG_DECIDE_LOG);
	end(&j);
}

/* A person's own mail from a hotel is no break-in. */
static void test_few_logins_are_not_called_an_attack(void **state)
{
	static const struct part few[] = {LOGIN(6, 6)};
	struct judged j;

	(void)state;
	begin(&j);
	judge(&j, few, 1);
	expect_first(&j, DG_INCIDENT_ACCOUNT, DG_LEVEL_UNDECIDED);
	end(&j);
}

static void test_reports(void **state)
{
	static const struct part forged[] = {FORGED(50, 9)};
	struct judged j;

	(void)state;
	begin(&j); /* nothing there at all */
	judge(&j, NULL, 0);
	expect_first(&j, DG_INCIDENT_UNDECIDED, DG_LEVEL_UNDECIDED);
	end(&j);
	begin(&j); /* a burst of our own, and no forged mail: at odds with the bounces */
	j.beside = (struct dg_beside){.has_rows = true,
		.n_rows_own = 5000,
		.n_rows_all = 5000,
		.own_peak = 4900,
		.own_usual = 10};
	judge(&j, forged, 1);
	expect_first(&j, DG_INCIDENT_FORGED, DG_LEVEL_MEDIUM);
	assert_false(j.v->has_split);
	end(&j);
	begin(&j);
	j.beside = (struct dg_beside){
		.has_rows = true, .n_rows_forged = 900, .n_rows_reporters = 3, .n_rows_all = 900};
	judge(&j, NULL, 0);
	expect_first(&j, DG_INCIDENT_FORGED, DG_LEVEL_MEDIUM);
	end(&j);
	begin(&j);
	j.beside = (struct dg_beside){.n_notices = 1};
	judge(&j, NULL, 0);
	expect_first(&j, DG_INCIDENT_ACCOUNT, DG_LEVEL_UNDECIDED);
	assert_int_equal(j.v->incidents[0].decides[0], DG_DECIDE_SAMPLE);
	end(&j);
}

static bool advises(const struct dg_advice *steps, size_t n, enum dg_todo step)
{
	for (size_t i = 0; i < n; i++) {
		if (steps[i].step == step) {
			return true;
		}
	}
	return false;
}

/* No verdict advises a split beside a hole of our own, whatever the mixture. */
static void test_advice_never_splits_beside_an_own_hole(void **state)
{
	struct judged j;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		struct part parts[] = {FORGED(i & 1 ? 90 : 0, 9), RELAY(i & 2 ? 12 : 0, 4),
			LOGIN(i & 4 ? 30 : 0, 4), PASSED(i & 8 ? 7 : 0, 4), OWN(i & 16 ? 9 : 0, 4)};
		struct dg_advice steps[DG_ADVICE_MAX];

		begin(&j);
		judge(&j, parts, 5);
		size_t n = dg_advise(j.v, j.ledger, (i & 32) != 0, steps);
		bool has_hole = (i & (2 | 4 | 8)) != 0;
		assert_true(n > 0 && n <= DG_ADVICE_MAX);
		assert_int_equal(steps[n - 1].step, DG_TODO_KEEP);
		assert_int_equal(advises(steps, n, DG_TODO_SPLIT), (i & 1) && !has_hole);
		assert_int_equal(advises(steps, n, DG_TODO_NO_SPLIT), has_hole);
		end(&j);
	}
}

static void test_json_of_every_code(void **state)
{
	static const struct part parts[] = {
		FORGED(184, 9), LOGIN(16, 5), RELAY(12, 3), PASSED(9, 3)};
	struct judged j;
	struct dg_buf b;

	(void)state;
	begin(&j);
	judge(&j, parts, 4);
	struct dg_case c = {
		.ledger = j.ledger, .owner = &j.u.owner, .beside = &j.beside, .verdict = j.v};
	dg_buf_init(&b, (size_t)1 << 20);
	dg_case_json(&b, &c);
	assert_non_null(strstr(b.data, "\"verdict\": \"forged\"")
				? b.data
				: strstr(b.data, "\"verdict\":\"forged\""));
	assert_null(memchr(b.data, '\n', b.len));
	dg_buf_done(&b);
	for (unsigned i = 0; i < DG_REASONS; i++) {
		assert_non_null(dg_reason_text((enum dg_reason_code)i));
	}
	for (unsigned i = 0; i < DG_TODOS; i++) {
		assert_non_null(dg_todo_text((enum dg_todo)i));
	}
	for (unsigned i = 0; i < DG_DECIDES; i++) {
		assert_non_null(dg_decide_text((enum dg_decide)i));
	}
	end(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wilson),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_inferred_is_at_most_medium),
		cmocka_unit_test(test_mixtures),
		cmocka_unit_test(test_passed_joins_what_is_known),
		cmocka_unit_test(test_few_logins_are_not_called_an_attack),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_advice_never_splits_beside_an_own_hole),
		cmocka_unit_test(test_json_of_every_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
