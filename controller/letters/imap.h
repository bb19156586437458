/* controller/letters/imap.h: one connection to an IMAP server (RFC 9051, RFC 3501): commands out, lines and literals in. Inside
 * controller/letters.
 *
 * Shape    libcurl connects, does TLS (the certificate is verified; "imap://" goes on after STARTTLS only) and logs in; what is said then is
 *          ours (CURLOPT_CONNECT_ONLY): curl's own FETCH marks letters as read, and loses literals in other commands.
 * Limits   A line DG_IMAP_LINE_MAX octets, the rest of it is passed over; a literal goes out in pieces, at most DG_IMAP_LITERAL_MAX.
 * Errors   DG_EIO: not reached, silent for DG_SOURCE_TIMEOUT_MS, stopped. DG_EREMOTE: refused, or not IMAP. DG_EINPUT: the address,
 *          the password file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_err;
struct dg_imap;
struct dg_source;

#define DG_IMAP_LINE_MAX     8192u
#define DG_IMAP_PASSED_MAX   ((size_t)1 << 20) /* beyond it */
#define DG_IMAP_LITERAL_MAX  ((uint64_t)64 << 20)
#define DG_IMAP_USER_MAX     256u
#define DG_IMAP_HOST_MAX     256u
#define DG_IMAP_MAILBOX_MAX  512u
#define DG_IMAP_PASSWORD_MAX 1024u

struct dg_imap_place {
	bool is_tls; /* from the first octet on: imaps */
	char user[DG_IMAP_USER_MAX];
	char host[DG_IMAP_HOST_MAX]; /* with its port, when one is given */
	char mailbox[DG_IMAP_MAILBOX_MAX];
};

/* "//user@host:993/INBOX"; %40 and the like stand for their octets; the last '@' before the path ends the user. */
int dg_imap_place_parse(
	const char *path, bool is_tls, struct dg_imap_place *ret_place, struct dg_err *err);

/* s: for its options (password, CA, stop). */
int dg_imap_open(const struct dg_source *s, const struct dg_imap_place *p,
	struct dg_imap **ret_imap, struct dg_err *err);
struct dg_imap *dg_imap_close(struct dg_imap *c); /* NULL is fine; returns NULL */

/* A command without its tag and end of line. */
int dg_imap_send(struct dg_imap *c, struct dg_err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

enum dg_imap_answer {
	DG_IMAP_UNTAGGED, /* "* ..." or "+ ...": line is what stands behind it */
	DG_IMAP_DONE,     /* the command's own answer: OK */
};
/* A line of the answer. *ret_literal: it ends with {n}, and n octets follow, to be read with dg_imap_literal(), then the rest of the
 * line with dg_imap_rest(); -1: it does not. A NO or BAD is DG_EREMOTE. */
int dg_imap_line(
	struct dg_imap *c, const char **ret_line, int64_t *ret_literal, struct dg_err *err);
int dg_imap_rest(
	struct dg_imap *c, const char **ret_line, int64_t *ret_literal, struct dg_err *err);
int dg_imap_literal(struct dg_imap *c, uint64_t n,
	void (*on_octets)(void *arg, const char *p, size_t n), void *arg, struct dg_err *err);
