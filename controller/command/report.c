#include "controller/command/report.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/lookup/verify.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_MAX ((size_t)64 << 20)

const char *dg_report_end_text(int end)
{
	static const char *const texts[DG_JOB_N_ENDS] = {
		[DG_JOB_RUNNING] = "running",
		[DG_JOB_SAME] = "same",
		[DG_JOB_PENDING] = "pending",
		[DG_JOB_APPLIED] = "applied",
		[DG_JOB_LAGGING] = "lagging",
		[DG_JOB_CONFLICT] = "conflict",
		[DG_JOB_REFUSED] = "refused",
		[DG_JOB_FAILED] = "failed",
	};

	return texts[end];
}

/* As a person writes it. */
static const char *zone_of(const struct dg_job *j)
{
	size_t len = strlen(j->policy->zone);

	return len > 1 ? dg_strndup(j->arena, j->policy->zone, len - 1) : j->policy->zone;
}

static bool has_error(const struct dg_job *j)
{
	return j->end == DG_JOB_CONFLICT || j->end == DG_JOB_REFUSED || j->end == DG_JOB_FAILED;
}

/* Errors know the place in the document; the zone goes in front. */
static void complain(struct dg_app *app, const struct dg_job *j)
{
	struct dg_err err = j->err;

	(void)dg_wrap(&err, (int)err.rc, "%s", zone_of(j));
	dg_app_complain(app, &err);
}

/* --- JSON ------------------------------------------------------------------------------------------------------ */

void dg_report_json(struct dg_app *app, json_t *take_object)
{
	struct dg_buf b;

	dg_buf_init(&b, REPORT_MAX);
	dg_json_put(&b, take_object);
	dg_buf_putc(&b, '\n');
	dg_app_out(app, &b);
	dg_buf_done(&b);
}

static const char *error_code(enum dg_rc rc)
{
	switch (rc) {
	case DG_OK:
		break;
	case DG_EINPUT:
		return "input";
	case DG_EPOLICY:
		return "policy";
	case DG_ECONFLICT:
		return "conflict";
	case DG_EREMOTE:
		return "remote";
	case DG_EIO:
		return "io";
	case DG_ELIMIT:
		return "limit";
	}
	return "none";
}

static json_t *json_error(const struct dg_err *err)
{
	json_t *o = json_pack("{s:s, s:s}", "code", error_code(err->rc), "text", err->text);

	if (o && err->pos.line > 0) {
		(void)json_object_set_new(
			o, "file", json_string(err->pos.file ? err->pos.file : "-"));
		(void)json_object_set_new(o, "line", json_integer(err->pos.line));
		(void)json_object_set_new(o, "column", json_integer(err->pos.column));
	}
	return o ? o : json_null();
}

static json_t *json_time(int64_t t)
{
	return t > 0 ? json_integer((json_int_t)t) : json_null();
}

static json_t *json_of(const struct dg_buf *b)
{
	json_t *o = json_loads(b->data, JSON_REJECT_DUPLICATES, NULL);

	return o ? o : json_null();
}

static json_t *json_job(const struct dg_job *j, const char *type)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "type", type, "zone", j->policy->zone,
		"document", j->document, "end", dg_report_end_text((int)j->end));

	if (has_error(j)) {
		(void)json_object_set_new(o, "error", json_error(&j->err));
	}
	if (j->note) {
		(void)json_object_set_new(o, "note", json_string(j->note));
	}
	if (j->settled) {
		(void)json_object_set_new(o, "settled", json_string(j->settled));
	}
	return o;
}

static void add_plan(json_t *o, const struct dg_job *j)
{
	struct dg_buf b;

	if (j->plan) {
		dg_buf_init(&b, REPORT_MAX);
		dg_plan_json(&b, j->plan);
		(void)json_object_set_new(o, "plan", json_of(&b));
		dg_buf_done(&b);
	}
}

static void add_verify(json_t *o, const char *key, const struct dg_verify *v)
{
	struct dg_buf b;

	if (v) {
		dg_buf_init(&b, REPORT_MAX);
		dg_verify_json(&b, v);
		(void)json_object_set_new(o, key, json_of(&b));
		dg_buf_done(&b);
	}
}

/* --- text -------------------------------------------------------------------------------------------------------- */

static void say_aside(struct dg_app *app, const struct dg_job *j)
{
	if (j->settled) {
		dg_app_say(app, "%s: %s", zone_of(j), j->settled);
	}
	if (j->note && j->end != DG_JOB_CONFLICT) {
		dg_app_say(app, "%s: note: %s", zone_of(j), j->note);
	}
}

void dg_report_plan(struct dg_app *app, const struct dg_job *j)
{
	struct dg_buf b;
	struct dg_plan_style style = {
		.form = app->args->is_diff ? DG_FORM_DIFF : DG_FORM_TEXT,
		.has_colour = app->has_colour,
		.is_verbose = app->args->is_verbose,
	};

	if (app->args->is_json) {
		json_t *o = json_job(j, "plan");

		add_plan(o, j);
		dg_report_json(app, o);
		return;
	}
	if (j->plan && (j->plan->n > 0 || j->plan->n_notes > 0 || app->args->is_verbose)) {
		dg_buf_init(&b, REPORT_MAX);
		if (app->n_shown++ > 0) {
			dg_buf_putc(&b, '\n');
		}
		dg_plan_print(&b, j->plan, &style);
		dg_app_out(app, &b);
		dg_buf_done(&b);
	}
	say_aside(app, j);
	if (has_error(j)) {
		complain(app, j);
	}
}

static void say_verify(struct dg_app *app, const struct dg_job *j, const struct dg_verify *v)
{
	struct dg_buf b;

	if (!v) {
		return;
	}
	dg_buf_init(&b, REPORT_MAX);
	dg_buf_printf(&b, "%s: ", zone_of(j));
	dg_verify_print(&b, v, app->args->is_verbose);
	dg_app_out(app, &b);
	dg_buf_done(&b);
}

static void say_servers(struct dg_app *app, const struct dg_job *j)
{
	if (j->policy->verify.is_off) {
		dg_app_say(app, "%s: no name server was asked (verify: servers: none)", zone_of(j));
	} else if (!j->verify) {
		dg_app_say(app, "%s: could not ask the name servers: %s", zone_of(j),
			j->verify_why ? j->verify_why : "none is known");
	}
	say_verify(app, j, j->verify);
}

static void say_one_until(
	struct dg_app *app, const struct dg_job *j, const char *what, int64_t until)
{
	char when[32];
	char span[32];
	int64_t now = dg_loop_now(app->loop);

	if (until > now) {
		dg_app_say(app, "%s: caches may hold %s until %s (%s from now)", zone_of(j), what,
			dg_app_time(until, when), dg_app_span(until - now, span));
	}
}

/* The MX decides where mail goes: it is named apart when it is gone sooner than the rest. */
static void say_until(struct dg_app *app, const struct dg_job *j)
{
	if (j->mx_old_until > 0 && j->mx_old_until < j->last_old_until) {
		say_one_until(app, j, "the old MX", j->mx_old_until);
		say_one_until(app, j, "other old records", j->last_old_until);
	} else {
		say_one_until(app, j, "old answers", j->last_old_until);
	}
}

void dg_report_result(struct dg_app *app, const struct dg_job *j)
{
	if (app->args->is_json) {
		json_t *o = json_job(j, "result");

		(void)json_object_set_new(
			o, "steps_applied", json_integer((json_int_t)j->n_steps_applied));
		if (j->n_steps_applied > 0) {
			(void)json_object_set_new(o, "change", json_integer(j->step.id));
			(void)json_object_set_new(o, "old_until", json_time(j->last_old_until));
			(void)json_object_set_new(o, "mx_old_until", json_time(j->mx_old_until));
		}
		add_verify(o, "servers", j->verify);
		dg_report_json(app, o);
		return;
	}
	if (j->n_steps_applied > 0) {
		dg_app_say(app, "%s: published%s as change %lld and read back", zone_of(j),
			has_error(j) ? " in part" : "", (long long)j->step.id);
	}
	say_aside(app, j);
	if (has_error(j)) {
		complain(app, j);
		return;
	}
	say_servers(app, j);
	say_until(app, j);
}

void dg_report_verify(struct dg_app *app, const struct dg_job *j)
{
	if (app->args->is_json) {
		json_t *o = json_job(j, "verify");

		(void)json_object_set_new(
			o, "n_managed", json_integer(j->plan ? (json_int_t)j->plan->n_managed : 0));
		add_plan(o, j);
		add_verify(o, "servers", j->verify);
		add_verify(o, "resolver", j->seen);
		dg_report_json(app, o);
		return;
	}
	if (j->plan && j->plan->n > 0) {
		dg_report_plan(app, j);
		dg_app_say(app, "%s: at its provider the zone is not what the policy says",
			zone_of(j));
	} else if (j->plan) {
		dg_app_say(app, "%s: %zu RRsets are as the policy says, at %s", zone_of(j),
			j->plan->n_managed, j->plan->from ? j->plan->from : "the provider");
		say_aside(app, j);
	}
	if (has_error(j)) {
		complain(app, j);
		return;
	}
	say_servers(app, j);
	say_verify(app, j, j->seen);
}

void dg_report_error(struct dg_app *app, const struct dg_err *err)
{
	dg_report_json(app, json_pack("{s:s, s:o}", "type", "error", "error", json_error(err)));
}

static void append(struct dg_buf *b, size_t n, const char *text)
{
	if (n > 0) {
		dg_buf_printf(b, "%s%zu %s", b->len > 0 ? ", " : "", n, text);
	}
}

void dg_report_summary(struct dg_app *app, const struct dg_engine_counts *c, const char *what)
{
	struct dg_buf b;
	char hex[DG_DIGEST_TEXT_MAX];

	if (app->args->is_json) {
		json_t *o = json_pack("{s:s, s:s, s:I, s:I}", "type", "summary", "what", what,
			"zones", (json_int_t)c->n_zones, "broken", (json_int_t)c->n_broken);

		for (int i = DG_JOB_SAME; i < (int)DG_JOB_N_ENDS; i++) {
			(void)json_object_set_new(
				o, dg_report_end_text(i), json_integer((json_int_t)c->by_end[i]));
		}
		if (strcmp(what, "planned") == 0) {
			(void)json_object_set_new(o, "digest",
				json_string(dg_digest_text(c->digest, DG_DIGEST_LEN, hex)));
		}
		dg_report_json(app, o);
		return;
	}
	dg_buf_init(&b, REPORT_MAX);
	append(&b, c->by_end[DG_JOB_SAME], "as the policy says");
	append(&b, c->by_end[DG_JOB_PENDING], "to change");
	append(&b, c->by_end[DG_JOB_APPLIED], "applied");
	append(&b, c->by_end[DG_JOB_LAGGING], "not yet everywhere");
	append(&b, c->by_end[DG_JOB_CONFLICT], "in conflict");
	append(&b, c->by_end[DG_JOB_REFUSED], "refused");
	append(&b, c->by_end[DG_JOB_FAILED], "failed");
	append(&b, c->n_broken, "unreadable");
	dg_app_say(app, "%s%zu %s %s: %s", app->n_shown > 0 ? "\n" : "", c->n_zones,
		c->n_zones == 1 ? "zone" : "zones", what, b.len > 0 ? b.data : "none");
	dg_buf_done(&b);
}
