/* controller/lookup/smtp_reply.h: reads one SMTP reply out of what comes (RFC 5321 section 4.2).
 *
 * Shape    "250-mail.example.com" "250-STARTTLS" "250 HELP" becomes code 250 and one text. A bare LF ends a line too. Where the lines
 *          of a reply differ in their code the last one counts.
 * Calls    dg_smtp_reader_put() until it says 1, then dg_smtp_reader_take(), which makes it ready for the next reply.
 * Errors   DG_EREMOTE: not an SMTP reply. DG_ELIMIT: more than the bounds below. err is set.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "zones/base/buf.h"

struct dg_arena;
struct dg_err;
struct dg_smtp_reply;

#define DG_SMTP_LINE_MAX  2048u  /* octets, without the line's end */
#define DG_SMTP_LINES_MAX 64u    /* a reply */
#define DG_SMTP_TOTAL_MAX 65536u /* octets a dialogue */
#define DG_SMTP_TEXT_MAX  4096u  /* octets of a reply's text that are kept, escaped */

struct dg_smtp_reader {
	char line[DG_SMTP_LINE_MAX + 2]; /* CR and LF */
	size_t len;
	size_t n_octets; /* of the whole dialogue */
	unsigned n_lines;
	int code;
	bool has_starttls; /* a line of this reply says so */
	struct dg_buf text;
};

void dg_smtp_reader_init(struct dg_smtp_reader *r);
void dg_smtp_reader_done(struct dg_smtp_reader *r);
/* 0: it needs more. 1: a reply is complete, *ret_used octets belong to it. < 0: see above. */
int dg_smtp_reader_put(struct dg_smtp_reader *r, const char *data, size_t len, size_t *ret_used,
	struct dg_err *err);
void dg_smtp_reader_take(
	struct dg_smtp_reader *r, struct dg_arena *arena, struct dg_smtp_reply *ret_reply);
