/* controller/lookup/address.h: addresses as text.
 *
 * Shape    "192.0.2.1", "2001:db8::1", without brackets or port.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DG_ADDRESS_TEXT_MAX 64u

bool dg_address_is_literal(const char *text);
/* Of A (4 octets) or AAAA (16 octets) rdata. In buf, returned; NULL: neither. */
const char *dg_address_text(const uint8_t *wire, size_t len, char buf[DG_ADDRESS_TEXT_MAX]);
/* Does this machine know a way to the address (a literal)? Sends nothing. */
bool dg_address_has_route(const char *text, uint16_t port);
