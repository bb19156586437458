/* zones/base/address.h: IP addresses as values (RFC 6890, RFC 4291). Pure.
 *
 * Shape    16 octets, IPv4 in the first four.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_buf;

struct dg_address {
	uint8_t octets[16];
	bool is_ip6;
};

/* "192.0.2.1", "2001:db8::1", an IPv4-mapped IPv6 address becomes IPv4; nothing around it. 0, or 1: not an address. */
int dg_address_parse(const char *text, size_t len, struct dg_address *ret_address);
void dg_address_print(struct dg_buf *b, const struct dg_address *a); /* RFC 5952 */
/* NULL: an address of the public Internet; else what it is ("private", "loopback", "link-local", "documentation",
 * "shared (carrier NAT)", "multicast" ...), static text. IPv4 inside IPv6 (mapped, 6to4, NAT64) is judged too. */
const char *dg_address_special(const struct dg_address *a);
