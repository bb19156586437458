/* Lines of an mbox: what separates letters and what is quoted never crashes, and a key depends on nothing but the lines. */
#include "controller/letters/mbox_line.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t key_of(const char *p, size_t size)
{
	struct dg_mbox_key k;
	const char *end = p + size;
	int64_t at_ms = 0;
	bool is_first = true;

	for (; p < end;) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((lf ? lf : end) - p);

		(void)dg_mbox_is_from(p, n, &at_ms);
		if (dg_mbox_is_quoted(p, n) && n < 6) {
			abort(); /* ">From " has six */
		}
		if (is_first) {
			dg_mbox_key_start(&k, p, n);
		} else {
			dg_mbox_key_line(&k, p, n);
		}
		is_first = false;
		p = lf ? lf + 1 : end;
	}
	return is_first ? 0 : k.key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *exact = malloc(size > 0 ? size : 1); /* as long as it is, for the sanitizers */

	if (!exact) {
		abort();
	}
	if (size > 0) {
		memcpy(exact, data, size);
	}
	if (key_of(exact, size) != key_of(exact, size)) {
		abort();
	}
	free(exact);
	return 0;
}
