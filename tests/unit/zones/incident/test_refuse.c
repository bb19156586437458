#include "tests/unit/zones/incident/incident_unit.h"

#include "zones/incident/ledger.h"
#include "zones/incident/refuse.h"

static struct dg_ledger_refusals refusals_of(struct unit *u, const char *from, const char *sender)
{
	struct dg_ledger_refusals sums = {0};
	struct dg_refuse *r = dg_refuse_new(&u->owner);
	struct dg_evidence e;

	u->bounce.original.from = from;
	u->bounce.original.return_path = sender;
	u->bounce.original.has_return_path = true;
	dg_evidence_of(u->arena, &u->bounce, &u->owner, DG_TOKEN_NONE, &e);
	dg_refuse_add(r, &e, &sums);
	dg_refuse_add(r, &e, &sums); /* out of what is kept: the same again */
	r = dg_refuse_free(r);
	return sums;
}

static void test_who_would_refuse(void **state)
{
	struct unit u;

	(void)state;
	unit_init(&u, "198.51.100.7");
	struct dg_ledger_refusals s = refusals_of(&u, "me@good.example", "me@good.example");
	assert_true(s.n_asked == 2 && s.n_spf == 2 && s.n_dmarc == 2 && s.n_either == 2);
	s = refusals_of(&u, "me@good.example", "x@spammer.test"); /* SPF is not ours to publish */
	assert_true(s.n_spf == 0 && s.n_dmarc == 2 && s.n_either == 2);
	s = refusals_of(&u, "x@other.test", "me@good.example"); /* DMARC looks at From alone */
	assert_true(s.n_spf == 2 && s.n_dmarc == 0 && s.n_either == 2);
	s = refusals_of(&u, "x@other.test", "x@spammer.test");
	assert_true(s.n_unknown == 2 && s.n_either == 0);
	s = refusals_of(&u, "me@sub.good.example", "me@good.example");
	assert_true(s.n_dmarc == 2);
	unit_done(&u);
}

static void test_ours_passes(void **state)
{
	struct unit u;

	(void)state;
	unit_init(&u, "192.0.2.7");
	struct dg_ledger_refusals s = refusals_of(&u, "me@good.example", "me@good.example");
	assert_true(s.n_passed == 2 && s.n_either == 0);
	s = refusals_of(&u, "me@good.example", "x@spammer.test"); /* nothing aligned */
	assert_true(s.n_dmarc == 2 && s.n_spf == 0);
	unit_done(&u);
	unit_init(&u, "");
	s = refusals_of(&u, "me@good.example", "me@good.example");
	assert_true(s.n_asked == 0);
	unit_done(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_would_refuse),
		cmocka_unit_test(test_ours_passes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
