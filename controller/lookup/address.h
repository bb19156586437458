/* controller/lookup/address.h: what this machine knows about an address. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Does this machine know a way to the address ("192.0.2.1", "2001:db8::1")? Sends nothing. */
bool dg_address_has_route(const char *text, uint16_t port);
