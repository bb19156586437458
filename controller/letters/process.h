/* controller/letters/process.h: one reader process and the way to it. */
#pragma once

#include <sys/types.h>

struct dg_err;

struct dg_reader_process {
	pid_t pid; /* 0: none */
	int fd;    /* a socket that does not block; -1 */
};

/* Nothing of ours but that socket is handed on: no handles, no environment. what: "reports" for DMARC aggregate reports; NULL:
 * letters. DG_EIO. */
int dg_reader_start(const char *program, const char *what, struct dg_reader_process *ret_process,
	struct dg_err *err);
/* Ended, if it still runs, and waited for. */
void dg_reader_end(struct dg_reader_process *p);
