/* controller/command/triage_owner.h: who the owner is, from the command line, a policy and files of the owner's.
 *
 * Policy    Its mail names are domains of ours, its MX and HELO hosts hosts; ip4: and ip6: of its SPF are networks. Terms that need
 *           look-ups are left `unresolved`, unless SPF is asked for (--dns).
 * Files     --sent: anything with Message-IDs in angle brackets (a mail log, a list). --recipients: one address a line.
 * Memory    In the arena, DG_TRIAGE_FILE_MAX octets of each file.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dg_app;
struct dg_arena;
struct dg_err;
struct dg_owner;
struct dg_triage_dkim;

#define DG_TRIAGE_FILE_MAX ((size_t)256 << 20)

/* keys: takes those of the policy. */
int dg_triage_owner(struct dg_app *app, struct dg_arena *a, struct dg_triage_dkim *keys,
	struct dg_owner *ret_owner, struct dg_err *err);
/* "2026-11-22", "2026-11-22T20:13" (UTC), "36h" or "4d" before now. Unix seconds. */
int dg_triage_time(
	const char *option, const char *text, int64_t now, int64_t *ret_at, struct dg_err *err);
