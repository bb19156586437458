/* controller/command/triage.h: a triage inside another command, with the options of its command line. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dg_app;
struct dg_case;
struct dg_err;
struct dg_evidence;
struct dg_ruling;

struct dg_triage_take {
	const char *const *sources; /* as those of `triage` */
	size_t n_sources;
	void (*on_bounce)(void *arg, uint64_t number, const char *name, const struct dg_evidence *e,
		const struct dg_ruling *r);
	int (*on_case)(void *arg, const struct dg_case *c,
		struct dg_err *err); /* at the end; what it returns is passed on */
	void *arg;
};

/* Complains of messages that are skipped, as `triage` does. */
int dg_triage_take(struct dg_app *app, const struct dg_triage_take *take, struct dg_err *err);
