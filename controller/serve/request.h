/* controller/serve/request.h: a request as evhttp read it, judged strictly (RFC 9110, RFC 9112). Pure: no socket, no clock.
 *
 * Shape    A path is made of / and letters, digits, "." "_" "-" alone: no query, no percent-encoding, no "..", no absolute form, so that
 *          nothing has to be decoded and nothing can be meant twice.
 * Body     By Content-Length alone. Transfer-Encoding is refused, as is a header of ours that comes twice: whatever stands in
 *          front of us and reads it differently must not be able to smuggle a request past (RFC 9112 section 11.2). The
 *          connection ends after a refusal, so what came behind it is never read.
 * Limits   DG_REQUEST_HEAD_MAX octets, DG_REQUEST_LINES_MAX header lines.
 * Memory   Everything points into what was given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define DG_REQUEST_HEAD_MAX  (16u << 10)
#define DG_REQUEST_LINES_MAX 64u
#define DG_REQUEST_PATH_MAX  512u

struct dg_sieve;

enum dg_request_name {
	DG_REQUEST_HOST,
	DG_REQUEST_CONTENT_LENGTH,
	DG_REQUEST_CONTENT_TYPE,
	DG_REQUEST_AUTHORIZATION,
	DG_REQUEST_CONNECTION,
	DG_REQUEST_EXPECT,
	DG_REQUEST_IDEMPOTENCY_KEY,
	DG_REQUEST_WEBHOOK_ID,
	DG_REQUEST_WEBHOOK_TIMESTAMP,
	DG_REQUEST_WEBHOOK_SIGNATURE,
	DG_REQUEST_TRANSFER_ENCODING,
	DG_REQUEST_N,
};

struct dg_request {
	const char *method, *path;
	const char *of[DG_REQUEST_N]; /* values without blanks around them; NULL: not sent */
	bool is_last;                 /* the connection ends after the answer */
};

/* Each: 0, or the status to answer with (400, 414, 417, 431, 501, 505), and *ret_why. */
int dg_request_octets(const struct dg_sieve *s, const char **ret_why);
int dg_request_version(int major, int minor, const char **ret_why);
int dg_request_header(
	struct dg_request *r, const char *name, const char *value, const char **ret_why);
/* After all headers. body_len: what came. */
int dg_request_judge(struct dg_request *r, const char *method, const char *path, size_t body_len,
	const char **ret_why);
