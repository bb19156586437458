/* Faults of SPF records. One of them makes the whole record invalid. */
#include "zones/check/rule.h"

/* What every syntax fault means. */
#define PERMERROR                                                                             \
	"One fault anywhere makes receivers stop with permerror (RFC 7208 section 4.6): the " \
	"record protects nothing, "                                                           \
	"and some receivers refuse all mail of the domain. "

const struct dg_kind dg_spf_syntax_kinds[] = {
	{
		"spf-version",
		"spf",
		DG_SEVERITY_ERROR,
		"the record does not begin with v=spf1",
		"RFC 7208 section 4.5",
		"A record is \"v=spf1\", then terms, each after a space. Anything else is no SPF "
		"record.",
		"Begin the record with v=spf1 and a space.",
	},
	{
		"spf-unknown-mechanism",
		"spf",
		DG_SEVERITY_ERROR,
		"a term is not a mechanism",
		"RFC 7208 section 4.6.1",
		PERMERROR "Usual causes: ip: for ip4:, redirect: for redirect=, a missing space, a "
			  "name without include:.",
		"Write all, include:, a, mx, ip4:, ip6: or exists:, or take the term out.",
	},
	{
		"spf-bad-domain",
		"spf",
		DG_SEVERITY_ERROR,
		"a term names something that cannot be looked up",
		"RFC 7208 section 7.1",
		PERMERROR "The name has an empty or overlong label, ends in something that no "
			  "top-level domain "
			  "can be, or holds a broken macro.",
		"Correct the name.",
	},
	{
		"spf-no-domain",
		"spf",
		DG_SEVERITY_ERROR,
		"a term lacks its domain name",
		"RFC 7208 section 5.2",
		PERMERROR "include and exists need a name behind the colon.",
		"Write the name, or take the term out.",
	},
	{
		"spf-bad-address",
		"spf",
		DG_SEVERITY_ERROR,
		"an address is not valid",
		"RFC 7208 section 5.6",
		PERMERROR "ip4: takes an IPv4 address, ip6: an IPv6 address, each with an optional "
			  "prefix length.",
		"Correct the address; host names go behind a:.",
	},
	{
		"spf-no-address",
		"spf",
		DG_SEVERITY_ERROR,
		"ip4 or ip6 lacks its address",
		"RFC 7208 section 5.6",
		PERMERROR "The address follows a colon: ip4:192.0.2.1.",
		"Write the address, or take the term out.",
	},
	{
		"spf-bad-prefix",
		"spf",
		DG_SEVERITY_ERROR,
		"a prefix length is not valid",
		"RFC 7208 section 5.6",
		PERMERROR "IPv4 takes /0 to /32, IPv6 /0 to /128; a and mx write the IPv6 length "
			  "behind two slashes.",
		"Correct the prefix length.",
	},
	{
		"spf-extra-text",
		"spf",
		DG_SEVERITY_ERROR,
		"all has something behind it",
		"RFC 7208 section 5.1",
		PERMERROR "all takes neither a name nor a prefix length.",
		"Write -all, with a space in front and nothing behind.",
	},
	{
		"spf-bad-octet",
		"spf",
		DG_SEVERITY_ERROR,
		"the record holds an octet that is not allowed",
		"RFC 7208 section 4.6.1",
		PERMERROR "Tabs, typographic quotation marks and dashes, and letters outside ASCII "
			  "come in when a "
			  "record is copied from a web page or a document.",
		"Type the term again; separate terms by spaces.",
	},
	{
		"spf-bad-modifier",
		"spf",
		DG_SEVERITY_ERROR,
		"a modifier has no valid name",
		"RFC 7208 section 4.6.1",
		PERMERROR "Modifiers such as redirect= take no qualifier (+ - ~ ?), and their "
			  "names begin with a letter.",
		"Correct the term.",
	},
	{
		"spf-bad-macro",
		"spf",
		DG_SEVERITY_ERROR,
		"a macro is not valid",
		"RFC 7208 section 7.1",
		PERMERROR "'%' is followed by {LETTER...}, or by %, _ or -.",
		"Correct the macro; a plain percent sign is written %%.",
	},
	{
		"spf-duplicate-modifier",
		"spf",
		DG_SEVERITY_ERROR,
		"redirect= or exp= stands twice",
		"RFC 7208 section 6",
		PERMERROR "Each of the two may appear once.",
		"Take out one of them.",
	},
	{
		"spf-too-many-terms",
		"spf",
		DG_SEVERITY_ERROR,
		"the record has very many terms",
		"RFC 7208 section 3.4",
		"Behind the 512th term the record was not read. Receivers have limits of their "
		"own.",
		"Shorten the record: write networks instead of single addresses.",
	},
	{
		"spf-too-long",
		"spf",
		DG_SEVERITY_ERROR,
		"the record is too long to be read",
		"RFC 7208 section 3.4",
		"The record has more than 16384 octets and was not read. Receivers have limits of "
		"their own.",
		"Shorten the record.",
	},
	{
		"spf-mechanism-as-modifier",
		"spf",
		DG_SEVERITY_WARNING,
		"a mechanism is written with '='",
		"RFC 7208 section 6",
		"\"include=x\" is an unknown modifier, and those are ignored without a word: the "
		"hosts that it should "
		"permit are not permitted.",
		"Write a colon instead of the equals sign.",
	},
	{
		"spf-unknown-modifier",
		"spf",
		DG_SEVERITY_NOTE,
		"the record has an unknown modifier",
		"RFC 7208 section 6",
		"Unknown modifiers are ignored. A few are used by single programs; most are typing "
		"errors.",
		"Take it out if you do not know what it is for.",
	},
	{.code = NULL},
};
