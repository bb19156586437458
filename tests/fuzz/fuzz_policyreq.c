/* Policy requests: the same ends and events however the text is cut; what an event points at is inside the request. */
#include "zones/watch/policyreq.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const char *text, size_t len)
{
	struct dg_policyreq r;
	struct dg_mail_event e;

	if (dg_policyreq_parse(text, len, &r) != 0 || dg_policyreq_event(&r, 1, &e) != 0) {
		return;
	}
	if (e.address.n == 0 || e.address.p < text || e.address.p + e.address.n > text + len) {
		abort();
	}
	if (e.client.n > 0 && (e.client.p < text || e.client.p + e.client.n > text + len)) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t at = 0, len = 0;

	while (at < size) {
		struct dg_policyreq_scan whole = {.at = 0}, parts = {.at = 0};
		size_t n_parts = 0, step = 1 + data[at] % 61;
		int r = dg_policyreq_scan(&whole, text + at, size - at, &len);
		int p = 1;

		for (size_t n = 0; p == 1 && n < size - at;) {
			n = n + step < size - at ? n + step : size - at;
			p = dg_policyreq_scan(&parts, text + at, n, &n_parts);
		}
		if (p != r || (r == 0 && n_parts != len)) {
			abort();
		}
		if (r != 0) {
			break;
		}
		char *copy = malloc(len);
		memcpy(copy, text + at, len);
		look(copy, len);
		free(copy);
		at += len;
	}
	return 0;
}
