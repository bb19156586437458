/* controller/lookup/spfbudget_zone.h: what one's own zone will answer after the plan (RFC 1034 section 4.3.2). Pure.
 *
 * Shape    0: *ret_set is the answer (n == 0: NODATA or NXDOMAIN). 1: the zone does not tell; *name is then the name to
 *          ask the resolver for (a CNAME of the zone may have led there).
 */
#pragma once

#include "controller/lookup/spfbudget.h"

int dg_spf_zone_get(
	const struct dg_spf_budget *b, const char **name, uint16_t type, struct dg_rrset *ret_set);
