/* controller/check/relay.h: asks MX hosts whether they relay for strangers (zones/check/relay.h says what, and what it means).
 *
 * Purpose  Only for hosts of the one who asks: the caller sees to that. Nothing goes beyond RCPT, so no message is sent.
 * Shape    Each address of each host is asked over two connections, one after the other; DG_RELAY_AT_ONCE addresses at once.
 * Calls    done() comes once, from the loop. The test must live until then. dg_relay_cancel(): none comes.
 * Errors   None: what could not be asked says why.
 * Memory   Results in the arena given.
 */
#pragma once

#include "zones/check/relay.h"

#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_loop;

#define DG_RELAY_AT_ONCE       8u
#define DG_RELAY_ADDRESSES_MAX 64u /* of all hosts; the others are named, not asked */

struct dg_relay_target {
	const char *host;   /* canonical */
	const char *domain; /* that it takes mail for, canonical */
	const char *const *addresses;
	size_t n_addresses;
	const char *why; /* why there is no address; NULL */
};

struct dg_relay_test {
	struct dg_loop *loop;
	const struct dg_relay_target *targets;
	size_t n_targets;
	const char *helo;   /* NULL: the address we come from */
	uint16_t port;      /* 0: 25 */
	int64_t timeout_ms; /* of one connection */
	struct dg_arena *arena;
	void (*done)(struct dg_relay_test *t);
	void *arg;
	/* --- results: for dg_check_input --- */
	struct dg_relay_host *seen;
	size_t n_seen;
	void *internal;
};

void dg_relay_start(struct dg_relay_test *t);
void dg_relay_cancel(struct dg_relay_test *t);
