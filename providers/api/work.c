/* One read() or apply() on its way: which call comes next, and what the answer to the last one means. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "providers/api/api.h"
#include "providers/api/xml.h"
#include "providers/net/loop.h"
#include "providers/net/pace.h"
#include "zones/base/arena.h"
#include "zones/record/name.h"

#define INFLIGHT      4u
#define WAIT_FIRST_MS 500
#define POLL_FIRST_MS 100
#define POLL_LAST_MS  5000
#define LOGIN_SKEW_MS 60000

enum state {
	STATE_LOGIN,
	STATE_FIND,
	STATE_LIST,
	STATE_CHANGE,
	STATE_POLL,
	STATE_PUBLISH,
};

static void go(struct dg_api_work *w, enum state state);

static bool is_write(const struct dg_api_work *w)
{
	return w->state == STATE_CHANGE || w->state == STATE_PUBLISH;
}

/* --- the line --------------------------------------------------------------------------------- */
static void begin_waiting(struct dg_api *p)
{
	unsigned max = p->dialect->inflight ? p->dialect->inflight : INFLIGHT;

	while (p->line_first && p->n_running < max) {
		struct dg_api_work *w = p->line_first;

		p->line_first = w->next;
		p->n_running++;
		w->due_ms = dg_loop_mono_ms(p->loop) + w->deadline_ms;
		go(w, STATE_LOGIN);
	}
}

static void line_up(struct dg_api_work *w)
{
	struct dg_api *p = w->api;

	if (p->line_first) {
		p->line_last->next = w;
	} else {
		p->line_first = w;
	}
	p->line_last = w;
	begin_waiting(p);
}

/* Of a read rc counts, of an apply the outcome. */
static void end(struct dg_api_work *w, int rc, enum dg_outcome outcome)
{
	w->api->n_running--;
	begin_waiting(w->api);
	if (w->read) {
		w->read->have = rc == 0 ? w->have : NULL;
		w->read->done(w->read, rc);
	} else {
		w->apply->done(w->apply, outcome);
	}
}

/* What was done before stays done: then it is only a part. */
static void fail(struct dg_api_work *w, enum dg_outcome outcome)
{
	if (w->state == STATE_PUBLISH) {
		(void)dg_wrap(w->err, (int)w->err->rc,
			"all edits are made, but not made public yet: apply again does that");
		outcome = DG_PARTIAL;
		w->apply->is_staged = true;
	} else if (w->at > 0 && outcome != DG_UNKNOWN) {
		(void)dg_wrap(w->err, w->err->rc, "%zu of %zu edits are done", w->at, w->n_ops);
		outcome = DG_PARTIAL;
	}
	end(w, (int)w->err->rc, outcome);
}

/* --- waiting ---------------------------------------------------------------------------------- */
/* Growing, half of it by chance: many that failed together do not come back together. */
static int64_t wait_ms(const struct dg_api_work *w)
{
	int64_t ms = (int64_t)WAIT_FIRST_MS << w->n_tries;
	uint32_t chance = 0;

	if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) != (ssize_t)sizeof(chance)) {
		chance = 0; /* then without chance */
	}
	ms = ms / 2 + (int64_t)(chance % (uint32_t)(ms / 2 + 1));
	int64_t asked_ms = (int64_t)w->err->retry_after_s * 1000;
	return ms > asked_ms ? ms : asked_ms;
}

/* May this call be sent again, and is there time for it? Then it will be. */
static bool is_tried_again(struct dg_api_work *w, bool may_help)
{
	int64_t ms = wait_ms(w);
	int64_t left_ms = w->due_ms - dg_loop_mono_ms(w->api->loop);

	if (!may_help || w->n_tries + 1 >= DG_API_TRIES || ms >= left_ms) {
		return false;
	}
	w->n_tries++;
	(void)dg_loop_after_ms(w->api->loop, ms, dg_api_send, w);
	return true;
}

/* --- what an answer means --------------------------------------------------------------------- */
static bool is_conflict(const struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const struct dg_api_dialect *d = w->api->dialect;

	return d->is_conflict ? d->is_conflict(reply)
			      : reply->status == 409 || reply->status == 412;
}

/* An answer with another status than 2xx. */
static void refused(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const struct dg_api_dialect *d = w->api->dialect;
	long status = reply->status;
	bool is_unclear = status >= 500 || status == 408;

	dg_api_explain(w, reply);
	if (status == 401) {
		w->api->login_until_ms = 0;
	}
	/* Nothing was done with 429 and 423; asking, polling and making public may be repeated anyway. */
	bool is_busy = status == 429 || status == 423 || (d->is_busy && d->is_busy(reply));
	bool may_repeat = is_busy || (is_unclear && w->state != STATE_CHANGE);
	if (is_busy && status != 423) { /* that one is the zone's alone */
		dg_net_pace_shut(w->api->pace, dg_loop_mono_ms(w->api->loop), wait_ms(w));
	}
	if (is_tried_again(w, may_repeat)) {
		return;
	}
	if (is_write(w) && is_conflict(w, reply)) {
		w->err->rc = DG_ECONFLICT;
		fail(w, DG_CONFLICT);
		return;
	}
	bool is_open = w->state == STATE_POLL ||
		       (is_write(w) && !is_busy && (is_unclear || (d->flags & DG_API_UNSURE)));
	fail(w, is_open ? DG_UNKNOWN : DG_NOT_APPLIED);
}

/* No answer at all. */
static void silent(struct dg_api_work *w)
{
	const struct dg_http_request *r = &w->request;
	bool may_be_done = is_write(w) && r->was_sent;

	*w->err = r->err;
	bool may_repeat = w->state != STATE_CHANGE || !r->was_sent;
	if (is_tried_again(w, may_repeat && r->err.rc == DG_EIO)) {
		return;
	}
	/* What polls or makes public comes after an edit that the other side took. */
	fail(w, may_be_done || w->state == STATE_POLL ? DG_UNKNOWN : DG_NOT_APPLIED);
}

/* The account has to be quiet for longer than there is time. Nothing was sent. */
void dg_api_held_back(void *arg)
{
	struct dg_api_work *w = arg;
	int64_t ms = dg_net_pace_shut_ms(w->api->pace, dg_loop_mono_ms(w->api->loop));
	unsigned wait_s = (unsigned)(ms / 1000) + 1;

	(void)dg_fail(w->err, DG_ELIMIT, "%s wants no request for %u s (429 before)", w->api->host,
		wait_s);
	w->err->retry_after_s = wait_s;
	fail(w, w->state == STATE_POLL ? DG_UNKNOWN : DG_NOT_APPLIED);
}

/* --- success ---------------------------------------------------------------------------------- */
static void listed_all(struct dg_api_work *w)
{
	w->have = dg_api_zone(w);
	if (w->read) {
		end(w, 0, DG_APPLIED);
		return;
	}
	if (dg_api_compare(w) < 0) {
		end(w, 0, DG_CONFLICT);
		return;
	}
	dg_api_make_ops(w);
	if (w->apply->is_dry_run || w->n_ops == 0) {
		end(w, 0, DG_APPLIED);
		return;
	}
	go(w, STATE_CHANGE);
}

static void changed(struct dg_api_work *w)
{
	w->at += w->n_batch;
	if (w->at < w->n_ops) {
		go(w, STATE_CHANGE);
	} else if (w->api->dialect->publish) {
		go(w, STATE_PUBLISH);
	} else {
		end(w, 0, DG_APPLIED);
	}
}

/* The take function of this state. */
static int take(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const struct dg_api_dialect *d = w->api->dialect;

	switch ((enum state)w->state) {
	case STATE_LOGIN:
		return d->logged_in(w, reply);
	case STATE_FIND:
		return d->found(w, reply);
	case STATE_LIST:
		return d->listed(w, reply);
	case STATE_CHANGE:
		return d->changed ? d->changed(w, reply) : 0;
	case STATE_POLL:
		return d->polled(w, reply);
	case STATE_PUBLISH:
		break;
	}
	return 0;
}

static void poll_again(struct dg_api_work *w)
{
	int64_t ms = (int64_t)POLL_FIRST_MS << (w->n_polls < 6 ? w->n_polls : 6);

	if (w->n_polls++ >= DG_API_POLLS_MAX) {
		(void)dg_fail(w->err, DG_EREMOTE,
			"%s took the change, but does not say that it is done", w->api->host);
		fail(w, DG_UNKNOWN);
		return;
	}
	(void)dg_loop_after_ms(w->api->loop, ms < POLL_LAST_MS ? ms : POLL_LAST_MS, dg_api_send, w);
}

static void next_page(struct dg_api_work *w)
{
	if (++w->n_pages >= DG_API_PAGES_MAX) {
		(void)dg_fail(w->err, DG_ELIMIT, "%s: more than %u pages", w->api->host,
			DG_API_PAGES_MAX);
		fail(w, DG_NOT_APPLIED);
		return;
	}
	go(w, (enum state)w->state);
}

void dg_api_remember(struct dg_api_work *w)
{
	struct dg_api_place *place = dg_map_get(&w->api->zones, w->zone);

	if (!place) {
		place = dg_new(w->api->arena, struct dg_api_place);
		(void)dg_map_put(&w->api->zones, dg_strdup(w->api->arena, w->zone), place);
	}
	if (w->id && (!place->id || strcmp(place->id, w->id) != 0)) {
		place->id = dg_strdup(w->api->arena, w->id);
	}
	place->default_ttl = w->default_ttl;
}

static void accepted(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	int rc = take(w, reply);

	if (rc < 0) {
		/* A refusal inside of a success did nothing; what is not understood may have done anything. */
		fail(w, rc == DG_EPOLICY                        ? DG_NOT_APPLIED
			: rc == DG_ECONFLICT                    ? DG_CONFLICT
			: w->state < STATE_CHANGE && w->at == 0 ? DG_NOT_APPLIED
								: DG_UNKNOWN);
		return;
	}
	if (rc > 0 && (w->state == STATE_FIND || w->state == STATE_LIST)) {
		next_page(w);
		return;
	}
	switch ((enum state)w->state) {
	case STATE_LOGIN:
		go(w, STATE_FIND);
		break;
	case STATE_FIND:
		dg_api_remember(w);
		w->page = NULL;
		go(w, STATE_LIST);
		break;
	case STATE_LIST:
		listed_all(w);
		break;
	case STATE_CHANGE:
	case STATE_POLL:
		if (rc > 0 && w->state == STATE_CHANGE) {
			go(w, STATE_POLL);
		} else if (rc > 0) {
			poll_again(w);
		} else {
			changed(w);
		}
		break;
	case STATE_PUBLISH:
		end(w, 0, DG_APPLIED);
		break;
	}
}

void dg_api_on_reply(struct dg_http_request *r, int rc)
{
	struct dg_api_work *w = r->arg;
	json_t *json = NULL;

	if (rc < 0) {
		dg_http_request_done(r);
		silent(w);
		return;
	}
	if (w->api->dialect->flags & DG_API_XML) {
		json = dg_xml_parse(r->reply, r->reply_len);
	} else if (r->reply_len > 0) {
		json = json_loadb(
			r->reply, r->reply_len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	}
	/* The answer goes with the next call's; the machine may go on from here. */
	char *body = r->reply;
	char *kept = r->kept;
	const struct dg_api_reply reply = {.status = r->status,
		.json = json,
		.body = body ? body : "",
		.len = r->reply_len,
		.next = dg_api_query(w->arena, r->next),
		.kept = kept};
	r->reply = NULL;
	r->kept = NULL;
	dg_http_request_done(r);
	if (reply.status >= 200 && reply.status < 300) {
		accepted(w, &reply);
	} else {
		refused(w, &reply);
	}
	json_decref(json);
	free(body);
	free(kept);
}

/* --- the next call ---------------------------------------------------------------------------- */
static bool needs_login(const struct dg_api_work *w)
{
	const struct dg_api *p = w->api;

	return p->dialect->login &&
	       (p->login_until_ms == 0 ||
		       p->login_until_ms < dg_loop_mono_ms(p->loop) + LOGIN_SKEW_MS);
}

static void make_change(struct dg_api_work *w)
{
	const struct dg_api_dialect *d = w->api->dialect;
	size_t max = d->flags & DG_API_BATCH ? w->n_ops - w->at : 1;

	w->n_batch = d->batch_max > 0 && d->batch_max < max ? d->batch_max : max;
	w->op = &w->ops[w->at];
	w->n_polls = 0;
	d->change(w, &w->call);
}

static void go(struct dg_api_work *w, enum state state)
{
	const struct dg_api_dialect *d = w->api->dialect;

	if (state == STATE_LOGIN && !needs_login(w)) {
		state = STATE_FIND;
	}
	if (state == STATE_FIND && !w->page) {
		const struct dg_api_place *known = dg_map_get(&w->api->zones, w->zone);
		w->id = known ? known->id : NULL;
		w->default_ttl = known ? known->default_ttl : 0;
		state = w->id || !d->find ? STATE_LIST : STATE_FIND;
	}
	w->state = (int)state;
	w->n_tries = 0;
	w->call = (struct dg_api_call){0};
	switch (state) {
	case STATE_LOGIN:
		d->login(w, &w->call);
		break;
	case STATE_FIND:
		d->find(w, &w->call);
		break;
	case STATE_LIST:
		d->list(w, &w->call);
		break;
	case STATE_CHANGE:
		make_change(w);
		break;
	case STATE_POLL:
		d->poll(w, &w->call);
		break;
	case STATE_PUBLISH:
		d->publish(w, &w->call);
		break;
	}
	dg_api_send(w);
}

/* --- doors ------------------------------------------------------------------------------------ */
static struct dg_api_work *work_new(
	struct dg_provider *provider, struct dg_arena *arena, const char *zone, int64_t deadline_ms)
{
	struct dg_api_work *w = dg_new(arena, struct dg_api_work);

	w->api = provider->priv;
	w->arena = arena;
	w->zone = zone;
	w->plain = dg_name_plain(arena, zone);
	w->deadline_ms = deadline_ms;
	return w;
}

void dg_api_read(struct dg_provider *provider, struct dg_read *r)
{
	struct dg_api_work *w = work_new(provider, r->arena, r->zone, r->deadline_ms);

	w->read = r;
	w->err = &r->err;
	line_up(w);
}

void dg_api_apply(struct dg_provider *provider, struct dg_apply *a)
{
	struct dg_api_work *w = work_new(provider, a->arena, a->zone, a->deadline_ms);

	w->apply = a;
	w->err = &a->err;
	w->swaps = a->swaps;
	w->n_swaps = a->n_swaps;
	line_up(w);
}
