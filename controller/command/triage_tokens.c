#include "controller/command/triage_tokens.h"

#include "controller/command/command.h"
#include "controller/command/triage_owner.h"
#include "zones/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DAY 86400

static int read_keys(const char *path, struct dg_batv_keys *keys, struct dg_err *err)
{
	char text[DG_BATV_FILE_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	int error = errno;

	if (fd >= 0) {
		(void)close(fd);
	}
	if (n < 0) {
		return dg_fail(err, DG_EINPUT, "%s: %s", path, strerrordesc_np(error));
	}
	int r = dg_batv_keys_parse(text, (size_t)n, path, keys, err);
	explicit_bzero(text, sizeof(text));
	return r;
}

int dg_triage_tokens(
	const struct dg_args *args, struct dg_triage_tokens *ret_tokens, struct dg_err *err)
{
	if (!args->batv_keys) {
		return args->batv_since ? dg_fail(err, DG_EINPUT,
						  "--batv-since says nothing without --batv-keys")
					: 0;
	}
	int r = read_keys(args->batv_keys, &ret_tokens->keys, err);
	ret_tokens->has_keys = r == 0;
	if (r == 0 && args->batv_since) {
		r = dg_triage_time(
			"batv-since", args->batv_since, time(NULL), &ret_tokens->since, err);
	}
	return r;
}

enum dg_token dg_triage_token(const struct dg_triage_tokens *t, const char *recipient, int64_t at)
{
	if (!t->has_keys || recipient[0] == '\0') {
		return DG_TOKEN_NONE;
	}
	if (dg_batv_check(&t->keys, recipient, at) == DG_BATV_VALID) {
		return DG_TOKEN_VALID;
	}
	bool must_have = t->since > 0 && at >= t->since + (int64_t)DG_TRIAGE_TOKEN_DAYS * DAY;
	return must_have ? DG_TOKEN_MISSING : DG_TOKEN_NONE;
}
