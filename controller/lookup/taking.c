#include "controller/lookup/taking.h"

#include "controller/lookup/inquiry.h"
#include "controller/lookup/smtp.h"
#include "providers/net/loop.h"
#include "zones/base/address.h"
#include "zones/base/arena.h"

#include <string.h>

struct visit {
	struct asking *asking;
	struct dg_taking_answer *answer;
	struct dg_smtp_try attempt;
	struct dg_smtp_talk talk;
};

struct asking {
	struct dg_taking *taking;
	struct dg_inquiry inquiry;
	struct visit *visits; /* one an answer; NULL: addresses are being looked up */
	size_t next, n_busy;
};

const char *dg_takes_text(enum dg_takes t)
{
	static const char *const texts[] = {[DG_TAKES] = "takes",
		[DG_TAKES_REFUSES] = "refuses",
		[DG_TAKES_UNKNOWN] = "unknown"};

	return texts[t];
}

/* --- the verdict ------------------------------------------------------------------------------ */
static void judge(struct dg_taking *t)
{
	t->takes = t->n_hosts > 0 ? DG_TAKES : DG_TAKES_UNKNOWN;
	for (size_t h = 0; h < t->n_hosts; h++) {
		bool is_taken = false;

		for (size_t i = 0; i < t->n_answers; i++) {
			bool is_of = strcmp(t->answers[i].host, t->hosts[h]) == 0;

			is_taken = is_taken || (is_of && t->answers[i].takes == DG_TAKES);
		}
		t->takes = is_taken ? t->takes : DG_TAKES_UNKNOWN;
	}
	for (size_t i = 0; i < t->n_answers; i++) {
		t->takes = t->answers[i].takes == DG_TAKES_REFUSES ? DG_TAKES_REFUSES : t->takes;
	}
}

static enum dg_takes of_code(int code)
{
	return code / 100 == 2 ? DG_TAKES : code / 100 == 5 ? DG_TAKES_REFUSES : DG_TAKES_UNKNOWN;
}

/* Takes over the reply when it says less good things than what stands there. */
static void worse(struct dg_taking_answer *a, const struct dg_smtp_reply *r, const char *rcpt)
{
	enum dg_takes takes = of_code(r->code);

	if (r->code == 0 || (a->code != 0 && (takes == DG_TAKES || a->takes == DG_TAKES_REFUSES))) {
		return;
	}
	a->takes = takes;
	a->code = r->code;
	a->text = r->text;
	a->rcpt = rcpt;
}

/* A greeting of 5xx is the server's way to say that it takes no mail from here: that is about us, not about the name. */
static void take_answer(struct visit *v, int rc)
{
	struct dg_taking_answer *a = v->answer;
	const struct dg_smtp_talk *talk = &v->talk;
	bool was_asked = v->attempt.mail.code != 0;

	a->takes = DG_TAKES_UNKNOWN;
	if (!was_asked) {
		const struct dg_smtp_reply *last = talk->ehlo.code ? &talk->ehlo : &talk->banner;

		a->code = last->code;
		a->text = rc < 0 ? dg_strdup(v->asking->taking->arena, talk->err.text) : last->text;
		return;
	}
	if (v->attempt.mail.code / 100 != 2) {
		worse(a, &v->attempt.mail, NULL);
		return;
	}
	bool has_all = true;
	for (size_t i = 0; i < v->attempt.n_rcpt; i++) {
		worse(a, &v->attempt.rcpts[i], v->attempt.rcpt[i]);
		has_all = has_all && v->attempt.rcpts[i].code != 0;
	}
	if (!has_all && a->takes != DG_TAKES_REFUSES) {
		a->takes = DG_TAKES_UNKNOWN;
		a->text = rc < 0 ? dg_strdup(v->asking->taking->arena, talk->err.text)
				 : "it hung up before every recipient was asked";
	}
}

/* --- dialogues, a few at once ----------------------------------------------------------------- */
static void go_on(struct asking *k);

static void on_talk(struct dg_smtp_talk *talk, int rc)
{
	struct visit *v = talk->arg;

	take_answer(v, rc);
	v->asking->n_busy--;
	go_on(v->asking);
}

static void go_on(struct asking *k)
{
	struct dg_taking *t = k->taking;

	while (k->next < t->n_answers && k->n_busy < DG_TAKING_AT_ONCE) {
		struct visit *v = &k->visits[k->next];

		v->asking = k;
		v->answer = &t->answers[k->next++];
		if (!v->answer->address || v->answer->text) {
			continue;
		}
		v->attempt = (struct dg_smtp_try){.mail_from = t->from ? t->from : "",
			.rcpt = t->rcpts,
			.n_rcpt = t->n_rcpts};
		v->talk = (struct dg_smtp_talk){
			.address = v->answer->address,
			.port = t->port,
			.tries = &v->attempt,
			.n_tries = 1,
			.timeout_ms = t->timeout_ms,
			.arena = t->arena,
			.done = on_talk,
			.arg = v,
		};
		k->n_busy++;
		dg_smtp_start(t->loop, &v->talk);
	}
	if (k->n_busy == 0) {
		judge(t);
		t->internal = NULL;
		t->done(t);
	}
}

/* --- addresses -------------------------------------------------------------------------------- */
static struct dg_taking_answer *add(struct dg_taking *t, const char *host, const char *address)
{
	struct dg_taking_answer *a = &t->answers[t->n_answers++];

	*a = (struct dg_taking_answer){.host = host, .address = address, .takes = DG_TAKES_UNKNOWN};
	if (t->n_answers > DG_TAKING_ADDRESSES) {
		a->text = "too many addresses: not asked";
	}
	return a;
}

static void add_addresses(struct dg_taking *t, const char *host, const struct dg_fact *fact)
{
	char text[DG_ADDRESS_TEXT_MAX];

	for (size_t i = 0; fact->state == DG_FACT_FOUND && i < fact->set.n; i++) {
		struct dg_address address;

		if (dg_address_of(fact->set.rdata[i].wire, fact->set.rdata[i].len, &address) == 0) {
			(void)add(t, host, dg_strdup(t->arena, dg_address_text(&address, text)));
		}
	}
}

static void on_round(struct dg_inquiry *q)
{
	struct asking *k = q->arg;
	struct dg_taking *t = k->taking;
	size_t n = 0;

	for (size_t h = 0; h < t->n_hosts; h++) {
		n += 1 + dg_fact(&q->facts, t->hosts[h], DG_TYPE_A)->set.n +
		     dg_fact(&q->facts, t->hosts[h], DG_TYPE_AAAA)->set.n;
	}
	t->answers = dg_newn(t->arena, struct dg_taking_answer, n);
	t->n_answers = 0;
	for (size_t h = 0; h < t->n_hosts; h++) {
		const struct dg_fact *a4 = dg_fact(&q->facts, t->hosts[h], DG_TYPE_A);
		const struct dg_fact *a6 = dg_fact(&q->facts, t->hosts[h], DG_TYPE_AAAA);
		size_t before = t->n_answers;

		add_addresses(t, t->hosts[h], a4);
		add_addresses(t, t->hosts[h], a6);
		if (t->n_answers == before) {
			const struct dg_fact *bad = a4->state == DG_FACT_UNKNOWN ? a4 : a6;

			add(t, t->hosts[h], NULL)->text =
				bad->state == DG_FACT_UNKNOWN
					? dg_printf(t->arena,
						  "its address could not be looked up: %s",
						  bad->why)
					: "it has no address";
		}
	}
}

static void on_addresses(struct dg_inquiry *q)
{
	struct asking *k = q->arg;

	k->visits = dg_newn(k->taking->arena, struct visit, k->taking->n_answers);
	go_on(k);
}

void dg_taking_start(struct dg_taking *t)
{
	struct asking *k = dg_new(t->arena, struct asking);

	*k = (struct asking){.taking = t};
	t->internal = k;
	t->n_answers = 0;
	k->inquiry = (struct dg_inquiry){
		.loop = t->loop,
		.resolver = t->resolver,
		.arena = t->arena,
		.deadline_ms = t->timeout_ms,
		.round = on_round,
		.done = on_addresses,
		.arg = k,
	};
	dg_inquiry_start(&k->inquiry);
}

void dg_taking_cancel(struct dg_taking *t)
{
	struct asking *k = t->internal;

	if (!k) {
		return;
	}
	t->internal = NULL;
	dg_inquiry_cancel(&k->inquiry);
	for (size_t i = 0; k->visits && i < k->next; i++) {
		dg_smtp_cancel(&k->visits[i].talk);
	}
}
