/* controller/command/incident_run.h: one person's way through a playbook: where he is, what he answered beforehand, and the verbs.
 *
 * Hands    Every step is written with the number of the entry before it: when somebody else went on meanwhile, it is not done.
 * Resume   A verb is on record as begun before it begins. All of them look at the world first and go on from there, so after a crash it is begun again.
 */
#pragma once

#include "controller/command/incident.h"
#include "zones/incident/playbook.h"

struct dg_going {
	struct dg_app *app;
	struct dg_arena *arena;
	struct dg_incident_row row;
	struct dg_record record;
	const char *document; /* zone.yaml; NULL: none is known */
	struct dg_playbook *playbook;
	struct dg_playbook_place place;
};

/* incident_going.c */
/* The record as it is now, its newest playbook and the place in it. 1: no playbook was begun. */
int dg_going_load(struct dg_going *g, struct dg_err *err);
/* Begins the playbook of --playbook, or that of the verdict, when there is none yet or another is asked for. */
int dg_going_begin(struct dg_going *g, struct dg_err *err);
/* What became of the step at hand, into the record. DG_ECONFLICT: somebody else went on. */
int dg_going_say(struct dg_going *g, const char *outcome, const char *answer, const char *why,
	struct dg_err *err);
/* What --answer holds for a step; NULL: nothing. */
const char *dg_going_answer(const struct dg_going *g, const char *id);
/* The step's verdict is about us: no split. */
bool dg_going_is_refused(const struct dg_going *g, const struct dg_playbook_step *s);

/* incident_step.c: of the step at hand */
enum dg_pace {
	DG_PACE_ON,
	DG_PACE_STOP, /* it was said why */
};
void dg_step_show(struct dg_going *g);
/* One line from the terminal, without what surrounds it; NULL: the end. */
const char *dg_step_line(struct dg_going *g, const char *question);
const char *dg_step_choices(struct dg_going *g, const struct dg_playbook_step *s);
/* It waits for this, in the reader's language. about: its {text}; NULL: it has none. DG_PACE_STOP. */
enum dg_pace dg_step_stop(struct dg_going *g, const char *msgid, const char *about);
/* What became of it, on record and said. */
int dg_step_end(struct dg_going *g, const char *outcome, const char *answer, const char *why,
	enum dg_pace *ret_pace, struct dg_err *err);

/* incident_verbs.c */
struct dg_verb_order {
	enum dg_playbook_verb verb;
	const char *about; /* withdraw, revoke: of what; NULL */
	bool is_look;      /* show what it would do and cost, and do nothing */
	const char *yes;   /* "yes", or the digest of the plan; NULL: the command asks by itself */
};
/* What a verb costs whose command shows no plan, said before it is done. Others: nothing. */
int dg_verb_tell_cost(struct dg_going *g, enum dg_playbook_verb verb, struct dg_err *err);
/* Runs the command of a verb, which shows its plan and cost. ret_status: its exit status. The store is closed meanwhile and open again after it. */
int dg_verb_run(
	struct dg_going *g, const struct dg_verb_order *o, int *ret_status, struct dg_err *err);

/* incident_amend.c */
/* withdraw-sender, revoke-key: each line of zone.yaml that still says what is to go is shown as it is and as it should be. 0: none does (of any
 * other verb, too); 1: some do. */
int dg_amend_look(struct dg_going *g, const struct dg_verb_order *o, struct dg_err *err);
/* Can the answer be what such a verb is about? Says when zone.yaml has no such thing. DG_EINPUT: no. */
int dg_amend_check(
	struct dg_going *g, enum dg_playbook_verb verb, const char *answer, struct dg_err *err);
