/* zones/base/address.h: IP addresses as values (RFC 4291, RFC 5952, RFC 6890). Pure.
 *
 * Shape    16 octets, IPv4 in the first four. An IPv4-mapped IPv6 address (::ffff:192.0.2.1) becomes IPv4 when it is read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_buf;

#define DG_ADDRESS_TEXT_MAX 64u /* with the NUL */

struct dg_address {
	uint8_t octets[16];
	bool is_ip6;
};

/* "192.0.2.1", "2001:db8::1"; nothing around it, no zone index, no leading zeros in IPv4. 0, or 1: not an address. */
int dg_address_parse(const char *text, size_t len, struct dg_address *ret_address);
/* Of the data of an A (4 octets) or AAAA (16 octets) record. 0, or 1: neither. */
int dg_address_of(const uint8_t *octets, size_t len, struct dg_address *ret_address);
bool dg_address_is_literal(const char *text);
void dg_address_print(struct dg_buf *b, const struct dg_address *a); /* RFC 5952 */
/* The same in buf, which is returned. */
const char *dg_address_text(const struct dg_address *a, char buf[DG_ADDRESS_TEXT_MAX]);
/* NULL: an address of the public Internet; else what it is: "unspecified", "private", "loopback", "link-local",
 * "documentation", "shared (carrier NAT)", "multicast", "broadcast", "benchmarking", "reserved", "for protocols", "discard",
 * "dummy", "segment routing", "not allocated", "deprecated (...)"; static text. IPv4 inside IPv6 (mapped, 6to4, NAT64) is
 * judged by the IPv4 address. */
const char *dg_address_special(const struct dg_address *a);
