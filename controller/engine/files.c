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

/* Reads on until the end; grows as it goes, so that pipes work as well. */
static int read_all(int fd, const char *path, size_t max, size_t guess, char **ret_data,
	size_t *ret_len, struct dg_err *err)
{
	size_t cap = guess + 2;
	size_t len = 0;
	char *data = malloc(cap);

	for (;;) {
		ssize_t n = data ? read(fd, data + len, cap - 1 - len) : -1;

		if (n < 0 && data && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			free(data);
			return dg_fail(err, DG_EIO, "%s: %s", path, strerror(errno));
		}
		if (n == 0) {
			break;
		}
		len += (size_t)n;
		if (len > max) {
			free(data);
			return too_large(path, max, err);
		}
		if (len + 1 == cap) {
			char *grown = realloc(data, cap *= 2);

			if (!grown) {
				free(data);
			}
			data = grown;
		}
	}
	data[len] = '\0';
	*ret_data = data;
	*ret_len = len;
	return 0;
}

int dg_file_read(const char *path, size_t max, char **ret_data, size_t *ret_len, struct dg_err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		return dg_fail(err, DG_EIO, "%s: %s", path, strerror(errno));
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
		r = read_all(fd, path, max, guess, ret_data, ret_len, err);
	}
	if (!is_stdin) {
		(void)close(fd);
	}
	return r;
}

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
	const char *given = getenv("DNSGUARD_STATE");
	const char *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

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
