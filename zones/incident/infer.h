/* zones/incident/infer.h: whose bounces these are, when nobody says: the domain and the mail servers, out of the bounces. Pure.
 *
 * Rule     The domain: what most bounces came to, and most originals name as their sender; others that have a quarter of that too.
 *          A name below a registrable domain counts as that. Our mail server: who wrote the newest Received line of most. When
 *          it belongs to somebody else, that one is a provider whose servers carry our mail and others'.
 * Limits   From the first DG_INFER_BOUNCES; DG_INFER_NAMES different names.
 * Memory   The caller's struct; what is concluded goes into the arena.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_bounce;
struct dg_owner;

#define DG_INFER_BOUNCES 2000u
#define DG_INFER_NAMES   256u

struct dg_infer_name {
	const char *name;
	uint64_t n;
};

struct dg_infer {
	struct dg_arena *arena;
	struct dg_infer_name domains[DG_INFER_NAMES], hosts[DG_INFER_NAMES];
	size_t n_domains, n_hosts;
	uint64_t n; /* bounces that were looked at */
};

void dg_infer_add(struct dg_infer *f, const struct dg_bounce *b);
/* Fills what the owner lacks: domains when it has none, hosts and providers when it has neither networks nor hosts. */
void dg_infer_owner(const struct dg_infer *f, struct dg_owner *o);
