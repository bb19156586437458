/* controller/serve/audit.h: who asked what, when, with what result: one JSON object a line, in audit.jsonl of the state folder.
 *
 * Shape    {"at": Unix seconds, "who": ..., "from": "uid 1000" or an address,
 *          "certificate": {"subject": ..., "sha256": ...} or null (of the client, by TLS), "what": "apply", "domain": ..., "status": 202, "job": 17}
 *          Never a header, never a body: no secret can stand in it.
 * Order    What changes something is written and on disk (dg_audit_sync()) before it is answered; a log that cannot be written
 *          refuses the request.
 * Rotation dg_audit_reopen() (SIGHUP).
 */
#pragma once

#include "zones/base/err.h"

#include <stdint.h>

struct dg_audit;
struct dg_tls_peer;

struct dg_audit_line {
	int64_t at;
	const char *who, *from, *what;
	const struct dg_tls_peer *certificate; /* NULL: none */
	const char *domain;                    /* NULL: none */
	int status;
	int64_t job; /* 0: none */
};

int dg_audit_open(const char *state_dir, struct dg_audit **ret_audit, struct dg_err *err);
struct dg_audit *dg_audit_close(struct dg_audit *a);
int dg_audit_reopen(struct dg_audit *a, struct dg_err *err);
int dg_audit_put(struct dg_audit *a, const struct dg_audit_line *line, struct dg_err *err);
int dg_audit_sync(struct dg_audit *a, struct dg_err *err);
