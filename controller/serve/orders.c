/* Jobs: taken many at once, on disk before they are answered. */
#include "controller/serve/desk_parts.h"
#include "controller/serve/template.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FULL_WAIT_S 30u

/* In the call's arena. */
struct dg_desk_order {
	struct dg_errand errand;
	struct dg_order_row row;
	const struct dg_order_item *items;
	size_t n;
	bool is_known; /* it came before, as row.id */
	bool is_other; /* ... and was something else */
	struct dg_desk_order *next;
};

static void answer(struct dg_desk_order *o)
{
	struct dg_call *c = o->errand.call;
	const char *path = dg_printf(c->arena, "/v1/jobs/%lld", (long long)o->row.id);

	if (o->is_other) {
		dg_answer_problem(c, 409, "conflict", (struct dg_door_header){NULL, NULL},
			"this key was used before, for another request");
		return;
	}
	dg_answer_json(c, 202,
		json_pack("{s:I, s:s, s:I, s:b}", "job", (json_int_t)o->row.id, "url", path,
			"domains", (json_int_t)o->n, "known", o->is_known ? 1 : 0),
		path);
}

/* A notice of abuse is an incident, also without any bounce, and holds what is under guard: a split would not stop mail that is sent by one of us. */
static int tell_guard(struct dg_desk_order *o, struct dg_err *err)
{
	const struct dg_errand *e = &o->errand;
	const char *why = e->ask.why ? e->ask.why : "a notice of abuse came from the registrar";
	int64_t id = 0;
	size_t n = 0;
	int r = 0;

	if (e->route.verb != DG_ROUTE_EVENT || e->ask.event != DG_EVENT_ABUSE) {
		return 0;
	}
	for (size_t i = 0; r == 0 && i < o->n; i++) {
		r = dg_desk_put_wishes(e->desk, e->call->arena, o->items[i].zone, "abused",
			e->caller.name, why, &n, err);
		if (r == 0 && dg_desk_open_incident(e->desk, e->call->arena, o->items[i].zone,
				      e->caller.name, why, &id, err) < 0) {
			r = (int)err->rc;
		}
	}
	return r;
}

static int write_one(struct dg_desk_order *o, struct dg_err *err)
{
	struct dg_errand *e = &o->errand;
	struct dg_order_row known;
	int r = dg_store_order_put(
		e->desk->store, e->call->arena, &o->row, o->items, o->n, &known, err);

	if (r > 0) {
		o->is_known = true;
		o->is_other = memcmp(known.digest, o->row.digest, sizeof(known.digest)) != 0;
		o->row.id = known.id;
		r = 0;
	} else if (r == 0) {
		r = tell_guard(o, err);
	}
	return r == 0 ? dg_errand_audit(e, o->is_other ? 409 : 202, o->row.id, err) : r;
}

static size_t n_open(const struct dg_desk_order *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++) {
		n += o->items[i].is_done ? 0 : 1;
	}
	return n;
}

void dg_desk_recount(struct dg_desk *d, size_t n)
{
	d->n_waiting = n;
	for (const struct dg_desk_order *o = d->first; o; o = o->next) {
		d->n_waiting += n_open(o);
	}
}

static void flush(void *arg)
{
	struct dg_desk *d = arg;
	struct dg_desk_order *list = d->first;
	struct dg_err err = {0};
	size_t n_new = 0;

	d->first = NULL;
	d->last = &d->first;
	int r = dg_store_begin(d->store, &err);
	if (r == 0) {
		for (struct dg_desk_order *o = list; o && r == 0; o = o->next) {
			r = write_one(o, &err);
		}
		r = r == 0 ? dg_audit_sync(d->audit, &err) : r;
		r = r == 0 ? dg_store_commit(d->store, &err) : r;
		if (r < 0) {
			dg_store_rollback(d->store);
		}
	}
	for (struct dg_desk_order *o = list; o;) {
		struct dg_desk_order *next = o->next; /* o lives until it is answered */
		bool counts = r == 0 && !o->is_known;

		n_new += counts ? n_open(o) : 0;
		d->n_waiting -= counts ? 0 : n_open(o);
		if (r < 0) {
			dg_answer_error(o->errand.call, &err);
		} else {
			answer(o);
		}
		o = next;
	}
	if (n_new > 0) {
		d->on_work(d->on_work_arg);
	}
}

static void digest(const struct dg_errand *e, const char *kind, uint8_t ret_digest[DG_DIGEST_LEN])
{
	struct dg_call *c = e->call;
	size_t n_head = strlen(kind) + 1 + strlen(c->request.path) + 1;
	char *text =
		dg_printf(c->arena, "%s %s%*s", kind, c->request.path, (int)(c->body_len + 1), "");

	memcpy(text + n_head, c->body, c->body_len);
	dg_digest(text, n_head + c->body_len, ret_digest);
}

void dg_desk_order(struct dg_errand *e, const char *kind, const char *key,
	const struct dg_order_item *items, size_t n)
{
	struct dg_desk *d = e->desk;
	struct dg_arena *a = e->call->arena;
	struct dg_desk_order *o = dg_new(a, struct dg_desk_order);

	*o = (struct dg_desk_order){.errand = *e,
		.row = {.key = key,
			.kind = kind,
			.owner = dg_strdup(a, e->caller.name),
			.why = e->route.verb == DG_ROUTE_EVENT ? dg_event_text(e->ask.event) : NULL,
			.at = dg_loop_now(d->loop)},
		.items = dg_memdup(a, items, n * sizeof(*items)),
		.n = n};
	if (d->n_waiting + n_open(o) > d->queue_max) {
		struct dg_err err;

		(void)dg_errand_audit(e, 503, 0, &err);
		dg_answer_later(e->call, 503, "limit", FULL_WAIT_S,
			"too many domains wait to be done; come again");
		return;
	}
	digest(e, kind, o->row.digest);
	d->n_waiting += n_open(o);
	if (!d->first) {
		dg_loop_defer(d->loop, flush, d);
	}
	*d->last = o;
	d->last = &o->next;
}

/* --- events ------------------------------------------------------------------------------------- */
static bool has_policy(const struct dg_errand *e, const char *domain)
{
	return access(dg_template_path(e->call->arena, e->desk->zones, domain), R_OK) == 0;
}

static void note(struct dg_order_item *t, const char *result)
{
	t->is_done = true;
	t->outcome = "noted";
	t->result = result;
}

/* What an event means for one domain. */
static const char *judge(const struct dg_errand *e, struct dg_order_item *t)
{
	const char *template = e->ask.template ? e->ask.template : dg_event_template(e->ask.event);

	switch (e->ask.event) {
	case DG_EVENT_NAMESERVERS_CHANGED:
		if (!has_policy(e, t->zone)) {
			note(t, "{\"note\": \"there is no policy for it\"}");
		}
		return "verify";
	case DG_EVENT_ABUSE:
		note(t, "{\"note\": \"what is under guard there is held\"}");
		return "note";
	case DG_EVENT_REGISTERED:
	case DG_EVENT_PARKED:
	case DG_EVENT_EXPIRING:
	case DG_EVENT_N:
		break;
	}
	if (dg_templates_has(e->desk->templates, template)) {
		t->template = template;
	} else {
		note(t, "{\"note\": \"there is no template for it\"}");
	}
	return "apply";
}

void dg_desk_event(struct dg_errand *e)
{
	struct dg_arena *a = e->call->arena;
	size_t n = e->ask.n_domains;
	struct dg_order_item *items = dg_newn(a, struct dg_order_item, n);
	const char *kind = "note";

	if (e->ask.template && !dg_templates_has(e->desk->templates, e->ask.template)) {
		dg_errand_problem(e, 422, "input", "there is no template of that name");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		items[i] = (struct dg_order_item){.zone = e->ask.domains[i],
			.adopts = e->ask.adopts,
			.replaces = e->ask.replaces};
		kind = judge(e, &items[i]);
	}
	dg_desk_order(e, kind,
		dg_printf(a, "webhook %s", e->call->request.of[DG_REQUEST_WEBHOOK_ID]), items, n);
}
