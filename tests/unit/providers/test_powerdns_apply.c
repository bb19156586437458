/* The PowerDNS provider: what is sent, and what each answer to it means. */
#include "tests/unit/unit.h"

#include "tests/unit/providers/pdns.h"

/* --- applying --------------------------------------------------------------------------------- */
static void test_apply(void **state)
{
	struct scene *s = scene_new();
	struct dg_swap swaps[2] = {
		null_mx(s),
		{
			.before = dg_rrset_none("_dnsguard.example.test.", DG_TYPE_TXT),
			.after = set_of(
				s, "_dnsguard.example.test.", DG_TYPE_TXT, 60, "\"v=dg1 x=1\""),
		},
	};

	(void)state;
	assert_int_equal(run_apply(s, swaps, 2, false), DG_APPLIED);
	assert_int_equal(s->n_patches, 1);
	assert_string_equal(s->patched,
		"{\"rrsets\":[{\"name\":\"example.test.\",\"type\":\"MX\",\"ttl\":60,"
		"\"changetype\":"
		"\"REPLACE\",\"records\":[{\"content\":\"0 .\",\"disabled\":false},{\"content\":"
		"\"20 "
		"old.example.test.\",\"disabled\":true}]},{\"name\":\"_dnsguard.example.test.\","
		"\"type\":\"TXT\",\"ttl\":60,\"changetype\":\"REPLACE\",\"records\":[{\"content\":"
		"\"\\\"v=dg1 x=1\\\"\",\"disabled\":false}]}]}");
	scene_free(s);
}

static void test_apply_delete(void **state)
{
	struct scene *s = scene_new();
	struct dg_swap swap = null_mx(s);

	(void)state;
	swap.after = dg_rrset_none("example.test.", DG_TYPE_MX);
	assert_int_equal(run_apply(s, &swap, 1, false), DG_APPLIED);
	assert_non_null(strstr(s->patched, "\"changetype\":\"REPLACE\",\"records\":[{\"content\":"
					   "\"20 old.example.test.\",\"disabled\":true}]"));

	s->zone = HEAD_OK ZONE(NATIVE, SOA "," RRSET("example.test.", "MX", "300",
					       "[{\"content\":\"10 mail.example.test.\"}]"));
	assert_int_equal(run_apply(s, &swap, 1, false), DG_APPLIED);
	assert_string_equal(s->patched, "{\"rrsets\":[{\"name\":\"example.test.\",\"type\":\"MX\","
					"\"ttl\":300,\"changetype\":\"DELETE\"}]}");
	scene_free(s);
}

/* The server refuses two equal records, one of them disabled. */
static void test_apply_enables(void **state)
{
	struct scene *s = scene_new();
	struct dg_swap swap = null_mx(s);

	(void)state;
	swap.after = set_of(s, "example.test.", DG_TYPE_MX, 60, "20 OLD.example.test.");
	assert_int_equal(run_apply(s, &swap, 1, false), DG_APPLIED);
	assert_non_null(strstr(s->patched,
		"\"records\":[{\"content\":\"20 old.example.test.\",\"disabled\":false}]"));
	scene_free(s);
}

static void test_apply_manual_serial(void **state)
{
	struct scene *s = scene_new();
	struct dg_swap swap = null_mx(s);

	(void)state;
	s->zone = HEAD_OK ZONE("\"kind\":\"Native\",\"soa_edit_api\":\"\"", SOA "," MX);
	assert_int_equal(run_apply(s, &swap, 1, false), DG_APPLIED);
	const char *soa =
		strstr(s->patched, "\"type\":\"SOA\",\"ttl\":3600,\"changetype\":\"REPLACE\"");
	assert_non_null(soa);
	const char *text = strstr(soa, "ns1.example.test. hostmaster.example.test. ");
	assert_non_null(text);
	unsigned long serial =
		strtoul(text + strlen("ns1.example.test. hostmaster.example.test. "), NULL, 10);
	assert_true(serial > 2026112207);
	assert_non_null(strstr(text, " 10800 3600 604800 300\""));
	scene_free(s);
}

static void test_apply_conflict(void **state)
{
	struct scene *s = scene_new();
	struct dg_swap swap = null_mx(s);

	(void)state;
	swap.before.ttl = 301; /* a TTL-only edit */
	assert_int_equal(run_apply(s, &swap, 1, false), DG_CONFLICT);
	assert_int_equal((int)s->apply.err.rc, DG_ECONFLICT);
	assert_non_null(strstr(s->apply.err.text, "example.test. MX"));
	swap.before = set_of(s, "example.test.", DG_TYPE_MX, 300, "11 mail.example.test.");
	assert_int_equal(run_apply(s, &swap, 1, false), DG_CONFLICT);
	swap.before = dg_rrset_none("example.test.", DG_TYPE_MX);
	assert_int_equal(run_apply(s, &swap, 1, false), DG_CONFLICT);
	swap = (struct dg_swap){
		.before = set_of(s, "gone.example.test.", DG_TYPE_TXT, 60, "\"x\""),
		.after = dg_rrset_none("gone.example.test.", DG_TYPE_TXT),
	};
	assert_int_equal(run_apply(s, &swap, 1, false), DG_CONFLICT);
	assert_int_equal(s->n_patches, 0);
	scene_free(s);
}

static void test_apply_dry_run(void **state)
{
	struct scene *s = scene_new();
	struct dg_swap swap = null_mx(s);

	(void)state;
	assert_int_equal(run_apply(s, &swap, 1, true), DG_APPLIED);
	swap.before.ttl = 1;
	assert_int_equal(run_apply(s, &swap, 1, true), DG_CONFLICT);
	assert_int_equal(s->n_patches, 0);
	scene_free(s);
}

static void test_apply_secondary(void **state)
{
	struct scene *s = scene_new();
	struct dg_swap swap = null_mx(s);

	(void)state;
	s->zone = HEAD_OK ZONE("\"kind\":\"Slave\",\"soa_edit_api\":\"\"", SOA "," MX);
	assert_int_equal(run_apply(s, &swap, 1, false), DG_NOT_APPLIED);
	assert_int_equal((int)s->apply.err.rc, DG_EPOLICY);
	assert_int_equal(s->n_patches, 0);
	scene_free(s);
}

struct status_case {
	const char *answer;
	enum dg_outcome outcome; /* of apply() when the PATCH is answered so */
	const char *words;
	unsigned retry_after_s;
};

static const struct status_case status_cases[] = {
	{"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", DG_NOT_APPLIED,
		"refuses the API key", 0},
	{"HTTP/1.1 404 Not Found\r\n\r\nNot Found", DG_NOT_APPLIED, "pdnsutil create-zone", 0},
	{"HTTP/1.1 422 No\r\n\r\n{\"error\": \"RRset x: \\u001b[31mbad\"}", DG_NOT_APPLIED,
		"says no (422): RRset x", 0},
	{"HTTP/1.1 422 No\r\n\r\n{\"error\": \"key " KEY " \"}", DG_NOT_APPLIED, "not shown", 0},
	{"HTTP/1.1 400 Bad Request\r\n\r\nBad Request", DG_NOT_APPLIED,
		"says no (400): Bad Request", 0},
	{"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n", DG_NOT_APPLIED, "redirect",
		0},
	{"HTTP/1.1 429 Slow\r\nRetry-After: 30\r\n\r\n", DG_NOT_APPLIED, "busy (429)", 30},
	{"HTTP/1.1 500 Internal Server Error\r\n\r\noh", DG_UNKNOWN, "failed (500): oh", 0},
	{"HTTP/1.1 503 Busy\r\nRetry-After: 5\r\n\r\n", DG_UNKNOWN, "busy (503)", 5},
	{"HTTP/1.1 202 Accepted\r\n\r\n", DG_UNKNOWN, "says no (202)", 0},
	{NULL, DG_UNKNOWN, "", 0},
	{"garbage\r\n\r\n", DG_UNKNOWN, "", 0},
};

static void test_statuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(status_cases) / sizeof(status_cases[0]); i++) {
		const struct status_case *c = &status_cases[i];
		struct scene *s = scene_new();
		struct dg_swap swap = null_mx(s);
		s->patch = c->answer;
		enum dg_outcome outcome = run_apply(s, &swap, 1, false);
		if (outcome != c->outcome || !strstr(s->apply.err.text, c->words)) {
			fail_msg("PATCH case %zu: outcome %d, %s", i, (int)outcome,
				s->apply.err.text);
		}
		assert_true(s->apply.err.rc < 0);
		assert_null(strchr(s->apply.err.text, '\x1b'));
		assert_int_equal(s->apply.err.retry_after_s, c->retry_after_s);
		assert_int_equal(s->n_patches, 1); /* never repeated */

		s->zone = c->answer; /* the same on the GET: surely nothing was changed */
		assert_int_equal(run_apply(s, &swap, 1, false), DG_NOT_APPLIED);
		assert_int_equal(s->n_patches, 1);
		run_read(s, NULL, 0, false);
		assert_true(s->rc < 0 && !s->read.have);
		assert_int_equal(s->read.err.retry_after_s, c->retry_after_s);
		scene_free(s);
	}
}

#define N_MANY 10u

static void on_one_of_many(struct dg_apply *a, enum dg_outcome outcome)
{
	struct scene *s = a->arg;

	s->outcome = outcome;
	if (++s->n_done == N_MANY) {
		dg_loop_stop(s->loop);
	}
}

/* Sets s->order to the order in which the requests of ten applies came. */
static void run_many(struct scene *s)
{
	struct dg_apply *many = calloc(N_MANY, sizeof(*many));
	struct dg_swap swap = null_mx(s);

	assert_non_null(many);
	open_provider(s);
	s->n_done = 0;
	memset(s->order, 0, sizeof(s->order));
	for (unsigned i = 0; i < N_MANY; i++) {
		many[i] = (struct dg_apply){
			.zone = "example.test.",
			.swaps = &swap,
			.n_swaps = 1,
			.deadline_ms = 60000,
			.arena = s->arena,
			.done = on_one_of_many,
			.arg = s,
		};
		dg_provider_powerdns.apply(&s->provider, &many[i]);
	}
	dg_loop_run(s->loop);
	free(many);
}

/* The SQLite back end fails under several requests at once: after the first failure one apply() follows the other. */
static void test_in_line_after_a_failure(void **state)
{
	struct scene *s = scene_new();
	struct dg_swap swap = null_mx(s);
	const char *ok = s->patch;

	(void)state;
	run_many(s);
	assert_int_equal(strncmp(s->order, "GGGGGGGG", 8), 0);
	assert_int_equal(strlen(s->order), 2 * N_MANY);
	s->patch = "HTTP/1.1 500 Internal Server Error\r\n\r\nInternal Server Error";
	assert_int_equal(run_apply(s, &swap, 1, false), DG_UNKNOWN);
	s->patch = ok;
	run_many(s);
	assert_string_equal(s->order, "GPGPGPGPGPGPGPGPGPGP");
	assert_int_equal(s->outcome, DG_APPLIED);
	scene_free(s);
}

static void test_silence_after_patch(void **state)
{
	struct scene *s = scene_new();
	struct dg_swap swap = null_mx(s);
	uint32_t timeout = 1;

	(void)state;
	s->patch = NULL;
	s->is_mute = true;
	set_option(s, "timeout", &timeout, sizeof(timeout));
	assert_int_equal(run_apply(s, &swap, 1, false), DG_UNKNOWN);
	scene_free(s);
}

static void test_unreachable(void **state)
{
	struct scene *s = scene_new();
	struct dg_swap swap = null_mx(s);

	(void)state;
	open_provider(s);
	fake_stop(s->server);
	assert_int_equal(run_apply(s, &swap, 1, false), DG_NOT_APPLIED);
	assert_int_equal((int)s->apply.err.rc, DG_EIO);
	run_read(s, NULL, 0, false);
	assert_int_equal(s->rc, DG_EIO);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_apply_delete),
		cmocka_unit_test(test_apply_enables),
		cmocka_unit_test(test_apply_manual_serial),
		cmocka_unit_test(test_apply_conflict),
		cmocka_unit_test(test_apply_dry_run),
		cmocka_unit_test(test_apply_secondary),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_in_line_after_a_failure),
		cmocka_unit_test(test_silence_after_patch),
		cmocka_unit_test(test_unreachable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
