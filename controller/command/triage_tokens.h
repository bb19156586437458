/* controller/command/triage_tokens.h: do bounces come to addresses that we gave out (BATV, zones/mail/batv.h)?
 *
 * Rule      A valid tag: our own mail. None, or a wrong one, at least DG_TRIAGE_TOKEN_DAYS after all our mail began to have one: forged.
 *           Before that mail without a tag may still bounce, and nothing is said.
 */
#pragma once

#include "zones/incident/evidence.h"
#include "zones/mail/batv.h"

#include <stdbool.h>
#include <stdint.h>

struct dg_args;
struct dg_err;

#define DG_TRIAGE_TOKEN_DAYS \
	8 /* senders try for five (RFC 5321 section 4.5.4.1); a bounce may wait too */

struct dg_triage_tokens {
	struct dg_batv_keys keys;
	bool has_keys;
	int64_t since; /* 0: not told */
};

/* --batv-keys and --batv-since. */
int dg_triage_tokens(
	const struct dg_args *args, struct dg_triage_tokens *ret_tokens, struct dg_err *err);
enum dg_token dg_triage_token(const struct dg_triage_tokens *t, const char *recipient, int64_t at);
