/* zones/bounce/proof.h: is a bounce of mail that was sent from here? By the whole message. Pure.
 *
 * Rule     The first that holds:
 *            token      it came to an address with a tag that only we can make (zones/mail/batv.h): OWN
 *            no-token   tags have been in force for longer than any sender tries, and it came without a sound one: FOREIGN
 *            sent       the Message-ID of the original was sent from here: OWN
 *            signed     the original came back whole, and a signature of ours verifies on it (RFC 6376): OWN
 *            handoff    a host that our SPF does not name handed the original to the organisation that bounces it: FOREIGN
 *            recipient  it came to an address that never was: FOREIGN
 *            ours       a host of ours handed it over: OWN
 *          else it cannot be told.
 * Trust    What the returned headers say is a stranger's word as far as the bounce is: who makes up bounces can make up a handoff.
 *          So a handoff proves less than a token, and acting on FOREIGN needs several reporters (zones/watch/detector.h).
 */
#pragma once

#include "zones/watch/detector.h"

#include <stdbool.h>
#include <stdint.h>

struct dg_bounce;

#define DG_PROOF_TAGGED_S \
	((int64_t)8 * 86400) /* tags are in force for so long: mail from before has come back */

enum dg_proof_tag {
	DG_PROOF_NO_TAGS, /* none are given out */
	DG_PROOF_TAG_VALID,
	DG_PROOF_TAG_MISSING, /* or made up */
};

enum dg_proof_host {
	DG_PROOF_HOST_UNKNOWN,
	DG_PROOF_HOST_OWN,
	DG_PROOF_HOST_SHARED, /* of a provider that sends for many: nothing follows */
	DG_PROOF_HOST_FOREIGN,
};

/* What the caller found out. */
struct dg_proof_facts {
	enum dg_proof_tag tag;
	int64_t tags_since_s, now_s;
	bool is_sent;            /* the original's Message-ID is among those that were sent */
	bool is_signed;          /* a signature of ours verifies */
	enum dg_proof_host host; /* of the handoff */
	bool has_recipients,
		is_recipient; /* a list is given, and holds the address that it came to */
};

struct dg_proof {
	enum dg_arrival class;
	const char *code; /* "token", ..., "none": stable */
};

struct dg_proof dg_proof_of(const struct dg_bounce *b, const struct dg_proof_facts *f);

/* Is it an answer to mail, so that a forged sender would get it? A bounce, a delay, an auto-reply, a challenge. */
bool dg_proof_is_answer(const struct dg_bounce *b);
