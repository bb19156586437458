#include "providers/net/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zones/base/err.h"

static int read_file(
	int fd, const char *path, char *buf, size_t len, size_t *ret_len, struct dg_err *err)
{
	struct stat st;
	size_t got = 0;
	ssize_t n = 1;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		return dg_fail(err, DG_EINPUT, "%s: not a file", path);
	}
	if (st.st_mode & S_IRWXO) {
		return dg_fail(err, DG_EINPUT,
			"%s: others than owner and group can read or write this key (mode %04o); "
			"chmod 0600 it",
			path, (unsigned)(st.st_mode & 07777));
	}
	while (got < len && n > 0) {
		n = read(fd, buf + got, len - got);
		got += n > 0 ? (size_t)n : 0;
	}
	if (n < 0) {
		return dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
	}
	if (got == len) {
		return dg_fail(err, DG_EINPUT, "%s: longer than %zu octets", path, len - 1);
	}
	buf[got] = '\0';
	*ret_len = got;
	return 0;
}

int dg_secret_document(const char *path, char *buf, size_t len, size_t *ret_len, struct dg_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		return dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
	}
	int r = read_file(fd, path, buf, len, ret_len, err);
	(void)close(fd);
	return r;
}

int dg_secret_read(const char *path, char *buf, size_t len, struct dg_err *err)
{
	size_t n = 0;
	int r = dg_secret_document(path, buf, len, &n, err);

	if (r < 0) {
		return r;
	}
	while (n > 0 && strchr(" \t\r\n", buf[n - 1])) {
		n--;
	}
	buf[n] = '\0';
	bool is_clean = n > 0;
	for (size_t i = 0; i < n; i++) {
		is_clean = is_clean && buf[i] > 0x20 && buf[i] < 0x7f;
	}
	if (!is_clean) {
		return dg_fail(err, DG_EINPUT,
			"%s: expected the key alone on one line, up to %zu printable ASCII "
			"characters without blanks",
			path, len - 1);
	}
	return 0;
}
