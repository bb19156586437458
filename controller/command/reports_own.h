/* controller/command/reports_own.h: which sources of aggregate reports are the domain's own.
 *
 * Rule     With --own the networks given are own and all others foreign. Else SPF tells: check_host() for each source, of the name in
 *          From and of the policy domain. Pass: own, or shared when the mechanism that decides belongs to a service that many
 *          senders share. Where no SPF record can be used nothing is known: unknown, never foreign.
 */
#pragma once

#include "zones/base/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_app;
struct dg_arena;
struct dg_err;
struct dg_rows;

struct dg_own {
	struct dg_network *networks;
	size_t n;
};

/* "192.0.2.0/24,2001:db8::1"; NULL: none. In the arena. */
int dg_own_parse(struct dg_arena *a, const char *text, struct dg_own *ret_own, struct dg_err *err);
/* rows: sealed. */
int dg_own_judge(const struct dg_own *own, struct dg_rows *rows);
struct dg_facts;
struct dg_spf_memo;
struct dg_own_ruling {
	bool is_done;
	uint8_t standing;     /* enum dg_rows_standing */
	const char *provider; /* of SHARED, static */
	const char *why;      /* it could not be told, in the app's arena; NULL when it could */
};
/* What SPF of the domain (canonical) says of one address. False: not decided yet (facts are pending). */
bool dg_own_rule_by_spf(struct dg_app *app, struct dg_spf_memo *memo,
	const struct dg_address *address, const char *domain, const struct dg_facts *facts,
	struct dg_own_ruling *ruling);
int dg_own_judge_by_spf(struct dg_app *app, struct dg_rows *rows, struct dg_err *err);
