/* zones/bounce/parts.h: between the files of zones/bounce: one message on its way to its record. Inside zones/bounce. */
#pragma once

#include "zones/bounce/bounce.h"
#include "zones/bounce/mime.h"

#define DG_BOUNCE_TEXTS_MAX 8u

struct dg_found {
	const struct dg_part *status, *disposition, *feedback, *aggregate;
	const struct dg_part *returned; /* message/rfc822, or the headers of one */
	const struct dg_part *bare;     /* a part whose own header is that of the original */
	const struct dg_part *texts[DG_BOUNCE_TEXTS_MAX];
	size_t n_texts;
};

struct dg_reading {
	struct dg_arena *arena;
	const struct dg_bounce_charsets *charsets; /* NULL: none */
	struct dg_span message;
	struct dg_bounce *bounce;
	bool is_multipart; /* what its parts do not show may still stand between their delimiters */
	struct dg_found found;
	struct dg_span texts[DG_BOUNCE_TEXTS_MAX]; /* of found.texts, UTF-8 */
	struct dg_span text; /* the first text for people, UTF-8, up to where the original begins */
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

/* --- texts for people --------------------------------------------------------------------------- */
/* Lines of a header in a text. */
struct dg_run {
	struct dg_span header;   /* as a header is written */
	struct dg_span at, rest; /* the text from the run on; what is behind it */
	size_t n_marks;          /* ">" before each line */
};
bool dg_run_find(struct dg_reading *r, struct dg_span text, struct dg_run *ret_run);
/* HTML without its tags, entities of ASCII and a few more read; a tag that breaks a line is a line end. */
struct dg_span dg_html_text(struct dg_arena *a, struct dg_span html);
/* For dg_phrases_hear(): letters of ASCII in lower case, blanks single, without lines that are quoted. */
#define DG_HEARD_MAX ((size_t)16 << 10)
struct dg_span dg_text_plain(struct dg_arena *a, struct dg_span text);

/* --- parts of a report ------------------------------------------------------------------------- */
struct dg_bounce_recipient *dg_recipient_new(struct dg_reading *r); /* NULL: too many */
/* Groups of fields of a message/delivery-status. False: there were no such fields. */
bool dg_status_read(struct dg_reading *r, struct dg_span body);
/* The same, where it stands in a text. */
bool dg_status_in_text(struct dg_reading *r, struct dg_span text);
/* A feed's JSON as the text of a mail: the record becomes that of the event. */
bool dg_feed_in_text(struct dg_reading *r);
void dg_handoff_find(struct dg_reading *r);
/* Of a host name, without a final dot; "": none, an address, a suffix. */
const char *dg_organisation(struct dg_reading *r, const char *host);

/* What stands in the parts, those of messages inside of it left out; texts are decoded. */
void dg_parts_find(struct dg_reading *r, const struct dg_part *root);
void dg_parts_only(struct dg_reading *r, const struct dg_part *root); /* without the texts */
struct dg_span dg_part_text(struct dg_reading *r, const struct dg_part *part);
void dg_original_find(struct dg_reading *r);
/* Whom a free text names as those who did not get it. */
void dg_recipients_in_text(struct dg_reading *r);
void dg_verdict(struct dg_reading *r, const struct dg_part *root);
