/* controller/store/watch.h: what watching keeps: detectors, positions of sensors, guards, proposals, wishes, the outbox.
 *
 * Errors   As in store.h. Memory: results in the arena given.
 * Images   Blobs carry a version and a digest; one that cannot be read is as if it were not there, and says so once.
 */
#pragma once

#include "controller/store/store.h"

#include <stdbool.h>

/* --- detectors and sensors (one transaction: dg_store_begin() and dg_store_commit() around them) ---------- */
struct dg_watch_row {
	const char *name, *zone;
	const void *image; /* opaque to the store */
	size_t len;
};
int dg_store_watch_put(struct dg_store *s, const struct dg_watch_row *row, struct dg_err *err);
int dg_store_watch_drop(struct dg_store *s, const char *name, struct dg_err *err);
/* 0, or 1: none. */
int dg_store_watch_get(struct dg_store *s, struct dg_arena *a, const char *name,
	struct dg_watch_row *ret_row, struct dg_err *err);
int dg_store_watch_all(struct dg_store *s, struct dg_arena *a, struct dg_watch_row **ret_rows,
	size_t *ret_n, struct dg_err *err);
/* Names alone, in their order: of many, each image can be had by itself. */
int dg_store_watch_names(struct dg_store *s, struct dg_arena *a, const char ***ret_names,
	size_t *ret_n, struct dg_err *err);
int dg_store_position_put(
	struct dg_store *s, const char *sensor, const char *position, struct dg_err *err);
int dg_store_position_get(struct dg_store *s, struct dg_arena *a, const char *sensor,
	const char **ret_position, struct dg_err *err); /* 1: none */

/* What was watching when, for status: kept beside the positions. event_ms 0: nothing yet. */
struct dg_sensor_row {
	const char *sensor;
	int64_t event_ms;
};
int dg_store_sensor_put(
	struct dg_store *s, const char *sensor, int64_t event_ms, struct dg_err *err);
int dg_store_sensors(struct dg_store *s, struct dg_arena *a, struct dg_sensor_row **ret_rows,
	size_t *ret_n, struct dg_err *err);
int dg_store_sensors_forget(
	struct dg_store *s, struct dg_err *err); /* all; the hub writes those that are there */

/* --- guards ---------------------------------------------------------------------------------------------- */
struct dg_guard_row {
	const char *name, *zone, *document;
	const char *state; /* dg_guard_state_text() */
	const void *image; /* struct dg_guard, opaque */
	size_t len;
	const char *proposal; /* id of the plan that waits for a yes; NULL: none */
	const char *evidence; /* JSON; NULL */
	int64_t since, due;   /* Unix seconds; due 0: none */
};
int dg_store_guard_put(struct dg_store *s, const struct dg_guard_row *row, struct dg_err *err);
int dg_store_guard_get(struct dg_store *s, struct dg_arena *a, const char *name,
	struct dg_guard_row *ret_row, struct dg_err *err); /* 1: none */
int dg_store_guards_of(struct dg_store *s, struct dg_arena *a, const char *zone,
	struct dg_guard_row **ret_rows, size_t *ret_n, struct dg_err *err);
int dg_store_guards(struct dg_store *s, struct dg_arena *a, struct dg_guard_row **ret_rows,
	size_t *ret_n, struct dg_err *err);

/* --- wishes of people, obeyed by the runner --------------------------------------------------------------- */
struct dg_wish {
	int64_t id;
	const char *kind;     /* "approve", "stop", "release", "abused" */
	const char *name;     /* canonical; NULL: all (stop) */
	const char *proposal; /* approve: exactly this one */
	const char *who;
	int64_t at;
	const char *why; /* abused: by what it is known; else NULL */
};
int dg_store_wish_put(struct dg_store *s, const struct dg_wish *w, struct dg_err *err);
int dg_store_wishes(struct dg_store *s, struct dg_arena *a, struct dg_wish **ret_wishes,
	size_t *ret_n, struct dg_err *err);
int dg_store_wish_done(struct dg_store *s, int64_t id, struct dg_err *err);

/* --- the outbox ------------------------------------------------------------------------------------------- */
struct dg_letter {
	int64_t sequence; /* set by put; never used again */
	const char *hook; /* path */
	const char *body; /* JSON */
	int64_t at;
	unsigned n_tries;
};
int dg_store_letter_put(struct dg_store *s, struct dg_letter *l, struct dg_err *err);
int dg_store_letters(struct dg_store *s, struct dg_arena *a, size_t limit,
	struct dg_letter **ret_letters, size_t *ret_n, struct dg_err *err);
int dg_store_letter_tried(struct dg_store *s, int64_t sequence, bool is_done, struct dg_err *err);
