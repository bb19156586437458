/* A playbook for others: CACAO Security Playbooks Version 2.0 (OASIS). A CACAO branch ends and comes back to where it began, so a jump onwards becomes
 * a condition of each step that it jumps over: the workflow is one line of steps, those with a condition inside an if. */
#include "zones/incident/playbook.h"
#include "zones/incident/record.h"

#include "zones/base/buf.h"
#include "zones/base/json.h"
#include "zones/watch/plot.h"

#include <string.h>

#define ID_TEXT_MAX   80u
#define CONDITION_MAX 8192u
#define MANUAL_MAX    ((size_t)3 * DG_PLAYBOOK_TEXT)
#define VARIABLE_MAX  64u

struct writing {
	const struct dg_playbook *p;
	const struct dg_playbook_place *place; /* NULL: none */
	const struct dg_record *r;
	json_t *workflow, *variables;
	char extension[ID_TEXT_MAX], person[ID_TEXT_MAX], machine[ID_TEXT_MAX];
};

/* "action--UUID": the bits come from a digest of incident, record and step, so that an export is the same each time; version 4. */
static const char *id_of(
	const struct writing *w, const char *type, const char *what, char ret_id[ID_TEXT_MAX])
{
	uint8_t d[DG_DIGEST_LEN];
	char hex[DG_DIGEST_TEXT_MAX];
	struct dg_buf b;

	dg_buf_init(&b, 4096);
	dg_buf_printf(&b, "%lld %lld %s %s %s ", (long long)w->r->id, (long long)w->r->opened,
		w->p->name, type, what);
	dg_buf_puts(&b, w->r->name);
	dg_digest(b.data, b.len, d);
	dg_buf_clear(&b);
	d[6] = (uint8_t)((d[6] & 0x0fu) | 0x40u);
	d[8] = (uint8_t)((d[8] & 0x3fu) | 0x80u);
	(void)dg_digest_text(d, 16, hex);
	dg_buf_printf(&b, "%s--%.8s-%.4s-%.4s-%.4s-%.12s", type, hex, hex + 8, hex + 12, hex + 16,
		hex + 20);
	memcpy(ret_id, b.data, b.len + 1);
	dg_buf_done(&b);
	return ret_id;
}

/* "__answer_of-step__" */
static const char *variable_of(const char *id, char ret_name[VARIABLE_MAX])
{
	struct dg_buf b;

	dg_buf_init(&b, VARIABLE_MAX - 1);
	dg_buf_printf(&b, "__answer_%s__", id);
	memcpy(ret_name, b.data, b.len + 1);
	dg_buf_done(&b);
	return ret_name;
}

static json_t *stamp(int64_t at)
{
	struct dg_buf b;
	char t[24];

	dg_buf_init(&b, 40);
	(void)dg_plot_time(at * 1000, t);
	dg_buf_printf(&b, "%.10sT%s.000Z", t, t + 11);
	json_t *o = json_string(b.data);
	dg_buf_done(&b);
	return o;
}

/* --- conditions (STIX patterning) ------------------------------------------------------------------------------- */
static void put_and(struct dg_buf *b)
{
	dg_buf_puts(b, b->len > 0 ? " AND " : "");
}

static void put_any(struct dg_buf *b, const char *variable, const struct dg_playbook_words *words)
{
	put_and(b);
	dg_buf_printf(b, "%s:value IN (", variable);
	for (size_t i = 0; i < words->n; i++) {
		dg_buf_printf(b, "%s'%s'", i > 0 ? ", " : "", words->list[i]);
	}
	dg_buf_putc(b, ')');
}

/* Not where an earlier step has led past this one. */
static void put_jumps(const struct writing *w, size_t at, struct dg_buf *b)
{
	char name[VARIABLE_MAX];

	for (size_t i = 0; i < at; i++) {
		const struct dg_playbook_step *s = &w->p->steps[i];

		for (size_t k = 0; s->on && k < s->choices.n; k++) {
			if (s->on[k] > at) {
				put_and(b);
				dg_buf_printf(b, "%s:value != '%s'", variable_of(s->id, name),
					s->choices.list[k]);
			}
		}
		if (!s->on && s->then > at &&
			(s->then != DG_PLAYBOOK_END ||
				i + 1 < w->p->n)) { /* a step that was taken leads on past this one */
			put_and(b);
			dg_buf_printf(b, "%s:value != 'done'", variable_of(s->id, name));
		}
	}
}

static void put_condition(const struct writing *w, size_t at, struct dg_buf *b)
{
	const struct dg_playbook_step *s = &w->p->steps[at];
	char name[VARIABLE_MAX];

	if (s->verdicts.n > 0) {
		put_any(b, "__verdict__", &s->verdicts);
	}
	if (s->zone >= 0) {
		put_and(b);
		dg_buf_printf(b, "__zone__:value = '%s'", s->zone ? "yes" : "no");
	}
	for (size_t i = 0; i < s->n_answers; i++) {
		put_any(b, variable_of(w->p->steps[s->answers[i].step].id, name),
			&s->answers[i].any);
	}
	put_jumps(w, at, b);
}

/* --- steps --------------------------------------------------------------------------------------------------------- */
static json_t *extension_of(const struct writing *w, size_t at)
{
	static const char *const approvals[] = {"none", "one", "two"};
	const struct dg_playbook_step *s = &w->p->steps[at];
	const struct dg_playbook_done *d = w->place ? &w->place->done[at] : NULL;
	json_t *o = json_object();

	dg_json_set(o, "approval", json_string(approvals[s->n_approvals]));
	dg_json_set(o, "expect", dg_json_text(s->expect));
	dg_json_set(o, "undo", dg_json_text(s->undo));
	if (d && d->outcome) {
		dg_json_set(o, "outcome", dg_json_text(d->outcome));
		dg_json_set(o, "answer", dg_json_text(d->answer));
		dg_json_set(o, "who", dg_json_text(d->who));
		dg_json_set(o, "at", stamp(d->at));
	}
	return o;
}

static json_t *command_of(const struct dg_playbook_step *s)
{
	struct dg_buf b;

	dg_buf_init(&b, MANUAL_MAX);
	if (s->kind == DG_PLAYBOOK_DO) {
		dg_buf_printf(&b, "dnsguard incident run: %s: %s", dg_playbook_verb_text(s->verb),
			dg_playbook_verb_what(s->verb));
	} else {
		dg_buf_puts(&b, s->text);
	}
	json_t *o = json_object();
	dg_json_set(o, "type", json_string("manual"));
	dg_json_set(o, "command", dg_json_text(b.data));
	dg_buf_done(&b);
	return o;
}

static json_t *action(struct writing *w, size_t at, const char *next)
{
	const struct dg_playbook_step *s = &w->p->steps[at];
	json_t *o = json_object();
	json_t *commands = json_array();
	json_t *extensions = json_object();
	json_t *out = json_array();
	char name[VARIABLE_MAX];

	(void)json_array_append_new(commands, command_of(s));
	(void)json_array_append_new(out, json_string(variable_of(s->id, name)));
	dg_json_set(w->variables, name, json_pack("{s:s, s:b}", "type", "string", "external", 0));
	dg_json_set(extensions, w->extension, extension_of(w, at));
	dg_json_set(o, "type", json_string("action"));
	dg_json_set(o, "name", json_string(s->id));
	if (s->purpose[0] != '\0') {
		dg_json_set(o, "description", dg_json_text(s->purpose));
	}
	if (s->deadline_s > 0) {
		dg_json_set(o, "timeout", json_integer((json_int_t)s->deadline_s * 1000));
	}
	dg_json_set(o, "commands", commands);
	dg_json_set(o, "agent", json_string(s->kind == DG_PLAYBOOK_DO ? w->machine : w->person));
	dg_json_set(o, "out_args", out);
	dg_json_set(o, "on_completion", json_string(next));
	dg_json_set(o, "step_extensions", extensions);
	return o;
}

/* The id of the object that a step begins with. */
static const char *begin_of(const struct writing *w, size_t at, char ret_id[ID_TEXT_MAX])
{
	struct dg_buf b;

	if (at >= w->p->n) {
		return id_of(w, "end", "end", ret_id);
	}
	dg_buf_init(&b, CONDITION_MAX);
	put_condition(w, at, &b);
	(void)id_of(w, b.len > 0 ? "if-condition" : "action", w->p->steps[at].id, ret_id);
	dg_buf_done(&b);
	return ret_id;
}

static void put_step(struct writing *w, size_t at)
{
	const char *id = w->p->steps[at].id;
	char next[ID_TEXT_MAX];
	char own[ID_TEXT_MAX];
	char end[ID_TEXT_MAX];
	struct dg_buf b;

	dg_buf_init(&b, CONDITION_MAX);
	put_condition(w, at, &b);
	(void)begin_of(w, at + 1, next);
	(void)id_of(w, "action", id, own);
	if (b.len == 0) {
		dg_json_set(w->workflow, own, action(w, at, next));
	} else {
		char test[ID_TEXT_MAX];

		(void)id_of(w, "end", id, end);
		dg_json_set(w->workflow, id_of(w, "if-condition", id, test),
			json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", "if-condition", "name", id,
				"condition", b.data, "on_true", own, "on_completion", next));
		dg_json_set(w->workflow, own, action(w, at, end));
		dg_json_set(w->workflow, end, json_pack("{s:s}", "type", "end"));
	}
	dg_buf_done(&b);
}

static json_t *definitions(struct writing *w)
{
	json_t *agents = json_object();
	json_t *extension = json_object();
	json_t *both = json_object();
	char maker[ID_TEXT_MAX];

	dg_json_set(agents, w->person,
		json_pack("{s:s, s:s}", "type", "individual", "name",
			"whoever handles the incident"));
	dg_json_set(agents, w->machine,
		json_pack("{s:s, s:s}", "type", "organization", "name",
			"dnsguard, run by whoever handles the incident"));
	dg_json_set(extension, w->extension,
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", "extension-definition", "name",
			"dnsguard: approval, undo, outcome", "description",
			"who must say yes, what should come of a step, the way back, and what "
			"became of it",
			"created_by", id_of(w, "identity", "dnsguard", maker), "schema",
			"doc/incident.md", "version", "1"));
	dg_json_set(both, "agent_definitions", agents);
	dg_json_set(both, "extension_definitions", extension);
	return both;
}

void dg_cacao_json(struct dg_buf *b, const struct dg_playbook *p, const struct dg_playbook_place *x,
	const struct dg_record *r)
{
	struct writing w = {
		.p = p, .place = x, .r = r, .workflow = json_object(), .variables = json_object()};
	json_t *o = json_object();
	char id[ID_TEXT_MAX];
	char first[ID_TEXT_MAX];

	(void)id_of(&w, "extension-definition", "dnsguard", w.extension);
	(void)id_of(&w, "individual", "person", w.person);
	(void)id_of(&w, "organization", "dnsguard", w.machine);
	dg_json_set(w.variables, "__verdict__",
		json_pack("{s:s, s:s, s:b}", "type", "string", "value",
			r->verdict ? r->verdict : "", "external", 1));
	dg_json_set(w.variables, "__zone__",
		json_pack("{s:s, s:s, s:b}", "type", "string", "value", r->zone ? "yes" : "no",
			"external", 1));
	dg_json_set(w.workflow, id_of(&w, "start", "start", id),
		json_pack("{s:s, s:s}", "type", "start", "on_completion", begin_of(&w, 0, first)));
	dg_json_set(o, "type", json_string("playbook"));
	dg_json_set(o, "spec_version", json_string("cacao-2.0"));
	dg_json_set(o, "workflow_start", json_string(id));
	dg_json_set(o, "id", json_string(id_of(&w, "playbook", "playbook", id)));
	dg_json_set(o, "name", json_string(p->name));
	dg_json_set(o, "description", dg_json_text(p->purpose));
	dg_json_set(o, "playbook_types", json_pack("[s, s]", "investigation", "mitigation"));
	dg_json_set(o, "created_by", json_string(id_of(&w, "identity", "dnsguard", id)));
	dg_json_set(o, "created", stamp(r->opened));
	dg_json_set(o, "modified", stamp(r->now > r->opened ? r->now : r->opened));
	for (size_t i = 0; i < p->n; i++) {
		put_step(&w, i);
	}
	dg_json_set(w.workflow, id_of(&w, "end", "end", id), json_pack("{s:s}", "type", "end"));
	dg_json_set(o, "playbook_variables", w.variables);
	dg_json_set(o, "workflow", w.workflow);
	json_t *both = definitions(&w);
	(void)json_object_update(o, both);
	json_decref(both);
	dg_json_put(b, o);
}
