/* IANA's lists and answers of RDAP servers: only an https URL and a plain address ever come out of them. */
#include "zones/base/arena.h"
#include "zones/base/sink.h"
#include "zones/incident/contacts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX  (64u << 10)
#define MEMORY_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const addresses[] = {"192.0.2.1", "2001:db8::1"};
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);

	if (size > INPUT_MAX) {
		return 0;
	}
	for (size_t i = 0; i < 2; i++) {
		struct dg_address address = {0};

		(void)dg_address_parse(addresses[i], strlen(addresses[i]), &address);
		const char *url = dg_rdap_base(a, (const char *)data, size, &address);
		if (url && (strncmp(url, "https://", 8) != 0 || strpbrk(url, "@ \r\n?#"))) {
			abort();
		}
	}
	const char *abuse = dg_rdap_abuse(a, (const char *)data, size);
	if (abuse && !dg_is_plain_address(abuse)) {
		abort();
	}
	return 0;
}
