#include "controller/watch/own.h"

#include "controller/lookup/inquiry.h"
#include "providers/net/loop.h"
#include "zones/base/address.h"
#include "zones/base/arena.h"
#include "zones/base/map.h"
#include "zones/mail/spf_eval.h"
#include "zones/mail/spf_shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX   ((size_t)64 << 20)
#define FACTS_MAX   ((size_t)16 << 20)
#define EVAL_MAX    ((size_t)16 << 20)
#define AGAIN_MS    ((int64_t)60 * 1000) /* something could not be looked up */
#define NAME_ROOM   300u
#define KEY_ROOM    320u
#define ADDRESS_MAX 320u

struct known {
	struct dg_own_name name;
	struct known *next;
	struct dg_own *own;
	/* what was learned, and what is being learned instead of it */
	struct dg_arena *policy_arena, *facts_arena, *new_arena;
	struct dg_map facts, new_facts;
	struct dg_fact record, mx; /* of the policy */
	struct dg_inquiry inquiry;
	bool is_asking, has_asked, is_broken;
	int64_t asked_ms; /* mono */
};

struct dg_own {
	struct dg_loop *loop;
	struct dg_resolver *resolver;
	struct dg_arena *arena;
	struct dg_map by_name;
	struct known *first;
};

static const struct dg_fact pending = {.state = DG_FACT_PENDING};

/* --- facts -------------------------------------------------------------------------------------------------- */
static const char *key_of(const char *owner, uint16_t type, char buf[KEY_ROOM])
{
	(void)snprintf(buf, KEY_ROOM, "%u %.300s", type, owner);
	return buf;
}

/* What the policy says goes before what is served. */
static const struct dg_fact *of_policy(const struct known *k, const char *owner, uint16_t type)
{
	if (strcmp(owner, k->name.name) != 0) {
		return NULL;
	}
	return type == DG_TYPE_TXT && k->record.state == DG_FACT_FOUND ? &k->record
	       : type == DG_TYPE_MX && k->mx.state == DG_FACT_FOUND    ? &k->mx
								       : NULL;
}

static const struct dg_fact *on_known(void *arg, const char *owner, uint16_t type)
{
	return of_policy(arg, owner, type);
}

static const struct dg_fact *on_fact(void *arg, const char *owner, uint16_t type)
{
	const struct known *k = arg;
	const struct dg_fact *f = of_policy(k, owner, type);
	char key[KEY_ROOM];

	f = f ? f : dg_map_get(&k->facts, key_of(owner, type, key));
	return f ? f : &pending;
}

static void on_learned(void *arg, const char *owner, uint16_t type, const struct dg_fact *fact)
{
	struct known *k = arg;
	struct dg_arena *a = k->new_arena;
	struct dg_fact *copy = dg_memdup(a, fact, sizeof(*fact));
	char key[KEY_ROOM];

	copy->set = fact->state == DG_FACT_FOUND ? dg_rrset_dup(a, &fact->set)
						 : dg_rrset_none(dg_strdup(a, owner), type);
	copy->alias = fact->alias ? dg_strdup(a, fact->alias) : NULL;
	copy->why = fact->why ? dg_strdup(a, fact->why) : NULL;
	k->is_broken = k->is_broken || fact->state == DG_FACT_UNKNOWN;
	(void)dg_map_put(&k->new_facts, dg_strdup(a, key_of(owner, type, key)), copy);
}

/* --- asking --------------------------------------------------------------------------------------------------- */
static void evaluate(const struct known *k, struct dg_arena *a, const struct dg_facts *facts,
	const struct dg_address *address, struct dg_spf_outcome *ret_outcome)
{
	char from[NAME_ROOM];
	struct dg_spf_query q = {
		.is_ip6 = address->is_ip6, .mail_from = from, .now = dg_loop_now(k->own->loop)};

	memcpy(q.ip, address->octets, sizeof(q.ip));
	(void)snprintf(
		from, sizeof(from), "postmaster@%.*s", (int)strlen(k->name.name) - 1, k->name.name);
	dg_spf_eval(a, &q, facts, ret_outcome);
}

/* Addresses that no record names: all of it is looked at. */
static void on_round(struct dg_inquiry *q)
{
	static const char *const nobody[] = {"255.255.255.254", "100::fffe"};
	const struct known *k = q->arg;

	for (size_t i = 0; i < 2; i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(EVAL_MAX);
		struct dg_spf_outcome o;
		struct dg_address address;

		(void)dg_address_parse(nobody[i], strlen(nobody[i]), &address);
		evaluate(k, a, &q->facts, &address, &o);
	}
}

static void on_done(struct dg_inquiry *q)
{
	struct known *k = q->arg;

	/* What is known stays where the new answers are worse. */
	if (!k->has_asked || !k->is_broken) {
		(void)dg_arena_free(k->facts_arena);
		k->facts_arena = k->new_arena;
		k->facts = k->new_facts;
	} else {
		(void)dg_arena_free(k->new_arena);
	}
	k->new_arena = NULL;
	k->is_asking = false;
	k->has_asked = true;
}

static void ask(struct known *k)
{
	int64_t now = dg_loop_mono_ms(k->own->loop);

	if (k->is_asking || !k->own->resolver || k->record.state != DG_FACT_FOUND ||
		(k->has_asked && now - k->asked_ms < (k->is_broken ? AGAIN_MS : DG_OWN_FRESH_MS))) {
		return;
	}
	k->asked_ms = now;
	k->is_asking = true;
	k->is_broken = false;
	k->new_arena = dg_arena_new(FACTS_MAX);
	dg_map_init(&k->new_facts, k->new_arena);
	k->inquiry = (struct dg_inquiry){.loop = k->own->loop,
		.resolver = k->own->resolver,
		.arena = k->new_arena,
		.deadline_ms = DG_OWN_WAIT_MS,
		.known = on_known,
		.learned = on_learned,
		.round = on_round,
		.done = on_done,
		.arg = k};
	dg_inquiry_start(&k->inquiry);
}

/* --- the door ---------------------------------------------------------------------------------------------------- */
struct dg_own *dg_own_new(struct dg_loop *loop, struct dg_resolver *resolver)
{
	struct dg_own *o = calloc(1, sizeof(*o));

	if (!o) {
		abort();
	}
	*o = (struct dg_own){.loop = loop, .resolver = resolver, .arena = dg_arena_new(NAMES_MAX)};
	dg_map_init(&o->by_name, o->arena);
	return o;
}

struct dg_own *dg_own_free(struct dg_own *o)
{
	while (o && o->first) {
		struct known *k = o->first;

		o->first = k->next;
		if (k->is_asking) {
			dg_inquiry_cancel(&k->inquiry);
		}
		(void)dg_arena_free(k->policy_arena);
		(void)dg_arena_free(k->facts_arena);
		(void)dg_arena_free(k->new_arena);
		free(k);
	}
	if (o) {
		(void)dg_arena_free(o->arena);
	}
	free(o);
	return NULL;
}

static void take_policy(struct known *k)
{
	struct dg_arena *a = k->policy_arena;
	const struct dg_own_name *n = &k->name;

	if (n->spf) {
		struct dg_rdata *rd = dg_new(a, struct dg_rdata);

		*rd = dg_txt_make(a, n->spf, strlen(n->spf));
		k->record = (struct dg_fact){.state = DG_FACT_FOUND,
			.set = dg_rrset_make(n->name, DG_TYPE_TXT, 0, rd, 1)};
	}
	if (n->n_mx > 0) {
		struct dg_rdata *rd = dg_newn(a, struct dg_rdata, n->n_mx);

		for (size_t i = 0; i < n->n_mx; i++) {
			rd[i] = dg_mx_make(a, (uint16_t)i, n->mx[i]);
		}
		k->mx = (struct dg_fact){.state = DG_FACT_FOUND,
			.set = dg_rrset_make(n->name, DG_TYPE_MX, 0, rd, n->n_mx)};
	}
}

void dg_own_add(struct dg_own *o, const struct dg_own_name *name)
{
	if (dg_map_get(&o->by_name, name->name)) {
		return;
	}
	struct known *k = calloc(1, sizeof(*k));
	if (!k) {
		abort();
	}
	k->own = o;
	k->name = *name;
	k->policy_arena = dg_arena_new(FACTS_MAX);
	k->facts_arena = dg_arena_new(FACTS_MAX);
	dg_map_init(&k->facts, k->facts_arena);
	take_policy(k);
	k->next = o->first;
	o->first = k;
	(void)dg_map_put(&o->by_name, k->name.name, k);
	if (o->by_name.n <= DG_OWN_WARM) {
		ask(k);
	}
}

const struct dg_own_name *dg_own_find(const struct dg_own *o, const char *name)
{
	const struct known *k = dg_map_get(&o->by_name, name);

	return k ? &k->name : NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has(const struct dg_own_name *name, const char *address)
{
	return bsearch(&address, name->recipients, name->n_recipients, sizeof(*name->recipients),
		       by_text) != NULL;
}

bool dg_own_is_recipient(const struct dg_own_name *name, const char *address)
{
	char plain[ADDRESS_MAX];
	char bare[ADDRESS_MAX];
	const char *p = dg_batv_plain(address, plain, sizeof(plain));
	const char *at = strrchr(p, '@');
	size_t n = strcspn(p, "+@");

	if (has(name, p)) {
		return true;
	}
	if (!at || p + n >= at || n + strlen(at) >= sizeof(bare)) {
		return false;
	}
	(void)snprintf(bare, sizeof(bare), "%.*s%s", (int)n, p, at);
	return has(name, bare);
}

enum dg_proof_host dg_own_host(
	struct dg_own *o, const struct dg_own_name *name, const struct dg_address *address)
{
	struct known *k = dg_map_get(&o->by_name, name->name);
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(EVAL_MAX);
	const struct dg_facts facts = {.dns = on_fact, .arg = k};
	struct dg_spf_outcome outcome;

	if (!k || k->record.state != DG_FACT_FOUND) {
		return DG_PROOF_HOST_UNKNOWN;
	}
	ask(k);
	evaluate(k, a, &facts, address, &outcome);
	switch (outcome.result) {
	case DG_SPF_RESULT_PASS:
		return dg_spf_provider(a, &outcome) ? DG_PROOF_HOST_SHARED : DG_PROOF_HOST_OWN;
	case DG_SPF_RESULT_FAIL:
	case DG_SPF_RESULT_SOFTFAIL:
	case DG_SPF_RESULT_NEUTRAL:
		return DG_PROOF_HOST_FOREIGN;
	case DG_SPF_RESULT_PENDING:
	case DG_SPF_RESULT_NONE:
	case DG_SPF_RESULT_TEMPERROR:
	case DG_SPF_RESULT_PERMERROR:
		break;
	}
	return DG_PROOF_HOST_UNKNOWN;
}
