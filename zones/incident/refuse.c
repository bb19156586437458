#include "zones/incident/refuse.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/base/network.h"
#include "zones/incident/evidence.h"
#include "zones/incident/ledger.h"
#include "zones/incident/owner.h"
#include "zones/mail/dmarc_find.h"
#include "zones/mail/facts.h"
#include "zones/record/name.h"
#include "zones/watch/sketch.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_MAX  ((size_t)16 << 20)
#define RECORD_MAX 16000u
#define TTL        3600u
#define DMARC      "v=DMARC1; p=reject"

enum outcome {
	OUTCOME_SPF = 1,   /* SPF refuses */
	OUTCOME_DMARC = 2, /* DMARC does */
	OUTCOME_UNKNOWN = 4,
};

struct kept {
	uint64_t key; /* 0: free */
	uint8_t outcome;
};

struct dg_refuse {
	const struct dg_owner *owner;
	struct dg_arena *arena; /* of the supposed records */
	struct dg_fact spf, dmarc, none;
	struct dg_facts facts;
	struct kept kept[DG_REFUSE_KEPT];
};

/* --- the supposed zone ------------------------------------------------------------------------ */
static bool is_ours(const struct dg_refuse *r, const char *owner_name)
{
	return dg_owner_has_domain(r->owner, owner_name);
}

static const struct dg_fact *answer(void *arg, const char *owner, uint16_t type)
{
	const struct dg_refuse *r = arg;
	bool is_policy = strncmp(owner, "_dmarc.", 7) == 0;

	if (type != DG_TYPE_TXT || !is_ours(r, is_policy ? owner + 7 : owner)) {
		return &r->none;
	}
	return is_policy ? &r->dmarc : &r->spf;
}

static const char *spf_text(struct dg_arena *a, const struct dg_owner *o)
{
	struct dg_buf b;
	char text[DG_NETWORK_TEXT_MAX];

	dg_buf_init(&b, RECORD_MAX);
	dg_buf_puts(&b, "v=spf1");
	for (size_t i = 0; i < o->n_networks; i++) {
		const struct dg_network *n = &o->networks[i].network;
		dg_buf_printf(
			&b, " %s:%s", n->address.is_ip6 ? "ip6" : "ip4", dg_network_text(n, text));
	}
	dg_buf_puts(&b, " -all");
	const char *record = dg_strdup(a, b.data);
	dg_buf_done(&b);
	return record;
}

static struct dg_fact txt_fact(struct dg_arena *a, const char *text)
{
	struct dg_rdata *rd = dg_new(a, struct dg_rdata);

	*rd = dg_txt_make(a, text, strlen(text));
	return (struct dg_fact){
		.state = DG_FACT_FOUND, .set = dg_rrset_make("supposed.", DG_TYPE_TXT, TTL, rd, 1)};
}

struct dg_refuse *dg_refuse_new(const struct dg_owner *owner)
{
	struct dg_refuse *r = calloc(1, sizeof(*r));

	if (!r) {
		abort();
	}
	r->owner = owner;
	r->arena = dg_arena_new(ARENA_MAX);
	r->spf = txt_fact(r->arena, spf_text(r->arena, owner));
	r->dmarc = txt_fact(r->arena, DMARC);
	r->none = (struct dg_fact){.state = DG_FACT_NODATA};
	r->facts = (struct dg_facts){.dns = answer, .arg = r};
	return r;
}

struct dg_refuse *dg_refuse_free(struct dg_refuse *r)
{
	if (r) {
		(void)dg_arena_free(r->arena);
		free(r);
	}
	return NULL;
}

/* --- one message ------------------------------------------------------------------------------ */
static const char *canonical(struct dg_arena *a, const char *domain)
{
	const char *name = NULL;
	struct dg_err err;

	return domain[0] != '\0' && dg_name_parse(a, domain, strlen(domain), NULL, &name, &err) == 0
		       ? name
		       : NULL;
}

static enum dg_spf_result spf_of(const struct dg_refuse *r, struct dg_arena *a,
	const struct dg_evidence *e, const char *domain)
{
	struct dg_spf_outcome o;
	struct dg_spf_query q = {
		.is_ip6 = e->handoff.is_ip6, .mail_from = dg_printf(a, "postmaster@%s", domain)};

	if (e->standing == DG_STANDING_OWN || e->standing == DG_STANDING_OWN_NAME ||
		e->standing == DG_STANDING_SHARED) {
		return DG_SPF_RESULT_PASS; /* found to be ours otherwise than by a network */
	}
	memcpy(q.ip, e->handoff.octets, sizeof(q.ip));
	dg_spf_eval(a, &q, &r->facts, &o);
	return o.result;
}

static uint8_t evaluate(const struct dg_refuse *r, const struct dg_evidence *e)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(ARENA_MAX);
	const char *from = canonical(a, e->from_domain);
	const char *sender = canonical(a, e->sender_domain);
	bool is_sender_ours = sender && is_ours(r, sender);
	bool is_from_ours = from && is_ours(r, from);
	uint8_t outcome = 0;

	if (!is_sender_ours && !is_from_ours) {
		return OUTCOME_UNKNOWN;
	}
	enum dg_spf_result spf =
		is_sender_ours ? spf_of(r, a, e, e->sender_domain) : DG_SPF_RESULT_NONE;
	outcome |= spf == DG_SPF_RESULT_FAIL ? OUTCOME_SPF : 0;
	if (is_from_ours) {
		struct dg_dmarc_outcome d;
		struct dg_dmarc_query q = {.from = from,
			.spf = spf,
			.spf_qualifier = spf == DG_SPF_RESULT_PASS ? '+' : '-',
			.spf_domain = sender,
			.method = DG_DMARC_WALK};
		dg_dmarc_eval(a, &q, &r->facts, &d);
		bool is_refused = d.result == DG_DMARC_RESULT_FAIL;
		outcome |= is_refused ? OUTCOME_DMARC : 0;
	}
	return outcome;
}

static uint8_t kept_or_evaluated(struct dg_refuse *r, const struct dg_evidence *e)
{
	struct {
		uint64_t from, sender;
		struct dg_address address;
		uint8_t standing;
	} what;

	memset(&what, 0, sizeof(what)); /* its padding too: it is hashed whole */
	what.from = dg_sketch_key(0, e->from_domain, strlen(e->from_domain));
	what.sender = dg_sketch_key(0, e->sender_domain, strlen(e->sender_domain));
	memcpy(what.address.octets, e->handoff.octets, sizeof(what.address.octets));
	what.address.is_ip6 = e->handoff.is_ip6;
	what.standing = (uint8_t)e->standing;
	uint64_t key = dg_sketch_key(1, &what, sizeof(what));
	struct kept *k = &r->kept[key % DG_REFUSE_KEPT];
	if (k->key != key) {
		*k = (struct kept){key, evaluate(r, e)};
	}
	return k->outcome;
}

void dg_refuse_add(
	struct dg_refuse *r, const struct dg_evidence *e, struct dg_ledger_refusals *sums)
{
	if (!e->has_handoff) {
		return;
	}
	uint8_t outcome = kept_or_evaluated(r, e);

	sums->n_asked++;
	sums->n_unknown += outcome == OUTCOME_UNKNOWN;
	sums->n_passed += outcome == 0;
	sums->n_spf += (outcome & OUTCOME_SPF) != 0;
	sums->n_dmarc += (outcome & OUTCOME_DMARC) != 0;
	sums->n_either += (outcome & (OUTCOME_SPF | OUTCOME_DMARC)) != 0;
}
