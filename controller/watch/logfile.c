#include "controller/watch/logfile.h"

#include "zones/base/err.h"
#include "zones/watch/maillog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK ((size_t)256 << 10)
#define MIB   (1u << 20)

int dg_logfile_written(const char *path, int64_t *ret_ms, struct dg_err *err)
{
	struct stat st;
	int r = strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &st) : stat(path, &st);

	if (r != 0) {
		return dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
	}
	if (S_ISDIR(st.st_mode)) {
		return dg_fail(err, DG_EIO, "%s is a folder; expected a mail log", path);
	}
	int64_t s = S_ISREG(st.st_mode) ? st.st_mtim.tv_sec : time(NULL);
	*ret_ms = s * 1000;
	return 0;
}

static int refuse(gzFile f, const char *path, struct dg_err *err)
{
	int code = Z_OK;
	const char *why = gzerror(f, &code);

	if (code == Z_ERRNO) {
		return dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
	}
	return dg_fail(err, DG_EREMOTE, "%s is not sound gzip: %s", path, why);
}

static int read_all(gzFile f, const char *path, struct dg_maillog *m, struct dg_err *err)
{
	static char block[BLOCK];
	int64_t n_out = 0;
	int n;

	while ((n = gzread(f, block, sizeof(block))) > 0) {
		n_out += n;
		int64_t n_in = gzoffset(f);
		if (!gzdirect(f) && n_out > MIB && n_in > 0 &&
			n_out / n_in > DG_LOGFILE_RATIO_MAX) {
			return dg_fail(err, DG_ELIMIT,
				"%s: more than %u octets come out of one: this is no log", path,
				DG_LOGFILE_RATIO_MAX);
		}
		dg_maillog_feed(m, block, (size_t)n);
	}
	int code = Z_OK;
	(void)gzerror(f, &code);
	if (n < 0 || (code != Z_OK && code != Z_STREAM_END)) {
		return refuse(f, path, err);
	}
	dg_maillog_end(m);
	return 0;
}

int dg_logfile_read(const char *path, struct dg_maillog *m, struct dg_err *err)
{
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		return dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
	}
	gzFile f = gzdopen(fd, "rb");
	if (!f) {
		(void)close(fd);
		return dg_fail(err, DG_EIO, "%s: no memory", path);
	}
	(void)gzbuffer(f, BLOCK / 2);
	int r = read_all(f, path, m, err);
	(void)gzclose_r(f);
	return r;
}
