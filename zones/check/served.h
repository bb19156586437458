/* zones/check/served.h: what the name servers said, asked one by one, to be shown beside what the resolver said. Inside zones/check only. */
#pragma once

#include "zones/check/check.h"

#define SERVED_NOWHERE (-1)

/* The longest TTL with which a name server serves the RRset; SERVED_NOWHERE: none that answered has it. */
long check_served_ttl(const struct dg_check *c, const char *owner, uint16_t type);

/* Which answers a name server gives: the same number, from 0, for the same answers (the SOA does not count). SERVED_NOWHERE: it
 * gave none. */
int check_served_group(const struct dg_check *c, size_t server);
