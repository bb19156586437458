/* controller/letters/mbox_line.h: lines of an mbox (RFC 4155 appendix A, and what mail programs make of it). Inside controller/letters.
 *
 * From_    "From sender Thu Nov 26 10:00:00 2026": a separator at the beginning and behind an empty line, when a date can be read in it.
 * Key      Of what stays the same when a mail program writes the letter anew: not of fields such as Status and X-UID.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* n: without the line's end. *ret_at_ms: taken as local time, as it is written. */
bool dg_mbox_is_from(const char *line, size_t n, int64_t *ret_at_ms);
/* One '>' too many: ">From ", ">>From ". */
bool dg_mbox_is_quoted(const char *line, size_t n);

struct dg_mbox_key {
	uint64_t key;
	bool is_body, is_left_out; /* left out: of this header field */
};
void dg_mbox_key_start(struct dg_mbox_key *k, const char *from_line, size_t n);
void dg_mbox_key_line(struct dg_mbox_key *k, const char *line, size_t n);
