/* incident run: through a playbook, step by step, on a terminal or by answers given beforehand. */
#include "controller/command/incident_run.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/incident/words.h"
#include "zones/base/arena.h"

#include <string.h>

#define IN_THE_WAY DG_MESSAGE("what is in the way to be seen to; then the same again, or skip")

/* --- questions and tasks -------------------------------------------------------------------------------------------------- */
/* Of a question whose answer a later verb is about: can it be that? */
static int check_about(struct dg_going *g, const char *answer, struct dg_err *err)
{
	int r = 0;

	for (size_t i = g->place.at + 1; r == 0 && i < g->playbook->n; i++) {
		const struct dg_playbook_step *s = &g->playbook->steps[i];

		r = s->of == g->place.at ? dg_amend_check(g, s->verb, answer, err) : 0;
	}
	return r;
}

static int do_ask(struct dg_going *g, const struct dg_playbook_step *s, const char *answer,
	enum dg_pace *ret_pace, struct dg_err *err)
{
	while (!answer && g->app->is_terminal) {
		answer = dg_step_line(
			g, dg_incident_words(g->arena, DG_MESSAGE("  [{text}, skip, quit]"), 0, 0,
				   dg_step_choices(g, s)));
		if (!answer || strcmp(answer, "quit") == 0) {
			*ret_pace = DG_PACE_STOP;
			return 0;
		}
		if (strcmp(answer, "skip") == 0) {
			break;
		}
		if (!dg_playbook_is_answer(s, answer)) {
			answer = NULL;
		} else if (check_about(g, answer, err) < 0) {
			dg_app_complain(g->app, err);
			answer = NULL;
		}
	}
	if (!answer) {
		*ret_pace =
			dg_step_stop(g, DG_MESSAGE("an answer ({text})"), dg_step_choices(g, s));
		return 0;
	}
	if (strcmp(answer, "skip") == 0) {
		return dg_step_end(g, "skipped", NULL, NULL, ret_pace, err);
	}
	if (!dg_playbook_is_answer(s, answer)) {
		return dg_fail(err, DG_EINPUT, "--answer %s=%.60s: expected %s, or skip", s->id,
			answer, dg_step_choices(g, s));
	}
	int r = check_about(g, answer, err);
	return r < 0 ? r : dg_step_end(g, "answered", answer, NULL, ret_pace, err);
}

static int do_tell(struct dg_going *g, const struct dg_playbook_step *s, const char *answer,
	enum dg_pace *ret_pace, struct dg_err *err)
{
	while (!answer && g->app->is_terminal) {
		answer = dg_step_line(g, dg_word(DG_MESSAGE("  [done, skip, quit]")));
		if (!answer || strcmp(answer, "quit") == 0) {
			*ret_pace = DG_PACE_STOP;
			return 0;
		}
		answer = strcmp(answer, "done") == 0 || strcmp(answer, "skip") == 0 ? answer : NULL;
	}
	if (!answer) {
		*ret_pace = dg_step_stop(g, DG_MESSAGE("somebody to do it (done, or skip)"), NULL);
		return 0;
	}
	if (strcmp(answer, "done") != 0 && strcmp(answer, "skip") != 0) {
		return dg_fail(
			err, DG_EINPUT, "--answer %s=%.60s: expected done or skip", s->id, answer);
	}
	return dg_step_end(
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
	enum dg_pace *ret_pace, struct dg_err *err)
{
	const struct dg_verb_order order = {.verb = s->verb,
		.about = s->of != DG_PLAYBOOK_END ? g->place.done[s->of].answer : NULL,
		.yes = yes};
	const char *why = NULL;
	int status = DG_EXIT_FAILED;
	int r = 0;

	if (s->of != DG_PLAYBOOK_END && !order.about) {
		*ret_pace = dg_step_stop(g,
			DG_MESSAGE("what it is about: the question before was skipped; skip this "
				   "one, too"),
			NULL);
		return 0;
	}
	r = dg_playbook_verb_changes(s->verb) ? dg_going_say(g, "begun", NULL, NULL, err) : 0;
	r = r == 0 ? dg_verb_run(g, &order, &status, err) : r;
	if (r < 0) {
		return r;
	}
	if (g->app->n_relays_bad > 0) {
		why = dg_printf(g->arena,
			"%zu of our mail servers were not seen to refuse strangers",
			g->app->n_relays_bad);
	} else if (is_good(s->verb, status)) {
		return dg_step_end(g, "done", "done",
			status == DG_EXIT_FINDINGS ? "with findings" : NULL, ret_pace, err);
	}
	r = dg_step_end(g, "failed", NULL,
		why ? why : dg_printf(g->arena, "exit status %d", status), ret_pace, err);
	if (r == 0) {
		*ret_pace = dg_step_stop(g, IN_THE_WAY, NULL);
	}
	return r;
}

/* What it would do and cost. 0: it can be done; 1: it cannot, which was said. */
static int look(struct dg_going *g, const struct dg_playbook_step *s, enum dg_pace *ret_pace,
	struct dg_err *err)
{
	const struct dg_verb_order order = {.verb = s->verb,
		.about = s->of != DG_PLAYBOOK_END ? g->place.done[s->of].answer : NULL,
		.is_look = true};
	bool is_shown = s->verb != DG_PLAYBOOK_RELAY && (s->of == DG_PLAYBOOK_END || order.about);
	int status = DG_EXIT_OK;
	int r = is_shown ? dg_verb_run(g, &order, &status, err) : 0;

	if (r < 0 || status == DG_EXIT_OK || status == DG_EXIT_FINDINGS) {
		return r;
	}
	*ret_pace = dg_step_stop(g, IN_THE_WAY, NULL);
	return 1;
}

/* The first of two people: his yes to what he is shown is on record, and nothing is done. */
static int approve(struct dg_going *g, const struct dg_playbook_step *s, enum dg_pace *ret_pace,
	struct dg_err *err)
{
	if (g->place.approved_by) {
		*ret_pace = dg_step_stop(
			g, DG_MESSAGE("a second person: you have said yes already"), NULL);
		return 0;
	}
	int r = look(g, s, ret_pace, err);
	if (r != 0) {
		return r < 0 ? r : 0;
	}
	r = dg_step_end(g, "approved", "yes", NULL, ret_pace, err);
	if (r == 0) {
		*ret_pace = dg_step_stop(g, DG_MESSAGE("a second person's yes"), NULL);
	}
	return r;
}

static int refuse(struct dg_going *g, const struct dg_playbook_step *s, enum dg_pace *ret_pace,
	struct dg_err *err)
{
	const char *why = dg_printf(g->arena,
		"refused: the verdict is %s: %s would not stop what a host or an account of ours "
		"sends, and would cost our own mail",
		g->row.verdict ? g->row.verdict : "not forged", dg_playbook_verb_text(s->verb));
	int r = dg_step_end(g, "failed", NULL, why, ret_pace, err);

	if (r == 0) {
		dg_app_say(g->app, "  %s", why);
		*ret_pace = dg_step_stop(g, DG_MESSAGE("another verdict, or skip"), NULL);
	}
	return r;
}

/* On a terminal: is it to be done? 0 yes, 1 no (*ret_pace says how it goes on). */
static int ask_yes(
	struct dg_going *g, const char **ret_yes, enum dg_pace *ret_pace, struct dg_err *err)
{
	const struct dg_playbook_step *s = &g->playbook->steps[g->place.at];
	bool asks_itself = s->verb != DG_PLAYBOOK_RELAY && s->verb != DG_PLAYBOOK_ABUSED;
	const char *said = dg_step_line(
		g, dg_word(asks_itself ? DG_MESSAGE("  [yes, skip, quit; yes shows the plan and "
						    "its cost, and asks again]")
				       : DG_MESSAGE("  [yes, skip, quit]")));

	if (said && strcmp(said, "skip") == 0) {
		int r = dg_step_end(g, "skipped", NULL, NULL, ret_pace, err);
		return r < 0 ? r : 1;
	}
	if (!said || strcmp(said, "yes") != 0) {
		*ret_pace = DG_PACE_STOP;
		return 1;
	}
	*ret_yes = asks_itself ? NULL : "yes";
	return 0;
}

/* Is zone.yaml as the verb wants it? Shown until it is. 0: it is; 1: not, and *ret_pace says how it goes on. */
static int wait_for_document(struct dg_going *g, const struct dg_playbook_step *s,
	enum dg_pace *ret_pace, struct dg_err *err)
{
	const struct dg_verb_order order = {.verb = s->verb,
		.about = s->of != DG_PLAYBOOK_END ? g->place.done[s->of].answer : NULL};
	int r = 0;

	while ((r = dg_amend_look(g, &order, err)) == 1) {
		const char *said =
			g->app->is_terminal
				? dg_step_line(
					  g, dg_word(DG_MESSAGE(
						     "  [done, skip, quit; done looks again]")))
				: NULL;
		if (said && strcmp(said, "skip") == 0) {
			r = dg_step_end(g, "skipped", NULL, NULL, ret_pace, err);
			return r < 0 ? r : 1;
		}
		if (!g->app->is_terminal || !said || strcmp(said, "quit") == 0) {
			*ret_pace = dg_step_stop(g,
				DG_MESSAGE("that change of zone.yaml, which is yours to make"),
				NULL);
			return 1;
		}
	}
	return r;
}

/* Somebody's yes, where one is needed. 0: it is there, or the command asks; 1: it is not. */
static int get_yes(struct dg_going *g, const char *answer, const char **ret_yes,
	enum dg_pace *ret_pace, struct dg_err *err)
{
	const struct dg_playbook_step *s = &g->playbook->steps[g->place.at];
	bool is_asking = s->n_approvals > 0 || s->verb == DG_PLAYBOOK_RELAY;
	int r = dg_verb_tell_cost(g, s->verb, err);

	if (r < 0) {
		return r;
	}

	*ret_yes = answer ? answer : g->app->args->has_yes ? "yes" : NULL;
	if (!is_asking || *ret_yes) {
		return 0;
	}
	if (g->app->is_terminal) {
		return ask_yes(g, ret_yes, ret_pace, err);
	}
	r = look(g, s, ret_pace, err);
	if (r == 0) {
		*ret_pace = dg_step_stop(g,
			DG_MESSAGE("a yes to this (yes, the digest of the plan, or skip)"), NULL);
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
	enum dg_pace *ret_pace, struct dg_err *err)
{
	const char *yes = NULL;

	if (answer && strcmp(answer, "skip") == 0) {
		return dg_step_end(g, "skipped", NULL, NULL, ret_pace, err);
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
		*ret_pace = dg_step_stop(g,
			DG_MESSAGE("newer bounces: give their mailboxes behind the number of "
				   "the incident, or skip"),
			NULL);
		return 0;
	}
	int r = wait_for_document(g, s, ret_pace, err);
	r = r == 0 ? get_yes(g, answer, &yes, ret_pace, err) : r;
	if (r != 0) {
		return r < 0 ? r : 0;
	}
	return has_all_others(g, s) ? act(g, s, yes, ret_pace, err) : approve(g, s, ret_pace, err);
}

/* --- all of it ---------------------------------------------------------------------------------------------------------------- */
static int one_step(struct dg_going *g, enum dg_pace *ret_pace, struct dg_err *err)
{
	const struct dg_playbook_step *s = &g->playbook->steps[g->place.at];
	const char *verdict = g->row.verdict ? g->row.verdict : "";
	const char *answer = dg_going_answer(g, s->id);

	if (!dg_playbook_holds(
		    g->playbook, &g->place, g->place.at, verdict, g->record.zone || g->document)) {
		return dg_step_end(g, "passed over", NULL, NULL, ret_pace, err);
	}
	dg_step_show(g);
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
	enum dg_pace pace = DG_PACE_ON;
	int r = dg_going_begin(g, err);

	if (r == 0 && !g->app->args->is_json) {
		dg_app_say(g->app, "%s: %s",
			dg_incident_words(g->arena, DG_MESSAGE("incident {n}: playbook {text}"),
				(uint64_t)g->row.id, 0, g->playbook->name),
			g->playbook->title);
	}
	while (r == 0 && pace == DG_PACE_ON && g->place.at != DG_PLAYBOOK_END) {
		r = one_step(g, &pace, err);
	}
	if (r == 0 && g->place.at == DG_PLAYBOOK_END) {
		dg_app_say(g->app, "\n%s",
			dg_incident_words(g->arena,
				DG_MESSAGE(
					"the playbook is through; `dnsguard incident report {n}` "
					"tells of it"),
				(uint64_t)g->row.id, 0, NULL));
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
