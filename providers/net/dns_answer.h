/* providers/net/dns_answer.h: what stands in an answer message (RFC 1035, 2136, 5936). Pure; signatures are checked before.
 *
 * Errors   Each of them: 1: this is not the answer to that request (another id, question, opcode, no answer at all): drop it, go on waiting.
 *          < 0: it is, but is not well formed or refuses; err.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "providers/net/dns_wire.h"

struct dg_arena;
struct dg_dns_axfr;
struct dg_err;

/* What an answer must be the answer to. */
struct dg_asked {
	const char *name;
	uint16_t type;
	uint16_t id;
	unsigned opcode;
};

/* Id, opcode and question (errors may have none). 0: the reader stands behind the question. */
int dg_answer_check(const uint8_t *msg, size_t len, const struct dg_asked *asked,
	struct dg_wire_header *ret_header, struct dg_wire_in *ret_in);

/* ret_rcode of an answer to an UPDATE. */
int dg_update_answer_parse(
	const uint8_t *msg, size_t len, uint16_t id, const char *zone, int *ret_rcode);

/* A transfer that comes in messages. */
struct dg_axfr_state {
	size_t used; /* of the arena, before the first record */
	size_t n_records;
	const uint8_t *soa; /* the first one's data, canonical; in the arena */
	size_t soa_len;
	struct dg_wire_name owner; /* of the record before: most have the same */
	const char *owner_text;
	bool is_done;
};

enum dg_axfr_answer {
	DG_AXFR_OTHER = 1, /* not of this transfer */
	DG_AXFR_MORE,
	DG_AXFR_REFUSED, /* err says how */
};
/* Takes one message into x->zone_data (made by the caller). 0: complete. */
int dg_axfr_take(struct dg_axfr_state *s, struct dg_dns_axfr *x, const uint8_t *msg, size_t len,
	uint16_t id);
