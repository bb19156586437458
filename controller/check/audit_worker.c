#include "controller/check/audit_worker.h"

#include "controller/check/audit_belt.h"
#include "controller/check/audit_rate.h"
#include "controller/check/audit_row.h"
#include "controller/check/cache.h"
#include "controller/lookup/inquiry.h"
#include "controller/lookup/resolver.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/check/check.h"
#include "zones/mail/idn.h"
#include "zones/record/name.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define TICK_MS 20 /* to see that it is over, or that there are lines again */
/* How many questions are in flight. More cost libunbound more each (measured: a third more with 800 than with 200), and a server's
 * socket holds about 190 before it drops them; but answers that come late need many. So there are more only while this
 * thread has time left and more are answered for it; what did not help is taken back, and tried again after a rest. */
#define OPEN_MIN       128u /* of all threads together */
#define EPOCH_MS       200
#define REST_EPOCHS    5
#define IDLE_WAITS     10 /* in an epoch */
#define TICK_HUNGRY_MS 2
#define ARENA_MAX \
	((size_t)64 << 20) /* a domain; DG_INQUIRY_QUESTIONS answers of 64 KiB do not come */
#define HOSTS_MAX 16u      /* name servers of a domain that are charged */
#define QUESTIONS 12u      /* of a domain, until it is known how many it were */

/* A fact of the cache that is in use. */
struct borrowed {
	struct borrowed *next;
	struct dg_cached *cached;
};

/* A domain on its way. */
struct job {
	struct dg_worker *worker;
	struct job *prev, *next;
	struct dg_belt_line line;
	struct dg_arena *arena; /* facts */
	const char *domain;
	struct dg_inquiry inquiry;
	struct borrowed *borrowed;
	bool is_inquiring;
	/* with a rate */
	struct dg_resolve ns;
	struct dg_timer *wait;
	const char *hosts[HOSTS_MAX];
	size_t n_hosts;
};

struct dg_worker {
	struct dg_crew *crew;
	struct dg_loop *loop;
	struct dg_resolver *resolver;
	struct dg_timer *tick;
	struct job *jobs;  /* in flight */
	struct job *spare; /* by next; their arenas are used again too */
	/* What the last round of any of them made of its facts: done() comes right after a round, so one is enough. */
	struct dg_check check;
	struct dg_arena *round;
	uint32_t n_jobs;
	struct {
		uint32_t n, least, most; /* questions that may be in flight */
		uint32_t n_before;       /* the last step up was from here; 0: it was none */
		uint32_t n_rest;         /* epochs without a step up */
		uint64_t n_answers, n_answers_before; /* of this epoch, of the one before */
		uint64_t n_total;
		int64_t epoch_ms;
		long n_waits; /* of this thread until now, for something to happen */
	} open;
	struct dg_buf text;
	pthread_t thread;
	bool is_started, is_hungry, is_over;
};

static void feed(struct dg_worker *w);

/* --- jobs ------------------------------------------------------------------------------------- */
static struct job *job_new(struct dg_worker *w)
{
	struct job *j = w->spare;

	if (j) {
		w->spare = j->next;
	} else {
		j = malloc(sizeof(*j));
		if (!j) {
			abort();
		}
		j->arena = dg_arena_new(ARENA_MAX);
	}
	/* Not the line: it is set by who takes it. */
	j->worker = w;
	j->prev = NULL;
	j->next = w->jobs;
	if (w->jobs) {
		w->jobs->prev = j;
	}
	w->jobs = j;
	w->n_jobs++;
	j->borrowed = NULL;
	j->is_inquiring = false;
	j->wait = NULL;
	j->n_hosts = 0;
	j->ns = (struct dg_resolve){.arg = j};
	return j;
}

static void job_free(struct job *j)
{
	struct dg_worker *w = j->worker;

	for (struct borrowed *b = j->borrowed; b; b = b->next) {
		dg_cached_release(b->cached);
	}
	dg_arena_clear(j->arena);
	if (j->prev) {
		j->prev->next = j->next;
	} else {
		w->jobs = j->next;
	}
	if (j->next) {
		j->next->prev = j->prev;
	}
	w->n_jobs--;
	j->next = w->spare;
	w->spare = j;
}

/* The row in w->text goes onto the belt. */
static void deliver(struct job *j)
{
	struct dg_worker *w = j->worker;
	size_t slot = j->line.slot;

	if (w->text.is_full) {
		dg_buf_done(&w->text);
		dg_buf_init(&w->text, DG_ROW_MAX);
		dg_row_put_error(&w->text, &j->line, "the result is larger than a row may be",
			w->crew->is_csv);
	}
	char *copy = malloc(w->text.len + 1);
	if (!copy) {
		abort();
	}
	memcpy(copy, w->text.data, w->text.len);
	job_free(j);
	dg_belt_done(w->crew->belt, slot, copy, w->text.len);
}

static void fail(struct job *j, const char *why)
{
	struct dg_worker *w = j->worker;

	dg_buf_clear(&w->text);
	dg_row_put_error(&w->text, &j->line, why, w->crew->is_csv);
	deliver(j);
}

/* --- the check -------------------------------------------------------------------------------- */
static const struct dg_fact *known(void *arg, const char *owner, uint16_t type)
{
	struct job *j = arg;
	struct dg_crew *crew = j->worker->crew;

	if (dg_name_is_at_or_under(owner, j->domain)) {
		return NULL;
	}
	struct dg_cached *e =
		dg_cache_get(crew->cache, owner, type, dg_loop_mono_ms(j->worker->loop));
	if (!e) {
		return NULL;
	}
	struct borrowed *b = dg_new(j->arena, struct borrowed);
	*b = (struct borrowed){.next = j->borrowed, .cached = e};
	j->borrowed = b;
	(void)atomic_fetch_add_explicit(&crew->n_cached, 1, memory_order_relaxed);
	return dg_cached_fact(e);
}

static void count_answer(struct dg_worker *w, bool is_one)
{
	(void)atomic_fetch_add_explicit(&w->crew->n_answered, is_one, memory_order_relaxed);
}

static void learned(void *arg, const char *owner, uint16_t type, const struct dg_fact *fact)
{
	struct job *j = arg;

	count_answer(j->worker, fact->state != DG_FACT_UNKNOWN);
	if (!dg_name_is_at_or_under(owner, j->domain)) {
		dg_cache_put(j->worker->crew->cache, owner, type, fact,
			dg_loop_mono_ms(j->worker->loop));
	}
}

static void round_of(struct dg_inquiry *q)
{
	struct job *j = q->arg;
	const struct dg_check_input in = {
		.domain = j->domain,
		.depth = j->worker->crew->is_fast ? DG_CHECK_FAST : DG_CHECK_AUDIT,
		.facts = &q->facts,
	};

	dg_arena_clear(j->worker->round);
	dg_check_make(j->worker->round, &in, &j->worker->check);
}

static void on_checked(struct dg_inquiry *q)
{
	struct job *j = q->arg;
	struct dg_worker *w = j->worker;

	(void)atomic_fetch_add_explicit(
		&w->crew->n_questions, q->n_questions, memory_order_relaxed);
	if (w->crew->rate) {
		dg_rate_settle(
			w->crew->rate, j->hosts, j->n_hosts, (int)q->n_questions - (int)QUESTIONS);
	}
	dg_buf_clear(&w->text);
	dg_row_put_check(&w->text, &j->line, &w->check, w->crew->is_csv);
	deliver(j);
	feed(w);
}

static void start_check(void *arg)
{
	struct job *j = arg;
	struct dg_worker *w = j->worker;

	j->wait = NULL;
	j->is_inquiring = true;
	j->inquiry = (struct dg_inquiry){
		.loop = w->loop,
		.resolver = w->resolver,
		.arena = j->arena,
		.deadline_ms = w->crew->deadline_ms,
		.question_ms = w->crew->deadline_ms / 2,
		.again_ms = DG_INQUIRY_AGAIN_MS,
		.known = known,
		.learned = learned,
		.round = round_of,
		.done = on_checked,
		.arg = j,
	};
	dg_inquiry_start(&j->inquiry);
}

/* --- the rate --------------------------------------------------------------------------------- */
static void on_servers(struct dg_resolve *q)
{
	struct job *j = q->arg;
	struct dg_worker *w = j->worker;
	size_t len;

	count_answer(w, q->result != DG_RESOLVED_UNKNOWN);
	for (size_t i = 0; i < q->set.n && j->n_hosts < HOSTS_MAX; i++) {
		const struct dg_rdata *rd = &q->set.rdata[i];

		if (dg_name_from_wire(j->arena, rd->wire, rd->len, &j->hosts[j->n_hosts], &len) ==
			0) {
			j->n_hosts++;
		}
	}
	if (j->n_hosts == 0) { /* a name in somebody's zone, or none at all: its parent's servers */
		j->hosts[j->n_hosts++] = dg_name_parent(j->domain);
	}
	j->wait = dg_loop_after_ms(w->loop,
		dg_rate_reserve(
			w->crew->rate, j->hosts, j->n_hosts, QUESTIONS, dg_loop_mono_ms(w->loop)),
		start_check, j);
}

static void ask_servers(struct job *j)
{
	j->ns = (struct dg_resolve){
		.name = j->domain,
		.type = DG_TYPE_NS,
		.deadline_ms = j->worker->crew->deadline_ms / 2,
		.arena = j->arena,
		.done = on_servers,
		.arg = j,
	};
	(void)atomic_fetch_add_explicit(&j->worker->crew->n_questions, 1, memory_order_relaxed);
	dg_resolver_ask(j->worker->resolver, &j->ns);
}

/* --- the thread ------------------------------------------------------------------------------- */
static void start_job(struct job *j)
{
	struct dg_err err;

	if (j->line.is_cut) {
		fail(j, "the line is too long for a domain");
	} else if (dg_domain_parse(j->arena, j->line.text, j->line.len, &j->domain, &err) < 0) {
		fail(j, err.text);
	} else if (j->worker->crew->rate) {
		ask_servers(j);
	} else {
		start_check(j);
	}
}

static void feed(struct dg_worker *w)
{
	w->is_hungry = false;
	while (w->n_jobs < w->crew->n_window && !w->is_over) {
		struct job *j = job_new(w);
		int rc = dg_belt_take(w->crew->belt, &j->line);

		if (rc == 0) {
			start_job(j);
			continue;
		}
		job_free(j);
		w->is_over = rc == DG_BELT_OVER;
		w->is_hungry = true;
		break;
	}
	if (w->is_over && w->n_jobs == 0) {
		dg_loop_stop(w->loop);
	}
}

static void step(struct dg_worker *w, long n_waits)
{
	bool has_helped = w->open.n_answers * 10 > w->open.n_answers_before * 11;
	uint32_t n = w->open.n;

	w->open.n_rest -= w->open.n_rest > 0;
	if (n_waits == 0) {
		n -= n / 8;
		w->open.n_before = 0;
	} else if (w->open.n_before > 0 && !has_helped) {
		n = w->open.n_before;
		w->open.n_before = 0;
		w->open.n_rest = REST_EPOCHS;
	} else if (n_waits >= IDLE_WAITS && w->open.n_rest == 0 &&
		   dg_resolver_is_full(w->resolver)) {
		w->open.n_before = n;
		n += n / 2 + 1;
	} else {
		w->open.n_before = 0;
	}
	n = n < w->open.least ? w->open.least : n;
	w->open.n = n > w->open.most ? w->open.most : n;
	dg_resolver_set_window(w->resolver, w->open.n);
}

static void adapt(struct dg_worker *w)
{
	int64_t now = dg_loop_mono_ms(w->loop);
	struct rusage used;

	if (now - w->open.epoch_ms < EPOCH_MS) {
		return;
	}
	(void)getrusage(RUSAGE_THREAD, &used);
	w->open.n_answers = dg_resolver_n_answered(w->resolver) - w->open.n_total;
	step(w, used.ru_nvcsw - w->open.n_waits);
	w->open.n_waits = used.ru_nvcsw;
	w->open.epoch_ms = now;
	w->open.n_total += w->open.n_answers;
	w->open.n_answers_before = w->open.n_answers;
}

static void on_tick(void *arg)
{
	struct dg_worker *w = arg;

	w->tick = NULL;
	if (atomic_load(&w->crew->is_stopping)) {
		dg_loop_stop(w->loop);
		return;
	}
	feed(w);
	adapt(w);
	w->tick = dg_loop_after_ms(
		w->loop, w->is_hungry && !w->is_over ? TICK_HUNGRY_MS : TICK_MS, on_tick, w);
}

static void *work(void *arg)
{
	struct dg_worker *w = arg;

	w->tick = dg_loop_after_ms(w->loop, 0, on_tick, w);
	dg_loop_run(w->loop);
	return NULL;
}

int dg_worker_new(struct dg_crew *crew, const struct dg_resolver_options *options,
	struct dg_worker **ret_worker, struct dg_err *err)
{
	struct dg_worker *w = calloc(1, sizeof(*w));

	if (!w) {
		abort();
	}
	w->crew = crew;
	w->round = dg_arena_new(ARENA_MAX);
	w->open.most = options->n_window;
	w->open.least = OPEN_MIN / crew->n_workers > 0 ? OPEN_MIN / crew->n_workers : 1;
	w->open.n = w->open.least;
	dg_buf_init(&w->text, DG_ROW_MAX);
	int rc = dg_loop_new(NULL, &w->loop, err);
	rc = rc < 0 ? rc : dg_resolver_new(w->loop, options, &w->resolver, err);
	rc = rc < 0 ? rc : dg_resolver_start(w->resolver, err);
	if (rc < 0) {
		(void)dg_worker_free(w);
		return rc;
	}
	*ret_worker = w;
	return 0;
}

int dg_worker_start(struct dg_worker *w, struct dg_err *err)
{
	int rc = pthread_create(&w->thread, NULL, work, w);

	if (rc != 0) {
		return dg_fail(err, DG_EIO, "cannot start a thread: %s", strerrordesc_np(rc));
	}
	w->is_started = true;
	return 0;
}

struct dg_worker *dg_worker_free(struct dg_worker *w)
{
	if (!w) {
		return NULL;
	}
	if (w->is_started) {
		(void)pthread_join(w->thread, NULL);
	}
	while (w->jobs) {
		struct job *j = w->jobs;

		if (j->is_inquiring) {
			dg_inquiry_cancel(&j->inquiry);
		}
		dg_resolver_cancel(&j->ns);
		(void)dg_timer_cancel(j->wait);
		job_free(j);
	}
	while (w->spare) {
		struct job *j = w->spare;

		w->spare = j->next;
		(void)dg_arena_free(j->arena);
		free(j);
	}
	w->round = dg_arena_free(w->round);
	dg_buf_done(&w->text);
	(void)dg_timer_cancel(w->tick);
	(void)dg_resolver_free(w->resolver);
	(void)dg_loop_free(w->loop);
	free(w);
	return NULL;
}
