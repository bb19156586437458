/* zones/base/network.h: IP networks as values (RFC 4632, RFC 4291 section 2.3). Pure.
 *
 * Shape    An address and how many of its bits count. Bits beyond the prefix are kept as they were read and never looked at.
 */
#pragma once

#include "zones/base/address.h"

#define DG_NETWORK_TEXT_MAX (DG_ADDRESS_TEXT_MAX + 8u) /* with the NUL */

struct dg_network {
	struct dg_address address;
	unsigned prefix; /* 0..32, 0..128 */
};

/* "192.0.2.0/24", "2001:db8::/32", "192.0.2.1" (all bits). 0, or 1: no network. */
int dg_network_parse(const char *text, size_t len, struct dg_network *ret_network);
bool dg_network_holds(const struct dg_network *n, const struct dg_address *a);
/* What one site usually has: the /24 of an IPv4, the /48 of an IPv6 address, its other bits 0. */
struct dg_network dg_network_around(const struct dg_address *a);
/* "192.0.2.0/24". In buf, which is returned. */
const char *dg_network_text(const struct dg_network *n, char buf[DG_NETWORK_TEXT_MAX]);
