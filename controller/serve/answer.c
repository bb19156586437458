#include "controller/serve/answer.h"

#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX   ((size_t)48 << 20)
#define DIGITS_MAX 16u

static void send_json(struct dg_call *c, int status, const char *type, struct dg_door_header header,
	json_t *take_object)
{
	struct dg_buf b;

	dg_buf_init(&b, BODY_MAX);
	dg_json_put(&b, take_object);
	dg_buf_putc(&b, '\n');
	if (b.is_full) { /* bounded by what is kept of a job: not reached */
		abort();
	}
	dg_door_answer(c, status, type, header, b.data, b.len);
	dg_buf_done(&b);
}

void dg_answer_json(struct dg_call *c, int status, json_t *take_object, const char *location)
{
	const struct dg_door_header header = {location ? "Location" : NULL, location};

	send_json(c, status, "application/json", header, take_object);
}

static const char *title(int status)
{
	switch (status) {
	case 400:
		return "the request cannot be read";
	case 401:
		return "who asks is not known";
	case 403:
		return "that is not allowed";
	case 404:
		return "there is no such thing";
	case 405:
		return "that cannot be done to it";
	case 409:
		return "something else stands there";
	case 422:
		return "what is asked for makes no sense";
	case 429:
		return "too often";
	case 503:
		return "not now";
	default:
		return "the request is not taken";
	}
}

void dg_answer_problem(struct dg_call *c, int status, const char *code,
	struct dg_door_header header, const char *detail)
{
	json_t *o = json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title", title(status),
		"status", status, "code", code);

	dg_json_set(o, "detail", dg_json_text(detail));
	send_json(c, status, "application/problem+json", header, o);
}

void dg_answer_later(
	struct dg_call *c, int status, const char *code, unsigned seconds, const char *detail)
{
	char text[DIGITS_MAX];

	(void)snprintf(text, sizeof(text), "%u", seconds);
	dg_answer_problem(c, status, code, (struct dg_door_header){"Retry-After", text}, detail);
}

int dg_answer_status_of(const struct dg_err *err)
{
	switch (err->rc) {
	case DG_EINPUT:
		return 422;
	case DG_EPOLICY:
		return 403;
	case DG_ECONFLICT:
		return 409;
	case DG_OK:
	case DG_EREMOTE:
	case DG_EIO:
	case DG_ELIMIT:
		break;
	}
	return 503;
}

const char *dg_answer_code_of(const struct dg_err *err)
{
	switch (err->rc) {
	case DG_EINPUT:
		return "input";
	case DG_EPOLICY:
		return "policy";
	case DG_ECONFLICT:
		return "conflict";
	case DG_EREMOTE:
		return "remote";
	case DG_ELIMIT:
		return "limit";
	case DG_OK:
	case DG_EIO:
		break;
	}
	return "io";
}

void dg_answer_error(struct dg_call *c, const struct dg_err *err)
{
	char line[DG_ERR_TEXT_MAX + 1200];
	int status = dg_answer_status_of(err);

	(void)dg_err_line(err, line, sizeof(line));
	if (status == 503) {
		dg_answer_later(c, status, dg_answer_code_of(err),
			err->retry_after_s > 0 ? err->retry_after_s : 10, line);
	} else {
		dg_answer_problem(c, status, dg_answer_code_of(err),
			(struct dg_door_header){NULL, NULL}, line);
	}
}
