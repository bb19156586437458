/* zones/incident/notice_parts.h: what the files of a letter share. Inside zones/incident. */
#pragma once

#include "zones/incident/notice.h"

struct dg_notice_words {
	const char *subject,
		*body; /* {domain}, {n}, {places}, {span}, {who}: see dg_notice_fill() */
};

/* In that language; Japanese may be the same letter in English. */
const struct dg_notice_words *dg_notice_words(
	enum dg_notice_kind kind, enum dg_incident_kind what, bool is_japanese);
/* Does whoever reads it read Japanese? By what the letter is, and by the organisation's name (.jp). */
bool dg_notice_wants_japanese(const struct dg_notice *n);
/* Template to text with LF; what comes from outside is made safe. */
void dg_notice_fill(struct dg_buf *b, const char *message, const struct dg_notice *n,
	const struct dg_notice_seen *seen);
void dg_notice_put_date(
	struct dg_buf *b, int64_t at); /* "Sun, 22 Nov 2026 20:13:05 +0000" (RFC 5322) */
void dg_notice_put_time(struct dg_buf *b, int64_t at); /* "2026-11-22T20:13:05Z" (RFC 3339) */
void dg_notice_put_uuid(struct dg_buf *b, const uint8_t random[16]); /* version 4 (RFC 9562) */
