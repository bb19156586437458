#include "controller/watch/logtap.h"

#include "controller/watch/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define MIB (1u << 20)

int dg_logtap_open(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		(void)close(fd);
		errno = ENOTSUP;
		return -1;
	}
	return fd;
}

void dg_logtap_start(struct dg_logtap *t, int fd, bool is_gzip, uint64_t at)
{
	*t = (struct dg_logtap){.fd = fd, .at = is_gzip ? 0 : at};
	if (is_gzip) {
		(void)lseek(fd, 0, SEEK_SET);
		t->gz = gzdopen(fd, "rb");
		if (!t->gz) {
			abort();
		}
	}
}

ssize_t dg_logtap_read(struct dg_logtap *t, char *block, size_t n, bool *ret_is_bomb)
{
	ssize_t n_read;

	*ret_is_bomb = false;
	if (!t->gz) {
		n_read = pread(t->fd, block, n, (off_t)t->at);
	} else {
		n_read = gzread(t->gz, block, (unsigned)n);
		int64_t n_in = gzoffset(t->gz);
		*ret_is_bomb = n_read > 0 && t->at > MIB && n_in > 0 &&
			       t->at / (uint64_t)n_in > DG_LOGFILE_RATIO_MAX;
	}
	if (*ret_is_bomb) {
		return -1;
	}
	t->at += n_read > 0 ? (uint64_t)n_read : 0;
	return n_read;
}

void dg_logtap_stop(struct dg_logtap *t)
{
	if (t->gz) {
		(void)gzclose_r(t->gz); /* and fd */
	} else if (t->fd >= 0) {
		(void)close(t->fd);
	}
	*t = (struct dg_logtap){.fd = -1};
}
