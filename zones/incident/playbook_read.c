/* A playbook out of its YAML. */
#include "zones/incident/playbook.h"

#include "zones/base/arena.h"
#include "zones/policy/tree.h"

#include <string.h>

#define ID_MAX 40u

struct reading {
	struct dg_arena *arena;
	struct dg_loader *l;
	struct dg_playbook *p;
	const char *language;
	struct dg_err *err;
};

/* --- scalars and lists ---------------------------------------------------------------------------------------- */
static int check_text(struct reading *x, const struct dg_node *node)
{
	if (node->kind != DG_NODE_SCALAR || dg_node_is_empty(node)) {
		return dg_node_expected(x->l, node, x->err, "a text");
	}
	if (node->len > DG_PLAYBOOK_TEXT) {
		return dg_node_fail(x->l, node, x->err,
			"found a text of %zu octets, expected at most %u", node->len,
			DG_PLAYBOOK_TEXT);
	}
	return 0;
}

static bool is_language(const struct dg_node *node)
{
	return (node->len == 2 || node->len == 3) &&
	       strspn(node->text, "abcdefghijklmnopqrstuvwxyz") == node->len;
}

/* One text, or one in each of several languages: then the reader's, else the first. */
static int read_text(struct reading *x, const struct dg_node *node, const char **ret_text)
{
	const struct dg_node *mine = node->kind == DG_NODE_MAP ? NULL : node;
	int r = mine ? check_text(x, node) : 0;

	if (!mine && (node->n == 0 || node->n > DG_PLAYBOOK_LANGUAGES)) {
		return dg_node_fail(x->l, node, x->err, "found %zu languages, expected 1 to %u",
			node->n, DG_PLAYBOOK_LANGUAGES);
	}
	for (size_t i = 0; r == 0 && node->kind == DG_NODE_MAP && i < node->n; i++) {
		const struct dg_node *key = &node->list[2 * i];

		r = is_language(key) ? check_text(x, key + 1)
				     : dg_node_expected(x->l, key, x->err,
					       "the code of a language, for example en or ja");
		if (i == 0 || dg_node_is(key, x->language)) {
			mine = key + 1;
		}
	}
	if (r == 0) {
		*ret_text = dg_strdup(x->arena, mine->text);
	}
	return r;
}

static bool is_id(const struct dg_node *node)
{
	return node->kind == DG_NODE_SCALAR && node->len > 0 && node->len <= ID_MAX &&
	       strspn(node->text, "abcdefghijklmnopqrstuvwxyz0123456789-") == node->len &&
	       node->text[0] != '-';
}

static int read_id(struct reading *x, const struct dg_node *node, const char **ret_id)
{
	if (!is_id(node) || dg_node_is(node, "end")) {
		return dg_node_expected(x->l, node, x->err,
			"a name of small letters, digits and -, other than end");
	}
	*ret_id = dg_strdup(x->arena, node->text);
	return 0;
}

/* A list of words, or one. An answer is typed, and stands in --answer: no blanks, no commas. */
static int read_words(
	struct reading *x, const struct dg_node *node, struct dg_playbook_words *ret_words)
{
	bool is_list = node->kind == DG_NODE_LIST;
	size_t n = is_list ? node->n : 1;

	if (n == 0 || n > DG_PLAYBOOK_CHOICES) {
		return dg_node_fail(x->l, node, x->err, "found %zu words, expected 1 to %u", n,
			DG_PLAYBOOK_CHOICES);
	}
	const char **list = dg_newn(x->arena, const char *, n);
	for (size_t i = 0; i < n; i++) {
		const struct dg_node *item = is_list ? &node->list[i] : node;

		if (!is_id(item)) {
			return dg_node_expected(
				x->l, item, x->err, "a word of small letters, digits and -");
		}
		list[i] = dg_strdup(x->arena, item->text);
	}
	*ret_words = (struct dg_playbook_words){list, n};
	return 0;
}

static int read_bool(struct reading *x, const struct dg_node *node, const char *yes, const char *no,
	bool *ret_is)
{
	if (!dg_node_is(node, yes) && !dg_node_is(node, no)) {
		return dg_node_fail(x->l, node, x->err, "expected %s or %s", yes, no);
	}
	*ret_is = dg_node_is(node, yes);
	return 0;
}

/* --- a step ------------------------------------------------------------------------------------------------------ */
static int find_step(struct reading *x, const struct dg_node *node, size_t *ret_step)
{
	size_t i =
		node->kind == DG_NODE_SCALAR ? dg_playbook_find(x->p, node->text) : DG_PLAYBOOK_END;

	if (i == DG_PLAYBOOK_END) {
		return dg_node_expected(x->l, node, x->err, "the id of a step");
	}
	*ret_step = i;
	return 0;
}

/* Onwards only. */
static int read_next(struct reading *x, const struct dg_node *node, size_t from, size_t *ret_next)
{
	if (dg_node_is(node, "end")) {
		*ret_next = DG_PLAYBOOK_END;
		return 0;
	}
	int r = find_step(x, node, ret_next);
	if (r == 0 && *ret_next <= from) {
		return dg_node_fail(x->l, node, x->err,
			"step %s leads back: steps only lead onwards", x->p->steps[from].id);
	}
	return r;
}

static int read_answers(struct reading *x, const struct dg_node *node, size_t at)
{
	struct dg_playbook_step *s = &x->p->steps[at];
	int r = 0;

	if (node->kind != DG_NODE_MAP) {
		return dg_node_expected(x->l, node, x->err, "steps and their answers");
	}
	s->answers = dg_newn(x->arena, struct dg_playbook_answer, node->n);
	for (size_t i = 0; r == 0 && i < node->n; i++) {
		struct dg_playbook_answer *w = &s->answers[s->n_answers++];

		r = find_step(x, &node->list[2 * i], &w->step);
		if (r == 0 && w->step >= at) {
			r = dg_node_fail(x->l, &node->list[2 * i], x->err,
				"step %s comes later: it has no answer yet",
				x->p->steps[w->step].id);
		}
		r = r == 0 ? read_words(x, &node->list[2 * i + 1], &w->any) : r;
	}
	return r;
}

static int read_when(struct reading *x, const struct dg_node *node, size_t at)
{
	static const char *const known[] = {"verdict", "zone", "answers"};
	struct dg_playbook_step *s = &x->p->steps[at];
	bool has_zone = false;
	int r = node->kind == DG_NODE_MAP
			? 0
			: dg_node_expected(x->l, node, x->err, "verdict:, zone: or answers:");

	for (size_t i = 0; r == 0 && i < node->n; i++) {
		const struct dg_node *key = &node->list[2 * i];
		const struct dg_node *value = &node->list[2 * i + 1];

		if (dg_node_is(key, "verdict")) {
			r = read_words(x, value, &s->verdicts);
		} else if (dg_node_is(key, "zone")) {
			r = read_bool(x, value, "yes", "no", &has_zone);
			s->zone = has_zone;
		} else if (dg_node_is(key, "answers")) {
			r = read_answers(x, value, at);
		} else {
			r = dg_tree_unknown(x->l, key, known, 3, x->err);
		}
	}
	return r;
}

static int read_on(struct reading *x, const struct dg_node *node, size_t at)
{
	struct dg_playbook_step *s = &x->p->steps[at];
	int r = node->kind == DG_NODE_MAP ? 0
					  : dg_node_expected(x->l, node, x->err,
						    "answers and the steps that they lead to");

	if (r == 0 && (s->kind != DG_PLAYBOOK_ASK || s->is_free)) {
		return dg_node_fail(x->l, node, x->err, "on: goes with ask: and its choices");
	}
	s->on = dg_newn(x->arena, size_t, s->choices.n);
	for (size_t i = 0; i < s->choices.n; i++) {
		s->on[i] = s->then;
	}
	for (size_t i = 0; r == 0 && i < node->n; i++) {
		const struct dg_node *key = &node->list[2 * i];
		size_t k = 0;

		while (k < s->choices.n && !dg_node_is(key, s->choices.list[k])) {
			k++;
		}
		r = k < s->choices.n
			    ? read_next(x, &node->list[2 * i + 1], at, &s->on[k])
			    : dg_node_fail(x->l, key, x->err,
				      "'%.40s' is none of the choices of this step", key->text);
	}
	return r;
}

static int read_verb(struct reading *x, const struct dg_node *node, struct dg_playbook_step *s)
{
	for (int v = 0; v <= (int)DG_PLAYBOOK_CLOSE; v++) {
		if (dg_node_is(node, dg_playbook_verb_text((enum dg_playbook_verb)v))) {
			s->verb = (enum dg_playbook_verb)v;
			return 0;
		}
	}
	return dg_node_expected(x->l, node, x->err,
		"one of harden, arm, split, unsplit, probe, restore, withdraw-sender, revoke-key, "
		"hold, check, test-relay, verify, status, triage, close");
}

static int read_approval(struct reading *x, const struct dg_node *node, struct dg_playbook_step *s)
{
	static const char *const words[] = {"none", "one", "two"};

	for (unsigned i = 0; i < 3; i++) {
		if (dg_node_is(node, words[i])) {
			s->n_approvals = i;
			return 0;
		}
	}
	return dg_node_expected(x->l, node, x->err, "none, one or two");
}

static int read_deadline(struct reading *x, const struct dg_node *node, struct dg_playbook_step *s)
{
	bool is_span = node->kind == DG_NODE_SCALAR &&
		       dg_duration_parse(node->text, &s->deadline_s) == 0 && s->deadline_s > 0;

	return is_span ? 0
		       : dg_node_expected(
				 x->l, node, x->err, "a span of time, for instance 4h or 2d");
}

static int read_ask(struct reading *x, const struct dg_node *step, const struct dg_node *ask,
	struct dg_playbook_step *s)
{
	static const char *const yes_no[] = {"yes", "no"};
	const struct dg_node *choices = dg_node_get(step, "choices");
	const struct dg_node *is_free = dg_node_get(step, "free");
	int r = read_text(x, ask, &s->text);

	s->kind = DG_PLAYBOOK_ASK;
	r = r == 0 && is_free ? read_bool(x, is_free, "true", "false", &s->is_free) : r;
	if (r == 0 && s->is_free && choices) {
		return dg_node_fail(
			x->l, choices, x->err, "free: true takes any line: there are no choices:");
	}
	if (!s->is_free) {
		s->choices = (struct dg_playbook_words){yes_no, 2};
		r = r == 0 && choices ? read_words(x, choices, &s->choices) : r;
	}
	return r;
}

/* The kind of a step: one of ask, tell and do, and what belongs to it. */
static int read_kind(struct reading *x, const struct dg_node *step, struct dg_playbook_step *s)
{
	const struct dg_node *ask = dg_node_get(step, "ask");
	const struct dg_node *tell = dg_node_get(step, "tell");
	const struct dg_node *act = dg_node_get(step, "do");

	if ((ask != NULL) + (tell != NULL) + (act != NULL) != 1) {
		return dg_node_fail(
			x->l, step, x->err, "step %s: expected one of ask:, tell: and do:", s->id);
	}
	if (ask) {
		return read_ask(x, step, ask, s);
	}
	if (dg_node_get(step, "choices") || dg_node_get(step, "free")) {
		return dg_node_fail(
			x->l, step, x->err, "step %s: choices: and free: go with ask:", s->id);
	}
	s->kind = tell ? DG_PLAYBOOK_TELL : DG_PLAYBOOK_DO;
	int r = tell ? read_text(x, tell, &s->text) : read_verb(x, act, s);
	s->n_approvals = act && dg_playbook_verb_changes(s->verb) ? 1 : 0;
	return r;
}

static int check_step(struct reading *x, const struct dg_node *step, struct dg_playbook_step *s)
{
	bool is_about = s->kind == DG_PLAYBOOK_DO &&
			(s->verb == DG_PLAYBOOK_WITHDRAW || s->verb == DG_PLAYBOOK_REVOKE);

	if (is_about != (s->of != DG_PLAYBOOK_END)) {
		return dg_node_fail(x->l, step, x->err,
			is_about ? "step %s: expected of: the step whose answer says of what"
				 : "step %s: of: goes with withdraw-sender and revoke-key",
			s->id);
	}
	if (s->kind == DG_PLAYBOOK_DO && dg_playbook_verb_changes(s->verb) && s->n_approvals == 0) {
		return dg_node_fail(x->l, step, x->err,
			"step %s: what changes something needs approval: one or two", s->id);
	}
	return 0;
}

/* What needs to know all other steps, and its own kind. */
static int read_field(
	struct reading *x, const struct dg_node *key, const struct dg_node *value, size_t at)
{
	static const char *const known[] = {"id", "purpose", "ask", "choices", "free", "tell", "do",
		"of", "when", "on", "then", "expect", "undo", "deadline", "approval"};
	struct dg_playbook_step *s = &x->p->steps[at];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (dg_node_is(key, known[i])) {
			switch (i) {
			case 1:
				return read_text(x, value, &s->purpose);
			case 7:
				return find_step(x, value, &s->of);
			case 8:
				return read_when(x, value, at);
			case 11:
				return read_text(x, value, &s->expect);
			case 12:
				return read_text(x, value, &s->undo);
			case 13:
				return read_deadline(x, value, s);
			case 14:
				return read_approval(x, value, s);
			default:
				return 0; /* read before, or after */
			}
		}
	}
	return dg_tree_unknown(x->l, key, known, sizeof(known) / sizeof(known[0]), x->err);
}

static int read_step(struct reading *x, const struct dg_node *step, size_t at)
{
	struct dg_playbook_step *s = &x->p->steps[at];
	const struct dg_node *then = dg_node_get(step, "then");
	const struct dg_node *on = dg_node_get(step, "on");
	int r = read_kind(x, step, s);

	for (size_t i = 0; r == 0 && i < step->n; i++) {
		r = read_field(x, &step->list[2 * i], &step->list[2 * i + 1], at);
	}
	if (r == 0 && s->of != DG_PLAYBOOK_END &&
		(s->of >= at || x->p->steps[s->of].kind != DG_PLAYBOOK_ASK)) {
		r = dg_node_fail(x->l, step, x->err,
			"step %s: of: names a question that came before", s->id);
	}
	s->then = at + 1 < x->p->n ? at + 1 : DG_PLAYBOOK_END;
	r = r == 0 && then ? read_next(x, then, at, &s->then) : r;
	r = r == 0 && on ? read_on(x, on, at) : r;
	return r == 0 ? check_step(x, step, s) : r;
}

static int read_steps(struct reading *x, const struct dg_node *steps)
{
	if (steps->kind != DG_NODE_LIST || steps->n == 0 || steps->n > DG_PLAYBOOK_STEPS) {
		return dg_node_fail(
			x->l, steps, x->err, "expected a list of 1 to %u steps", DG_PLAYBOOK_STEPS);
	}
	x->p->steps = dg_newn(x->arena, struct dg_playbook_step, steps->n);
	for (size_t i = 0; i < steps->n; i++) {
		const struct dg_node *id = dg_node_get(&steps->list[i], "id");
		struct dg_playbook_step *s = &x->p->steps[i];

		if (steps->list[i].kind != DG_NODE_MAP || !id) {
			return dg_node_fail(x->l, &steps->list[i], x->err,
				"expected a step: a mapping with an id:");
		}
		*s = (struct dg_playbook_step){.purpose = "",
			.text = "",
			.expect = "",
			.undo = "",
			.of = DG_PLAYBOOK_END,
			.zone = -1,
			.pos = dg_node_pos(x->l, &steps->list[i])};
		int r = read_id(x, id, &s->id);
		if (r < 0) {
			return r;
		}
		if (dg_playbook_find(x->p, s->id) != DG_PLAYBOOK_END) {
			return dg_node_fail(x->l, id, x->err, "there is a step %s already", s->id);
		}
		x->p->n = i + 1;
	}
	int r = 0;
	for (size_t i = 0; r == 0 && i < steps->n; i++) {
		r = read_step(x, &steps->list[i], i);
	}
	return r;
}

static int read_top(struct reading *x, const struct dg_node *top)
{
	static const char *const known[] = {"playbook", "title", "purpose", "verdicts", "steps"};
	const struct dg_node *steps = NULL;
	int r = dg_node_get(top, "playbook")
			? 0
			: dg_node_fail(x->l, top, x->err, "expected playbook: and its name");

	for (size_t i = 0; r == 0 && i < top->n; i++) {
		const struct dg_node *key = &top->list[2 * i];
		const struct dg_node *value = &top->list[2 * i + 1];

		if (dg_node_is(key, "playbook")) {
			r = read_id(x, value, &x->p->name);
		} else if (dg_node_is(key, "title")) {
			r = read_text(x, value, &x->p->title);
		} else if (dg_node_is(key, "purpose")) {
			r = read_text(x, value, &x->p->purpose);
		} else if (dg_node_is(key, "verdicts")) {
			r = read_words(x, value, &x->p->verdicts);
		} else if (dg_node_is(key, "steps")) {
			steps = value;
		} else {
			r = dg_tree_unknown(x->l, key, known, 5, x->err);
		}
	}
	if (r < 0) {
		return r;
	}
	return steps ? read_steps(x, steps) : dg_node_fail(x->l, top, x->err, "expected steps:");
}

int dg_playbook_parse(struct dg_arena *a, const struct dg_playbook_source *source,
	struct dg_playbook **ret_playbook, struct dg_err *err)
{
	struct dg_playbook *p = dg_new(a, struct dg_playbook);
	struct reading x = {.arena = a, .p = p, .language = source->language, .err = err};
	const struct dg_pos start = {.file = source->file, .line = 1, .column = 1};
	struct dg_node top = {0};

	if (source->len > DG_PLAYBOOK_BYTES) {
		return dg_fail_at(err, &start, DG_EINPUT, "found %zu bytes, expected at most %zu",
			source->len, DG_PLAYBOOK_BYTES);
	}
	*p = (struct dg_playbook){.title = "", .purpose = ""};
	int r = dg_tree_load(a, source->text, source->len, source->file, &x.l, &top, err);
	r = r == 0 ? read_top(&x, &top) : r;
	x.l = dg_tree_done(x.l);
	if (r == 0) {
		*ret_playbook = p;
	}
	return r;
}
