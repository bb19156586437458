/* Journal, apply, read back, settle, verify: one atomic step a phase (DESIGN "Publishing safely"). */
#include "controller/engine/engine.h"
#include "controller/engine/job.h"
#include "controller/engine/journal.h"
#include "controller/engine/part.h"
#include "controller/engine/settle.h"
#include "controller/engine/soa.h"
#include "controller/engine/step.h"
#include "controller/lookup/verify.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/mail/mx.h"
#include "zones/record/zone.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_FIRST_MS    200
#define RETRY_AFTER_MAX_S 120 /* longer than that nobody waits: what has to be done is said */

static void start_phase(void *arg);
static void send_step(void *arg);
static void read_back(void *arg);

static void later(struct dg_job *j, int64_t ms, void (*fn)(void *arg))
{
	(void)dg_loop_after_ms(j->engine->loop, ms, fn, j);
}

/* --- ends ---------------------------------------------------------------------------------------------------- */

static void after_failed_end(struct dg_job *j, int rc)
{
	(void)rc; /* the journal's own trouble is not worse than what is reported already: the step stays open */
	j->err = j->apply_err;
	dg_job_fail(j, (int)j->err.rc);
}

/* Closes the step in the journal; what is reported is j->err as it is now. */
static void give_up(struct dg_job *j, enum dg_step_state state)
{
	j->apply_err = j->err;
	dg_journal_end(j, state, dg_strdup(j->arena, j->err.text), NULL, 0, after_failed_end);
}

/* The outcome could not be found out: the step stays open, the next run will know. */
static void leave_open(struct dg_job *j)
{
	char why[DG_ERR_TEXT_MAX];

	memcpy(why, j->err.text, sizeof(why));
	j->may_have_arrived = true;
	dg_job_fail(
		j, dg_fail(&j->err, DG_EIO,
			   "whether the change arrived is not known (%s); the next run of dnsguard "
			   "looks at the zone and goes on from there",
			   why));
}

/* --- after a step ---------------------------------------------------------------------------------------------- */

static bool has_phase_after(const struct dg_job *j, unsigned *ret_phase)
{
	bool found = false;

	for (size_t i = 0; i < j->plan->n; i++) {
		unsigned p = j->plan->changes[i].phase;

		if (p > j->phase && (!found || p < *ret_phase)) {
			*ret_phase = p;
			found = true;
		}
	}
	return found;
}

static void after_verified_end(struct dg_job *j, int rc)
{
	if (rc < 0) { /* the change is published and on record; only the proof is not noted */
		j->note = dg_strdup(j->arena, j->err.text);
	}
	dg_job_end(j, DG_JOB_APPLIED);
}

static void looked_at_last(struct dg_job *j)
{
	if (j->policy->verify.is_off) {
		dg_job_end(j, DG_JOB_APPLIED);
	} else if (dg_job_all_in_force(j)) {
		dg_journal_end(j, DG_STEP_VERIFIED, NULL, NULL, 0, after_verified_end);
	} else {
		dg_job_end(j, DG_JOB_LAGGING);
	}
}

static void looked_between(struct dg_job *j)
{
	unsigned next = 0;

	if (!j->policy->verify.is_off && !dg_job_all_in_force(j)) {
		(void)dg_fail(&j->err, DG_EREMOTE,
			"the first part is published, but not every name server shows it yet, so "
			"the "
			"rest was not sent; run the same command again when they do");
		dg_job_end(j, DG_JOB_FAILED);
		return;
	}
	int64_t wait_s = j->engine->waits_between ? dg_step_mail_mx_ttl(j) : 0;
	if (has_phase_after(j, &next)) {
		j->phase = next;
	}
	if (wait_s > 0) {
		dg_job_tell(j, "waiting %lld s until caches have let go of the old MX",
			(long long)wait_s);
	}
	later(j, wait_s * 1000, start_phase);
}

/* The swaps of all phases up to this one: what name servers should show now. */
static void look(struct dg_job *j, void (*then)(struct dg_job *j))
{
	struct dg_swap *w = dg_newn(j->arena, struct dg_swap, j->plan->n);
	size_t n = 0;

	for (size_t i = 0; i < j->plan->n; i++) {
		if (j->plan->changes[i].phase <= j->phase) {
			w[n++] = (struct dg_swap){
				j->plan->changes[i].before, j->plan->changes[i].after};
		}
	}
	dg_job_look(j, w, n, j->engine->verify_ms, then);
}

static void after_applied_end(struct dg_job *j, int rc)
{
	unsigned next = 0;

	if (rc < 0) {
		(void)dg_wrap(
			&j->err, rc, "the change is published, but the journal could not note it");
		dg_job_end(j, DG_JOB_FAILED);
		return;
	}
	j->n_steps_applied++;
	if (j->has_marker_swap) {
		j->marker_text = j->step.marker_after;
		j->marker_known = j->step.marker_after;
		j->marker_have = j->swaps[j->n_swaps - 1].after;
	}
	j->is_look_between = has_phase_after(j, &next);
	if (j->is_look_between) {
		dg_job_tell(j, "step %zu is published; waiting until every name server shows it",
			j->n_steps_applied);
	}
	look(j, j->is_look_between ? looked_between : looked_at_last);
}

/* What an earlier run had sent arrived after this run had looked, and is all that this step was to do. */
static void after_late(struct dg_job *j, int rc)
{
	j->step.id = j->late;
	j->step.marker_after = j->late_marker;
	j->swaps[j->n_swaps - 1].after = j->late_have;
	after_applied_end(j, rc);
}

static void applied(struct dg_job *j)
{
	unsigned next = 0;
	bool is_last = !has_phase_after(j, &next);

	if (j->apply.is_staged) { /* the records are right, but who asks a name server does not get them */
		j->err = j->apply_err;
		give_up(j, DG_STEP_APPLIED);
		return;
	}
	dg_journal_end(j, DG_STEP_APPLIED, NULL, is_last ? j->plan->wanted : NULL,
		is_last ? j->plan->n_wanted : 0, after_applied_end);
}

/* --- reading back -------------------------------------------------------------------------------------------------- */

static int64_t backoff_ms(unsigned attempt)
{
	return (int64_t)RETRY_FIRST_MS << (attempt < 6 ? attempt : 6);
}

/* Sends j->sent again after a while, unless that was done often enough or would take too long. */
static bool is_tried_again(struct dg_job *j, const char *what)
{
	int64_t ms = j->apply_err.retry_after_s > 0 ? (int64_t)j->apply_err.retry_after_s * 1000
						    : backoff_ms(j->n_attempts);

	if (j->n_attempts >= DG_APPLY_ATTEMPTS || ms > (int64_t)RETRY_AFTER_MAX_S * 1000) {
		return false;
	}
	dg_job_tell(j, "%s (%s); trying again in %lld ms", what, j->apply_err.text, (long long)ms);
	later(j, ms, send_step);
	return true;
}

static void say_when(struct dg_job *j)
{
	if (j->err.retry_after_s > RETRY_AFTER_MAX_S) {
		(void)dg_wrap(
			&j->err, (int)j->err.rc, "not before %u s from now", j->err.retry_after_s);
	}
}

/* Some RRsets are as they were to be, the others not yet: the rest is sent again as long as that gets on. */
static void in_part(struct dg_job *j, const struct dg_zone *now)
{
	size_t n_before = j->n_sent;
	size_t n_left = dg_part_send(j, now);
	bool may_help = j->outcome == DG_UNKNOWN || j->outcome == DG_APPLIED || !j->is_part ||
			n_left < n_before || j->apply_err.retry_after_s > 0;

	j->is_part = true;
	if (may_help && is_tried_again(j, "applied in part")) {
		return;
	}
	j->err = j->apply_err;
	if (j->err.rc == DG_OK) {
		(void)dg_fail(&j->err, DG_EREMOTE, "the provider said that all is done");
	}
	say_when(j);
	(void)dg_wrap(&j->err, (int)j->err.rc,
		"%zu of %zu RRsets are published, the next run goes on from there",
		j->n_swaps - n_left, j->n_swaps);
	dg_part_keep(j, &j->step, now);
	give_up(j, DG_STEP_APPLIED);
}

/* Surely not applied. Tries again when that may help, with the same step: the same marker can be replaced only once. */
static void not_applied(struct dg_job *j)
{
	bool may_help = j->outcome == DG_UNKNOWN || j->apply_err.retry_after_s > 0;

	if (may_help && is_tried_again(j, "not applied")) {
		return;
	}
	j->err = j->apply_err;
	say_when(j);
	if (j->outcome == DG_APPLIED) {
		(void)dg_fail(&j->err, DG_EREMOTE,
			"%s: the server said that the change is done, but still serves the old "
			"records; does another server answer (an anycast, a proxy), or is the zone "
			"frozen there",
			j->step.provider);
	}
	give_up(j, DG_STEP_FAILED);
}

static void judge_read_back(struct dg_job *j, const struct dg_zone *now)
{
	size_t odd = 0;
	enum dg_settled settled = dg_settle(j->swaps, j->n_swaps, dg_step_marker_at(j), now, &odd);

	if ((settled == DG_SETTLED_MIXED || settled == DG_SETTLED_OTHER) &&
		dg_part_is(j, j->swaps, j->n_swaps, now)) {
		in_part(j, now);
		return;
	}
	switch (settled) {
	case DG_SETTLED_APPLIED:
		applied(j);
		return;
	case DG_SETTLED_NOT:
		if (j->outcome == DG_APPLIED && ++j->n_looks < DG_SETTLE_ATTEMPTS) {
			later(j, backoff_ms(j->n_looks),
				read_back); /* a server that answers a little late */
			return;
		}
		if (dg_soa_was_all(j, now)) {
			send_step(j);
			return;
		}
		not_applied(j);
		return;
	case DG_SETTLED_UNREAD:
		(void)dg_fail(&j->err, DG_EREMOTE, "the zone was read, but not all of it");
		leave_open(j);
		return;
	case DG_SETTLED_MIXED:
		(void)dg_step_moved(j, now, odd,
			"our change was published, and somebody else changed this right after");
		give_up(j, DG_STEP_LOST);
		return;
	case DG_SETTLED_OTHER:
		break;
	}
	int late = dg_job_find_late(j, now);
	if (late == DG_LATE_ALL) {
		dg_journal_end(j, DG_STEP_CONFLICT, "an earlier run's change arrived first", NULL,
			0, after_late);
		return;
	}
	if (late == DG_LATE_OTHER) {
		(void)dg_step_late(j);
	} else {
		(void)dg_step_moved(j, now, odd,
			"somebody else changed this zone meanwhile; nothing was overwritten");
	}
	give_up(j, j->outcome == DG_CONFLICT || j->outcome == DG_NOT_APPLIED ? DG_STEP_CONFLICT
									     : DG_STEP_LOST);
}

static void on_read_back(struct dg_read *read, int rc)
{
	struct dg_job *j = read->arg;

	if (rc < 0) {
		j->err = read->err;
		if (++j->n_looks < DG_SETTLE_ATTEMPTS) {
			later(j, backoff_ms(j->n_looks), read_back);
			return;
		}
		leave_open(j);
		return;
	}
	judge_read_back(j, read->have);
}

static void read_swaps(struct dg_job *j, void (*then)(struct dg_read *r, int rc))
{
	struct dg_rrkey *keys = dg_newn(j->arena, struct dg_rrkey, j->n_swaps);

	for (size_t i = 0; i < j->n_swaps; i++) {
		keys[i] = (struct dg_rrkey){j->swaps[i].before.owner, j->swaps[i].before.type};
	}
	dg_job_read(j, keys, j->n_swaps, false, then);
}

static void read_back(void *arg)
{
	read_swaps(arg, on_read_back);
}

/* --- sending --------------------------------------------------------------------------------------------------------- */

static void on_applied(struct dg_apply *a, enum dg_outcome outcome)
{
	struct dg_job *j = a->arg;

	j->outcome = outcome;
	j->apply_err = a->err;
	j->n_looks = 0;
	switch (outcome) {
	case DG_NOT_APPLIED:
		if (j->is_part) {
			break;
		}
		not_applied(j);
		return;
	case DG_PARTIAL:
		if (!a->is_staged) { /* else it is what the run ends with */
			dg_job_tell(j, "%s", a->err.text);
			j->note = dg_strdup(j->arena, a->err.text);
		}
		break;
	case DG_APPLIED:
	case DG_CONFLICT:
	case DG_UNKNOWN:
		break;
	}
	read_back(j); /* whatever the answer was, the zone tells */
}

static void send_step(void *arg)
{
	struct dg_job *j = arg;

	if (!j->engine->can_write) {
		abort(); /* a dry run cannot write: this is the one place that sends */
	}
	j->n_attempts++;
	j->apply = (struct dg_apply){
		.zone = j->plan->zone,
		.swaps = j->sent,
		.n_swaps = j->n_sent,
		.version = j->version,
		.soa = j->has_soa ? &j->soa : NULL,
		.deadline_ms = DG_APPLY_MS,
		.arena = j->arena,
		.done = on_applied,
		.arg = j,
	};
	j->provider->ops->apply(j->provider, &j->apply);
}

static void on_intended(struct dg_job *j, int rc)
{
	if (rc < 0) {
		(void)dg_wrap(&j->err, rc, "nothing was sent: the journal could not be written");
		dg_job_end(j, DG_JOB_FAILED);
		return;
	}
	send_step(j);
}

/* The last look before writing: values, TTLs and marker are still those that were planned on. */
static void on_fresh(struct dg_read *read, int rc)
{
	struct dg_job *j = read->arg;
	size_t odd = 0;

	if (rc < 0) {
		j->err = read->err;
		dg_job_fail(j, rc);
		return;
	}
	/* j->have stays as it is: it is the whole zone, with its name servers. */
	j->version = read->have->version;
	for (odd = 0; odd < j->n_swaps; odd++) {
		struct dg_rrset now;

		if (dg_zone_get(read->have, j->swaps[odd].before.owner, j->swaps[odd].before.type,
			    &now) != 0 ||
			!dg_rrset_same(&now, &j->swaps[odd].before)) {
			break;
		}
	}
	if (odd < j->n_swaps) {
		int late = dg_job_find_late(j, read->have);

		if (late == DG_LATE_ALL) {
			after_late(j, 0);
			return;
		}
		dg_job_fail(j, late == DG_LATE_OTHER
				       ? dg_step_late(j)
				       : dg_step_moved(j, read->have, odd,
						 "this changed after the plan was made"));
		return;
	}
	dg_soa_begin(j, read->have);
	(void)dg_part_send(j, NULL);
	j->is_part = false;
	dg_journal_intend(j, on_intended);
}

static void start_phase(void *arg)
{
	struct dg_job *j = arg;

	j->n_attempts = 0;
	int r = dg_step_make(j);
	if (r == 0) {
		r = j->provider->ops->check(j->provider, j->swaps, j->n_swaps, &j->err);
	}
	if (r < 0) {
		dg_job_fail(j, r);
		return;
	}
	read_swaps(j, on_fresh);
}

/* Is a null MX at a mail name all that is left to do? What it relies on was published by a run before this one. */
static bool closes_mail(const struct dg_job *j)
{
	for (size_t i = 0; i < j->plan->n; i++) {
		const struct dg_change *c = &j->plan->changes[i];

		if (c->phase == j->phase && c->is_mail_mx && dg_mx_state(&c->after) == DG_MX_NULL) {
			return j->phase > 0;
		}
	}
	return false;
}

static void looked_before(struct dg_job *j)
{
	if (!j->policy->verify.is_off && !dg_job_all_in_force(j)) {
		(void)dg_fail(&j->err, DG_EREMOTE,
			"not every name server shows yet what the null MX relies on, so it was "
			"not sent; run the same command again when they do");
		dg_job_end(j, DG_JOB_FAILED);
		return;
	}
	start_phase(j);
}

void dg_job_publish(struct dg_job *j)
{
	j->phase = j->plan->n > 0 ? j->plan->changes[0].phase : 0;
	for (size_t i = 0; i < j->plan->n; i++) {
		if (j->plan->changes[i].phase < j->phase) {
			j->phase = j->plan->changes[i].phase;
		}
	}
	j->n_steps_applied = 0;
	j->is_look_between = closes_mail(j);
	if (j->is_look_between) {
		dg_job_look(j, dg_job_wanted(j, j->plan->n_same), j->plan->n_same,
			j->engine->verify_ms, looked_before);
		return;
	}
	start_phase(j);
}
