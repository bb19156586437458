/* controller/incident/words.h: what a triage says, in the reader's language (gettext; po/).
 *
 * Shape    Messages are those of zones/base/message.h, whose numbers and texts dg_message_put() puts in.
 * Locale   LC_ALL, LC_MESSAGES, LANG and LANGUAGE tell the language, as ever; a language whose locale is not installed on this
 *          machine still finds its catalogue. Output is UTF-8 always, and columns are counted so.
 * Calls    dg_words_open() once, before anything is said.
 */
#pragma once

#include "zones/base/message.h"
#include "zones/bounce/bounce.h"
#include "zones/incident/advice.h"
#include "zones/incident/classify.h"
#include "zones/incident/ledger.h"
#include "zones/incident/verdict.h"

#include <stddef.h>
#include <stdint.h>

struct dg_buf;

/* folder: of the catalogues; NULL: where they are installed. */
void dg_words_open(const char *folder);
/* The message in the reader's language; "" of "". What no catalogue has comes back as it is. */
const char *dg_word(const char *msgid);
/* The language that is said: "en", "ja". */
const char *dg_words_language(void);
/* The one that this number takes there: "{n} message", "{n} messages". */
const char *dg_word_n(const char *one, const char *many, uint64_t n);

const char *dg_words_incident(enum dg_incident_kind k); /* "forged elsewhere" */
const char *dg_words_meaning(enum dg_incident_kind k);  /* a sentence or two */
const char *dg_words_level(enum dg_level l);
const char *dg_words_reason(enum dg_reason_code c);
const char *dg_words_decide(enum dg_decide d);
const char *dg_words_step(enum dg_todo s); /* with {text} for whom it is about, when there is one */
const char *dg_words_locals(enum dg_locals l);
const char *dg_words_class(enum dg_class c);
const char *dg_words_rule(enum dg_rule_code r);
const char *dg_words_kind(enum dg_bounce_kind k); /* "bounce", "complaint" */
const char *dg_words_signed(enum dg_signed s);    /* NULL: nothing to say */

/* --- columns ---------------------------------------------------------------------------------- */
/* How many columns of a terminal UTF-8 text takes: kanji and kana take two. */
size_t dg_columns(const char *text);
/* The text, and blanks up to so many columns; what is longer is cut and ends in "...". */
void dg_put_padded(struct dg_buf *b, const char *text, size_t columns);
/* Broken into lines of at most DG_COLUMNS: the first behind `first`, the others behind as many blanks. Between words, and
 * between characters of two columns. Ends with a newline. */
#define DG_COLUMNS 80u
void dg_put_wrapped(struct dg_buf *b, const char *first, const char *text);
