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

/* incident_verbs.c */
struct dg_verb_order {
	enum dg_playbook_verb verb;
	const char *about; /* withdraw, revoke: of what; NULL */
	bool is_look;      /* show what it would do and cost, and do nothing */
	const char *yes;   /* "yes", or the digest of the plan; NULL: the command asks by itself */
};
/* Runs the command of a verb, which shows its plan and cost. ret_status: its exit status. The store is closed meanwhile and open again after it. */
int dg_verb_run(
	struct dg_going *g, const struct dg_verb_order *o, int *ret_status, struct dg_err *err);
