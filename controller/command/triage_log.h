/* controller/command/triage_log.h: --log, the logs of one's own mail servers, read before the bounces. */
#pragma once

struct dg_app;
struct dg_arena;
struct dg_err;
struct dg_sendlog;

/* *ret_log: NULL without --log; dg_sendlog_free(). Texts in the arena. */
int dg_triage_log(
	struct dg_app *app, struct dg_arena *a, struct dg_sendlog **ret_log, struct dg_err *err);
