/* controller/watch/logfile.h: a mail log from a file, plain or gzip, into zones/watch/maillog.h.
 *
 * Limits   Compressed files: at most DG_LOGFILE_RATIO_MAX octets out of one (after the first MiB), so that a crafted file
 *          cannot keep the reader busy for ever.
 * Errors   DG_EIO: cannot be opened or read, with why. DG_ELIMIT: the ratio. DG_EREMOTE: not sound gzip.
 */
#pragma once

#include <stdint.h>

struct dg_err;
struct dg_maillog;

#define DG_LOGFILE_RATIO_MAX 200u

/* "-": standard input. When it was written last, Unix milliseconds: for stamps without a year. */
int dg_logfile_written(const char *path, int64_t *ret_ms, struct dg_err *err);
/* All of it, dg_maillog_end() included. */
int dg_logfile_read(const char *path, struct dg_maillog *m, struct dg_err *err);
