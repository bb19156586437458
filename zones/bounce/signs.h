/* zones/bounce/signs.h: what besides its parts tells a report from a letter: who sends it, how, and in what words. Inside zones/bounce. */
#pragma once

#include "zones/bounce/parts.h"
#include "zones/bounce/phrases.h"

struct dg_signs {
	bool is_daemon;        /* From, or the envelope sender, is no person's */
	bool is_mailer;        /* From is a mail system's own: no person answers from there */
	bool has_quotes;       /* lines with ">", or words that begin what is passed on */
	bool is_machine;       /* From reads like that of a program */
	bool is_null;          /* the envelope sender is empty */
	bool is_auto;          /* Auto-Submitted and the like say so */
	bool is_answer;        /* it answers or passes on something */
	bool is_list;          /* sent to many */
	struct dg_span failed; /* X-Failed-Recipients */
	struct dg_heard text, subject;
};

void dg_signs_read(struct dg_reading *r, struct dg_span head, struct dg_signs *ret_signs);
