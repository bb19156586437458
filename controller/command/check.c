#include "controller/command/check.h"

#include "controller/check/deep.h"
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/check/check.h"
#include "zones/mail/idn.h"
#include "zones/policy/policy.h"
#include "zones/record/name.h"

#include <stdlib.h>
#include <string.h>

#define AT_ONCE     4u
#define TARGET_MAX  ((size_t)512 << 20) /* octets of one domain's facts and results */
#define TEXT_MAX    ((size_t)64 << 20)
#define PROGRESS_MS 500

struct flight {
	struct dg_deep deep;
	struct dg_arena *arena; /* NULL: this place is free */
	bool is_done;
};

struct batch {
	struct dg_checking *c;
	const struct dg_target *targets;
	size_t n, n_started, n_finished; /* finished: shown */
	struct flight *flights;          /* AT_ONCE; of target i: i % AT_ONCE */
	struct dg_timer *progress;
};

/* --- one result ------------------------------------------------------------------------------- */
/* Whom forged mail hurts: HELO is left out, since hardly any host has SPF of its own. */
static bool has_ruling(const struct dg_check *check, enum dg_forgery forgery)
{
	bool has_it = check->rulings[DG_IDENTITY_MAIL_FROM][DG_CLASS_DOMAIN].forgery == forgery;

	for (unsigned class = DG_CLASS_DOMAIN; class < DG_CLASS_HOST; class ++) {
		has_it = has_it || check->rulings[DG_IDENTITY_FROM][class].forgery == forgery;
	}
	return has_it;
}

static void count(struct dg_checking *c, const struct dg_check *check)
{
	const size_t *n = check->n_by_severity;

	c->n_bad += n[DG_SEVERITY_WARNING] + n[DG_SEVERITY_ERROR] > 0 ||
		    has_ruling(check, DG_FORGEABLE);
	c->n_unknown += n[DG_SEVERITY_UNKNOWN] > 0 || check->is_unknown ||
			has_ruling(check, DG_FORGERY_UNKNOWN);
}

static void show(struct dg_checking *c, const struct dg_check *check)
{
	struct dg_app *app = c->app;
	struct dg_check_style style = {
		.has_colour = app->has_colour, .is_verbose = app->args->is_verbose};
	struct dg_buf b;

	dg_buf_init(&b, TEXT_MAX);
	if (app->args->is_json) {
		dg_check_json(&b, check, false);
		dg_buf_putc(&b, '\n');
	} else {
		const char *unicode = dg_name_to_unicode(app->arena, check->domain);
		dg_buf_puts(&b, c->n_shown > 0 ? "\n" : "");
		if (unicode) {
			dg_buf_printf(&b, "%s is %.*s in the DNS\n", unicode,
				(int)strlen(check->domain) - 1, check->domain);
		}
		dg_check_print(&b, check, &style);
	}
	c->n_shown++;
	dg_app_out(app, &b);
	dg_buf_done(&b);
	(void)fflush(stdout);
}

/* --- a few at once ---------------------------------------------------------------------------- */
static void on_progress(void *arg)
{
	struct batch *x = arg;
	const struct flight *f = &x->flights[x->n_finished % AT_ONCE];
	char more[64] = "";

	if (x->n > 1) {
		(void)snprintf(more, sizeof(more), " (%zu of %zu)", x->n_finished + 1, x->n);
	}
	dg_app_progress(x->c->app, "checking %s%s: %zu questions asked",
		dg_world_shown(f->arena, f->deep.in.domain), more, f->deep.n_questions);
	x->progress = dg_loop_after_ms(x->c->app->loop, PROGRESS_MS, on_progress, x);
}

static void on_done(struct dg_deep *d)
{
	struct flight *f = d->arg;

	f->is_done = true;
	dg_loop_stop(d->loop);
}

/* --host: labels under the domain, or whole names. */
static void add_hosts(struct dg_deep *d, const char *words)
{
	const char *const *list = NULL;
	size_t n = dg_world_words(d->arena, words, &list);
	const char **hosts = dg_newn(d->arena, const char *, n + 1);

	for (size_t i = 0; i < n; i++) {
		const char *name = NULL;
		const char *ascii = NULL;
		struct dg_err err;

		if (dg_idn_to_ascii(d->arena, list[i], strlen(list[i]), &ascii, &err) < 0 ||
			dg_name_parse(d->arena, ascii, strlen(ascii), NULL, &name, &err) < 0) {
			continue; /* refused at the start */
		}
		if (!dg_name_is_at_or_under(name, d->in.domain) &&
			dg_name_parse(d->arena, ascii, strlen(ascii), d->in.domain, &name, &err) <
				0) {
			continue;
		}
		hosts[d->in.n_hosts++] = name;
	}
	d->in.hosts = hosts;
}

static void start(struct batch *x)
{
	const struct dg_target *t = &x->targets[x->n_started];
	struct flight *f = &x->flights[x->n_started % AT_ONCE];
	struct dg_deep *d = &f->deep;
	struct dg_app *app = x->c->app;
	const struct dg_args *args = app->args;
	struct dg_world *w = &x->c->world;

	x->n_started++;
	memset(f, 0, sizeof(*f));
	f->arena = dg_arena_new(TARGET_MAX);
	d->loop = app->loop;
	d->resolver = w->resolver;
	d->authority = args->is_fast || t->asks_no_server ? NULL : w->authority;
	d->named = t->named;
	d->http = args->is_fast ? NULL : w->http;
	d->in.domain = t->domain;
	d->in.depth = args->is_fast ? DG_CHECK_FAST : DG_CHECK_FULL;
	d->in.zone = t->zone;
	d->in.selectors = t->selectors;
	d->in.n_selectors = t->n_selectors;
	d->in.relays = t->relays;
	d->in.n_relays = t->n_relays;
	d->in.wants_trees = true;
	d->zone_answers = t->zone_answers;
	d->deadline_ms = dg_world_deadline_ms(app);
	d->arena = f->arena;
	d->done = on_done;
	d->arg = f;
	if (args->selector) {
		d->in.n_selectors = dg_world_words(f->arena, args->selector, &d->in.selectors);
	}
	add_hosts(d, args->host);
	dg_deep_start(d);
}

void dg_check_targets(struct dg_checking *c, const struct dg_target *targets, size_t n)
{
	struct batch x = {.c = c, .targets = targets, .n = n};

	x.flights = calloc(AT_ONCE, sizeof(*x.flights));
	if (!x.flights) {
		abort();
	}
	x.progress = dg_loop_after_ms(c->app->loop, PROGRESS_MS, on_progress, &x);
	while (x.n_finished < n) {
		while (x.n_started < n && x.n_started < x.n_finished + AT_ONCE) {
			start(&x);
		}
		struct flight *f = &x.flights[x.n_finished % AT_ONCE];
		while (!f->is_done) {
			dg_loop_run(c->app->loop);
		}
		count(c, &f->deep.check);
		show(c, &f->deep.check);
		f->arena = dg_arena_free(f->arena);
		x.n_finished++;
	}
	(void)dg_timer_cancel(x.progress);
	dg_app_progress_end(c->app);
	free(x.flights);
}

/* --- the command ------------------------------------------------------------------------------ */
static int explain(struct dg_app *app, const char *code)
{
	const struct dg_kind *k = dg_kind_find(code);
	struct dg_buf b;
	struct dg_err err;

	if (!k && strcmp(code, "all") != 0) {
		(void)dg_fail(&err, DG_EINPUT,
			"no finding has the code %s; `dnsguard check --explain all` lists them all",
			code);
		dg_app_complain(app, &err);
		return DG_EXIT_USAGE;
	}
	dg_buf_init(&b, TEXT_MAX);
	if (k) {
		dg_kind_explain(&b, k);
	} else {
		dg_kinds_book(&b);
	}
	dg_app_out(app, &b);
	dg_buf_done(&b);
	return DG_EXIT_OK;
}

/* A policy is named as a file: a domain has neither a slash nor such an end. */
static bool is_policy(const char *arg)
{
	const char *dot = strrchr(arg, '.');

	return strchr(arg, '/') != NULL || strcmp(arg, "-") == 0 ||
	       (dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0));
}

/* All domains, before the first is looked at. A policy keeps its place, with a NULL domain. */
static int read_domains(struct dg_app *app, struct dg_target *targets, struct dg_err *err)
{
	const struct dg_args *args = app->args;
	int r = 0;

	for (size_t i = 0; r == 0 && i < args->n_rest; i++) {
		const char *arg = args->rest[i];
		if (!is_policy(arg)) {
			r = dg_domain_parse(app->arena, arg, strlen(arg), &targets[i].domain, err);
		}
	}
	return r;
}

static int check_words(struct dg_app *app, struct dg_err *err)
{
	const struct dg_args *args = app->args;
	const char *const lists[] = {args->selector, args->host};
	const char *const options[] = {"selector", "host"};
	const char *name = NULL;
	const char *ascii = NULL;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const char *const *words = NULL;
		size_t n = dg_world_words(app->arena, lists[i], &words);

		if (lists[i] && n == 0) {
			return dg_fail(err, DG_EINPUT, "--%s wants a name", options[i]);
		}
		for (size_t k = 0; k < n; k++) {
			int r = dg_idn_to_ascii(
				app->arena, words[k], strlen(words[k]), &ascii, err);
			r = r < 0 ? r
				  : dg_name_parse(
					    app->arena, ascii, strlen(ascii), NULL, &name, err);
			if (r < 0) {
				return dg_wrap(err, r, "--%s", options[i]);
			}
		}
	}
	return 0;
}

static const char *key_of(struct dg_arena *a, const struct dg_verify_spec *spec)
{
	return spec ? dg_printf(a, "%s@%u %s", spec->resolver.host ? spec->resolver.host : "",
			      spec->resolver.port, spec->trust_anchor ? spec->trust_anchor : "")
		    : "@0 ";
}

int dg_check_open_world(
	struct dg_checking *c, const struct dg_verify_spec *spec, struct dg_err *err)
{
	const char *key = key_of(c->app->arena, spec);

	if (c->world_key && strcmp(c->world_key, key) == 0) {
		return 0;
	}
	dg_check_close_world(c);
	int r = dg_world_open(c->app, spec, &c->world, err);
	c->world_key = r == 0 ? key : NULL;
	return r;
}

void dg_check_close_world(struct dg_checking *c)
{
	if (c->world_key) {
		dg_world_close(&c->world);
		c->world_key = NULL;
	}
}

static int status_of(const struct dg_checking *c)
{
	if (c->has_failed) {
		return DG_EXIT_FAILED;
	}
	return c->n_bad > 0 ? DG_EXIT_FINDINGS : c->n_unknown > 0 ? DG_EXIT_FAILED : DG_EXIT_OK;
}

static int check_all(struct dg_checking *c, const struct dg_target *targets, struct dg_err *err)
{
	struct dg_app *app = c->app;
	size_t n = app->args->n_rest;

	for (size_t i = 0; i < n;) {
		size_t n_domains = 0;

		while (i + n_domains < n && targets[i + n_domains].domain) {
			n_domains++;
		}
		if (n_domains == 0) {
			dg_check_policies(c, app->args->rest[i++]);
			continue;
		}
		int r = dg_check_open_world(c, NULL, err);
		if (r < 0) {
			return r;
		}
		dg_check_targets(c, targets + i, n_domains);
		i += n_domains;
	}
	return 0;
}

int dg_cmd_check(struct dg_app *app, const struct dg_args *args)
{
	struct dg_checking c = {.app = app};
	bool has_policy = false;
	struct dg_err err;

	if (args->explain) {
		return explain(app, args->explain);
	}
	struct dg_target *targets = dg_newn(app->arena, struct dg_target, args->n_rest + 1);
	int r = args->n_rest > 0 ? read_domains(app, targets, &err)
				 : dg_fail(&err, DG_EINPUT,
					   "check wants a domain or a zone.yaml: dnsguard check "
					   "example.com; see `dnsguard help check`");
	for (size_t i = 0; i < args->n_rest; i++) {
		has_policy = has_policy || !targets[i].domain;
	}
	if (r == 0) {
		r = check_words(app, &err);
	}
	if (r == 0 && args->tests_relay && !(args->owns_this && has_policy)) {
		r = dg_fail(&err, DG_EINPUT,
			"--open-relay asks only mail servers that are yours: name the zone.yaml "
			"that "
			"holds their MX records, and say --i-own-this");
	}
	if (r == 0 && has_policy) {
		r = dg_app_open(app, false, &err);
		app->engine.verify_ms = 0; /* one look */
	}
	if (r == 0) {
		r = check_all(&c, targets, &err);
	}
	if (r == 0 && c.world_key && c.world.unvalidated_why && args->is_verbose) {
		dg_app_say(app, "\n%s", c.world.unvalidated_why);
	}
	dg_check_close_world(&c);
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	return status_of(&c);
}
