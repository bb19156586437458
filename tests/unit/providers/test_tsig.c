/* TSIG: signed and verified against ldns and against MACs made here by hand. */
#include "tests/unit/unit.h"

#include <ldns/ldns.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "providers/net/dns.h"
#include "providers/net/dns_build.h"
#include "providers/net/dns_wire.h"
#include "providers/net/tsig.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

#define SECRET64 \
	"c2VjcmV0IG9mIGEgdGVzdCwgMzIgb2N0ZXRzIGxvbmc=" /* "secret of a test, 32 octets long" */
#define SECRET "secret of a test, 32 octets long"
#define NOW    1700000000
#define ID     0x1234

struct scene {
	struct dg_tsig_key *key;
	struct dg_tsig_session t;
	uint8_t buf[4096];
	struct dg_wire_out request;
};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct dg_err err;

	assert_non_null(s);
	assert_int_equal(0, dg_tsig_key_new("k1.", "hmac-sha256", (const uint8_t *)SECRET,
				    strlen(SECRET), &s->key, &err));
	dg_tsig_begin(&s->t, s->key);
	s->request = (struct dg_wire_out){.data = s->buf, .max = sizeof(s->buf)};
	dg_query_build(&s->request, ID, "example.org.", 15, false, 0);
	dg_tsig_sign(&s->t, &s->request, NOW);
	assert_false(s->request.is_full);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	dg_tsig_done(&s->t);
	s->key = dg_tsig_key_free(s->key);
	free(s);
	return 0;
}

/* What a server sends: an answer and its signature, made here by hand. */
struct answer {
	uint8_t data[2048];
	size_t len;
	uint8_t mac[64];
	unsigned mac_len;
};

struct how {
	int64_t time;
	unsigned fudge;
	unsigned error;
	const uint8_t *other;
	unsigned other_len;
	unsigned mac_octets; /* 0: as many as the algorithm makes */
	bool has_no_mac;
	bool is_timers_only;
	const char *key; /* NULL: k1 */
};

static void put_time(struct dg_wire_out *o, int64_t t)
{
	dg_wire_put16(o, (unsigned)(t >> 32));
	dg_wire_put32(o, (uint32_t)t);
}

static void make_plain(struct answer *a)
{
	struct dg_wire_out o = {.data = a->data, .max = sizeof(a->data)};

	dg_query_build(&o, ID, "example.org.", 15, false, 0);
	o.data[2] |= 0x84; /* QR, AA */
	a->len = o.len;
}

/* prior: the MAC that comes first in what is digested; between: unsigned messages. */
static void sign_answer(struct answer *a, const uint8_t *prior, unsigned prior_len,
	const struct answer *between, size_t n_between, const struct how *how)
{
	uint8_t text[6000];
	struct dg_wire_out d = {.data = text, .max = sizeof(text)};
	struct dg_wire_out o = {.data = a->data, .len = a->len, .max = sizeof(a->data)};
	const char *key = how->key ? how->key : "k1.";

	dg_wire_put16(&d, prior_len);
	dg_wire_put(&d, prior, prior_len);
	for (size_t i = 0; i < n_between; i++) {
		dg_wire_put(&d, between[i].data, between[i].len);
	}
	dg_wire_put(&d, a->data, a->len);
	if (!how->is_timers_only) {
		dg_wire_put_name(&d, key);
		dg_wire_put16(&d, 255);
		dg_wire_put32(&d, 0);
		dg_wire_put_name(&d, "hmac-sha256.");
	}
	put_time(&d, how->time);
	dg_wire_put16(&d, how->fudge);
	if (!how->is_timers_only) {
		dg_wire_put16(&d, how->error);
		dg_wire_put16(&d, how->other_len);
		dg_wire_put(&d, how->other, how->other_len);
	}
	assert_false(d.is_full);
	assert_non_null(
		HMAC(EVP_sha256(), SECRET, (int)strlen(SECRET), text, d.len, a->mac, &a->mac_len));
	unsigned n = how->has_no_mac ? 0 : how->mac_octets ? how->mac_octets : a->mac_len;
	dg_wire_put_name(&o, key);
	dg_wire_put16(&o, 250);
	dg_wire_put16(&o, 255);
	dg_wire_put32(&o, 0);
	dg_wire_put16(&o, 13 + 10 + n + 6 + how->other_len);
	dg_wire_put_name(&o, "hmac-sha256.");
	put_time(&o, how->time);
	dg_wire_put16(&o, how->fudge);
	dg_wire_put16(&o, n);
	dg_wire_put(&o, a->mac, n);
	dg_wire_put16(&o, ID);
	dg_wire_put16(&o, how->error);
	dg_wire_put16(&o, how->other_len);
	dg_wire_put(&o, how->other, how->other_len);
	dg_wire_count(&o, 3, 1);
	assert_false(o.is_full);
	a->len = o.len;
}

static int verify(struct scene *s, const struct answer *a, int64_t now, struct dg_err *err)
{
	return dg_tsig_verify(&s->t, a->data, a->len, now, false, err);
}

static void check_with_ldns(const char *algorithm, const char *ldns_algorithm)
{
	uint8_t buf[1024];
	struct dg_wire_out o = {.data = buf, .max = sizeof(buf)};
	struct dg_tsig_session t;
	struct dg_tsig_key *key = NULL;
	struct dg_err err;
	ldns_pkt *pkt = NULL;

	assert_int_equal(0, dg_tsig_key_new("k1.", algorithm, (const uint8_t *)SECRET,
				    strlen(SECRET), &key, &err));
	dg_tsig_begin(&t, key);
	dg_query_build(&o, ID, "example.org.", 15, false, 0);
	dg_tsig_sign(&t, &o, time(NULL));
	assert_int_equal(LDNS_STATUS_OK, ldns_wire2pkt(&pkt, buf, o.len));
	assert_true(ldns_pkt_tsig_verify(pkt, buf, o.len, "k1.", SECRET64, NULL));
	ldns_rdf *mac = ldns_rdf_clone(ldns_rr_rdf(ldns_pkt_tsig(pkt), 3));

	/* And back: ldns signs the answer. */
	ldns_rr_free(ldns_pkt_tsig(pkt));
	ldns_pkt_set_tsig(pkt, NULL);
	ldns_pkt_set_qr(pkt, true);
	assert_int_equal(
		LDNS_STATUS_OK, ldns_pkt_tsig_sign(pkt, "k1.", SECRET64, 300, ldns_algorithm, mac));
	uint8_t *wire = NULL;
	size_t len = 0;
	assert_int_equal(LDNS_STATUS_OK, ldns_pkt2wire(&wire, pkt, &len));
	assert_int_equal(0, dg_tsig_verify(&t, wire, len, time(NULL), false, &err));
	assert_int_equal(DG_TSIG_VALID, t.state);
	free(wire);
	ldns_rdf_deep_free(mac);
	ldns_pkt_free(pkt);
	dg_tsig_done(&t);
	key = dg_tsig_key_free(key);
}

static void test_agrees_with_ldns(void **state)
{
	(void)state;
	check_with_ldns("hmac-sha256", "hmac-sha256.");
	check_with_ldns("hmac-sha512", "hmac-sha512.");
}

static const struct how fine = {.time = NOW, .fudge = 300};

static void make_answer(struct scene *s, struct answer *a, const struct how *how)
{
	make_plain(a);
	sign_answer(a, s->t.mac, (unsigned)s->t.mac_len, NULL, 0, how);
}

static void test_every_octet_counts(void **state)
{
	struct scene *s = *state;
	struct answer a;
	struct dg_err err;
	struct dg_tsig_session saved = s->t;

	make_answer(s, &a, &fine);
	for (size_t i = 0; i < a.len; i++) {
		struct answer b = a;
		b.data[i] ^= 0x10;
		s->t = saved;
		int r = verify(s, &b, NOW, &err);
		/* The id of the message itself is not digested (it is compared by the caller), nor is letter case. */
		bool is_free = i < 2 || (r == 0 && (a.data[i] | 0x20) == (b.data[i] | 0x20));
		if (!is_free) {
			assert_int_equal(DG_EREMOTE, r);
		}
		assert_null(s->t.running);
	}
	s->t = saved;
	assert_int_equal(0, verify(s, &a, NOW, &err));
}

static void test_time(void **state)
{
	struct scene *s = *state;
	struct answer a;
	struct dg_err err;
	struct dg_tsig_session saved = s->t;

	make_answer(s, &a, &fine);
	for (int d = -300; d <= 300; d += 300) {
		s->t = saved;
		assert_int_equal(0, verify(s, &a, NOW + d, &err));
	}
	s->t = saved;
	assert_int_equal(DG_EREMOTE, verify(s, &a, NOW + 301, &err));
	assert_int_equal(DG_TSIG_BADTIME, s->t.state);
	assert_non_null(strstr(err.text, "2023-11-14T22:18:21Z"));
	assert_non_null(strstr(err.text, "2023-11-14T22:13:20Z"));
	assert_non_null(strstr(err.text, "301 seconds apart"));
	s->t = saved;
	assert_int_equal(DG_EREMOTE, verify(s, &a, NOW - 301, &err));
}

static void test_server_says_badtime(void **state)
{
	struct scene *s = *state;
	struct answer a;
	struct dg_err err;
	uint8_t other[6];
	struct dg_wire_out o = {.data = other, .max = sizeof(other)};

	put_time(&o, NOW - 4000);
	make_answer(s, &a,
		&(struct how){
			.time = NOW, .fudge = 300, .error = 18, .other = other, .other_len = 6});
	assert_int_equal(DG_EREMOTE, verify(s, &a, NOW, &err));
	assert_int_equal(DG_TSIG_BADTIME, s->t.state);
	assert_non_null(strstr(err.text, "4000 seconds apart"));
}

static void test_refusals(void **state)
{
	struct scene *s = *state;
	struct answer a;
	struct dg_err err;
	static const struct {
		struct how how;
		enum dg_tsig_state state;
		const char *text;
	} rows[] = {
		{{.time = NOW, .fudge = 300, .error = 17, .has_no_mac = true}, DG_TSIG_BADKEY,
			"BADKEY"},
		{{.time = NOW, .fudge = 300, .error = 16, .has_no_mac = true}, DG_TSIG_BADSIG,
			"BADSIG"},
		{{.time = NOW, .fudge = 300, .mac_octets = 16}, DG_TSIG_FORGED, "truncated"},
		{{.time = NOW, .fudge = 300, .has_no_mac = true}, DG_TSIG_FORGED,
			"MAC of 0 octets"},
		{{.time = NOW, .fudge = 300, .key = "k2."}, DG_TSIG_FORGED, "another key"},
		{{.time = NOW, .fudge = 300, .error = 17, .has_no_mac = true, .key = "k2."},
			DG_TSIG_BADKEY, "BADKEY"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make_answer(s, &a, &rows[i].how);
		assert_int_equal(DG_EREMOTE, verify(s, &a, NOW, &err));
		assert_int_equal(rows[i].state, s->t.state);
		assert_non_null(strstr(err.text, rows[i].text));
	}
	make_plain(&a);
	assert_int_equal(DG_EREMOTE, verify(s, &a, NOW, &err));
	assert_int_equal(DG_TSIG_MISSING, s->t.state);
}

/* Messages of a transfer: first and last signed, n unsigned between. */
static int transfer(struct scene *s, size_t n, struct dg_err *err)
{
	struct answer *list = calloc(n + 1, sizeof(*list));
	struct answer first;
	int r = 0;

	assert_non_null(list);
	make_answer(s, &first, &fine);
	assert_int_equal(0, dg_tsig_verify(&s->t, first.data, first.len, NOW, true, err));
	for (size_t i = 0; i < n && r >= 0; i++) {
		make_plain(&list[i]);
		list[i].data[20] ^= (uint8_t)i; /* not all the same */
		r = dg_tsig_verify(&s->t, list[i].data, list[i].len, NOW, true, err);
		assert_true(r != 0);
		assert_true(r < 0 || s->t.n_unsigned == i + 1);
	}
	if (r >= 0) {
		make_plain(&list[n]);
		sign_answer(&list[n], first.mac, first.mac_len, list, n,
			&(struct how){.time = NOW, .fudge = 300, .is_timers_only = true});
		r = dg_tsig_verify(&s->t, list[n].data, list[n].len, NOW, true, err);
	}
	free(list);
	return r;
}

static void test_transfer(void **state)
{
	struct scene *s = *state;
	struct dg_err err;
	struct dg_tsig_session saved = s->t;
	static const size_t good[] = {0, 1, 50};

	for (size_t i = 0; i < 3; i++) {
		s->t = saved;
		assert_int_equal(0, transfer(s, good[i], &err));
		assert_int_equal(0, s->t.n_unsigned);
	}
	s->t = saved;
	assert_int_equal(DG_EREMOTE, transfer(s, 100, &err));
	assert_non_null(strstr(err.text, "more than 99"));
	dg_tsig_done(&s->t);

	/* An unsigned message before any signed one. */
	struct answer a;
	s->t = saved;
	make_plain(&a);
	assert_int_equal(DG_EREMOTE, dg_tsig_verify(&s->t, a.data, a.len, NOW, true, &err));
}

static void test_unsigned_octets_count(void **state)
{
	struct scene *s = *state;
	struct answer first;
	struct answer mid;
	struct answer last;
	struct dg_err err;

	make_answer(s, &first, &fine);
	assert_int_equal(0, dg_tsig_verify(&s->t, first.data, first.len, NOW, true, &err));
	make_plain(&mid);
	make_plain(&last);
	sign_answer(&last, first.mac, first.mac_len, &mid, 1,
		&(struct how){.time = NOW, .fudge = 300, .is_timers_only = true});
	mid.data[15] ^= 1;
	assert_int_equal(1, dg_tsig_verify(&s->t, mid.data, mid.len, NOW, true, &err));
	assert_int_equal(DG_EREMOTE, dg_tsig_verify(&s->t, last.data, last.len, NOW, true, &err));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_agrees_with_ldns),
		T(test_every_octet_counts),
		T(test_time),
		T(test_server_says_badtime),
		T(test_refusals),
		T(test_transfer),
		T(test_unsigned_octets_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
