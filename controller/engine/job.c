#include "controller/engine/job.h"

#include "controller/engine/engine.h"
#include "controller/engine/marker.h"
#include "controller/engine/pool.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TELL_MAX 400u

struct dg_job *dg_job_new(struct dg_engine *e, struct dg_arena *take_arena,
	struct dg_policy *policy, const char *document)
{
	struct dg_job *j = dg_new(take_arena, struct dg_job);

	*j = (struct dg_job){
		.engine = e, .arena = take_arena, .policy = policy, .document = document};
	return j;
}

struct dg_job *dg_job_free(struct dg_job *j)
{
	if (!j) {
		return NULL;
	}
	bool is_kept = j->arena_is_kept; /* then the pool may free the job with it */
	struct dg_arena *a = j->arena;
	if (j->provider) {
		dg_pool_release(j->engine->pool, j->provider);
	}
	if (!is_kept) {
		dg_arena_free(a);
	}
	return NULL;
}

static void call_done(void *arg)
{
	struct dg_job *j = arg;

	j->done(j);
}

void dg_job_end(struct dg_job *j, enum dg_job_end end)
{
	j->end = end;
	dg_loop_defer(j->engine->loop, call_done, j);
}

void dg_job_fail(struct dg_job *j, int rc)
{
	switch ((enum dg_rc)rc) {
	case DG_ECONFLICT:
		dg_job_end(j, DG_JOB_CONFLICT);
		return;
	case DG_EPOLICY:
	case DG_EINPUT:
		dg_job_end(j, DG_JOB_REFUSED);
		return;
	case DG_OK:
	case DG_EREMOTE:
	case DG_EIO:
	case DG_ELIMIT:
		break;
	}
	dg_job_end(j, DG_JOB_FAILED);
}

void dg_job_tell(const struct dg_job *j, const char *fmt, ...)
{
	char text[TELL_MAX];
	va_list ap;

	if (!j->engine->tell) {
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	j->engine->tell(j->engine->tell_arg, j, text);
}

/* The stages on record, and over them the wish that this run was started with. */
static int load_stages(struct dg_job *j)
{
	struct dg_engine *e = j->engine;
	struct dg_name_state *on_record = NULL;
	size_t n = 0;

	int r = dg_store_stages(e->store, j->arena, j->policy->zone, &on_record, &n, &j->err);
	if (r < 0) {
		return r;
	}
	j->states = dg_newn(j->arena, struct dg_name_state, n + 1);
	for (size_t i = 0; i < n; i++) {
		if (!e->stage || strcmp(e->stage->name, on_record[i].name) != 0) {
			j->states[j->n_states++] = on_record[i];
		}
	}
	if (e->stage && dg_name_is_at_or_under(e->stage->name, j->policy->zone)) {
		j->states[j->n_states++] = *e->stage;
	}
	return 0;
}

int dg_job_open(struct dg_job *j)
{
	struct dg_engine *e = j->engine;
	bool keeps = false;

	int r = dg_pool_get(e->pool, j->policy, j->arena, &j->provider, &keeps, &j->err);
	if (r < 0) {
		return r;
	}
	j->arena_is_kept = keeps;
	r = dg_store_owned_all(
		e->store, j->arena, j->policy->zone, &j->owned, &j->n_owned, &j->err);
	if (r == 0) {
		r = load_stages(j);
	}
	if (r == 0 && (j->provider->ops->caps & DG_CAP_MARKER)) {
		r = dg_marker_owner(j->arena, j->policy->zone, &j->marker_owner, &j->err);
		if (r == 0) {
			r = dg_store_marker(
				e->store, j->arena, j->policy->zone, &j->marker_known, &j->err);
		}
	}
	return r < 0 ? r : 0;
}

void dg_job_read(struct dg_job *j, const struct dg_rrkey *keys, size_t n_keys, bool whole,
	void (*then)(struct dg_read *r, int rc))
{
	struct dg_rrkey *all = dg_newn(j->arena, struct dg_rrkey, n_keys + 1);
	size_t n = 0;

	for (size_t i = 0; i < n_keys; i++) {
		all[n++] = keys[i];
	}
	if (j->marker_owner) {
		all[n++] = (struct dg_rrkey){.owner = j->marker_owner, .type = DG_TYPE_TXT};
	}
	j->read = (struct dg_read){
		.zone = j->policy->zone,
		.keys = all,
		.n_keys = n,
		.whole = whole,
		.mail_only = true,
		.only_looks = !j->engine->can_write,
		.deadline_ms = DG_READ_MS,
		.arena = j->arena,
		.done = then,
		.arg = j,
	};
	j->provider->ops->read(j->provider, &j->read);
}

int dg_job_judge_marker(struct dg_job *j)
{
	if (!j->marker_owner) {
		j->marker_state = DG_MARKER_OURS;
		return 0;
	}
	if (dg_marker_read(j->arena, j->have, j->marker_owner, &j->marker_have, &j->marker_text)) {
		return dg_fail(
			&j->err, DG_EREMOTE, "the marker at %s was not read", j->marker_owner);
	}
	if (!j->marker_text) {
		j->marker_state = j->marker_known ? DG_MARKER_MISSING : DG_MARKER_OURS;
	} else if (j->marker_known && strcmp(j->marker_known, j->marker_text) == 0) {
		j->marker_state = DG_MARKER_OURS;
	} else {
		j->marker_state = DG_MARKER_FOREIGN;
	}
	return 0;
}
