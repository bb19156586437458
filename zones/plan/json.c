/* A plan as one JSON object; its form is documented in doc/json.md. */
#include "zones/plan/build.h"

#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_TEXT_MAX (300u << 10)

static json_t *rrset(const struct dg_rrset *set)
{
	struct dg_buf b;

	if (set->n == 0) {
		return json_null();
	}
	json_t *records = json_array();
	dg_buf_init(&b, RECORD_TEXT_MAX);
	for (size_t i = 0; i < set->n; i++) {
		dg_buf_clear(&b);
		dg_rdata_print(&b, set->type, &set->rdata[i]);
		(void)json_array_append_new(records, dg_json_text(b.data));
	}
	dg_buf_done(&b);
	json_t *j = json_object();
	(void)json_object_set_new(j, "ttl", json_integer(set->ttl));
	(void)json_object_set_new(j, "records", records);
	return j;
}

static json_t *position(const struct dg_pos *pos)
{
	json_t *j = NULL;

	if (pos->line == 0) {
		return json_null();
	}
	j = json_object();
	(void)json_object_set_new(j, "file", dg_json_text(pos->file));
	(void)json_object_set_new(j, "line", json_integer(pos->line));
	(void)json_object_set_new(j, "column", json_integer(pos->column));
	return j;
}

static json_t *conflict(const struct dg_change *c)
{
	json_t *j = NULL;

	if (c->conflict == DG_CONFLICT_NONE) {
		return json_null();
	}
	j = json_object();
	(void)json_object_set_new(j, "code", json_string(dg_conflict_code(c->conflict)));
	(void)json_object_set_new(j, "text", dg_json_text(c->conflict_text));
	if (c->last.owner) {
		(void)json_object_set_new(j, "last_applied", rrset(&c->last));
	}
	return j;
}

static json_t *change(const struct dg_change *c)
{
	json_t *j = json_object();
	char type[16];

	(void)json_object_set_new(j, "owner", dg_json_text(c->after.owner));
	(void)json_object_set_new(j, "type", json_string(dg_type_text(c->after.type, type)));
	(void)json_object_set_new(j, "action", json_string(dg_action_text(c->action)));
	(void)json_object_set_new(j, "phase", json_integer(c->phase));
	(void)json_object_set_new(j, "before", rrset(&c->before));
	(void)json_object_set_new(j, "after", rrset(&c->after));
	(void)json_object_set_new(j, "why", dg_json_text(c->why));
	(void)json_object_set_new(j, "rule", dg_json_text(c->rule));
	(void)json_object_set_new(j, "cost", dg_json_text(c->cost));
	(void)json_object_set_new(j, "old_ttl", json_integer(c->old_ttl));
	(void)json_object_set_new(j, "conflict", conflict(c));
	(void)json_object_set_new(j, "position", position(&c->pos));
	return j;
}

static json_t *note(const struct dg_note *n)
{
	json_t *j = json_object();

	(void)json_object_set_new(j, "code", dg_json_text(n->code));
	(void)json_object_set_new(j, "owner", dg_json_text(n->owner));
	(void)json_object_set_new(j, "text", dg_json_text(n->text));
	(void)json_object_set_new(j, "rule", dg_json_text(n->rule));
	(void)json_object_set_new(j, "position", position(&n->pos));
	return j;
}

static json_t *counts(const struct dg_plan *plan)
{
	size_t n[DG_ACTION_DELETE + 1] = {0};
	json_t *j = json_object();

	for (size_t i = 0; i < plan->n; i++) {
		n[plan->changes[i].action]++;
	}
	(void)json_object_set_new(j, "managed", dg_json_count(plan->n_managed));
	(void)json_object_set_new(j, "same", dg_json_count(plan->n_same));
	(void)json_object_set_new(j, "create", dg_json_count(n[DG_ACTION_CREATE]));
	(void)json_object_set_new(j, "change", dg_json_count(n[DG_ACTION_CHANGE]));
	(void)json_object_set_new(j, "ttl", dg_json_count(n[DG_ACTION_TTL]));
	(void)json_object_set_new(j, "delete", dg_json_count(n[DG_ACTION_DELETE]));
	(void)json_object_set_new(j, "conflicts", dg_json_count(plan->n_conflicts));
	return j;
}

void dg_plan_json(struct dg_buf *b, const struct dg_plan *plan)
{
	json_t *j = json_object();
	json_t *changes = json_array();
	json_t *notes = json_array();
	char hex[DG_DIGEST_TEXT_MAX];

	for (size_t i = 0; i < plan->n; i++) {
		(void)json_array_append_new(changes, change(&plan->changes[i]));
	}
	for (size_t i = 0; i < plan->n_notes; i++) {
		(void)json_array_append_new(notes, note(&plan->notes[i]));
	}
	(void)json_object_set_new(j, "zone", dg_json_text(plan->zone));
	(void)json_object_set_new(j, "from", dg_json_text(plan->from));
	(void)json_object_set_new(
		j, "digest", json_string(dg_digest_text(plan->digest, DG_DIGEST_LEN, hex)));
	(void)json_object_set_new(j, "counts", counts(plan));
	(void)json_object_set_new(j, "changes", changes);
	(void)json_object_set_new(j, "notes", notes);
	dg_json_put(b, j);
}
