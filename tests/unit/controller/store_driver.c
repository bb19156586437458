/* tests/unit/controller/store_driver.c: for store_faults.py, which makes its system calls fail or be the last.
 *
 *   store_driver run DIR     works with the journal; says each thing on standard output once the journal called it done
 *   store_driver check DIR   opens it again; fails when what is there is not whole, says what is there, works on with it
 */
#include "controller/store/store.h"
#include "zones/base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONE  "example.com."
#define BATCH 20u

static void stop(const char *what)
{
	(void)printf("stopped: %s\n", what);
	exit(1); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static void must(int rc, const struct dg_err *err)
{
	if (rc != 0) {
		stop(rc < 0 ? err->text : "nothing there");
	}
}

static struct dg_rrset mx(struct dg_arena *a, const char *owner, const char *host)
{
	struct dg_rdata *rd = dg_new(a, struct dg_rdata);

	*rd = dg_mx_make(a, 10, host);
	return dg_rrset_make(owner, DG_TYPE_MX, 300, rd, 1);
}

static struct dg_step make_step(struct dg_arena *a, int64_t run, const char *zone)
{
	struct dg_step_change *c = dg_newn(a, struct dg_step_change, 2);

	for (size_t i = 0; i < 2; i++) {
		const char *owner = i == 0 ? "a.example.com." : "b.example.com.";

		c[i] = (struct dg_step_change){.before = mx(a, owner, "old.example.com."),
			.after = mx(a, owner, "new.example.com.")};
	}
	return (struct dg_step){.run = run,
		.zone = zone,
		.marker_after = "v=dg1 x=1",
		.changes = c,
		.n_changes = 2,
		.intended_at = 1};
}

static void work(struct dg_store *s, struct dg_arena *a)
{
	struct dg_err err;
	struct dg_rrset same = mx(a, "c.example.com.", ".");
	int64_t run = 0;

	must(dg_store_run_start(s, 1, "who", "why", &run, &err), &err);
	struct dg_step step = make_step(a, run, ZONE);
	must(dg_store_intend(s, &step, &err), &err);
	(void)printf("intended %lld\n", (long long)step.id);
	must(dg_store_end(s, &step, DG_STEP_APPLIED, 2, NULL, &same, 1, &err), &err);
	(void)printf("applied %lld\n", (long long)step.id);
	must(dg_store_end(s, &step, DG_STEP_VERIFIED, 3, NULL, NULL, 0, &err), &err);
	(void)printf("verified %lld\n", (long long)step.id);
	must(dg_store_begin(s, &err), &err);
	for (size_t i = 0; i < BATCH; i++) {
		struct dg_step one = make_step(a, run, "batch.");

		must(dg_store_intend(s, &one, &err), &err);
	}
	must(dg_store_commit(s, &err), &err);
	(void)printf("batch\n");
	must(dg_store_run_end(s, run, 4, "applied", &err), &err);
	(void)printf("finished\n");
}

static void check_step(const struct dg_step *step)
{
	if (step->n_changes != 2 || step->changes[1].after.n != 1) {
		stop("half a step");
	}
}

static bool is_owned(struct dg_store *s, struct dg_arena *a, const char *owner)
{
	struct dg_err err;
	struct dg_rrset set;
	int rc = dg_store_owned(s, a, ZONE, owner, DG_TYPE_MX, &set, &err);

	if (rc < 0) {
		stop(err.text);
	}
	return rc == 0;
}

static void check(struct dg_store *s, struct dg_arena *a)
{
	struct dg_err err;
	struct dg_step *steps = NULL;
	struct dg_run *runs = NULL;
	const char *marker = NULL;
	size_t n = 0;
	size_t n_batch = 0;
	bool is_applied = false;

	must(dg_store_log(s, a, NULL, DG_LOG_MAX, &steps, &runs, &n, &err), &err);
	for (size_t i = 0; i < n; i++) {
		bool is_of_batch = strcmp(steps[i].zone, "batch.") == 0;

		check_step(&steps[i]);
		n_batch += is_of_batch ? 1 : 0;
		is_applied = is_applied || steps[i].state == DG_STEP_APPLIED ||
			     steps[i].state == DG_STEP_VERIFIED;
		if (!is_of_batch) {
			(void)printf(
				"found %lld %d\n", (long long)steps[i].id, (int)steps[i].state);
		}
	}
	if (n_batch % BATCH != 0) {
		stop("half a batch");
	}
	(void)printf("batches %zu\n", n_batch / BATCH);
	bool has_marker = dg_store_marker(s, a, ZONE, &marker, &err) == 0;
	if (is_owned(s, a, "a.example.com.") != is_applied ||
		is_owned(s, a, "b.example.com.") != is_applied ||
		is_owned(s, a, "c.example.com.") != is_applied || has_marker != is_applied) {
		stop("half of what was applied");
	}
}

int main(int argc, char **argv)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new((size_t)64 << 20);
	struct dg_store *s = NULL;
	struct dg_err err;

	if (argc != 3) {
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	must(dg_store_open(argv[2], false, &s, &err), &err);
	if (strcmp(argv[1], "check") == 0) {
		check(s, a);
	}
	work(s, a);
	(void)dg_store_close(s);
	return 0;
}
