#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/engine/fleet.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)64 << 20)
#define NEWEST   64u /* steps looked at for the newest one that was applied */

static bool was_applied(enum dg_step_state s)
{
	return s == DG_STEP_APPLIED || s == DG_STEP_VERIFIED;
}

/* The newest applied change that no later one has undone. */
static int find_newest(struct dg_app *app, const char *zone, int64_t *ret_id, struct dg_err *err)
{
	struct dg_step *steps = NULL;
	struct dg_run *runs = NULL;
	size_t n = 0;
	int64_t undone[NEWEST];
	size_t n_undone = 0;

	int r = dg_store_log(app->store, app->arena, zone, NEWEST, &steps, &runs, &n, err);
	for (size_t i = 0; i < n && r == 0; i++) {
		bool is_undone = !was_applied(steps[i].state);

		for (size_t k = 0; k < n_undone; k++) {
			is_undone = is_undone || undone[k] == steps[i].id;
		}
		if (was_applied(steps[i].state) && steps[i].restores > 0) {
			undone[n_undone++] = steps[i].restores;
		} else if (!is_undone) {
			*ret_id = steps[i].id;
			return 0;
		}
	}
	return r < 0 ? r
		     : dg_fail(err, DG_EINPUT, "the journal in %s has no change%s%s to undo",
			       app->state_dir, zone ? " of " : "", zone ? zone : "");
}

static int find_step(struct dg_app *app, struct dg_step *ret_step, struct dg_err *err)
{
	const struct dg_args *args = app->args;
	const char *zone = NULL;
	char *end = NULL;
	int64_t id = 0;
	int r = 0;

	if (args->zone) {
		r = dg_name_parse(app->arena, args->zone, strlen(args->zone), ".", &zone, err);
	}
	if (r == 0 && args->n_rest == 0) {
		r = find_newest(app, zone, &id, err);
	} else if (r == 0) {
		errno = 0;
		id = strtoll(args->rest[0], &end, 10);
		if (errno != 0 || *end != '\0' || id <= 0) {
			r = dg_fail(err, DG_EINPUT,
				"%s is not the number of a change; `dnsguard log` "
				"shows them",
				args->rest[0]);
		}
	}
	if (r == 0) {
		r = dg_store_step(app->store, app->arena, id, ret_step, err);
		if (r > 0) {
			r = dg_fail(err, DG_EINPUT, "the journal in %s has no change %lld",
				app->state_dir, (long long)id);
		}
	}
	return r;
}

/* --- offline: what to do by hand --------------------------------------------------------------------------- */

static void put_records(struct dg_buf *b, const char *verb, const struct dg_rrset *set)
{
	struct dg_buf rd;

	dg_buf_init(&rd, TEXT_MAX);
	for (size_t i = 0; i < set->n; i++) {
		char type[16];

		dg_buf_clear(&rd);
		dg_rdata_print(&rd, set->type, &set->rdata[i]);
		dg_buf_printf(b, "%s%s %u %s%s %s\n", verb, set->owner, set->ttl,
			verb[0] ? "" : "IN ", dg_type_text(set->type, type), rd.data);
	}
	dg_buf_done(&rd);
}

static void print_offline(struct dg_app *app, const struct dg_step *s)
{
	struct dg_buf b;
	char when[32];
	char type[16];

	dg_buf_init(&b, TEXT_MAX);
	dg_buf_printf(&b,
		"; %s as it was before change %lld of %s.\n; In the zone file: take out the RRsets "
		"named "
		"\"was\", put in the lines below.\n",
		s->zone, (long long)s->id, dg_app_time(s->intended_at, when));
	for (size_t i = 0; i < s->n_changes; i++) {
		const struct dg_step_change *c = &s->changes[i];

		dg_buf_printf(&b, "; was: %s %s (%zu record%s)\n", c->after.owner,
			dg_type_text(c->after.type, type), c->after.n, c->after.n == 1 ? "" : "s");
		put_records(&b, "", &c->before);
	}
	dg_buf_printf(&b, "\n; The same for nsupdate:\n; zone %s\n", s->zone);
	for (size_t i = 0; i < s->n_changes; i++) {
		const struct dg_step_change *c = &s->changes[i];

		dg_buf_printf(&b, "; update delete %s %s\n", c->after.owner,
			dg_type_text(c->after.type, type));
		put_records(&b, "; update add ", &c->before);
	}
	dg_buf_puts(&b, "; send\n");
	dg_app_out(app, &b);
	dg_buf_done(&b);
}

/* --- online ----------------------------------------------------------------------------------------------------- */

/* The policy of the step's zone: it tells where the zone is kept. *ret_arena holds it. */
static int find_policy(struct dg_app *app, const struct dg_step *s, struct dg_arena **ret_arena,
	struct dg_policy **ret_policy, struct dg_err *err)
{
	const char *document = app->args->file ? app->args->file : s->document;
	const char *from = NULL;

	if (!document) {
		return dg_fail(err, DG_EINPUT,
			"which zone.yaml tells where %s is kept? give --file", s->zone);
	}
	int r = dg_app_open_fleet(app, &document, 1, err);
	if (r < 0) {
		return dg_wrap(err, r,
			"the policy that the change was made with (another place: --file; without "
			"any: "
			"--offline)");
	}
	struct dg_err broken = {0};
	while (r <= 0) {
		struct dg_arena *a = dg_arena_new(DG_JOB_MEMORY_MAX);

		r = dg_fleet_next(app->fleet, a, ret_policy, &from, err);
		if (r == 0 && strcmp((*ret_policy)->zone, s->zone) == 0) {
			*ret_arena = a;
			return 0;
		}
		if (r < 0) {
			broken = *err; /* another zone of the document, perhaps */
		}
		dg_arena_free(a);
	}
	if (broken.rc != DG_OK) {
		*err = broken;
		return (int)broken.rc;
	}
	return dg_fail(err, DG_EINPUT, "%s declares no zone %s", document, s->zone);
}

/* A name that was split and takes mail again is calm again: else the next apply would split it anew. */
static int settle_stages(struct dg_app *app, const struct dg_job *j, struct dg_err *err)
{
	int r = 0;

	for (size_t i = 0; i < j->n_states && r == 0; i++) {
		struct dg_name_state calm = j->states[i];

		/* a label that mail had moved on to stays on record: the next apply takes it away */
		calm.stage = DG_STAGE_CALM;
		calm.retired = 0;
		calm.mx_ttl = 0;

		for (size_t k = 0; k < j->plan->n && r == 0; k++) {
			const struct dg_change *c = &j->plan->changes[k];

			if (c->after.type == DG_TYPE_MX && strcmp(c->after.owner, calm.name) == 0) {
				r = dg_store_stage_put(
					app->store, j->plan->zone, &calm, j->step.intended_at, err);
				dg_app_say(app,
					"%s takes mail itself again; it is not split any more",
					calm.name);
			}
		}
	}
	return r;
}

static int publish(struct dg_app *app, struct dg_job *j, struct dg_err *err)
{
	int r = app->args->has_yes ? 0 : dg_app_ask(app, "Put these records back?", err);

	if (r == 0) {
		r = dg_app_run_start(app, err);
	}
	if (r != 0) {
		return r;
	}
	dg_engine_publish_one(&app->engine, j);
	dg_report_result(app, j);
	bool is_done = j->end == DG_JOB_APPLIED || j->end == DG_JOB_LAGGING;
	if (is_done) {
		r = settle_stages(app, j, err);
	}
	int e = dg_app_run_end(app, is_done ? "restored" : "failed", err);
	return r < 0 ? r : e;
}

static int end_status(const struct dg_job *j)
{
	switch (j->end) {
	case DG_JOB_SAME:
	case DG_JOB_APPLIED:
		return DG_EXIT_OK;
	case DG_JOB_PENDING:
	case DG_JOB_LAGGING:
		return DG_EXIT_FINDINGS;
	case DG_JOB_RUNNING:
	case DG_JOB_CONFLICT:
	case DG_JOB_REFUSED:
	case DG_JOB_FAILED:
		break;
	}
	return DG_EXIT_FAILED;
}

static int restore(struct dg_app *app, struct dg_step *s, struct dg_err *err)
{
	struct dg_arena *a = NULL;
	struct dg_policy *policy = NULL;

	int r = find_policy(app, s, &a, &policy, err);
	if (r < 0) {
		return r;
	}
	struct dg_job *j = dg_job_new(&app->engine, a, policy, s->document);
	j->restored = s;
	j->restores = s->id;
	dg_engine_plan_one(&app->engine, j);
	dg_report_plan(app, j);
	if (j->end == DG_JOB_SAME && !app->args->is_json) {
		dg_app_say(app, "%s: every record is as it was before change %lld already", s->zone,
			(long long)s->id);
	}
	if (j->end == DG_JOB_PENDING) {
		r = publish(app, j, err);
	}
	int status = end_status(j);
	dg_job_free(j);
	return r < 0 ? r : status;
}

int dg_cmd_restore(struct dg_app *app, const struct dg_args *args)
{
	struct dg_step s;
	struct dg_err err;

	int r = dg_app_open(app, !args->is_offline, &err);
	if (r == 0) {
		r = find_step(app, &s, &err);
	}
	if (r == 0 && !args->is_offline && !was_applied(s.state)) {
		r = dg_fail(&err, DG_EINPUT,
			"change %lld was not applied, there is nothing to undo", (long long)s.id);
	}
	if (r == 0 && args->is_offline) {
		print_offline(app, &s);
		return DG_EXIT_OK;
	}
	if (r == 0) {
		r = restore(app, &s, &err);
	}
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	return r;
}
