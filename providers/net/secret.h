/* providers/net/secret.h: keys and tokens that stand in files of their own.
 *
 * Shape    One line of printable ASCII without blanks; blanks and newlines at its end do not count. A document (the key file of a service
 *          account) is taken as it is.
 * Trust    Only an ordinary file that others cannot read or write: anybody's key is nobody's. No symbolic device, no pipe.
 * Errors   DG_EINPUT: not such a file; DG_EIO. The text never holds anything of the secret.
 * Memory   The caller's buffer; explicit_bzero() it.
 */
#pragma once

#include <stddef.h>

struct dg_err;

#define DG_SECRET_MAX          1024u
#define DG_SECRET_DOCUMENT_MAX 16384u

/* len: of buf, the NUL included. */
int dg_secret_read(const char *path, char *buf, size_t len, struct dg_err *err);
int dg_secret_document(
	const char *path, char *buf, size_t len, size_t *ret_len, struct dg_err *err);
