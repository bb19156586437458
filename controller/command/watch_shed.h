/* controller/command/watch_shed.h: which null-sender mail is refused at RCPT now: what shed: of the policies asks for, and the guard
 * says. Put once a second, so that what has ended is taken soon again.
 */
#pragma once

struct dg_hub;
struct dg_loop;
struct dg_runner;
struct dg_shed;
struct dg_watch_set;
struct dg_watch_shed;

/* NULL: no policy asks for it. All of it is borrowed. */
struct dg_watch_shed *dg_watch_shed_new(struct dg_loop *loop, const struct dg_watch_set *set,
	const struct dg_hub *hub, const struct dg_runner *runner);
struct dg_watch_shed *dg_watch_shed_free(struct dg_watch_shed *s); /* NULL is fine; returns NULL */
struct dg_shed *dg_watch_shed_list(struct dg_watch_shed *s);       /* NULL of NULL */
