/* controller/command/app.h: what a command stands on: loop, store, providers, the engine, and how to speak.
 *
 * Calls    dg_app_open() makes what the command needs; dg_app_close() ends it. Only this layer prints.
 */
#pragma once

#include "controller/engine/engine.h"

#include <stdbool.h>
#include <stdio.h>

struct dg_args;
struct dg_arena;
struct dg_buf;
struct dg_fleet;
struct dg_pool;
struct dg_store;

struct dg_app {
	struct dg_arena *arena;
	const struct dg_args *args;
	const char *command_line; /* for the journal */
	const char *state_dir;
	struct dg_loop *loop;
	struct dg_store *store;
	struct dg_pool *pool;
	struct dg_engine engine;
	struct dg_fleet *fleet;
	bool has_colour;  /* of stdout */
	bool is_terminal; /* stdin and stderr: a person can be asked, and sees progress */
	bool has_progress_line;
	bool is_adopting; /* a transaction that notes what already stands as wanted */
	size_t n_shown;
	size_t n_relays_bad; /* addresses of MX hosts that were asked (--open-relay) and not seen to refuse strangers */
};

/* can_write: the journal is opened for writing, the engine may send. */
int dg_app_open(struct dg_app *app, bool can_write, struct dg_err *err);
int dg_app_open_fleet(struct dg_app *app, const char *const *paths, size_t n, struct dg_err *err);
void dg_app_close(struct dg_app *app);

const char *dg_app_who(struct dg_app *app); /* "alice@host" */
/* Begins a run in the journal: who, when, with which command line. */
int dg_app_run_start(struct dg_app *app, struct dg_err *err);
int dg_app_run_end(struct dg_app *app, const char *result, struct dg_err *err);

void dg_app_complain(struct dg_app *app,
	const struct dg_err
		*err); /* "dnsguard: place: text" on stderr; with --json also an error line */
int dg_app_exit_of(const struct dg_err *err);                /* 1 or 2 */
void dg_app_out(struct dg_app *app, const struct dg_buf *b); /* stdout */
/* A line for people: on stdout, with --json on stderr. */
void dg_app_say(struct dg_app *app, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void dg_app_progress(struct dg_app *app, const char *fmt, ...) __attribute__((
	format(printf, 2, 3))); /* one line on a terminal's stderr, replaced by the next */
void dg_app_progress_end(struct dg_app *app);
/* Yes or no on the terminal; no terminal: DG_EINPUT says which options to give. 0 yes, 1 no. */
int dg_app_ask(struct dg_app *app, const char *question, struct dg_err *err);
/* "2026-11-22 20:13:05 UTC". In buf, returned. */
const char *dg_app_time(int64_t t, char buf[32]);
/* "1 h 5 min". */
const char *dg_app_span(int64_t seconds, char buf[32]);
