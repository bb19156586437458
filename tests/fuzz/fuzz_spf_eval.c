/* check_host() and the tree of a record: both end, within their limits, whatever the records and the mail say; late answers and
 * parsed records that were kept change nothing.
 * The input is lines: the mail (IP address, reverse-path, HELO name, with tabs between), then what the names say. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/mail/facts.h"
#include "zones/mail/spf.h"
#include "zones/mail/spf_eval.h"
#include "zones/mail/spf_tree.h"
#include "zones/record/name.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX  (16u << 10)
#define LINES_MAX  16u
#define ASKED_MAX  4096u
#define ROUNDS_MAX 64u
#define TREE_MAX   (1u << 20)

struct world {
	struct dg_arena *arena;
	const char *lines[LINES_MAX];
	size_t n;
	uint32_t asked[ASKED_MAX]; /* hashes of what was asked in earlier runs */
	size_t n_asked, n_known;
	bool is_slow;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true) {
		abort();
	}
}

static uint32_t hash_of(const char *owner, uint16_t type)
{
	uint32_t h = 2166136261u ^ type;

	for (const char *p = owner; *p; p++) {
		h = (h ^ (unsigned char)*p) * 16777619u;
	}
	return h ^ h >> 15;
}

static bool is_late(struct world *w, uint32_t hash)
{
	if (!w->is_slow) {
		return false;
	}
	for (size_t i = 0; i < w->n_asked; i++) {
		if (w->asked[i] == hash) {
			return i >= w->n_known;
		}
	}
	if (w->n_asked < ASKED_MAX) {
		w->asked[w->n_asked++] = hash;
		return true;
	}
	return false;
}

/* Owner and type decide what is there, always the same. */
static void make_set(
	struct world *w, const char *owner, uint16_t type, uint32_t h, struct dg_fact *fact)
{
	static const char *const names[] = {"a.example.", "b.example.", "mail.example.com.", "."};
	size_t n = type == DG_TYPE_TXT ? 1 + (h >> 9) % 16 / 15 : 1 + (h >> 9) % 12;
	struct dg_rdata *list = dg_newn(w->arena, struct dg_rdata, n);
	uint8_t octets[16] = {192, 0, 2};
	uint8_t wire[DG_NAME_WIRE_MAX];

	for (size_t i = 0; i < n; i++) {
		const char *line = w->lines[(h + i) % w->n];

		octets[3] = (uint8_t)(h + i);
		switch (type) {
		case DG_TYPE_TXT:
			list[i] = dg_txt_make(w->arena, line, strlen(line));
			break;
		case DG_TYPE_MX:
			list[i] = dg_mx_make(w->arena, (uint16_t)(h + i), names[(h + i) % 4]);
			break;
		case DG_TYPE_PTR:
			list[i].len = dg_name_to_wire(names[(h + i) % 4], wire);
			list[i].wire = dg_memdup(w->arena, wire, list[i].len);
			break;
		default:
			list[i].len = type == DG_TYPE_A ? 4 : 16;
			list[i].wire = dg_memdup(w->arena, octets, list[i].len);
			break;
		}
	}
	fact->set = dg_rrset_make(owner, type, 60, list, n);
}

static const struct dg_fact *on_dns(void *arg, const char *owner, uint16_t type)
{
	struct world *w = arg;
	struct dg_fact *fact = dg_new(w->arena, struct dg_fact);
	const char *name = NULL;
	struct dg_err err;
	uint32_t h = hash_of(owner, type);

	check(dg_name_parse(w->arena, owner, strlen(owner), NULL, &name, &err) == 0 &&
		strcmp(name, owner) == 0);
	*fact = (struct dg_fact){.set = dg_rrset_none(name, type)};
	if (is_late(w, h)) {
		return fact;
	}
	fact->state = (h >> 4) % 8 > 3 ? DG_FACT_FOUND
				       : (enum dg_fact_state)(DG_FACT_FOUND + (h >> 4) % 4);
	if (fact->state == DG_FACT_FOUND) {
		make_set(w, name, type, h, fact);
	}
	return fact;
}

static void check_shown(const char *text)
{
	for (const char *p = text; p && *p; p++) {
		check((unsigned char)*p >= 0x20 && *p != 0x7f);
	}
}

static void check_outcome(const struct dg_spf_outcome *o)
{
	check(o->n_lookups <= DG_SPF_LOOKUPS_MAX + 1 && o->n_voids <= DG_SPF_VOIDS_MAX + 1);
	check(o->n_steps <= DG_SPF_STEPS_MAX && o->domain && o->identity);
	check(!o->explanation || o->result == DG_SPF_RESULT_FAIL);
	check((o->problem != NULL) ==
		(o->result == DG_SPF_RESULT_NONE || o->result == DG_SPF_RESULT_TEMPERROR ||
			o->result == DG_SPF_RESULT_PERMERROR));
	check_shown(o->record);
	check_shown(o->problem);
	check_shown(o->mechanism);
	check_shown(o->explanation);
	for (size_t i = 0; i < o->n_steps; i++) {
		check_shown(o->steps[i].text);
		check_shown(o->steps[i].term);
	}
}

static void evaluate(struct world *w, struct dg_spf_query *q)
{
	const struct dg_facts facts = {.dns = on_dns, .arg = w};
	struct dg_spf_outcome plain;
	struct dg_spf_outcome other;
	unsigned n_rounds = 0;

	q->wants_trace = true;
	dg_spf_eval(w->arena, q, &facts, &plain);
	check_outcome(&plain);
	q->memo = dg_spf_memo_new();
	w->is_slow = true;
	do {
		w->n_known = w->n_asked;
		dg_spf_eval(w->arena, q, &facts, &other);
		check(++n_rounds < ROUNDS_MAX);
	} while (other.result == DG_SPF_RESULT_PENDING);
	w->is_slow = false;
	check_outcome(&other);
	check(plain.result == other.result && plain.n_lookups == other.n_lookups &&
		plain.n_voids == other.n_voids && plain.n_steps == other.n_steps);
	q->memo = dg_spf_memo_free(q->memo);
}

static void resolve(struct world *w)
{
	const struct dg_facts facts = {.dns = on_dns, .arg = w};
	struct dg_spf_tree t;
	struct dg_buf b;

	dg_spf_tree(w->arena, "example.com.", w->lines[0], &facts, &t);
	check(t.n_nodes > 0 && t.n_nodes <= DG_SPF_NODES_MAX && t.n_pending == 0);
	check(t.n_voids <= t.n_lookups && t.n_macros <= t.n_lookups);
	check(t.n_addresses4 >= 0 && t.n_addresses4 <= 0x1p32 && t.n_addresses6_64 <= 0x1p64);
	dg_buf_init(&b, TREE_MAX);
	dg_spf_tree_print(&b, &t);
	check(!b.is_full);
	dg_buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(1u << 30);
	struct world *w = dg_new(a, struct world);
	struct dg_spf_query q = {.now = 1};

	if (size > INPUT_MAX) {
		return 0;
	}
	char *rest = dg_strndup(a, (const char *)data, size);
	char *mail = strsep(&rest, "\n");
	w->arena = a;
	while (rest && w->n < LINES_MAX) {
		w->lines[w->n++] = strsep(&rest, "\n");
	}
	if (w->n == 0) {
		return 0;
	}
	const char *ip = strsep(&mail, "\t");
	q.is_ip6 = inet_pton(AF_INET, ip, q.ip) != 1;
	if (q.is_ip6) {
		(void)inet_pton(AF_INET6, ip, q.ip);
	}
	q.mail_from = mail ? strsep(&mail, "\t") : NULL;
	q.helo = mail;
	evaluate(w, &q);
	resolve(w);
	return 0;
}
