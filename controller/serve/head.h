/* controller/serve/head.h: the head of an HTTP/1.1 request (RFC 9112), read strictly. Pure: no socket, no clock.
 *
 * Shape    "METHOD PATH HTTP/1.1" and header lines, each ended by CRLF, then an empty line. PATH is made of / and letters, digits,
 *          "." "_" "-" alone: no query, no percent-encoding, no "..", so that nothing has to be decoded and nothing can be meant twice.
 * Body     By Content-Length alone. Transfer-Encoding is refused, as is a header of ours that comes twice or a line that is
 *          folded: whatever stands in front of us and reads it differently must not be able to smuggle a request past (RFC 9112 section 11.2).
 * Limits   DG_HEAD_MAX octets, DG_HEAD_LINES_MAX header lines.
 * Memory   Everything points into the text, which is cut up by it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define DG_HEAD_MAX       (16u << 10)
#define DG_HEAD_LINES_MAX 64u
#define DG_HEAD_PATH_MAX  512u

enum dg_head_name {
	DG_HEAD_HOST,
	DG_HEAD_CONTENT_LENGTH,
	DG_HEAD_CONTENT_TYPE,
	DG_HEAD_AUTHORIZATION,
	DG_HEAD_CONNECTION,
	DG_HEAD_EXPECT,
	DG_HEAD_IDEMPOTENCY_KEY,
	DG_HEAD_WEBHOOK_ID,
	DG_HEAD_WEBHOOK_TIMESTAMP,
	DG_HEAD_WEBHOOK_SIGNATURE,
	DG_HEAD_TRANSFER_ENCODING,
	DG_HEAD_N,
};

struct dg_head {
	const char *method, *path;
	const char *of[DG_HEAD_N]; /* values without blanks around them; NULL: not sent */
	size_t body_len;
	bool is_last;       /* the connection ends after the answer */
	bool wants_to_know; /* Expect: 100-continue */
};

/* Octets of the head at the start of text, its empty line included; 0: it is not whole yet. */
size_t dg_head_end(const char *text, size_t len);
/* text: a whole head, len as dg_head_end() says. 0, or the status to answer with (400, 414, 417, 431, 501, 505), and *ret_why. */
int dg_head_parse(char *text, size_t len, struct dg_head *ret_head, const char **ret_why);
