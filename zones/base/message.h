/* zones/base/message.h: marks a text for people that is said in the reader's language later (gettext; po/).
 *
 * Shape    The text itself is what is stored, sent on and compared; whoever shows it looks it up (controller/incident/words.h).
 *          It holds {n}, {of} and {text} where a number or a text comes in: a catalogue can move them, and no catalogue is a printf format.
 */
#pragma once

#include <stdint.h>

struct dg_buf;

#define DG_MESSAGE(msgid) msgid

/* The message with its numbers and its text, which is made safe for a terminal. text NULL or "": "?". */
void dg_message_put(
	struct dg_buf *b, const char *message, uint64_t n, uint64_t of, const char *text);
