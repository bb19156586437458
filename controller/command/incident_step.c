/* One step of a playbook on a terminal, or for a program: shown, asked about, and what became of it. */
#include "controller/command/incident_run.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/incident/words.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES    ((size_t)DG_PLAYBOOK_TEXT + 2)
#define LABEL_COLUMNS 8u

/* What became of a step, in the reader's language; on record it is the code. */
static const char *outcome_of(const char *code)
{
	static const char *const known[] = {DG_MESSAGE("begun"), DG_MESSAGE("done"),
		DG_MESSAGE("answered"), DG_MESSAGE("skipped"), DG_MESSAGE("passed over"),
		DG_MESSAGE("approved"), DG_MESSAGE("failed")};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(code, known[i]) == 0) {
			return dg_word(code);
		}
	}
	return code;
}

/* --- showing ---------------------------------------------------------------------------------------------------------- */
static void put_line(struct dg_buf *b, const char *name, const char *text)
{
	if (text[0] != '\0') {
		dg_buf_puts(b, "  ");
		dg_put_padded(b, dg_word(name), LABEL_COLUMNS);
		dg_buf_putc(b, ' ');
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
		put_line(b, DG_MESSAGE("until"), dg_app_time(due, when));
		put_line(b, "",
			dg_incident_words(g->arena,
				due > now ? DG_MESSAGE("in {text}")
					  : DG_MESSAGE("OVERDUE since {text}"),
				0, 0, dg_app_span(due > now ? due - now : now - due, span)));
	}
}

static void put_done(struct dg_going *g, struct dg_buf *b)
{
	const struct dg_playbook_done *d = &g->place.done[g->place.at];
	char when[32];

	if (d->outcome) {
		put_line(b, DG_MESSAGE("before"),
			dg_printf(g->arena, "%s, %s, %s", outcome_of(d->outcome),
				dg_app_time(d->at, when), d->who));
	}
	if (d->outcome && strcmp(d->outcome, "begun") == 0) {
		put_line(b, "",
			dg_word(DG_MESSAGE("not ended: it goes on from where the journal says")));
	}
}

void dg_step_show(struct dg_going *g)
{
	const struct dg_playbook_step *s = &g->playbook->steps[g->place.at];
	struct dg_buf b;

	if (g->app->args->is_json) {
		return;
	}
	dg_buf_init(&b, 4 * LINE_BYTES * 8);
	dg_buf_putc(&b, '\n');
	dg_message_put(&b, dg_word(DG_MESSAGE("Step {n} of {of}: {text}")), g->place.at + 1,
		g->playbook->n, s->id);
	dg_buf_putc(&b, '\n');
	put_line(&b, DG_MESSAGE("why"), s->purpose);
	put_line(&b, s->kind == DG_PLAYBOOK_ASK ? DG_MESSAGE("question") : DG_MESSAGE("to do"),
		s->kind == DG_PLAYBOOK_DO ? dg_word(dg_playbook_verb_what(s->verb)) : s->text);
	put_line(&b, DG_MESSAGE("expect"), s->expect);
	put_line(&b, DG_MESSAGE("undo"), s->undo);
	put_deadline(g, s, &b);
	put_done(g, &b);
	dg_app_out(g->app, &b);
	(void)fflush(stdout);
	dg_buf_done(&b);
}

/* --- asking ------------------------------------------------------------------------------------------------------------- */
const char *dg_step_line(struct dg_going *g, const char *question)
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

const char *dg_step_choices(struct dg_going *g, const struct dg_playbook_step *s)
{
	struct dg_buf b;

	dg_buf_init(&b, LINE_BYTES);
	for (size_t i = 0; i < s->choices.n; i++) {
		dg_buf_printf(&b, "%s%s", i > 0 ? "/" : "", s->choices.list[i]);
	}
	const char *text =
		s->is_free ? dg_word(DG_MESSAGE("one line")) : dg_strdup(g->arena, b.data);
	dg_buf_done(&b);
	return text;
}

enum dg_pace dg_step_stop(struct dg_going *g, const char *msgid, const char *about)
{
	const struct dg_playbook_step *s = &g->playbook->steps[g->place.at];
	const char *what = dg_incident_words(g->arena, msgid, 0, 0, about);

	if (g->app->args->is_json) {
		json_t *o = json_pack("{s:s, s:I, s:s, s:s, s:s}", "type", "incident-waits", "id",
			(json_int_t)g->row.id, "playbook", g->playbook->name, "step", s->id, "for",
			what);

		dg_json_set(o, "due",
			s->deadline_s > 0 ? json_integer(g->place.since + s->deadline_s)
					  : json_null());
		dg_report_json(g->app, o);
	} else {
		struct dg_buf b;

		dg_buf_init(&b, 4 * LINE_BYTES);
		put_line(&b, DG_MESSAGE("waits"),
			dg_incident_words(g->arena, DG_MESSAGE("for {text}"), 0, 0, what));
		put_line(&b, "",
			dg_incident_words(g->arena,
				DG_MESSAGE("it goes on with `dnsguard incident run {n} --answer "
					   "{text}=...`, or on a terminal"),
				(uint64_t)g->row.id, 0, s->id));
		dg_app_out(g->app, &b);
		dg_buf_done(&b);
	}
	return DG_PACE_STOP;
}

static void tell_step(struct dg_going *g, const char *id, const char *outcome)
{
	if (g->app->args->is_json) {
		dg_report_json(
			g->app, json_pack("{s:s, s:I, s:s, s:s}", "type", "incident-step", "id",
					(json_int_t)g->row.id, "step", id, "outcome", outcome));
	} else {
		dg_app_say(g->app, "  %s: %s", id, outcome_of(outcome));
	}
}

int dg_step_end(struct dg_going *g, const char *outcome, const char *answer, const char *why,
	enum dg_pace *ret_pace, struct dg_err *err)
{
	const char *id = g->playbook->steps[g->place.at].id;
	int r = dg_going_say(g, outcome, answer, why, err);

	if (r == 0) {
		tell_step(g, id, outcome);
		*ret_pace = DG_PACE_ON;
	}
	return r;
}
