#include "controller/serve/audit.h"

#include "controller/serve/tls.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_OF ((size_t)16 << 10)

struct dg_audit {
	char path[PATH_MAX];
	int fd;
};

static int fail(const struct dg_audit *a, int code, struct dg_err *err)
{
	return dg_fail(err, DG_EIO, "audit log %s: %s", a->path, strerrordesc_np(code));
}

int dg_audit_reopen(struct dg_audit *a, struct dg_err *err)
{
	int fd = open(
		a->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	struct stat st;

	if (fd < 0) {
		return fail(a, errno, err);
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return dg_fail(err, DG_EINPUT, "audit log %s: expected a regular file", a->path);
	}
	if (a->fd >= 0) {
		(void)close(a->fd);
	}
	a->fd = fd;
	return 0;
}

int dg_audit_open(const char *state_dir, struct dg_audit **ret_audit, struct dg_err *err)
{
	struct dg_audit *a = calloc(1, sizeof(*a));

	if (!a) {
		abort();
	}
	a->fd = -1;
	(void)snprintf(a->path, sizeof(a->path), "%s/audit.jsonl", state_dir);
	int r = dg_audit_reopen(a, err);
	if (r < 0) {
		free(a);
		return r;
	}
	*ret_audit = a;
	return 0;
}

struct dg_audit *dg_audit_close(struct dg_audit *a)
{
	if (a) {
		(void)close(a->fd);
		free(a);
	}
	return NULL;
}

static json_t *certificate(const struct dg_tls_peer *p)
{
	json_t *o = p ? json_pack("{s:s}", "sha256", p->sha256) : json_null();

	if (p) {
		dg_json_set(o, "subject", dg_json_text(p->subject));
	}
	return o;
}

int dg_audit_put(struct dg_audit *a, const struct dg_audit_line *line, struct dg_err *err)
{
	json_t *o = json_pack("{s:I, s:s}", "at", (json_int_t)line->at, "what", line->what);
	struct dg_buf b;

	dg_json_set(o, "who", dg_json_text(line->who));
	dg_json_set(o, "from", dg_json_text(line->from));
	dg_json_set(o, "certificate", certificate(line->certificate));
	dg_json_set(o, "domain", dg_json_text(line->domain));
	dg_json_set(o, "status", json_integer(line->status));
	dg_json_set(o, "job", line->job > 0 ? json_integer(line->job) : json_null());
	dg_buf_init(&b, LINE_MAX_OF);
	dg_json_put(&b, o);
	dg_buf_putc(&b, '\n');
	ssize_t n = write(a->fd, b.data, b.len); /* one call: lines never mix */
	int code = n < 0 ? errno : ENOSPC;
	bool is_whole = n == (ssize_t)b.len;
	dg_buf_done(&b);
	return is_whole ? 0 : fail(a, code, err);
}

int dg_audit_sync(struct dg_audit *a, struct dg_err *err)
{
	/* A pipe or a file system without it has nothing to wait for. */
	return fdatasync(a->fd) == 0 || errno == EINVAL ? 0 : fail(a, errno, err);
}
