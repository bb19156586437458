/* What happened, what speaks for and against it, and what would decide it. */
#include "controller/incident/words.h"

/* NOLINTBEGIN(bugprone-suspicious-missing-comma): sentences are longer than lines */
static const char *const incidents[DG_INCIDENT_KINDS] = {
	[DG_INCIDENT_UNDECIDED] = DG_MESSAGE("undecided"),
	[DG_INCIDENT_FORGED] = DG_MESSAGE("forged elsewhere"),
	[DG_INCIDENT_RELAY] = DG_MESSAGE("relay abused"),
	[DG_INCIDENT_ACCOUNT] = DG_MESSAGE("account compromised"),
	[DG_INCIDENT_SCRIPT] = DG_MESSAGE("script on your host"),
	[DG_INCIDENT_PROVIDER] = DG_MESSAGE("provider abused"),
	[DG_INCIDENT_THROUGH_OWN] = DG_MESSAGE("sent through your own server"),
	[DG_INCIDENT_OWN] = DG_MESSAGE("own mail"),
	[DG_INCIDENT_LIST_LEAK] = DG_MESSAGE("list leak"),
};

static const char *const meanings[DG_INCIDENT_KINDS] = {
	[DG_INCIDENT_UNDECIDED] = DG_MESSAGE("What is here does not tell who sent the mail."),
	[DG_INCIDENT_FORGED] =
		DG_MESSAGE("Somebody writes your name into mail that never passed a "
			   "server of yours. Nobody broke in; you cannot switch it off at "
			   "your side, but you can make it worthless."),
	[DG_INCIDENT_RELAY] =
		DG_MESSAGE("The mail left through a server that sends for you, and that "
			   "takes mail from strangers for strangers. It goes on until "
			   "that server is closed."),
	[DG_INCIDENT_ACCOUNT] =
		DG_MESSAGE("Somebody sends through your server with the password of "
			   "one of its users. It goes on until that account is blocked."),
	[DG_INCIDENT_SCRIPT] =
		DG_MESSAGE("A program on your host, most often a web form or a page that "
			   "was broken into, sends the mail."),
	[DG_INCIDENT_PROVIDER] =
		DG_MESSAGE("The mail left through a provider that sends for you and for others: "
			   "through your account there, or through another customer's that your "
			   "SPF record lets pass too. Only its log can tell."),
	[DG_INCIDENT_THROUGH_OWN] = DG_MESSAGE(
		"The mail left through your own server. Whether as a relay, with a stolen "
		"password, by a script or as your own mail, the returned lines do not say."),
	[DG_INCIDENT_OWN] = DG_MESSAGE("These are bounces of mail that you sent."),
	[DG_INCIDENT_LIST_LEAK] =
		DG_MESSAGE("Bounces come to the address of a mailing list, which sends "
			   "them on to its subscribers."),
};

static const char *const levels[] = {
	[DG_LEVEL_UNDECIDED] = DG_MESSAGE("not enough to be sure"),
	[DG_LEVEL_MEDIUM] = DG_MESSAGE("confidence: medium"),
	[DG_LEVEL_HIGH] = DG_MESSAGE("confidence: high"),
};

static const char *const reasons[DG_REASONS] = {
	[DG_REASON_HANDOFFS] =
		DG_MESSAGE("{n} of {of}: handed over by addresses that are not known as yours"),
	[DG_REASON_NETWORKS] = DG_MESSAGE("{n}: networks that these addresses lie in"),
	[DG_REASON_REPORTERS] = DG_MESSAGE("{n}: organisations that say so, each for itself"),
	[DG_REASON_TOKENS_MISSING] =
		DG_MESSAGE("{n} of {of}: came to an address without your token"),
	[DG_REASON_TOKENS_VALID] = DG_MESSAGE("{n} of {of}: came to an address with your token"),
	[DG_REASON_NEVER] = DG_MESSAGE("{n} of {of}: came to an address that never existed"),
	[DG_REASON_CLAIMED] =
		DG_MESSAGE("{n} of {of}: the sender gave a name of yours as its own, from a "
			   "strange address"),
	[DG_REASON_FORWARDED] =
		DG_MESSAGE("{n} of {of}: your server had it from a stranger, for an address of "
			   "yours, and sent it on"),
	[DG_REASON_ROWS_FORGED] = DG_MESSAGE("{n} forged messages in the DMARC reports of {of} "
					     "organisations"),
	[DG_REASON_THROUGH] = DG_MESSAGE("{n} of {of}: went out through {text}"),
	[DG_REASON_STRANGERS] =
		DG_MESSAGE("{n} of {of}: it took them from strangers, for strangers, "
			   "without a login"),
	[DG_REASON_LOGIN] = DG_MESSAGE("{n} of {of}: somebody had logged in, most often as {text}"),
	[DG_REASON_CLIENTS] = DG_MESSAGE("{n}: networks that it had them from"),
	[DG_REASON_SCRIPT] = DG_MESSAGE("{n} of {of}: made by a program on it, most often {text}"),
	[DG_REASON_PROVIDER] =
		DG_MESSAGE("{n} of {of}: handed over by {text}, which others use too"),
	[DG_REASON_SIGNED] = DG_MESSAGE("{n} of {of}: a DKIM signature of yours verifies on the "
					"original"),
	[DG_REASON_NEVER_SENDS] =
		DG_MESSAGE("{n} of {of}: came to the address of a list, which never sends"),
	[DG_REASON_SENT] = DG_MESSAGE("{n} of {of}: stand in the log of what you sent"),
	[DG_REASON_USUAL] = DG_MESSAGE("{n} of {of}: came into your server as your own mail does"),
	[DG_REASON_LIST] = DG_MESSAGE("{n} of {of}: came to the list {text}, or out of it"),
	[DG_REASON_NOTICES] = DG_MESSAGE("{n}: notices that mail of yours is spam"),
	[DG_REASON_NO_BOUNCES] =
		DG_MESSAGE("no bounce came, as they would for forged mail of that amount"),
	[DG_REASON_ROWS_OWN] =
		DG_MESSAGE("{n} of {of}: messages in DMARC reports that passed as yours"),
	[DG_REASON_ROWS_BURST] = DG_MESSAGE("{n}: of these on one day; on a usual day {of}"),
	[DG_REASON_OTHERS] = DG_MESSAGE("{n} of {of}: say something else"),
	[DG_REASON_FEW] = DG_MESSAGE("only {n} could be classed"),
	[DG_REASON_ONE_REPORTER] =
		DG_MESSAGE("all come from one organisation; one alone can make bounces up"),
	[DG_REASON_UNRETURNED] = DG_MESSAGE("{n} of {of}: bring nothing of the original back"),
	[DG_REASON_INFERRED] = DG_MESSAGE(
		"which addresses are yours was not told, only concluded from the bounces"),
	[DG_REASON_UNRESOLVED] =
		DG_MESSAGE("{text} of your SPF record was not looked up: more may be yours"),
	[DG_REASON_IMPLAUSIBLE] =
		DG_MESSAGE("{n} of {of}: were not brought by the one who says that he wrote them"),
	[DG_REASON_ROWS_DISAGREE] = DG_MESSAGE("the DMARC reports know of no forged mail"),
	[DG_REASON_COPIES] =
		DG_MESSAGE("{n} of {of}: copies of a few signed messages of yours, handed over by "
			   "strangers: somebody sends them again, or a list passes them on"),
	[DG_REASON_NO_OWN_PATH] = DG_MESSAGE("none of them passed a server of yours"),
};

static const char *const decides[DG_DECIDES] = {
	[DG_DECIDE_OWN] =
		DG_MESSAGE("say which addresses send your mail: --own 192.0.2.1,198.51.100.0/24, "
			   "or --policy zone.yaml"),
	[DG_DECIDE_DNS] = DG_MESSAGE("let your SPF record be looked up: --dns"),
	[DG_DECIDE_MORE] = DG_MESSAGE("more bounces, from more than one organisation"),
	[DG_DECIDE_HEADERS] = DG_MESSAGE(
		"bounces that bring the header of the original back: whole messages with "
		"their attachments, not forwarded text"),
	[DG_DECIDE_LOG] = DG_MESSAGE("the log of that server for one of these messages "
				     "(--explain 1 shows its id)"),
	[DG_DECIDE_ASK] = DG_MESSAGE("ask the person whether the mail is theirs"),
	[DG_DECIDE_REPORTS] = DG_MESSAGE("DMARC aggregate reports, given beside the bounces"),
	[DG_DECIDE_PROVIDER] = DG_MESSAGE("the provider's log for one of these messages "
					  "(--explain 1 shows its id)"),
	[DG_DECIDE_SAMPLE] =
		DG_MESSAGE("the whole header of one message that the notice is about: ask "
			   "whoever sent it"),
};
/* NOLINTEND(bugprone-suspicious-missing-comma) */

const char *dg_words_incident(enum dg_incident_kind k)
{
	return dg_word(incidents[k]);
}

const char *dg_words_meaning(enum dg_incident_kind k)
{
	return dg_word(meanings[k]);
}

const char *dg_words_level(enum dg_level l)
{
	return dg_word(levels[l]);
}

const char *dg_words_reason(enum dg_reason_code c)
{
	return dg_word(reasons[c]);
}

const char *dg_words_decide(enum dg_decide d)
{
	return dg_word(decides[d]);
}
