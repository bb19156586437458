#include "zones/base/arena.h"
#include "zones/record/name.h"
#include "zones/record/rrset.h"

#include <string.h>

struct dg_rdata dg_mx_make(struct dg_arena *a, uint16_t preference, const char *host)
{
	uint8_t wire[2 + DG_NAME_WIRE_MAX];

	wire[0] = (uint8_t)(preference >> 8);
	wire[1] = (uint8_t)preference;
	size_t len = 2 + dg_name_to_wire(host, wire + 2);
	return (struct dg_rdata){.wire = dg_memdup(a, wire, len), .len = len};
}

int dg_mx_read(struct dg_arena *a, const struct dg_rdata *rd, uint16_t *ret_preference,
	const char **ret_host)
{
	const char *host = NULL;
	size_t len = 0;

	if (rd->len < 3 || dg_name_from_wire(a, rd->wire + 2, rd->len - 2, &host, &len) != 0 ||
		len != rd->len - 2) {
		return 1;
	}
	*ret_preference = (uint16_t)(rd->wire[0] << 8 | rd->wire[1]);
	*ret_host = host;
	return 0;
}
