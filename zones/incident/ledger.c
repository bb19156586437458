#include "zones/incident/ledger.h"

#include "zones/base/network.h"

#include <stdlib.h>
#include <string.h>

#define SEEN_SLOTS  ((size_t)2 * DG_LEDGER_SEEN_MAX)
#define SEEN_FIRST  1024u
#define ONE_SHARE   0.9
#define FEW_MAX     8u
#define RANDOM_FROM 0.35

/* Grows by doubling: a small mailbox costs little. */
struct dg_ledger_seen {
	uint64_t *keys; /* 0: free */
	size_t n, n_slots;
};

struct dg_ledger *dg_ledger_new(uint64_t seed)
{
	struct dg_ledger *t = calloc(1, sizeof(*t));
	struct dg_ledger_seen *seen = calloc(1, sizeof(*seen));

	if (!t || !seen) {
		abort();
	}
	t->seed = seed;
	t->seen = seen;
	return t;
}

struct dg_ledger *dg_ledger_free(struct dg_ledger *t)
{
	if (t) {
		struct dg_top *const tops[] = {&t->origins, &t->addresses, &t->reporters, &t->hosts,
			&t->users, &t->scripts, &t->locals, &t->lists, &t->subjects, &t->providers};
		for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
			dg_top_done(tops[i]);
		}
		free(t->seen->keys);
		free(t->seen);
		free(t->copies);
		free(t);
	}
	return NULL;
}

/* --- seen before ------------------------------------------------------------------------------ */
static bool put_key(struct dg_ledger_seen *s, uint64_t key)
{
	size_t at = (size_t)key & (s->n_slots - 1);

	while (s->keys[at] != 0) {
		if (s->keys[at] == key) {
			return false;
		}
		at = (at + 1) & (s->n_slots - 1);
	}
	s->keys[at] = key;
	return true;
}

static void grow(struct dg_ledger_seen *s)
{
	struct dg_ledger_seen wide = {.n_slots = s->n_slots ? 2 * s->n_slots : SEEN_FIRST};

	wide.keys = calloc(wide.n_slots, sizeof(*wide.keys));
	if (!wide.keys) {
		abort();
	}
	for (size_t i = 0; i < s->n_slots; i++) {
		if (s->keys[i] != 0) {
			wide.n += put_key(&wide, s->keys[i]);
		}
	}
	free(s->keys);
	*s = wide;
}

bool dg_ledger_is_new(struct dg_ledger *t, const void *id, size_t n)
{
	struct dg_ledger_seen *s = t->seen;
	uint64_t key = dg_sketch_key(t->seed, id, n);

	key = key == 0 ? 1 : key;
	if (s->n >= DG_LEDGER_SEEN_MAX) {
		t->has_lost_seen = true;
		return true;
	}
	if (2 * (s->n + 1) > s->n_slots && s->n_slots < SEEN_SLOTS) {
		grow(s);
	}
	bool is_new = put_key(s, key);
	s->n += is_new;
	return is_new;
}

/* --- adding ----------------------------------------------------------------------------------- */
static size_t recipient_step(size_t n)
{
	return n == 0 ? 0 : n == 1 ? 1 : n <= 5 ? 2 : n <= 15 ? 3 : 4;
}

static void add_recipients(struct dg_ledger *t, const struct dg_evidence *e, enum dg_class class)
{
	const struct dg_bounce *b = e->bounce;

	t->n_recipients += e->n_recipients;
	t->n_recipients_max =
		e->n_recipients > t->n_recipients_max ? e->n_recipients : t->n_recipients_max;
	t->n_recipients_step[recipient_step(e->n_recipients)]++;
	for (size_t i = 0; i < b->n_recipients; i++) {
		const char *address = b->recipients[i].address;
		dg_distinct_add(
			&t->recipients_of[class], dg_sketch_key(t->seed, address, strlen(address)));
	}
}

static void add_origin(
	struct dg_ledger *t, const struct dg_evidence *e, uint64_t reporter, enum dg_class class)
{
	char text[DG_NETWORK_TEXT_MAX];
	char address[DG_ADDRESS_TEXT_MAX];
	struct dg_network n = dg_network_around(&e->handoff);

	dg_top_add(&t->addresses, t->seed, dg_address_text(&e->handoff, address), reporter, class,
		e->at);
	dg_top_add(&t->origins, t->seed, dg_network_text(&n, text), reporter, class, e->at);
}

static void add_entry(
	struct dg_ledger *t, const struct dg_evidence *e, uint64_t reporter, enum dg_class class)
{
	if (e->entry == DG_ENTRY_NONE) {
		return;
	}
	dg_top_add(&t->hosts, t->seed, e->host, reporter, class, e->at);
	if (e->entry == DG_ENTRY_LOGIN) {
		dg_top_add(&t->users, t->seed, e->user, reporter, class, e->at);
	}
	if (class == DG_CLASS_SCRIPT) {
		dg_top_add(&t->scripts, t->seed, e->script[0] ? e->script : e->user, reporter,
			class, e->at);
	}
	if (e->has_entry_client) {
		struct dg_network n = dg_network_around(&e->entry_client);
		dg_distinct_add(&t->clients_of[class],
			dg_sketch_key(t->seed, n.address.octets, sizeof(n.address.octets)));
	}
}

static void add_local(
	struct dg_ledger *t, const struct dg_evidence *e, uint64_t reporter, enum dg_class class)
{
	if (e->local[0] != '\0') {
		t->n_locals++;
		t->n_random_looking += dg_is_random_looking(e->local);
	}
	dg_top_add(&t->locals, t->seed, e->local, reporter, class, e->at);
}

struct dg_ledger_copies_of {
	struct {
		uint64_t key; /* 0: free */
		unsigned n;
	} places[2 * DG_LEDGER_COPIES_MAX];
	size_t n;
};

unsigned dg_ledger_copies(struct dg_ledger *t, const uint8_t id[DG_DIGEST_LEN])
{
	const size_t n_places = 2 * (size_t)DG_LEDGER_COPIES_MAX;
	uint64_t key = dg_sketch_key(t->seed, (const char *)id, DG_DIGEST_LEN);

	key = key == 0 ? 1 : key;
	if (!t->copies) {
		t->copies = calloc(1, sizeof(*t->copies));
		if (!t->copies) {
			abort();
		}
	}
	size_t at = key % n_places;
	while (t->copies->places[at].key != 0 && t->copies->places[at].key != key) {
		at = (at + 1) % n_places;
	}
	if (t->copies->places[at].key == 0) {
		if (t->copies->n == DG_LEDGER_COPIES_MAX) {
			return DG_LEDGER_COPIES;
		}
		t->copies->places[at].key = key;
		t->copies->n++;
	}
	t->copies->places[at].n += t->copies->places[at].n < DG_LEDGER_COPIES;
	return t->copies->places[at].n;
}

void dg_ledger_add(struct dg_ledger *t, const struct dg_evidence *e, const struct dg_ruling *r)
{
	const struct dg_bounce *b = e->bounce;
	uint64_t reporter = e->reporter_key[0] == '\0' ? 0
						       : dg_sketch_key(t->seed, e->reporter_key,
								 strlen(e->reporter_key));

	t->n_messages++;
	t->n_kind[b->kind]++;
	t->n_class[r->class]++;
	t->n_strength[r->class][r->strength]++;
	t->n_rule[r->rule]++;
	if (reporter != 0) {
		dg_distinct_add(&t->reporters_of[r->class], reporter);
	}
	t->n_unreturned += b->original_is == DG_BOUNCE_ORIGINAL_NONE;
	t->n_without_handoff += !e->has_handoff;
	t->n_implausible += !e->is_plausible;
	t->n_claims_our_name += e->claims_our_name;
	t->n_logged += e->is_logged;
	t->n_signed[e->signed_by]++;
	t->n_signed_class[r->class] += e->signed_by == DG_SIGNED_OURS;
	t->n_passed_on[r->strength] +=
		r->rule == DG_RULE_SIGNED && dg_evidence_is_passed_on(e) ? 1 : 0;
	if (r->is_list_leak) {
		t->n_list_leak++;
		dg_top_add(&t->lists, t->seed,
			b->outer.list_id[0] ? b->outer.list_id : e->recipient, reporter, r->class,
			e->at);
	}
	add_recipients(t, e, r->class);
	if (e->has_handoff) {
		add_origin(t, e, reporter, r->class);
	}
	add_entry(t, e, reporter, r->class);
	add_local(t, e, reporter, r->class);
	dg_top_add(&t->reporters, t->seed, e->reporter, reporter, r->class, e->at);
	dg_top_add(&t->subjects, t->seed, e->returned->subject, reporter, r->class, e->at);
	if (e->provider) {
		dg_top_add(&t->providers, t->seed, e->provider, reporter, r->class, e->at);
	}
	dg_timeline_add(&t->timeline, e->at, r->class);
}

/* --- local parts ------------------------------------------------------------------------------ */
bool dg_is_random_looking(const char *local)
{
	unsigned n = 0;
	unsigned n_digits = 0;
	unsigned n_turns = 0; /* from letter to digit or back */
	unsigned run = 0;     /* consonants */
	unsigned run_max = 0;
	bool was_digit = false;

	for (const char *p = local; *p; p++, n++) {
		bool is_digit = *p >= '0' && *p <= '9';
		char c = (char)(*p | 0x20);
		bool is_consonant = c >= 'a' && c <= 'z' && !strchr("aeiouy", c);

		n_digits += is_digit;
		n_turns += n > 0 && is_digit != was_digit;
		run = is_consonant ? run + 1 : 0;
		run_max = run > run_max ? run : run_max;
		was_digit = is_digit;
	}
	return n >= 6 && (run_max >= 5 || n_turns >= 3 || (n_digits > 0 && run_max >= 4));
}

enum dg_locals dg_ledger_locals(const struct dg_ledger *t)
{
	const struct dg_top_item *first = NULL;
	uint64_t distinct = dg_top_distinct(&t->locals);

	if (t->n_locals == 0 || dg_top_order(&t->locals, false, &first, 1) == 0) {
		return DG_LOCALS_NONE;
	}
	if ((double)first->count >= ONE_SHARE * (double)t->n_locals) {
		return DG_LOCALS_ONE;
	}
	if (distinct <= FEW_MAX) {
		return DG_LOCALS_FEW;
	}
	bool is_random = (double)t->n_random_looking >= RANDOM_FROM * (double)t->n_locals;
	return is_random ? DG_LOCALS_RANDOM : DG_LOCALS_DICTIONARY;
}

const char *dg_locals_text(enum dg_locals l)
{
	switch (l) {
	case DG_LOCALS_NONE:
		break;
	case DG_LOCALS_ONE:
		return "one";
	case DG_LOCALS_FEW:
		return "few";
	case DG_LOCALS_DICTIONARY:
		return "dictionary";
	case DG_LOCALS_RANDOM:
		return "random";
	}
	return "none";
}
