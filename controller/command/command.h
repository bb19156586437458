/* controller/command/command.h: the table of commands; one file each.
 *
 * Output   What a person asked for goes to stdout, what went wrong to stderr, each complaint a line "dnsguard: ...".
 * Exit     0 done or sound; 1 failed; 2 wrong usage or bad policy; 3 findings, or changes pending.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_app;
struct dg_err;

enum dg_exit {
	DG_EXIT_OK = 0,
	DG_EXIT_FAILED = 1,
	DG_EXIT_USAGE = 2,
	DG_EXIT_FINDINGS = 3,
};

#define DG_ARG_NOT_GIVEN UINT32_MAX /* of rate: 0 says something */

/* What the command line said. Every command knows all fields, and accepts the options that its row names. */
struct dg_args {
	bool is_json, is_diff, has_yes, does_adopt, has_force, does_wait, is_offline, is_now,
		is_verbose, is_man, has_no_color, wants_help, wants_version, is_fast, is_csv,
		is_unordered, does_resume, tests_relay, owns_this, is_psl, is_no_smtp, is_dry,
		is_live, is_markdown, asks_dns, is_expired, asks_rdap, does_send;
	const char *state, *plan, *zone, *from, *server, *output, *key_file, *key_name, *algorithm,
		*file, *why, *resolver, *trust_anchor, *root_hints, *selector, *host, *explain, *ip,
		*helo, *receiver, *spf, *dkim, *socket, *to, *name, *local, *own, *policy, *domain,
		*since, *until, *notice, *password_file, *ca_file, *sent, *recipients, *batv_keys,
		*batv_since, *from_triage, *format, *retention, *playbook, *answer, *templates,
		*webhook_secret, *tls_cert, *tls_key, *client_ca, *client_crl, *zones, *verbs,
		*dkim_key, *list, *log, *drafts, *users, *registrar, *desk, *smtp, *as, *provider;
	uint32_t limit, timeout, threads, window, rate;
	const char *const *rest;
	size_t n_rest;
};

struct dg_command {
	const char *name;
	const char *args;    /* for the usage line: "ZONE.YAML..." */
	const char *summary; /* one line */
	const char *options; /* the long names that it accepts, separated by blanks */
	size_t n_min, n_max; /* of rest */
	int (*run)(struct dg_app *app, const struct dg_args *args);
	const char *help; /* a paragraph or two */
};

int dg_cmd_apply(struct dg_app *app, const struct dg_args *args);
int dg_cmd_approve(struct dg_app *app, const struct dg_args *args);
int dg_cmd_arm(struct dg_app *app, const struct dg_args *args);
int dg_cmd_audit(struct dg_app *app, const struct dg_args *args);
int dg_cmd_backtest(struct dg_app *app, const struct dg_args *args);
int dg_cmd_check(struct dg_app *app, const struct dg_args *args);
int dg_cmd_disarm(struct dg_app *app, const struct dg_args *args);
int dg_cmd_dmarc(struct dg_app *app, const struct dg_args *args);
int dg_cmd_export(struct dg_app *app, const struct dg_args *args);
int dg_cmd_help(struct dg_app *app, const struct dg_args *args);
int dg_cmd_incident(struct dg_app *app, const struct dg_args *args);
int dg_cmd_import(struct dg_app *app, const struct dg_args *args);
int dg_cmd_init(struct dg_app *app, const struct dg_args *args);
int dg_cmd_letters(struct dg_app *app, const struct dg_args *args);
int dg_cmd_log(struct dg_app *app, const struct dg_args *args);
int dg_cmd_abused(struct dg_app *app, const struct dg_args *args);
int dg_cmd_plan(struct dg_app *app, const struct dg_args *args);
int dg_cmd_probe(struct dg_app *app, const struct dg_args *args);
int dg_cmd_provider(struct dg_app *app, const struct dg_args *args);
int dg_cmd_providers(struct dg_app *app, const struct dg_args *args);
int dg_cmd_release(struct dg_app *app, const struct dg_args *args);
int dg_cmd_reports(struct dg_app *app, const struct dg_args *args);
int dg_cmd_restore(struct dg_app *app, const struct dg_args *args);
int dg_cmd_retire(struct dg_app *app, const struct dg_args *args);
int dg_cmd_rotate(struct dg_app *app, const struct dg_args *args);
int dg_cmd_schema(struct dg_app *app, const struct dg_args *args);
int dg_cmd_serve(struct dg_app *app, const struct dg_args *args);
int dg_cmd_sensor(struct dg_app *app, const struct dg_args *args);
int dg_cmd_spf(struct dg_app *app, const struct dg_args *args);
int dg_cmd_split(struct dg_app *app, const struct dg_args *args);
int dg_cmd_status(struct dg_app *app, const struct dg_args *args);
int dg_cmd_stop(struct dg_app *app, const struct dg_args *args);
int dg_cmd_notices(struct dg_app *app, const struct dg_args *args);
int dg_cmd_triage(struct dg_app *app, const struct dg_args *args);
int dg_cmd_unsplit(struct dg_app *app, const struct dg_args *args);
int dg_cmd_verify(struct dg_app *app, const struct dg_args *args);
int dg_cmd_version(struct dg_app *app, const struct dg_args *args);
int dg_cmd_watch(struct dg_app *app, const struct dg_args *args);

const struct dg_command *dg_command_find(const char *name); /* NULL: no such */
int dg_command_unknown(
	const char *word, struct dg_err *err); /* fails: no such command; which one may be meant */
const struct dg_command *dg_command_at(size_t i); /* in the order of the help; NULL: no more */
int dg_command_main(int argc, char **argv);
