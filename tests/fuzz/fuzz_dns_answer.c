/* Any bytes as a name server's answer to a question, an UPDATE or a transfer, its signature included.
 *
 * The first octet picks what was asked and whether it was signed; messages follow, each behind its length as over TCP. */
#include <stdlib.h>
#include <string.h>

#include "providers/net/dns.h"
#include "providers/net/dns_answer.h"
#include "providers/net/dns_build.h"
#include "providers/net/dns_wire.h"
#include "providers/net/tsig.h"
#include "zones/base/arena.h"
#include "zones/record/rrset.h"
#include "zones/record/zone.h"

#define ARENA_MAX (600u << 20)
#define NOW       1700000000
#define ID        0x4242
#define ZONE      "example.org."

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct target {
	unsigned kind;
	struct dg_arena *a;
	struct dg_tsig_session tsig;
	struct dg_dns_axfr x;
	struct dg_axfr_state axfr;
};

static void check_set(const struct dg_rrset *set)
{
	for (size_t i = 1; i < set->n; i++) {
		int c = dg_rdata_cmp(&set->rdata[i - 1], &set->rdata[i]);
		if (c > 0 || (c == 0 && set->rdata[i].len > 0)) {
			abort(); /* sorted, no duplicates but of what was not read */
		}
	}
}

static void take_answer(struct target *t, const uint8_t *msg, size_t len)
{
	struct dg_dns_query q = {.name = ZONE, .type = DG_TYPE_MX, .arena = t->a};

	if (dg_dns_answer_parse(msg, len, ID, &q) != 0) {
		return;
	}
	for (size_t i = 0; i < q.n_answer; i++) {
		check_set(&q.answer[i]);
	}
	for (size_t i = 0; i < q.n_authority; i++) {
		check_set(&q.authority[i]);
	}
}

/* Returns false at the end of the stream of messages. */
static bool take(struct target *t, const uint8_t *msg, size_t len)
{
	struct dg_err err;
	struct dg_tsig_session tsig = t->tsig;
	int rcode = 0;

	if (t->tsig.key && dg_tsig_verify(&t->tsig, msg, len, NOW, t->kind == 2, &err) == 0) {
		abort(); /* nobody can sign without the secret */
	}
	if (t->tsig.running) {
		dg_tsig_done(&t->tsig);
	}
	t->tsig = tsig;
	t->tsig.running = NULL;
	switch (t->kind) {
	case 0:
		take_answer(t, msg, len);
		return true;
	case 1:
		(void)dg_update_answer_parse(msg, len, ID, ZONE, &rcode);
		return true;
	default:
		return dg_axfr_take(&t->axfr, &t->x, msg, len, ID) == DG_AXFR_MORE;
	}
}

static void run(struct target *t, const uint8_t *data, size_t size)
{
	while (size >= 2) {
		size_t len = dg_wire_get16(data);
		len = len < size - 2 ? len : size - 2;
		if (!take(t, data + 2, len)) {
			break;
		}
		data += 2 + len;
		size -= 2 + len;
	}
	if (t->axfr.is_done) {
		dg_zone_seal(t->x.zone_data);
		for (size_t i = 0; i < t->x.zone_data->n; i++) {
			check_set(&t->x.zone_data->sets[i]);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t secret[32] = "0123456789abcdef0123456789abcde";
	uint8_t request[512];
	struct dg_wire_out o = {.data = request, .max = sizeof(request)};
	struct dg_tsig_key *key = NULL;
	struct dg_err err;

	if (size < 3) {
		return 0;
	}
	struct target t = {.kind = data[0] % 3u, .a = dg_arena_new(ARENA_MAX)};
	if ((data[0] & 0x80u) != 0 &&
		dg_tsig_key_new("k1.", "hmac-sha256", secret, sizeof(secret), &key, &err) < 0) {
		abort();
	}
	dg_tsig_begin(&t.tsig, key);
	dg_query_build(&o, ID, ZONE, DG_TYPE_MX, false, 0);
	dg_tsig_sign(&t.tsig, &o, NOW);
	t.tsig.has_answer = (data[0] & 0x40u) != 0; /* as after the first message of a transfer */
	t.x = (struct dg_dns_axfr){.zone = ZONE,
		.arena = t.a,
		.zone_data = dg_zone_new(t.a, ZONE),
		.mail_only = (data[0] & 0x20u) != 0};
	run(&t, data + 1, size - 1);
	dg_tsig_done(&t.tsig);
	key = dg_tsig_key_free(key);
	t.a = dg_arena_free(t.a);
	return 0;
}
