/* An incident as JSON. */
#include "zones/incident/record.h"

#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <string.h>

static json_t *when(int64_t at)
{
	return at > 0 ? json_integer((json_int_t)at) : json_null();
}

static json_t *hex(const uint8_t *hash)
{
	char text[DG_DIGEST_TEXT_MAX];

	return json_string(dg_digest_text(hash, DG_DIGEST_LEN, text));
}

json_t *dg_record_json_short(const struct dg_record *r)
{
	json_t *o = json_object();

	dg_json_set(o, "type", json_string("incident"));
	dg_json_set(o, "id", json_integer((json_int_t)r->id));
	dg_json_set(o, "name", dg_json_text(r->name));
	dg_json_set(o, "zone", dg_json_text(r->zone));
	dg_json_set(o, "state", json_string(dg_record_state(r)));
	dg_json_set(o, "opened", when(r->opened));
	dg_json_set(o, "opened_by", dg_json_text(r->opened_by));
	dg_json_set(o, "reason", dg_json_text(r->reason));
	dg_json_set(o, "verdict", dg_json_text(r->verdict));
	dg_json_set(o, "confidence", dg_json_text(r->confidence));
	dg_json_set(o, "closed", when(r->closed));
	dg_json_set(o, "closed_by", dg_json_text(r->closed_by));
	dg_json_set(o, "over", r->closed > 0 ? json_boolean(r->is_over) : json_null());
	dg_json_set(o, "forget_after", when(r->closed > 0 ? r->closed + r->retention : 0));
	dg_json_set(o, "forgotten", when(r->forgotten));
	dg_json_set(o, "forgotten_by", dg_json_text(r->forgotten_by));
	dg_json_set(o, "n_entries", json_integer((json_int_t)r->n_entries));
	dg_json_set(o, "head", hex(r->head));
	return o;
}

static json_t *entry_json(const struct dg_record_entry *e)
{
	json_t *o = json_object();
	json_t *data = e->data ? json_loads(e->data, JSON_REJECT_DUPLICATES, NULL) : NULL;

	dg_json_set(o, "n", e->n > 0 ? json_integer((json_int_t)e->n) : json_null());
	dg_json_set(o, "at", when(e->at));
	dg_json_set(o, "who", dg_json_text(e->who));
	dg_json_set(o, "kind", dg_json_text(e->kind));
	dg_json_set(o, "text", dg_json_text(e->text));
	dg_json_set(o, "data", data ? data : json_null());
	dg_json_set(o, "hash", e->n > 0 ? hex(e->hash) : json_null());
	return o;
}

static json_t *file_json(const struct dg_record_file *f)
{
	json_t *o = json_object();

	dg_json_set(o, "entry", json_integer((json_int_t)f->entry));
	dg_json_set(o, "at", when(f->at));
	dg_json_set(o, "who", dg_json_text(f->who));
	dg_json_set(o, "name", dg_json_text(f->name));
	dg_json_set(o, "media", dg_json_text(f->media));
	dg_json_set(o, "size", json_integer((json_int_t)f->size));
	dg_json_set(o, "sha256", dg_json_text(f->sha256));
	return o;
}

static void add_lesson(void *arg, const char *line, size_t n)
{
	(void)n;
	(void)json_array_append_new(arg, dg_json_text(line));
}

void dg_record_json(struct dg_buf *b, const struct dg_record *r)
{
	json_t *o = dg_record_json_short(r);
	json_t *entries = json_array();
	json_t *files = json_array();
	json_t *lessons = json_array();

	for (size_t i = 0; i < r->n; i++) {
		(void)json_array_append_new(entries, entry_json(&r->entries[i]));
	}
	for (size_t i = 0; i < r->n_files; i++) {
		(void)json_array_append_new(files, file_json(&r->files[i]));
	}
	dg_record_lessons(r, add_lesson, lessons);
	dg_json_set(o, "broken", r->broken > 0 ? json_integer((json_int_t)r->broken) : json_null());
	dg_json_set(o, "refuses_split", json_boolean(dg_record_refuses_split(r)));
	dg_json_set(o, "timeline", entries);
	dg_json_set(o, "evidence", files);
	dg_json_set(o, "lessons", lessons);
	dg_json_set(o, "triage", r->triage ? json_deep_copy(r->triage) : json_null());
	dg_json_put(b, o);
}
