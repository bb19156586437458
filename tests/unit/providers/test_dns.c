/* DNS on the wire: what is written, what is read, what is refused. */
#include "tests/unit/providers/wire_unit.h"

struct scene {
	struct wire w;
	struct dg_dns_query q;
};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	wire_init(&s->w);
	s->q = (struct dg_dns_query){.name = ZONE, .type = DG_TYPE_MX, .arena = s->w.a};
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	s->w.a = dg_arena_free(s->w.a);
	free(s);
	return 0;
}

static int parse(struct scene *s)
{
	return dg_dns_answer_parse(s->w.buf, s->w.o.len, ID, &s->q);
}

static void test_answer(void **state)
{
	struct scene *s = *state;

	wire_begin(&s->w, 0x0400, DG_TYPE_MX);
	wire_add(&s->w, ZONE, DG_TYPE_CNAME, 0x80000001u, "WWW");
	wire_add_raw(&s->w, "www." ZONE, DG_TYPE_MX, "\0\x14\x03MX2\xc0\x0c", 8);
	wire_add_raw(&s->w, "www." ZONE, DG_TYPE_MX, "\0\x0a\x03mx1\xc0\x0c", 8);
	wire_add(&s->w, "www." ZONE, DG_TYPE_MX, 300, "10 mx1");
	wire_add(&s->w, ZONE, DG_TYPE_NS, 60, "ns1");
	wire_add(&s->w, "ns1." ZONE, DG_TYPE_A, 60, "192.0.2.1");
	wire_add(&s->w, "ns1." ZONE, DG_TYPE_TXT, 60, "\"not wanted there\"");
	dg_wire_put_record(&s->w.o, ".", DG_TYPE_OPT, 1232, 0x01000000, NULL);
	dg_wire_count(&s->w.o, 1, 4);
	dg_wire_count(&s->w.o, 2, 1);
	dg_wire_count(&s->w.o, 3, 3);
	assert_int_equal(0, parse(s));
	assert_true(s->q.is_authoritative);
	assert_int_equal(16, s->q.rcode); /* extended by OPT */
	assert_int_equal(2, s->q.n_answer);
	const struct dg_rrset *c = &s->q.answer[0];
	assert_int_equal(DG_TYPE_CNAME, c->type);
	assert_int_equal(0, c->ttl);
	const struct dg_rrset mx = wire_set(&s->w, "www." ZONE, DG_TYPE_MX, 5, "10 mx1", "20 mx2");
	assert_true(dg_rrset_same(&mx, &s->q.answer[1]));
	assert_int_equal(1, s->q.n_authority);
	assert_int_equal(1, s->q.n_additional);
	assert_false(s->q.is_referral);
}

static void test_referral(void **state)
{
	struct scene *s = *state;

	wire_begin(&s->w, 0, DG_TYPE_MX);
	wire_add(&s->w, ZONE, DG_TYPE_NS, 60, "ns1.example.net.");
	dg_wire_count(&s->w.o, 2, 1);
	assert_int_equal(0, parse(s));
	assert_true(s->q.is_referral);
}

static void test_not_the_answer(void **state)
{
	struct scene *s = *state;
	static const struct {
		size_t at;
		uint8_t value;
	} rows[] = {
		{0, 0x43}, /* id */
		{2, 0x00}, /* no QR */
		{2, 0xa8}, /* UPDATE */
		{5, 2},    /* two questions */
		{5, 0},    /* none, and no error */
		{13, 'f'}, /* another name */
		{26, 16},  /* another type */
		{28, 3},   /* another class */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wire_begin(&s->w, 0x0400, DG_TYPE_MX);
		assert_int_equal(0, parse(s));
		s->w.buf[rows[i].at] = rows[i].value;
		assert_int_equal(1, parse(s));
	}
	wire_begin(&s->w, 0x0400, DG_TYPE_MX);
	s->w.buf[13] = 'E'; /* letter case does not count */
	assert_int_equal(0, parse(s));
	s->w.o.len = 12; /* an error may come without the question */
	s->w.buf[3] = 5;
	s->w.buf[5] = 0;
	assert_int_equal(0, parse(s));
	assert_int_equal(5, s->q.rcode);
}

static void test_broken_answers(void **state)
{
	struct scene *s = *state;
	static const struct {
		uint16_t type;
		const char *data;
		size_t len;
	} rows[] = {
		{DG_TYPE_MX, "\0\x0a\xc0\xff", 4},   /* pointer out of the message */
		{DG_TYPE_MX, "\0\x0a\xc0\x2b", 4},   /* to itself */
		{DG_TYPE_MX, "\0\x0a\xc0\x00", 4},   /* into the header */
		{DG_TYPE_MX, "\0\x0a\xc0\x04", 4},   /* where a 0 stands */
		{DG_TYPE_MX, "\0\x0a\xc0\x2d\0", 5}, /* forwards */
		{DG_TYPE_MX,
			"\0\x0a\x3f"
			"a",
			4},                            /* label behind the end */
		{DG_TYPE_MX, "\0\x0a\x40\0", 4},       /* a label type that is none */
		{DG_TYPE_MX, "\0", 1},                 /* no name */
		{DG_TYPE_MX, "\0\x0a\xc0\x0c\0\0", 6}, /* more than a name */
		{DG_TYPE_A, "\1\2\3", 3},
		{DG_TYPE_TXT, "\5abc", 4},
		{DG_TYPE_SOA, "\xc0\x0c\xc0\x0c\0\0", 6},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wire_begin(&s->w, 0x0400, DG_TYPE_MX);
		wire_add_raw(&s->w, ZONE, rows[i].type, rows[i].data, rows[i].len);
		dg_wire_count(&s->w.o, 1, 1);
		assert_int_equal(DG_EREMOTE, parse(s));
	}
	wire_begin(&s->w, 0x0400, DG_TYPE_MX);
	wire_add(&s->w, ZONE, DG_TYPE_MX, 5, "10 mx1");
	dg_wire_count(&s->w.o, 1, 1);
	for (size_t n = s->w.o.len; n-- > 29;) {
		s->w.o.len = n;
		assert_int_equal(DG_EREMOTE, parse(s));
	}
	s->w.buf[6] = 0xff; /* 65,281 records */
	assert_int_equal(DG_EREMOTE, parse(s));
}

/* Names decompress to far more than the message holds: the arena has a bound. */
static void test_expanding_answer(void **state)
{
	struct scene *s = *state;
	size_t max = 60000;
	uint8_t *big = malloc(max);
	char name[1024] = "";
	size_t n = 0;

	assert_non_null(big);
	s->w.o = (struct dg_wire_out){.data = big, .max = max};
	for (int i = 0; i < 82; i++) { /* labels of octets that need escapes */
		memcpy(name + strlen(name), "\\001\\001.", 9);
	}
	dg_query_build(&s->w.o, ID, ZONE, DG_TYPE_MX, false, 0);
	big[2] = 0x84;
	size_t at = s->w.o.len;
	dg_wire_put_record(&s->w.o, name, DG_TYPE_NS, DG_CLASS_IN, 5,
		&(struct dg_rdata){(const uint8_t *)"\0", 1});
	for (n = 1; n < 2000 && s->w.o.max - s->w.o.len > 40; n++) {
		const uint8_t label[] = {
			2, (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(0xc0 | at >> 8), (uint8_t)at};
		dg_wire_put(&s->w.o, label, sizeof(label));
		dg_wire_put(&s->w.o, "\0\2\0\1\0\0\0\5\0\1\0", 11);
	}
	dg_wire_count(&s->w.o, 1, n);
	assert_int_equal(DG_ELIMIT, dg_dns_answer_parse(big, s->w.o.len, ID, &s->q));
	assert_true(dg_arena_used(s->w.a) < 4u << 20);
	free(big);
}

/* ---- updates ---- */

struct counted {
	unsigned n[4];
	uint16_t class[16];
	uint16_t type[16];
	uint32_t ttl[16];
	size_t len[16];
	size_t total;
};

static struct counted count(const struct scene *s)
{
	struct counted c = {0};
	struct dg_wire_header h;
	struct dg_wire_in in;
	struct dg_wire_name name;
	struct dg_wire_record rr;
	uint16_t type = 0;
	uint16_t class = 0;

	assert_int_equal(0, dg_wire_open(&in, s->w.buf, s->w.o.len, &h));
	assert_int_equal(DG_OPCODE_UPDATE, dg_wire_opcode(&h));
	assert_int_equal(0, dg_wire_read_question(&in, &name, &type, &class));
	assert_int_equal(DG_TYPE_SOA, type);
	for (unsigned i = 1; i < 4; i++) {
		c.n[i] = h.n[i];
		for (unsigned k = 0; k < h.n[i]; k++) {
			assert_int_equal(0, dg_wire_read_record(&in, &rr));
			c.class[c.total] = rr.class;
			c.type[c.total] = rr.type;
			c.ttl[c.total] = rr.ttl;
			c.len[c.total] = rr.len;
			c.total++;
		}
	}
	assert_int_equal(in.len, in.at);
	return c;
}

static void test_update_message(void **state)
{
	struct scene *s = *state;
	struct dg_swap swaps[4] = {
		{wire_set(&s->w, ZONE, DG_TYPE_MX, 300, "10 mx1", "20 mx2"),
			wire_set(&s->w, ZONE, DG_TYPE_MX, 60, "0 .", NULL)},
		{dg_rrset_none("_dmarc." ZONE, DG_TYPE_TXT),
			wire_set(&s->w, "_dmarc." ZONE, DG_TYPE_TXT, 60, "\"v=DMARC1; p=reject\"",
				NULL)},
		{wire_set(&s->w, "a." ZONE, DG_TYPE_TXT, 60, "x", NULL),
			dg_rrset_none("a." ZONE, DG_TYPE_TXT)},
		{wire_set(&s->w, "b." ZONE, DG_TYPE_TXT, 60, "x", NULL),
			wire_set(&s->w, "b." ZONE, DG_TYPE_TXT, 60, "x", NULL)},
	};
	const struct dg_rrkey exist = {"c." ZONE, DG_TYPE_MX};
	struct dg_dns_update u = {
		.zone = ZONE, .swaps = swaps, .n_swaps = 4, .exist = &exist, .n_exist = 1};

	dg_update_build(&s->w.o, ID, &u);
	struct counted c = count(s);
	/* Prerequisites: two MX, no _dmarc, a, b, c exists; changes: MX and a away, null MX and _dmarc come; b stays as it is. */
	static const uint16_t classes[] = {1, 1, 254, 1, 1, 255, 255, 255, 1, 1};
	static const uint16_t types[] = {15, 15, 16, 16, 16, 15, 15, 16, 15, 16};
	static const uint32_t ttls[] = {0, 0, 0, 0, 0, 0, 0, 0, 60, 60};
	assert_int_equal(6, c.n[1]);
	assert_int_equal(4, c.n[2]);
	assert_int_equal(10, c.total);
	assert_memory_equal(classes, c.class, sizeof(classes));
	assert_memory_equal(types, c.type, sizeof(types));
	assert_memory_equal(ttls, c.ttl, sizeof(ttls));
	assert_int_equal(0, c.len[2] + c.len[5] + c.len[6] + c.len[7]);

	s->w.o.len = 0;
	u.is_dry_run = true;
	dg_update_build(&s->w.o, ID, &u);
	c = count(s);
	assert_int_equal(6, c.n[1]);
	assert_int_equal(0, c.n[2]);
}

static void test_ttl_only_change(void **state)
{
	struct scene *s = *state;
	struct dg_swap swap = {wire_set(&s->w, ZONE, DG_TYPE_MX, 300, "10 mx1", NULL),
		wire_set(&s->w, ZONE, DG_TYPE_MX, 60, "10 mx1", NULL)};
	const struct dg_dns_update u = {.zone = ZONE, .swaps = &swap, .n_swaps = 1};

	dg_update_build(&s->w.o, ID, &u);
	struct counted c = count(s);
	assert_int_equal(2, c.n[2]);
	assert_int_equal(255, c.class[1]); /* away first: Knot keeps the old TTL else */
	assert_int_equal(60, c.ttl[2]);
}

static void test_update_fits(void **state)
{
	struct scene *s = *state;
	size_t n = 2000;
	struct dg_swap *swaps = dg_newn(s->w.a, struct dg_swap, n);
	struct dg_dns_update u = {.zone = ZONE, .swaps = swaps, .n_swaps = n};
	struct dg_err err;

	for (size_t i = 0; i < n; i++) {
		const char *owner = dg_printf(s->w.a, "h%zu." ZONE, i);
		swaps[i].before = dg_rrset_none(owner, DG_TYPE_TXT);
		swaps[i].after = wire_set(&s->w, owner, DG_TYPE_TXT, 60, "\"v=spf1 a -all\"", NULL);
	}
	assert_int_equal(DG_ELIMIT, dg_dns_update_fits(&u, NULL, &err));
	u.n_swaps = 500;
	assert_int_equal(0, dg_dns_update_fits(&u, NULL, &err));
}

static void test_update_answer(void **state)
{
	struct scene *s = *state;
	int rcode = -1;

	s->w.o.zone = NULL;
	dg_update_build(&s->w.o, ID, &(struct dg_dns_update){.zone = ZONE});
	assert_int_equal(1, dg_update_answer_parse(s->w.buf, s->w.o.len, ID, ZONE, &rcode));
	s->w.buf[2] |= 0x80;
	s->w.buf[3] = 8;
	assert_int_equal(0, dg_update_answer_parse(s->w.buf, s->w.o.len, ID, ZONE, &rcode));
	assert_int_equal(8, rcode);
	assert_int_equal(
		1, dg_update_answer_parse(s->w.buf, s->w.o.len, ID, "example.net.", &rcode));
	assert_int_equal(1, dg_update_answer_parse(s->w.buf, s->w.o.len, ID + 1, ZONE, &rcode));
}

static void test_words(void **state)
{
	char buf[16];

	(void)state;
	assert_string_equal("NXRRSET", dg_rcode_text(8, buf));
	assert_string_equal("RCODE23", dg_rcode_text(23, buf));
	for (int asked = DG_DNS_ASKED_QUERY; asked <= DG_DNS_ASKED_UPDATE; asked++) {
		assert_non_null(strstr(dg_dns_refusal((enum dg_dns_asked)asked, 5),
			"REFUSED: this usually means"));
		assert_non_null(dg_dns_refusal((enum dg_dns_asked)asked, 15));
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_answer),
		T(test_referral),
		T(test_not_the_answer),
		T(test_broken_answers),
		T(test_expanding_answer),
		T(test_update_message),
		T(test_ttl_only_change),
		T(test_update_fits),
		T(test_update_answer),
		T(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
