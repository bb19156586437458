#include "controller/incident/triage.h"

#include "controller/incident/batch.h"
#include "controller/letters/letters.h"
#include "controller/letters/source.h"
#include "controller/watch/reports.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/incident/ledger.h"
#include "zones/incident/refuse.h"
#include "zones/watch/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OWNER_ARENA_MAX ((size_t)64 << 20)
#define HELD_MAX        DG_LETTERS_WAITING
#define HELD_BYTES      ((size_t)8 << 20)
#define PROGRESS_EVERY  256u

/* A letter whose records are not back yet: its bytes, should it carry an aggregate report. */
struct held {
	char *p;
	size_t n;
	char *name;
	int64_t at;
	bool is_cut, is_notice;
};

struct reading {
	struct dg_triage *triage;
	struct dg_letters *letters;
	struct held held[HELD_MAX];
	uint64_t n_pushed, n_done;
	size_t held_bytes;
	bool is_notice;
	int status; /* of what a call-back did */
	struct dg_err err;
};

static void skip(struct dg_triage *t, const char *name, const char *why, bool is_ordinary)
{
	if (t->options->on_skip) {
		t->options->on_skip(t->options->arg, name, why, is_ordinary);
	}
}

/* --- aggregate reports ------------------------------------------------------------------------ */
/* XML, gzip or zip as it lies, not in a mail. */
static bool is_bare_report(const char *p, size_t n)
{
	size_t at = n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (at < n && (p[at] == ' ' || p[at] == '\n' || p[at] == '\r' || p[at] == '\t')) {
		at++;
	}
	return (n >= 2 && memcmp(p, "\x1f\x8b", 2) == 0) ||
	       (n >= 4 && memcmp(p, "PK\x03\x04", 4) == 0) || (at < n && p[at] == '<');
}

static void take_report(struct dg_triage *t, const char *p, size_t n, const char *name, bool is_cut)
{
	struct dg_err err;
	int r = 0;

	if (is_cut) {
		r = dg_fail(
			&err, DG_ELIMIT, "a report of more than %zu octets", DG_TRIAGE_LETTER_MAX);
	} else {
		r = dg_reports_take((const uint8_t *)p, n, t->rows, &err);
	}
	t->found.counts.n_reports += r == 0;
	t->found.counts.n_again += r == DG_REPORTS_AGAIN;
	if (r < 0) {
		t->found.counts.n_broken_reports++;
		skip(t, name, err.text, false);
	} else if (r == DG_REPORTS_NONE) {
		t->found.counts.n_ordinary++;
		skip(t, name, "no report in it", true);
	}
}

/* --- records ---------------------------------------------------------------------------------- */
static bool is_new(struct dg_triage *t, const struct held *h, const struct dg_bounce *b)
{
	const char *id = b->outer.message_id;

	if (b->form == DG_BOUNCE_FORM_FEED) {
		return true; /* one message, many events: they are told apart by whoever made the feed */
	}
	return id[0] != '\0' ? dg_ledger_is_new(t->ledger, id, strlen(id))
			     : dg_ledger_is_new(t->ledger, h->p, h->n);
}

static int add(struct reading *x, const struct held *h, const struct dg_bounce *record)
{
	const struct dg_batch_letter letter = {.p = h->p, .n = h->n, .name = h->name, .at = h->at};

	return dg_batch_add(x->triage, record, &letter, &x->err);
}

/* What a notice shows of the mail that it is about counts as a complaint. */
static void take_notice(struct reading *x, const struct held *h, const struct dg_bounce *record)
{
	struct dg_bounce as_complaint = *record;
	struct dg_triage *t = x->triage;

	t->beside.n_notices++;
	if (record->original_is == DG_BOUNCE_ORIGINAL_NONE && record->source_ip[0] == '\0') {
		return;
	}
	if (record->kind == DG_BOUNCE_ORDINARY) {
		as_complaint.kind = DG_BOUNCE_COMPLAINT;
	}
	x->status = add(x, h, &as_complaint);
}

static void take_record(struct reading *x, const struct held *h, const struct dg_bounce *record)
{
	struct dg_triage *t = x->triage;

	if (record->kind == DG_BOUNCE_UNREADABLE) {
		t->found.counts.n_unreadable++;
		skip(t, h->name, record->basis, false);
	} else if (record->kind == DG_BOUNCE_AGGREGATE) {
		take_report(t, h->p, h->n, h->name, h->is_cut);
	} else if (!is_new(t, h, record)) {
		t->found.counts.n_again++;
	} else if (h->is_notice) {
		take_notice(x, h, record);
	} else if (record->kind == DG_BOUNCE_ORDINARY) {
		t->found.counts.n_ordinary++;
		skip(t, h->name, record->basis, true);
	} else {
		t->found.counts.n_cut += record->is_cut;
		x->status = add(x, h, record);
	}
}

static void on_record(void *arg, uint64_t tag, const struct dg_bounce *record)
{
	struct reading *x = arg;

	x->triage->found.counts.n_messages++;
	if (x->status == 0) {
		take_record(x, &x->held[tag % HELD_MAX], record);
	}
}

static void on_done(void *arg, uint64_t tag)
{
	struct reading *x = arg;
	struct held *h = &x->held[tag % HELD_MAX];
	const struct dg_triage_options *o = x->triage->options;

	x->held_bytes -= h->n;
	free(h->p);
	free(h->name);
	*h = (struct held){0};
	if (++x->n_done % PROGRESS_EVERY == 0 && o->on_progress) {
		o->on_progress(o->arg, x->triage->found.counts.n_messages);
	}
}

/* --- letters ---------------------------------------------------------------------------------- */
static char *copy_of(const char *p, size_t n)
{
	char *copy = malloc(n + 1);

	if (!copy) {
		abort();
	}
	memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

/* Until there is room for n octets more. */
static int make_room(struct reading *x, size_t n)
{
	int r = 0;

	while (r == 0 && x->n_pushed > x->n_done &&
		(x->n_pushed - x->n_done == HELD_MAX || x->held_bytes + n > HELD_BYTES)) {
		r = dg_letters_wait(x->letters, (size_t)(x->n_pushed - x->n_done) / 2, &x->err);
	}
	return r;
}

static int push(struct reading *x, const struct dg_letter *letter)
{
	int r = make_room(x, letter->n);

	if (r < 0) {
		return r;
	}
	uint64_t tag = x->n_pushed;
	x->held[tag % HELD_MAX] = (struct held){.p = copy_of(letter->p, letter->n),
		.n = letter->n,
		.name = copy_of(letter->name, strlen(letter->name)),
		.at = letter->at_ms / 1000,
		.is_cut = letter->size > letter->n,
		.is_notice = x->is_notice};
	x->held_bytes += letter->n;
	x->n_pushed++;
	do {
		r = dg_letters_push(x->letters, tag, letter->p, letter->n, &x->err);
		if (r == 1) {
			int waited = dg_letters_wait(
				x->letters, (size_t)(x->n_pushed - x->n_done) / 2, &x->err);
			r = waited < 0 ? waited : 1;
		}
	} while (r == 1);
	return r < 0 ? r : x->status;
}

static int read_source(struct reading *x, const char *what)
{
	const struct dg_triage_options *o = x->triage->options;
	struct dg_source_options so = {.letter_max = DG_TRIAGE_LETTER_MAX,
		.password_file = o->password_file,
		.ca_file = o->ca_file,
		.stop_fd = -1};
	struct dg_source *source = NULL;
	struct dg_letter letter;
	int r = dg_source_open(what, &so, &source, &x->err);

	while (r == 0) {
		int next = dg_source_next(source, &letter, &x->err);

		if (next == DG_SOURCE_END) {
			break;
		}
		if (next == DG_SOURCE_UNREADABLE) {
			x->triage->found.counts.n_messages++;
			x->triage->found.counts.n_unreadable++;
			skip(x->triage, "", x->err.text, false);
		} else if (next < 0) {
			r = next;
		} else if (is_bare_report(letter.p, letter.n)) {
			x->triage->found.counts.n_messages++;
			take_report(
				x->triage, letter.p, letter.n, letter.name, letter.size > letter.n);
		} else {
			r = push(x, &letter);
		}
	}
	if (source) {
		const char *notice = dg_source_notice(source);
		if (notice) {
			skip(x->triage, what, notice, false);
		}
	}
	source = dg_source_close(source);
	return r;
}

static int read_all(struct dg_triage *t, struct dg_err *err)
{
	struct reading *x = calloc(1, sizeof(*x));
	const struct dg_triage_options *o = t->options;

	if (!x) {
		abort();
	}
	x->triage = t;
	struct dg_letters_options lo = {.on_record = on_record, .on_done = on_done, .arg = x};
	int r = dg_letters_new(&lo, &x->letters, &x->err);
	for (size_t i = 0; r == 0 && i < o->n_sources; i++) {
		r = read_source(x, o->sources[i]);
	}
	x->is_notice = true;
	for (size_t i = 0; r == 0 && i < o->n_notices; i++) {
		r = read_source(x, o->notices[i]);
	}
	if (r == 0) {
		r = dg_letters_wait(x->letters, 0, &x->err);
	}
	r = r == 0 ? x->status : r;
	x->letters = dg_letters_free(x->letters);
	for (size_t i = 0; i < HELD_MAX; i++) {
		free(x->held[i].p);
		free(x->held[i].name);
	}
	if (r < 0) {
		*err = x->err;
	}
	free(x);
	return r;
}

int dg_triage_run(const struct dg_triage_options *o, struct dg_triage **ret_triage,
	const struct dg_case **ret_case, struct dg_err *err)
{
	struct dg_triage *t = calloc(1, sizeof(*t));

	if (!t) {
		abort();
	}
	t->options = o;
	t->owner = o->owner;
	t->ledger = dg_ledger_new(o->seed);
	t->rows = dg_rows_new(NULL, o->seed);
	t->arena = dg_arena_new(OWNER_ARENA_MAX);
	t->infer.arena = t->arena;
	int r = read_all(t, err);
	r = r == 0 ? dg_batch_judge(t, err) : r;
	if (r < 0) {
		(void)dg_triage_free(t);
		return r;
	}
	if (t->found.counts.n_reports > 0) {
		dg_beside_rows(t->rows, &t->owner, &t->beside);
	}
	dg_verdict_of(t->ledger, &t->owner, &t->beside, &t->verdict);
	t->found.has_zone = o->has_zone;
	t->found.ledger = t->ledger;
	t->found.owner = &t->owner;
	t->found.beside = &t->beside;
	t->found.verdict = &t->verdict;
	*ret_triage = t;
	*ret_case = &t->found;
	return 0;
}

struct dg_triage *dg_triage_free(struct dg_triage *t)
{
	if (t) {
		(void)dg_arena_free(t->batch.arena);
		t->refuse = dg_refuse_free(t->refuse);
		t->rows = dg_rows_free(t->rows);
		t->ledger = dg_ledger_free(t->ledger);
		(void)dg_arena_free(t->arena);
		free(t);
	}
	return NULL;
}
