#include "controller/check/audit.h"

#include "controller/check/audit_belt.h"
#include "controller/check/audit_journal.h"
#include "controller/check/audit_lines.h"
#include "controller/check/audit_rate.h"
#include "controller/check/audit_row.h"
#include "controller/check/audit_tally.h"
#include "controller/check/audit_worker.h"
#include "controller/check/cache.h"
#include "controller/lookup/resolver.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NAP_MS      10 /* between looks at the belt: results are written many at once */
#define PROGRESS_MS 250
#define RATE_MS     10000 /* the speed is that of about so long */
#define SOCKETS     800u  /* a worker: as many questions may be in flight */
#define SOCKETS_MIN 32u
/* Questions in flight, of all workers and at least of each: one costs libunbound 32 KiB (measured), so that these are what memory the
 * run takes once answers come late. 800 are 20,000 a second where answers take 40 ms. */
#define OPEN_ALL                800u
#define OPEN_EACH               200u
#define FILES_ELSE              64u /* file descriptors for all else, and a worker's own */
#define UNBOUND_BYTES           ((size_t)1 << 20) /* with a resolver, each name is asked for once */
#define UNBOUND_BYTES_RECURSIVE ((size_t)24 << 20) /* it holds the servers of zones */
#define KEY_MAX                 ((size_t)DG_BELT_LINE_MAX * 20)

struct run {
	struct dg_audit *audit;
	struct dg_crew crew;
	struct dg_worker *workers[DG_AUDIT_THREADS_MAX];
	struct dg_lines *lines;
	struct dg_audit_journal *journal;
	struct dg_tally *tally;
	struct dg_buf scratch;
	struct dg_belt_line line; /* read, and not yet on the belt */
	bool has_line, is_end;    /* is_end: of the input */
	int64_t start_ms, progress_ms;
	int64_t rate_ms; /* when n_at_rate was */
	uint64_t n_at_rate;
};

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- the input -------------------------------------------------------------------------------- */
/* The next line that is to be done, into run->line. 0, or as dg_lines_next(). */
static int next_line(struct run *r, struct dg_err *err)
{
	for (;;) {
		int rc = dg_lines_next(r->lines, &r->line, err);

		if (rc == 0 && dg_audit_journal_is_resumed(r->journal)) {
			rc = dg_audit_journal_look(r->journal, r->line.no,
				dg_row_key(&r->scratch, &r->line, r->audit->is_csv), err);
			if (rc == DG_AUDIT_JOURNAL_DONE) {
				continue;
			}
		}
		return rc;
	}
}

/* A file is read once before: how many domains it holds, and whether the output is of it. */
static int look_through(struct run *r, struct dg_err *err)
{
	int rc = 0;

	if (!dg_lines_can_rewind(r->lines)) {
		return 0;
	}
	while ((rc = next_line(r, err)) == 0) {
		r->audit->n_total++;
	}
	if (rc == DG_LINES_END) {
		r->audit->n_total += r->audit->n_before;
		rc = dg_audit_journal_check_end(r->journal, err);
	}
	return rc < 0 ? rc : dg_lines_rewind(r->lines, err);
}

/* Puts lines onto the belt as long as there is room. */
static int read_lines(struct run *r, struct dg_err *err)
{
	while (!r->is_end) {
		int rc = r->has_line ? 0 : next_line(r, err);

		if (rc == DG_LINES_END) {
			r->is_end = true;
			dg_belt_close(r->crew.belt);
			return dg_lines_can_rewind(r->lines)
				       ? 0
				       : dg_audit_journal_check_end(r->journal, err);
		}
		if (rc != 0) {
			return rc < 0 ? rc : 0;
		}
		r->has_line = dg_belt_put(r->crew.belt, &r->line) != 0;
		if (r->has_line) {
			break;
		}
	}
	return 0;
}

/* --- the output ------------------------------------------------------------------------------- */
static void on_row_of_before(void *arg, const struct dg_row *row)
{
	struct run *r = arg;

	dg_tally_add(r->tally, row);
	r->audit->n_before++;
}

static int write_row(struct run *r, const char *text, size_t len, struct dg_err *err)
{
	int rc = dg_audit_journal_write(r->journal, text, len, r->audit->stop_fd, err);
	struct dg_row row;

	if (rc >= 0 && dg_row_read(text, len - 1, r->audit->is_csv, &row) == 0) {
		dg_tally_add(r->tally, &row);
	}
	return rc;
}

/* An output that is gone on with stays as it is until all that it holds was met in the input, or, where that comes through a pipe, as
 * much of it as fits. */
static bool may_write(const struct run *r)
{
	return r->is_end || r->has_line || dg_audit_journal_is_met(r->journal);
}

/* Writes what has come out. 0, DG_BELT_OVER: that was all. */
static int write_rows(struct run *r, struct dg_err *err)
{
	char *text = NULL;
	size_t len = 0;
	int out = 0;
	int rc = may_write(r) ? dg_audit_journal_begin(r->journal, err) : DG_BELT_NOTHING;

	if (rc != 0) {
		return rc < 0 ? rc : 0;
	}
	while (rc == 0 && (out = dg_belt_next(r->crew.belt, &text, &len)) == 0) {
		rc = write_row(r, text, len, err);
		free(text);
	}
	if (rc == 0) {
		rc = dg_audit_journal_flush(r->journal, r->audit->stop_fd, err);
	}
	if (rc != 0) {
		return rc < 0 ? rc : 0; /* stopped: the next look at stop_fd sees it */
	}
	return out == DG_BELT_OVER ? out : 0;
}

static int write_summary(struct run *r, struct dg_err *err)
{
	struct dg_buf b;
	int rc = 0;

	dg_tally_sort(r->tally);
	dg_buf_init(&b, DG_ROW_MAX);
	if (!r->audit->is_csv && dg_audit_journal_has_begun(r->journal)) {
		dg_tally_put(&b, r->audit);
		rc = dg_audit_journal_write(r->journal, b.data, b.len, r->audit->stop_fd, err);
	}
	dg_buf_done(&b);
	rc = rc < 0 ? rc : dg_audit_journal_flush(r->journal, r->audit->stop_fd, err);
	return rc < 0 ? rc : 0;
}

/* --- while it runs ---------------------------------------------------------------------------- */
static void count(struct run *r, int64_t now)
{
	struct dg_audit *a = r->audit;
	int64_t ms = now - r->rate_ms;
	uint64_t left = a->n_total > a->n_done ? a->n_total - a->n_done : 0;

	a->n_questions = atomic_load_explicit(&r->crew.n_questions, memory_order_relaxed);
	a->n_answered = atomic_load_explicit(&r->crew.n_answered, memory_order_relaxed);
	a->n_cached = atomic_load_explicit(&r->crew.n_cached, memory_order_relaxed);
	a->seconds = (double)(now - r->start_ms) / 1000;
	if (ms >= PROGRESS_MS) {
		a->per_s = (double)(a->n_done - r->n_at_rate) * 1000 / (double)ms;
	}
	if (ms >= RATE_MS) { /* half of it is forgotten */
		r->n_at_rate += (a->n_done - r->n_at_rate) / 2;
		r->rate_ms += ms / 2;
	}
	a->eta_s = a->n_total > 0 && a->per_s > 0 ? (int64_t)((double)left / a->per_s) : -1;
}

static void tell(struct run *r)
{
	int64_t now = now_ms();

	if (r->audit->progress && now - r->progress_ms >= PROGRESS_MS) {
		r->progress_ms = now;
		count(r, now);
		r->audit->progress(r->audit->arg, r->audit);
	}
}

/* True: somebody wants it to end. */
static bool nap(const struct run *r)
{
	struct pollfd p = {.fd = r->audit->stop_fd, .events = POLLIN};

	return poll(&p, 1, NAP_MS) > 0;
}

static int drive(struct run *r, struct dg_err *err)
{
	for (;;) {
		int rc = read_lines(r, err);

		rc = rc < 0 ? rc : write_rows(r, err);
		if (rc != 0) {
			return rc < 0 ? rc : 0;
		}
		tell(r);
		if (nap(r)) {
			r->audit->is_stopped = true;
			return 0;
		}
	}
}

/* --- life ------------------------------------------------------------------------------------- */
static uint32_t n_threads(const struct dg_audit *a)
{
	long n = a->n_threads ? (long)a->n_threads : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > DG_AUDIT_THREADS_MAX ? DG_AUDIT_THREADS_MAX : (uint32_t)n;
}

/* How many sockets each of n workers may open. The soft limit is raised to what they need, as far as the system lets us. */
static uint32_t sockets_of(uint32_t n)
{
	struct rlimit limit;
	rlim_t want = (rlim_t)n * (SOCKETS + FILES_ELSE) + FILES_ELSE;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
		return SOCKETS_MIN;
	}
	if (limit.rlim_cur < want) {
		limit.rlim_cur = limit.rlim_max < want ? limit.rlim_max : want;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	rlim_t each = limit.rlim_cur / n;
	if (each >= SOCKETS + FILES_ELSE) {
		return SOCKETS;
	}
	return each > SOCKETS_MIN + FILES_ELSE ? (uint32_t)each - FILES_ELSE : SOCKETS_MIN;
}

static int start_workers(struct run *r, struct dg_err *err)
{
	const struct dg_audit *a = r->audit;
	uint32_t n = n_threads(a);
	uint32_t window = a->n_window ? a->n_window : DG_AUDIT_WINDOW;
	uint32_t n_sockets = sockets_of(n);
	uint32_t n_open = OPEN_ALL / n > OPEN_EACH ? OPEN_ALL / n : OPEN_EACH;
	const struct dg_resolver_options o = {
		.at = a->resolver,
		.is_recursive = !a->resolver,
		.root_hints = a->root_hints,
		.trust_anchor = a->trust_anchor,
		.n_sockets = n_sockets,
		.n_window = n_open < n_sockets ? n_open : n_sockets,
		.cache_bytes = a->resolver ? UNBOUND_BYTES : UNBOUND_BYTES_RECURSIVE,
	};
	int rc = 0;

	window = window > DG_AUDIT_WINDOW_MAX ? DG_AUDIT_WINDOW_MAX : window;
	r->crew.n_workers = n;
	r->crew.n_window = (window + n - 1) / n;
	for (uint32_t i = 0; i < n && rc == 0; i++) {
		rc = dg_worker_new(&r->crew, &o, &r->workers[i], err);
	}
	for (uint32_t i = 0; i < n && rc == 0; i++) {
		rc = dg_worker_start(r->workers[i], err);
	}
	return rc;
}

static int open_all(struct run *r, struct dg_err *err)
{
	struct dg_audit *a = r->audit;
	const struct dg_audit_journal_way way = {.path = a->output,
		.is_csv = a->is_csv,
		.is_resuming = a->is_resuming,
		.row = on_row_of_before,
		.arg = r};
	int rc = dg_lines_open(a->input, &r->lines, err);

	rc = rc < 0 ? rc : dg_audit_journal_open(&way, &r->journal, err);
	rc = rc < 0 ? rc : look_through(r, err);
	if (rc < 0) {
		return rc;
	}
	r->crew.belt = dg_belt_new(DG_AUDIT_AHEAD, DG_AUDIT_AHEAD_BYTES, a->in_order);
	r->crew.cache = dg_cache_new(DG_AUDIT_CACHE_BYTES);
	r->crew.rate = a->rate > 0 ? dg_rate_new(a->rate) : NULL;
	r->crew.deadline_ms = a->deadline_ms > 0 ? a->deadline_ms : DG_AUDIT_DEADLINE_MS;
	r->crew.is_fast = a->is_fast;
	r->crew.is_csv = a->is_csv;
	return start_workers(r, err);
}

static void close_all(struct run *r)
{
	atomic_store(&r->crew.is_stopping, true);
	for (size_t i = 0; i < DG_AUDIT_THREADS_MAX; i++) {
		r->workers[i] = dg_worker_free(r->workers[i]);
	}
	r->lines = dg_lines_close(r->lines);
	r->crew.belt = dg_belt_free(r->crew.belt);
	r->crew.cache = dg_cache_free(r->crew.cache);
	r->crew.rate = dg_rate_free(r->crew.rate);
}

int dg_audit_run(struct dg_audit *audit, struct dg_err *err)
{
	struct run *r = calloc(1, sizeof(*r));

	if (!r) {
		abort();
	}
	r->audit = audit;
	r->tally = dg_tally_new(audit);
	dg_buf_init(&r->scratch, KEY_MAX);
	r->start_ms = now_ms();
	int rc = open_all(r, err);
	r->rate_ms = now_ms();
	r->n_at_rate = audit->n_done;
	rc = rc < 0 ? rc : drive(r, err);
	count(r, now_ms());
	audit->per_s =
		audit->seconds > 0 ? (double)(audit->n_done - audit->n_before) / audit->seconds : 0;
	close_all(r);
	rc = rc < 0 ? rc : write_summary(r, err);
	(void)dg_audit_journal_close(r->journal);
	dg_buf_done(&r->scratch);
	free(r);
	return rc;
}

void dg_audit_done(struct dg_audit *audit)
{
	audit->arena = dg_arena_free(audit->arena);
	audit->causes = NULL;
	audit->n_causes = 0;
}
