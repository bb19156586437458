/* zones/incident/classify.h: the class of one bounce, by the first rule that fits. Pure.
 *
 * Rules    code              evidence                                                            class      strength
 *          token-valid       it came to an address with a token of ours (BATV, VERP, SRS)        OWN        certain
 *          token-missing     tokens are in force, and it has none                                FORGED     certain
 *          sent              its Message-ID is in our log of what we sent                        OWN        certain
 *          handoff-foreign   handed over by an address that is not ours                          FORGED     strong
 *          handoff-stranger  by one that is not known as ours                                    FORGED     medium
 *          forwarded         our host took it from a stranger for an address of ours, sent it on FORGED     medium
 *          login             our host took it from somebody who logged in from elsewhere         ACCOUNT    strong
 *          login-usual       ... from one of our networks, or as a mailing                       OWN        medium
 *          script            a program on our host made it                                       SCRIPT     strong
 *          open-relay        our host took it from a stranger, for a stranger                    RELAY      strong
 *          inside            our host took it from a host of ours, or a program's mailing         OWN        medium
 *          through-own       our host handed it over, and no line says how it came in            PASSED     medium
 *          provider          a provider that others share handed it over                         PROVIDER   medium
 *          signed            a DKIM signature of ours verifies on it, and no line says how it    OWN        strong
 *                            came into our host (which would go before this)
 *          signed-copies     ... and strangers hand the same message over again and again        UNKNOWN    -
 *          recipient-never   it came to an address that never existed                            FORGED     strong
 *          never-sends       it came to the posting address of a list, which sends nothing       FORGED     strong
 *          no-evidence       auto-reply, challenge, no returned header                           UNKNOWN    -
 *          Where our own log has the message (zones/incident/sendlog.h), the rules from login to inside go by what it says, and before any
 *          other but sent and those of a token: no stranger wrote it.
 *          The rules of a token stand above all: they need a key. A handoff that is ours is looked into before anything is said of
 *          the recipient. A signature that verifies proves that our side sent it, so it makes what our host's lines say strong, and
 *          goes before a handoff that is not ours: mail that was passed on. But whoever got one such mail can send it to a million others
 *          (DKIM replay, RFC 6376 section 8.6): from the DG_LEDGER_COPIES-th copy on that strangers hand over, nothing is proved by it.
 * Source   doc/incident.md says why each of these may be believed.
 */
#pragma once

#include <stdbool.h>

struct dg_evidence;
struct dg_owner;

enum dg_class {
	DG_CLASS_UNKNOWN,
	DG_CLASS_FORGED,
	DG_CLASS_RELAY,
	DG_CLASS_ACCOUNT,
	DG_CLASS_SCRIPT,
	DG_CLASS_PROVIDER,
	DG_CLASS_PASSED,
	DG_CLASS_OWN,
	DG_CLASSES,
};

enum dg_strength {
	DG_STRENGTH_NONE,
	DG_STRENGTH_MEDIUM,
	DG_STRENGTH_STRONG,
	DG_STRENGTH_CERTAIN,
	DG_STRENGTHS,
};

enum dg_rule_code {
	DG_RULE_NO_EVIDENCE,
	DG_RULE_TOKEN_VALID,
	DG_RULE_TOKEN_MISSING,
	DG_RULE_SENT,
	DG_RULE_SIGNED,
	DG_RULE_SIGNED_COPIES,
	DG_RULE_HANDOFF_FOREIGN,
	DG_RULE_HANDOFF_STRANGER,
	DG_RULE_FORWARDED,
	DG_RULE_LOGIN,
	DG_RULE_LOGIN_USUAL,
	DG_RULE_SCRIPT,
	DG_RULE_OPEN_RELAY,
	DG_RULE_INSIDE,
	DG_RULE_THROUGH_OWN,
	DG_RULE_PROVIDER,
	DG_RULE_RECIPIENT_NEVER,
	DG_RULE_NEVER_SENDS,
	DG_RULES,
};

struct dg_ruling {
	enum dg_class class;
	enum dg_rule_code rule;
	enum dg_strength strength;
	bool is_list_leak; /* besides the class */
};

void dg_classify(const struct dg_evidence *e, const struct dg_owner *o, struct dg_ruling *ret);

/* Stable, for JSON: "forged"; "handoff-foreign"; "strong". */
const char *dg_class_text(enum dg_class c);
const char *dg_rule_text(enum dg_rule_code r);
const char *dg_strength_text(enum dg_strength s);
