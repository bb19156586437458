/* providers/net/dns_build.h: request messages. Pure; o->is_full tells when one does not fit. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "providers/net/dns_wire.h"

struct dg_dns_update;

#define DG_DNS_UDP_SIZE 1232u /* octets of an answer over UDP that need no fragments */

/* udp_size > 0: says by EDNS (RFC 6891) how much a UDP answer may hold. */
void dg_query_build(struct dg_wire_out *o, uint16_t id, const char *name, uint16_t type, bool rd,
	unsigned udp_size);
void dg_update_build(struct dg_wire_out *o, uint16_t id, const struct dg_dns_update *u);
