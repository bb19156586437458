/* TLSA records: which an SMTP client can use. */
#include "tests/unit/unit.h"

#include "zones/mail/tlsa.h"
#include "zones/record/rrset.h"

#include <string.h>

static const struct {
	uint8_t head[3];
	size_t len;        /* of what is compared */
	const char *fault; /* a part of it; NULL: usable */
} cases[] = {
	{{3, 1, 1}, 32, NULL},
	{{2, 0, 1}, 32, NULL},
	{{3, 1, 2}, 64, NULL},
	{{3, 0, 0}, 700, NULL},
	{{0, 1, 1}, 32, "certificate authority"},
	{{1, 1, 1}, 32, "certificate authority"},
	{{4, 1, 1}, 32, "usage is unknown"},
	{{255, 1, 1}, 32, "usage is unknown"},
	{{3, 2, 1}, 32, "selector"},
	{{3, 1, 3}, 32, "matching type"},
	{{3, 1, 1}, 31, "32 octets"},
	{{3, 1, 1}, 64, "32 octets"},
	{{3, 1, 2}, 32, "64 octets"},
	{{3, 1, 0}, 0, "nothing to compare"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t wire[1024] = {cases[i].head[0], cases[i].head[1], cases[i].head[2]};
		struct dg_rdata rd = {.wire = wire, .len = 3 + cases[i].len};
		struct dg_tlsa tlsa;

		assert_int_equal(dg_tlsa_read(&rd, &tlsa), 0);
		assert_int_equal(tlsa.len, cases[i].len);
		const char *fault = dg_tlsa_fault(&tlsa);
		if (!fault != !cases[i].fault || (fault && !strstr(fault, cases[i].fault))) {
			fail_msg("case %zu: %s", i, fault ? fault : "usable");
		}
	}
}

static void test_short(void **state)
{
	(void)state;
	uint8_t wire[2] = {3, 1};
	struct dg_rdata rd = {.wire = wire, .len = sizeof(wire)};
	struct dg_tlsa tlsa;

	assert_int_equal(dg_tlsa_read(&rd, &tlsa), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_short),
	};

	return cmocka_run_group_tests_name("tlsa", tests, NULL, NULL);
}
