#include "controller/serve/head.h"

#include <string.h>
#include <strings.h>

#define METHOD_MAX 16u
#define DIGITS_MAX 9u

#define BAD           400
#define TOO_LONG      414
#define NOT_EXPECTED  417
#define TOO_MANY      431
#define NOT_KNOWN     501
#define WRONG_VERSION 505

static const char *const names[DG_HEAD_N] = {
	[DG_HEAD_HOST] = "host",
	[DG_HEAD_CONTENT_LENGTH] = "content-length",
	[DG_HEAD_CONTENT_TYPE] = "content-type",
	[DG_HEAD_AUTHORIZATION] = "authorization",
	[DG_HEAD_CONNECTION] = "connection",
	[DG_HEAD_EXPECT] = "expect",
	[DG_HEAD_IDEMPOTENCY_KEY] = "idempotency-key",
	[DG_HEAD_WEBHOOK_ID] = "webhook-id",
	[DG_HEAD_WEBHOOK_TIMESTAMP] = "webhook-timestamp",
	[DG_HEAD_WEBHOOK_SIGNATURE] = "webhook-signature",
	[DG_HEAD_TRANSFER_ENCODING] = "transfer-encoding",
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

size_t dg_head_end(const char *text, size_t len)
{
	const char *at = text;

	while ((at = memchr(at, '\r', len - (size_t)(at - text))) != NULL) {
		size_t rest = len - (size_t)(at - text);

		if (rest >= 4 && memcmp(at, "\r\n\r\n", 4) == 0) {
			return (size_t)(at - text) + 4;
		}
		at++;
	}
	return 0;
}

/* The line at *at, ended by NUL now; *at is behind its CRLF. NULL: a CR or LF alone, or another control character. */
static char *cut_line(char **at, const char *end)
{
	char *line = *at;
	char *p = line;

	while (p < end && *p != '\r') {
		if ((*p >= 0 && *p < ' ' && *p != '\t') || *p == 0x7f) {
			return NULL;
		}
		p++;
	}
	if (end - p < 2 || p[1] != '\n') {
		return NULL;
	}
	*p = '\0';
	*at = p + 2;
	return line;
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

static int parse_first(char *line, struct dg_head *h, const char **ret_why)
{
	char *path = strchr(line, ' ');
	char *version = path ? strchr(path + 1, ' ') : NULL;

	if (!version) {
		return refuse(BAD, "the first line is not METHOD PATH HTTP/1.1", ret_why);
	}
	*path++ = '\0';
	*version++ = '\0';
	if (strcmp(version, "HTTP/1.1") != 0) {
		return refuse(strncmp(version, "HTTP/", 5) == 0 ? WRONG_VERSION : BAD,
			"HTTP/1.1 is spoken here", ret_why);
	}
	if (!is_token(line) || strlen(line) > METHOD_MAX) {
		return refuse(BAD, "that is no method", ret_why);
	}
	if (strlen(path) > DG_HEAD_PATH_MAX) {
		return refuse(TOO_LONG, "the path is too long", ret_why);
	}
	if (!is_path(path)) {
		return refuse(BAD,
			"a path is made of / letters digits . _ and -, without a query and "
			"without percent-encoding",
			ret_why);
	}
	h->method = line;
	h->path = path;
	return 0;
}

static char *trim(char *value)
{
	value += strspn(value, " \t");
	size_t n = strlen(value);

	while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t')) {
		n--;
	}
	value[n] = '\0';
	return value;
}

static int parse_line(char *line, struct dg_head *h, const char **ret_why)
{
	char *colon = strchr(line, ':');

	if (colon) {
		*colon = '\0';
	}
	if (!colon || !is_token(line)) { /* a folded line begins with a blank */
		return refuse(BAD, "a header line is not NAME: VALUE", ret_why);
	}
	for (size_t i = 0; i < DG_HEAD_N; i++) {
		if (strcasecmp(line, names[i]) != 0) {
			continue;
		}
		if (h->of[i]) {
			return refuse(BAD, "a header came twice", ret_why);
		}
		h->of[i] = trim(colon + 1);
	}
	return 0;
}

static int parse_length(struct dg_head *h, const char **ret_why)
{
	const char *text = h->of[DG_HEAD_CONTENT_LENGTH];

	if (h->of[DG_HEAD_TRANSFER_ENCODING]) {
		return refuse(NOT_KNOWN, "a body comes with Content-Length here", ret_why);
	}
	if (!text) {
		return 0;
	}
	size_t n = strspn(text, "0123456789");
	if (n == 0 || text[n] != '\0' || n > DIGITS_MAX) {
		return refuse(BAD, "Content-Length is not a length", ret_why);
	}
	for (size_t i = 0; i < n; i++) {
		h->body_len = h->body_len * 10 + (size_t)(text[i] - '0');
	}
	return 0;
}

static int judge(struct dg_head *h, const char **ret_why)
{
	const char *connection = h->of[DG_HEAD_CONNECTION];
	const char *expect = h->of[DG_HEAD_EXPECT];

	if (!h->of[DG_HEAD_HOST]) {
		return refuse(BAD, "there is no Host header", ret_why);
	}
	if (expect && strcasecmp(expect, "100-continue") != 0) {
		return refuse(NOT_EXPECTED, "that is not expected of a server", ret_why);
	}
	h->wants_to_know = expect != NULL;
	h->is_last = connection && strcasecmp(connection, "keep-alive") != 0;
	return parse_length(h, ret_why);
}

int dg_head_parse(char *text, size_t len, struct dg_head *ret_head, const char **ret_why)
{
	struct dg_head h = {0};
	const char *end = text + len;
	char *at = text;
	char *line = cut_line(&at, end);
	int r = line ? parse_first(line, &h, ret_why)
		     : refuse(BAD, "there is a control character in the head", ret_why);

	for (unsigned n = 0; r == 0; n++) {
		line = cut_line(&at, end);
		if (!line) {
			r = refuse(BAD, "there is a control character in the head", ret_why);
		} else if (line[0] == '\0') {
			break;
		} else if (n == DG_HEAD_LINES_MAX) {
			r = refuse(TOO_MANY, "there are too many header lines", ret_why);
		} else {
			r = parse_line(line, &h, ret_why);
		}
	}
	r = r == 0 ? judge(&h, ret_why) : r;
	if (r == 0) {
		*ret_head = h;
	}
	return r;
}
