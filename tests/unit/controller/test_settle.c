/* What a zone says about a change whose outcome is not known. */
#include "tests/unit/unit.h"

#include "controller/engine/settle.h"
#include "providers/net/dns.h"
#include "zones/base/arena.h"
#include "zones/record/zone.h"

#include <string.h>

struct world {
	struct dg_arena *a;
	struct dg_swap swaps[2]; /* an MX, and the marker */
	size_t odd;
};

static struct dg_rrset txt(struct dg_arena *a, const char *owner, const char *text, uint32_t ttl)
{
	struct dg_rdata *rd = dg_new(a, struct dg_rdata);

	*rd = dg_txt_make(a, text, strlen(text));
	return dg_rrset_make(owner, DG_TYPE_TXT, ttl, rd, 1);
}

static struct dg_rrset mx(struct dg_arena *a, uint16_t preference, const char *host, uint32_t ttl)
{
	struct dg_rdata *rd = dg_new(a, struct dg_rdata);

	*rd = dg_mx_make(a, preference, host);
	return dg_rrset_make("example.com.", DG_TYPE_MX, ttl, rd, 1);
}

static int setup(void **state)
{
	struct dg_arena *a = dg_arena_new(1u << 20);
	struct world *w = dg_new(a, struct world);

	w->a = a;
	w->swaps[0] = (struct dg_swap){mx(a, 10, "mx.example.com.", 300), mx(a, 0, ".", 60)};
	w->swaps[1] = (struct dg_swap){dg_rrset_none("_dnsguard.example.com.", DG_TYPE_TXT),
		txt(a, "_dnsguard.example.com.", "v=dg1 x=1", 60)};
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	dg_arena_free(((struct world *)*state)->a);
	return 0;
}

static enum dg_settled judge(
	struct world *w, const struct dg_rrset *at_mx, const struct dg_rrset *marker)
{
	struct dg_zone *z = dg_zone_new(w->a, "example.com.");

	if (at_mx) {
		dg_zone_add(z, at_mx);
	}
	dg_zone_add(z, marker);
	dg_zone_seal(z);
	return dg_settle(w->swaps, 2, 1, z, &w->odd);
}

static void test_all_as_it_was_to_be(void **state)
{
	struct world *w = *state;

	assert_int_equal(judge(w, &w->swaps[0].after, &w->swaps[1].after), DG_SETTLED_APPLIED);
}

static void test_all_as_before(void **state)
{
	struct world *w = *state;

	assert_int_equal(judge(w, &w->swaps[0].before, &w->swaps[1].before), DG_SETTLED_NOT);
}

static void test_our_marker_but_an_edit_after_us(void **state)
{
	struct world *w = *state;
	struct dg_rrset edited = mx(w->a, 10, "other.example.com.", 60);

	assert_int_equal(judge(w, &edited, &w->swaps[1].after), DG_SETTLED_MIXED);
	assert_int_equal(w->odd, 0);
}

static void test_ttl_is_part_of_the_record(void **state)
{
	struct world *w = *state;
	struct dg_rrset edited = mx(w->a, 0, ".", 61);

	assert_int_equal(judge(w, &edited, &w->swaps[1].after), DG_SETTLED_MIXED);
}

static void test_somebody_elses_marker(void **state)
{
	struct world *w = *state;
	struct dg_rrset theirs = txt(w->a, "_dnsguard.example.com.", "v=dg1 x=2", 60);

	assert_int_equal(judge(w, &w->swaps[0].before, &theirs), DG_SETTLED_OTHER);
	assert_int_equal(w->odd, 1);
	assert_int_equal(judge(w, &w->swaps[0].after, &theirs), DG_SETTLED_OTHER);
}

static void test_what_was_not_read_proves_nothing(void **state)
{
	struct world *w = *state;

	assert_int_equal(judge(w, NULL, &w->swaps[1].after), DG_SETTLED_UNREAD);
	assert_int_equal(w->odd, 0);
}

static void test_without_a_marker_the_records_tell(void **state)
{
	struct world *w = *state;
	struct dg_zone *z = dg_zone_new(w->a, "example.com.");

	dg_zone_add(z, &w->swaps[0].after);
	dg_zone_seal(z);
	assert_int_equal(dg_settle(w->swaps, 1, 2, z, &w->odd), DG_SETTLED_APPLIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_as_it_was_to_be, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_as_before, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_our_marker_but_an_edit_after_us, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ttl_is_part_of_the_record, setup, teardown),
		cmocka_unit_test_setup_teardown(test_somebody_elses_marker, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_what_was_not_read_proves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_without_a_marker_the_records_tell, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
