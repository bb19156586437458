#include "zones/incident/record.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 4096u
#define DAY            ((int64_t)86400)

const char *dg_record_data(const struct dg_record_entry *e, const char *key, json_t **keep)
{
	if (!*keep) {
		*keep = e->data ? json_loads(e->data, JSON_REJECT_DUPLICATES, NULL) : json_object();
	}
	const char *text = json_string_value(json_object_get(*keep, key));
	return text ? text : "";
}

/* --- order -------------------------------------------------------------------------------------- */
static int by_time(const void *x, const void *y)
{
	const struct dg_record_entry *a = x;
	const struct dg_record_entry *b = y;

	if (a->at != b->at) {
		return a->at < b->at ? -1 : 1;
	}
	bool is_a_kept = a->n > 0;
	bool is_b_kept = b->n > 0;
	if (is_a_kept != is_b_kept) {
		return is_a_kept ? -1 : 1;
	}
	return a->n < b->n ? -1 : a->n > b->n;
}

static bool take_file(const struct dg_record_entry *e, struct dg_arena *a, struct dg_record_file *f)
{
	json_t *o = e->data ? json_loads(e->data, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *name = json_string_value(json_object_get(o, "name"));
	const char *media = json_string_value(json_object_get(o, "media"));
	const char *sha256 = json_string_value(json_object_get(o, "sha256"));
	json_int_t size = json_integer_value(json_object_get(o, "size"));
	bool is_file = name && media && sha256 && size >= 0 &&
		       strspn(sha256, "0123456789abcdef") == DG_DIGEST_TEXT_MAX - 1 &&
		       sha256[DG_DIGEST_TEXT_MAX - 1] == '\0';

	if (is_file) {
		*f = (struct dg_record_file){.entry = e->n,
			.at = e->at,
			.who = e->who,
			.name = dg_strdup(a, name),
			.media = dg_strdup(a, media),
			.sha256 = dg_strdup(a, sha256),
			.size = (uint64_t)size};
	}
	json_decref(o);
	return is_file;
}

void dg_record_order(struct dg_record *r, struct dg_arena *a)
{
	if (r->n > 0) {
		qsort(r->entries, r->n, sizeof(*r->entries), by_time);
	}
	r->files = dg_newn(a, struct dg_record_file, r->n);
	r->n_files = 0;
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->entries[i].kind, DG_RECORD_EVIDENCE) == 0 &&
			take_file(&r->entries[i], a, &r->files[r->n_files])) {
			r->n_files++;
		}
	}
}

/* --- what it says of itself ----------------------------------------------------------------------- */
const char *dg_record_state(const struct dg_record *r)
{
	if (r->forgotten > 0) {
		return "forgotten";
	}
	if (r->closed == 0) {
		return "open";
	}
	return r->is_over ? "closed" : "closed: not over";
}

bool dg_record_is_expired(const struct dg_record *r)
{
	return r->closed > 0 && r->forgotten == 0 && r->closed + r->retention <= r->now;
}

bool dg_record_refuses_split(const struct dg_record *r)
{
	static const char *const ours[] = {
		"relay", "account", "script", "through-own", "provider", "own"};
	const char *verdict = r->verdict ? r->verdict : "";

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (strcmp(verdict, ours[i]) == 0) {
			return true;
		}
	}
	/* Beside forged mail something of ours may send, too. */
	return strcmp(verdict, "forged") == 0 && json_is_false(json_object_get(r->triage, "split"));
}

/* --- lessons -------------------------------------------------------------------------------------- */
struct lessons {
	const struct dg_record *of;
	void (*put)(void *arg, const char *line, size_t n);
	void *arg;
};

static void put_span(struct dg_buf *b, const struct dg_record *r, int64_t s)
{
	const char *message = s < 7200      ? DG_MESSAGE("{n} min")
			      : s < 2 * DAY ? DG_MESSAGE("{n} h {of} min")
					    : DG_MESSAGE("{n} days {of} h");
	int64_t n = s < 7200 ? s / 60 : s < 2 * DAY ? s / 3600 : s / DAY;
	int64_t of = s < 2 * DAY ? s % 3600 / 60 : s % DAY / 3600;

	dg_message_put(b, dg_record_say(r, message), (uint64_t)n, (uint64_t)of, NULL);
}

static void say_span(const struct lessons *l, const char *what, int64_t from, int64_t to)
{
	struct dg_buf b;

	if (from <= 0 || to < from) {
		return;
	}
	dg_buf_init(&b, LINE_MAX_BYTES);
	dg_buf_puts(&b, dg_record_say(l->of, what));
	dg_buf_puts(&b, ": ");
	put_span(&b, l->of, to - from);
	l->put(l->arg, b.data, b.len);
	dg_buf_done(&b);
}

static int64_t first_of(const struct dg_record *r, const char *kind)
{
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->entries[i].kind, kind) == 0 && r->entries[i].at >= r->opened) {
			return r->entries[i].at;
		}
	}
	return 0;
}

void dg_record_lessons(
	const struct dg_record *r, void (*put)(void *arg, const char *line, size_t n), void *arg)
{
	static const char prefix[] = "lesson:";
	const struct lessons l = {r, put, arg};
	json_int_t first = json_integer_value(
		json_object_get(json_object_get(r->triage, "timeline"), "first"));

	say_span(&l, DG_MESSAGE("from the first bounce to this record"), first, r->opened);
	say_span(&l, DG_MESSAGE("from there to the first change of DNS"), r->opened,
		first_of(r, DG_RECORD_CHANGE));
	say_span(&l, r->closed > 0 ? DG_MESSAGE("open for") : DG_MESSAGE("open so far"), r->opened,
		r->closed > 0 ? r->closed : r->now);
	for (size_t i = 0; i < r->n; i++) {
		const char *text = r->entries[i].text;

		if (strcmp(r->entries[i].kind, DG_RECORD_NOTE) == 0 &&
			strncmp(text, prefix, sizeof(prefix) - 1) == 0) {
			text += sizeof(prefix) - 1;
			text += strspn(text, " ");
			put(arg, text, strlen(text));
		}
	}
}
