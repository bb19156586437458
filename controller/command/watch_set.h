/* controller/command/watch_set.h: all that the policies of a watch say, read once.
 *
 * Memory   In an arena of its own: dg_watch_set_free().
 */
#pragma once

#include "controller/watch/sensor.h"

struct dg_app;
struct dg_policy;

#define DG_WATCH_SENSORS_MAX 64u

struct dg_watch_ear {
	const struct dg_sensor_ops *ops;
	const char *key, *what;
	struct dg_pos pos;
	struct dg_sensor *sensor;
};

/* All that the policies say; made anew when they are read again. */
struct dg_fleet;

struct dg_watch_set {
	struct dg_fleet *fleet; /* what the places in the policies point into */
	struct dg_arena *arena;
	struct dg_policy **policies;
	const char **documents;
	size_t n, cap;
	struct dg_watch_ear ears[DG_WATCH_SENSORS_MAX];
	size_t n_ears;
	unsigned moves; /* the smallest of all */
};

/* As they are now, from the paths of the command line. Broken ones: nothing is taken of any. */
int dg_watch_set_read(struct dg_app *app, struct dg_watch_set **ret_set, struct dg_err *err);
struct dg_watch_set *dg_watch_set_free(struct dg_watch_set *s); /* NULL is fine; returns NULL */
