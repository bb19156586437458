/* tests/unit/providers/dnsnet.h: requests on their way to a fake server, and how they came back. */
#pragma once

#include "tests/unit/unit.h"

#include "providers/net/dns.h"
#include "providers/net/tsig.h"
#include "tests/unit/providers/fakedns.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/rrset.h"
#include "zones/record/zone.h"

#define MANY 200

struct scene {
	struct dg_loop *loop;
	struct fake fake;
	struct dg_dns_server *server;
	struct dg_tsig_key *key;
	struct dg_arena *a;
	size_t n_expected;
	size_t n_done;
	struct dg_dns_query queries[MANY];
	int rcs[MANY];
	struct dg_dns_update update;
	int update_rc;
	struct dg_dns_axfr transfers[MANY];
	struct fake_request kept[8];
	size_t n_kept;
};

static inline void plain_answer(const struct fake_request *r, unsigned flags)
{
	uint8_t buf[1024];
	struct dg_wire_out o = {.data = buf, .max = sizeof(buf)};

	fake_begin(&o, r, flags);
	fake_answer(r, buf, o.len);
}

static inline void answer_all(struct fake_request *r)
{
	plain_answer(r, 0x0400);
}

static inline void open_scene(struct scene *s, void (*handler)(struct fake_request *r))
{
	struct dg_err err;

	assert_int_equal(0, dg_loop_new(NULL, &s->loop, &err));
	fake_open(&s->fake, s->loop);
	s->fake.handler = handler;
	s->fake.arg = s;
	const struct dg_endpoint at = {.host = "127.0.0.1", .port = s->fake.port};
	assert_int_equal(0, dg_dns_server_new(s->loop, &at, 53, s->key, &s->server, &err));
	s->a = dg_arena_new(64u << 20);
}

static inline int teardown(void **state)
{
	struct scene *s = *state;

	s->server = dg_dns_server_free(s->server);
	fake_done(&s->fake);
	s->loop = dg_loop_free(s->loop);
	s->a = dg_arena_free(s->a);
	s->key = dg_tsig_key_free(s->key);
	free(s);
	return 0;
}

static inline int setup(void **state)
{
	*state = calloc(1, sizeof(struct scene));
	return *state ? 0 : -1;
}

static inline void one_done(struct scene *s)
{
	if (++s->n_done == s->n_expected) {
		dg_loop_stop(s->loop);
	}
}

static inline void on_query(struct dg_dns_query *q, int rc)
{
	struct scene *s = q->arg;

	s->rcs[q - s->queries] = rc;
	one_done(s);
}

static inline void ask(
	struct scene *s, size_t i, enum dg_dns_transport transport, int64_t deadline_ms)
{
	s->queries[i] = (struct dg_dns_query){
		.name = dg_printf(s->a, "n%zu.example.org.", i),
		.type = DG_TYPE_TXT,
		.transport = transport,
		.deadline_ms = deadline_ms,
		.done = on_query,
		.arg = s,
		.arena = s->a,
	};
	s->n_expected++;
	dg_dns_ask(s->server, &s->queries[i]);
}

static inline void run(struct scene *s)
{
	size_t n = s->n_done;

	dg_loop_run(s->loop);
	assert_true(s->n_done > n);
}

static inline void on_update(struct dg_dns_update *u, int rc)
{
	struct scene *s = u->arg;

	s->update_rc = rc;
	one_done(s);
}

static inline void send_update(struct scene *s, int64_t deadline_ms)
{
	s->update = (struct dg_dns_update){
		.zone = "example.org.", .deadline_ms = deadline_ms, .done = on_update, .arg = s};
	s->n_expected++;
	dg_dns_update(s->server, &s->update);
}
