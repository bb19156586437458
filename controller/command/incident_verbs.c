/* What the verbs of a playbook do: the commands that a person would give, with what they show and ask. */
#include "controller/command/incident_run.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/world.h"
#include "controller/engine/fleet.h"
#include "controller/incident/words.h"
#include "controller/store/watch.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/policy/policy.h"

#include <string.h>

#define COST_MAX ((size_t)64 << 10)

/* --- what those cost that show no plan ----------------------------------------------------------------------------------- */
static void put_hosts(struct dg_buf *b, const struct dg_policy *p)
{
	for (size_t i = 0; i < p->n_mail; i++) {
		for (size_t k = 0; k < p->mail[i].n_mx; k++) {
			const char *host = p->mail[i].mx[k].host;

			dg_buf_printf(
				b, "%s%.*s", b->len > 0 ? ", " : "", (int)strlen(host) - 1, host);
		}
	}
}

static void tell(struct dg_going *g, const char *msgid, const char *text)
{
	struct dg_buf b;

	dg_buf_init(&b, COST_MAX);
	dg_put_padded(&b, dg_word(DG_MESSAGE("cost")), 8);
	dg_app_say(g->app, "  %s %s", b.data, dg_incident_words(g->arena, msgid, 0, 0, text));
	dg_buf_done(&b);
}

static int tell_relay_cost(struct dg_going *g, struct dg_err *err)
{
	struct dg_policy *p = NULL;
	const char *document = NULL;
	struct dg_buf b;
	int r = g->document ? dg_app_open_fleet(g->app, &g->document, 1, err) : 1;

	dg_buf_init(&b, COST_MAX);
	while (r == 0) {
		r = dg_fleet_next(g->app->fleet, g->arena, &p, &document, err);
		if (r == 0) {
			put_hosts(&b, p);
		}
	}
	if (r < 0 && err->pos.file) {
		err->pos.file = dg_strdup(g->arena, err->pos.file); /* it was the fleet's */
	}
	g->app->fleet = dg_fleet_close(g->app->fleet);
	if (r > 0 && b.len > 0) {
		dg_app_say(g->app,
			"  cost     two connections to each address of %s; no mail is sent, but "
			"their "
			"logs will show a stranger who is refused",
			b.data);
	}
	dg_buf_done(&b);
	return r < 0 ? r : 0;
}

int dg_verb_tell_cost(struct dg_going *g, enum dg_playbook_verb verb, struct dg_err *err)
{
	if (verb == DG_PLAYBOOK_RELAY) {
		return tell_relay_cost(g, err);
	}
	if (verb == DG_PLAYBOOK_ABUSED) {
		tell(g,
			DG_MESSAGE("until `dnsguard release` the guard does not split the name, "
				   "also when it is flooded"),
			NULL);
	}
	return 0;
}

/* --- the commands --------------------------------------------------------------------------------------------------------- */
typedef int (*command)(struct dg_app *app, const struct dg_args *args);

static command command_of(const struct dg_verb_order *o)
{
	bool is_look = o->is_look;

	switch (o->verb) {
	case DG_PLAYBOOK_APPLY:
	case DG_PLAYBOOK_WITHDRAW:
	case DG_PLAYBOOK_REVOKE:
		return is_look ? dg_cmd_plan : dg_cmd_apply;
	case DG_PLAYBOOK_ARM:
		return dg_cmd_arm;
	case DG_PLAYBOOK_SPLIT:
		return dg_cmd_split;
	case DG_PLAYBOOK_UNSPLIT:
		return dg_cmd_unsplit;
	case DG_PLAYBOOK_PROBE:
		return dg_cmd_probe;
	case DG_PLAYBOOK_RESTORE:
		return is_look ? dg_cmd_log : dg_cmd_restore;
	case DG_PLAYBOOK_ABUSED:
		return is_look ? dg_cmd_status : dg_cmd_abused;
	case DG_PLAYBOOK_CHECK:
	case DG_PLAYBOOK_RELAY:
		return dg_cmd_check;
	case DG_PLAYBOOK_VERIFY:
		return dg_cmd_verify;
	case DG_PLAYBOOK_STATUS:
		return dg_cmd_status;
	case DG_PLAYBOOK_TRIAGE:
		return dg_incident_word_add;
	case DG_PLAYBOOK_CLOSE:
		return dg_incident_word_close;
	}
	return NULL;
}

/* What stands on its command line: zone.yaml and the name, one of them, or the incident. */
static int words_of(struct dg_going *g, const struct dg_verb_order *o, const char **words,
	size_t *ret_n, struct dg_err *err)
{
	const char *name = dg_printf(g->arena, "%.*s", (int)strlen(g->row.name) - 1, g->row.name);

	*ret_n = 1;
	switch (o->verb) {
	case DG_PLAYBOOK_ARM:
	case DG_PLAYBOOK_SPLIT:
	case DG_PLAYBOOK_UNSPLIT:
	case DG_PLAYBOOK_PROBE:
		words[1] = name;
		*ret_n = 2;
		break;
	case DG_PLAYBOOK_CHECK:
		words[0] = g->document ? g->document : name;
		return 0;
	case DG_PLAYBOOK_STATUS:
	case DG_PLAYBOOK_ABUSED:
		words[0] = name;
		return 0;
	case DG_PLAYBOOK_RESTORE:
		*ret_n = 0;
		return 0;
	case DG_PLAYBOOK_TRIAGE:
	case DG_PLAYBOOK_CLOSE:
		words[0] = dg_printf(g->arena, "%lld", (long long)g->row.id);
		return 0;
	case DG_PLAYBOOK_APPLY:
	case DG_PLAYBOOK_WITHDRAW:
	case DG_PLAYBOOK_REVOKE:
	case DG_PLAYBOOK_RELAY:
	case DG_PLAYBOOK_VERIFY:
		break;
	}
	words[0] = g->document;
	return g->document ? 0
			   : dg_fail(err, DG_EINPUT,
				     "no zone.yaml is known for %s: give "
				     "--policy ZONE.YAML, or skip the step",
				     name);
}

static void set_args(const struct dg_going *g, const struct dg_verb_order *o, struct dg_args *own)
{
	bool is_digest = o->yes && strcmp(o->yes, "yes") != 0;

	own->has_yes = o->yes && !is_digest;
	own->plan = is_digest ? o->yes : NULL;
	own->is_dry = o->is_look;
	own->output = own->format = own->answer = own->playbook = NULL;
	own->policy = NULL;
	own->is_fast = own->is_fast || o->verb == DG_PLAYBOOK_RELAY; /* that is all it asks */
	own->tests_relay = own->owns_this = o->verb == DG_PLAYBOOK_RELAY;
	own->is_verbose = own->is_verbose || o->verb == DG_PLAYBOOK_RELAY; /* who refuses, too */
	own->why = g->row.verdict ? dg_printf(g->arena, "incident %lld: %s", (long long)g->row.id,
					    g->row.verdict)
				  : NULL;
	own->zone = o->verb == DG_PLAYBOOK_RESTORE ? g->record.zone : NULL;
	own->domain = own->host = own->own = NULL;
	if (o->verb == DG_PLAYBOOK_TRIAGE) {
		own->policy = g->app->args->policy;
		own->domain = g->app->args->domain;
		own->host = g->app->args->host;
		own->own = g->app->args->own;
	}
}

/* triage: the mailboxes that stand behind the incident on the command line. */
static const char *const *with_sources(struct dg_going *g, const char *const *words, size_t *n)
{
	const struct dg_args *args = g->app->args;
	const char **all = dg_newn(g->arena, const char *, args->n_rest + 2);

	all[0] = words[0];
	for (*n = 1; *n < args->n_rest; (*n)++) {
		all[*n] = args->rest[*n];
	}
	return all;
}

/* Nothing guards the name, so nothing would split it by itself. */
static int hold_nothing(struct dg_going *g, const char *name, int *ret_status)
{
	dg_incident_tell(g->app,
		DG_MESSAGE("  {text} is not under guard: there is nothing to hold"), 0, 0, name);
	*ret_status = DG_EXIT_OK;
	return 0;
}

int dg_verb_run(
	struct dg_going *g, const struct dg_verb_order *o, int *ret_status, struct dg_err *err)
{
	const struct dg_args *args = g->app->args;
	struct dg_args own = *args;
	const char *words[2] = {NULL, NULL};
	int r = words_of(g, o, words, &own.n_rest, err);

	own.rest = words;
	r = r == 0 ? dg_amend_look(g, o, err) : r;
	if (r != 0) {
		return r < 0 ? r
			     : dg_fail(err, DG_EPOLICY,
				       "%s says otherwise again: nothing was published",
				       g->document);
	}
	if (o->verb == DG_PLAYBOOK_ABUSED) {
		struct dg_guard_row guard = {0};

		r = dg_store_guard_get(g->app->store, g->arena, g->row.name, &guard, err);
		if (r != 0) {
			return r < 0 ? r : hold_nothing(g, words[0], ret_status);
		}
	}
	set_args(g, o, &own);
	if (o->verb == DG_PLAYBOOK_TRIAGE) {
		own.rest = with_sources(g, words, &own.n_rest);
	}
	dg_app_close(g->app); /* the command opens what it needs */
	g->app->args = &own;
	g->app->n_relays_bad = 0;
	*ret_status = command_of(o)(g->app, &own);
	dg_app_close(g->app);
	g->app->args = args;
	return dg_app_open(g->app, true, err);
}
