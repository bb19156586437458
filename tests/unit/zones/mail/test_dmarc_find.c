#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "tests/unit/zones/mail/world.h"
#include "zones/mail/dmarc_find.h"

static struct dg_dmarc_found find(struct world *w, const char *domain)
{
	struct dg_dmarc_found f;

	dg_dmarc_find(w->arena, domain, DG_DMARC_WALK, &w->facts, &f);
	return f;
}

static void test_own_record(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct world *w =
		world_new(a, "_dmarc.example.com. TXT \"v=DMARC1; p=re\" \"ject; sp=none\"\n");
	struct dg_dmarc_found f = find(w, "example.com.");

	(void)state;
	assert_int_equal(f.state, DG_DMARC_FOUND);
	assert_int_equal(f.policy, DG_DMARC_REJECT);
	assert_string_equal(f.tag, "p");
	assert_string_equal(f.at, "example.com.");
	assert_string_equal(f.record, "v=DMARC1; p=reject; sp=none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
