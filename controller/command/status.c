/* status: what is watched and guarded, out of the state folder alone. */
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/incident.h"
#include "controller/command/report.h"
#include "controller/command/screen.h"
#include "controller/command/watching.h"
#include "controller/store/watch.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"
#include "zones/record/name.h"

#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX ((size_t)512 << 20)
#define OUTPUT_MAX ((size_t)64 << 20)
#define ROW_MAX    ((size_t)1 << 20)
#define REDRAW_MS  1000

/* One look at all of it, in an arena of its own: a live one looks many times. */
struct look {
	struct dg_app *app;
	struct dg_arena *a;
	const char *only; /* canonical; NULL: all */
	struct dg_guard_row *guards;
	size_t n_guards, at_guard;
	const char **names;
	size_t n_names, at_name;
	int64_t now;
	size_t n_shown;
	bool is_busy; /* something is going on */
	struct dg_buf out;
};

struct row {
	const char *name;
	const struct dg_guard_row *guard; /* NULL: no guard yet */
	struct dg_watched watched;
	bool is_watched;
};

/* --- both lists in one, by name ------------------------------------------------------------------------- */
static int next_row(struct look *k, struct row *ret_row, struct dg_err *err)
{
	const struct dg_guard_row *g = k->at_guard < k->n_guards ? &k->guards[k->at_guard] : NULL;
	const char *n = k->at_name < k->n_names ? k->names[k->at_name] : NULL;
	int order = !g ? 1 : !n ? -1 : strcmp(g->name, n);

	if (!g && !n) {
		return 1;
	}
	*ret_row = (struct row){.name = order <= 0 ? g->name : n, .guard = order <= 0 ? g : NULL};
	k->at_guard += order <= 0;
	k->at_name += order >= 0;
	if (order < 0) {
		return 0;
	}
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(ROW_MAX);
	struct dg_watch_row kept;
	int r = dg_store_watch_get(k->app->store, a, n, &kept, err);
	if (r == 0) {
		dg_watched_init(&ret_row->watched, "", ret_row->name, k->now * 1000);
		ret_row->is_watched =
			dg_watched_decode(&ret_row->watched, kept.image, kept.len) == 0;
	}
	return r < 0 ? r : 0;
}

/* --- how one reads --------------------------------------------------------------------------------------- */
static const char *until(const struct look *k, int64_t due, char buf[32])
{
	return due <= k->now ? "now" : dg_app_span(due - k->now, buf);
}

static const char *colour_of(const struct look *k, const char *state)
{
	bool is_quiet = !state || strcmp(state, "calm") == 0 || strcmp(state, "cooldown") == 0;

	if (!k->app->has_colour || is_quiet) {
		return "";
	}
	return strcmp(state, "elevated") == 0 ? "\x1b[33m" : "\x1b[31m";
}

static const char *plain(const struct look *k)
{
	return k->app->has_colour ? "\x1b[0m" : "";
}

/* Where caches and queues stand: what was served before, and what still comes. */
static void print_drain(struct look *k, const json_t *drain)
{
	struct dg_buf *b = &k->out;
	int64_t old = json_integer_value(json_object_get(drain, "until"));
	int64_t last = json_integer_value(json_object_get(drain, "last"));
	char span[32];

	if (old > k->now) {
		dg_buf_printf(b,
			"    caches may hold what stood there for another %s (TTL %lld s)\n",
			dg_app_span(old - k->now, span),
			(long long)json_integer_value(json_object_get(drain, "ttl")));
	}
	dg_buf_printf(b, "    since the split: %lld null-sender mails",
		(long long)json_integer_value(json_object_get(drain, "bounces")));
	if (last > 0) {
		dg_buf_printf(b, ", the last %s ago", dg_app_span(k->now - last, span));
	}
	dg_buf_putc(b, '\n');
}

static void print_guard(struct look *k, const struct dg_guard_row *g)
{
	json_t *o = json_loads(g->evidence, JSON_REJECT_DUPLICATES, NULL);
	const char *subdomain = json_string_value(json_object_get(o, "subdomain"));
	const char *abuse = json_string_value(json_object_get(o, "abuse"));
	const json_t *drain = json_object_get(o, "drain");
	struct dg_buf *b = &k->out;

	if (json_is_object(drain) && subdomain && strlen(subdomain) > 1) {
		dg_buf_puts(b, "    mail lives at ");
		dg_buf_put_safe(b, subdomain, strlen(subdomain) - 1);
		dg_buf_putc(b, '\n');
	}
	if (json_is_object(drain)) {
		print_drain(k, drain);
	}
	if (abuse) {
		dg_buf_puts(b, "    something of ours is abused: ");
		dg_buf_put_safe(b, abuse, strlen(abuse));
		dg_buf_puts(b,
			"\n    a split would not stop it: find who sends, lock that login or "
			"relay, then dnsguard release\n");
	}
	json_decref(o);
}

static void print_row(struct look *k, const struct row *x)
{
	const struct dg_guard_row *g = x->guard;
	const struct dg_watched *w = x->is_watched ? &x->watched : NULL;
	struct dg_buf *b = &k->out;
	char span[32];
	int len = (int)strlen(x->name);

	dg_buf_printf(b, "%-32.*s  %s%-10s%s", len > 1 ? len - 1 : len, x->name,
		colour_of(k, g ? g->state : NULL), g ? g->state : "not guarded", plain(k));
	dg_buf_printf(b, "  %-6s", w ? dg_watching_level_text(w->level) : "-");
	if (w) {
		dg_buf_printf(b, "  score %4.1f", w->detector.score);
	}
	if (g) {
		dg_buf_printf(b, "  for %s", dg_app_span(k->now - g->since, span));
	}
	if (g && g->due > 0) {
		dg_buf_printf(b, ", next step in %s", until(k, g->due, span));
	}
	dg_buf_putc(b, '\n');
	if (w && dg_watched_heat(w)) {
		dg_buf_puts(b, "    ");
		dg_watching_evidence(b, w, k->now * 1000);
		dg_buf_putc(b, '\n');
	}
	if (g && g->evidence) {
		print_guard(k, g);
	}
	if (g && g->proposal) {
		dg_buf_puts(b, "    waits for a yes: dnsguard approve ");
		dg_buf_put_safe(b, g->proposal, strlen(g->proposal));
		dg_buf_putc(b, '\n');
	}
}

static void report_row(struct look *k, const struct row *x)
{
	const struct dg_guard_row *g = x->guard;
	json_t *o = json_pack("{s:s, s:s}", "type", "status", "name", x->name);

	dg_json_set(o, "zone", dg_json_text(g ? g->zone : NULL));
	dg_json_set(o, "document", dg_json_text(g ? g->document : NULL));
	dg_json_set(o, "state", dg_json_text(g ? g->state : NULL));
	dg_json_set(o, "since", g ? json_integer(g->since) : json_null());
	dg_json_set(o, "due", g && g->due > 0 ? json_integer(g->due) : json_null());
	dg_json_set(o, "proposal", dg_json_text(g ? g->proposal : NULL));
	if (x->is_watched) {
		dg_watching_json(o, &x->watched, k->now * 1000);
	} else {
		dg_json_set(o, "level", json_null());
		dg_json_set(o, "score", json_null());
		dg_json_set(o, "genuine", json_null());
		dg_json_set(o, "evidence", json_null());
	}
	json_t *told =
		g && g->evidence ? json_loads(g->evidence, JSON_REJECT_DUPLICATES, NULL) : NULL;
	dg_json_set(o, "guard_evidence", told ? told : json_null());
	dg_report_json(k->app, o);
}

static int walk(struct look *k, struct dg_err *err)
{
	struct row x;
	int r;

	while ((r = next_row(k, &x, err)) == 0) {
		if (!k->only || strcmp(k->only, x.name) == 0) {
			k->n_shown++;
			k->is_busy = k->is_busy ||
				     (x.guard && strcmp(x.guard->state, "calm") != 0) ||
				     (x.is_watched && x.watched.level != DG_ALARM_CALM);
			if (k->app->args->is_json) {
				report_row(k, &x);
			} else {
				print_row(k, &x);
			}
		}
		dg_watched_done(&x.watched);
	}
	return r < 0 ? r : 0;
}

/* What listens, and when it last heard something. */
static int show_sensors(struct look *k, struct dg_err *err)
{
	struct dg_sensor_row *rows = NULL;
	char span[32];
	size_t n = 0;
	int r = k->only ? 0 : dg_store_sensors(k->app->store, k->a, &rows, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		int64_t at = rows[i].event_ms / 1000;

		if (k->app->args->is_json) {
			json_t *o = json_pack("{s:s}", "type", "sensor");

			dg_json_set(o, "sensor", dg_json_text(rows[i].sensor));
			dg_json_set(o, "last_event", at > 0 ? json_integer(at) : json_null());
			dg_report_json(k->app, o);
			continue;
		}
		dg_buf_puts(&k->out, "sensor ");
		dg_buf_put_safe(&k->out, rows[i].sensor, strlen(rows[i].sensor));
		if (at > 0) {
			dg_buf_printf(&k->out, ": last event %s ago\n",
				dg_app_span(k->now > at ? k->now - at : 0, span));
		} else {
			dg_buf_puts(&k->out, ": nothing yet\n");
		}
	}
	return r;
}

/* What is not an episode any more, but still other people's mail. */
static int show_expired(struct look *k, struct dg_err *err)
{
	const char *line = NULL;
	int r = k->app->args->is_json ? 0 : dg_incident_expired(k->app, k->a, &line, err);

	if (line) {
		dg_buf_printf(&k->out, "%s\n", line);
	}
	return r;
}

/* One look; on the screen, or NULL: on standard output. */
static int show(struct dg_app *app, const char *only, struct dg_screen *screen, bool *ret_is_busy,
	struct dg_err *err)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	struct look k = {.app = app, .a = a, .only = only, .now = dg_loop_now(app->loop)};
	int r = dg_store_guards(app->store, a, &k.guards, &k.n_guards, err);

	r = r == 0 ? dg_store_watch_names(app->store, a, &k.names, &k.n_names, err) : r;
	if (r < 0) {
		return r;
	}
	dg_buf_init(&k.out, OUTPUT_MAX);
	r = walk(&k, err);
	r = r == 0 ? show_sensors(&k, err) : r;
	r = r == 0 && !only ? show_expired(&k, err) : r;
	if (r == 0 && only && k.n_shown == 0) {
		r = dg_fail(err, DG_EINPUT,
			"%s is not watched: `dnsguard status` lists the names that "
			"are",
			only);
	} else if (r == 0 && k.n_shown == 0 && !app->args->is_json) {
		dg_buf_puts(&k.out, "nothing is watched yet: start `dnsguard watch ZONE.YAML`\n");
	}
	if (r == 0 && screen) {
		dg_screen_draw(screen, k.out.data ? k.out.data : "");
	} else if (r == 0) {
		dg_app_out(app, &k.out);
		(void)fflush(stdout);
	}
	dg_buf_done(&k.out);
	*ret_is_busy = k.is_busy;
	return r;
}

/* --- live ------------------------------------------------------------------------------------------------- */
static int show_live(struct dg_app *app, const char *only, bool *ret_is_busy, struct dg_err *err)
{
	struct dg_screen *screen = NULL;
	int r = dg_screen_new(&screen, err);

	while (r == 0) {
		r = show(app, only, screen, ret_is_busy, err);
		if (r == 0 && dg_screen_wait(screen, REDRAW_MS)) {
			break;
		}
	}
	(void)dg_screen_free(screen);
	return r;
}

int dg_cmd_status(struct dg_app *app, const struct dg_args *args)
{
	const char *only = NULL;
	bool is_busy = false;
	struct dg_err err;
	int r = dg_app_open(app, false, &err);

	if (r == 0 && args->n_rest > 0) {
		r = dg_name_parse(
			app->arena, args->rest[0], strlen(args->rest[0]), ".", &only, &err);
	}
	if (r == 0) {
		r = args->is_live && !args->is_json ? show_live(app, only, &is_busy, &err)
						    : show(app, only, NULL, &is_busy, &err);
	}
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	return is_busy ? DG_EXIT_FINDINGS : DG_EXIT_OK;
}
