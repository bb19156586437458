/* Keys of bounce tags, and addresses with them. The first line that is empty ends the keys; what follows is the address. */
#include "zones/base/err.h"
#include "zones/mail/batv.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 8192u
#define NOW_S     ((int64_t)20123 * 86400)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true) {
		abort();
	}
}

/* A digit of the tag is another one: not ours any more. */
static void check_forged(const struct dg_batv_keys *k, const char *address)
{
	char *other = strdup(address);

	for (size_t i = strlen("prvs="); other[i] != '\0' && other[i] != '@'; i++) {
		char was = other[i];

		if (was >= '0' && was <= '9') {
			other[i] = (char)('0' + (was - '0' + 1) % 10);
			check(dg_batv_check(k, other, NOW_S) != DG_BATV_VALID);
			other[i] = was;
		}
	}
	free(other);
}

static void look(const struct dg_batv_keys *k, const char *address)
{
	static const struct dg_batv_keys none;
	size_t size = strlen(address) + 1;
	char *buf = malloc(size);
	const char *plain = dg_batv_plain(address, buf, size);
	enum dg_batv said = dg_batv_check(k, address, NOW_S);

	check(plain == address || (plain == buf && strlen(plain) < size - 1));
	check((plain == address) == (said == DG_BATV_NONE) || said == DG_BATV_INVALID);
	if (said == DG_BATV_VALID) {
		check(dg_batv_check(&none, address, NOW_S) == DG_BATV_INVALID);
		check(dg_batv_check(k, address, NOW_S + (int64_t)100 * 86400) == DG_BATV_INVALID);
		check_forged(k, address);
	}
	free(buf);
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
	struct dg_batv_keys keys = {0};
	struct dg_err err = {0};

	if (size > INPUT_MAX) {
		return 0;
	}
	const uint8_t *gap = size > 0 ? memmem(data, size, "\n\n", 2) : NULL;
	size_t len = gap ? (size_t)(gap - data) + 1 : size;
	char *text = text_of(data, len);
	int r = dg_batv_keys_parse(text, len, "keys", &keys, &err);
	check(r == 0 || (r == DG_EINPUT && strncmp(err.text, "keys:", 5) == 0));
	free(text);
	if (gap) {
		char *address = text_of(gap + 2, size - len - 1);
		look(&keys, address);
		free(address);
	}
	return 0;
}
