#include "controller/command/watch_set.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/engine/fleet.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/policy/policy.h"

#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX ((size_t)1 << 30)
#define WORDS_MAX  ((size_t)4 << 10)

struct dg_watch_set *dg_watch_set_free(struct dg_watch_set *s)
{
	if (s) {
		(void)dg_fleet_close(s->fleet);
		(void)dg_arena_free(s->arena);
	}
	return NULL;
}

static int add_ear(struct dg_watch_set *s, const struct dg_sensor_spec *spec, struct dg_err *err)
{
	const struct dg_sensor_ops *ops = dg_sensor_find(spec->kind);
	const char *key = dg_printf(s->arena, "%s %s", spec->kind, spec->what);

	if (!ops) {
		struct dg_buf b;

		dg_buf_init(&b, WORDS_MAX);
		for (size_t i = 0; (ops = dg_sensor_at(i)) != NULL; i++) {
			dg_buf_printf(&b, "%s%s", i > 0 ? ", " : "", ops->name);
		}
		(void)dg_fail_at(err, &spec->pos, DG_EINPUT,
			"found the sensor '%.40s', expected one of %s", spec->kind, b.data);
		dg_buf_done(&b);
		return DG_EINPUT;
	}
	for (size_t i = 0; i < s->n_ears; i++) {
		if (strcmp(s->ears[i].key, key) == 0) {
			return 0;
		}
	}
	if (s->n_ears == DG_WATCH_SENSORS_MAX) {
		return dg_fail_at(
			err, &spec->pos, DG_ELIMIT, "more than %u sensors", DG_WATCH_SENSORS_MAX);
	}
	s->ears[s->n_ears++] =
		(struct dg_watch_ear){.ops = ops, .key = key, .what = spec->what, .pos = spec->pos};
	return 0;
}

static int add_policy(
	struct dg_watch_set *s, struct dg_policy *p, const char *document, struct dg_err *err)
{
	int r = 0;

	if (s->n == s->cap) {
		size_t cap = s->cap > 0 ? 2 * s->cap : 16;
		struct dg_policy **policies = dg_newn(s->arena, struct dg_policy *, cap);
		const char **documents = dg_newn(s->arena, const char *, cap);

		for (size_t i = 0; i < s->n; i++) {
			policies[i] = s->policies[i];
			documents[i] = s->documents[i];
		}
		s->policies = policies;
		s->documents = documents;
		s->cap = cap;
	}
	char *whole = realpath(document, NULL);
	s->documents[s->n] = dg_strdup(s->arena, whole ? whole : document);
	s->policies[s->n++] = p;
	free(whole);
	for (size_t i = 0; r == 0 && i < p->watch.n_sensors; i++) {
		r = add_ear(s, &p->watch.sensors[i], err);
	}
	s->moves = s->moves == 0 || p->watch.moves < s->moves ? p->watch.moves : s->moves;
	return r;
}

int dg_watch_set_read(struct dg_app *app, struct dg_watch_set **ret_set, struct dg_err *err)
{
	struct dg_arena *a = dg_arena_new(MEMORY_MAX);
	struct dg_watch_set *s = dg_new(a, struct dg_watch_set);
	int r = dg_app_open_fleet(app, app->args->rest, app->args->n_rest, err);

	*s = (struct dg_watch_set){.arena = a};
	while (r == 0) {
		struct dg_policy *p = NULL;
		const char *document = NULL;

		r = dg_fleet_next(app->fleet, a, &p, &document, err);
		r = r == 0 ? add_policy(s, p, document, err) : r;
	}
	/* Places in the policies point into it. */
	s->fleet = app->fleet;
	app->fleet = NULL;
	if (r == 1 && s->n_ears == 0) {
		r = dg_fail(err, DG_EINPUT,
			"no zone names a sensor; expected for example watch: {sensors: [{log: "
			"/var/log/mail.log}]}");
	}
	if (r < 0) {
		err->pos.file = err->pos.file ? dg_strdup(app->arena, err->pos.file) : NULL;
		(void)dg_watch_set_free(s);
		return r;
	}
	*ret_set = s;
	return 0;
}
