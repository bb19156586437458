/* A message with signatures: whatever it says, verifying it ends, and no message that was changed verifies. Key: tests/data/dkim/verify. */
#include "zones/base/arena.h"
#include "zones/mail/dkim_verify.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX  (64u << 10)
#define MEMORY_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first line is the key's record, the rest the message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	const uint8_t *lf = size > 0 && size <= INPUT_MAX ? memchr(data, '\n', size) : NULL;

	if (!lf) {
		return 0;
	}
	size_t n = size - (size_t)(lf + 1 - data);
	char *message = malloc(n + 1); /* exactly as long as it is, for the sanitizers */
	if (!message) {
		abort();
	}
	memcpy(message, lf + 1, n);
	const struct dg_dkim_public keys[] = {
		{"example.com", "s1", dg_strndup(a, (const char *)data, (size_t)(lf - data))}};
	bool is_good = dg_dkim_verifies(a, message, n, keys, 1);
	if (is_good && dg_dkim_verifies(a, message, n, keys, 0)) {
		abort(); /* without a key nothing verifies */
	}
	free(message);
	return 0;
}
