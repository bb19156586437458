/* `dnsguard provider probe`: what this account really takes, where doc/providers.md could only say what was read. */
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/provider_probe.h"
#include "controller/engine/fleet.h"
#include "controller/engine/pool.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <string.h>

#define TEXT_MAX 65536u

/* As `dnsguard providers --json` says it. */
static const char *null_mx_word(const struct dg_probe *p)
{
	if (p->null_mx == DG_PROBED_NOT_TRIED) {
		return "not tried";
	}
	if (p->null_mx != DG_PROBED_TAKEN) {
		return "refused";
	}
	return p->null_mx_after == DG_PROBED_TAKEN ? "accepted" : "exclusive";
}

static const char *const known_words[] = {"accepted", "exclusive", "refused", "not known"};

/* Does it take less, or something else, than the table says? */
static bool is_otherwise(const struct dg_probe *p)
{
	const struct dg_limits *l = dg_provider_limits(p->provider);

	return (p->null_mx != DG_PROBED_NOT_TRIED &&
		       strcmp(null_mx_word(p), known_words[l->null_mx]) != 0) ||
	       p->ttl_min == 0 || (p->ttl_min > l->ttl_min && p->ttl_min > 1) ||
	       (p->txt_why && p->txt_max < l->txt_max);
}

static void put_why(struct dg_buf *b, const char *why)
{
	if (why) {
		dg_buf_puts(b, "\n      ");
		dg_buf_put_safe(b, why, strlen(why));
	}
	dg_buf_putc(b, '\n');
}

static void put_advice(struct dg_buf *b, const struct dg_probe *p)
{
	const struct dg_limits *l = dg_provider_limits(p->provider);
	const char *word = null_mx_word(p);

	if (p->null_mx == DG_PROBED_NOT_TRIED || strcmp(word, known_words[l->null_mx]) == 0) {
		return;
	}
	dg_buf_printf(b, "Write `null-mx: %s` in the section of the provider.\n",
		strcmp(word, "exclusive") == 0 ? "with-a-gap" : word);
}

static void put_text(struct dg_buf *b, const struct dg_probe *p)
{
	const struct dg_limits *l = dg_provider_limits(p->provider);
	char where[512];

	dg_buf_puts(b, p->provider->ops->describe(p->provider, p->zone, where, sizeof(where)));
	dg_buf_printf(b, ", tried at %s\n", p->scratch);
	dg_buf_printf(
		b, "  null MX       %-10s (known: %s)", null_mx_word(p), known_words[l->null_mx]);
	put_why(b, p->null_mx_why);
	if (p->ttl_min > 0) {
		dg_buf_printf(b, "  lowest TTL    %-10u (known: %u)\n", p->ttl_min, l->ttl_min);
	} else {
		dg_buf_printf(b, "  lowest TTL    above 3600 s (known: %u)\n", l->ttl_min);
	}
	dg_buf_printf(b, "  longest TXT   %s%zu%s (known: %zu)", p->txt_why ? "" : "at least ",
		p->txt_max, " octets", l->txt_max);
	put_why(b, p->txt_why);
	if (p->was_left) {
		dg_buf_puts(b, "An earlier probe had left its records there: they are gone.\n");
	}
	put_advice(b, p);
}

static void put_json(struct dg_buf *b, const struct dg_probe *p)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:b}", "type",
		"provider-probe", "zone", p->zone, "provider", p->provider->ops->name, "scratch",
		p->scratch, "null_mx", null_mx_word(p), "ttl_min", (json_int_t)p->ttl_min,
		"txt_max", (json_int_t)p->txt_max, "was_left", p->was_left, "is_otherwise",
		is_otherwise(p));

	dg_json_set(o, "null_mx_why", dg_json_text(p->null_mx_why));
	dg_json_set(o, "txt_why", dg_json_text(p->txt_why));
	dg_json_put(b, o);
	dg_buf_putc(b, '\n');
}

static int ask(struct dg_app *app, const struct dg_probe *p, struct dg_err *err)
{
	char where[512];

	if (app->args->has_yes) {
		return 0;
	}
	return dg_app_ask(app,
		dg_printf(app->arena, "Put records at %s.%s (%s), and take them away again?",
			DG_PROBE_LABEL, p->zone,
			p->provider->ops->describe(p->provider, p->zone, where, sizeof(where))),
		err);
}

/* The one zone of the document. */
static int get_policy(struct dg_app *app, struct dg_policy **ret_policy, struct dg_err *err)
{
	const char *document = NULL;
	struct dg_policy *more = NULL;

	int r = dg_app_open_fleet(app, app->args->rest + 1, 1, err);
	r = r == 0 ? dg_fleet_next(app->fleet, app->arena, ret_policy, &document, err) : r;
	if (r == 0 && dg_fleet_next(app->fleet, app->arena, &more, &document, err) == 0) {
		r = dg_fail(err, DG_EINPUT,
			"%s holds several zones: a probe needs a document with one",
			app->args->rest[1]);
	}
	return r > 0 ? dg_fail(err, DG_EINPUT, "%s holds no zone", app->args->rest[1]) : r;
}

/* 0; 1: the person said no. */
static int probe(struct dg_app *app, struct dg_probe *p, struct dg_err *err)
{
	struct dg_policy *policy = NULL;
	bool keeps = false;
	struct dg_err ending;

	int r = get_policy(app, &policy, err);
	r = r == 0 && policy ? dg_pool_get(app->pool, policy, NULL, &p->provider, &keeps, err) : r;
	if (r < 0) {
		return r;
	}
	if (!policy || !p->provider) {
		return dg_fail(err, DG_EINPUT, "%s names no provider", app->args->rest[1]);
	}
	p->zone = policy->zone;
	r = ask(app, p, err);
	r = r == 0 ? dg_app_run_start(app, err) : r;
	if (r != 0) {
		return r;
	}
	r = dg_probe_run(p, err);
	int e = dg_app_run_end(app, r == 0 ? "probed" : "failed", &ending);
	if (r < 0 && !p->is_clean) {
		dg_app_say(app,
			"records of the probe may still stand at %s: the next probe takes them "
			"away",
			p->scratch);
	}
	if (r == 0 && e < 0) {
		*err = ending;
	}
	return r < 0 ? r : e;
}

int dg_cmd_provider(struct dg_app *app, const struct dg_args *args)
{
	struct dg_probe p = {.arena = app->arena};
	struct dg_buf b;
	struct dg_err err;

	if (strcmp(args->rest[0], "probe") != 0) {
		(void)dg_fail(&err, DG_EINPUT, "expected `dnsguard provider probe ZONE.YAML`");
		dg_app_complain(app, &err);
		return DG_EXIT_USAGE;
	}
	int r = dg_app_open(app, true, &err);
	p.loop = app->loop;
	r = r == 0 ? probe(app, &p, &err) : r;
	if (r < 0 || !p.provider) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	if (r > 0) {
		dg_app_say(app, "nothing was changed");
		return DG_EXIT_FINDINGS;
	}
	dg_buf_init(&b, TEXT_MAX);
	if (args->is_json) {
		put_json(&b, &p);
	} else {
		put_text(&b, &p);
	}
	dg_app_out(app, &b);
	dg_buf_done(&b);
	return is_otherwise(&p) ? DG_EXIT_FINDINGS : DG_EXIT_OK;
}
