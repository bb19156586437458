/* check ZONE.YAML: what is published against the policy, and each mail name with all of its zone in view. */
#include "controller/command/app.h"
#include "controller/command/check.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/engine/fleet.h"
#include "controller/engine/job.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/record/zone.h"

#include <string.h>

struct reading {
	struct dg_loop *loop;
	struct dg_read read;
	int rc;
};

static void on_read(struct dg_read *r, int rc)
{
	struct reading *x = r->arg;

	x->rc = rc;
	dg_loop_stop(x->loop);
}

/* The whole zone with its addresses: what a plan reads may lack them. NULL: not to be had, and what was asked for stands alone. */
static const struct dg_zone *read_whole(struct dg_job *j)
{
	struct dg_provider *p = j->provider;
	struct reading x = {.loop = j->engine->loop};

	x.read = (struct dg_read){.zone = j->policy->zone,
		.whole = true,
		.only_looks = true,
		.deadline_ms = DG_READ_MS,
		.arena = j->arena,
		.done = on_read,
		.arg = &x};
	p->ops->read(p, &x.read);
	dg_loop_run(x.loop);
	return x.rc == 0 && x.read.have->is_complete ? x.read.have : NULL;
}

/* The one of this name, a new one when there is none. */
static struct dg_target *target_of(struct dg_target *targets, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++) {
		if (strcmp(targets[i].domain, name) == 0) {
			return &targets[i];
		}
	}
	targets[*n].domain = name;
	return &targets[(*n)++];
}

static void set_selectors(struct dg_arena *a, struct dg_target *t, const struct dg_mail_spec *m)
{
	const char **selectors = dg_newn(a, const char *, m->n_dkim + 1);

	for (size_t i = 0; i < m->n_dkim; i++) {
		selectors[i] = m->dkim[i].selector;
	}
	t->selectors = selectors;
	t->n_selectors = m->n_dkim;
}

/* The zone itself and each mail name, with the subdomain of its split. */
static size_t list_targets(struct dg_arena *a, const struct dg_policy *p,
	const struct dg_zone *zone, struct dg_target **ret_targets)
{
	struct dg_target *t = dg_newn(a, struct dg_target, 1 + 2 * p->n_mail);
	size_t n = 0;

	(void)target_of(t, &n, p->zone);
	for (size_t i = 0; i < p->n_mail; i++) {
		const struct dg_mail_spec *m = &p->mail[i];

		set_selectors(a, target_of(t, &n, m->name), m);
		if (m->split) {
			set_selectors(a, target_of(t, &n, m->split->to), m);
		}
	}
	for (size_t i = 0; i < n; i++) {
		t[i].zone = zone;
		t[i].zone_answers = zone && p->verify.is_off;
		t[i].asks_no_server = p->verify.is_off;
		t[i].named = &p->verify.servers;
	}
	*ret_targets = t;
	return n;
}

static void note_end(struct dg_checking *c, const struct dg_job *j)
{
	switch (j->end) {
	case DG_JOB_RUNNING:
	case DG_JOB_SAME:
	case DG_JOB_APPLIED:
		break;
	case DG_JOB_PENDING:
	case DG_JOB_LAGGING:
	case DG_JOB_CONFLICT:
		c->n_bad++;
		break;
	case DG_JOB_REFUSED:
	case DG_JOB_FAILED:
		c->has_failed = true;
		break;
	}
}

static void check_policy(struct dg_checking *c, struct dg_job *j)
{
	struct dg_app *app = c->app;
	struct dg_target *targets = NULL;
	struct dg_err err;

	dg_engine_plan_one(&app->engine, j);
	if (j->plan) {
		dg_engine_verify_one(&app->engine, j);
	}
	dg_report_verify(app, j);
	c->n_shown++;
	note_end(c, j);
	const struct dg_zone *zone = j->provider && j->have ? read_whole(j) : NULL;
	if (!zone) {
		dg_app_say(app, "the zone could not be read whole: its hosts and wildcards are not "
				"known exactly");
	}
	size_t n = list_targets(j->arena, j->policy, zone, &targets);
	if (dg_check_open_world(c, &j->policy->verify, &err) < 0) {
		dg_app_complain(app, &err);
		c->has_failed = true;
		return;
	}
	if (app->args->tests_relay) {
		dg_check_relays(c, j->arena, j->policy, targets, n);
	}
	dg_check_targets(c, targets, n);
}

void dg_check_policies(struct dg_checking *c, const char *path)
{
	struct dg_app *app = c->app;
	struct dg_err err;
	int r = dg_app_open_fleet(app, &path, 1, &err);

	while (r == 0) {
		struct dg_arena *a = dg_arena_new(DG_JOB_MEMORY_MAX);
		struct dg_policy *policy = NULL;
		const char *document = NULL;

		r = dg_fleet_next(app->fleet, a, &policy, &document, &err);
		if (r != 0) {
			dg_arena_free(a);
			if (r < 0) {
				dg_app_complain(app, &err);
				c->has_failed = true;
				r = 0;
			}
			continue;
		}
		struct dg_job *j = dg_job_new(&app->engine, a, policy, document);
		check_policy(c, j);
		dg_job_free(j);
	}
	if (r < 0) {
		dg_app_complain(app, &err);
		c->has_failed = true;
	}
	app->fleet = dg_fleet_close(app->fleet);
}
