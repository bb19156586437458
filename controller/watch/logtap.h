/* controller/watch/logtap.h: octets out of one log file, plain or gzip, a slice at a time.
 *
 * Errors   read: < 0 with errno, or with *ret_is_bomb when more comes out of a compressed one than any log gives.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct dg_logtap {
	int fd;      /* -1: closed */
	void *gz;    /* gzFile; NULL: as it is */
	uint64_t at; /* octets read, as they were before compression */
};

/* A plain file, for reading; -1 and errno: ENOTSUP: something else than a file. */
int dg_logtap_open(const char *path);
/* fd is taken over. at: where to begin; a compressed one begins at 0. */
void dg_logtap_start(struct dg_logtap *t, int fd, bool is_gzip, uint64_t at);
ssize_t dg_logtap_read(struct dg_logtap *t, char *block, size_t n, bool *ret_is_bomb);
void dg_logtap_stop(struct dg_logtap *t);
