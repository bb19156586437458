/* The one door, against a provider that loses, lies, refuses and is edited by others, with a clock of its own. */
#include "tests/unit/unit.h"

#include "controller/engine/engine.h"
#include "controller/engine/eyes.h"
#include "controller/engine/fleet.h"
#include "controller/engine/journal.h"
#include "controller/engine/pool.h"
#include "providers/net/loop.h"
#include "tests/unit/controller/memory.h"
#include "zones/base/arena.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ZONE_YAML                                                                  \
	"zone: example.com\nprovider: memory\nttl: 300\nverify: {servers: none}\n" \
	"mail:\n  \"@\": {mx: [10 mx.example.net.], spf: [mx], dmarc: {policy: reject}}\n"

static const struct dg_provider_ops *const known[] = {&memory_ops, NULL};
static const struct dg_schema *const schemas[] = {&memory_schema, NULL};

struct world {
	char dir[64];
	char yaml[96];
	struct dg_arena *arena;
	int64_t ms;
	struct dg_clock clock;
	struct dg_loop *loop;
	struct dg_store *store;
	struct dg_engine e;
	struct dg_fleet *fleet;
	/* of the last run */
	enum dg_job_end end;
	struct dg_err err;
	size_t n_changes;
	bool has_settled;
	struct dg_engine_counts counts;
};

static int64_t clock_now(void *arg)
{
	return 1700000000 + ((struct world *)arg)->ms / 1000;
}

static int64_t clock_mono(void *arg)
{
	return ((struct world *)arg)->ms;
}

static void clock_advance(void *arg, int64_t ms)
{
	((struct world *)arg)->ms += ms;
}

static void write_yaml(struct world *w, const char *text)
{
	int fd = open(w->yaml, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static void open_world(struct world *w, bool can_write)
{
	struct dg_err err;
	const char *path = w->yaml;

	assert_int_equal(dg_store_open(w->dir, !can_write, &w->store, &err), 0);
	w->e = (struct dg_engine){.loop = w->loop,
		.store = w->store,
		.pool = dg_pool_new(w->loop, known, NULL),
		.eyes = dg_eyes_new(w->loop),
		.can_write = can_write,
		.verify_ms = 1000};
	w->e.journal = dg_journal_new(&w->e);
	assert_int_equal(dg_fleet_open(&path, 1, schemas, &w->fleet, &err), 0);
	if (can_write) {
		assert_int_equal(dg_store_run_start(w->store, 1, "who", "why", &w->e.run, &err), 0);
	}
}

static void close_world(struct world *w)
{
	w->fleet = dg_fleet_close(w->fleet);
	w->e.eyes = dg_eyes_free(w->e.eyes);
	w->e.pool = dg_pool_free(w->e.pool);
	w->e.journal = dg_journal_free(w->e.journal);
	w->store = dg_store_close(w->store);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct dg_err err;

	(void)strncpy(w->dir, "/tmp/dnsguard-engine-XXXXXX", sizeof(w->dir) - 1);
	assert_non_null(mkdtemp(w->dir));
	(void)snprintf(w->yaml, sizeof(w->yaml), "%s/zone.yaml", w->dir);
	w->arena = dg_arena_new(1u << 24);
	w->ms = 1000;
	w->clock = (struct dg_clock){clock_now, clock_mono, clock_advance, w};
	assert_int_equal(dg_loop_new(&w->clock, &w->loop, &err), 0);
	write_yaml(w, ZONE_YAML);
	memory_reset(w->arena);
	memory_set(
		"example.com.", 3600, DG_TYPE_SOA, "ns1.example.net. h.example.net. 1 2 3 4 300");
	memory_set("example.com.", 3600, DG_TYPE_NS, "ns1.example.net.");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	DIR *d = opendir(w->dir);

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		(void)unlinkat(dirfd(d), e->d_name, 0);
	}
	(void)closedir(d);
	(void)rmdir(w->dir);
	dg_loop_free(w->loop);
	dg_arena_free(w->arena);
	free(w);
	return 0;
}

static void each(void *arg, struct dg_job *j, const struct dg_err *err)
{
	struct world *w = arg;

	if (!j) {
		w->err = *err;
		return;
	}
	w->end = j->end;
	w->err = j->err;
	w->n_changes = j->plan ? j->plan->n : 0;
	w->has_settled = w->has_settled || j->settled;
}

static void plan(struct world *w)
{
	struct dg_run_state *s = NULL;
	struct dg_err err;

	open_world(w, false);
	w->has_settled = false;
	assert_int_equal(dg_engine_plan(&w->e, w->fleet, each, w, &w->counts, &s, &err), 0);
	dg_run_state_free(s);
	close_world(w);
}

static void apply(struct world *w, bool adopt)
{
	struct dg_run_state *s = NULL;
	struct dg_err err;

	open_world(w, true);
	w->e.adopt = adopt;
	w->has_settled = false;
	assert_int_equal(dg_engine_plan(&w->e, w->fleet, each, w, &w->counts, &s, &err), 0);
	assert_int_equal(dg_engine_publish(&w->e, w->fleet, s, each, w, &w->counts, &err), 0);
	close_world(w);
}

static bool has_mx(const char *host)
{
	struct dg_rrset set = memory_get("example.com.", DG_TYPE_MX);
	uint16_t preference = 0;
	const char *at = NULL;

	return set.n == 1 &&
	       dg_mx_read(memory_zone()->arena, &set.rdata[0], &preference, &at) == 0 &&
	       strcmp(at, host) == 0;
}

static void test_a_dry_run_cannot_write(void **state)
{
	struct world *w = *state;

	memory_zone()->aborts_on_write = true;
	plan(w);
	assert_int_equal(w->end, DG_JOB_PENDING);
	assert_int_equal(w->n_changes, 3);
	open_world(w, false);
	struct dg_err err;
	assert_int_equal(dg_engine_verify(&w->e, w->fleet, each, w, &w->counts, &err), 0);
	close_world(w);
	assert_int_equal(memory_zone()->n_applies, 0);
	assert_int_not_equal(access(w->dir, F_OK), -1);
}

static void test_applies_once_and_then_does_nothing(void **state)
{
	struct world *w = *state;

	apply(w, false);
	assert_int_equal(w->end, DG_JOB_APPLIED);
	assert_true(has_mx("mx.example.net."));
	assert_int_equal(memory_get("_dnsguard.example.com.", DG_TYPE_TXT).n, 1);
	apply(w, false);
	assert_int_equal(w->end, DG_JOB_SAME);
	assert_int_equal(memory_zone()->n_applies, 1);
}

static void test_a_lost_reply_is_found_in_the_zone(void **state)
{
	struct world *w = *state;

	memory_zone()->faults[0] = MEMORY_LOST_REPLY;
	apply(w, false);
	assert_int_equal(w->end, DG_JOB_APPLIED);
	assert_int_equal(memory_zone()->n_applies, 1);
	plan(w);
	assert_int_equal(w->end, DG_JOB_SAME);
}

static void test_a_lost_request_is_sent_again(void **state)
{
	struct world *w = *state;

	memory_zone()->faults[0] = MEMORY_LOST_REQUEST;
	memory_zone()->faults[1] = MEMORY_BUSY;
	apply(w, false);
	assert_int_equal(w->end, DG_JOB_APPLIED);
	assert_int_equal(memory_zone()->n_applies, 3);
	assert_true(w->ms >= 5000); /* the server's retry-after was waited for */
}

static void test_a_lie_is_not_believed(void **state)
{
	struct world *w = *state;

	memory_zone()->faults[0] = MEMORY_LIES;
	apply(w, false);
	assert_int_equal(w->end, DG_JOB_FAILED);
	assert_non_null(strstr(w->err.text, "still serves the old"));
	plan(w);
	assert_int_equal(w->end, DG_JOB_PENDING);
}

static void test_a_refusal_is_final(void **state)
{
	struct world *w = *state;

	memory_zone()->faults[0] = MEMORY_REFUSES;
	apply(w, false);
	assert_int_equal(w->end, DG_JOB_FAILED);
	assert_string_equal(w->err.text, "refused");
	assert_int_equal(memory_zone()->n_applies, 1);
}

static void edit_ttl_at_second_read(struct memory *m, bool is_apply)
{
	if (!is_apply && m->n_reads == 2) {
		memory_set("example.com.", 61, DG_TYPE_MX, "10 mx.example.net.");
	}
}

static void test_an_edit_of_a_ttl_between_plan_and_write_is_kept(void **state)
{
	struct world *w = *state;

	memory_set("example.com.", 60, DG_TYPE_MX, "10 mx.example.net.");
	memory_zone()->meanwhile = edit_ttl_at_second_read;
	apply(w, true);
	assert_int_equal(w->end, DG_JOB_CONFLICT);
	assert_int_equal(memory_get("example.com.", DG_TYPE_MX).ttl, 61);
	assert_int_equal(memory_zone()->n_applies, 0);
}

static void edit_at_apply(struct memory *m, bool is_apply)
{
	(void)m;
	if (is_apply) {
		memory_set("example.com.", 300, DG_TYPE_MX, "5 human.example.net.");
	}
}

static void test_an_edit_right_before_the_write_is_kept(void **state)
{
	struct world *w = *state;

	memory_zone()->meanwhile = edit_at_apply;
	apply(w, false);
	assert_int_equal(w->end, DG_JOB_CONFLICT);
	assert_true(has_mx("human.example.net."));
	assert_non_null(strstr(w->err.text, "human.example.net"));
}

static void test_an_edit_after_the_last_run_is_kept(void **state)
{
	struct world *w = *state;

	apply(w, false);
	memory_set("example.com.", 300, DG_TYPE_MX, "5 human.example.net.");
	apply(w, false);
	assert_int_equal(w->end, DG_JOB_CONFLICT);
	assert_true(has_mx("human.example.net."));
	apply(w, true);
	assert_int_equal(w->end, DG_JOB_APPLIED);
	assert_true(has_mx("mx.example.net."));
}

static void test_what_stood_there_first_is_not_ours(void **state)
{
	struct world *w = *state;

	memory_set("example.com.", 300, DG_TYPE_MX, "5 old.example.net.");
	apply(w, false);
	assert_int_equal(w->end, DG_JOB_CONFLICT);
	assert_true(has_mx("old.example.net."));
}

static void test_a_marker_that_is_gone_holds_changes(void **state)
{
	struct world *w = *state;

	apply(w, false);
	memory_set("_dnsguard.example.com.", 60, DG_TYPE_TXT, "-");
	plan(w);
	assert_int_equal(w->end, DG_JOB_SAME); /* nothing to change, nothing to hold */
	write_yaml(w, ZONE_YAML "  lists: {mx: [10 mx.example.net.]}\n");
	apply(w, false);
	assert_int_equal(w->end, DG_JOB_CONFLICT);
	assert_non_null(strstr(w->err.text, "marker"));
	memory_set(
		"_dnsguard.example.com.", 60, DG_TYPE_TXT, "\"v=dg1 x=000000000000000000000000\"");
	apply(w, false);
	assert_int_equal(w->end, DG_JOB_CONFLICT);
	apply(w, true);
	assert_int_equal(w->end, DG_JOB_APPLIED);
}

static void test_a_failed_read_plans_nothing(void **state)
{
	struct world *w = *state;

	memory_zone()->fails_to_read = true;
	apply(w, false);
	assert_int_equal(w->end, DG_JOB_FAILED);
	assert_int_equal(w->n_changes, 0);
	assert_int_equal(memory_zone()->n_applies, 0);
}

/* The process died between the journal and the answer: once before, once after the change arrived. */
static void die_after_intent(struct world *w, bool has_arrived)
{
	struct dg_step s = {.zone = "example.com.",
		.provider = "memory",
		.marker_after = "v=dg1 x=7",
		.n_changes = 1};
	struct dg_step_change c = {
		.before = dg_rrset_none("example.com.", DG_TYPE_MX), .why = "why"};
	struct dg_rdata rd = dg_mx_make(w->arena, 10, "mx.example.net.");
	struct dg_err err;

	c.after = dg_rrset_make("example.com.", DG_TYPE_MX, 300, &rd, 1);
	s.changes = &c;
	open_world(w, true);
	s.run = w->e.run;
	assert_int_equal(dg_store_intend(w->store, &s, &err), 0);
	close_world(w);
	if (has_arrived) {
		memory_set("example.com.", 300, DG_TYPE_MX, "10 mx.example.net.");
		memory_set("_dnsguard.example.com.", 60, DG_TYPE_TXT, "\"v=dg1 x=7\"");
	}
}

static void test_a_crash_after_the_change_is_settled(void **state)
{
	struct world *w = *state;

	die_after_intent(w, true);
	apply(w, false);
	assert_true(w->has_settled);
	assert_int_equal(
		w->end, DG_JOB_APPLIED); /* SPF and DMARC are still to do, the MX is ours */
	assert_int_equal(w->n_changes, 2);
	plan(w);
	assert_int_equal(w->end, DG_JOB_SAME);
	assert_false(w->has_settled);
}

static void test_a_crash_before_the_change_is_settled(void **state)
{
	struct world *w = *state;

	die_after_intent(w, false);
	apply(w, false);
	assert_true(w->has_settled);
	assert_int_equal(w->end, DG_JOB_APPLIED);
	assert_int_equal(w->n_changes, 3);
}

#define ENGINE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_a_dry_run_cannot_write),
		ENGINE_TEST(test_applies_once_and_then_does_nothing),
		ENGINE_TEST(test_a_lost_reply_is_found_in_the_zone),
		ENGINE_TEST(test_a_lost_request_is_sent_again),
		ENGINE_TEST(test_a_lie_is_not_believed),
		ENGINE_TEST(test_a_refusal_is_final),
		ENGINE_TEST(test_an_edit_of_a_ttl_between_plan_and_write_is_kept),
		ENGINE_TEST(test_an_edit_right_before_the_write_is_kept),
		ENGINE_TEST(test_an_edit_after_the_last_run_is_kept),
		ENGINE_TEST(test_what_stood_there_first_is_not_ours),
		ENGINE_TEST(test_a_marker_that_is_gone_holds_changes),
		ENGINE_TEST(test_a_failed_read_plans_nothing),
		ENGINE_TEST(test_a_crash_after_the_change_is_settled),
		ENGINE_TEST(test_a_crash_before_the_change_is_settled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
