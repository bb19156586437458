/* What to do, and what a single bounce is. */
#include "controller/incident/words.h"

/* NOLINTBEGIN(bugprone-suspicious-missing-comma): sentences are longer than lines */
static const char *const steps[DG_TODOS] = {
	[DG_TODO_CALM] = DG_MESSAGE("Nobody broke in: no password needs changing for this."),
	[DG_TODO_NO_SPLIT] = DG_MESSAGE(
		"Do not move the mail name and do not set a null MX: the mail leaves "
		"through your own side, so that would not stop it and would cost your mail."),
	[DG_TODO_CLOSE_RELAY] = DG_MESSAGE(
		"Close the relay on {text}: it may take mail from strangers only for your "
		"own domains. If it is not yours, call whoever runs it now."),
	[DG_TODO_TEST_RELAY] = DG_MESSAGE(
		"See that it is closed: dnsguard check zone.yaml --open-relay --i-own-this"),
	[DG_TODO_BLOCK_ACCOUNT] =
		DG_MESSAGE("Block the account {text} now, change its password, and end "
			   "its open sessions."),
	[DG_TODO_FIND_ACCOUNT] = DG_MESSAGE(
		"Find the account: the log of the mail server names the login of each "
		"message that it took (sasl_username, A=). Block it, change its password."),
	[DG_TODO_SAVE_LOGS] =
		DG_MESSAGE("Copy the mail server's logs away before they are rotated."),
	[DG_TODO_FIND_SCRIPT] =
		DG_MESSAGE("Take {text} off, and look at what else was changed on that "
			   "host: whoever could send could write."),
	[DG_TODO_FIND_PATH] =
		DG_MESSAGE("Look up one of these messages in the log of {text}: it says whether "
			   "somebody had logged in, and from where. --explain 1 shows the id."),
	[DG_TODO_EMPTY_QUEUE] =
		DG_MESSAGE("Stop the queue, and delete what waits in it of that mail."),
	[DG_TODO_ASK_PROVIDER] = DG_MESSAGE(
		"Write to {text} with the ids of some of these messages (--explain 1), and "
		"ask whose account sent them."),
	[DG_TODO_WITHDRAW_SPF] = DG_MESSAGE(
		"As long as it sends, take it out of the SPF record, then dnsguard apply: "
		"receivers can then refuse the mail. Your own mail through it is refused too."),
	[DG_TODO_REVOKE_DKIM] = DG_MESSAGE(
		"Revoke the DKIM key with which it signs (dkim: {s2026: revoked} in zone.yaml), "
		"and make a new one when it is closed."),
	[DG_TODO_FORWARD_ONLY] = DG_MESSAGE(
		"If the address only forwards and never sends: let its mail name publish SPF "
		"-all, and take its login away."),
	[DG_TODO_BLOCKLISTS] = DG_MESSAGE(
		"When it has stopped, see whether the server is on blocklists, and ask to "
		"be taken off."),
	[DG_TODO_TELL_USER] = DG_MESSAGE("Tell the person whose account it was: the same password "
					 "elsewhere is lost too."),
	[DG_TODO_PUBLISH] = DG_MESSAGE(
		"Publish SPF that ends in -all and DMARC with p=reject, so that receivers "
		"refuse the forged mail instead of bouncing it: dnsguard check, then "
		"dnsguard apply zone.yaml"),
	[DG_TODO_ARM] =
		DG_MESSAGE("Lower the TTLs now, since they are the whole reaction time later: "
			   "dnsguard arm zone.yaml NAME"),
	[DG_TODO_SPLIT] =
		DG_MESSAGE("If the mailbox drowns all the same, move the mail name to its "
			   "subdomain: dnsguard split zone.yaml NAME"),
	[DG_TODO_NULL_UNUSED] = DG_MESSAGE(
		"Bounces to made-up addresses: let the mail server refuse recipients that do "
		"not exist, and give up a catch-all."),
	[DG_TODO_ASK_OWNER] = DG_MESSAGE(
		"If somebody else runs the domain: only they can publish records for it. Send "
		"this page to its postmaster."),
	[DG_TODO_FILTER] = DG_MESSAGE(
		"Meanwhile let your mail program put mail from MAILER-DAEMON and postmaster "
		"into a folder of its own; do not delete it."),
	[DG_TODO_WRITE_REPORTERS] = DG_MESSAGE(
		"Few organisations send most of the bounces: write to their postmasters, "
		"and ask them to refuse instead of bouncing."),
	[DG_TODO_WRITE_ORIGINS] = DG_MESSAGE(
		"Write to the abuse desks of the networks at the top of the list, with the "
		"Received line that names their address."),
	[DG_TODO_LIST_CLOSE] = DG_MESSAGE(
		"At once: let the list {text} refuse mail with a null sender, and mail that "
		"is not from a subscriber."),
	[DG_TODO_LIST_NAME] = DG_MESSAGE(
		"Give lists a mail name of their own (lists.example.com), so that the address "
		"under attack can be given up: dnsguard split"),
	[DG_TODO_LIST_TELL] = DG_MESSAGE(
		"Write to the subscribers: what they got, that nobody has their addresses, "
		"and the new address of the list."),
	[DG_TODO_CLEAN_LIST] =
		DG_MESSAGE("Take the addresses that do not exist off your own mailing."),
	[DG_TODO_KEEP] = DG_MESSAGE("Keep the bounces as they are: they are the evidence."),
	[DG_TODO_DECIDE] = DG_MESSAGE("First find out what would decide it, above."),
};

static const char *const locals[] = {
	[DG_LOCALS_NONE] = DG_MESSAGE("not known"),
	[DG_LOCALS_ONE] = DG_MESSAGE("one address"),
	[DG_LOCALS_FEW] = DG_MESSAGE("a few"),
	[DG_LOCALS_DICTIONARY] = DG_MESSAGE("names and words out of a list"),
	[DG_LOCALS_RANDOM] = DG_MESSAGE("random, made up by a program"),
};

static const char *const classes[DG_CLASSES] = {
	[DG_CLASS_UNKNOWN] = DG_MESSAGE("could not tell"),
	[DG_CLASS_FORGED] = DG_MESSAGE("forged elsewhere"),
	[DG_CLASS_RELAY] = DG_MESSAGE("relay abused"),
	[DG_CLASS_ACCOUNT] = DG_MESSAGE("account compromised"),
	[DG_CLASS_SCRIPT] = DG_MESSAGE("script on your host"),
	[DG_CLASS_PROVIDER] = DG_MESSAGE("provider abused"),
	[DG_CLASS_PASSED] = DG_MESSAGE("sent through your own server"),
	[DG_CLASS_OWN] = DG_MESSAGE("own mail"),
};

static const char *const rules[DG_RULES] = {
	[DG_RULE_NO_EVIDENCE] = DG_MESSAGE("it brings nothing back that could be believed"),
	[DG_RULE_TOKEN_VALID] =
		DG_MESSAGE("it came to an address with a token that only you can make"),
	[DG_RULE_TOKEN_MISSING] = DG_MESSAGE("all mail of yours has a token, and this has none"),
	[DG_RULE_SENT] = DG_MESSAGE("its Message-ID is in the log of what you sent"),
	[DG_RULE_SIGNED] =
		DG_MESSAGE("a DKIM signature of yours verifies on the original, so your side "
			   "sent it"),
	[DG_RULE_SIGNED_COPIES] =
		DG_MESSAGE("your key signed it once, and strangers hand it over again and again: "
			   "who sent it this time is not known"),
	[DG_RULE_NEVER_SENDS] = DG_MESSAGE("it came to the address of a list, which never sends"),
	[DG_RULE_HANDOFF_FOREIGN] =
		DG_MESSAGE("it was handed over by an address that is not yours"),
	[DG_RULE_HANDOFF_STRANGER] =
		DG_MESSAGE("it was handed over by an address that is not known as yours"),
	[DG_RULE_FORWARDED] =
		DG_MESSAGE("your server had it from a stranger, for an address of yours, "
			   "and sent it on"),
	[DG_RULE_LOGIN] =
		DG_MESSAGE("your server took it from somebody who had logged in from elsewhere"),
	[DG_RULE_LOGIN_USUAL] =
		DG_MESSAGE("your server took it from somebody who had logged in, as "
			   "your people do"),
	[DG_RULE_SCRIPT] = DG_MESSAGE("a program on your host made it"),
	[DG_RULE_OPEN_RELAY] = DG_MESSAGE("your server took it from a stranger, for a stranger"),
	[DG_RULE_INSIDE] = DG_MESSAGE("your server took it from a host of yours"),
	[DG_RULE_THROUGH_OWN] =
		DG_MESSAGE("your server handed it over, and no line says how it came in"),
	[DG_RULE_PROVIDER] = DG_MESSAGE("a provider that others share handed it over"),
	[DG_RULE_RECIPIENT_NEVER] = DG_MESSAGE("it came to an address that never existed"),
};

static const char *const kinds[] = {
	[DG_BOUNCE_ORDINARY] = DG_MESSAGE("an ordinary letter"),
	[DG_BOUNCE_BOUNCE] = DG_MESSAGE("a bounce"),
	[DG_BOUNCE_DELAY] = DG_MESSAGE("a warning of a delay"),
	[DG_BOUNCE_DELIVERED] = DG_MESSAGE("a report of success"),
	[DG_BOUNCE_AUTOREPLY] = DG_MESSAGE("an automatic answer"),
	[DG_BOUNCE_COMPLAINT] = DG_MESSAGE("a complaint"),
	[DG_BOUNCE_AGGREGATE] = DG_MESSAGE("a DMARC aggregate report"),
	[DG_BOUNCE_FAILURE] = DG_MESSAGE("a DMARC failure report"),
	[DG_BOUNCE_CHALLENGE] = DG_MESSAGE("a challenge to prove that one is a person"),
	[DG_BOUNCE_UNREADABLE] = DG_MESSAGE("not readable"),
};

static const char *const signatures[DG_SIGNED_STATES] = {
	[DG_SIGNED_NOT_CHECKED] =
		DG_MESSAGE("a DKIM signature in your name: not checked (--dns looks its key up, "
			   "--dkim-key or --policy names it)"),
	[DG_SIGNED_NO_KEY] =
		DG_MESSAGE("a DKIM signature in your name: its key is not known, so it proves "
			   "nothing"),
	[DG_SIGNED_BROKEN] = DG_MESSAGE(
		"a DKIM signature in your name: it does not verify, so it proves nothing"),
	[DG_SIGNED_OURS] =
		DG_MESSAGE("a DKIM signature in your name: it verifies; your key signed this"),
	[DG_SIGNED_COPIED] =
		DG_MESSAGE("a DKIM signature in your name: it verifies, and strangers hand over "
			   "one copy after the other; it proves who wrote it, not who sent it"),
};
/* NOLINTEND(bugprone-suspicious-missing-comma) */

const char *dg_words_kind(enum dg_bounce_kind k)
{
	return dg_word(kinds[k]);
}

const char *dg_words_signed(enum dg_signed s)
{
	return signatures[s] ? dg_word(signatures[s]) : NULL;
}

const char *dg_words_step(enum dg_todo s)
{
	return dg_word(steps[s]);
}

const char *dg_words_locals(enum dg_locals l)
{
	return dg_word(locals[l]);
}

const char *dg_words_class(enum dg_class c)
{
	return dg_word(classes[c]);
}

const char *dg_words_rule(enum dg_rule_code r)
{
	return dg_word(rules[r]);
}
