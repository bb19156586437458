#include "controller/serve/desk.h"

#include "controller/serve/desk_parts.h"
#include "controller/serve/template.h"
#include "controller/serve/work.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NOT_FOUND   404
#define NOT_ALLOWED 405
#define NOT_JSON    415
#define BAD_BODY    422

void dg_desk_init(struct dg_desk *d, uint32_t per_s)
{
	dg_limit_init(&d->rate, per_s, 2.0 * per_s);
	dg_limit_init(&d->tries, 1.0 / DG_DESK_TRY_S, DG_DESK_TRIES);
	d->first = NULL;
	d->last = &d->first;
}

/* --- answers with their line of the audit log ---------------------------------------------------- */
static const char *verb_text(const struct dg_errand *e)
{
	static const char *const texts[] = {
		[DG_ROUTE_HEALTH] = "health",
		[DG_ROUTE_EVENT] = "event",
		[DG_ROUTE_JOB] = "job",
		[DG_ROUTE_STATUS] = "status",
		[DG_ROUTE_POLICY] = "policy",
		[DG_ROUTE_PLAN] = "plan",
		[DG_ROUTE_APPLY] = "apply",
		[DG_ROUTE_VERIFY] = "verify",
		[DG_ROUTE_APPROVE] = "approve",
		[DG_ROUTE_STOP] = "stop",
		[DG_ROUTE_RELEASE] = "release",
		[DG_ROUTE_INCIDENT] = "incident",
		[DG_ROUTE_INCIDENTS] = "incidents",
		[DG_ROUTE_RECORD] = "record",
	};

	return texts[e->route.verb];
}

int dg_errand_audit(const struct dg_errand *e, int status, int64_t job, struct dg_err *err)
{
	const struct dg_audit_line line = {.at = dg_loop_now(e->desk->loop),
		.who = e->caller.name[0] ? e->caller.name : NULL,
		.from = e->call->from,
		.certificate = e->call->certificate,
		.what = verb_text(e),
		.domain = e->route.domain        ? e->route.domain
			  : e->ask.n_domains > 0 ? e->ask.domains[0]
						 : NULL,
		.status = status,
		.job = job};

	return dg_audit_put(e->desk->audit, &line, err);
}

void dg_errand_problem(struct dg_errand *e, int status, const char *code, const char *detail)
{
	struct dg_err err;

	(void)dg_errand_audit(e, status, 0, &err); /* nothing was done */
	dg_answer_problem(e->call, status, code,
		(struct dg_door_header){
			status == 401 ? "WWW-Authenticate" : NULL, "Bearer realm=\"dnsguard\""},
		detail);
}

void dg_errand_fail(struct dg_errand *e, const struct dg_err *err)
{
	struct dg_err second;

	(void)dg_errand_audit(e, dg_answer_status_of(err), 0, &second);
	dg_answer_error(e->call, err);
}

void dg_errand_answer(struct dg_errand *e, int status, json_t *take_object, const char *location)
{
	struct dg_err err;

	if (dg_errand_audit(e, status, 0, &err) < 0) {
		json_decref(take_object);
		dg_answer_error(e->call, &err);
		return;
	}
	dg_answer_json(e->call, status, take_object, location);
}

/* --- jobs of one domain ------------------------------------------------------------------------- */
/* NULL: none was given. 1: it is no key, which was answered. */
static int read_key(struct dg_errand *e, const char **ret_key)
{
	const char *key = e->call->request.of[DG_REQUEST_IDEMPOTENCY_KEY];

	*ret_key = NULL;
	if (key && !dg_route_is_key(key)) {
		dg_errand_problem(e, 400, "input",
			"Idempotency-Key: expected 1 to 128 visible ASCII characters");
		return 1;
	}
	if (key) { /* of this caller alone */
		*ret_key = dg_printf(e->call->arena, "%s %s", e->caller.name, key);
	}
	return 0;
}

static void take_job(struct dg_errand *e, const char *kind)
{
	struct dg_order_item item = {.zone = e->route.domain,
		.template = e->ask.template,
		.plan = e->ask.plan,
		.adopts = e->ask.adopts};
	const char *key = NULL;

	if (read_key(e, &key) != 0) {
		return;
	}
	if (item.template && !dg_templates_has(e->desk->templates, item.template)) {
		dg_errand_problem(e, BAD_BODY, "input", "there is no template of that name");
		return;
	}
	dg_desk_order(e, kind, key, &item, 1);
}

static void set_policy(struct dg_errand *e)
{
	struct dg_desk *d = e->desk;
	struct dg_err err;

	if (!dg_templates_has(d->templates, e->ask.template)) {
		dg_errand_problem(e, BAD_BODY, "input", "there is no template of that name");
		return;
	}
	int r = dg_errand_audit(e, 200, 0, &err);
	r = r == 0 ? dg_audit_sync(d->audit, &err) : r;
	r = r == 0 ? dg_template_write(d->templates, e->call->arena, e->ask.template, d->zones,
			     e->route.domain, e->ask.replaces, &err)
		   : r;
	if (r < 0) {
		dg_errand_fail(e, &err);
		return;
	}
	dg_answer_json(e->call, 200,
		json_pack("{s:s, s:s}", "domain", e->route.domain, "template", e->ask.template),
		NULL);
}

static void health(struct dg_errand *e)
{
	const struct dg_desk *d = e->desk;
	bool is_full = d->n_waiting >= d->queue_max;

	dg_answer_json(e->call, 200,
		json_pack("{s:s, s:I, s:I}", "status", is_full ? "busy" : "ok", "waiting",
			(json_int_t)d->n_waiting, "at_work", (json_int_t)d->work->n),
		NULL);
}

/* --- dispatch ----------------------------------------------------------------------------------- */
static enum dg_token_verb verb_needed(enum dg_route_verb v)
{
	switch (v) {
	case DG_ROUTE_PLAN:
	case DG_ROUTE_VERIFY:
		return DG_TOKEN_PLAN;
	case DG_ROUTE_APPLY:
	case DG_ROUTE_POLICY:
		return DG_TOKEN_APPLY;
	case DG_ROUTE_APPROVE:
		return DG_TOKEN_APPROVE;
	case DG_ROUTE_STOP:
	case DG_ROUTE_RELEASE:
		return DG_TOKEN_STOP;
	case DG_ROUTE_INCIDENT:
	case DG_ROUTE_INCIDENTS:
	case DG_ROUTE_RECORD:
		return DG_TOKEN_INCIDENT;
	case DG_ROUTE_HEALTH:
	case DG_ROUTE_EVENT:
	case DG_ROUTE_JOB:
	case DG_ROUTE_STATUS:
		break;
	}
	return DG_TOKEN_STATUS;
}

static void dispatch(struct dg_errand *e)
{
	switch (e->route.verb) {
	case DG_ROUTE_HEALTH:
		health(e);
		break;
	case DG_ROUTE_EVENT:
		dg_desk_event(e);
		break;
	case DG_ROUTE_JOB:
		dg_desk_job(e);
		break;
	case DG_ROUTE_STATUS:
		dg_desk_status(e);
		break;
	case DG_ROUTE_POLICY:
		set_policy(e);
		break;
	case DG_ROUTE_PLAN:
		take_job(e, "plan");
		break;
	case DG_ROUTE_APPLY:
		take_job(e, "apply");
		break;
	case DG_ROUTE_VERIFY:
		take_job(e, "verify");
		break;
	case DG_ROUTE_APPROVE:
	case DG_ROUTE_STOP:
	case DG_ROUTE_RELEASE:
		dg_desk_wish(e);
		break;
	case DG_ROUTE_INCIDENT:
		dg_desk_incident(e);
		break;
	case DG_ROUTE_INCIDENTS:
		dg_desk_incidents(e);
		break;
	case DG_ROUTE_RECORD:
		dg_desk_record(e);
		break;
	}
}

static bool is_json(const char *type)
{
	static const char json[] = "application/json";
	const size_t n = sizeof(json) - 1;

	return type && strncasecmp(type, json, n) == 0 &&
	       (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

/* 0: go on. 1: it was answered. */
static int admit(struct dg_errand *e)
{
	if (e->route.verb == DG_ROUTE_HEALTH) {
		return 0;
	}
	if (e->route.verb == DG_ROUTE_EVENT) {
		return dg_errand_admit_webhook(e);
	}
	return dg_errand_admit(e, verb_needed(e->route.verb));
}

static int read_body(struct dg_errand *e)
{
	const struct dg_call *c = e->call;
	struct dg_err err;

	if (c->body_len > 0 && !is_json(c->request.of[DG_REQUEST_CONTENT_TYPE])) {
		dg_errand_problem(e, NOT_JSON, "input", "expected Content-Type: application/json");
		return 1;
	}
	int r = dg_route_ask(c->arena, &e->route, c->body, c->body_len, &e->ask, &err);
	if (r < 0) {
		dg_errand_fail(e, &err);
		return 1;
	}
	return 0;
}

void dg_desk_take(void *arg, struct dg_call *c)
{
	struct dg_errand *e = dg_new(c->arena, struct dg_errand);
	const struct dg_door_header none = {NULL, NULL};
	const char *allow = NULL;

	e->desk = arg;
	e->call = c;
	int status = dg_route_find(c->arena, c->request.method, c->request.path, &e->route, &allow);
	if (status == NOT_ALLOWED) {
		dg_answer_problem(c, status, "input", (struct dg_door_header){"Allow", allow},
			"another method is meant here");
		return;
	}
	if (status != 0) {
		dg_answer_problem(c, NOT_FOUND, "input", none, "no such path: doc/api.md has all");
		return;
	}
	if (admit(e) == 0 && read_body(e) == 0) {
		dispatch(e);
	}
}

void dg_desk_refuse(void *arg, struct dg_call *c, int status, const char *why)
{
	(void)arg;
	dg_answer_problem(c, status, "input", (struct dg_door_header){NULL, NULL}, why);
}
