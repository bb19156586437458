/* controller/watch/line_log.h: a mail log of this host, followed for a controller on another one.
 *
 * Shape    The log sensor (sensor.h) with a hub that passes events on. Where to read on is kept by the controller, in the same checkpoint
 *          as the events, so it begins once a controller is there. It is the one sensor that waits: the log stands on disk.
 * Errors   DG_EINPUT, DG_EIO: the log cannot be followed.
 */
#pragma once

struct dg_err;
struct dg_line_client;

/* Until SIGTERM or SIGINT, which it blocks. tell: for people. */
int dg_line_log_run(const char *path, struct dg_line_client *client,
	void (*tell)(void *arg, const char *text), void *arg, struct dg_err *err);
