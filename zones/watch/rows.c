#include "zones/watch/rows.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/mail/idn.h"
#include "zones/record/name.h"
#include "zones/watch/rows_table.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ARENA_MAX  ((size_t)256 << 20)
#define DAY_S      86400
#define WORDS_MAX  ((size_t)4 * DG_ROWS_NAMES_MAX) /* spellings of names that are remembered */
#define FIRST_SIZE ((size_t)64)

/* --- memory ----------------------------------------------------------------------------------- */
struct dg_rows *dg_rows_new(const char *zone, uint64_t seed)
{
	struct dg_rows *r = calloc(1, sizeof(*r));

	if (!r) {
		abort();
	}
	r->arena = dg_arena_new(ARENA_MAX);
	r->zone = zone ? dg_strdup(r->arena, zone) : NULL;
	r->seed = seed;
	dg_map_init(&r->by_name, r->arena);
	dg_map_init(&r->by_words, r->arena);
	r->names = dg_newn(r->arena, struct dg_rows_name *, DG_ROWS_NAMES_MAX);
	return r;
}

struct dg_rows *dg_rows_free(struct dg_rows *r)
{
	if (r) {
		(void)dg_arena_free(r->arena);
		free(r->entries);
		free(r->index);
		free(r->ids);
		free(r->id_index);
		free(r);
	}
	return NULL;
}

static void *grown(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n, size);
	if (!p) {
		abort();
	}
	return p;
}

/* --- reports ---------------------------------------------------------------------------------- */
static void index_id(struct dg_rows *r, size_t i)
{
	size_t at = (size_t)r->ids[i] & (r->n_id_index - 1);

	while (r->id_index[at] != 0) {
		at = (at + 1) & (r->n_id_index - 1);
	}
	r->id_index[at] = (uint32_t)i + 1;
}

/* The index has no holes: nothing is taken out of it, it is made anew. */
static void index_ids(struct dg_rows *r, size_t size)
{
	free(r->id_index);
	r->n_id_index = size;
	r->id_index = calloc(size, sizeof(*r->id_index));
	if (!r->id_index) {
		abort();
	}
	for (size_t i = 0; i < r->n_ids; i++) {
		index_id(r, i);
	}
}

static bool is_known(const struct dg_rows *r, uint64_t id)
{
	if (r->n_id_index == 0) {
		return false;
	}
	for (size_t at = (size_t)id & (r->n_id_index - 1); r->id_index[at] != 0;
		at = (at + 1) & (r->n_id_index - 1)) {
		if (r->ids[r->id_index[at] - 1] == id) {
			return true;
		}
	}
	return false;
}

static void remember(struct dg_rows *r, uint64_t id)
{
	if (r->n_ids == DG_ROWS_REPORTS_MAX) { /* the older half goes */
		r->n_ids /= 2;
		memmove(r->ids, r->ids + r->n_ids, r->n_ids * sizeof(*r->ids));
		index_ids(r, r->n_id_index);
	}
	if (r->n_ids == r->cap_ids) {
		r->cap_ids = r->cap_ids ? 2 * r->cap_ids : FIRST_SIZE;
		r->ids = grown(r->ids, r->cap_ids, sizeof(*r->ids));
		index_ids(r, 2 * r->cap_ids);
	}
	r->ids[r->n_ids++] = id;
	index_id(r, r->n_ids - 1);
}

/* --- names ------------------------------------------------------------------------------------ */
static struct dg_rows_name *new_name(
	struct dg_rows *r, const char *text, const struct dg_rows_name *org)
{
	if (r->n_names == DG_ROWS_NAMES_MAX) {
		return NULL;
	}
	struct dg_rows_name *name = dg_new(r->arena, struct dg_rows_name);
	bool is_below = org && dg_name_is_at_or_under(text, org->text);
	name->text = dg_strdup(r->arena, text);
	name->at = (uint16_t)r->n_names;
	name->org = is_below ? org->org : name->at;
	r->names[r->n_names++] = name;
	(void)dg_map_put(&r->by_name, name->text, name);
	return name;
}

/* org: the policy domain that it belongs to when it is new and stands under it. NULL: no name, or one too many. */
static struct dg_rows_name *name_of(
	struct dg_rows *r, const char *words, const struct dg_rows_name *org)
{
	struct dg_rows_name *name = dg_map_get(&r->by_words, words);
	const char *text = NULL;
	struct dg_err err;

	if (name || words[0] == '\0' || r->by_words.n >= WORDS_MAX) {
		return name;
	}
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(ARENA_MAX);
	if (dg_domain_parse(a, words, strlen(words), &text, &err) < 0) {
		return NULL;
	}
	name = dg_map_get(&r->by_name, text);
	name = name ? name : new_name(r, text, org);
	if (name) {
		(void)dg_map_put(&r->by_words, dg_strdup(r->arena, words), name);
	}
	return name;
}

/* --- one report ------------------------------------------------------------------------------- */
static uint16_t day_of(const struct dg_aggregate_report *report)
{
	int64_t end = report->end >= report->begin ? report->end : report->begin;
	int64_t day = (report->begin + (end - report->begin) / 2) / DAY_S;

	return (uint16_t)(day > UINT16_MAX ? UINT16_MAX : day);
}

int dg_rows_begin(struct dg_rows *r, const struct dg_aggregate_report *report)
{
	uint64_t org = dg_sketch_key(r->seed, report->org, strlen(report->org));
	uint64_t id = dg_sketch_key(org, report->id, strlen(report->id));

	if (report->id[0] == '\0') { /* without an id it is known by what it is about */
		id = dg_sketch_key(id, report->domain, strlen(report->domain));
		id = dg_sketch_key(id, &report->begin, sizeof(report->begin));
	}
	if (is_known(r, id)) {
		r->counts.n_again++;
		return 1;
	}
	r->id = id;
	r->reporter = org;
	r->org = name_of(r, report->domain, NULL);
	r->day = day_of(report);
	r->open = (struct dg_rows_counts){0};
	r->n = r->n_sound;
	return 0;
}

/* Signed by the domain or a name under it, and nothing of that verified. */
static bool is_signed(const struct dg_aggregate_row *row, const struct dg_rows_name *org)
{
	size_t len = strlen(org->text) - 1;

	for (size_t i = 0; i < row->n_dkims; i++) {
		const char *d = row->dkims[i].domain;
		size_t n = strlen(d);

		if (row->dkims[i].result != DG_AGGREGATE_RESULT_PASS && n >= len &&
			strncasecmp(d + n - len, org->text, len) == 0 &&
			(n == len || d[n - len - 1] == '.')) {
			return true;
		}
	}
	return false;
}

static uint8_t evidence_of(const struct dg_aggregate_row *row, const struct dg_rows_name *org)
{
	unsigned e = 0;

	e |= row->dkim == DG_AGGREGATE_RESULT_PASS ? DG_ROWS_DKIM : 0;
	e |= row->spf == DG_AGGREGATE_RESULT_PASS ? DG_ROWS_SPF : 0;
	for (size_t i = 0; e == 0 && i < row->n_reasons; i++) {
		if (row->reasons[i].type == DG_AGGREGATE_REASON_FORWARDED ||
			row->reasons[i].type == DG_AGGREGATE_REASON_LIST) {
			e = DG_ROWS_PASSED_ON;
		}
	}
	return (uint8_t)(e == 0 && is_signed(row, org) ? DG_ROWS_SIGNED : e);
}

void dg_rows_row(struct dg_rows *r, const struct dg_aggregate_row *row)
{
	const struct dg_rows_name *name = name_of(r, row->header_from, r->org);

	name = name ? name : r->org; /* what is no name counts for the domain */
	r->open.n_rows++;
	if (!name) {
		r->open.left_out += row->count;
		return;
	}
	if (r->zone && !dg_name_is_at_or_under(name->text, r->zone)) {
		r->open.n_elsewhere++;
		return;
	}
	bool is_refused = row->disposition == DG_AGGREGATE_QUARANTINE ||
			  row->disposition == DG_AGGREGATE_REJECT;
	struct dg_rows_entry e = {
		.count = row->count,
		.refused = !is_refused               ? 0
			   : row->count > UINT32_MAX ? UINT32_MAX
						     : (uint32_t)row->count,
		.name = name->at,
		.day = r->day,
		.is_ip6 = row->source.is_ip6,
		.evidence = evidence_of(row, r->names[name->org]),
	};
	memcpy(e.octets, row->source.octets, sizeof(e.octets));
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap + r->cap / 2 : FIRST_SIZE;
		r->entries = grown(r->entries, r->cap, sizeof(*r->entries));
	}
	r->entries[r->n++] = e;
}

/* --- the whole table -------------------------------------------------------------------------- */
static uint64_t key_of(const struct dg_rows *r, const struct dg_rows_entry *e)
{
	uint64_t words[3] = {(uint64_t)e->name << 32 | (uint64_t)e->day << 16 |
			     (uint64_t)e->is_ip6 << 8 | e->evidence};

	memcpy(words + 1, e->octets, sizeof(e->octets));
	return dg_sketch_key(r->seed, words, sizeof(words));
}

static bool is_same(const struct dg_rows_entry *x, const struct dg_rows_entry *y)
{
	return x->name == y->name && x->day == y->day && x->is_ip6 == y->is_ip6 &&
	       x->evidence == y->evidence && memcmp(x->octets, y->octets, sizeof(x->octets)) == 0;
}

/* The place of its index: empty, or of the entry that is the same. */
static uint32_t *place_of(struct dg_rows *r, const struct dg_rows_entry *e)
{
	size_t at = (size_t)key_of(r, e) & (r->n_index - 1);

	while (r->index[at] != 0 && !is_same(&r->entries[r->index[at] - 1], e)) {
		at = (at + 1) & (r->n_index - 1);
	}
	return &r->index[at];
}

static void widen_index(struct dg_rows *r)
{
	r->n_index = r->n_index ? 2 * r->n_index : 2 * FIRST_SIZE;
	free(r->index);
	r->index = calloc(r->n_index, sizeof(*r->index));
	if (!r->index) {
		abort();
	}
	for (size_t i = 0; i < r->n_sound; i++) {
		*place_of(r, &r->entries[i]) = (uint32_t)i + 1;
	}
}

static void note_reporter(struct dg_rows *r, const struct dg_rows_entry *e)
{
	struct dg_rows_name *org = r->names[r->names[e->name]->org];

	dg_distinct_add(&org->reporters, r->reporter);
	if (e->evidence == 0) {
		dg_distinct_add(&org->forged_reporters, r->reporter);
	}
}

static void add(struct dg_rows *r, struct dg_rows_entry e)
{
	if (4 * (r->n_sound + 1) > 3 * r->n_index) {
		widen_index(r);
	}
	uint32_t *place = place_of(r, &e);
	if (*place == 0 && r->n_sound == DG_ROWS_ENTRIES_MAX) {
		r->counts.left_out += e.count;
		return;
	}
	note_reporter(r, &e);
	if (*place == 0) { /* the places of the open report are read before they are written */
		r->entries[r->n_sound++] = e;
		*place = (uint32_t)r->n_sound;
		return;
	}
	struct dg_rows_entry *known = &r->entries[*place - 1];
	known->count += e.count;
	known->refused =
		known->refused > UINT32_MAX - e.refused ? UINT32_MAX : known->refused + e.refused;
}

void dg_rows_commit(struct dg_rows *r)
{
	remember(r, r->id);
	for (size_t i = r->n_sound, n = r->n; i < n; i++) {
		add(r, r->entries[i]);
	}
	r->n = r->n_sound;
	r->counts.n_reports++;
	r->counts.n_rows += r->open.n_rows;
	r->counts.n_elsewhere += r->open.n_elsewhere;
	r->counts.left_out += r->open.left_out;
}

void dg_rows_drop(struct dg_rows *r)
{
	r->n = r->n_sound;
}

void dg_rows_counts(const struct dg_rows *r, struct dg_rows_counts *ret_counts)
{
	*ret_counts = r->counts;
}
