#include "controller/check/relay.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "controller/lookup/smtp.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"

/* One address on its way. */
struct visit {
	struct asking *asking;
	struct dg_relay_host *host;
	unsigned connection;
	size_t first, n; /* of the forms: those of this connection */
	struct dg_smtp_talk talk;
	bool is_busy;
};

struct asking {
	struct dg_relay_test *test;
	struct dg_timer *start;
	size_t next; /* of test->seen */
	unsigned n_busy;
	struct visit visits[DG_RELAY_AT_ONCE];
};

static void go_on(struct visit *v);

static void finish(struct asking *k)
{
	struct dg_relay_test *t = k->test;

	t->internal = NULL;
	free(k);
	t->done(t);
}

/* --- one connection ----------------------------------------------------------------------------- */

/* A try a sender: forms that follow each other and have the same. */
static void make_tries(struct visit *v)
{
	struct dg_arena *a = v->asking->test->arena;
	const struct dg_relay_form *forms = v->host->forms + v->first;
	const char **rcpts = dg_newn(a, const char *, v->n);
	struct dg_smtp_try *y = dg_newn(a, struct dg_smtp_try, v->n);

	v->talk.tries = y;
	for (size_t i = 0; i < v->n; i++) {
		rcpts[i] = forms[i].rcpt;
		if (i > 0 && strcmp(forms[i].mail_from, forms[i - 1].mail_from) != 0) {
			y++;
		}
		if (y->n_rcpt == 0) {
			y->mail_from = forms[i].mail_from;
			y->rcpt = &rcpts[i];
		}
		y->n_rcpt++;
	}
	v->talk.n_tries = (size_t)(y - v->talk.tries) + 1;
}

/* Returns whether each form had an answer. */
static bool take_answers(struct visit *v)
{
	struct dg_relay_form *f = v->host->forms + v->first;
	bool are_all = true;

	for (size_t i = 0; i < v->talk.n_tries; i++) {
		const struct dg_smtp_try *y = &v->talk.tries[i];
		for (size_t j = 0; j < y->n_rcpt; j++, f++) {
			f->mail_code = y->mail.code;
			f->rcpt_code = y->rcpts[j].code;
			f->reply = f->rcpt_code ? y->rcpts[j].text : y->mail.text;
			are_all &= f->rcpt_code != 0 ||
				   (f->mail_code / 100 > 2 && f->mail_code != 421);
		}
	}
	return are_all;
}

/* Why not all was answered although the dialogue did not fail. */
static const char *hung_up(const struct visit *v)
{
	const struct dg_smtp_talk *t = &v->talk;
	struct dg_arena *a = v->asking->test->arena;

	if (t->banner.code / 100 != 2) {
		return dg_printf(a, "it greets with %d %s", t->banner.code, t->banner.text);
	}
	if (t->ehlo.code / 100 != 2) {
		return dg_printf(a, "it refuses EHLO and HELO: %d %s", t->ehlo.code, t->ehlo.text);
	}
	return "it closed the connection (421) before all was asked";
}

static void on_talk(struct dg_smtp_talk *talk, int rc)
{
	struct visit *v = talk->arg;
	struct dg_relay_host *h = v->host;

	if (!take_answers(v)) {
		h->why = rc < 0 ? dg_strdup(v->asking->test->arena, talk->err.text) : hung_up(v);
	}
	v->connection++;
	v->first += v->n;
	go_on(v);
}

static void connect_once(struct visit *v)
{
	const struct dg_relay_test *t = v->asking->test;
	const struct dg_relay_host *h = v->host;

	v->n = 0;
	while (v->first + v->n < h->n_forms &&
		h->forms[v->first + v->n].connection == v->connection) {
		v->n++;
	}
	v->talk = (struct dg_smtp_talk){
		.address = h->address,
		.port = t->port,
		.helo = t->helo,
		.timeout_ms = t->timeout_ms,
		.arena = t->arena,
		.done = on_talk,
		.arg = v,
	};
	make_tries(v);
	dg_smtp_start(t->loop, &v->talk);
}

/* --- one address after the other ---------------------------------------------------------------- */
static void begin_next(struct visit *v)
{
	struct asking *k = v->asking;
	struct dg_relay_test *t = k->test;

	while (k->next < t->n_seen && t->seen[k->next].why) {
		k->next++; /* nothing to connect to */
	}
	if (k->next < t->n_seen) {
		v->host = &t->seen[k->next++];
		v->connection = 0;
		v->first = 0;
		v->is_busy = true;
		k->n_busy++;
		connect_once(v);
	}
}

static void go_on(struct visit *v)
{
	struct asking *k = v->asking;

	if (!v->host->why && v->first < v->host->n_forms) {
		connect_once(v);
		return;
	}
	v->is_busy = false;
	k->n_busy--;
	begin_next(v);
	if (k->n_busy == 0) {
		finish(k);
	}
}

static void on_start(void *arg)
{
	struct asking *k = arg;

	k->start = NULL;
	for (unsigned i = 0; i < DG_RELAY_AT_ONCE; i++) {
		begin_next(&k->visits[i]);
	}
	if (k->n_busy == 0) {
		finish(k);
	}
}

static void add(struct dg_relay_test *t, const struct dg_relay_target *target, const char *address)
{
	struct dg_relay_host *h = &t->seen[t->n_seen++];

	*h = (struct dg_relay_host){
		.host = target->host, .domain = target->domain, .address = address};
	if (!address) {
		h->why = target->why ? target->why : "it has no address";
	} else if (t->n_seen > DG_RELAY_ADDRESSES_MAX) {
		h->why = "too many addresses: not asked";
	} else {
		h->n_forms = dg_relay_forms(t->arena, target->domain, address, &h->forms);
	}
}

void dg_relay_start(struct dg_relay_test *t)
{
	struct asking *k = calloc(1, sizeof(*k));
	size_t n = 0;

	if (!k) {
		abort();
	}
	for (size_t i = 0; i < t->n_targets; i++) {
		n += t->targets[i].n_addresses ? t->targets[i].n_addresses : 1;
	}
	t->seen = dg_newn(t->arena, struct dg_relay_host, n);
	t->n_seen = 0;
	for (size_t i = 0; i < t->n_targets; i++) {
		const struct dg_relay_target *target = &t->targets[i];
		for (size_t j = 0; j < target->n_addresses; j++) {
			add(t, target, target->addresses[j]);
		}
		if (target->n_addresses == 0) {
			add(t, target, NULL);
		}
	}
	k->test = t;
	t->internal = k;
	for (unsigned i = 0; i < DG_RELAY_AT_ONCE; i++) {
		k->visits[i].asking = k;
	}
	k->start = dg_loop_after_ms(t->loop, 0, on_start, k);
}

void dg_relay_cancel(struct dg_relay_test *t)
{
	struct asking *k = t->internal;

	if (!k) {
		return;
	}
	for (unsigned i = 0; i < DG_RELAY_AT_ONCE; i++) {
		if (k->visits[i].is_busy) {
			dg_smtp_cancel(&k->visits[i].talk);
		}
	}
	(void)dg_timer_cancel(k->start);
	t->internal = NULL;
	free(k);
}
