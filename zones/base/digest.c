#include "zones/base/digest.h"

#include <openssl/sha.h>

void dg_digest(const void *p, size_t n, uint8_t ret_digest[DG_DIGEST_LEN])
{
	(void)SHA256(p, n, ret_digest);
}

const char *dg_digest_text(const uint8_t *digest, size_t n_bytes, char *buf)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < n_bytes; i++) {
		buf[2 * i] = hex[digest[i] >> 4];
		buf[2 * i + 1] = hex[digest[i] & 0x0f];
	}
	buf[2 * n_bytes] = '\0';
	return buf;
}
