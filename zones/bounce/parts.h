/* zones/bounce/parts.h: between the files of zones/bounce: one message on its way to its record. Inside zones/bounce. */
#pragma once

#include "zones/bounce/bounce.h"
#include "zones/bounce/mime.h"

#define DG_BOUNCE_TEXTS_MAX 8u

struct dg_found {
	const struct dg_part *status, *disposition, *feedback, *aggregate;
	const struct dg_part *returned; /* message/rfc822, or the headers of one */
	const struct dg_part *texts[DG_BOUNCE_TEXTS_MAX];
	size_t n_texts;
};

struct dg_reading {
	struct dg_arena *arena;
	const struct dg_bounce_charsets *charsets; /* NULL: none */
	struct dg_span message;
	struct dg_bounce *bounce;
	struct dg_found found;
	struct dg_span text;     /* the first text for people, UTF-8 */
	struct dg_span original; /* the octets of the original, when it is whole; empty: no */
};

/* --- texts ------------------------------------------------------------------------------------ */
/* As a text of the record: folds and blanks are one blank, controls are dropped, what is no UTF-8 is U+FFFD. */
const char *dg_clean(struct dg_reading *r, struct dg_span s);
/* The same, encoded words (RFC 2047) decoded. */
const char *dg_clean_words(struct dg_reading *r, struct dg_span s);
/* len octets in charset as UTF-8; as they are when that is not known. */
struct dg_span dg_to_utf8(struct dg_reading *r, const char *charset, struct dg_span s);
/* The first address in a field of addresses, without brackets; empty: "<>". False: none. */
bool dg_mailbox_first(struct dg_span value, struct dg_span *ret_address);
/* "rfc822; a@example.com" without the type. */
struct dg_span dg_without_type(struct dg_span value);
/* A date of RFC 5322 section 3.3, as loosely as it is written; 0: none. */
int64_t dg_date_parse(struct dg_span value);

/* --- headers ---------------------------------------------------------------------------------- */
void dg_head_none(struct dg_bounce_head *ret_head);
void dg_head_read(struct dg_reading *r, struct dg_span head, struct dg_bounce_head *ret_head);
void dg_hop_parse(struct dg_reading *r, struct dg_span value, struct dg_bounce_hop *ret_hop);

/* --- parts of a report ------------------------------------------------------------------------- */
struct dg_bounce_recipient *dg_recipient_new(struct dg_reading *r); /* NULL: too many */
/* Groups of fields of a message/delivery-status. False: there were no such fields. */
bool dg_status_read(struct dg_reading *r, struct dg_span body);
void dg_handoff_find(struct dg_reading *r);
/* Of a host name, without a final dot; "": none, an address, a suffix. */
const char *dg_organisation(struct dg_reading *r, const char *host);

/* What stands in the parts, those of messages inside of it left out; texts are decoded. */
void dg_parts_find(struct dg_reading *r, const struct dg_part *root);
void dg_original_find(struct dg_reading *r);
void dg_verdict(struct dg_reading *r);
