/* The rfc2136 provider against a server that says what the test wants. */
#include "tests/unit/unit.h"

#include "providers/net/dns.h"
#include "providers/provider.h"
#include "providers/rfc2136/rfc2136.h"
#include "providers/rfc2136/server.h"
#include "tests/unit/providers/fakedns.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/rrset.h"
#include "zones/record/zone.h"

#define ZONE "example.org."

struct scene {
	struct dg_loop *loop;
	struct fake fake;
	struct dg_rfc2136_opts opts;
	struct dg_provider p;
	struct dg_arena *a;
	struct dg_apply apply;
	struct dg_swap swap;
	enum dg_outcome outcome;
	struct dg_read read;
	struct dg_rrkey keys[8];
	int read_rc;
	int64_t deadline_ms; /* of a read; 0: the options say */
	int rcode;           /* of the answer to an UPDATE */

	bool is_wild; /* lists.ZONE TXT comes from a wildcard */
	size_t n_updates;
};

static void open_scene(struct scene *s, void (*handler)(struct fake_request *r))
{
	struct dg_err err;

	assert_int_equal(0, dg_loop_new(NULL, &s->loop, &err));
	fake_open(&s->fake, s->loop);
	s->fake.handler = handler;
	s->fake.arg = s;
	s->opts = (struct dg_rfc2136_opts){.server = {.host = "127.0.0.1", .port = s->fake.port},
		.transfer = true,
		.timeout = 10};
	s->p = (struct dg_provider){.ops = &dg_provider_rfc2136, .loop = s->loop, .opts = &s->opts};
	assert_int_equal(0, s->p.ops->open(&s->p, &err));
	s->a = dg_arena_new(64u << 20);
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct scene));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	s->p.ops->close(&s->p);
	fake_done(&s->fake);
	s->loop = dg_loop_free(s->loop);
	s->a = dg_arena_free(s->a);
	free(s);
	return 0;
}

/* ---- writing ---- */

static void on_apply(struct dg_apply *a, enum dg_outcome outcome)
{
	struct scene *s = a->arg;

	s->outcome = outcome;
	dg_loop_stop(s->loop);
}

static void answer_rcode(struct fake_request *r)
{
	uint8_t buf[1024];
	struct scene *s = r->fake->arg;
	struct dg_wire_out o = {.data = buf, .max = sizeof(buf)};

	fake_begin(&o, r, (unsigned)s->rcode);
	fake_answer(r, buf, o.len);
}

static void apply(struct scene *s, bool is_dry_run, int64_t deadline_ms)
{
	struct dg_rdata *rd = dg_new(s->a, struct dg_rdata);

	*rd = dg_mx_make(s->a, 0, ".");
	s->swap.before = dg_rrset_none(ZONE, DG_TYPE_MX);
	s->swap.after = dg_rrset_make(ZONE, DG_TYPE_MX, 60, rd, 1);
	s->apply = (struct dg_apply){.zone = ZONE,
		.swaps = &s->swap,
		.n_swaps = 1,
		.is_dry_run = is_dry_run,
		.deadline_ms = deadline_ms,
		.arena = s->a,
		.done = on_apply,
		.arg = s};
	s->p.ops->apply(&s->p, &s->apply);
	dg_loop_run(s->loop);
}

static void test_outcomes(void **state)
{
	struct scene *s = *state;
	static const struct {
		int rcode;
		enum dg_outcome outcome;
		int rc;
		unsigned retry_after_s;
	} rows[] = {
		{0, DG_APPLIED, 0, 0},
		{1, DG_NOT_APPLIED, DG_EREMOTE, 0},
		{2, DG_UNKNOWN, DG_EREMOTE, 5},
		{3, DG_CONFLICT, DG_ECONFLICT, 0},
		{4, DG_NOT_APPLIED, DG_EREMOTE, 0},
		{5, DG_NOT_APPLIED, DG_EREMOTE, 0},
		{6, DG_CONFLICT, DG_ECONFLICT, 0},
		{7, DG_CONFLICT, DG_ECONFLICT, 0},
		{8, DG_CONFLICT, DG_ECONFLICT, 0},
		{9, DG_NOT_APPLIED, DG_EREMOTE, 0},
		{10, DG_NOT_APPLIED, DG_EREMOTE, 0},
		{15, DG_UNKNOWN, DG_EREMOTE, 5},
	};

	open_scene(s, answer_rcode);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s->rcode = rows[i].rcode;
		apply(s, false, 5000);
		assert_int_equal(rows[i].outcome, s->outcome);
		assert_int_equal(rows[i].rc, s->apply.err.rc);
		assert_int_equal(rows[i].retry_after_s, s->apply.err.retry_after_s);
	}
	s->rcode = 2;
	apply(s, true, 5000);
	assert_int_equal(DG_NOT_APPLIED, s->outcome); /* a dry run changes nothing */
}

static void close_at_once(struct fake_request *r)
{
	fake_close(r);
}

static void say_nothing(struct fake_request *r)
{
	(void)r;
}

static void test_lost(void **state)
{
	struct scene *s = *state;

	open_scene(s, close_at_once);
	apply(s, false, 5000);
	assert_int_equal(DG_UNKNOWN, s->outcome);
	apply(s, true, 5000);
	assert_int_equal(DG_NOT_APPLIED, s->outcome);
	s->fake.handler = say_nothing;
	apply(s, false, 60);
	assert_int_equal(DG_UNKNOWN, s->outcome);
	fake_done(&s->fake);
	apply(s, false, 5000);
	assert_int_equal(DG_NOT_APPLIED, s->outcome);
	assert_int_equal(5, s->apply.err.retry_after_s);
}

static void test_check(void **state)
{
	struct scene *s = *state;
	struct dg_err err;
	struct dg_rdata rd = {(const uint8_t *)"\xc0\x00\x02\x01", 4};

	open_scene(s, answer_rcode);
	struct dg_swap swap = {dg_rrset_none(ZONE, DG_TYPE_NS), dg_rrset_none(ZONE, DG_TYPE_NS)};
	assert_int_equal(DG_EPOLICY, s->p.ops->check(&s->p, &swap, 1, &err));
	swap.after = dg_rrset_make(ZONE, DG_TYPE_A, 60, &rd, 1);
	assert_int_equal(DG_EPOLICY, s->p.ops->check(&s->p, &swap, 1, &err));
	rd = dg_txt_make(s->a, "x", 1);
	swap.after = dg_rrset_make(ZONE, DG_TYPE_TXT, DG_TTL_MAX + 1u, &rd, 1);
	assert_int_equal(DG_EPOLICY, s->p.ops->check(&s->p, &swap, 1, &err));
	swap.after.ttl = DG_TTL_MAX;
	assert_int_equal(0, s->p.ops->check(&s->p, &swap, 1, &err));
	char *text = calloc(1, 64000);
	assert_non_null(text);
	memset(text, 'x', 64000);
	rd = dg_txt_make(s->a, text, 64000);
	free(text);
	assert_int_equal(0, s->p.ops->check(&s->p, &swap, 1, &err));
	struct dg_swap two[] = {swap, swap};
	assert_int_equal(DG_EPOLICY, s->p.ops->check(&s->p, two, 2, &err));
	assert_non_null(strstr(err.text, "do not fit"));
}

static void test_needs_a_key(void **state)
{
	struct scene *s = *state;
	struct dg_err err;

	open_scene(s, answer_rcode);
	const struct dg_rfc2136_opts opts = {.server = {.host = "192.0.2.1"}, .timeout = 10};
	struct dg_provider p = {.ops = &dg_provider_rfc2136, .loop = s->loop, .opts = &opts};
	const struct dg_swap swap = {dg_rrset_none("example.com.", DG_TYPE_MX),
		dg_rrset_none("example.com.", DG_TYPE_MX)};
	assert_int_equal(0, p.ops->open(&p, &err)); /* looking is free */
	assert_int_equal(DG_EPOLICY, p.ops->check(&p, &swap, 1, &err));
	assert_non_null(strstr(err.text, "no tsig"));
	p.ops->close(&p);
}

/* ---- reading ---- */

static void on_read(struct dg_read *r, int rc)
{
	struct scene *s = r->arg;

	s->read_rc = rc;
	dg_loop_stop(s->loop);
}

static void read_keys(struct scene *s, bool whole)
{
	size_t n = 0;

	s->keys[n++] = (struct dg_rrkey){ZONE, DG_TYPE_MX};
	s->keys[n++] = (struct dg_rrkey){"lists." ZONE, DG_TYPE_TXT};
	s->keys[n++] = (struct dg_rrkey){"none." ZONE, DG_TYPE_TXT};
	s->read = (struct dg_read){.zone = ZONE,
		.keys = s->keys,
		.n_keys = n,
		.whole = whole,
		.deadline_ms = s->deadline_ms,
		.arena = s->a,
		.done = on_read,
		.arg = s};
	s->read_rc = 99;
	s->p.ops->read(&s->p, &s->read);
	dg_loop_run(s->loop);
}

static uint16_t type_asked(const struct fake_request *r, struct dg_wire_name *name)
{
	struct dg_wire_in in;
	struct dg_wire_header h;
	uint16_t type = 0;
	uint16_t class = 0;

	assert_int_equal(0, dg_wire_open(&in, r->msg, r->len, &h));
	assert_int_equal(0, dg_wire_read_question(&in, name, &type, &class));
	return dg_wire_opcode(&h) == DG_OPCODE_UPDATE ? 0 : type;
}

static void put(struct dg_wire_out *o, uint16_t type, const void *data, size_t len)
{
	dg_wire_put(o, "\xc0\x0c", 2);
	dg_wire_put16(o, type);
	dg_wire_put16(o, DG_CLASS_IN);
	dg_wire_put32(o, 300);
	dg_wire_put16(o, (unsigned)len);
	dg_wire_put(o, data, len);
}

static void put_soa(struct dg_wire_out *o)
{
	put(o, DG_TYPE_SOA, "\0\0\0\0\0\x2a\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1", 22);
}

/* How many prerequisites an UPDATE has; whether one of them is about lists. */
static unsigned prerequisites(const struct fake_request *r, bool *has_lists)
{
	struct dg_wire_in in;
	struct dg_wire_header h;
	struct dg_wire_name name;
	struct dg_wire_record rr;
	uint16_t type = 0;
	uint16_t class = 0;

	assert_int_equal(0, dg_wire_open(&in, r->msg, r->len, &h));
	assert_int_equal(0, dg_wire_read_question(&in, &name, &type, &class));
	assert_int_equal(0, h.n[2]); /* nothing is ever changed by reading */
	for (unsigned i = 0; i < h.n[1]; i++) {
		assert_int_equal(0, dg_wire_read_record(&in, &rr));
		assert_int_equal(DG_CLASS_ANY, rr.class);
		*has_lists = *has_lists || memcmp(rr.owner.wire, "\5lists", 6) == 0;
	}
	return h.n[1];
}

/* A zone of SOA, NS, MX and lists TXT; transfers refused. */
static void small_zone(struct fake_request *r)
{
	uint8_t buf[1024];
	struct scene *s = r->fake->arg;
	struct dg_wire_out o = {.data = buf, .max = sizeof(buf)};
	struct dg_wire_name name;
	uint16_t type = type_asked(r, &name);
	bool is_apex = name.len == 13;
	bool has_lists = false;

	if (type == 0) {
		(void)prerequisites(r, &has_lists);
		s->n_updates++;
		fake_begin(&o, r,
			s->rcode                  ? (unsigned)s->rcode
			: s->is_wild && has_lists ? 8u
						  : 0u);
	} else if (type == DG_TYPE_AXFR) {
		fake_begin(&o, r, 5);
	} else {
		fake_begin(
			&o, r, !is_apex && memcmp(name.wire, "\4none", 5) == 0 ? 0x0403 : 0x0400);
		if (type == DG_TYPE_SOA) {
			put_soa(&o);
		} else if (type == DG_TYPE_NS) {
			put(&o, DG_TYPE_NS, "\3ns1\xc0\x0c", 6);
		} else if (type == DG_TYPE_MX) {
			put(&o, DG_TYPE_MX, "\0\x0a\3mx1\xc0\x0c", 8);
		} else if (memcmp(name.wire, "\5lists", 6) == 0) {
			put(&o, DG_TYPE_TXT, "\4text", 5);
		}
		dg_wire_count(&o, 1, o.len > name.len + 12 + 4);
	}
	fake_answer(r, buf, o.len);
}

static void test_questions(void **state)
{
	struct scene *s = *state;
	struct dg_rrset got;

	open_scene(s, small_zone);
	read_keys(s, true); /* the transfer is refused first */
	assert_int_equal(0, s->read_rc);
	assert_false(s->read.have->is_complete);
	assert_true(s->read.have->is_sealed);
	assert_string_equal("42", s->read.have->version);
	assert_non_null(strstr(s->read.have->from, "questions"));
	assert_int_equal(0, dg_zone_get(s->read.have, ZONE, DG_TYPE_MX, &got));
	assert_int_equal(1, got.n);
	assert_int_equal(0, dg_zone_get(s->read.have, ZONE, DG_TYPE_NS, &got));
	assert_int_equal(1, got.n);
	assert_int_equal(0, dg_zone_get(s->read.have, "lists." ZONE, DG_TYPE_TXT, &got));
	assert_int_equal(1, got.n);
	assert_int_equal(0, dg_zone_get(s->read.have, "none." ZONE, DG_TYPE_TXT, &got));
	assert_int_equal(0, got.n);
	assert_int_equal(1, dg_zone_get(s->read.have, "other." ZONE, DG_TYPE_TXT, &got));
	assert_int_equal(1, s->n_updates);
}

static void test_wildcard(void **state)
{
	struct scene *s = *state;
	struct dg_rrset got;

	open_scene(s, small_zone);
	s->is_wild = true;
	read_keys(s, false);
	assert_int_equal(0, s->read_rc);
	assert_int_equal(0, dg_zone_get(s->read.have, "lists." ZONE, DG_TYPE_TXT, &got));
	assert_int_equal(0, got.n); /* what a wildcard says is not there */
	s->rcode = 5;
	read_keys(s, false);
	assert_int_equal(DG_EREMOTE, s->read_rc); /* cannot tell: never "absent", never "present" */
	assert_null(s->read.have);
	assert_non_null(strstr(s->read.err.text, "wildcard"));
}

enum {
	NO_AA,
	REFERRAL,
	OTHER_ZONE,
	SERVFAIL_ONE,
	NO_SOA,
	SILENT_ONE
};

static void bad_zone(struct fake_request *r)
{
	uint8_t buf[1024];
	struct scene *s = r->fake->arg;
	struct dg_wire_out o = {.data = buf, .max = sizeof(buf)};
	struct dg_wire_name name;
	uint16_t type = type_asked(r, &name);
	bool is_lists = memcmp(name.wire, "\5lists", 6) == 0;

	if ((s->rcode == NO_SOA && type != DG_TYPE_SOA) || (s->rcode != NO_SOA && !is_lists) ||
		type == 0) {
		int rcode = s->rcode;
		s->rcode = 0;
		small_zone(r);
		s->rcode = rcode;
		return;
	}
	if (s->rcode == SILENT_ONE) {
		return;
	}
	fake_begin(&o, r,
		s->rcode == SERVFAIL_ONE                    ? 0x0402
		: s->rcode == NO_AA || s->rcode == REFERRAL ? 0
							    : 0x0400);
	if (s->rcode == REFERRAL) {
		put(&o, DG_TYPE_NS, "\3ns1\xc0\x0c", 6);
	} else if (s->rcode == OTHER_ZONE) {
		put_soa(&o);
	}
	dg_wire_count(&o, 2, s->rcode == REFERRAL || s->rcode == OTHER_ZONE);
	fake_answer(r, buf, o.len);
}

static void test_one_unknown_key(void **state)
{
	struct scene *s = *state;
	static const char *const texts[] = {
		[NO_AA] = "not authoritative",
		[REFERRAL] = "below a delegation",
		[OTHER_ZONE] = "lies in zone lists.example.org.",
		[SERVFAIL_ONE] = "SERVFAIL",
		[NO_SOA] = "not a zone's name",
		[SILENT_ONE] = "no answer",
	};

	open_scene(s, bad_zone);
	for (int i = 0; i <= SILENT_ONE; i++) {
		s->rcode = i;
		if (i == SILENT_ONE) {
			s->deadline_ms = 100;
		}
		read_keys(s, false);
		assert_true(s->read_rc < 0);
		assert_null(s->read.have);
		assert_non_null(strstr(s->read.err.text, texts[i]));
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_outcomes),
		T(test_lost),
		T(test_check),
		T(test_needs_a_key),
		T(test_questions),
		T(test_wildcard),
		T(test_one_unknown_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
