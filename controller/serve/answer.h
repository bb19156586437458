/* controller/serve/answer.h: answers as JSON, and problems (RFC 9457).
 *
 * Shape    {"type": "about:blank", "title": ..., "status": 409, "detail": ..., "code": "conflict"}, as application/problem+json.
 */
#pragma once

#include "controller/serve/door.h"

#include <jansson.h>

/* The object is taken. location: a path; NULL: none. */
void dg_answer_json(struct dg_call *c, int status, json_t *take_object, const char *location);
void dg_answer_problem(struct dg_call *c, int status, const char *code,
	struct dg_door_header header, const char *detail);
/* With Retry-After. */
void dg_answer_later(
	struct dg_call *c, int status, const char *code, unsigned seconds, const char *detail);
/* By the error's code: 422, 409, 403, 503. */
void dg_answer_error(struct dg_call *c, const struct dg_err *err);
int dg_answer_status_of(const struct dg_err *err);
const char *dg_answer_code_of(const struct dg_err *err);
