#include "providers/net/webhook.h"

#include "zones/base/digest.h"
#include "zones/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX   "whsec_"
#define TEXT_MAX 512u /* of the file */
#define HEAD_MAX 200u /* "ID.TIMESTAMP." */

static int read_text(const char *path, char text[TEXT_MAX], size_t *ret_n, struct dg_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		int code = errno;

		if (fd >= 0) {
			(void)close(fd);
		}
		return dg_fail(err, DG_EIO, "secret file %s: %s", path, strerrordesc_np(code));
	}
	bool is_safe = S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXO | S_IWGRP)) == 0;
	ssize_t n = is_safe ? read(fd, text, TEXT_MAX) : 0;
	(void)close(fd);
	if (!is_safe) {
		return dg_fail(err, DG_EINPUT,
			"secret file %s: expected a file that others cannot read and its group "
			"cannot write (mode %04o); chmod 0600 it",
			path, (unsigned)(st.st_mode & 07777));
	}
	while (n > 0 && strchr(" \t\r\n", text[n - 1])) {
		n--;
	}
	*ret_n = n > 0 ? (size_t)n : 0;
	return 0;
}

/* Base64 (RFC 4648 section 4) after the prefix. 0 octets: it is none. */
static size_t decode(const char *text, size_t n, struct dg_webhook_secret *s)
{
	uint8_t octets[TEXT_MAX];
	size_t n_pads = n >= 2 ? (size_t)(text[n - 1] == '=') + (size_t)(text[n - 2] == '=') : 0;
	int len = n % 4 == 0 ? EVP_DecodeBlock(octets, (const uint8_t *)text, (int)n) : -1;
	size_t n_octets = len > 0 ? (size_t)len - n_pads : 0;

	if (n_octets <= sizeof(s->octets)) {
		memcpy(s->octets, octets, n_octets);
	} else {
		n_octets = 0;
	}
	OPENSSL_cleanse(octets, sizeof(octets));
	return n_octets;
}

int dg_webhook_secret_read(
	const char *path, struct dg_webhook_secret *ret_secret, struct dg_err *err)
{
	const size_t n_prefix = sizeof(PREFIX) - 1;
	char text[TEXT_MAX];
	size_t n = 0;
	int r = read_text(path, text, &n, err);

	*ret_secret = (struct dg_webhook_secret){.n = 0};
	if (r < 0) {
		return r;
	}
	if (n > n_prefix && memcmp(text, PREFIX, n_prefix) == 0) {
		ret_secret->n = decode(text + n_prefix, n - n_prefix, ret_secret);
	} else if (n <= sizeof(ret_secret->octets)) {
		memcpy(ret_secret->octets, text, n);
		ret_secret->n = n;
	}
	OPENSSL_cleanse(text, sizeof(text));
	return ret_secret->n >= DG_WEBHOOK_SECRET_MIN
		       ? 0
		       : dg_fail(err, DG_EINPUT,
				 "secret file %s: expected a secret of %u to %u octets, for "
				 "example what `echo whsec_$(openssl rand -base64 32)` prints",
				 path, DG_WEBHOOK_SECRET_MIN, DG_WEBHOOK_SECRET_MAX);
}

void dg_webhook_secret_forget(struct dg_webhook_secret *s)
{
	OPENSSL_cleanse(s, sizeof(*s));
}

void dg_webhook_sign(const struct dg_webhook_secret *s, const char *id, int64_t timestamp,
	const char *body, size_t len, char ret_signature[DG_WEBHOOK_SIGNATURE_MAX])
{
	char head[HEAD_MAX];
	uint8_t mac[DG_DIGEST_LEN];
	unsigned n_mac = 0;
	int n = snprintf(head, sizeof(head), "%s.%lld.", id, (long long)timestamp);
	uint8_t *text = malloc((size_t)n + len);

	if (!text || n < 0 || (size_t)n >= sizeof(head)) {
		abort();
	}
	memcpy(text, head, (size_t)n);
	memcpy(text + n, body, len);
	if (!HMAC(EVP_sha256(), s->octets, (int)s->n, text, (size_t)n + len, mac, &n_mac)) {
		abort();
	}
	free(text);
	memcpy(ret_signature, "v1,", 4);
	(void)EVP_EncodeBlock((uint8_t *)ret_signature + 3, mac, (int)n_mac);
}
