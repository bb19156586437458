/* What can be looked at: a job, a domain; and what the guard is told about a domain. */
#include "controller/serve/desk_parts.h"
#include "controller/serve/template.h"
#include "controller/serve/work.h"
#include "controller/store/watch.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/json.h"

#include <stdio.h>
#include <string.h>

static const char *canonical(struct dg_arena *a, const char *domain)
{
	return dg_printf(a, "%s.", domain);
}

static json_t *plain_name(struct dg_arena *a, const char *name)
{
	size_t n = strlen(name);

	return dg_json_text(dg_strndup(a, name, n > 1 ? n - 1 : n));
}

static json_t *number_or_null(int64_t n)
{
	return n > 0 ? json_integer(n) : json_null();
}

/* --- jobs --------------------------------------------------------------------------------------- */
static json_t *json_item(const struct dg_desk *d, const struct dg_order_item *t)
{
	bool is_at_work = !t->is_done && dg_work_is_at(d->work, t->order, t->n);
	json_t *o = json_pack("{s:s, s:s}", "domain", t->zone, "state",
		t->is_done   ? "done"
		: is_at_work ? "running"
			     : "queued");
	json_t *result = t->result ? json_loads(t->result, 0, NULL) : NULL;

	dg_json_set(o, "outcome", dg_json_text(t->outcome));
	dg_json_set(o, "template", dg_json_text(t->template));
	dg_json_set(o, "tries", json_integer(t->n_tries));
	dg_json_set(o, "due", t->is_done ? json_null() : number_or_null(t->due));
	dg_json_set(o, "result", result ? result : json_null());
	return o;
}

/* Who asked for it sees it, and who may see all that is in it. To others it is not there. */
static bool may_see(const struct dg_errand *e, const struct dg_order_row *row,
	const struct dg_order_item *items, size_t n)
{
	if (strcmp(row->owner, e->caller.name) == 0) {
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		if (!dg_token_covers(e->caller.zones, items[i].zone)) {
			return false;
		}
	}
	return true;
}

static json_t *json_job(const struct dg_errand *e, const struct dg_order_row *row,
	const struct dg_order_item *items, size_t n)
{
	json_t *list = json_array();
	json_t *o = json_pack("{s:I, s:s, s:s, s:I}", "job", (json_int_t)row->id, "kind", row->kind,
		"owner", row->owner, "at", (json_int_t)row->at);
	size_t n_done = 0;
	bool is_begun = false;

	for (size_t i = 0; i < n; i++) {
		n_done += items[i].is_done ? 1 : 0;
		is_begun = is_begun || items[i].n_tries > 0 ||
			   dg_work_is_at(e->desk->work, items[i].order, items[i].n);
		(void)json_array_append_new(list, json_item(e->desk, &items[i]));
	}
	dg_json_set(o, "why", dg_json_text(row->why));
	dg_json_set(o, "state",
		json_string(n_done == n              ? "done"
			    : n_done > 0 || is_begun ? "running"
						     : "queued"));
	dg_json_set(o, "domains", dg_json_count(n));
	dg_json_set(o, "done", dg_json_count(n_done));
	dg_json_set(o, "items", list);
	return o;
}

void dg_desk_job(struct dg_errand *e)
{
	struct dg_store *s = e->desk->store;
	struct dg_arena *a = e->call->arena;
	struct dg_order_item *items = NULL;
	struct dg_order_row row;
	struct dg_err err;
	size_t n = 0;
	int r = dg_store_order_get(s, a, e->route.number, &row, &err);

	r = r == 0 ? dg_store_order_items(s, a, e->route.number, &items, &n, &err) : r;
	if (r < 0) {
		dg_errand_fail(e, &err);
	} else if (r > 0 || !may_see(e, &row, items, n)) {
		dg_errand_problem(e, 404, "unknown", "no such job");
	} else {
		dg_errand_answer(e, 200, json_job(e, &row, items, n), NULL);
	}
}

/* --- a domain ----------------------------------------------------------------------------------- */
static json_t *json_names(struct dg_arena *a, const struct dg_guard_row *rows, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct dg_guard_row *g = &rows[i];
		json_t *o = json_pack("{s:s}", "state", g->state);

		dg_json_set(o, "name", plain_name(a, g->name));
		dg_json_set(o, "since", number_or_null(g->since));
		dg_json_set(o, "due", number_or_null(g->due));
		dg_json_set(o, "proposal", dg_json_text(g->proposal));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *json_waits(struct dg_arena *a, const struct dg_wait *waits, size_t n)
{
	json_t *list = json_array();
	char type[16];

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_pack("{s:s, s:I}", "type", dg_type_text(waits[i].type, type),
			"until", (json_int_t)waits[i].until);

		dg_json_set(o, "owner", plain_name(a, waits[i].owner));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *json_last(const struct dg_step *steps, size_t n)
{
	static const char *const states[] = {
		[DG_STEP_INTENDED] = "intended",
		[DG_STEP_APPLIED] = "applied",
		[DG_STEP_VERIFIED] = "verified",
		[DG_STEP_FAILED] = "failed",
		[DG_STEP_CONFLICT] = "conflict",
		[DG_STEP_LOST] = "lost",
	};

	return n == 0 ? json_null()
		      : json_pack("{s:I, s:s, s:I}", "change", (json_int_t)steps[0].id, "state",
				states[steps[0].state], "at", (json_int_t)steps[0].intended_at);
}

void dg_desk_status(struct dg_errand *e)
{
	struct dg_store *s = e->desk->store;
	struct dg_arena *a = e->call->arena;
	const char *zone = canonical(a, e->route.domain);
	const char *of = dg_template_of(a, dg_template_path(a, e->desk->zones, e->route.domain));
	struct dg_guard_row *guards = NULL;
	struct dg_wait *waits = NULL;
	struct dg_step *steps = NULL;
	struct dg_run *runs = NULL;
	size_t n_guards = 0, n_waits = 0, n_steps = 0;
	struct dg_err err;
	int r = dg_store_guards_of(s, a, zone, &guards, &n_guards, &err);

	r = r == 0 ? dg_store_waits(s, a, zone, dg_loop_now(e->desk->loop), &waits, &n_waits, &err)
		   : r;
	r = r == 0 ? dg_store_log(s, a, zone, 1, &steps, &runs, &n_steps, &err) : r;
	if (r < 0) {
		dg_errand_fail(e, &err);
		return;
	}
	json_t *o = json_pack("{s:s}", "domain", e->route.domain);
	dg_json_set(o, "policy", dg_json_text(of && !of[0] ? "own" : of ? "template" : NULL));
	dg_json_set(o, "template", dg_json_text(of && of[0] ? of : NULL));
	dg_json_set(o, "names", json_names(a, guards, n_guards));
	dg_json_set(o, "waits", json_waits(a, waits, n_waits));
	dg_json_set(o, "last", json_last(steps, n_steps));
	dg_errand_answer(e, 200, o, NULL);
}

/* --- the guard ---------------------------------------------------------------------------------- */
static bool is_meant(const struct dg_guard_row *g, const char *kind, const char *proposal)
{
	if (strcmp(kind, "release") == 0) {
		return strcmp(g->state, "held") == 0;
	}
	return !proposal || (g->proposal && strncmp(g->proposal, proposal, strlen(proposal)) == 0);
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
static int put(struct dg_desk *d, const struct dg_guard_row *g, const char *kind, bool is_yes,
	const char *who, const char *why, struct dg_err *err)
{
	const struct dg_wish w = {.kind = kind,
		.name = g->name,
		.proposal = is_yes ? g->proposal : NULL,
		.who = who,
		.at = dg_loop_now(d->loop),
		.why = why};

	return dg_store_wish_put(d->store, &w, err);
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
static int put_all(struct dg_desk *d, struct dg_arena *a, const char *domain, const char *kind,
	const char *proposal, const char *who, const char *why, size_t *ret_n, struct dg_err *err)
{
	const char *zone = canonical(a, domain);
	struct dg_guard_row *rows = NULL;
	size_t n = 0, n_put = 0;
	int r = dg_store_guards_of(d->store, a, zone, &rows, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (is_meant(&rows[i], kind, proposal)) {
			r = put(d, &rows[i], kind, proposal != NULL, who, why, err);
			n_put++;
		}
	}
	if (r == 0) {
		*ret_n = n_put;
	}
	return r;
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
int dg_desk_put_wishes(struct dg_desk *d, struct dg_arena *a, const char *domain, const char *kind,
	const char *who, const char *why, size_t *ret_n, struct dg_err *err)
{
	return put_all(d, a, domain, kind, NULL, who, why, ret_n, err);
}

/* In the journal beside the wish: who said it, when. */
static int wish(struct dg_errand *e, const char *kind, size_t *ret_n, struct dg_err *err)
{
	struct dg_desk *d = e->desk;
	const char *why = dg_printf(e->call->arena, "dnsguard serve: %s %s", kind, e->route.domain);
	int64_t now = dg_loop_now(d->loop);
	int64_t run = 0;
	int r = dg_store_begin(d->store, err);

	if (r < 0) {
		return r;
	}
	r = dg_store_run_start(d->store, now, e->caller.name, why, &run, err);
	r = r == 0 ? put_all(d, e->call->arena, e->route.domain, kind, e->ask.plan, e->caller.name,
			     NULL, ret_n, err)
		   : r;
	if (r == 0 && *ret_n == 0) {
		dg_store_rollback(d->store);
		return 0;
	}
	if (r == 0 && *ret_n > 1 && e->route.verb == DG_ROUTE_APPROVE) {
		r = dg_fail(err, DG_EINPUT, "%s names %zu proposals: give more of its digits",
			e->ask.plan, *ret_n);
	}
	r = r == 0 ? dg_store_run_end(d->store, run, now, "wished", err) : r;
	r = r == 0 ? dg_errand_audit(e, 200, 0, err) : r;
	r = r == 0 ? dg_audit_sync(d->audit, err) : r;
	r = r == 0 ? dg_store_commit(d->store, err) : r;
	if (r < 0) {
		dg_store_rollback(d->store);
	}
	return r;
}

void dg_desk_wish(struct dg_errand *e)
{
	static const char *const nothing[] = {"no proposal with this number waits for a yes there",
		"nothing is under guard there", "nothing is held there"};
	unsigned which = e->route.verb == DG_ROUTE_APPROVE ? 0
			 : e->route.verb == DG_ROUTE_STOP  ? 1
							   : 2;
	const char *kind = which == 0 ? "approve" : which == 1 ? "stop" : "release";
	struct dg_err err;
	size_t n = 0;
	int r = wish(e, kind, &n, &err);

	if (r < 0) {
		dg_errand_fail(e, &err);
	} else if (n == 0) {
		dg_errand_problem(e, 404, "unknown", nothing[which]);
	} else {
		dg_answer_json(e->call, 200,
			json_pack("{s:s, s:s, s:I}", "domain", e->route.domain, "wish", kind,
				"names", (json_int_t)n),
			NULL);
	}
}
