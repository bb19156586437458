/* controller/command/stage.h: what arm, disarm, split and unsplit share: one mail name, brought from one stage to another.
 *
 * Calls    dg_staging_open(), dg_staging_plan(), a person's yes, dg_staging_publish(). With --dry-run the journal is only read and
 *          the engine cannot write.
 */
#pragma once

#include "controller/command/walk.h"
#include "controller/lookup/taking.h"
#include "zones/policy/policy.h"
#include "zones/policy/want.h"

struct dg_staging {
	struct dg_app *app;
	const char *zone;
	struct dg_name_state was;    /* on record */
	struct dg_name_state wanted; /* what the engine plans with */
	uint32_t armed_ttl;
	int64_t mx_ttl;            /* of the mail name's MX as it stands; 0: none */
	const char *to;            /* the subdomain that mail lives at, or is to live at */
	const char *const *labels; /* all that it can live at */
	unsigned n_labels;
	const char *const *hosts; /* their MX */
	size_t n_hosts;
	const char *const *sink; /* hosts; n_sink 0: none */
	size_t n_sink;
	struct dg_verify_spec verify; /* the resolver only */
	struct dg_timer
		*soon; /* dg_staging_ask_early() was called, and nothing is asked yet; else NULL */
	struct dg_taking *early; /* under way; else NULL */
	bool has_warned, is_verified;
	bool is_awaited; /* the loop runs for the answers of mail servers */
};

/* The name of the command line in its document, and where it stands. */
int dg_staging_open(struct dg_app *app, struct dg_staging *s, struct dg_err *err);
/* Mail is to live at this name of to: or rotate: (wanted, and to). DG_EINPUT: it is none of them. */
int dg_staging_set_label(struct dg_staging *s, const char *given, struct dg_err *err);
/* Plans one stage; 0: w is ready to publish. */
int dg_staging_plan(struct dg_staging *s, struct dg_walk *w, enum dg_name_stage stage,
	bool is_quiet, struct dg_err *err);
bool dg_staging_is_sound(const struct dg_walk *w);
/* The same; 1: not to be published, which was said. */
int dg_staging_plan_soundly(struct dg_staging *s, struct dg_walk *w, enum dg_name_stage stage,
	bool is_quiet, struct dg_err *err);
/* A look, and no more. */
int dg_staging_finish_dry(struct dg_staging *s, struct dg_walk *w, int r, struct dg_err *err);
/* It stands as it should: what is left is to see whether every name server shows it. */
int dg_staging_finish_standing(
	struct dg_staging *s, struct dg_walk *w, const char *what, struct dg_err *err);
/* Is the newest step in the zone a part of the plan that --plan names, of a run that did not come off? What is left of it is
 * another plan by now, and was said yes to with the whole. Steps of runs that went on with the same word, and did not come off either,
 * may stand before it. */
bool dg_staging_goes_on(struct dg_staging *s);
/* The way back is done: no label is on record any more. */
int dg_staging_forget(struct dg_staging *s, struct dg_err *err);
/* 1: it did not come off, which was said. Frees w->state. */
int dg_staging_publish(struct dg_staging *s, struct dg_walk *w, struct dg_err *err);
/* Nothing was left to publish: does every name server show it? 1: no, or could not tell; it was said. */
int dg_staging_verify(struct dg_staging *s, struct dg_err *err);
/* Until when caches may hold the MX with the long TTL that it had before, also when an earlier run lowered it and was
 * interrupted; 0: no longer. */
int dg_staging_old_mx(struct dg_staging *s, int64_t *ret_until, struct dg_err *err);
int dg_staging_finish(struct dg_staging *s, struct dg_walk *w, int r, struct dg_err *err);

/* Does the sink take mail for the mail name? Asked as a sender would; and once as a bounce to an address that nobody has, which it may
 * refuse: a sign of life for whoever watches it. */
enum dg_takes dg_staging_ask_sink(struct dg_staging *s);
/* Begins with the questions of dg_staging_ask(), which then waits for what is left of them: meanwhile the loop can run for something
 * else. They are no more asked when dg_staging_finish() comes first. */
void dg_staging_ask_early(struct dg_staging *s);
void dg_staging_ask_no_more(struct dg_staging *s);
/* Asks the MX hosts of the subdomain by SMTP whether they take mail for it, and says what they answered. With --no-smtp
 * nobody is asked: UNKNOWN. */
enum dg_takes dg_staging_ask(struct dg_staging *s);
/* Is that good enough to null the MX? 0; 1: the person said no; DG_EPOLICY: it is not, and nobody or --yes was asked. */
int dg_staging_may_null(struct dg_staging *s, enum dg_takes takes, struct dg_err *err);
