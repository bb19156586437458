/* zones/base/digest.h: SHA-256 (FIPS 180-4) over values, for digests of plans and files (by libcrypto). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DG_DIGEST_LEN      32u
#define DG_DIGEST_TEXT_MAX 65u /* hex and NUL */

void dg_digest(const void *p, size_t n, uint8_t ret_digest[DG_DIGEST_LEN]);
/* Lower-case hex of the first n_bytes octets, in buf (2 * n_bytes + 1 bytes); returned. */
const char *dg_digest_text(const uint8_t *digest, size_t n_bytes, char *buf);
