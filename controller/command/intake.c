/* Does the subdomain take mail? What split and arm ask its MX hosts before the mail name gives up its own. */
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/command/stage.h"
#include "controller/command/world.h"
#include "controller/engine/eyes.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <stdlib.h>
#include <string.h>

#define DIALOGUE_S 30u
#define EARLY_MS   1
#define LOCALS_MAX 20u
#define TEXT_MAX   2048u

static void on_done(struct dg_taking *t)
{
	struct dg_staging *s = t->arg;

	if (s->is_awaited) { /* else the loop runs for something else */
		dg_loop_stop(t->loop);
	}
}

static const char *shown(struct dg_arena *a, const char *name)
{
	size_t len = strlen(name);

	return len > 1 ? dg_strndup(a, name, len - 1) : name;
}

/* postmaster@ (RFC 5321 section 4.5.1), and what --local names. */
static void list_rcpts(struct dg_staging *s, struct dg_taking *t)
{
	struct dg_arena *a = s->app->arena;
	const char *const *locals = NULL;
	size_t n = dg_world_words(a, s->app->args->local, &locals);
	const char **rcpts = dg_newn(a, const char *, n + 1);

	n = n < LOCALS_MAX ? n : LOCALS_MAX;
	rcpts[0] = dg_printf(a, "postmaster@%s", shown(a, s->to));
	for (size_t i = 0; i < n; i++) {
		rcpts[i + 1] = dg_printf(a, "%s@%s", locals[i], shown(a, s->to));
	}
	t->rcpts = rcpts;
	t->n_rcpts = n + 1;
}

static void put_answer(struct dg_buf *b, struct dg_arena *a, const struct dg_taking_answer *x)
{
	static const char *const verbs[] = {[DG_TAKES] = "takes mail for",
		[DG_TAKES_REFUSES] = "refuses mail for",
		[DG_TAKES_UNKNOWN] = "could not tell whether it takes mail for"};

	dg_buf_printf(b, "  %s", shown(a, x->host));
	if (x->address) {
		dg_buf_printf(b, " (%s)", x->address);
	}
	dg_buf_printf(b, ": %s ", verbs[x->takes]);
	const char *rcpt = x->rcpt ? x->rcpt : "the subdomain";
	dg_buf_put_safe(b, rcpt, strlen(rcpt));
	if (x->takes != DG_TAKES && x->text) {
		dg_buf_puts(b, ": ");
		if (x->code > 0) {
			dg_buf_printf(b, "%d ", x->code);
		}
		dg_buf_put_safe(b, x->text, strlen(x->text));
	}
}

static void say(struct dg_staging *s, const struct dg_taking *t, const char *name)
{
	struct dg_app *app = s->app;
	struct dg_buf b;

	for (size_t i = 0; i < t->n_answers; i++) {
		const struct dg_taking_answer *x = &t->answers[i];

		if (app->args->is_json) {
			dg_report_json(
				app, json_pack("{s:s, s:s, s:o, s:o, s:s, s:o, s:i, s:o}", "type",
					     "smtp", "name", name, "host", dg_json_text(x->host),
					     "address", dg_json_text(x->address), "answer",
					     dg_takes_text(x->takes), "rcpt", dg_json_text(x->rcpt),
					     "code", x->code, "text", dg_json_text(x->text)));
			continue;
		}
		dg_buf_init(&b, TEXT_MAX);
		put_answer(&b, app->arena, x);
		dg_app_say(app, "%s", b.data);
		dg_buf_done(&b);
	}
}

static int begin(struct dg_staging *s, struct dg_taking *t, struct dg_err *err)
{
	struct dg_app *app = s->app;
	struct dg_authority *unused = NULL;
	uint32_t seconds = app->args->timeout > 0 ? app->args->timeout : DIALOGUE_S;

	t->loop = app->loop;
	t->timeout_ms = (int64_t)seconds * 1000;
	t->arena = app->arena;
	t->done = on_done;
	t->arg = s;
	int r = dg_eyes_get(app->engine.eyes, &s->verify, &t->resolver, &unused, err);
	if (r == 0) {
		dg_taking_start(t);
	}
	return r;
}

static void await(struct dg_staging *s, const struct dg_taking *t)
{
	s->is_awaited = true;
	if (t->internal) {
		dg_loop_run(s->app->loop);
	}
	s->is_awaited = false;
}

/* One round of questions; false: nobody could be asked, which was said. */
static bool ask(struct dg_staging *s, struct dg_taking *t)
{
	struct dg_err err;

	if (begin(s, t, &err) < 0) {
		dg_app_complain(s->app, &err);
		return false;
	}
	await(s, t);
	return true;
}

/* Of the MX hosts of the subdomain. NULL: nobody can be asked. */
static struct dg_taking *begin_hosts(struct dg_staging *s, struct dg_err *err)
{
	struct dg_taking *t = dg_new(s->app->arena, struct dg_taking);

	*t = (struct dg_taking){.hosts = s->hosts, .n_hosts = s->n_hosts};
	list_rcpts(s, t);
	return begin(s, t, err) == 0 ? t : NULL;
}

static void begin_early(void *arg)
{
	struct dg_staging *s = arg;
	struct dg_err unsaid; /* dg_staging_ask() comes to the same */

	s->soon = NULL;
	s->early = begin_hosts(s, &unsaid);
}

/* Not at once: what was begun first is to be on its way when libunbound takes its time to start. */
void dg_staging_ask_early(struct dg_staging *s)
{
	if (!s->app->args->is_no_smtp) {
		s->soon = dg_loop_after_ms(s->app->loop, EARLY_MS, begin_early, s);
	}
}

/* NULL: nothing was begun. */
static struct dg_taking *take_early(struct dg_staging *s)
{
	struct dg_taking *t = s->early;

	s->soon = dg_timer_cancel(s->soon);
	s->early = NULL;
	return t;
}

void dg_staging_ask_no_more(struct dg_staging *s)
{
	struct dg_taking *t = take_early(s);

	if (t) {
		dg_taking_cancel(t);
	}
}

enum dg_takes dg_staging_ask(struct dg_staging *s)
{
	struct dg_app *app = s->app;
	struct dg_err err;

	if (app->args->is_no_smtp) {
		dg_app_say(app, "\nWhether %s takes mail was not asked (--no-smtp).",
			shown(app->arena, s->to));
		return DG_TAKES_UNKNOWN;
	}
	dg_app_progress(
		app, "asking %zu MX hosts whether they take mail for %s", s->n_hosts, s->to);
	struct dg_taking *t = take_early(s);
	t = t ? t : begin_hosts(s, &err);
	if (t) {
		await(s, t);
	}
	dg_app_progress_end(app);
	if (!t) {
		dg_app_complain(app, &err);
		return DG_TAKES_UNKNOWN;
	}
	dg_app_say(app, "\nThe MX hosts of %s, asked by SMTP:", shown(app->arena, s->to));
	say(s, t, s->to);
	return t->takes;
}

/* An address that nobody has and nobody can guess. */
static const char *canary(struct dg_arena *a, const char *name)
{
	return dg_printf(a, "dnsguard-probe-%08x%08x@%s", arc4random(), arc4random(), name);
}

enum dg_takes dg_staging_ask_sink(struct dg_staging *s)
{
	struct dg_app *app = s->app;
	struct dg_arena *a = app->arena;
	const char *name = shown(a, s->was.name);
	const char *rcpts[] = {dg_printf(a, "postmaster@%s", name)};
	const char *nobody[] = {canary(a, name)};
	struct dg_taking *t = dg_newn(a, struct dg_taking, 2);

	if (app->args->is_no_smtp) {
		dg_app_say(app, "\nWhether the sink takes mail was not asked (--no-smtp).");
		return DG_TAKES_UNKNOWN;
	}
	t[0] = (struct dg_taking){.hosts = s->sink,
		.n_hosts = s->n_sink,
		.from = dg_printf(a, "postmaster@%s", shown(a, s->to)),
		.rcpts = rcpts,
		.n_rcpts = 1};
	t[1] = (struct dg_taking){
		.hosts = s->sink, .n_hosts = s->n_sink, .rcpts = nobody, .n_rcpts = 1};
	if (!ask(s, &t[0])) {
		return DG_TAKES_UNKNOWN;
	}
	dg_app_say(app, "\nThe sink of %s, asked by SMTP:", name);
	say(s, &t[0], s->was.name);
	(void)ask(s, &t[1]); /* whatever it says */
	return t[0].takes;
}

int dg_staging_may_null(struct dg_staging *s, enum dg_takes takes, struct dg_err *err)
{
	const struct dg_args *args = s->app->args;
	const char *to = shown(s->app->arena, s->to);

	if (takes == DG_TAKES || args->has_force || args->is_no_smtp) {
		return 0;
	}
	if (takes == DG_TAKES_REFUSES) {
		return dg_fail(err, DG_EPOLICY,
			"the mail servers of %s refuse mail for it: after the split it would be "
			"lost. "
			"Let them take it first (--force goes on all the same)",
			to);
	}
	if (args->has_yes || args->plan) {
		/* A resolver or a mail server in trouble: may be over in a minute, which whoever called us can wait for. */
		return dg_fail(err, DG_EREMOTE,
			"could not tell whether the mail servers of %s take mail for it: try "
			"again, "
			"or give --no-smtp where port 25 is closed from here (--force goes on too)",
			to);
	}
	return dg_app_ask(s->app,
		"Could not tell whether the subdomain takes mail. Go on all the same?", err);
}
