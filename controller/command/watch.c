/* watch: the process that stays. Sensors to the hub, the hub to the guard, one line an event worth telling. */
#include "controller/store/watch.h"
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/incident.h"
#include "controller/command/report.h"
#include "controller/command/watch_own.h"
#include "controller/command/watch_set.h"
#include "controller/command/watch_shed.h"
#include "controller/command/watching.h"
#include "controller/guard/runner.h"
#include "controller/watch/service.h"
#include "controller/watch/wake.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"
#include "zones/policy/policy.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_OF ((size_t)64 << 10)
#define READY_MS    5000 /* between two times that the guard is told the same */
#define ABUSED_MS   3600000
#define DAY_MS      86400000

/* What one mail name has besides the hub's. */
struct charge {
	struct watching *w;
	const char *parent; /* of a subdomain that mail moves to: its mail name; NULL */
	unsigned label;     /* parent: which of its names */
	enum dg_guard_mode mode;
	unsigned genuine_max; /* letters a day */
	enum dg_alarm told;
	int64_t ready_ms; /* mono */
	int64_t abused_ms;
};

struct watching {
	struct dg_app *app;
	struct dg_watch_set *set;
	struct dg_hub *hub;
	struct dg_runner *runner;
	struct dg_watch_shed *shed; /* NULL: nothing is refused */
	struct dg_service *service;
	struct dg_wake *wake;
	struct dg_watch_own own;
	struct dg_timer *daily;
	int lock_fd;
	int status;
};

/* --- saying ------------------------------------------------------------------------------------------- */
static const char *shown(const char *name, char buf[256])
{
	size_t n = strlen(name);

	(void)snprintf(buf, 256, "%.*s", (int)(n > 1 ? n - 1 : n), name);
	return buf;
}

/* One line, at once: who reads may be waiting for it. */
static void say_line(struct watching *w, const char *name, const char *event, const char *text)
{
	char when[32];
	char shorter[256];
	struct dg_buf b;

	dg_buf_init(&b, LINE_MAX_OF);
	dg_buf_printf(&b, "%s  ", dg_app_time(dg_loop_now(w->app->loop), when));
	dg_buf_printf(&b, "%s: ", name ? shown(name, shorter) : "dnsguard");
	dg_buf_puts(&b, event ? event : "");
	dg_buf_puts(&b, event && *text != '\0' ? ": " : "");
	dg_buf_put_safe(&b, text, strlen(text));
	dg_buf_putc(&b, '\n');
	dg_app_out(w->app, &b);
	dg_buf_done(&b);
	(void)fflush(stdout);
}

static void say_json(struct watching *w, json_t *o)
{
	dg_json_set(o, "at", json_integer(dg_loop_now(w->app->loop)));
	dg_report_json(w->app, o);
	(void)fflush(stdout);
}

static void say(
	struct watching *w, const char *type, const char *key, const char *name, const char *text)
{
	if (w->app->args->is_json) {
		json_t *o = json_pack("{s:s}", "type", type);

		dg_json_set(o, key, dg_json_text(name));
		dg_json_set(o, "text", dg_json_text(text));
		say_json(w, o);
	} else {
		say_line(w, strcmp(key, "name") == 0 ? name : NULL,
			strcmp(key, "sensor") == 0 ? name : NULL, text);
	}
}

static void on_guard(void *arg, const char *name, const char *text)
{
	say(arg, "guard", "name", name, text);
}

static void on_sensor(void *arg, const char *sensor, const char *text)
{
	say(arg, "sensor", "sensor", sensor, text);
}

static void on_trouble(void *arg, const char *text)
{
	say(arg, "trouble", "name", NULL, text);
}

static void say_level(struct watching *w, const struct dg_watched *name)
{
	int64_t now_ms = dg_loop_now(w->app->loop) * 1000;
	const char *event =
		name->level == DG_ALARM_CALM ? "quiet" : dg_watching_level_text(name->level);

	if (w->app->args->is_json) {
		json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "type", "level", "event", event,
			"zone", name->zone, "name", name->name);
		dg_watching_json(o, name, now_ms);
		say_json(w, o);
		return;
	}
	struct dg_buf b;
	dg_buf_init(&b, LINE_MAX_OF);
	dg_watching_evidence(&b, name, now_ms);
	say_line(w, name->name, event, b.data ? b.data : "");
	dg_buf_done(&b);
}

/* --- levels to the guard --------------------------------------------------------------------------------- */
static void tell_guard(struct watching *w, const struct dg_watched *name,
	enum dg_guard_event_kind kind, bool has_floor)
{
	int64_t now_ms = dg_loop_now(w->app->loop) * 1000;
	const struct dg_heat *h = dg_watched_heat(name);
	const struct charge *c = name->user;
	struct dg_buf b;

	dg_buf_init(&b, LINE_MAX_OF);
	dg_watching_evidence(&b, name, now_ms);
	struct dg_runner_evidence e = {
		.text = b.data ? b.data : "",
		.n_foreign = h ? h->n_foreign : 0,
		.n_unknown = h ? h->n_unknown : 0,
		.n_own = h ? h->n_own : 0,
		.n_reporters = h ? (uint32_t)lround(dg_distinct_count(&h->reporters)) : 0,
		.n_recipients = h ? (uint32_t)lround(dg_distinct_count(&h->recipients)) : 0,
		.genuine = (uint32_t)lround(dg_watched_genuine_at(name, now_ms)),
		.score = name->detector.score,
		.has_floor = has_floor,
		.asks_first = dg_watched_genuine_at(name, now_ms) > c->genuine_max,
	};
	if (c->parent) {
		dg_runner_followed(w->runner, c->parent, c->label, &e);
	} else {
		dg_runner_event(w->runner, name->name, kind, &e);
	}
	dg_buf_done(&b);
}

static void on_mail(
	void *arg, struct dg_watched *name, const struct dg_mail_event *e, enum dg_arrival class)
{
	struct watching *w = arg;
	const struct charge *c = name->user;
	struct dg_runner_mail m = {.at_ms = e->at_ms,
		.is_at_label = c->parent != NULL,
		.label = c->label,
		.is_genuine = e->kind == DG_MAIL_RECEIVED,
		.weight = dg_arrival_weight(class)};

	dg_runner_heard(w->runner, c->parent ? c->parent : name->name, &m);
}

static enum dg_guard_event_kind kind_of(enum dg_alarm level)
{
	switch (level) {
	case DG_ALARM_CALM:
		break;
	case DG_ALARM_NOTICE:
		return DG_GUARD_EV_NOTICE;
	case DG_ALARM_ALARM:
		return DG_GUARD_EV_ALARM;
	}
	return DG_GUARD_EV_QUIET;
}

static void on_level(void *arg, struct dg_watched *name)
{
	struct watching *w = arg;
	struct charge *c = name->user;
	int64_t mono = dg_loop_mono_ms(w->app->loop);
	bool is_new = name->level != c->told;

	if (is_new) {
		c->told = name->level;
		say_level(w, name);
	}
	if (is_new && !c->parent) {
		tell_guard(w, name, kind_of(name->level), false);
	}
	if (name->level == DG_ALARM_ALARM && (c->ready_ms == 0 || mono - c->ready_ms >= READY_MS) &&
		!dg_watched_missing(name, dg_loop_now(w->app->loop) * 1000)) {
		c->ready_ms = mono;
		tell_guard(w, name, c->parent ? DG_GUARD_EV_FOLLOWED : DG_GUARD_EV_READY, true);
	}
}

/* The guard holds the name then: a split would not help, mail has to flow. */
static void on_abuse(void *arg, struct dg_watched *name, enum dg_abuse_kind kind)
{
	struct watching *w = arg;
	struct charge *c = name->user;
	int64_t mono = dg_loop_mono_ms(w->app->loop);
	struct dg_buf b;

	if (c->abused_ms != 0 && mono - c->abused_ms < ABUSED_MS) {
		return;
	}
	c->abused_ms = mono;
	dg_buf_init(&b, LINE_MAX_OF);
	dg_watching_abuse(&b, name, kind);
	say(w, "abuse", "name", name->name, b.data);
	const struct dg_runner_evidence e = {.text = b.data};
	dg_runner_event(w->runner, c->parent ? c->parent : name->name, DG_GUARD_EV_ABUSED, &e);
	dg_buf_done(&b);
}

/* --- begin and end ----------------------------------------------------------------------------------------------- */
static bool is_never(const struct dg_policy *p, const char *name)
{
	for (size_t i = 0; i < p->never.n; i++) {
		if (strcmp(p->never.list[i].text, name) == 0) {
			return true;
		}
	}
	return false;
}

static int watch_name(struct watching *w, const struct dg_policy *p, const char *name,
	const struct charge *as, struct dg_err *err)
{
	struct dg_watched *watched = NULL;
	int r = dg_hub_add(w->hub, p->zone, name, &watched, err);

	if (r == 0 && !watched->user) {
		struct charge *c = dg_new(w->set->arena, struct charge);

		*c = *as;
		c->w = w;
		c->genuine_max = p->watch.genuine_max;
		c->told = watched->level;
		watched->user = c;
	}
	return r;
}

static int add_mail(struct watching *w, const struct dg_policy *p, const char *document,
	const struct dg_mail_spec *m, struct dg_err *err)
{
	const struct dg_split_spec *split = is_never(p, m->name) ? NULL : m->split;
	size_t n_labels = m->split ? dg_split_n_labels(m->split) : 0;
	const char **labels = dg_newn(w->set->arena, const char *, n_labels);
	struct dg_runner_name n = {.zone = p->zone,
		.name = m->name,
		.document = document,
		.labels = split ? labels : NULL,
		.hooks = p->watch.hooks,
		.n_hooks = p->watch.n_hooks};
	struct charge c = {.mode = DG_GUARD_MODE_NEVER};

	dg_runner_times(split, &n);
	c.mode = n.limits.mode;
	int r = watch_name(w, p, m->name, &c, err);
	c = (struct charge){.parent = m->name, .mode = DG_GUARD_MODE_NEVER};
	for (; r == 0 && c.label < n_labels; c.label++) {
		labels[c.label] = dg_split_label(m->split, c.label);
		r = watch_name(w, p, labels[c.label], &c, err);
	}
	return r < 0 ? r : dg_runner_add(w->runner, &n, err);
}

static int add_zone(struct watching *w, size_t at, struct dg_err *err)
{
	const struct dg_policy *p = w->set->policies[at];
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_mail; i++) {
		r = add_mail(w, p, w->set->documents[at], &p->mail[i], err);
	}
	return r;
}

static int open_ears(struct watching *w, struct dg_err *err)
{
	struct dg_sensor_host host = {.loop = w->app->loop,
		.hub = w->hub,
		.shed = dg_watch_shed_list(w->shed),
		.tell = on_sensor,
		.arg = w,
		.own = w->own.own};

	for (size_t i = 0; i < w->set->n_ears; i++) {
		struct dg_watch_ear *e = &w->set->ears[i];
		int r = e->ops->open(&host, e->key, e->what, &e->sensor, err);

		if (r < 0) {
			return err->pos.line == 0 ? dg_wrap(err, r, "%s", e->key) : r;
		}
	}
	return 0;
}

static void say_what_is_watched(struct watching *w)
{
	static const char *const modes[] = {
		"never: watched only", "approved: a person is asked", "automatic: split by itself"};
	static const char *const codes[] = {"never", "approved", "automatic"};

	for (size_t i = 0; i < w->set->n_ears; i++) {
		say(w, "sensor", "sensor", w->set->ears[i].key, "is open");
	}
	for (size_t i = 0; dg_hub_at(w->hub, i); i++) {
		const struct dg_watched *name = dg_hub_at(w->hub, i);
		const struct charge *c = name->user;

		if (c->parent) {
			continue;
		}
		if (w->app->args->is_json) {
			json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", "watching",
				"zone", name->zone, "name", name->name, "mode", codes[c->mode],
				"level", dg_watching_level_text(name->level));
			say_json(w, o);
		} else {
			say_line(
				w, name->name, dg_watching_level_text(name->level), modes[c->mode]);
		}
	}
}

static void finish(struct watching *w)
{
	for (size_t i = 0; w->set && i < w->set->n_ears; i++) {
		if (w->set->ears[i].sensor) {
			w->set->ears[i].sensor = w->set->ears[i].ops->close(w->set->ears[i].sensor);
		}
	}
	dg_watch_own_close(&w->own);
	w->shed = dg_watch_shed_free(w->shed);
	w->hub = dg_hub_free(w->hub);
	w->wake = dg_wake_free(w->wake);
	w->daily = dg_timer_cancel(w->daily);
	w->runner = dg_runner_free(w->runner);
	w->set = dg_watch_set_free(w->set);
}

/* Evidence is other people's mail: that it has been kept long enough is said, and a person deletes it. */
static void on_day(void *arg)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new((size_t)64 << 20);
	struct watching *w = arg;
	const char *line = NULL;
	struct dg_err err;

	if (dg_incident_expired(w->app, a, &line, &err) < 0) {
		dg_app_complain(w->app, &err);
	} else if (line) {
		say(w, "retention", "name", NULL, line);
	}
	w->daily = dg_loop_after_ms(w->app->loop, DAY_MS, on_day, w);
}

static void on_wake(void *arg)
{
	const struct watching *w = arg;

	dg_runner_look(w->runner);
}

static int start(struct watching *w, struct dg_watch_set *take_set, struct dg_err *err)
{
	char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	struct dg_hub_options hub = {.loop = w->app->loop,
		.store = w->app->store,
		.on_level = on_level,
		.on_mail = on_mail,
		.on_abuse = on_abuse,
		.on_trouble = on_trouble,
		.arg = w};
	struct dg_runner_options runner = {.loop = w->app->loop,
		.store = w->app->store,
		.max_moves = take_set->moves,
		.has_no_smtp = w->app->args->is_no_smtp,
		.tell = on_guard,
		.arg = w};

	w->set = take_set;
	program[n > 0 ? n : 0] = '\0';
	runner.program = dg_strdup(take_set->arena, program);
	char *whole = realpath(w->app->state_dir, NULL);
	runner.state_dir = dg_strdup(take_set->arena, whole ? whole : w->app->state_dir);
	free(whole);
	int r = dg_hub_new(&hub, &w->hub, err);
	r = r == 0 ? dg_runner_new(&runner, &w->runner, err) : r;
	for (size_t i = 0; r == 0 && i < w->set->n; i++) {
		r = add_zone(w, i, err);
	}
	r = r == 0 ? dg_hub_forget_others(w->hub, err) : r;
	r = r == 0 ? dg_watch_own_open(w->app, w->set, &w->own, err) : r;
	for (size_t i = 0; r == 0 && i < w->set->n_ears; i++) {
		dg_hub_sensor(w->hub, w->set->ears[i].key); /* when each last heard something */
	}
	r = r == 0 ? dg_store_sensors_forget(w->app->store, err)
		   : r; /* the next checkpoint has those of now */
	if (r == 0) {
		w->shed = dg_watch_shed_new(w->app->loop, w->set, w->hub, w->runner);
		r = open_ears(w, err);
	}
	r = r == 0 ? dg_hub_checkpoint(w->hub, err) : r; /* status knows them from now on */
	if (r == 0) {
		w->wake = dg_wake_new(w->app->loop, runner.state_dir, on_wake, w);
		say_what_is_watched(w);
		on_day(w);
	}
	return r;
}

static void on_end(void *arg)
{
	struct watching *w = arg;

	dg_service_notify("STOPPING=1");
	dg_loop_stop(w->app->loop);
}

/* What is watched now goes on when the new policies cannot be read. */
static void on_reload(void *arg)
{
	struct watching *w = arg;
	struct dg_watch_set *set = NULL;
	struct dg_err err;
	int r = dg_watch_set_read(w->app, &set, &err);

	if (r < 0) {
		dg_app_complain(w->app, &err);
		on_trouble(w, "the policies are as before: they could not be read again");
		return;
	}
	finish(w); /* all is on disk, and begins where it ended */
	r = start(w, set, &err);
	if (r < 0) {
		dg_app_complain(w->app, &err);
		w->status = dg_app_exit_of(&err);
		dg_loop_stop(w->app->loop);
	}
}

int dg_cmd_watch(struct dg_app *app, const struct dg_args *args)
{
	struct watching w = {.app = app, .lock_fd = -1};
	struct dg_watch_set *set = NULL;
	struct dg_err err;
	int r = dg_app_open(app, true, &err);

	(void)args;
	r = r == 0 ? dg_service_lock(app->state_dir, "watch", &w.lock_fd, &err) : r;
	r = r == 0 ? dg_watch_set_read(app, &set, &err) : r;
	if (r == 0) {
		w.service = dg_service_new(app->loop, on_end, on_reload, &w);
		r = start(&w, set, &err);
	}
	if (r == 0) {
		dg_service_notify("READY=1");
		dg_loop_run(app->loop);
	} else {
		dg_app_complain(app, &err);
		w.status = dg_app_exit_of(&err);
	}
	finish(&w);
	w.service = dg_service_free(w.service);
	if (w.lock_fd >= 0) {
		(void)close(w.lock_fd);
	}
	return w.status;
}
