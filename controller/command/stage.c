#include "controller/command/stage.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/command/world.h"
#include "controller/engine/fleet.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/name.h"

#include <assert.h>
#include <string.h>

#define HAZARDS_MAX  (256u << 10)
#define RECENT_STEPS 32u

/* --- which name, where ------------------------------------------------------------------------------------------- */

static const struct dg_mail_spec *find_mail(const struct dg_policy *p, const char *name)
{
	for (size_t i = 0; i < p->n_mail; i++) {
		if (strcmp(p->mail[i].name, name) == 0) {
			return &p->mail[i];
		}
	}
	return NULL;
}

static int check_mail(const struct dg_policy *p, const struct dg_mail_spec *m, struct dg_err *err)
{
	if (!m->split) {
		return dg_fail_at(err, &m->pos, DG_EINPUT,
			"%s has no split: section; say where its mail is to live, for instance "
			"split: {to: m}",
			m->name);
	}
	for (size_t i = 0; i < p->never.n; i++) {
		if (strcmp(p->never.list[i].text, m->name) == 0) {
			return dg_fail_at(err, &p->never.list[i].pos, DG_EPOLICY,
				"%s is under never: and so is not split", m->name);
		}
	}
	if (m->split->when == DG_SPLIT_NEVER) {
		return dg_fail_at(err, &m->split->pos, DG_EPOLICY,
			"%s is not split: its policy says when: never", m->name);
	}
	return 0;
}

static const char *const *copy_hosts(struct dg_arena *a, const struct dg_mx_spec *mx, size_t n)
{
	const char **hosts = dg_newn(a, const char *, n);

	for (size_t i = 0; i < n; i++) {
		hosts[i] = dg_strdup(a, mx[i].host);
	}
	return hosts;
}

/* What is needed of the policy later: where the mail goes, and whom to ask. */
static void remember(struct dg_staging *s, const struct dg_policy *p, const struct dg_mail_spec *m)
{
	struct dg_arena *a = s->app->arena;
	const struct dg_mail_spec *to = find_mail(p, m->split->to);
	const struct dg_mail_spec *of = to && to->n_mx > 0 ? to : m;
	const struct dg_verify_spec *v = &p->verify;
	size_t n_labels = dg_split_n_labels(m->split);
	const char **labels = dg_newn(a, const char *, n_labels);

	for (size_t i = 0; i < n_labels; i++) {
		labels[i] = dg_strdup(a, dg_split_label(m->split, i));
	}
	s->labels = labels;
	s->n_labels = (unsigned)n_labels;
	s->armed_ttl = m->split->armed_ttl;
	s->hosts = copy_hosts(a, of->mx, of->n_mx);
	s->n_hosts = of->n_mx;
	s->sink = copy_hosts(a, m->split->sink, m->split->n_sink);
	s->n_sink = m->split->n_sink;
	s->verify = (struct dg_verify_spec){
		.resolver = {.host = v->resolver.host ? dg_strdup(a, v->resolver.host) : NULL,
			.port = v->resolver.port},
		.trust_anchor = v->trust_anchor ? dg_strdup(a, v->trust_anchor) : NULL};
}

/* Finds the zone whose policy has this mail name: "@" and single labels are completed by each zone in turn. */
static int find_name(struct dg_staging *s, struct dg_err *err)
{
	const char *given = s->app->args->rest[1];
	const char *document = NULL;
	struct dg_policy *p = NULL;
	int r = 0;

	while (r == 0 && !s->zone) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(DG_JOB_MEMORY_MAX);
		const char *name = NULL;

		r = dg_fleet_next(s->app->fleet, a, &p, &document, err);
		if (r == 0) {
			bool is_relative = strcmp(given, "@") == 0 || !strchr(given, '.');

			r = dg_name_parse(
				a, given, strlen(given), is_relative ? p->zone : ".", &name, err);
		}
		const struct dg_mail_spec *m = r == 0 ? find_mail(p, name) : NULL;
		if (m) {
			s->zone = dg_strdup(s->app->arena, p->zone);
			s->was.name = dg_strdup(s->app->arena, name);
			r = check_mail(p, m, err);
			if (r == 0) {
				remember(s, p, m);
			}
		}
	}
	if (r > 0) {
		return dg_fail(err, DG_EINPUT,
			"no mail name %s in %s: it must stand under mail:", given,
			s->app->args->rest[0]);
	}
	return r;
}

static int load_stage(struct dg_staging *s, struct dg_err *err)
{
	struct dg_name_state *states = NULL;
	size_t n = 0;

	assert(s->was.name); /* found before */
	int r = dg_store_stages(s->app->store, s->app->arena, s->zone, &states, &n, err);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (strcmp(states[i].name, s->was.name) == 0) {
			const char *name = s->was.name;

			s->was = states[i];
			s->was.name = name;
		}
	}
	return r;
}

/* Where mail lives, or is to live. */
static int set_label(struct dg_staging *s, unsigned label, struct dg_err *err)
{
	if (label >= s->n_labels) {
		return dg_fail(err, DG_EPOLICY,
			"mail of %s lives at the name %u of rotate:, which is gone from %s: put it "
			"back",
			s->was.name, label, s->app->args->rest[0]);
	}
	s->to = s->labels[label];
	return 0;
}

int dg_staging_set_label(struct dg_staging *s, const char *given, struct dg_err *err)
{
	const char *name = NULL;
	int r = dg_name_parse(s->app->arena, given, strlen(given),
		strchr(given, '.') ? "." : s->zone, &name, err);

	for (unsigned i = 0; r == 0 && i < s->n_labels; i++) {
		if (strcmp(s->labels[i], name) == 0) {
			s->wanted.label = i;
			return set_label(s, i, err);
		}
	}
	return r < 0 ? r
		     : dg_fail(err, DG_EINPUT, "%s is not a name of to: or rotate: of %s", given,
			       s->was.name);
}

int dg_staging_open(struct dg_app *app, struct dg_staging *s, struct dg_err *err)
{
	*s = (struct dg_staging){.app = app};
	int r = dg_app_open(app, !app->args->is_dry, err);
	if (r == 0) {
		r = dg_app_open_fleet(app, app->args->rest, 1, err);
	}
	if (r == 0) {
		r = find_name(s, err);
	}
	if (r == 0) {
		r = load_stage(s, err);
	}
	if (r == 0) {
		r = set_label(s, s->was.label, err);
	}
	s->wanted = s->was;
	app->engine.stage = &s->wanted;
	app->engine.only_zone = s->zone;
	return r;
}

/* --- one stage ------------------------------------------------------------------------------------------------------ */

/* The stage, and the run when something is to be sent, with one sync. */
static int put_on_record(struct dg_staging *s, struct dg_walk *w, bool is_sent, struct dg_err *err)
{
	struct dg_app *app = s->app;
	int r = dg_store_begin(app->store, err);

	if (r < 0) {
		return r;
	}
	r = dg_store_stage_put(app->store, s->zone, &s->wanted, dg_loop_now(app->loop), err);
	r = r == 0 && is_sent ? dg_app_run_start(app, err) : r;
	if (r < 0) {
		dg_store_rollback(app->store);
		return r;
	}
	w->has_run = is_sent;
	return dg_store_commit(app->store, err);
}

/* On record before the first packet: after a crash the next apply goes on towards this stage. Back again when nothing of it
 * was published. */
int dg_staging_publish(struct dg_staging *s, struct dg_walk *w, struct dg_err *err)
{
	struct dg_app *app = s->app;
	struct dg_name_state before = s->was;

	bool is_sent = dg_run_state_n(w->state) > 0;

	int r = put_on_record(s, w, is_sent, err);
	if (r < 0) {
		return r;
	}
	s->was = s->wanted;
	if (!is_sent) {
		w->state = dg_run_state_free(w->state);
		return 0;
	}
	r = dg_walk_publish(app, w, true, err);
	size_t n_done = w->results.by_end[DG_JOB_APPLIED] + w->results.by_end[DG_JOB_LAGGING];
	if (r == 0 && n_done > 0) {
		return 0;
	}
	struct dg_err second;
	if (w->n_touched == 0 && dg_store_stage_put(app->store, s->zone, &before,
					 dg_loop_now(app->loop), &second) == 0) {
		s->was = before;
	}
	return r < 0 ? r : 1;
}

/* What would break, and how long the old MX lives: said before anybody is asked. */
static void on_job(void *arg, struct dg_app *app, struct dg_job *j)
{
	struct dg_staging *s = arg;
	struct dg_note *notes = NULL;
	struct dg_rrset mx;
	struct dg_buf b;
	size_t n = 0;

	if (!j->have || dg_zone_get(j->have, s->was.name, DG_TYPE_MX, &mx) != 0) {
		return;
	}
	s->mx_ttl = mx.n > 0 ? mx.ttl : 0;
	/* Of a way back that was interrupted. */
	bool is_left = s->wanted.mx_ttl > 0 && s->mx_ttl == s->armed_ttl;
	if (s->was.stage == DG_STAGE_CALM && !is_left) {
		s->wanted.mx_ttl = mx.n > 0 ? mx.ttl : 0; /* what unsplit puts back */
	}
	if (s->has_warned || s->wanted.stage < DG_STAGE_SPLIT || s->was.stage >= DG_STAGE_SPLIT ||
		app->args->is_json) {
		return;
	}
	s->has_warned = true;
	dg_split_hazards(j->arena, j->policy, s->was.name, j->have, &notes, &n);
	dg_buf_init(&b, HAZARDS_MAX);
	dg_buf_printf(
		&b, "What the split of %s would break:\n", dg_world_shown(app->arena, s->was.name));
	for (size_t i = 0; i < n; i++) {
		dg_buf_puts(&b, "  - ");
		dg_buf_put_safe(&b, notes[i].text, strlen(notes[i].text));
		dg_buf_printf(&b, "%s%s%s\n", notes[i].rule ? " (" : "",
			notes[i].rule ? notes[i].rule : "", notes[i].rule ? ")" : "");
	}
	dg_buf_putc(&b, '\n');
	dg_app_out(app, &b);
	dg_buf_done(&b);
}

/* Plans one stage; 0: w is ready to publish. */
int dg_staging_plan(struct dg_staging *s, struct dg_walk *w, enum dg_name_stage stage,
	bool is_quiet, struct dg_err *err)
{
	s->wanted.stage = stage;
	*w = (struct dg_walk){.on_job = on_job, .on_job_arg = s, .is_quiet = is_quiet};
	int r = dg_walk_plan(s->app, w, err);
	if (r == 0) {
		r = dg_walk_rails(s->app, w, err);
	}
	return r;
}

bool dg_staging_is_sound(const struct dg_walk *w)
{
	int status = dg_walk_status(w);

	return status == DG_EXIT_OK ||
	       (status == DG_EXIT_FINDINGS && w->counts.by_end[DG_JOB_CONFLICT] == 0);
}

/* --- what stands ------------------------------------------------------------------------------- */
static void on_verified(void *arg, struct dg_job *j, const struct dg_err *err)
{
	struct dg_staging *s = arg;

	if (j) {
		s->is_verified = j->end == DG_JOB_SAME;
		dg_report_verify(s->app, j);
	} else {
		dg_app_complain(s->app, err);
	}
}

int dg_staging_verify(struct dg_staging *s, struct dg_err *err)
{
	struct dg_engine_counts counts = {0};

	s->is_verified = false;
	int r = dg_engine_verify(&s->app->engine, s->app->fleet, on_verified, s, &counts, err);

	return r < 0 ? r : s->is_verified ? 0 : 1;
}

int dg_staging_old_mx(struct dg_staging *s, int64_t *ret_until, struct dg_err *err)
{
	struct dg_app *app = s->app;
	struct dg_wait *waits = NULL;
	size_t n = 0;
	int64_t until = 0;

	int r = dg_store_waits(
		app->store, app->arena, s->zone, dg_loop_now(app->loop), &waits, &n, err);
	for (size_t i = 0; i < n; i++) {
		if (waits[i].type == DG_TYPE_MX && waits[i].ttl > s->armed_ttl &&
			strcmp(waits[i].owner, s->was.name) == 0) {
			until = waits[i].until;
		}
	}
	if (r == 0) {
		*ret_until = until;
	}
	return r;
}

int dg_staging_finish(struct dg_staging *s, struct dg_walk *w, int r, struct dg_err *err)
{
	dg_staging_ask_no_more(s);
	w->state = dg_run_state_free(w->state);
	if (r < 0) {
		dg_app_complain(s->app, err);
		return dg_app_exit_of(err);
	}
	return r > 0 ? DG_EXIT_FAILED : dg_walk_result_status(w);
}

int dg_staging_plan_soundly(struct dg_staging *s, struct dg_walk *w, enum dg_name_stage stage,
	bool is_quiet, struct dg_err *err)
{
	int r = dg_staging_plan(s, w, stage, is_quiet, err);

	return r == 0 && !dg_staging_is_sound(w) ? 1 : r;
}

int dg_staging_finish_dry(struct dg_staging *s, struct dg_walk *w, int r, struct dg_err *err)
{
	bool has_changes = w->state && dg_run_state_n(w->state) > 0;

	if (r == 0) {
		dg_walk_say_digest(s->app, w);
		dg_app_say(s->app, "nothing was changed (--dry-run)");
	}
	int status = dg_staging_finish(s, w, r, err);
	return status == DG_EXIT_OK && has_changes ? DG_EXIT_FINDINGS : status;
}

int dg_staging_finish_standing(
	struct dg_staging *s, struct dg_walk *w, const char *what, struct dg_err *err)
{
	dg_app_say(s->app, "%s is %s", dg_world_shown(s->app->arena, s->was.name), what);
	int r = dg_staging_verify(s, err);

	w->results.by_end[DG_JOB_LAGGING] = r > 0 ? 1 : 0;
	return dg_staging_finish(s, w, r < 0 ? r : 0, err);
}

bool dg_staging_goes_on(struct dg_staging *s)
{
	const char *plan = s->app->args->plan;
	struct dg_step *steps = NULL;
	struct dg_run *runs = NULL;
	struct dg_err err;
	size_t n = 0;

	if (!plan || strlen(plan) < DG_PLAN_ID_MIN ||
		dg_store_log(s->app->store, s->app->arena, s->zone, RECENT_STEPS, &steps, &runs, &n,
			&err) < 0) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		char hex[DG_DIGEST_TEXT_MAX];

		if (runs[i].result && strcmp(runs[i].result, "applied") == 0) {
			return false;
		}
		(void)dg_digest_text(steps[i].digest, DG_DIGEST_LEN, hex);
		if (strncmp(hex, plan, strlen(plan)) == 0) {
			return steps[i].state == DG_STEP_APPLIED ||
			       steps[i].state == DG_STEP_VERIFIED;
		}
		if (!strstr(runs[i].why, plan)) {
			return false;
		}
	}
	return false;
}

/* Nothing of a label that was moved on to stands any more, and the MX has its TTL from before again. */
int dg_staging_forget(struct dg_staging *s, struct dg_err *err)
{
	s->wanted.label = 0;
	s->wanted.mx_ttl = 0;
	return dg_store_stage_put(
		s->app->store, s->zone, &s->wanted, dg_loop_now(s->app->loop), err);
}
