#include "controller/command/app.h"
#include "controller/command/command.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"
#include "zones/record/name.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MAX       ((size_t)256 << 20)
#define DEFAULT_LIMIT 20u

static const char *state_text(enum dg_step_state s)
{
	static const char *const texts[] = {
		[DG_STEP_INTENDED] = "open",
		[DG_STEP_APPLIED] = "applied",
		[DG_STEP_VERIFIED] = "verified",
		[DG_STEP_FAILED] = "failed",
		[DG_STEP_CONFLICT] = "conflict",
		[DG_STEP_LOST] = "lost",
	};

	return texts[s];
}

static void put_lines(struct dg_buf *b, char sign, const struct dg_rrset *set)
{
	struct dg_buf lines;

	dg_buf_init(&lines, LOG_MAX);
	dg_rrset_print(&lines, set);
	for (char *p = lines.data; p && *p != '\0';) {
		char *end = strchr(p, '\n');
		size_t len = end ? (size_t)(end - p) : strlen(p);

		dg_buf_printf(b, "    %c ", sign);
		dg_buf_put_safe(b, p, len);
		dg_buf_putc(b, '\n');
		p = end ? end + 1 : NULL;
	}
	dg_buf_done(&lines);
}

static void put_step(
	struct dg_app *app, struct dg_buf *b, const struct dg_step *s, const struct dg_run *run)
{
	char when[32];

	dg_buf_printf(b, "%-5lld %s  %-9s %s  %zu RRset%s", (long long)s->id,
		dg_app_time(s->intended_at, when), state_text(s->state), s->zone, s->n_changes,
		s->n_changes == 1 ? "" : "s");
	if (s->restores > 0) {
		dg_buf_printf(b, "  undoes %lld", (long long)s->restores);
	}
	dg_buf_puts(b, "\n      ");
	dg_buf_put_safe(b, run->who, strlen(run->who));
	dg_buf_puts(b, ": ");
	dg_buf_put_safe(b, run->why, strlen(run->why));
	dg_buf_putc(b, '\n');
	if (s->note) {
		dg_buf_puts(b, "      ");
		dg_buf_put_safe(b, s->note, strlen(s->note));
		dg_buf_putc(b, '\n');
	}
	for (size_t i = 0; app->args->is_verbose && i < s->n_changes; i++) {
		put_lines(b, '-', &s->changes[i].before);
		put_lines(b, '+', &s->changes[i].after);
	}
}

static json_t *json_set(const struct dg_rrset *set)
{
	struct dg_buf b;

	if (set->n == 0) {
		return json_null();
	}
	json_t *records = json_array();
	dg_buf_init(&b, LOG_MAX);
	for (size_t i = 0; i < set->n; i++) {
		dg_buf_clear(&b);
		dg_rdata_print(&b, set->type, &set->rdata[i]);
		(void)json_array_append_new(records, json_string(b.data));
	}
	dg_buf_done(&b);
	return json_pack("{s:I, s:o}", "ttl", (json_int_t)set->ttl, "records", records);
}

/* Neither times nor changes are numbered 0: there is none. */
static json_t *json_known(int64_t n)
{
	return n > 0 ? json_integer((json_int_t)n) : json_null();
}

static void put_step_json(struct dg_buf *b, const struct dg_step *s, const struct dg_run *run)
{
	json_t *changes = json_array();
	char type[16];

	for (size_t i = 0; i < s->n_changes; i++) {
		const struct dg_step_change *c = &s->changes[i];

		(void)json_array_append_new(changes,
			json_pack("{s:s, s:s, s:s?, s:o, s:o}", "owner", c->before.owner, "type",
				dg_type_text(c->before.type, type), "why", c->why, "before",
				json_set(&c->before), "after", json_set(&c->after)));
	}
	json_t *o = json_pack(
		"{s:s, s:I, s:I, s:s, s:s?, s:s?, s:s, s:I, s:o, s:s, s:s, s:s?, s:o, s:o}", "type",
		"step", "change", (json_int_t)s->id, "run", (json_int_t)s->run, "zone", s->zone,
		"provider", s->provider, "document", s->document, "state", state_text(s->state),
		"intended_at", (json_int_t)s->intended_at, "ended_at", json_known(s->ended_at),
		"who", run->who, "command", run->why, "note", s->note, "restores",
		json_known(s->restores), "changes", changes);
	dg_json_put(b, o);
	dg_buf_putc(b, '\n');
}

int dg_cmd_log(struct dg_app *app, const struct dg_args *args)
{
	struct dg_step *steps = NULL;
	struct dg_run *runs = NULL;
	const char *zone = NULL;
	size_t n = 0;
	struct dg_err err;
	struct dg_buf b;

	int r = dg_app_open(app, false, &err);
	if (r == 0 && args->zone) {
		r = dg_name_parse(app->arena, args->zone, strlen(args->zone), ".", &zone, &err);
	}
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(LOG_MAX);
	if (r == 0) {
		r = dg_store_log(app->store, a, zone, args->limit > 0 ? args->limit : DEFAULT_LIMIT,
			&steps, &runs, &n, &err);
	}
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	dg_buf_init(&b, LOG_MAX);
	for (size_t i = 0; i < n; i++) {
		if (args->is_json) {
			put_step_json(&b, &steps[i], &runs[i]);
		} else {
			put_step(app, &b, &steps[i], &runs[i]);
		}
	}
	dg_app_out(app, &b);
	dg_buf_done(&b);
	if (n == 0 && !args->is_json) {
		dg_app_say(app, "the journal in %s has no changes%s%s", app->state_dir,
			zone ? " of " : "", zone ? zone : "");
	}
	return DG_EXIT_OK;
}
