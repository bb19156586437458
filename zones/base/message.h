/* zones/base/message.h: marks a text for people that is said in the reader's language later (gettext; po/).
 *
 * Shape    The text itself is what is stored, sent on and compared; whoever shows it looks it up (controller/incident/words.h).
 */
#pragma once

#define DG_MESSAGE(msgid) msgid
