#include "zones/mail/spf_record.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/spf_eval.h"
#include "zones/record/name.h"
#include "zones/record/rrset.h"

#include <stdlib.h>
#include <string.h>

#define VERSION_MAX  7u /* "v=spf1" and what follows it */
#define RECORD_SHOWN 16384u
#define SHOWN_MAX    ((size_t)8 * RECORD_SHOWN) /* an octet takes at most 8 when escaped */
#define MEMO_SLOTS   8192u                      /* a power of two */
#define MEMO_RECORDS 4096u
#define MEMO_PROBES  8u          /* texts made to collide are parsed each time, not searched for */
#define MEMO_BYTES   (64u << 20) /* kept; parsing one record may take as much again */
#define MEMO_RDATA   4096u       /* longer TXT records are parsed each time */

/* A TXT record and what it means. */
struct memo_slot {
	const uint8_t *wire;
	size_t len;
	uint64_t hash;
	const struct dg_spf_ready *record;
};

struct dg_spf_memo {
	struct dg_arena *arena;
	struct memo_slot *slots;
	size_t n;
};

/* --- one record ------------------------------------------------------------------------------- */
/* Where the name begins after whole labels were taken off its left side. */
static size_t cut_left(const char *text, size_t len)
{
	size_t from = 0;

	while (len - from > DG_SPF_DOMAIN_MAX) {
		const char *dot = memchr(text + from, '.', len - from);
		if (!dot) {
			break;
		}
		from = (size_t)(dot - text) + 1;
	}
	return from;
}

const char *dg_spf_name(struct dg_arena *a, const char *text, size_t len)
{
	uint8_t wire[DG_NAME_WIRE_MAX];
	const char *name = NULL;
	size_t n_read = 0;
	size_t n = 0;

	len -= len > 0 && text[len - 1] == '.' ? 1 : 0;
	size_t i = cut_left(text, len);
	if (i >= len || len - i > DG_SPF_DOMAIN_MAX) {
		return NULL;
	}
	while (i <= len) {
		const char *dot = memchr(text + i, '.', len - i);
		size_t n_label = dot ? (size_t)(dot - text) - i : len - i;

		if (n_label == 0 || n_label > DG_LABEL_MAX) {
			return NULL;
		}
		wire[n++] = (uint8_t)n_label;
		memcpy(wire + n, text + i, n_label);
		n += n_label;
		i += n_label + 1;
	}
	wire[n++] = 0;
	return dg_name_from_wire(a, wire, n, &name, &n_read) == 0 ? name : NULL;
}

static void find_ends(struct dg_spf_ready *r)
{
	r->all = r->redirect = r->exp = r->spf.n;
	for (size_t i = r->spf.n; i-- > 0;) {
		enum dg_spf_kind kind = r->spf.terms[i].kind;

		r->all = kind == DG_SPF_ALL ? i : r->all;
		r->redirect = kind == DG_SPF_REDIRECT ? i : r->redirect;
		r->exp = kind == DG_SPF_EXP ? i : r->exp;
	}
}

static bool has_target(const struct dg_spf_term *t)
{
	return t->domain && !t->has_macro && t->kind != DG_SPF_IP4 && t->kind != DG_SPF_IP6 &&
	       t->kind != DG_SPF_UNKNOWN;
}

const struct dg_spf_ready *dg_spf_ready_make(struct dg_arena *a, const char *text, size_t len)
{
	struct dg_spf_ready *r = dg_new(a, struct dg_spf_ready);
	struct dg_lints lints;

	*r = (struct dg_spf_ready){.text = text, .len = len};
	dg_lints_init(&lints, a);
	dg_spf_parse(a, text, len, &r->spf, &lints);
	find_ends(r);
	for (size_t i = 0; i < lints.n && !r->fault; i++) {
		r->fault = lints.list[i].level == DG_LEVEL_ERROR ? &lints.list[i] : NULL;
	}
	r->targets = dg_newn(a, const char *, r->spf.n);
	for (size_t i = 0; i < r->spf.n; i++) {
		const struct dg_spf_term *t = &r->spf.terms[i];

		if (has_target(t)) {
			r->targets[i] = dg_spf_name(a, t->domain, strlen(t->domain));
		}
	}
	return r;
}

const char *dg_spf_ready_term(struct dg_arena *a, const struct dg_spf_ready *r, size_t i)
{
	size_t from = r->spf.terms[i].column - 1;
	const char *space = memchr(r->text + from, ' ', r->len - from);

	return dg_strndup(
		a, r->text + from, space ? (size_t)(space - r->text) - from : r->len - from);
}

const char *dg_spf_ready_shown(struct dg_arena *a, const struct dg_spf_ready *r)
{
	struct dg_buf b;

	if (!r->fault) {
		return dg_memdup(a, r->text, r->len + 1); /* visible ASCII and spaces */
	}
	dg_buf_init(&b, SHOWN_MAX);
	dg_buf_put_safe(&b, r->text, r->len < RECORD_SHOWN ? r->len : RECORD_SHOWN);
	const char *text = dg_strdup(a, b.data);
	dg_buf_done(&b);
	return text;
}

static const struct dg_spf_ready *ready_of(struct dg_arena *a, const struct dg_rdata *rd)
{
	return dg_spf_ready_make(a, dg_txt_join(a, rd), dg_txt_len(rd));
}

/* --- the memo --------------------------------------------------------------------------------- */
struct dg_spf_memo *dg_spf_memo_new(void)
{
	struct dg_spf_memo *m = calloc(1, sizeof(*m));

	if (m) {
		m->slots = calloc(MEMO_SLOTS, sizeof(m->slots[0]));
	}
	if (!m || !m->slots) {
		abort();
	}
	m->arena = dg_arena_new(2 * (size_t)MEMO_BYTES);
	return m;
}

struct dg_spf_memo *dg_spf_memo_free(struct dg_spf_memo *m)
{
	if (m) {
		(void)dg_arena_free(m->arena);
		free(m->slots);
		free(m);
	}
	return NULL;
}

void dg_spf_memo_begin(struct dg_spf_memo *m)
{
	if (!m || (m->n < MEMO_RECORDS && dg_arena_used(m->arena) < MEMO_BYTES)) {
		return;
	}
	(void)dg_arena_free(m->arena);
	m->arena = dg_arena_new(2 * (size_t)MEMO_BYTES);
	memset(m->slots, 0, MEMO_SLOTS * sizeof(m->slots[0]));
	m->n = 0;
}

/* Eight octets at a time: the texts are long, and nobody outside can choose the table's order to hurt. */
static uint64_t hash_of(const uint8_t *p, size_t len)
{
	const uint64_t prime = 0x9e3779b97f4a7c15u;
	uint64_t h = len * prime;
	uint64_t w = 0;

	for (; len >= sizeof(w); p += sizeof(w), len -= sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		h = (h ^ w) * prime;
		h ^= h >> 29;
	}
	w = 0;
	memcpy(&w, p, len);
	h = (h ^ w) * prime;
	return h ^ h >> 32;
}

static bool is_room(const struct dg_spf_memo *m)
{
	return m->n < MEMO_RECORDS && dg_arena_used(m->arena) < MEMO_BYTES;
}

static const struct dg_spf_ready *recall(
	struct dg_arena *a, struct dg_spf_memo *m, const struct dg_rdata *rd)
{
	if (!m || rd->len > MEMO_RDATA) {
		return ready_of(a, rd);
	}
	uint64_t hash = hash_of(rd->wire, rd->len);
	for (size_t i = 0; i < MEMO_PROBES; i++) {
		struct memo_slot *s = &m->slots[(hash + i) & (MEMO_SLOTS - 1)];

		if (!s->wire && is_room(m)) {
			*s = (struct memo_slot){.wire = dg_memdup(m->arena, rd->wire, rd->len),
				.len = rd->len,
				.hash = hash,
				.record = ready_of(m->arena, rd)};
			m->n++;
			return s->record;
		}
		if (!s->wire) {
			break;
		}
		if (s->hash == hash && s->len == rd->len &&
			memcmp(s->wire, rd->wire, rd->len) == 0) {
			return s->record;
		}
	}
	return ready_of(a, rd);
}

/* dg_spf_is_record() of the joined text, without joining it: TXT records are many. */
static bool is_record(const struct dg_rdata *rd)
{
	char start[VERSION_MAX];
	size_t n = 0;

	for (size_t i = 0; i < rd->len && n < VERSION_MAX; i += rd->wire[i] + 1u) {
		for (size_t k = i + 1; k < rd->len && k <= i + rd->wire[i] && n < VERSION_MAX;
			k++) {
			start[n++] = (char)rd->wire[k];
		}
	}
	return dg_spf_is_record(start, n);
}

/* The first alone is read: of several, no receiver reads any. */
size_t dg_spf_ready_find(struct dg_arena *a, struct dg_spf_memo *m, const struct dg_rrset *set,
	const struct dg_spf_ready **ret_record)
{
	size_t n = 0;

	*ret_record = NULL;
	for (size_t i = 0; i < set->n; i++) {
		if (is_record(&set->rdata[i]) && n++ == 0) {
			*ret_record = recall(a, m, &set->rdata[i]);
		}
	}
	return n;
}
