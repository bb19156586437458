#include "providers/net/tsig.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "providers/net/dns.h"
#include "providers/net/dns_wire.h"

#define TIME_LEN       6u
#define VARIABLES_MAX  (2u * DG_NAME_WIRE_MAX + 32u)
#define CLOCK_TEXT_MAX 40u

struct algorithm {
	const char *name; /* as people write it */
	const char *wire_name;
	const char *digest;
	size_t mac_len;
};

static const struct algorithm algorithms[] = {
	{"hmac-sha256", "hmac-sha256.", "SHA256", 32},
	{"hmac-sha512", "hmac-sha512.", "SHA512", 64},
};

struct dg_tsig_key {
	const struct algorithm *algorithm;
	EVP_MAC_CTX *ctx;                /* keyed once, started again for each message */
	char name[DG_NAME_TEXT_MAX + 1]; /* for people: without the final dot */
	uint8_t name_wire[DG_NAME_WIRE_MAX];
	size_t name_len;
	uint8_t algorithm_wire[DG_NAME_WIRE_MAX];
	size_t algorithm_len;
};

/* A TSIG record's data (RFC 8945 section 4.2). */
struct tsig {
	struct dg_wire_name algorithm;
	int64_t time;
	unsigned fudge;
	const uint8_t *mac;
	size_t mac_len;
	unsigned original_id;
	unsigned error;
	const uint8_t *other;
	size_t other_len;
};

static EVP_MAC_CTX *mac_new(const char *digest, const uint8_t *secret, size_t len)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	char name[16];

	(void)snprintf(name, sizeof(name), "%s", digest);
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC_free(mac);
	if (ctx && EVP_MAC_init(ctx, secret, len, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

static const struct algorithm *algorithm_find(const char *name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (strcmp(algorithms[i].name, name) == 0) {
			return &algorithms[i];
		}
	}
	return NULL;
}

int dg_tsig_key_new(const char *name, const char *algorithm, const uint8_t *secret, size_t len,
	struct dg_tsig_key **ret_key, struct dg_err *err)
{
	const struct algorithm *a = algorithm_find(algorithm);

	if (!a) {
		bool is_shown = strncmp(algorithm, "hmac-", 5) ==
				0; /* else it may be a secret in the wrong place */
		return dg_fail(err, DG_EINPUT,
			"TSIG algorithm%s%.32s is not supported: expected hmac-sha256 or "
			"hmac-sha512 (RFC 8945 section 6)",
			is_shown ? " " : "", is_shown ? algorithm : "");
	}
	if (len < DG_TSIG_SECRET_MIN || len > DG_TSIG_SECRET_MAX) {
		return dg_fail(err, DG_EINPUT,
			"the TSIG secret has %zu octets: expected %u to %u (RFC 8945 section 8); "
			"make one with tsig-keygen or keymgr -t",
			len, DG_TSIG_SECRET_MIN, DG_TSIG_SECRET_MAX);
	}
	struct dg_tsig_key *k = calloc(1, sizeof(*k));
	if (k) {
		k->ctx = mac_new(a->digest, secret, len);
	}
	if (!k || !k->ctx) {
		free(k);
		return dg_fail(err, DG_EIO, "libcrypto cannot make an HMAC with %s", a->digest);
	}
	k->algorithm = a;
	size_t n = strlen(name);
	(void)snprintf(k->name, sizeof(k->name), "%.*s",
		(int)(n > 1 && name[n - 1] == '.' ? n - 1 : n), name);
	k->name_len = dg_name_to_wire(name, k->name_wire);
	k->algorithm_len = dg_name_to_wire(a->wire_name, k->algorithm_wire);
	*ret_key = k;
	return 0;
}

struct dg_tsig_key *dg_tsig_key_free(struct dg_tsig_key *k)
{
	if (k) {
		EVP_MAC_CTX_free(k->ctx); /* clears the secret */
		OPENSSL_cleanse(k, sizeof(*k));
		free(k);
	}
	return NULL;
}

const char *dg_tsig_key_name(const struct dg_tsig_key *k)
{
	return k->name;
}

void dg_tsig_begin(struct dg_tsig_session *t, const struct dg_tsig_key *key)
{
	*t = (struct dg_tsig_session){.key = key};
}

void dg_tsig_done(struct dg_tsig_session *t)
{
	EVP_MAC_CTX_free(t->running);
	t->running = NULL;
}

static void update(EVP_MAC_CTX *ctx, const void *p, size_t n)
{
	int ok = EVP_MAC_update(ctx, p, n);

	assert(ok == 1);
	(void)ok;
}

static void update_mac(EVP_MAC_CTX *ctx, const uint8_t *mac, size_t len)
{
	const uint8_t prefix[2] = {(uint8_t)(len >> 8), (uint8_t)len};

	update(ctx, prefix, sizeof(prefix));
	update(ctx, mac, len);
}

static void put_time(struct dg_wire_out *o, int64_t seconds)
{
	dg_wire_put16(o, (unsigned)((uint64_t)seconds >> 32) & 0xffffu);
	dg_wire_put32(o, (uint32_t)((uint64_t)seconds & 0xffffffffu));
}

static int64_t get_time(const uint8_t *p)
{
	return (int64_t)((uint64_t)dg_wire_get16(p) << 32 | dg_wire_get32(p + 2));
}

/* RFC 8945 section 4.3.3; only the timers in messages after the first of a transfer (section 5.3.1). */
static void update_variables(
	EVP_MAC_CTX *ctx, const struct dg_tsig_key *k, const struct tsig *r, bool is_timers_only)
{
	uint8_t data[VARIABLES_MAX];
	struct dg_wire_out o = {.data = data, .max = sizeof(data)};

	if (!is_timers_only) {
		dg_wire_put(&o, k->name_wire, k->name_len);
		dg_wire_put16(&o, DG_CLASS_ANY);
		dg_wire_put32(&o, 0);
		dg_wire_put(&o, k->algorithm_wire, k->algorithm_len);
	}
	put_time(&o, r->time);
	dg_wire_put16(&o, r->fudge);
	if (!is_timers_only) {
		dg_wire_put16(&o, r->error);
		dg_wire_put16(&o, (unsigned)r->other_len);
	}
	update(ctx, data, o.len);
	if (!is_timers_only) {
		update(ctx, r->other, r->other_len);
	}
}

static void finish(EVP_MAC_CTX *ctx, uint8_t mac[DG_TSIG_MAC_MAX], size_t *ret_len)
{
	int ok = EVP_MAC_final(ctx, mac, ret_len, DG_TSIG_MAC_MAX);

	assert(ok == 1);
	(void)ok;
}

static EVP_MAC_CTX *restart(const struct dg_tsig_key *k)
{
	int ok = EVP_MAC_init(k->ctx, NULL, 0, NULL);

	assert(ok == 1);
	(void)ok;
	return k->ctx;
}

void dg_tsig_sign(struct dg_tsig_session *t, struct dg_wire_out *o, int64_t now)
{
	const struct dg_tsig_key *k = t->key;

	if (!k || o->is_full) {
		return;
	}
	const struct tsig r = {.time = now, .fudge = DG_TSIG_FUDGE, .other = (const uint8_t *)""};
	EVP_MAC_CTX *ctx = restart(k);
	update(ctx, o->data, o->len);
	update_variables(ctx, k, &r, false);
	finish(ctx, t->mac, &t->mac_len);
	t->has_answer = false;
	t->n_unsigned = 0;
	dg_wire_put(o, k->name_wire, k->name_len);
	dg_wire_put16(o, DG_TYPE_TSIG);
	dg_wire_put16(o, DG_CLASS_ANY);
	dg_wire_put32(o, 0);
	dg_wire_put16(o, (unsigned)(k->algorithm_len + TIME_LEN + 4 + t->mac_len + 6));
	dg_wire_put(o, k->algorithm_wire, k->algorithm_len);
	put_time(o, now);
	dg_wire_put16(o, DG_TSIG_FUDGE);
	dg_wire_put16(o, (unsigned)t->mac_len);
	dg_wire_put(o, t->mac, t->mac_len);
	dg_wire_put(o, o->data, 2); /* original id */
	dg_wire_put16(o, 0);
	dg_wire_put16(o, 0);
	if (!o->is_full) {
		dg_wire_count(o, 3, dg_wire_get16(o->data + 10) + 1);
	}
}

/* The TSIG record, the last of the message: 0, or 1: there is none, or the message is broken before it. */
static int find(const uint8_t *msg, size_t len, struct dg_wire_record *ret)
{
	struct dg_wire_header h;
	struct dg_wire_in in;
	struct dg_wire_name name;
	uint16_t type = 0;
	uint16_t class = 0;
	size_t begin = 0;

	if (dg_wire_open(&in, msg, len, &h) != 0 || h.n[3] == 0) {
		return 1;
	}
	for (unsigned i = 0; i < h.n[0]; i++) {
		if (dg_wire_read_question(&in, &name, &type, &class) != 0) {
			return 1;
		}
	}
	for (unsigned i = (unsigned)h.n[1] + h.n[2] + h.n[3]; i > 0; i--) {
		if (dg_wire_skip_record(&in, &type, &begin) != 0) {
			return 1;
		}
	}
	if (type != DG_TYPE_TSIG) {
		return 1;
	}
	in.at = begin;
	return dg_wire_read_record(&in, ret);
}

static int parse(const uint8_t *msg, const struct dg_wire_record *rr, struct tsig *ret)
{
	struct dg_wire_in in = {.msg = msg, .len = rr->data + rr->len, .at = rr->data};

	if (rr->class != DG_CLASS_ANY || rr->ttl != 0 ||
		dg_wire_read_name(&in, &ret->algorithm) != 0 || in.len - in.at < TIME_LEN + 4) {
		return 1;
	}
	const uint8_t *p = msg + in.at;
	ret->time = get_time(p);
	ret->fudge = dg_wire_get16(p + TIME_LEN);
	ret->mac_len = dg_wire_get16(p + TIME_LEN + 2);
	ret->mac = p + TIME_LEN + 4;
	in.at += TIME_LEN + 4;
	if (ret->mac_len > in.len - in.at || in.len - in.at - ret->mac_len < 6) {
		return 1;
	}
	p = ret->mac + ret->mac_len;
	ret->original_id = dg_wire_get16(p);
	ret->error = dg_wire_get16(p + 2);
	ret->other_len = dg_wire_get16(p + 4);
	ret->other = p + 6;
	return p + 6 + ret->other_len != msg + in.len;
}

/* The message as it was before it was signed: its own id, one record less. */
static void update_message(EVP_MAC_CTX *ctx, const uint8_t *msg, size_t len, const struct tsig *r)
{
	uint8_t head[DG_DNS_HEADER_LEN];

	memcpy(head, msg, sizeof(head));
	if (r) {
		unsigned n = dg_wire_get16(head + 10) - 1;
		head[0] = (uint8_t)(r->original_id >> 8);
		head[1] = (uint8_t)r->original_id;
		head[10] = (uint8_t)(n >> 8);
		head[11] = (uint8_t)n;
	}
	update(ctx, head, sizeof(head));
	update(ctx, msg + sizeof(head), len - sizeof(head));
}

static int fail(
	struct dg_tsig_session *t, enum dg_tsig_state state, struct dg_err *err, const char *text)
{
	t->state = state;
	return dg_fail(err, DG_EREMOTE, "%s", text);
}

static int add_unsigned(struct dg_tsig_session *t, const uint8_t *msg, size_t len,
	bool may_be_unsigned, struct dg_err *err)
{
	if (!may_be_unsigned || !t->has_answer) {
		t->state = DG_TSIG_MISSING;
		return dg_fail(err, DG_EREMOTE,
			"the answer is not signed although the request was, with key %s (RFC 8945 "
			"section 5.4): it is not believed",
			t->key->name);
	}
	if (++t->n_unsigned > DG_TSIG_UNSIGNED_MAX) {
		t->state = DG_TSIG_MISSING;
		return dg_fail(err, DG_EREMOTE,
			"more than %u messages of the transfer in a row are not signed (RFC 8945 "
			"section 5.3.1)",
			DG_TSIG_UNSIGNED_MAX);
	}
	if (!t->running) {
		t->running = EVP_MAC_CTX_dup(restart(t->key));
		if (!t->running) {
			return fail(t, DG_TSIG_FORGED, err, "out of memory");
		}
		update_mac(t->running, t->mac, t->mac_len);
	}
	update_message(t->running, msg, len, NULL);
	return 1;
}

static const char *clock_text(int64_t seconds, char buf[CLOCK_TEXT_MAX])
{
	time_t s = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&s, &tm) || strftime(buf, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
		(void)snprintf(buf, CLOCK_TEXT_MAX, "%lld", (long long)seconds);
	}
	return buf;
}

static int fail_time(
	struct dg_tsig_session *t, int64_t ours, int64_t theirs, unsigned fudge, struct dg_err *err)
{
	char a[CLOCK_TEXT_MAX];
	char b[CLOCK_TEXT_MAX];
	int64_t apart = ours > theirs ? ours - theirs : theirs - ours;

	t->state = DG_TSIG_BADTIME;
	return dg_fail(err, DG_EREMOTE,
		"BADTIME: our clock says %s, the server's %s: %lld seconds apart, and %u are "
		"allowed (RFC 8945 section 5.2.3); "
		"set the clock that is wrong (chronyc tracking, timedatectl)",
		clock_text(ours, a), clock_text(theirs, b), (long long)apart, fudge);
}

/* A refusal that cannot be signed, since there is no key both sides know. */
static int fail_unsigned(struct dg_tsig_session *t, const struct tsig *r, struct dg_err *err)
{
	const char *name = t->key->name;

	switch (r->error) {
	case DG_RCODE_BADKEY:
		t->state = DG_TSIG_BADKEY;
		return dg_fail(err, DG_EREMOTE,
			"BADKEY: the server does not take key %s with %s here: this usually means "
			"that it does not know the name or the algorithm; "
			"Knot also says so when its acl does not allow this key this action, "
			"record type (update-type) or owner: compare both sides' key and acl",
			name, t->key->algorithm->name);
	case DG_RCODE_BADSIG:
		t->state = DG_TSIG_BADSIG;
		return dg_fail(err, DG_EREMOTE,
			"BADSIG: the server knows key %s but not with this secret: copy the secret "
			"from the server once more (RFC 8945 section 5.2.2)",
			name);
	case DG_RCODE_BADTRUNC:
		t->state = DG_TSIG_BADSIG;
		return dg_fail(err, DG_EREMOTE,
			"BADTRUNC: the server wants a longer MAC than the whole of %s (RFC 8945 "
			"section 5.2.4)",
			t->key->algorithm->name);
	default:
		t->state = DG_TSIG_FORGED;
		return dg_fail(err, DG_EREMOTE,
			"the answer's TSIG record has a MAC of %zu octets, %zu were expected for "
			"%s (truncated ones are not taken), TSIG error %u",
			r->mac_len, t->key->algorithm->mac_len, t->key->algorithm->name, r->error);
	}
}

static bool is_mac_right(
	struct dg_tsig_session *t, const uint8_t *msg, size_t len, const struct tsig *r)
{
	uint8_t mac[DG_TSIG_MAC_MAX];
	size_t mac_len = 0;
	EVP_MAC_CTX *ctx = t->running;

	if (!ctx) {
		ctx = restart(t->key);
		update_mac(ctx, t->mac, t->mac_len);
	}
	update_message(ctx, msg, len, r);
	update_variables(ctx, t->key, r, t->has_answer);
	finish(ctx, mac, &mac_len);
	dg_tsig_done(t);
	if (CRYPTO_memcmp(mac, r->mac, mac_len) != 0) {
		return false;
	}
	memcpy(t->mac, mac, mac_len);
	t->mac_len = mac_len;
	return true;
}

int dg_tsig_verify(struct dg_tsig_session *t, const uint8_t *msg, size_t len, int64_t now,
	bool may_be_unsigned, struct dg_err *err)
{
	const struct dg_tsig_key *k = t->key;
	struct dg_wire_record rr;
	struct tsig r;

	t->state = DG_TSIG_VALID;
	if (!k) {
		return 0;
	}
	if (len < DG_DNS_HEADER_LEN) {
		return fail(t, DG_TSIG_FORGED, err, "the answer is shorter than a DNS header");
	}
	if (find(msg, len, &rr) != 0) {
		return add_unsigned(t, msg, len, may_be_unsigned, err);
	}
	if (parse(msg, &rr, &r) != 0) {
		return fail(t, DG_TSIG_FORGED, err,
			"the answer's TSIG record is not well formed (RFC 8945 section 4.2)");
	}
	if (!dg_wire_name_is(&rr.owner, k->name_wire, k->name_len) ||
		!dg_wire_name_is(&r.algorithm, k->algorithm_wire, k->algorithm_len)) {
		return r.error ? fail_unsigned(t, &r, err)
			       : fail(t, DG_TSIG_FORGED, err,
					 "the answer is signed with another key or algorithm than "
					 "the request (RFC 8945 section 5.4)");
	}
	if (r.mac_len != k->algorithm->mac_len) {
		return fail_unsigned(t, &r, err);
	}
	if (!is_mac_right(t, msg, rr.begin, &r)) {
		return fail(t, DG_TSIG_FORGED, err,
			"the answer's signature is not right (RFC 8945 section 5.4): it was "
			"altered on the way, or the server has another secret; it is not believed");
	}
	t->has_answer = true;
	t->n_unsigned = 0;
	if (r.error == DG_RCODE_BADTIME) {
		return fail_time(t, now, r.other_len == TIME_LEN ? get_time(r.other) : r.time,
			DG_TSIG_FUDGE, err);
	}
	if (r.error != 0) {
		return fail_unsigned(t, &r, err);
	}
	if (now - r.time > (int64_t)r.fudge || r.time - now > (int64_t)r.fudge) {
		return fail_time(t, now, r.time, r.fudge, err);
	}
	return 0;
}
