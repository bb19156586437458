#include "controller/serve/request.h"

#include "controller/serve/sieve.h"

#include <string.h>
#include <strings.h>

#define DIGITS_MAX 9u
#define FRAME      2u /* lines: the first and the empty one */

#define BAD           400
#define TOO_LONG      414
#define NOT_EXPECTED  417
#define TOO_MANY      431
#define NOT_KNOWN     501
#define WRONG_VERSION 505

static const char *const names[DG_REQUEST_N] = {
	[DG_REQUEST_HOST] = "host",
	[DG_REQUEST_CONTENT_LENGTH] = "content-length",
	[DG_REQUEST_CONTENT_TYPE] = "content-type",
	[DG_REQUEST_AUTHORIZATION] = "authorization",
	[DG_REQUEST_CONNECTION] = "connection",
	[DG_REQUEST_EXPECT] = "expect",
	[DG_REQUEST_IDEMPOTENCY_KEY] = "idempotency-key",
	[DG_REQUEST_WEBHOOK_ID] = "webhook-id",
	[DG_REQUEST_WEBHOOK_TIMESTAMP] = "webhook-timestamp",
	[DG_REQUEST_WEBHOOK_SIGNATURE] = "webhook-signature",
	[DG_REQUEST_TRANSFER_ENCODING] = "transfer-encoding",
};

static int refuse(int status, const char *why, const char **ret_why)
{
	*ret_why = why;
	return status;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 9110 section 5.6.2. */
static bool is_token(const char *s)
{
	size_t n = 0;

	for (; s[n]; n++) {
		if (!is_alnum(s[n]) && !strchr("!#$%&'*+-.^_`|~", s[n])) {
			return false;
		}
	}
	return n > 0;
}

int dg_request_octets(const struct dg_sieve *s, const char **ret_why)
{
	if (s->is_foul || !s->is_whole) {
		return refuse(BAD,
			"there is a control character in the head, or a line of it does not end "
			"with CRLF or is folded",
			ret_why);
	}
	if (s->n > DG_REQUEST_HEAD_MAX) {
		return refuse(TOO_MANY, "the head is too large", ret_why);
	}
	if (s->n_lines > DG_REQUEST_LINES_MAX + FRAME) {
		return refuse(TOO_MANY, "there are too many header lines", ret_why);
	}
	return 0;
}

int dg_request_version(int major, int minor, const char **ret_why)
{
	return major == 1 && minor == 1 ? 0
					: refuse(WRONG_VERSION, "HTTP/1.1 is spoken here", ret_why);
}

int dg_request_header(
	struct dg_request *r, const char *name, const char *value, const char **ret_why)
{
	if (!is_token(name)) {
		return refuse(BAD, "a header line is not NAME: VALUE", ret_why);
	}
	for (size_t i = 0; i < DG_REQUEST_N; i++) {
		if (strcasecmp(name, names[i]) != 0) {
			continue;
		}
		if (r->of[i]) {
			return refuse(BAD, "a header came twice", ret_why);
		}
		r->of[i] = value + strspn(value, " \t"); /* behind it evhttp took them off */
	}
	return 0;
}

static bool is_path(const char *path)
{
	if (path[0] != '/') {
		return false;
	}
	for (const char *p = path; *p; p++) {
		bool begins = p > path && p[-1] == '/';
		bool is_second = p > path && p[-1] == '.';

		if (!is_alnum(*p) && !strchr("/._-", *p)) {
			return false;
		}
		if ((begins && (*p == '.' || *p == '/')) || (is_second && *p == '.')) {
			return false;
		}
	}
	return true;
}

static int judge_length(const struct dg_request *r, size_t body_len, const char **ret_why)
{
	const char *text = r->of[DG_REQUEST_CONTENT_LENGTH];
	size_t said = 0;

	if (r->of[DG_REQUEST_TRANSFER_ENCODING]) {
		return refuse(NOT_KNOWN, "a body comes with Content-Length here", ret_why);
	}
	size_t n = text ? strspn(text, "0123456789") : 0;
	if (text && (n == 0 || text[n] != '\0' || n > DIGITS_MAX)) {
		return refuse(BAD, "Content-Length is not a length", ret_why);
	}
	for (size_t i = 0; i < n; i++) {
		said = said * 10 + (size_t)(text[i] - '0');
	}
	if (said != body_len) {
		return refuse(BAD, "no body is expected with that method", ret_why);
	}
	return 0;
}

int dg_request_judge(struct dg_request *r, const char *method, const char *path, size_t body_len,
	const char **ret_why)
{
	const char *connection = r->of[DG_REQUEST_CONNECTION];
	const char *expect = r->of[DG_REQUEST_EXPECT];

	r->method = method;
	r->path = path;
	r->is_last = connection && strcasecmp(connection, "keep-alive") != 0;
	if (!r->of[DG_REQUEST_HOST]) {
		return refuse(BAD, "there is no Host header", ret_why);
	}
	if (strlen(path) > DG_REQUEST_PATH_MAX) {
		return refuse(TOO_LONG, "the path is too long", ret_why);
	}
	if (!is_path(path)) {
		return refuse(BAD,
			"a path is made of / letters digits . _ and -, without a query and "
			"without percent-encoding",
			ret_why);
	}
	if (expect && strcasecmp(expect, "100-continue") != 0) {
		return refuse(NOT_EXPECTED, "that is not expected of a server", ret_why);
	}
	return judge_length(r, body_len, ret_why);
}
