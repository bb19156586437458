/* Signatures on whole messages. The first line is a key record of selector x1; the keys of tests/data/dkim/verify are there as s1 and e1, so that
 * changes to messages that verify are tried too. Line ends must not matter. */
#include "zones/base/arena.h"
#include "zones/mail/dkim_verify.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (64u << 10)
#define DOMAIN    "example.com"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* clang-format off */
static const char rsa[] =
	"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArURzUz8AEyKTEfUI3oKNr0QJ9BnK"
	"SwbEB6RGmbVCA6Z+i2DD0PBHG5dvwXCoCuB2XvRtEcK+P9K3vAgtOmrrQH4jrDbNufNckvBv/vuR1CpcULqIDctleV"
	"92ipW1XxFHS+9yParVQiUT3uUocmyywdCdAik5Dk6/sI1hsVM/8ffLtLAUYGpKTlFV9tHq93E1J6X+8d0a1se7eK35"
	"n68PUVkEwOQlFFzIiJQAv5lCAw8kweaRAgQ/D6Di1CU7CFlgha81gM2RqQVrWgMpThEY27/tWxzRtNBRDi35LGOEvi"
	"ffFRqE5wwz1QPnDkTWzSpi70NM7Vzv3+KnD2XAzRSeFQIDAQAB";
static const char ed25519[] =
	"v=DKIM1; k=ed25519; p=cucBIzjyNgfAgd7x32eVQJobBrIub2A2MQmFb2kp2DM=";
/* clang-format on */

static bool verifies(const char *record, const char *p, size_t n)
{
	const struct dg_dkim_public keys[] = {
		{DOMAIN, "s1", rsa}, {DOMAIN, "e1", ed25519}, {DOMAIN, "x1", record}};
	struct dg_arena *a = dg_arena_new((size_t)32 << 20);
	bool is_good = dg_dkim_verifies(a, p, n, keys, sizeof(keys) / sizeof(keys[0]), NULL);

	dg_arena_free(a);
	return is_good;
}

/* Every LF with a CR before it. */
static char *with_crlf(const char *p, size_t n, size_t *ret_n)
{
	char *out = malloc(2 * n + 1);
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n' && (i == 0 || p[i - 1] != '\r')) {
			out[at++] = '\r';
		}
		out[at++] = p[i];
	}
	*ret_n = at;
	return out;
}

/* As a text that ends. */
static char *text_of(const uint8_t *p, size_t n)
{
	char *text = malloc(n + 1);

	if (n > 0) {
		memcpy(text, p, n);
	}
	text[n] = '\0';
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *eol = size > 0 && size <= INPUT_MAX ? memchr(data, '\n', size) : NULL;
	size_t n_crlf = 0;

	if (!eol) {
		return 0;
	}
	size_t n = size - (size_t)(eol - data) - 1;
	char *record = text_of(data, (size_t)(eol - data));
	char *message = malloc(n + 1);
	memcpy(message, eol + 1, n);
	char *crlf = with_crlf(message, n, &n_crlf);
	if (verifies(record, message, n) != verifies(record, crlf, n_crlf)) {
		abort();
	}
	free(crlf);
	free(message);
	free(record);
	return 0;
}
