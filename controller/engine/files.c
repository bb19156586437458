#include "controller/engine/files.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/policy/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_READ (64u << 10)

static int too_large(const char *path, size_t max, struct dg_err *err)
{
	return dg_fail(
		err, DG_ELIMIT, "%s: larger than %zu bytes, the most that is read", path, max);
}

/* Reads on until the end; grows as it goes, so that pipes work as well. NULL: errno says why, EFBIG
 * that there is more than max. */
static char *read_all(int fd, size_t max, size_t guess, size_t *ret_len)
{
	size_t cap = guess + 2;
	size_t len = 0;
	char *data = malloc(cap);

	while (data) {
		ssize_t n = read(fd, data + len, cap - 1 - len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n == 0) {
			data[len] = '\0';
			*ret_len = len;
			return data;
		}
		len += n > 0 ? (size_t)n : 0;
		if (n < 0 || len > max) {
			int why = n < 0 ? errno : EFBIG;

			free(data);
			errno = why;
			return NULL;
		}
		if (len + 1 == cap) {
			char *grown = realloc(data, cap *= 2);

			if (!grown) {
				free(data);
			}
			data = grown;
		}
	}
	return NULL;
}

int dg_file_read(const char *path, size_t max, char **ret_data, size_t *ret_len, struct dg_err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		return dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
	}
	size_t guess = FIRST_READ;
	int r = 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		guess = (size_t)st.st_size;
		if (guess > max) {
			r = too_large(path, max, err);
		}
	} else if (!is_stdin && S_ISDIR(st.st_mode)) {
		r = dg_fail(err, DG_EINPUT, "%s: is a folder, a file was expected", path);
	}
	if (r == 0) {
		char *data = read_all(fd, max, guess, ret_len);

		if (data) {
			*ret_data = data;
		} else {
			r = errno == EFBIG
				    ? too_large(path, max, err)
				    : dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
		}
	}
	if (!is_stdin) {
		(void)close(fd);
	}
	return r;
}

/* NOLINTNEXTLINE(readability-function-size): struct dg_file_reader has this form */
static int reader_read(void *arg, struct dg_arena *a, const char *path, size_t max,
	const char **ret_data, size_t *ret_len, struct dg_err *err)
{
	char *data = NULL;
	size_t len = 0;

	(void)arg;
	int r = dg_file_read(path, max, &data, &len, err);
	if (r == 0) {
		*ret_data = dg_memdup(a, data, len + 1);
		*ret_len = len;
		free(data);
	}
	return r;
}

struct dg_file_reader dg_file_reader_real(void)
{
	return (struct dg_file_reader){.read = reader_read};
}

const char *dg_state_dir_default(struct dg_arena *a)
{
	/* NOLINTBEGIN(concurrency-mt-unsafe): one thread */
	const char *given = getenv("DNSGUARD_STATE");
	const char *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	/* NOLINTEND(concurrency-mt-unsafe) */

	if (given && given[0] != '\0') {
		return dg_strdup(a, given);
	}
	if (geteuid() == 0) {
		return "/var/lib/dnsguard";
	}
	if (xdg && xdg[0] == '/') {
		return dg_printf(a, "%s/dnsguard", xdg);
	}
	return dg_printf(a, "%s/.local/state/dnsguard", home && home[0] == '/' ? home : ".");
}
