/* What came of one domain of a job, as it is kept and shown. */
#include "controller/engine/job.h"
#include "controller/lookup/verify.h"
#include "controller/serve/answer.h"
#include "controller/serve/work_parts.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/digest.h"
#include "zones/base/json.h"

#include <stdlib.h>
#include <string.h>

#define RESULT_MAX   ((size_t)256 << 10)
#define ONE_OF_MANY  ((size_t)8 << 10) /* a job of 1,000 domains is told in one answer */
#define PLAN_MAX     ((size_t)128 << 10)
#define WAIT_FIRST_S 5
#define WAIT_LAST_S  3600

static const char *end_text(enum dg_job_end end)
{
	static const char *const texts[DG_JOB_N_ENDS] = {
		[DG_JOB_RUNNING] = "running",
		[DG_JOB_SAME] = "same",
		[DG_JOB_PENDING] = "pending",
		[DG_JOB_APPLIED] = "applied",
		[DG_JOB_LAGGING] = "lagging",
		[DG_JOB_CONFLICT] = "conflict",
		[DG_JOB_REFUSED] = "refused",
		[DG_JOB_FAILED] = "failed",
	};

	return texts[end];
}

static json_t *json_error(const struct dg_err *err)
{
	json_t *o = json_pack("{s:s}", "code", dg_answer_code_of(err));

	dg_json_set(o, "text", dg_json_text(err->text));
	if (err->pos.line > 0) {
		dg_json_set(o, "line", json_integer(err->pos.line));
		dg_json_set(o, "column", json_integer(err->pos.column));
	}
	return o;
}

/* One too large to keep is left out rather than cut. */
static void set_made(json_t *o, const char *key, struct dg_buf *b)
{
	json_t *v = b->is_full ? NULL : json_loads(b->data, 0, NULL);

	dg_json_set(o, key, v ? v : json_null());
	dg_buf_done(b);
}

static void set_plan(json_t *o, const struct dg_job *j, bool is_whole)
{
	char hex[DG_DIGEST_TEXT_MAX];
	struct dg_buf b;

	if (!j->plan) {
		return;
	}
	dg_json_set(o, "plan", json_string(dg_digest_text(j->plan->digest, DG_DIGEST_LEN, hex)));
	dg_json_set(o, "changes", dg_json_count(j->plan->n));
	if (is_whole) {
		dg_buf_init(&b, PLAN_MAX);
		dg_plan_json(&b, j->plan);
		set_made(o, "details", &b);
	}
}

static void set_servers(json_t *o, const char *key, const struct dg_verify *v)
{
	struct dg_buf b;

	if (v) {
		dg_buf_init(&b, PLAN_MAX);
		dg_verify_json(&b, v);
		set_made(o, key, &b);
	}
}

static const char *kept(struct dg_work *w, const struct dg_work_item *x, json_t *take_result)
{
	bool is_look = strcmp(x->row.kind, "plan") == 0; /* those have one domain */
	const char *text = "{}";
	struct dg_buf b;

	dg_buf_init(&b, is_look ? RESULT_MAX : ONE_OF_MANY);
	json_incref(take_result);
	dg_json_put(&b, take_result);
	if (b.is_full) { /* what every server said is told by `dnsguard verify` as well */
		dg_buf_clear(&b);
		(void)json_object_del(take_result, "servers");
		(void)json_object_del(take_result, "resolver");
		json_incref(take_result);
		dg_json_put(&b, take_result);
	}
	json_decref(take_result);
	if (!b.is_full) {
		text = dg_strdup(w->arena, b.data);
	}
	dg_buf_done(&b);
	return text;
}

/* Nothing was settled yet: it waits its turn. Who looks at a plan waits for an answer, and gets this one. */
static bool is_tried_again(const struct dg_work_item *x, const struct dg_err *err)
{
	bool may_pass = err->rc == DG_EIO || err->rc == DG_ELIMIT || err->retry_after_s > 0;

	return may_pass && strcmp(x->row.kind, "apply") == 0 && x->row.n_tries + 1 < DG_WORK_TRIES;
}

static void end(struct dg_work *w, struct dg_work_item *x, const char *outcome,
	const struct dg_err *err, json_t *take_result)
{
	int64_t wait = WAIT_FIRST_S;

	for (unsigned i = 0; i < x->row.n_tries && wait < WAIT_LAST_S; i++) {
		wait *= 3;
	}
	x->row.outcome = outcome;
	if (err) {
		dg_json_set(take_result, "error", json_error(err));
	}
	x->row.is_done = !err || !is_tried_again(x, err);
	if (!x->row.is_done) {
		wait = err->retry_after_s > wait ? err->retry_after_s : wait;
		x->row.due = dg_loop_now(w->loop) + wait;
	}
	x->row.n_tries++;
	x->row.result = kept(w, x, take_result);
	dg_work_end(w, x);
}

void dg_work_fail(struct dg_work *w, struct dg_work_item *x, const struct dg_err *err)
{
	const char *outcome = err->rc == DG_ECONFLICT                         ? "conflict"
			      : err->rc == DG_EPOLICY || err->rc == DG_EINPUT ? "refused"
									      : "failed";

	end(w, x, outcome, err, json_object());
}

static void end_job(struct dg_work *w, struct dg_work_item *x, struct dg_job *j, json_t *o)
{
	bool is_bad =
		j->end == DG_JOB_CONFLICT || j->end == DG_JOB_REFUSED || j->end == DG_JOB_FAILED;

	if (j->note) {
		dg_json_set(o, "note", dg_json_text(j->note));
	}
	if (j->settled) {
		dg_json_set(o, "settled", dg_json_text(j->settled));
	}
	end(w, x, end_text(j->end), is_bad ? &j->err : NULL, o);
}

/* It stands as wanted: from now on an edit by somebody else is seen as one. */
static void adopt(struct dg_work *w, struct dg_job *j)
{
	struct dg_err err;

	for (size_t i = 0; i < j->plan->n_managed; i++) {
		const struct dg_rrset *set = &j->plan->wanted[i];
		bool is_known = false;

		for (size_t k = 0; k < j->n_owned && !is_known; k++) {
			is_known = j->owned[k].type == set->type &&
				   strcmp(j->owned[k].owner, set->owner) == 0 &&
				   dg_rrset_same(&j->owned[k], set);
		}
		if (!is_known) {
			if (dg_store_adopt(w->store, j->plan->zone, j->plan->wanted,
				    j->plan->n_managed, &err) < 0) {
				w->tell(w->tell_arg, err.text);
			}
			return;
		}
	}
}

/* Is it the plan that was looked at? An event names none: its template is what was asked for. */
static bool is_agreed(const struct dg_work_item *x, const struct dg_job *j, struct dg_err *err)
{
	char hex[DG_DIGEST_TEXT_MAX];
	const char *given = x->row.plan;

	if (!given) {
		return true;
	}
	(void)dg_digest_text(j->plan->digest, DG_DIGEST_LEN, hex);
	if (strncmp(hex, given, strlen(given)) == 0) {
		return true;
	}
	(void)dg_fail(err, DG_ECONFLICT,
		"the plan is not %s any more, it is %.12s now: the zone or the policy changed "
		"since "
		"it was looked at; look at the new plan",
		given, hex);
	return false;
}

void dg_work_planned(struct dg_work *w, struct dg_work_item *x, struct dg_job *j)
{
	bool is_look = strcmp(x->row.kind, "plan") == 0;
	struct dg_err err;

	if (!is_look && j->end == DG_JOB_PENDING) {
		if (!is_agreed(x, j, &err)) {
			json_t *o = json_object();

			set_plan(o, j, false);
			end(w, x, "conflict", &err, o);
		}
		return;
	}
	if (!is_look && j->end == DG_JOB_SAME) {
		adopt(w, j);
	}
	json_t *o = json_object();
	set_plan(o, j, is_look);
	end_job(w, x, j, o);
}

void dg_work_published(struct dg_work *w, struct dg_work_item *x, struct dg_job *j)
{
	json_t *o = json_object();

	set_plan(o, j, false);
	if (j->n_steps_applied > 0) {
		dg_json_set(o, "change", json_integer(j->step.id));
		dg_json_set(o, "old_until",
			j->last_old_until > 0 ? json_integer(j->last_old_until) : json_null());
	}
	set_servers(o, "servers", j->verify);
	end_job(w, x, j, o);
}

void dg_work_verified(struct dg_work *w, struct dg_work_item *x, struct dg_job *j)
{
	json_t *o = json_object();

	set_plan(o, j, false);
	set_servers(o, "servers", j->verify);
	set_servers(o, "resolver", j->seen);
	end_job(w, x, j, o);
}
