/* What is generated from the tables: the schema is JSON and holds every key, the manual page too. */
#include "tests/unit/zones/policy/policy_unit.h"

#include "zones/base/buf.h"

#include <jansson.h>

static const char *const zone_keys[] = {"zone", "provider", "ttl", "mail", "silent", "hosts",
	"mx-hosts", "helo", "report-for", "verify", "watch", "never", NULL};
static const char *const mail_keys[] = {
	"ttl", "mx", "spf", "dkim", "dmarc", "mta-sts", "tlsrpt", "split", "shed", NULL};
static const char *const split_keys[] = {
	"to", "when", "hold", "armed-ttl", "sink", "probe", "rotate", "overlap", NULL};
static const char *const shed_keys[] = {"when", "always", NULL};
static const char *const webhook_keys[] = {"webhook", "secret-file", "allow-private", NULL};
static const char *const dmarc_keys[] = {"policy", "subdomains", "nonexistent", "dkim-alignment",
	"spf-alignment", "aggregate", "failure", "failure-options", "psd", "testing", NULL};

static void assert_properties(json_t *defs, const char *def, const char *const *keys)
{
	json_t *properties = json_object_get(json_object_get(defs, def), "properties");
	size_t n = 0;

	for (; keys[n]; n++) {
		json_t *p = json_object_get(properties, keys[n]);

		if (!p) {
			fail_msg("%s has no %s", def, keys[n]);
		}
		assert_non_null(json_object_get(p, "description"));
	}
	assert_int_equal(json_object_size(properties), n); /* and no other */
}

static void test_json_schema(void **state)
{
	(void)state;
	struct dg_buf b;
	json_error_t error;

	dg_buf_init(&b, 1u << 20);
	dg_policy_json_schema(&b, fake_providers);
	assert_false(b.is_full);
	json_t *root = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, &error);
	if (!root) {
		fail_msg("%d:%d: %s", error.line, error.column, error.text);
	}
	json_t *defs = json_object_get(root, "$defs");
	assert_properties(defs, "named", zone_keys);
	assert_properties(defs, "zone", zone_keys + 1);
	assert_properties(defs, "mail", mail_keys);
	assert_properties(defs, "dmarc", dmarc_keys);
	assert_properties(defs, "split", split_keys);
	assert_properties(defs, "shed", shed_keys);
	assert_properties(defs, "webhook", webhook_keys);

	/* bounds and defaults are those that the loader holds to */
	json_t *fake =
		json_array_get(json_object_get(json_object_get(defs, "provider"), "oneOf"), 0);
	fake = json_object_get(json_object_get(fake, "properties"), "fake");
	json_t *batch = json_object_get(json_object_get(fake, "properties"), "batch");
	assert_int_equal(json_integer_value(json_object_get(batch, "maximum")), 10);
	assert_int_equal(json_integer_value(json_object_get(batch, "default")), 3);
	assert_int_equal(json_array_size(json_object_get(fake, "required")), 1);
	const char *silent = json_string_value(json_object_get(
		json_object_get(
			json_object_get(json_object_get(defs, "zone"), "properties"), "silent"),
		"description"));
	assert_non_null(strstr(silent, "\"*\""));
	assert_null(strstr(silent, "*\"*\"*")); /* the manual's marks are gone */
	json_decref(root);
	dg_buf_done(&b);
}

static void test_man_page(void **state)
{
	(void)state;
	static const char *const lines[] = {"zone.yaml(5)\n", "\n*mx\\-hosts*\n",
		"\n*report\\-for*\n", "\n*dkim\\-alignment*\n", "\n*armed\\-ttl*\n", "\n# FLEETS\n",
		"\n## fake\n", "\n*tsig: secret\\-file*\n", "A duration from 1s to 100s.",
		"Default: *3*", "One of *report*, *silent*, *ignore*."};
	struct dg_buf b;

	dg_buf_init(&b, 1u << 20);
	dg_policy_man_page(&b, fake_providers);
	assert_false(b.is_full);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!strstr(b.data, lines[i])) {
			fail_msg("no %s", lines[i]);
		}
	}
	/* an underscore without a backslash would begin an underline */
	for (const char *p = strchr(b.data, '_'); p; p = strchr(p + 1, '_')) {
		assert_int_equal(p[-1], '\\');
	}
	dg_buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_schema),
		cmocka_unit_test(test_man_page),
	};

	return cmocka_run_group_tests_name("docs", tests, NULL, NULL);
}
