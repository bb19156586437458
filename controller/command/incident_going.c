/* Where somebody is in the playbook of an incident. */
#include "controller/command/incident_run.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/incident/words.h"
#include "controller/store/watch.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 8u

/* The zone.yaml that is meant: --policy, that of the guard, else that of the newest change of the zone. */
static int find_document(struct dg_going *g, struct dg_err *err)
{
	struct dg_guard_row guard = {0};
	struct dg_step *steps = NULL;
	struct dg_run *runs = NULL;
	size_t n = 0;

	g->document = g->app->args->policy;
	if (g->document) {
		return 0;
	}
	int r = dg_store_guard_get(g->app->store, g->arena, g->row.name, &guard, err);
	if (r <= 0) {
		g->document = r == 0 ? guard.document : NULL;
		return r;
	}
	r = g->row.zone ? dg_store_log(g->app->store, g->arena, g->record.zone, 1, &steps, &runs,
				  &n, err)
			: 0;
	g->document = r == 0 && n > 0 ? steps[0].document : NULL;
	return r;
}

/* Entries by their numbers: those of the engine are not among them. */
static int find_place(struct dg_going *g, struct dg_err *err)
{
	struct dg_incident_body body = {0};
	struct dg_record_entry *list = NULL;
	size_t n = 0;
	size_t first = 0;
	int r = dg_incident_entries(g->app->store, g->arena, g->row.id, &list, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		first = strcmp(list[i].kind, DG_RECORD_RUN) == 0 ? i + 1 : first;
	}
	if (r < 0 || first == 0) {
		return r < 0 ? r : 1;
	}
	json_t *o = NULL;
	const char *name = dg_strdup(g->arena, dg_record_data(&list[first - 1], "playbook", &o));
	int64_t entry = json_integer_value(json_object_get(o, "entry"));
	json_decref(o);
	r = dg_incident_body(g->app->store, g->arena, g->row.id, entry, &body, err);
	if (r != 0) {
		return r < 0 ? r
			     : dg_fail(err, DG_EIO,
				       "incident %lld: the text of its playbook is gone",
				       (long long)g->row.id);
	}
	const struct dg_playbook_source source = {body.p, body.len, name, dg_words_language()};
	r = dg_playbook_parse(g->arena, &source, &g->playbook, err);
	if (r == 0) {
		dg_playbook_place(g->arena, g->playbook, list, n, first, &g->place);
	}
	return r;
}

int dg_going_load(struct dg_going *g, struct dg_err *err)
{
	int r = dg_incident_get(g->app->store, g->arena, g->row.id, &g->row, err);

	r = r == 0 ? dg_incident_load(g->app, g->arena, &g->row, &g->record, err) : r;
	r = r == 0 ? find_document(g, err) : r;
	return r == 0 ? find_place(g, err) : r;
}

/* --- which playbook --------------------------------------------------------------------------------------------- */
static bool has_list_leak(const struct dg_going *g)
{
	const json_t *list = json_object_get(g->record.triage, "incidents");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *kind =
			json_string_value(json_object_get(json_array_get(list, i), "kind"));

		if (kind && strcmp(kind, "list-leak") == 0) {
			return true;
		}
	}
	return false;
}

static const char *name_for(const struct dg_going *g)
{
	const char *verdict = g->row.verdict ? g->row.verdict : "";

	if (strcmp(verdict, "account") == 0) {
		return "account-compromised";
	}
	if (dg_record_refuses_split(&g->record) && strcmp(verdict, "own") != 0) {
		return "relay-abused";
	}
	if (has_list_leak(g)) {
		return "list-leak";
	}
	bool has_zone = g->record.zone || g->document;
	return strcmp(verdict, "forged") == 0 && has_zone ? "forged" : "mailbox-only";
}

static const char *path_of(const struct dg_going *g, const char *name)
{
	const char *folder =
		getenv("DNSGUARD_PLAYBOOKS"); /* NOLINT(concurrency-mt-unsafe): one thread */
	size_t len = strlen(name);
	bool is_path = strchr(name, '/') || (len > 5 && strcmp(name + len - 5, ".yaml") == 0);

	return is_path ? name
		       : dg_printf(g->arena, "%s/%s.yaml",
				 folder && folder[0] ? folder : DG_PLAYBOOK_DIR, name);
}

static int read_playbook(struct dg_going *g, const char *name, struct dg_incident_body *body,
	struct dg_playbook **ret_playbook, struct dg_err *err)
{
	const char *path = path_of(g, name);
	int r = dg_incident_slurp(g->arena, path, body, err);

	if (r == 0) {
		const struct dg_playbook_source source = {
			body->p, body->len, path, dg_words_language()};
		r = dg_playbook_parse(g->arena, &source, ret_playbook, err);
	}
	assert(r < 0 || *ret_playbook);
	return r;
}

static int begin(struct dg_going *g, const char *name, struct dg_err *err)
{
	struct dg_incident_body body = {0};
	struct dg_playbook *p = NULL;
	int r = read_playbook(g, name, &body, &p, err);

	if (r < 0) {
		return r;
	}
	r = dg_store_begin(g->app->store, err);
	if (r < 0) {
		return r;
	}
	r = dg_incident_get(g->app->store, g->arena, g->row.id, &g->row, err);
	int64_t entry = g->row.n_entries + 1;
	r = r == 0 ? dg_incident_keep(g->app, g->row.id, "playbook.yaml", DG_MEDIA_PLAYBOOK, &body,
			     dg_printf(g->arena, "playbook %s, as it was", p->name), err)
		   : r;
	r = r == 0 ? dg_incident_say(g->app, g->row.id, DG_RECORD_RUN,
			     dg_printf(g->arena, "playbook %s begins: %s", p->name, p->title),
			     json_pack(
				     "{s:s, s:I}", "playbook", p->name, "entry", (json_int_t)entry),
			     err)
		   : r;
	if (r < 0) {
		dg_store_rollback(g->app->store);
		return r;
	}
	r = dg_store_commit(g->app->store, err);
	return r == 0 ? dg_going_load(g, err) : r;
}

int dg_going_begin(struct dg_going *g, struct dg_err *err)
{
	const char *asked = g->app->args->playbook;
	int r = dg_going_load(g, err);

	if (r < 0) {
		return r;
	}
	struct dg_incident_body body = {0};
	struct dg_playbook *p = NULL;
	if (r == 0 && asked) {
		r = read_playbook(g, asked, &body, &p, err);
		if (r < 0 || strcmp(p->name, g->playbook->name) == 0) {
			return r; /* it is this one: go on */
		}
		return begin(g, asked, err);
	}
	return r == 0 ? 0 : begin(g, asked ? asked : name_for(g), err);
}

/* --- saying what became of it -------------------------------------------------------------------------------------- */
static int add(struct dg_going *g, const char *outcome, const char *answer, const char *why,
	struct dg_err *err)
{
	const struct dg_playbook_step *s = &g->playbook->steps[g->place.at];
	json_t *o = json_pack("{s:s, s:s}", "step", s->id, "outcome", outcome);

	dg_json_set(o, "answer", dg_json_text(answer));
	char *data = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
	const char *more = why ? why : answer && strcmp(answer, outcome) != 0 ? answer : NULL;
	struct dg_record_entry e = {.at = dg_loop_now(g->app->loop),
		.who = dg_app_who(g->app),
		.kind = DG_RECORD_STEP,
		.text = dg_printf(
			g->arena, "%s: %s%s%s", s->id, outcome, more ? ": " : "", more ? more : ""),
		.data = data};
	int r = dg_incident_add(g->app->store, g->row.id, &e, NULL, g->row.n_entries, err);

	json_decref(o);
	free(data);
	return r;
}

int dg_going_say(struct dg_going *g, const char *outcome, const char *answer, const char *why,
	struct dg_err *err)
{
	size_t n_said = g->place.n_said;
	const struct dg_playbook *playbook = g->playbook;
	int r = DG_ECONFLICT;

	for (unsigned i = 0; r == DG_ECONFLICT && i < TRIES; i++) {
		r = dg_going_load(g, err); /* the guard and others write notes, too */
		if (r == 0 && (g->place.n_said != n_said ||
				      strcmp(playbook->name, g->playbook->name) != 0)) {
			return dg_fail(err, DG_ECONFLICT,
				"somebody else has gone on with incident %lld meanwhile: run it "
				"again to see where it is",
				(long long)g->row.id);
		}
		r = r == 0 ? add(g, outcome, answer, why, err) : r;
	}
	return r == 0 ? dg_going_load(g, err) : r;
}

bool dg_going_is_refused(const struct dg_going *g, const struct dg_playbook_step *s)
{
	return s->kind == DG_PLAYBOOK_DO && dg_playbook_verb_is_refused(s->verb) &&
	       dg_record_refuses_split(&g->record);
}

/* --- answers given beforehand ----------------------------------------------------------------------------------------- */
/* Does an answer begin here: the id of a step and '='? */
static bool begins(const struct dg_going *g, const char *p)
{
	size_t n = strcspn(p, "=,");

	for (size_t i = 0; p[n] == '=' && i < g->playbook->n; i++) {
		const char *id = g->playbook->steps[i].id;

		if (strlen(id) == n && strncmp(id, p, n) == 0) {
			return true;
		}
	}
	return false;
}

const char *dg_going_answer(const struct dg_going *g, const char *id)
{
	const char *p = g->app->args->answer;
	size_t len = strlen(id);

	while (p && *p != '\0') {
		const char *end = strchr(p, ',');

		while (end && !begins(g, end + 1)) { /* a comma inside an answer */
			end = strchr(end + 1, ',');
		}
		if (strncmp(p, id, len) == 0 && p[len] == '=') {
			return dg_strndup(g->arena, p + len + 1,
				end ? (size_t)(end - p) - len - 1 : strlen(p + len + 1));
		}
		p = end ? end + 1 : NULL;
	}
	return NULL;
}
