/* incident run: through a playbook, step by step, on a terminal or by answers given beforehand. */
#include "controller/command/incident_run.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/command/world.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES ((size_t)DG_PLAYBOOK_TEXT + 2)

/* What one step comes to: go on, or stop here (it was said why). */
enum pace {
	PACE_ON,
	PACE_STOP,
};

/* --- showing ---------------------------------------------------------------------------------------------------------- */
static void put_line(struct dg_buf *b, const char *name, const char *text)
{
	if (text[0] != '\0') {
		dg_buf_printf(b, "  %-8s ", name);
		dg_buf_put_safe(b, text, strlen(text));
		dg_buf_putc(b, '\n');
	}
}

static void put_deadline(struct dg_going *g, const struct dg_playbook_step *s, struct dg_buf *b)
{
	int64_t due = g->place.since + s->deadline_s;
	int64_t now = dg_loop_now(g->app->loop);
	char span[32];
	char when[32];

	if (s->deadline_s > 0) {
		dg_buf_printf(b, "  by       %s (%s %s)\n", dg_app_time(due, when),
			due > now ? "in" : "OVERDUE since",
			dg_app_span(due > now ? due - now : now - due, span));
	}
}

static void put_done(struct dg_going *g, struct dg_buf *b)
{
	const struct dg_playbook_done *d = &g->place.done[g->place.at];
	char when[32];

	if (d->outcome) {
		dg_buf_printf(b, "  was      %s %s by ", d->outcome, dg_app_time(d->at, when));
		dg_buf_put_safe(b, d->who, strlen(d->who));
		dg_buf_puts(b, strcmp(d->outcome, "begun") == 0
				       ? ", and not ended: it goes on from where the journal says\n"
				       : "\n");
	}
}

static void show_step(struct dg_going *g)
{
	const struct dg_playbook_step *s = &g->playbook->steps[g->place.at];
	struct dg_buf b;

	if (g->app->args->is_json) {
		return;
	}
	dg_buf_init(&b, 4 * LINE_BYTES * 8);
	dg_buf_printf(&b, "\nStep %zu of %zu: %s\n", g->place.at + 1, g->playbook->n, s->id);
	put_line(&b, "why", s->purpose);
	put_line(&b, s->kind == DG_PLAYBOOK_ASK ? "question" : "to do",
		s->kind == DG_PLAYBOOK_DO ? dg_playbook_verb_what(s->verb) : s->text);
	put_line(&b, "expect", s->expect);
	put_line(&b, "undo", s->undo);
	put_deadline(g, s, &b);
	put_done(g, &b);
	dg_app_out(g->app, &b);
	(void)fflush(stdout);
	dg_buf_done(&b);
}

/* --- asking ------------------------------------------------------------------------------------------------------------- */
/* One line from the terminal, without what surrounds it; NULL: the end. */
static const char *ask_line(struct dg_going *g, const char *question)
{
	char line[LINE_BYTES];

	(void)fflush(stdout);
	(void)fprintf(stderr, "%s ", question);
	if (!fgets(line, sizeof(line), stdin)) {
		(void)fputc('\n', stderr);
		return NULL;
	}
	char *p = line + strspn(line, " \t");
	size_t n = strlen(p);
	while (n > 0 && isspace((unsigned char)p[n - 1])) {
		n--;
	}
	return dg_strndup(g->arena, p, n);
}

static const char *choices_of(struct dg_going *g, const struct dg_playbook_step *s)
{
	struct dg_buf b;

	dg_buf_init(&b, LINE_BYTES);
	for (size_t i = 0; i < s->choices.n; i++) {
		dg_buf_printf(&b, "%s%s", i > 0 ? "/" : "", s->choices.list[i]);
	}
	const char *text = s->is_free ? "one line" : dg_strdup(g->arena, b.data);
	dg_buf_done(&b);
	return text;
}

static enum pace stop_for(struct dg_going *g, const char *what)
{
	const struct dg_playbook_step *s = &g->playbook->steps[g->place.at];

	if (g->app->args->is_json) {
		json_t *o = json_pack("{s:s, s:I, s:s, s:s, s:s}", "type", "incident-waits", "id",
			(json_int_t)g->row.id, "playbook", g->playbook->name, "step", s->id, "for",
			what);

		dg_json_set(o, "due",
			s->deadline_s > 0 ? json_integer(g->place.since + s->deadline_s)
					  : json_null());
		dg_report_json(g->app, o);
	} else {
		dg_app_say(g->app,
			"  waits    %s; it goes on with `dnsguard incident run %lld --answer "
			"%s=...`, or on a terminal",
			what, (long long)g->row.id, s->id);
	}
	return PACE_STOP;
}

static void tell_step(struct dg_going *g, const char *id, const char *outcome)
{
	if (g->app->args->is_json) {
		dg_report_json(
			g->app, json_pack("{s:s, s:I, s:s, s:s}", "type", "incident-step", "id",
					(json_int_t)g->row.id, "step", id, "outcome", outcome));
	} else {
		dg_app_say(g->app, "  %s: %s", id, outcome);
	}
}

static int end_step(struct dg_going *g, const char *outcome, const char *answer, const char *why,
	enum pace *ret_pace, struct dg_err *err)
{
	const char *id = g->playbook->steps[g->place.at].id;
	int r = dg_going_say(g, outcome, answer, why, err);

	if (r == 0) {
		tell_step(g, id, outcome);
		*ret_pace = PACE_ON;
	}
	return r;
}

/* --- questions and tasks -------------------------------------------------------------------------------------------------- */
static int do_ask(struct dg_going *g, const struct dg_playbook_step *s, const char *answer,
	enum pace *ret_pace, struct dg_err *err)
{
	while (!answer && g->app->is_terminal) {
		answer = ask_line(g, dg_printf(g->arena, "  [%s, skip, quit]", choices_of(g, s)));
		if (!answer || strcmp(answer, "quit") == 0) {
			*ret_pace = PACE_STOP;
			return 0;
		}
		answer = strcmp(answer, "skip") == 0 || dg_playbook_is_answer(s, answer) ? answer
											 : NULL;
	}
	if (!answer) {
		*ret_pace = stop_for(g, dg_printf(g->arena, "an answer (%s)", choices_of(g, s)));
		return 0;
	}
	if (strcmp(answer, "skip") == 0) {
		return end_step(g, "skipped", NULL, NULL, ret_pace, err);
	}
	if (!dg_playbook_is_answer(s, answer)) {
		return dg_fail(err, DG_EINPUT, "--answer %s=%.60s: expected %s, or skip", s->id,
			answer, choices_of(g, s));
	}
	return end_step(g, "answered", answer, NULL, ret_pace, err);
}

static int do_tell(struct dg_going *g, const struct dg_playbook_step *s, const char *answer,
	enum pace *ret_pace, struct dg_err *err)
{
	while (!answer && g->app->is_terminal) {
		answer = ask_line(g, "  [done, skip, quit]");
		if (!answer || strcmp(answer, "quit") == 0) {
			*ret_pace = PACE_STOP;
			return 0;
		}
		answer = strcmp(answer, "done") == 0 || strcmp(answer, "skip") == 0 ? answer : NULL;
	}
	if (!answer) {
		*ret_pace = stop_for(g, "somebody to do it (done, or skip)");
		return 0;
	}
	if (strcmp(answer, "done") != 0 && strcmp(answer, "skip") != 0) {
		return dg_fail(
			err, DG_EINPUT, "--answer %s=%.60s: expected done or skip", s->id, answer);
	}
	return end_step(
		g, strcmp(answer, "done") == 0 ? "done" : "skipped", answer, NULL, ret_pace, err);
}

/* --- verbs ------------------------------------------------------------------------------------------------------------------ */
static bool is_good(enum dg_playbook_verb v, int status)
{
	bool is_question = v == DG_PLAYBOOK_CHECK || v == DG_PLAYBOOK_RELAY ||
			   v == DG_PLAYBOOK_VERIFY || v == DG_PLAYBOOK_STATUS;

	return status == DG_EXIT_OK || (is_question && status == DG_EXIT_FINDINGS);
}

static bool is_yes(const char *answer)
{
	size_t n = strlen(answer);

	return strcmp(answer, "yes") == 0 ||
	       (n >= 8 && n <= DG_DIGEST_TEXT_MAX && strspn(answer, "0123456789abcdef") == n);
}

static int act(struct dg_going *g, const struct dg_playbook_step *s, const char *yes,
	enum pace *ret_pace, struct dg_err *err)
{
	const struct dg_verb_order order = {.verb = s->verb,
		.about = s->of != DG_PLAYBOOK_END ? g->place.done[s->of].answer : NULL,
		.yes = yes};
	int status = DG_EXIT_FAILED;
	int r = 0;

	if (s->of != DG_PLAYBOOK_END && !order.about) {
		*ret_pace = stop_for(
			g, "what it is about: the question before was skipped; skip this one, too");
		return 0;
	}
	r = dg_playbook_verb_changes(s->verb) ? dg_going_say(g, "begun", NULL, NULL, err) : 0;
	r = r == 0 ? dg_verb_run(g, &order, &status, err) : r;
	if (r < 0) {
		return r;
	}
	if (is_good(s->verb, status)) {
		return end_step(g, "done", "done",
			status == DG_EXIT_FINDINGS ? "with findings" : NULL, ret_pace, err);
	}
	r = end_step(
		g, "failed", NULL, dg_printf(g->arena, "exit status %d", status), ret_pace, err);
	if (r == 0) {
		*ret_pace = stop_for(
			g, "what is in the way to be seen to; then the same again, or skip");
	}
	return r;
}

/* What it would do and cost. */
static int look(struct dg_going *g, const struct dg_playbook_step *s, struct dg_err *err)
{
	const struct dg_verb_order order = {.verb = s->verb,
		.about = s->of != DG_PLAYBOOK_END ? g->place.done[s->of].answer : NULL,
		.is_look = true};
	bool is_shown = s->verb != DG_PLAYBOOK_RELAY && (s->of == DG_PLAYBOOK_END || order.about);
	int status = 0;

	return is_shown ? dg_verb_run(g, &order, &status, err) : 0;
}

/* The first of two people: his yes to what he is shown is on record, and nothing is done. */
static int approve(struct dg_going *g, const struct dg_playbook_step *s, enum pace *ret_pace,
	struct dg_err *err)
{
	if (g->place.approved_by) {
		*ret_pace = stop_for(g, "a second person: you have said yes already");
		return 0;
	}
	int r = look(g, s, err);
	r = r == 0 ? end_step(g, "approved", "yes", NULL, ret_pace, err) : r;
	if (r == 0) {
		*ret_pace = stop_for(g, "a second person's yes");
	}
	return r;
}

static int refuse(struct dg_going *g, const struct dg_playbook_step *s, enum pace *ret_pace,
	struct dg_err *err)
{
	const char *why = dg_printf(g->arena,
		"refused: the verdict is %s: %s would not stop what a host or an account of ours "
		"sends, and would cost our own mail",
		g->row.verdict ? g->row.verdict : "not forged", dg_playbook_verb_text(s->verb));
	int r = end_step(g, "failed", NULL, why, ret_pace, err);

	if (r == 0) {
		dg_app_say(g->app, "  %s", why);
		*ret_pace = stop_for(g, "another verdict, or skip");
	}
	return r;
}

/* On a terminal: is it to be done? 0 yes, 1 no (*ret_pace says how it goes on). */
static int ask_yes(
	struct dg_going *g, const char **ret_yes, enum pace *ret_pace, struct dg_err *err)
{
	const struct dg_playbook_step *s = &g->playbook->steps[g->place.at];
	const char *said =
		ask_line(g, "  [yes, skip, quit; yes shows the plan and its cost, and asks again]");

	if (said && strcmp(said, "skip") == 0) {
		int r = end_step(g, "skipped", NULL, NULL, ret_pace, err);
		return r < 0 ? r : 1;
	}
	if (!said || strcmp(said, "yes") != 0) {
		*ret_pace = PACE_STOP;
		return 1;
	}
	/* The others ask by themselves, when the plan was shown. */
	*ret_yes = s->verb == DG_PLAYBOOK_RELAY || s->verb == DG_PLAYBOOK_ABUSED ? "yes" : NULL;
	return 0;
}

/* Somebody's yes, where one is needed. 0: it is there, or the command asks; 1: it is not. */
static int get_yes(struct dg_going *g, const char *answer, const char **ret_yes,
	enum pace *ret_pace, struct dg_err *err)
{
	const struct dg_playbook_step *s = &g->playbook->steps[g->place.at];
	bool is_asking = s->n_approvals > 0 || s->verb == DG_PLAYBOOK_RELAY;

	*ret_yes = answer ? answer : g->app->args->has_yes ? "yes" : NULL;
	if (!is_asking || *ret_yes) {
		return 0;
	}
	if (g->app->is_terminal) {
		return ask_yes(g, ret_yes, ret_pace, err);
	}
	int r = look(g, s, err);
	*ret_pace = PACE_STOP;
	if (r == 0) {
		(void)stop_for(g, "a yes to this (yes, the digest of the plan, or skip)");
	}
	return r < 0 ? r : 1;
}

/* Who says yes now is not the one who said so first. */
static bool has_all_others(struct dg_going *g, const struct dg_playbook_step *s)
{
	return s->n_approvals < 2 ||
	       (g->place.approved_by && strcmp(g->place.approved_by, dg_app_who(g->app)) != 0);
}

static int do_verb(struct dg_going *g, const struct dg_playbook_step *s, const char *answer,
	enum pace *ret_pace, struct dg_err *err)
{
	const char *yes = NULL;

	if (answer && strcmp(answer, "skip") == 0) {
		return end_step(g, "skipped", NULL, NULL, ret_pace, err);
	}
	if (answer && !is_yes(answer)) {
		return dg_fail(err, DG_EINPUT,
			"--answer %s=%.60s: expected yes, the digest of the plan, or skip", s->id,
			answer);
	}
	if (dg_going_is_refused(g, s)) {
		return refuse(g, s, ret_pace, err);
	}
	if (s->verb == DG_PLAYBOOK_TRIAGE && g->app->args->n_rest < 2 &&
		!g->app->args->from_triage) {
		*ret_pace = stop_for(g, "newer bounces: give their mailboxes behind the number of "
					"the incident, or skip");
		return 0;
	}
	int r = get_yes(g, answer, &yes, ret_pace, err);
	if (r != 0) {
		return r < 0 ? r : 0;
	}
	return has_all_others(g, s) ? act(g, s, yes, ret_pace, err) : approve(g, s, ret_pace, err);
}

/* --- all of it ---------------------------------------------------------------------------------------------------------------- */
static int one_step(struct dg_going *g, enum pace *ret_pace, struct dg_err *err)
{
	const struct dg_playbook_step *s = &g->playbook->steps[g->place.at];
	const char *verdict = g->row.verdict ? g->row.verdict : "";
	const char *answer = dg_going_answer(g, s->id);

	if (!dg_playbook_holds(
		    g->playbook, &g->place, g->place.at, verdict, g->record.zone || g->document)) {
		return end_step(g, "passed over", NULL, NULL, ret_pace, err);
	}
	show_step(g);
	switch (s->kind) {
	case DG_PLAYBOOK_ASK:
		return do_ask(g, s, answer, ret_pace, err);
	case DG_PLAYBOOK_TELL:
		return do_tell(g, s, answer, ret_pace, err);
	case DG_PLAYBOOK_DO:
		break;
	}
	return do_verb(g, s, answer, ret_pace, err);
}

static int go(struct dg_going *g, struct dg_err *err)
{
	enum pace pace = PACE_ON;
	int r = dg_going_begin(g, err);

	if (r == 0 && !g->app->args->is_json) {
		dg_app_say(g->app, "incident %lld: playbook %s: %s", (long long)g->row.id,
			g->playbook->name, g->playbook->title);
	}
	while (r == 0 && pace == PACE_ON && g->place.at != DG_PLAYBOOK_END) {
		r = one_step(g, &pace, err);
	}
	if (r == 0 && g->place.at == DG_PLAYBOOK_END) {
		dg_app_say(g->app,
			"\nthe playbook is through; `dnsguard incident report %lld` tells of it",
			(long long)g->row.id);
	}
	return r;
}

int dg_incident_word_run(struct dg_app *app, const struct dg_args *args)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(DG_INCIDENT_MEMORY);
	struct dg_going *g = dg_new(a, struct dg_going);
	struct dg_err err;
	int r = dg_app_open(app, true, &err);

	g->app = app;
	g->arena = a;
	r = r == 0 ? dg_incident_of(app, args->rest[0], &g->row, &err) : r;
	if (r == 0 && g->row.forgotten > 0) {
		r = dg_fail(&err, DG_EINPUT, "incident %lld is forgotten", (long long)g->row.id);
	}
	r = r == 0 ? go(g, &err) : r;
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	return g->place.at == DG_PLAYBOOK_END ? DG_EXIT_OK : DG_EXIT_FINDINGS;
}
