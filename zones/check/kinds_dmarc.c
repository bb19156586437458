/* Which DMARC policy is in force, and what it does. */
#include "zones/check/rule.h"

const struct dg_kind dg_dmarc_kinds[] = {
	{
		"dmarc-missing",
		"dmarc",
		DG_SEVERITY_ERROR,
		"no DMARC policy is in force",
		"RFC 9989 section 4.10",
		"DMARC is what ties the address that people see (the header From) to SPF and DKIM. "
		"Without a policy "
		"anybody can put the name there, with SPF and DKIM of a domain of his own, and "
		"receivers have no "
		"reason to refuse it.",
		"Where nothing is sent from the name, publish p=reject at once. Where mail is "
		"sent, begin with p=none "
		"and rua=, read the reports until all mail of yours passes, then publish p=reject.",
	},
	{
		"dmarc-unknown",
		"dmarc",
		DG_SEVERITY_UNKNOWN,
		"the DMARC policy could not be looked up",
		"RFC 9989 section 4.10",
		"A question on the way to the policy got no answer that can be trusted. Whether a "
		"policy is in force "
		"is not known. Receivers with the same trouble put mail off, or go on without a "
		"policy.",
		"Try again later; ask each name server of the domain directly.",
	},
	{
		"dmarc-several",
		"dmarc",
		DG_SEVERITY_ERROR,
		"there are several DMARC records at one name",
		"RFC 9989 section 4.10",
		"All records are discarded when there is more than one. Receivers that follow RFC "
		"9989 go on to the "
		"domain above; others stop there and see no policy at all. Neither gets what you "
		"wrote.",
		"Keep one record and remove the others.",
	},
	{
		"dmarc-misplaced",
		"dmarc",
		DG_SEVERITY_WARNING,
		"a DMARC record stands where nobody looks",
		"RFC 9989 section 4.3",
		"Receivers ask for the TXT record at _dmarc in front of the name. A DMARC record "
		"at the name itself "
		"has no effect. Control panels that add the domain to what is typed, or do not, "
		"are the usual cause.",
		"Publish the record at _dmarc in front of the name, and remove this one.",
	},
	{
		"dmarc-not-a-record",
		"dmarc",
		DG_SEVERITY_ERROR,
		"a TXT record looks like DMARC, but is none",
		"RFC 9989 section 4.7",
		"A DMARC record begins with v=DMARC1, in exactly these letters, with nothing in "
		"front. A leading "
		"space or quotation mark, small letters, or a missing v= make it ordinary text "
		"that receivers pass "
		"over.",
		"Write the record so that it begins with v=DMARC1;",
	},
	{
		"dmarc-unrelated-txt",
		"dmarc",
		DG_SEVERITY_NOTE,
		"other text stands at _dmarc",
		"RFC 9989 section 4.10",
		"Receivers pass over TXT records there that are not DMARC records, so that this "
		"does no harm. Most "
		"often it comes from a wildcard: *.example.com TXT answers for _dmarc.example.com "
		"too, when no "
		"record stands there.",
		"Nothing is to be done for it; a DMARC record of its own at _dmarc puts an end to "
		"it.",
	},
	{
		"dmarc-alias",
		"dmarc",
		DG_SEVERITY_NOTE,
		"_dmarc is an alias",
		"RFC 1034 section 3.6.2",
		"The name at _dmarc is a CNAME, and receivers follow it. Whoever runs the name "
		"that it leads to decides "
		"about the policy.",
		"Nothing is to be done, if you trust whoever runs that name.",
	},
	{
		"dmarc-inherited",
		"dmarc",
		DG_SEVERITY_NOTE,
		"the policy comes from a domain above",
		"RFC 9989 section 4.10.1",
		"The name has no DMARC record. The one of its organizational domain counts, with "
		"its sp= (np= where "
		"the name does not exist), else its p=.",
		"A record at the name itself makes receivers of the old and the new standard "
		"agree. It is worth "
		"having where mail is sent from the name.",
	},
	{
		"dmarc-repaired",
		"dmarc",
		DG_SEVERITY_ERROR,
		"the policy is not valid and counts as p=none",
		"RFC 9989 section 4.10.1",
		"p=, sp= or np= is missing or not valid. Because the record names an address for "
		"reports, receivers go "
		"on as if it said p=none: reports come, forged mail is taken.",
		"Write p=reject, p=quarantine or p=none.",
	},
	{
		"dmarc-psl-differs",
		"dmarc",
		DG_SEVERITY_WARNING,
		"old and new receivers see different policies",
		"RFC 9989 appendix C.3",
		"RFC 9989 finds the organizational domain by asking for records name by name; "
		"receivers of the older RFC "
		"7489 look into a list of public suffixes. For this name the two come to different "
		"results, and "
		"both kinds of receivers exist.",
		"Publish a DMARC record at the name itself: then both take it.",
	},
	{
		"dmarc-none",
		"dmarc",
		DG_SEVERITY_WARNING,
		"the policy is p=none",
		"RFC 9989 section 4.7",
		"p=none asks receivers to deliver forged mail as if there were no policy, and to "
		"send reports. It is "
		"meant for the weeks in which you find out who sends mail in your name.",
		"Read the reports; when all mail of yours passes, publish p=reject.",
	},
	{
		"dmarc-quarantine",
		"dmarc",
		DG_SEVERITY_NOTE,
		"the policy is p=quarantine",
		"RFC 9989 section 4.7",
		"Forged mail is delivered to the spam folder instead of being refused. People do "
		"read their spam "
		"folders.",
		"Publish p=reject, unless your users post to mailing lists that change mail.",
	},
	{
		"dmarc-testing",
		"dmarc",
		DG_SEVERITY_WARNING,
		"the policy is being tested",
		"RFC 9989 section 4.7",
		"With t=y receivers apply the policy one level lower: reject as quarantine, "
		"quarantine as none.",
		"Take t=y out when the tests are done.",
	},
	{
		"dmarc-weak-sp",
		"dmarc",
		DG_SEVERITY_WARNING,
		"subdomains have a weaker policy",
		"RFC 9989 section 4.7",
		"sp= is weaker than p=. Whoever forges takes a subdomain, which looks as good to "
		"most people.",
		"Take sp= out: then p= counts for subdomains too.",
	},
	{
		"dmarc-weak-np",
		"dmarc",
		DG_SEVERITY_WARNING,
		"names that do not exist have a weaker policy",
		"RFC 9989 section 4.7",
		"np= is weaker than what holds for names that exist. No mail of yours comes from a "
		"name that does not "
		"exist: there is nothing to spare.",
		"Take np= out, or write np=reject.",
	},
	{
		"dmarc-unused-sp",
		"dmarc",
		DG_SEVERITY_NOTE,
		"sp= and np= have no effect here",
		"RFC 9989 section 4.10.1",
		"A name above has a DMARC record, too, and is the organizational domain. Names "
		"below get their policy "
		"from there, not from this record.",
		"Write sp= at the organizational domain, or records of their own for the names "
		"below.",
	},
	{
		"dmarc-psd",
		"dmarc",
		DG_SEVERITY_WARNING,
		"the record says that the domain is a public suffix",
		"RFC 9989 section 4.7",
		"psd=y is for domains below which anybody can register names, like co.uk. Each "
		"name one label below is "
		"a domain of its own then, and neither policy nor alignment go across.",
		"Take psd=y out, unless you run a registry.",
	},
	{
		"dmarc-no-reports",
		"dmarc",
		DG_SEVERITY_NOTE,
		"nobody gets reports",
		"RFC 9989 section 4.7",
		"Without rua= nobody tells you who sends mail in your name, forged or your own. It "
		"is no fault, "
		"least of all for a name that sends nothing; but a change of policy is blind "
		"without reports.",
		"Add rua=mailto: and an address that reads them.",
	},
	{
		"dmarc-many-addresses",
		"dmarc",
		DG_SEVERITY_NOTE,
		"more than two addresses for reports",
		"RFC 9989 section 4.7",
		"Receivers may send to the first two and leave out the others.",
		"Keep two, and let the first one pass reports on.",
	},
	{
		"dmarc-fo-unused",
		"dmarc",
		DG_SEVERITY_NOTE,
		"fo= has no effect",
		"RFC 9989 section 4.7",
		"fo= chooses when failure reports are sent. Without ruf= none are.",
		"Take fo= out.",
	},
	{
		"dmarc-ruf",
		"dmarc",
		DG_SEVERITY_NOTE,
		"failure reports are asked for",
		"RFC 9991 section 7",
		"ruf= asks for copies of single messages that failed. Few receivers send them, "
		"because they hold other "
		"people's mail; whoever gets them has personal data to look after.",
		"Nothing is to be done if you use them. Otherwise take ruf= out.",
	},
	{
		"dmarc-consent",
		"dmarc",
		DG_SEVERITY_WARNING,
		"the domain that gets reports has not agreed to it",
		"RFC 9990 section 4",
		"Reports to another domain are only sent when that domain says by a TXT record "
		"that it takes them. "
		"Without it receivers must leave that address out: reports do not arrive, and "
		"nobody is told.",
		"Whoever runs that domain publishes the record that is shown.",
	},
	{
		"dmarc-consent-unknown",
		"dmarc",
		DG_SEVERITY_UNKNOWN,
		"whether the domain that gets reports has agreed could not be looked up",
		"RFC 9990 section 4",
		"The question for its consent got no answer that can be trusted.",
		"Try again later.",
	},
	{
		"dmarc-external",
		"dmarc",
		DG_SEVERITY_GOOD,
		"another domain gets the reports and has agreed",
		"RFC 9990 section 4",
		"The domain of the address says by a TXT record that it takes reports about this "
		"one.",
		"Nothing is to be done.",
	},
	{
		"dmarc-report-no-mail",
		"dmarc",
		DG_SEVERITY_WARNING,
		"the address for reports takes no mail",
		"RFC 9990 section 4",
		"The domain of the address has a null MX, or neither MX nor address. Reports "
		"cannot be delivered. "
		"It happens when mail moves away from a domain and its own address stays in the "
		"record.",
		"Name an address that takes mail.",
	},
	{
		"dmarc-enforced",
		"dmarc",
		DG_SEVERITY_GOOD,
		"the policy is reject",
		"RFC 9989 section 4.7",
		"Receivers are asked to refuse mail that carries the name and passes neither SPF "
		"nor DKIM for it.",
		"Nothing is to be done.",
	},
	{.code = NULL},
};
