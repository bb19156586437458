/* providers/net/webhook.h: signatures of Standard Webhooks (standardwebhooks.com, 1.0): who sent this, and that nobody changed it.
 *
 * Shape    webhook-id: the same for each try of one message; webhook-timestamp: Unix seconds of the try;
 *          webhook-signature: "v1," and the Base64 of HMAC-SHA256(secret, ID "." TIMESTAMP "." BODY).
 * Secret   A file that others cannot read: "whsec_" and Base64 of the octets, or the octets as they stand, without white space at
 *          the end.
 * Errors   DG_EINPUT: others can read the file, or it holds no secret; DG_EIO. No text of an error holds a piece of the secret.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dg_err;

#define DG_WEBHOOK_SECRET_MIN    16u /* octets */
#define DG_WEBHOOK_SECRET_MAX    256u
#define DG_WEBHOOK_SIGNATURE_MAX 64u /* "v1,", 44 characters, NUL */

struct dg_webhook_secret {
	uint8_t octets[DG_WEBHOOK_SECRET_MAX];
	size_t n;
};

int dg_webhook_secret_read(
	const char *path, struct dg_webhook_secret *ret_secret, struct dg_err *err);
void dg_webhook_secret_forget(struct dg_webhook_secret *s);
void dg_webhook_sign(const struct dg_webhook_secret *s, const char *id, int64_t timestamp,
	const char *body, size_t len, char ret_signature[DG_WEBHOOK_SIGNATURE_MAX]);
