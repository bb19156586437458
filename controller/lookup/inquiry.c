#include "controller/lookup/inquiry_internal.h"

#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/record/name.h"

#include <string.h>

#define TYPE_DIGITS 4u
#define CNAMES_MAX  16u /* where the resolver stops following */
/* So long a round waits for the last answers before it goes on with those that came. */
#define PATIENCE_MS 250
/* The inquiry's deadline comes before that of its questions. */
#define SLACK_MS 1000

static void run_round(void *arg);
static void on_answer(struct dg_resolve *r);

/* --- answers ---------------------------------------------------------------------------------- */
static void set_unknown(struct known *k, const char *why)
{
	k->own.state = DG_FACT_UNKNOWN;
	k->own.why = why;
}

static const struct dg_rrset *cname_at(const struct dg_resolve *q, const char *owner)
{
	for (size_t i = 0; i < q->n_cnames; i++) {
		if (strcmp(q->cnames[i].owner, owner) == 0) {
			return &q->cnames[i];
		}
	}
	return NULL;
}

/* Where the CNAMEs led. NULL: they go round. */
static const char *chain_end(const struct dg_resolve *q)
{
	const struct dg_rrset *cname;
	const char *at = q->name;
	size_t len;

	for (size_t i = 0; i <= q->n_cnames; i++) {
		cname = cname_at(q, at);
		if (!cname || cname->n != 1 ||
			dg_name_from_wire(q->arena, cname->rdata[0].wire, cname->rdata[0].len, &at,
				&len) != 0) {
			return at;
		}
	}
	return NULL;
}

static void take_negative(struct known *k, enum dg_fact_state state)
{
	const struct dg_resolve *q = &k->question;

	if ((q->n_cnames > 0 && !k->own.alias) || q->n_cnames >= CNAMES_MAX) {
		set_unknown(k, "its CNAMEs do not come to an end");
		return;
	}
	k->own.state = state;
	k->own.negative_ttl = q->negative_ttl;
	if (k->own.alias) {
		k->own.set.owner = k->own.alias;
	}
}

static void take(struct known *k)
{
	const struct dg_resolve *q = &k->question;

	k->own.trust = q->trust;
	k->own.alias = q->n_cnames > 0 ? chain_end(q) : NULL;
	switch (q->result) {
	case DG_RESOLVED_FOUND:
		k->own.state = DG_FACT_FOUND;
		k->own.set = q->set;
		k->own.alias = q->n_cnames > 0 ? q->set.owner : NULL;
		break;
	case DG_RESOLVED_NODATA:
		take_negative(k, DG_FACT_NODATA);
		break;
	case DG_RESOLVED_NXDOMAIN:
		take_negative(k, DG_FACT_NXDOMAIN);
		break;
	case DG_RESOLVED_UNKNOWN:
		set_unknown(k, q->why ? q->why : "no answer");
		break;
	}
}

void dg_inquiry_came(struct inquiry *u)
{
	u->n_open--;
	if (u->n_open == 0) {
		u->next_round = dg_timer_cancel(u->next_round);
		run_round(u);
	} else if (!u->next_round) {
		u->next_round = dg_loop_after_ms(u->q->loop, PATIENCE_MS, run_round, u);
	}
}

/* --- questions -------------------------------------------------------------------------------- */
int64_t dg_inquiry_left_ms(const struct inquiry *u)
{
	return u->due_ms - dg_loop_mono_ms(u->q->loop);
}

static void send_question(struct known *k, const char *owner, uint16_t type)
{
	struct dg_inquiry *q = k->inquiry->q;
	int64_t left_ms = dg_inquiry_left_ms(k->inquiry);

	k->question = (struct dg_resolve){
		.name = owner,
		.type = type,
		.deadline_ms = q->question_ms > 0 && q->question_ms < left_ms ? q->question_ms
									      : left_ms + SLACK_MS,
		.arena = q->arena,
		.done = on_answer,
		.arg = k,
	};
	q->n_questions++;
	dg_resolver_ask(q->resolver, &k->question);
}

static size_t questions_max(const struct dg_inquiry *q)
{
	return q->n_questions_max > 0 ? q->n_questions_max : DG_INQUIRY_QUESTIONS;
}

static void ask(struct inquiry *u, struct known *k, const char *owner, uint16_t type)
{
	struct dg_inquiry *q = u->q;

	if (u->is_closed || dg_inquiry_left_ms(u) <= 0) {
		set_unknown(k, u->is_closed ? u->closed_why : "not asked: no time left");
	} else if (!q->resolver) {
		set_unknown(k, "there is no resolver to ask");
	} else if (q->n_questions >= questions_max(q)) {
		set_unknown(k, "not asked: too many questions for one domain");
	} else {
		k->next = u->asked;
		u->asked = k;
		u->n_open++;
		u->n_asked++;
		send_question(k, owner, type);
	}
}

static void on_again(void *arg)
{
	struct known *k = arg;

	k->again = NULL;
	send_question(k, k->question.name, k->question.type);
}

static void start_again(struct known *k)
{
	struct dg_inquiry *q = k->inquiry->q;
	int64_t left_ms = k->again_due_ms - dg_loop_mono_ms(q->loop);

	k->again = dg_loop_after_ms(q->loop, left_ms > 0 ? left_ms : 0, on_again, k);
}

static void end_question(struct known *k)
{
	const struct dg_inquiry *q = k->inquiry->q;

	take(k);
	if (q->learned) {
		q->learned(q->arg, k->question.name, k->question.type, &k->own);
	}
}

/* True: it will be asked once more, and stays open. */
static bool ask_again(struct known *k)
{
	struct inquiry *u = k->inquiry;
	struct dg_inquiry *q = u->q;
	const struct dg_resolve *r = &k->question;
	int64_t pause_ms = r->rcode != 0 ? q->again_ms : 0;

	if (r->result != DG_RESOLVED_UNKNOWN || r->trust == DG_TRUST_BOGUS) {
		return false;
	}
	if (k->is_again || u->has_failed_again) {
		u->has_failed_again = true;
		return false;
	}
	if (q->again_ms <= 0 || dg_inquiry_left_ms(u) <= pause_ms ||
		q->n_questions >= questions_max(q)) {
		return false;
	}
	k->is_again = true;
	k->first_why = r->why;
	k->again_due_ms = dg_loop_mono_ms(q->loop) + pause_ms;
	k->is_held = u->leader != NULL;
	if (!k->is_held) {
		u->leader = u->has_recovered ? NULL : k;
		start_again(k);
	}
	return true;
}

/* What waited for the leader follows it. */
static void settle(struct inquiry *u, bool has_recovered)
{
	u->leader = NULL;
	u->has_recovered = has_recovered;
	for (struct known *k = u->asked; k; k = k->next) {
		if (k->is_held && has_recovered) {
			start_again(k);
		} else if (k->is_held) {
			end_question(k);
			u->n_open--;
		}
		k->is_held = false;
	}
}

static void on_answer(struct dg_resolve *r)
{
	struct known *k = r->arg;
	struct inquiry *u = k->inquiry;

	if (ask_again(k)) {
		return;
	}
	if (k == u->leader) {
		settle(u, r->result != DG_RESOLVED_UNKNOWN || r->trust == DG_TRUST_BOGUS);
	}
	end_question(k);
	dg_inquiry_came(u);
}

static void make_key(char key[TYPE_DIGITS + DG_NAME_TEXT_MAX + 1], const char *owner, uint16_t type)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < TYPE_DIGITS; i++) {
		key[i] = digits[(type >> (12 - 4 * i)) & 15];
	}
	size_t len = strnlen(owner, DG_NAME_TEXT_MAX);
	memcpy(key + TYPE_DIGITS, owner, len);
	key[TYPE_DIGITS + len] = '\0';
}

const struct dg_fact *dg_inquiry_dns(void *arg, const char *owner, uint16_t type)
{
	struct inquiry *u = arg;
	struct dg_inquiry *q = u->q;
	char seek[TYPE_DIGITS + DG_NAME_TEXT_MAX + 1];

	make_key(seek, owner, type);
	struct known *k = dg_map_get(&u->map, seek);
	if (k) {
		return k->fact;
	}
	const char *key = dg_strdup(q->arena, seek);
	const char *name = key + TYPE_DIGITS;
	k = dg_new(q->arena, struct known);
	k->inquiry = u;
	k->fact = q->known ? q->known(q->arg, name, type) : NULL;
	(void)dg_map_put(&u->map, key, k);
	if (!k->fact || k->fact->state == DG_FACT_PENDING) {
		k->fact = &k->own;
		k->own.set = dg_rrset_none(name, type);
		ask(u, k, name, type);
	}
	return k->fact;
}

/* --- rounds ----------------------------------------------------------------------------------- */
/* Nothing is under way any more: what is open stays UNKNOWN, and no callback comes. */
static void close_all(struct inquiry *u, const char *why)
{
	u->is_closed = true;
	u->closed_why = why;
	u->next_round = dg_timer_cancel(u->next_round);
	u->deadline = dg_timer_cancel(u->deadline);
	for (struct known *k = u->asked; k; k = k->next) {
		if (k->own.state == DG_FACT_PENDING) {
			k->again = dg_timer_cancel(k->again);
			dg_resolver_cancel(&k->question);
			set_unknown(k, k->first_why ? k->first_why : why);
		}
	}
	u->asked = NULL;
	dg_inquiry_drop_fetches(u, why);
	u->n_open = 0;
}

/* A last round, in which all is known or UNKNOWN. */
static void finish(struct inquiry *u, const char *why)
{
	struct dg_inquiry *q = u->q;

	close_all(u, why);
	if (why) {
		q->round(q);
	}
	q->internal = NULL;
	q->done(q);
}

static void on_deadline(void *arg)
{
	struct inquiry *u = arg;
	struct dg_inquiry *q = u->q;

	u->deadline = NULL;
	q->is_late = true;
	finish(u, dg_printf(q->arena, "no answer within the %lld ms for all of it",
			  (long long)q->deadline_ms));
}

static void run_round(void *arg)
{
	struct inquiry *u = arg;
	struct dg_inquiry *q = u->q;
	size_t n_asked = u->n_asked;

	u->next_round = NULL;
	/* Rounds that run while answers are still open are bounded by the answers. */
	if (u->n_open == 0 && ++u->n_rounds > DG_INQUIRY_ROUNDS) {
		finish(u, "not asked: too many rounds of questions");
		return;
	}
	q->round(q);
	if (u->n_open == 0 && n_asked == u->n_asked && !q->is_held) {
		finish(u, NULL);
	}
}

void dg_inquiry_start(struct dg_inquiry *q)
{
	struct inquiry *u = dg_new(q->arena, struct inquiry);

	*u = (struct inquiry){.q = q, .due_ms = dg_loop_mono_ms(q->loop) + q->deadline_ms};
	dg_map_init(&u->map, q->arena);
	q->facts = (struct dg_facts){.dns = dg_inquiry_dns, .fetch = dg_inquiry_fetch, .arg = u};
	q->n_questions = 0;
	q->is_late = false;
	q->internal = u;
	u->deadline = dg_loop_after_ms(q->loop, q->deadline_ms, on_deadline, u);
	u->next_round = dg_loop_after_ms(q->loop, 0, run_round, u);
}

void dg_inquiry_again(struct dg_inquiry *q)
{
	struct inquiry *u = q->internal;

	if (u) {
		(void)dg_timer_cancel(u->next_round);
		u->next_round = dg_loop_after_ms(q->loop, 0, run_round, u);
	}
}

void dg_inquiry_cancel(struct dg_inquiry *q)
{
	if (q->internal) {
		close_all(q->internal, "cancelled");
		q->internal = NULL;
	}
}
