#include "controller/lookup/resolver.h"

#include "controller/lookup/resolver_internal.h"
#include "providers/net/dns.h"
#include "providers/net/loop.h"
#include "zones/base/address.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

#define CLASS_IN      1
#define PORT_DNS      53u
#define WHY_MAX       200u /* octets of libunbound's words */
#define LOOK_EVERY_MS 5    /* deadlines that are nearer to each other share one look */

/* libunbound's last argument but two of a callback. */
enum sec {
	SEC_INSECURE,
	SEC_BOGUS,
	SEC_SECURE,
};

struct questions {
	struct question *first, *last; /* oldest first */
};

struct question {
	struct dg_resolver *resolver;
	struct dg_resolve *q;
	struct questions *list; /* waiting, running or ready */
	struct question *prev, *next;
	int64_t due_ms;
	int id; /* libunbound's; 0: not with libunbound */
};

/* Millions of questions go through here: their memory is used again, one timer looks at all deadlines, and answers that came in
 * one turn of the loop are handed on together. */
struct dg_resolver {
	struct dg_loop *loop;
	struct ub_ctx *ctx;  /* NULL before the first question */
	const char *failure; /* why there is none; in arena */
	struct dg_arena *arena;
	struct dg_resolver_set set;
	const char *text;
	struct questions waiting, running, ready;
	struct question *spare; /* by next */
	struct dg_timer *look;  /* at the deadlines; set while any question is waiting or running */
	int64_t look_ms;
	struct dg_timer *delivery; /* set while any is ready */
	bool *is_gone;             /* set while done() is called */
	uint32_t n_running, n_window;
	uint64_t n_answered;
};

/* --- lists ------------------------------------------------------------------------------------ */
static void leave(struct question *u)
{
	struct questions *l = u->list;

	assert(l);
	if (u->prev) {
		u->prev->next = u->next;
	} else {
		l->first = u->next;
	}
	if (u->next) {
		u->next->prev = u->prev;
	} else {
		l->last = u->prev;
	}
	u->list = NULL;
}

static void enter(struct questions *l, struct question *u)
{
	u->list = l;
	u->prev = l->last;
	u->next = NULL;
	if (l->last) {
		l->last->next = u;
	} else {
		l->first = u;
	}
	l->last = u;
}

static struct question *question_new(struct dg_resolver *r)
{
	struct question *u = r->spare;

	if (u) {
		r->spare = u->next;
	} else {
		u = malloc(sizeof(*u));
		if (!u) {
			abort();
		}
	}
	*u = (struct question){.resolver = r};
	return u;
}

static void question_free(struct question *u)
{
	struct dg_resolver *r = u->resolver;

	leave(u);
	u->q->internal = NULL;
	u->next = r->spare;
	r->spare = u;
	if (!r->waiting.first && !r->running.first) {
		r->look = dg_timer_cancel(r->look);
	}
}

/* --- handing on ------------------------------------------------------------------------------- */
static void start_waiting(struct dg_resolver *r);

static void deliver(void *arg)
{
	struct dg_resolver *r = arg;
	struct question *end =
		r->ready.last; /* what becomes ready meanwhile waits for the next turn */
	bool is_gone = false;
	bool is_last = false;

	r->delivery = NULL;
	r->is_gone = &is_gone;
	while (!is_last && r->ready.first) {
		struct question *u = r->ready.first;
		struct dg_resolve *q = u->q;

		is_last = u == end;
		question_free(u);
		start_waiting(r);
		q->done(q);
		if (is_gone) {
			return;
		}
	}
	r->is_gone = NULL;
	if (r->ready.first && !r->delivery) {
		r->delivery = dg_loop_after_ms(r->loop, 0, deliver, r);
	}
}

static void set_ready(struct question *u)
{
	struct dg_resolver *r = u->resolver;

	if (u->list) {
		leave(u);
	}
	enter(&r->ready, u);
	if (!r->delivery) {
		r->delivery = dg_loop_after_ms(r->loop, 0, deliver, r);
	}
}

/* --- deadlines -------------------------------------------------------------------------------- */
/* Takes it from libunbound: no callback comes for it any more. */
static void stop_question(struct question *u)
{
	struct dg_resolver *r = u->resolver;

	if (u->list == &r->running) {
		if (u->id != 0) {
			(void)ub_cancel(r->ctx, u->id);
		}
		r->n_running--;
	}
}

static void expire(struct question *u)
{
	struct dg_resolve *q = u->q;

	stop_question(u);
	q->why = dg_printf(q->arena, "no answer from the %s within %lld ms", u->resolver->text,
		(long long)q->deadline_ms);
	set_ready(u);
}

/* The next deadline of those that are left. */
static int64_t look_at(struct questions *l, int64_t now, int64_t next)
{
	struct question *after = NULL;

	for (struct question *u = l->first; u; u = after) {
		after = u->next;
		if (u->due_ms <= now) {
			expire(u);
		} else if (u->due_ms < next) {
			next = u->due_ms;
		}
	}
	return next;
}

static void look_later(struct dg_resolver *r, int64_t now, int64_t due_ms);

static void on_look(void *arg)
{
	struct dg_resolver *r = arg;
	int64_t now = dg_loop_mono_ms(r->loop);

	r->look = NULL;
	int64_t next = look_at(&r->running, now, INT64_MAX);
	next = look_at(&r->waiting, now, next);
	if (next < INT64_MAX) {
		look_later(r, now, next < now + LOOK_EVERY_MS ? now + LOOK_EVERY_MS : next);
	}
	start_waiting(r);
}

static void look_later(struct dg_resolver *r, int64_t now, int64_t due_ms)
{
	if (r->look && r->look_ms <= due_ms) {
		return;
	}
	(void)dg_timer_cancel(r->look);
	r->look = dg_loop_after_ms(r->loop, due_ms - now, on_look, r);
	r->look_ms = due_ms;
}

/* --- questions -------------------------------------------------------------------------------- */
static void set_bogus(struct dg_resolve *q, const char *why)
{
	struct dg_buf b;

	dg_buf_init(&b, (size_t)WHY_MAX * 8);
	if (why) {
		dg_buf_puts(&b, ": ");
		dg_buf_put_safe(&b, why, strnlen(why, WHY_MAX));
	}
	q->trust = DG_TRUST_BOGUS;
	q->why = dg_printf(q->arena, "DNSSEC validation failed%s", b.len > 0 ? b.data : "");
	dg_buf_done(&b);
}

/* Bogus data comes with rcode 0 and a packet: sec is looked at first. The packet means nothing
 * when rcode is not 0. */
/* NOLINTNEXTLINE(readability-function-size): libunbound has this form */
static void on_answer(
	void *arg, int rcode, void *packet, int len, int sec, char *why_bogus, int was_limited)
{
	struct question *u = arg;

	(void)was_limited;
	if (!u) { /* dg_resolver_start() */
		return;
	}
	struct dg_resolve *q = u->q;
	struct dg_resolver *r = u->resolver;

	r->n_running--;
	r->n_answered++;
	q->rcode = rcode;
	if (sec == SEC_BOGUS) {
		set_bogus(q, why_bogus);
	} else if (rcode != 0 || !packet || len < 0) {
		q->why = dg_printf(q->arena, "the %s has no answer (%s)", r->text,
			rcode == 2 ? "SERVFAIL" : "RCODE other than NOERROR");
	} else {
		if (r->set.trust_anchor) {
			q->trust = sec == SEC_SECURE ? DG_TRUST_SECURE : DG_TRUST_INSECURE;
		}
		dg_resolver_read(q, packet, (size_t)len);
	}
	set_ready(u);
}

static void start_context(struct dg_resolver *r)
{
	if (!r->ctx && !r->failure) {
		r->ctx = dg_resolver_context(r->arena, &r->set, dg_loop_base(r->loop), &r->failure);
	}
}

static void start(struct question *u)
{
	struct dg_resolver *r = u->resolver;
	int rc = UB_NOERROR;

	start_context(r);
	leave(u);
	enter(&r->running, u);
	r->n_running++;
	if (r->ctx) {
		/* The callback may come from inside this call. */
		rc = ub_resolve_event(
			r->ctx, u->q->name, u->q->type, CLASS_IN, u, on_answer, &u->id);
	}
	if (r->failure || rc != UB_NOERROR) {
		r->n_running--;
		u->q->why = r->failure ? r->failure : ub_strerror(rc);
		set_ready(u);
	}
}

static void start_waiting(struct dg_resolver *r)
{
	while (r->waiting.first && r->n_running < r->n_window) {
		start(r->waiting.first);
	}
}

void dg_resolver_ask(struct dg_resolver *r, struct dg_resolve *q)
{
	struct question *u = question_new(r);
	int64_t now = dg_loop_mono_ms(r->loop);

	q->internal = u;
	q->result = DG_RESOLVED_UNKNOWN;
	q->set = dg_rrset_none(q->name, q->type);
	q->cnames = NULL;
	q->n_cnames = 0;
	q->negative_ttl = 0;
	q->trust = DG_TRUST_NONE;
	q->rcode = 0;
	q->why = NULL;
	u->q = q;
	u->due_ms = q->deadline_ms > INT64_MAX - now ? INT64_MAX - 1 : now + q->deadline_ms;
	enter(&r->waiting, u);
	look_later(r, now, u->due_ms);
	start_waiting(r);
}

void dg_resolver_cancel(struct dg_resolve *q)
{
	struct question *u = q->internal;

	if (u) {
		struct dg_resolver *r = u->resolver;
		stop_question(u);
		question_free(u);
		start_waiting(r);
	}
}

/* --- life ------------------------------------------------------------------------------------- */
static int check_file(const char *what, const char *path, struct dg_err *err)
{
	if (path && access(path, R_OK) != 0) {
		return dg_fail(err, DG_EIO, "%s %s: %s", what, path, strerrordesc_np(errno));
	}
	return 0;
}

int dg_resolver_new(struct dg_loop *l, const struct dg_resolver_options *options,
	struct dg_resolver **ret_resolver, struct dg_err *err)
{
	const struct dg_resolver_options none = {.n_window = 0};
	const struct dg_resolver_options *o = options ? options : &none;
	const struct dg_endpoint *at = o->at && o->at->host && !o->is_recursive ? o->at : NULL;

	if (at && !dg_address_is_literal(at->host)) {
		return dg_fail_at(err, &at->pos, DG_EINPUT,
			"resolver \"%s\" is not an address; expected an IPv4 or IPv6 address, as "
			"192.0.2.53 "
			"or [2001:db8::53]:53",
			at->host);
	}
	int rc = check_file("trust anchor", o->trust_anchor, err);
	rc = rc < 0 ? rc : check_file("root hints", o->root_hints, err);
	if (rc < 0) {
		return rc;
	}
	struct dg_arena *a = dg_arena_new(1u << 20);
	struct dg_resolver *r = dg_new(a, struct dg_resolver);
	*r = (struct dg_resolver){
		.arena = a,
		.loop = l,
		.n_window = o->n_window ? o->n_window : DG_RESOLVER_WINDOW,
		.set = {.is_recursive = o->is_recursive,
			.trust_anchor = o->trust_anchor ? dg_strdup(a, o->trust_anchor) : NULL,
			.root_hints = o->root_hints ? dg_strdup(a, o->root_hints) : NULL,
			.n_sockets = o->n_sockets,
			.cache_bytes = o->cache_bytes},
	};
	r->text = o->is_recursive ? "resolver in this program" : "resolver of this system";
	if (at) {
		r->set.forward = dg_printf(a, "%s@%u", at->host, at->port ? at->port : PORT_DNS);
		r->text = dg_printf(a, "resolver %s", r->set.forward);
	}
	*ret_resolver = r;
	return 0;
}

int dg_resolver_start(struct dg_resolver *r, struct dg_err *err)
{
	start_context(r);
	if (r->ctx) {
		int rc = ub_resolve_event(r->ctx, "localhost.", 1, CLASS_IN, NULL, on_answer, NULL);

		if (rc != UB_NOERROR) {
			r->failure = dg_printf(
				r->arena, "cannot start the resolver: %s", ub_strerror(rc));
		}
	}
	return r->failure ? dg_fail(err, DG_EIO, "%s", r->failure) : 0;
}

static void free_all(struct questions *l)
{
	while (l->first) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): that takes it out of the list */
		stop_question(l->first);
		question_free(l->first);
	}
}

struct dg_resolver *dg_resolver_free(struct dg_resolver *r)
{
	if (!r) {
		return NULL;
	}
	free_all(&r->ready);
	free_all(&r->running);
	free_all(&r->waiting);
	while (r->spare) {
		struct question *u = r->spare;

		r->spare = u->next;
		free(u);
	}
	(void)dg_timer_cancel(r->look);
	(void)dg_timer_cancel(r->delivery);
	if (r->is_gone) {
		*r->is_gone = true;
	}
	if (r->ctx) {
		ub_ctx_delete(r->ctx);
	}
	(void)dg_arena_free(r->arena);
	return NULL;
}

const char *dg_resolver_text(const struct dg_resolver *r)
{
	return r->text;
}

void dg_resolver_set_window(struct dg_resolver *r, uint32_t n)
{
	r->n_window = n > 0 ? n : 1;
	start_waiting(r);
}

bool dg_resolver_is_full(const struct dg_resolver *r)
{
	return r->waiting.first != NULL;
}

uint64_t dg_resolver_n_answered(const struct dg_resolver *r)
{
	return r->n_answered;
}

struct dg_loop *dg_resolver_loop(const struct dg_resolver *r)
{
	return r->loop;
}
