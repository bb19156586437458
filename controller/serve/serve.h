/* controller/serve/serve.h: the process that a registrar's platform talks to: door, desk and work on one loop.
 *
 * Shape    The work runs the loop while it has something to do, and the loop is run alone while it has not. So there is one engine, with
 *          one journal, and requests are answered meanwhile.
 * End      After the batch at hand; jobs that wait are gone on with next time.
 */
#pragma once

#include "controller/serve/tls.h"
#include "controller/watch/line_socket.h"
#include "zones/base/err.h"

#include <stdint.h>

struct dg_loop;
struct dg_serve;
struct dg_store;

#define DG_SERVE_RATE 500u /* requests a second of one caller */
#define DG_SERVE_KEEP_S \
	((int64_t)30 * 86400) /* jobs, and keys that make a second try the same request */

struct dg_serve_options {
	struct dg_loop *loop;
	struct dg_store *store;
	const char *state_dir;
	const char *zones;          /* folder of the domains' policies */
	const char *templates;      /* folder; NULL: none */
	const char *webhook_secret; /* file; NULL: no events are taken */
	struct dg_tls_files tls;
	struct dg_line_place place;
	uint32_t rate;      /* 0: DG_SERVE_RATE */
	uint32_t queue_max; /* 0: DG_DESK_QUEUE_MAX */
	int64_t verify_ms;
	void (*tell)(void *arg, const char *text);
	void *tell_arg;
};

/* Everything is read and checked before it listens. */
int dg_serve_open(
	const struct dg_serve_options *o, struct dg_serve **ret_serve, struct dg_err *err);
int dg_serve_run(struct dg_serve *s, struct dg_err *err); /* until dg_serve_end() */
void dg_serve_end(struct dg_serve *s);
/* The templates, the secret and the certificates again, and the audit log by its name. What cannot be read leaves things as they were. */
int dg_serve_reload(struct dg_serve *s, struct dg_err *err);
struct dg_serve *dg_serve_close(struct dg_serve *s);
