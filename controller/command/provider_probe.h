/* controller/command/provider_probe.h: what an account really takes, tried at a scratch name (`dnsguard provider probe`).
 *
 * Shape    RRsets are put at dnsguard-probe.ZONE, read back, and taken away again. A TXT record there is the mark: it comes first and goes
 *          last, so what a killed run left is known as ours and is cleaned by the next one; a name that is somebody else's is not touched.
 * Memory   Results live in the arena given.
 */
#pragma once

#include "providers/provider.h"

struct dg_arena;
struct dg_err;
struct dg_loop;

#define DG_PROBE_LABEL "dnsguard-probe"
#define DG_PROBE_MARK  "v=dnsguard-probe1"

enum dg_probed {
	DG_PROBED_NOT_TRIED,
	DG_PROBED_TAKEN,
	DG_PROBED_REFUSED,
	DG_PROBED_ALTERED, /* something else stands there than was put */
};

struct dg_probe {
	/* --- given --- */
	struct dg_loop *loop;
	struct dg_arena *arena;
	struct dg_provider *provider;
	const char *zone;
	/* --- found --- */
	const char *scratch;                   /* canonical */
	bool was_left;                         /* by an earlier run; cleaned */
	bool is_clean;                         /* nothing of ours stands there any more */
	enum dg_probed null_mx, null_mx_after; /* alone; in place of another MX */
	const char *null_mx_why;               /* what the other side said; NULL */
	uint32_t ttl_min;    /* the lowest that was kept; 0: none of those tried */
	size_t txt_max;      /* octets, the longest that was kept */
	const char *txt_why; /* why no longer one; NULL: none was tried */
	/* --- the probe's own --- */
	struct dg_arena *scratchpad;
	struct dg_zone *have;
	struct dg_read read;
	struct dg_apply apply;
	int rc;
	enum dg_outcome outcome;
};

/* 0; < 0: could not be told, or the name is somebody else's. It cleans up in both cases, and is_clean tells whether it could. */
int dg_probe_run(struct dg_probe *p, struct dg_err *err);
/* By enum dg_probed: "not tried", "taken", "refused", "altered". */
const char *dg_probed_text(enum dg_probed probed);
