/* triage: what happened, by the bounces in a mailbox. */
#include "controller/incident/triage.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/triage.h"
#include "controller/command/triage_dkim.h"
#include "controller/command/triage_log.h"
#include "controller/command/triage_owner.h"
#include "controller/command/triage_spf.h"
#include "controller/command/triage_tokens.h"
#include "controller/command/world.h"
#include "controller/incident/print.h"
#include "controller/incident/words.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/incident/ledger.h"
#include "zones/incident/sendlog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_MAX     ((size_t)1 << 30)
#define TEXT_MAX       ((size_t)16 << 20)
#define COMPLAINTS_MAX 20u

struct triage {
	struct dg_app *app;
	struct dg_arena *arena;
	struct dg_triage_options options;
	struct dg_triage_spf *spf;
	struct dg_triage_dkim *dkim;
	struct dg_triage_tokens tokens;
	const struct dg_triage_take *take; /* NULL: the command itself */
	uint64_t explain;                  /* number of the bounce; 0: none */
	bool has_explained;
	uint64_t n_skipped;
};

/* --- while it reads --------------------------------------------------------------------------- */
static void on_skip(void *arg, const char *name, const char *why, bool is_ordinary)
{
	struct triage *x = arg;
	struct dg_buf b;

	if (is_ordinary && !x->app->args->is_verbose) {
		return; /* a mailbox holds letters too */
	}
	if (++x->n_skipped > COMPLAINTS_MAX && !x->app->args->is_verbose) {
		return;
	}
	dg_app_progress_end(x->app);
	dg_buf_init(&b, TEXT_MAX);
	dg_buf_put_safe(&b, name, strlen(name));
	dg_buf_puts(&b, name[0] ? ": " : "");
	why = dg_word(why);
	dg_buf_put_safe(&b, why, strlen(why));
	(void)fprintf(stderr, "dnsguard: %s %s\n", is_ordinary ? "left out:" : "skipped:", b.data);
	dg_buf_done(&b);
}

static void on_progress(void *arg, uint64_t n)
{
	struct triage *x = arg;
	struct dg_buf b;

	dg_buf_init(&b, 256);
	dg_message_put(&b, dg_word_n("{n} message", "{n} messages", n), n, 0, NULL);
	dg_app_progress(x->app, "%s", b.data);
	dg_buf_done(&b);
}

static void on_bounce(void *arg, uint64_t number, const char *name, const struct dg_evidence *e,
	const struct dg_ruling *r)
{
	struct triage *x = arg;
	bool is_it = x->explain == number;
	struct dg_buf b;

	if (x->take) {
		x->take->on_bounce(x->take->arg, number, name, e, r);
		return;
	}
	if (!is_it && !(x->app->args->is_verbose && x->app->args->is_json)) {
		return;
	}
	dg_buf_init(&b, TEXT_MAX);
	if (x->app->args->is_json) {
		dg_case_bounce_json(&b, number, name, e, r);
		dg_buf_putc(&b, '\n');
	} else {
		dg_case_explain(&b, number, name, e, r);
	}
	x->has_explained = x->has_explained || is_it;
	dg_app_out(x->app, &b);
	dg_buf_done(&b);
}

static enum dg_token token_of(void *arg, const char *recipient, int64_t at)
{
	const struct triage *x = arg;

	return dg_triage_token(&x->tokens, recipient, at);
}

static void keys_of(void *arg, const struct dg_bounce_signature *signatures, size_t n,
	const struct dg_dkim_public **ret_keys, size_t *ret_n)
{
	const struct triage *x = arg;

	dg_triage_dkim_keys(x->dkim, signatures, n, ret_keys, ret_n);
}

/* --- what is asked for ------------------------------------------------------------------------ */
static int set_times(struct triage *x, struct dg_err *err)
{
	const struct dg_args *args = x->app->args;
	int64_t now = time(NULL);
	int r = args->since ? dg_triage_time("since", args->since, now, &x->options.since, err) : 0;

	return r == 0 && args->until
		       ? dg_triage_time("until", args->until, now, &x->options.until, err)
		       : r;
}

static int set_explain(struct triage *x, struct dg_err *err)
{
	const char *text = x->app->args->explain;
	char *end = NULL;

	if (!text) {
		return 0;
	}
	errno = 0;
	x->explain = strtoull(text, &end, 10);
	if (text[0] < '1' || text[0] > '9' || *end != '\0' || errno != 0) {
		return dg_fail(err, DG_EINPUT,
			"--explain wants the number of a bounce, from 1 on, not %s", text);
	}
	return 0;
}

/* What is known of the owner, and what may be looked up. */
static int set_knowledge(struct triage *x, struct dg_err *err)
{
	struct dg_triage_options *o = &x->options;

	x->dkim = dg_triage_dkim_new(x->app, x->arena);
	int r = dg_triage_owner(x->app, x->arena, x->dkim, &o->owner, err);
	r = r == 0 ? dg_triage_dkim_files(x->dkim, x->app->args->dkim_key, err) : r;
	r = r == 0 ? dg_triage_log(x->app, x->arena, &o->log, err) : r;
	if (r == 0 && x->app->args->asks_dns) {
		r = dg_triage_spf_open(x->app, &x->spf, err);
	}
	if (r < 0) {
		return r;
	}
	if (x->spf) {
		o->owner.judge = dg_triage_spf_judge;
		o->owner.judge_arg = x->spf;
		o->owner.unresolved = NULL;
		o->before_batch = dg_triage_spf_ask;
		dg_triage_dkim_ask(x->dkim, dg_triage_spf_world(x->spf));
	}
	o->keys_of = dg_triage_dkim_has_any(x->dkim) ? keys_of : NULL;
	return 0;
}

static int set_options(struct triage *x, struct dg_err *err)
{
	const struct dg_args *args = x->app->args;
	struct dg_triage_options *o = &x->options;
	int r = set_knowledge(x, err);

	r = r == 0 ? set_times(x, err) : r;
	r = r == 0 ? set_explain(x, err) : r;
	r = r == 0 ? dg_triage_tokens(args, &x->tokens, err) : r;
	if (r == 0 && getrandom(&o->seed, sizeof(o->seed), 0) != (ssize_t)sizeof(o->seed)) {
		r = dg_fail(err, DG_EIO, "getrandom: %s", strerrordesc_np(errno));
	}
	if (r < 0) {
		return r;
	}
	o->has_zone = args->policy != NULL;
	o->sources = x->take ? x->take->sources : args->rest;
	o->n_sources = x->take ? x->take->n_sources : args->n_rest;
	o->n_notices = args->notice ? dg_world_words(x->arena, args->notice, &o->notices) : 0;
	o->password_file = args->password_file;
	o->ca_file = args->ca_file;
	o->arg = x;
	o->token_of = args->batv_keys ? token_of : NULL;
	o->on_bounce = on_bounce;
	o->on_skip = on_skip;
	o->on_progress = on_progress;
	return 0;
}

/* --- what came of it -------------------------------------------------------------------------- */
static bool is_empty(const struct dg_case *c)
{
	return c->ledger->n_messages == 0 && !c->beside->has_rows && c->beside->n_notices == 0;
}

/* 3: there is something to do. 1: could not tell, or something could not be read. */
static int status_of(const struct dg_case *c)
{
	const struct dg_verdict *v = c->verdict;

	for (size_t i = 0; i < v->n; i++) {
		enum dg_incident_kind k = v->incidents[i].kind;
		if (k != DG_INCIDENT_OWN && v->incidents[i].level >= DG_LEVEL_MEDIUM) {
			return DG_EXIT_FINDINGS;
		}
	}
	if (is_empty(c)) {
		return c->counts.n_unreadable > 0 ? DG_EXIT_FAILED : DG_EXIT_OK;
	}
	return v->incidents[0].kind == DG_INCIDENT_OWN ? DG_EXIT_OK : DG_EXIT_FAILED;
}

static void tell_skipped(const struct triage *x)
{
	if (x->n_skipped > COMPLAINTS_MAX && !x->app->args->is_verbose) {
		(void)fprintf(stderr,
			"dnsguard: and %llu more were skipped (--verbose names all)\n",
			(unsigned long long)(x->n_skipped - COMPLAINTS_MAX));
	}
}

static int show(struct triage *x, const struct dg_case *c, struct dg_err *err)
{
	const struct dg_args *args = x->app->args;
	struct dg_buf b;

	if (x->explain > 0) {
		return x->has_explained
			       ? 0
			       : dg_fail(err, DG_EINPUT, "--explain %llu: there are %llu bounces",
					 (unsigned long long)x->explain,
					 (unsigned long long)c->counts.n_counted);
	}
	dg_buf_init(&b, TEXT_MAX);
	if (args->is_json) {
		dg_case_json(&b, c);
		dg_buf_putc(&b, '\n');
	} else if (is_empty(c)) {
		uint64_t n = c->counts.n_messages;
		dg_message_put(&b,
			dg_word_n("{n} message, and no bounce\n", "no bounce among {n} messages\n",
				n),
			n, 0, NULL);
	} else {
		dg_case_print(&b, c, args->is_verbose);
	}
	dg_app_out(x->app, &b);
	dg_buf_done(&b);
	return 0;
}

static int triage(struct triage *x, int *ret_status, struct dg_err *err)
{
	const struct dg_case *found = NULL;
	struct dg_triage *t = NULL;
	int r = set_options(x, err);

	r = r == 0 ? dg_triage_run(&x->options, &t, &found, err) : r;
	if (r == 0) {
		x->options.owner = *found->owner;
		*ret_status = status_of(found);
		tell_skipped(x);
		r = x->take ? x->take->on_case(x->take->arg, found, err) : show(x, found, err);
	}
	t = dg_triage_free(t);
	return r;
}

static void done(struct triage *x)
{
	x->spf = dg_triage_spf_close(x->spf);
	x->options.log = dg_sendlog_free(x->options.log);
	(void)dg_arena_free(x->arena);
}

int dg_triage_take(struct dg_app *app, const struct dg_triage_take *take, struct dg_err *err)
{
	struct triage x = {.app = app, .take = take, .arena = dg_arena_new(MEMORY_MAX)};
	int status = DG_EXIT_OK;

	dg_words_open(getenv("DNSGUARD_LOCALE")); /* NOLINT(concurrency-mt-unsafe): one thread */
	int r = triage(&x, &status, err);
	done(&x);
	return r;
}

int dg_cmd_triage(struct dg_app *app, const struct dg_args *args)
{
	struct triage x = {.app = app};
	struct dg_err err;
	int status = DG_EXIT_OK;

	(void)args;
	app->is_terminal =
		isatty(STDERR_FILENO); /* nothing is asked; a mailbox may come by stdin */
	dg_words_open(getenv("DNSGUARD_LOCALE")); /* NOLINT(concurrency-mt-unsafe): one thread */
	x.arena = dg_arena_new(MEMORY_MAX);
	if (triage(&x, &status, &err) < 0) {
		dg_app_complain(app, &err);
		status = dg_app_exit_of(&err);
	}
	done(&x);
	return status;
}
