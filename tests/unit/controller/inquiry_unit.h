/* tests/unit/controller/inquiry_unit.h: an inquiry at a resolver whose only server is a fake one.
 *
 * Shape    ask() says what round() asks for each time, run() goes to the end; facts hold what came of it.
 */
#pragma once

#include "tests/unit/unit.h"

#include "controller/lookup/inquiry.h"
#include "controller/lookup/resolver.h"
#include "providers/net/http.h"
#include "tests/unit/controller/fakedns.h"
#include "zones/policy/schema.h"

static const struct fake_record inquiry_records[] = {
	{"example.test.", DG_TYPE_SOA, 3600,
		"ns1.example.test. h.example.test. 7 3600 600 86400 300"},
	{"example.test.", DG_TYPE_MX, 300, "10 Mail.example.test."},
	{"mail.example.test.", DG_TYPE_A, 300, "192.0.2.25"},
	{"alias.example.test.", DG_TYPE_CNAME, 60, "example.test."},
	{"dangling.example.test.", DG_TYPE_CNAME, 60, "nowhere.example.test."},
	{"private.example.test.", DG_TYPE_A, 60, "10.0.0.1"},
	{"private.example.test.", DG_TYPE_AAAA, 60, "::1"},
	{"empty.example.test.", DG_TYPE_CNAME, 60, "mail.example.test."},
	{NULL, 0, 0, NULL},
};

#define ASK_MAX 8u

struct question {
	const char *owner;
	uint16_t type;
};

struct scene {
	struct dg_loop *loop;
	struct dg_arena *arena;
	struct dg_resolver *resolver;
	struct fake_dns server;
	struct dg_timer *guard;
	struct dg_inquiry q;
	struct question asks[ASK_MAX]; /* what round() asks, and what came of it the last time */
	struct dg_fact facts[ASK_MAX];
	size_t n_asks;
	unsigned n_rounds, n_done, n_learned, n_seen;
	struct dg_fact known;
	const char *known_owner;
	const char *url;
	struct dg_fetch fetch;
	bool is_in_start;
};

static inline void on_guard(void *arg)
{
	(void)arg;
	fail_msg("no done() within 120 s");
}

static inline void on_round(struct dg_inquiry *q)
{
	struct scene *s = q->arg;

	assert_false(s->is_in_start);
	s->n_rounds++;
	for (size_t i = 0; i < s->n_asks; i++) {
		s->facts[i] = *dg_fact(&q->facts, s->asks[i].owner, s->asks[i].type);
	}
}

static inline void on_done(struct dg_inquiry *q)
{
	struct scene *s = q->arg;

	s->n_done++;
	dg_loop_stop(s->loop);
}

static inline const struct dg_fact *on_known(void *arg, const char *owner, uint16_t type)
{
	struct scene *s = arg;

	(void)type;
	return s->known_owner && strcmp(owner, s->known_owner) == 0 ? &s->known : NULL;
}

static inline void on_learned(
	void *arg, const char *owner, uint16_t type, const struct dg_fact *fact)
{
	struct scene *s = arg;

	assert_non_null(owner);
	assert_true(type != 0);
	assert_int_not_equal(fact->state, DG_FACT_PENDING);
	s->n_learned++;
}

static inline struct scene *scene_new(enum fake_mood mood)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct dg_err err;

	assert_non_null(s);
	s->arena = dg_arena_new(16u << 20);
	assert_int_equal(dg_loop_new(NULL, &s->loop, &err), 0);
	s->server = (struct fake_dns){
		.records = inquiry_records, .apex = "example.test.", .mood = mood};
	fake_dns_start(&s->server, s->loop, "127.0.0.1");
	const struct dg_endpoint at = {.host = "127.0.0.1", .port = s->server.port};
	const struct dg_resolver_options o = {.at = &at};
	assert_int_equal(dg_resolver_new(s->loop, &o, &s->resolver, &err), 0);
	s->guard = dg_loop_after_ms(s->loop, 120000, on_guard, NULL);
	s->q = (struct dg_inquiry){
		.loop = s->loop,
		.resolver = s->resolver,
		.arena = s->arena,
		.deadline_ms = 60000,
		.known = on_known,
		.learned = on_learned,
		.round = on_round,
		.done = on_done,
		.arg = s,
	};
	return s;
}

static inline void scene_free(struct scene *s)
{
	(void)dg_timer_cancel(s->guard);
	(void)dg_resolver_free(s->resolver);
	fake_dns_stop(&s->server);
	(void)dg_loop_free(s->loop);
	(void)dg_arena_free(s->arena);
	free(s);
}

static inline void ask(struct scene *s, const char *owner, uint16_t type)
{
	assert_true(s->n_asks < ASK_MAX);
	s->asks[s->n_asks++] = (struct question){owner, type};
}

static inline void run(struct scene *s)
{
	s->is_in_start = true;
	dg_inquiry_start(&s->q);
	s->is_in_start = false;
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 1);
}
