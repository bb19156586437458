/* zones/check/servers.h: what the rules about name servers share. Inside zones/check only. */
#pragma once

#include "zones/check/rule.h"
#include "zones/record/view.h"

#define CHECK_SERVERS_MAX 64u /* addresses of one domain that are looked at */

struct dg_rrkey;

struct servers {
	struct check *c;
	const struct dg_view *views[CHECK_SERVERS_MAX]; /* the authoritative ones */
	size_t n, n_ok;
	const struct dg_view *newest; /* by its serial; NULL: none has one */
	struct dg_rrkey *keys;
	size_t n_keys;
};

/* "ns1.example.com 192.0.2.1@53, ... and 3 more". */
const char *check_server_names(
	struct check *c, const struct dg_view *const *views, size_t n, const char **ret_first);
/* Groups by answer, key by key; and the resolver's view beside it. */
void check_server_groups(struct servers *s);
