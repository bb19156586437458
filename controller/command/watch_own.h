/* controller/command/watch_own.h: what the policies of a watch say of what is ours (controller/watch/own.h). */
#pragma once

struct dg_app;
struct dg_err;
struct dg_own;
struct dg_resolver;
struct dg_watch_set;

struct dg_watch_own {
	struct dg_own *own; /* NULL: no sensor reads whole messages */
	struct dg_resolver *resolver;
};

/* set must outlive it. DG_EINPUT, DG_EIO: a file of keys or recipients cannot be read. */
int dg_watch_own_open(struct dg_app *app, struct dg_watch_set *set, struct dg_watch_own *ret_own,
	struct dg_err *err);
void dg_watch_own_close(struct dg_watch_own *o);
