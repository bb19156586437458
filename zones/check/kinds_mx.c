/* Where mail to the domain goes. */
#include "zones/check/rule.h"

const struct dg_kind dg_mx_kinds[] = {
	{
		"mx-unknown",
		"mx",
		DG_SEVERITY_UNKNOWN,
		"the MX records could not be looked up",
		"RFC 5321 section 5.1",
		"The question for the MX records got no answer that can be trusted. Where mail "
		"goes is not known. "
		"Senders with the same trouble put mail off.",
		"Try again later; ask each name server of the domain directly.",
	},
	{
		"mx-null",
		"mx",
		DG_SEVERITY_GOOD,
		"a null MX says that the name takes no mail",
		"RFC 7505 section 3",
		"Mail to the name, and bounces of mail that was forged in its name, are given up "
		"at the sender "
		"at once, without one connection to you.",
		"Nothing is to be done.",
	},
	{
		"mx-null-sends",
		"mx",
		DG_SEVERITY_WARNING,
		"a name with a null MX sends mail",
		"RFC 7505 section 4.2",
		"The SPF record lets hosts send from the name, and the null MX says that nobody "
		"can answer. Many "
		"receivers refuse such mail (550 5.7.27).",
		"Where nothing is sent from the name, end the SPF record in nothing but -all. "
		"Where mail is sent, "
		"publish an MX that takes answers and bounces.",
	},
	{
		"mx-null-beside-others",
		"mx",
		DG_SEVERITY_ERROR,
		"a null MX stands beside other MX records",
		"RFC 7505 section 3",
		"The two contradict each other. Some senders give up, some deliver to the other "
		"hosts, some take \".\" for "
		"a host name and put mail off.",
		"Keep the null MX alone, or the other records alone.",
	},
	{
		"mx-null-preference",
		"mx",
		DG_SEVERITY_ERROR,
		"a null MX has a preference other than 0",
		"RFC 7505 section 3",
		"A null MX is written \"0 .\". With another preference some senders do not "
		"recognise it and put mail "
		"off for days.",
		"Write the preference as 0.",
	},
	{
		"mx-implicit",
		"mx",
		DG_SEVERITY_NOTE,
		"there is no MX, so mail goes to the name's own address",
		"RFC 5321 section 5.1",
		"Where a name has no MX, senders deliver to its A and AAAA addresses: most often "
		"the web server. "
		"Mail and bounces that nobody wants try port 25 there, for days. To remove the MX "
		"does not keep "
		"mail away; a null MX does.",
		"Publish a null MX where nothing is sent from the name (RFC 7505 section 4.2). "
		"Where mail is taken "
		"there, publish an MX that says so.",
	},
	{
		"mx-none",
		"mx",
		DG_SEVERITY_GOOD,
		"no mail can be delivered to the name",
		"RFC 5321 section 5.1",
		"The name has neither MX nor address. Senders give up at once; a null MX is not "
		"needed.",
		"Nothing is to be done.",
	},
	{
		"mx-receive-only",
		"mx",
		DG_SEVERITY_NOTE,
		"mail is taken at a name that sends none",
		"RFC 7505 section 4.1",
		"The SPF record says that no host sends from the name, but an MX takes mail for "
		"it. That is sound where "
		"people still write to the name. Where nobody does, only spam and bounces arrive.",
		"If nobody needs mail at the name, publish a null MX instead.",
	},
	{
		"mx-alias",
		"mx",
		DG_SEVERITY_ERROR,
		"an MX names an alias",
		"RFC 5321 section 5.1",
		"The host that an MX names must have addresses of its own, not a CNAME. Many "
		"senders follow the alias, "
		"some refuse it and return the mail.",
		"Name the host that the alias leads to.",
	},
	{
		"mx-no-address",
		"mx",
		DG_SEVERITY_ERROR,
		"an MX names a host without an address",
		"RFC 5321 section 5.1",
		"Senders cannot deliver to a host that has neither A nor AAAA. If it is the only "
		"one, all mail "
		"comes back. If its domain can be registered by somebody else, that person can "
		"take your mail.",
		"Give the host an address, or take the MX out.",
	},
	{
		"mx-special-address",
		"mx",
		DG_SEVERITY_ERROR,
		"an MX leads to an address that is not of the public Internet",
		"RFC 6890",
		"Private, loopback and documentation addresses cannot be reached from outside; "
		"with a loopback address "
		"senders talk to themselves.",
		"Give the host its public address. To take no mail, publish a null MX.",
	},
	{
		"mx-host-unknown",
		"mx",
		DG_SEVERITY_UNKNOWN,
		"the addresses of an MX host could not be looked up",
		"RFC 5321 section 5.1",
		"The question for the addresses got no answer that can be trusted.",
		"Try again later.",
	},
	{
		"mx-no-ipv4",
		"mx",
		DG_SEVERITY_WARNING,
		"no MX host has an IPv4 address",
		"RFC 3974",
		"Many senders have IPv4 only and cannot deliver.",
		"Give one of the hosts an IPv4 address.",
	},
	{
		"mx-single",
		"mx",
		DG_SEVERITY_NOTE,
		"mail goes to one host with one address",
		"RFC 5321 section 5",
		"While that host is away, mail waits at the senders, for some days at most. That "
		"is often good enough: "
		"a second host that takes spam is worse than none.",
		"Nothing has to be done.",
	},
	{
		"mx-top-level",
		"mx",
		DG_SEVERITY_WARNING,
		"a top-level domain takes mail",
		"RFC 7085",
		"Addresses with a domain of one label are completed or refused by most mail "
		"programs. The rules for "
		"generic top-level domains do not allow an MX there.",
		"Take the MX out, or publish a null MX.",
	},
	{
		"mx-address",
		"mx",
		DG_SEVERITY_ERROR,
		"an MX names an address instead of a host",
		"RFC 5321 section 5.1",
		"The text of an address is taken for a name that does not exist, and mail cannot "
		"be delivered.",
		"Give a host the address, and name the host in the MX.",
	},
	{
		"mx-localhost",
		"mx",
		DG_SEVERITY_ERROR,
		"an MX names localhost",
		"RFC 7505 section 1",
		"Senders talk to themselves and find a loop. It is an old way to take no mail.",
		"Publish a null MX: \"0 .\".",
	},
	{
		"mx-single-label",
		"mx",
		DG_SEVERITY_WARNING,
		"an MX names a host of one label",
		"RFC 5321 section 5.1",
		"A name with the rest missing, because a final dot was typed too early, is the "
		"usual cause.",
		"Write the whole name of the host.",
	},
	{
		"mx-odd-host",
		"mx",
		DG_SEVERITY_WARNING,
		"an MX names something that is not a host name",
		"RFC 1123 section 2.1",
		"Host names are letters, digits and hyphens. Some senders refuse others.",
		"Give the host a plain name.",
	},
	{
		"mx-duplicate-host",
		"mx",
		DG_SEVERITY_WARNING,
		"a host stands in several MX records",
		"RFC 5321 section 5.1",
		"Only the lower preference has an effect.",
		"Take out the record with the higher preference.",
	},
	{
		"mx-malformed",
		"mx",
		DG_SEVERITY_ERROR,
		"an MX record cannot be read",
		"RFC 1035 section 3.3.9",
		"The data of the record is not a preference and a host name.",
		"Replace the record.",
	},
	{.code = NULL},
};
