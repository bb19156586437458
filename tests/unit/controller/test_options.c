/* The command line by its table. */
#include "tests/unit/unit.h"

#include "controller/command/command.h"
#include "controller/command/options.h"
#include "zones/base/err.h"

#include <string.h>

#define WORDS_MAX 16

static struct dg_args args;
static const struct dg_command *command;
static struct dg_err err;
static const char *words[WORDS_MAX];

static int parse(const char *line)
{
	static char copy[256];
	char *argv[WORDS_MAX];
	int argc = 0;
	char *at = NULL;

	(void)strncpy(copy, line, sizeof(copy) - 1);
	for (char *p = strtok_r(copy, " ", &at); p && argc < WORDS_MAX;
		p = strtok_r(NULL, " ", &at)) {
		argv[argc++] = p;
	}
	command = NULL;
	return dg_options_parse(argc, argv, words, &args, &command, &err);
}

static void test_options_stand_anywhere(void **state)
{
	(void)state;
	assert_int_equal(parse("dnsguard --state /tmp/x plan --json zone.yaml -v"), 0);
	assert_string_equal(command->name, "plan");
	assert_string_equal(args.state, "/tmp/x");
	assert_true(args.is_json);
	assert_true(args.is_verbose);
	assert_int_equal(args.n_rest, 1);
	assert_string_equal(args.rest[0], "zone.yaml");
}

static void test_values(void **state)
{
	(void)state;
	assert_int_equal(parse("dnsguard log --limit=7 --zone example.com"), 0);
	assert_int_equal(args.limit, 7);
	assert_string_equal(args.zone, "example.com");
	assert_int_equal(parse("dnsguard log --limit seven"), DG_EINPUT);
	assert_int_equal(parse("dnsguard log --limit -1"), DG_EINPUT);
	assert_int_equal(parse("dnsguard log --limit 4294967296"), DG_EINPUT);
	assert_int_equal(parse("dnsguard log --limit"), DG_EINPUT);
	assert_int_equal(parse("dnsguard plan --json=1 zone.yaml"), DG_EINPUT);
}

static void test_a_command_takes_its_own_options_only(void **state)
{
	(void)state;
	assert_int_equal(parse("dnsguard plan --yes zone.yaml"), DG_EINPUT);
	assert_non_null(strstr(err.text, "has no option --yes"));
	assert_int_equal(parse("dnsguard plan --no-color zone.yaml"), 0);
	assert_int_equal(parse("dnsguard plan --jso zone.yaml"), DG_EINPUT);
	assert_int_equal(parse("dnsguard frobnicate"), DG_EINPUT);
}

static void test_two_dashes_end_the_options(void **state)
{
	(void)state;
	assert_int_equal(parse("dnsguard plan -- --json"), 0);
	assert_false(args.is_json);
	assert_string_equal(args.rest[0], "--json");
	assert_int_equal(parse("dnsguard plan -"), 0);
	assert_string_equal(args.rest[0], "-");
}

/* One field, and a row for each that means something else by it. */
static void test_one_name_for_two_commands(void **state)
{
	(void)state;
	assert_int_equal(parse("dnsguard spf --ip 192.0.2.1 --from user@example.com"), 0);
	assert_string_equal(args.from, "user@example.com");
	assert_int_equal(parse("dnsguard --from zone.txt init example.com"), 0);
	assert_string_equal(args.from, "zone.txt");
	assert_int_equal(parse("dnsguard check --from x example.com"), DG_EINPUT);
	assert_non_null(strstr(err.text, "has no option --from"));
	assert_int_equal(parse("dnsguard spf --from"), DG_EINPUT);
	assert_non_null(strstr(err.text, "ADDRESS"));
	assert_int_equal(parse("dnsguard init --from"), DG_EINPUT);
	assert_non_null(strstr(err.text, "FILE"));
	for (size_t i = 0; dg_option_at(i); i++) {
		const struct dg_option *o = dg_option_at(i);
		const struct dg_command *c = NULL;
		for (size_t k = 0; (c = dg_command_at(k)) != NULL && o->only; k++) {
			size_t n = 0;
			for (size_t j = 0; dg_option_at(j); j++) {
				n += strcmp(dg_option_at(j)->name, o->name) == 0 &&
				     dg_option_is_of(dg_option_at(j), c);
			}
			assert_in_range(n, 0, 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_stand_anywhere),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_a_command_takes_its_own_options_only),
		cmocka_unit_test(test_two_dashes_end_the_options),
		cmocka_unit_test(test_one_name_for_two_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
