/* Faults of DMARC records. */
#include "zones/check/rule.h"

const struct dg_kind dg_dmarc_syntax_kinds[] = {
	{
		"dmarc-version",
		"dmarc",
		DG_SEVERITY_ERROR,
		"the record does not begin with v=DMARC1",
		"RFC 9989 section 4.7",
		"A DMARC record begins with v=DMARC1, in exactly these letters. Anything else is "
		"no DMARC record.",
		"Begin the record with v=DMARC1;",
	},
	{
		"dmarc-bad-policy",
		"dmarc",
		DG_SEVERITY_ERROR,
		"a policy is not valid",
		"RFC 9989 section 4.10.1",
		"p, sp and np take none, quarantine or reject. With anything else receivers ignore "
		"the record, or act "
		"as if it said p=none when there is a rua=.",
		"Write none, quarantine or reject.",
	},
	{
		"dmarc-no-policy",
		"dmarc",
		DG_SEVERITY_ERROR,
		"p= is missing",
		"RFC 9989 section 4.10.1",
		"Without p= receivers act as if it were p=none when there is a rua=, and ignore "
		"the record otherwise.",
		"Write p=reject behind v=DMARC1;",
	},
	{
		"dmarc-duplicate-tag",
		"dmarc",
		DG_SEVERITY_ERROR,
		"a tag stands twice",
		"RFC 6376 section 3.2",
		"A list of tags with one of them twice is not valid. Some receivers take the "
		"first, some the last, some "
		"ignore the record.",
		"Take out one of them.",
	},
	{
		"dmarc-syntax",
		"dmarc",
		DG_SEVERITY_WARNING,
		"a part is not of the form tag=value",
		"RFC 9989 section 4.8",
		"The part is ignored. Strict receivers may ignore the whole record. A missing "
		"semicolon is the usual "
		"cause.",
		"Separate the tags by semicolons.",
	},
	{
		"dmarc-order",
		"dmarc",
		DG_SEVERITY_WARNING,
		"p= does not stand second",
		"RFC 9989 section 4.8",
		"The order is free today, but receivers of the older standard want p= right behind "
		"v=DMARC1 and may "
		"ignore a record that is written otherwise.",
		"Write v=DMARC1; p=... first.",
	},
	{
		"dmarc-bad-value",
		"dmarc",
		DG_SEVERITY_WARNING,
		"the value of a tag is not valid",
		"RFC 9989 section 4.7",
		"Receivers use the default of the tag instead.",
		"Correct the value, or take the tag out.",
	},
	{
		"dmarc-bad-uri",
		"dmarc",
		DG_SEVERITY_WARNING,
		"an address for reports is not valid",
		"RFC 9989 section 4.8",
		"Reports are not sent there. The address needs mailto: in front; commas, "
		"semicolons and exclamation "
		"marks inside it are percent-encoded.",
		"Write mailto: and the address.",
	},
	{
		"dmarc-uri-scheme",
		"dmarc",
		DG_SEVERITY_WARNING,
		"an address for reports is no mailto: address",
		"RFC 9989 section 4.7",
		"Receivers need only send reports by mail. Other schemes are hardly used by "
		"anyone.",
		"Name a mailto: address.",
	},
	{
		"dmarc-uri-size",
		"dmarc",
		DG_SEVERITY_WARNING,
		"an address for reports has a size limit",
		"RFC 9989 appendix A",
		"The limit behind '!' was removed from DMARC. Receivers that do not know it may "
		"take it for a part of "
		"the address.",
		"Leave out '!' and what follows.",
	},
	{
		"dmarc-many-uris",
		"dmarc",
		DG_SEVERITY_WARNING,
		"very many addresses for reports",
		"RFC 9989 section 4.7",
		"Behind the 32nd the addresses were not read. Receivers may stop at the second.",
		"Keep two.",
	},
	{
		"dmarc-removed-tag",
		"dmarc",
		DG_SEVERITY_WARNING,
		"a tag was removed from DMARC",
		"RFC 9989 appendix A",
		"pct, rf and ri are gone. Old receivers still obey pct and leave a share of forged "
		"mail alone; new "
		"ones ignore it.",
		"Take the tag out. For a test of the policy use t=y.",
	},
	{
		"dmarc-tag-case",
		"dmarc",
		DG_SEVERITY_WARNING,
		"a tag is written in capital letters",
		"RFC 9989 section 4.8",
		"Some receivers know tags in small letters only, and ignore others.",
		"Write tags in small letters.",
	},
	{
		"dmarc-unknown-tag",
		"dmarc",
		DG_SEVERITY_NOTE,
		"a tag is unknown",
		"RFC 9989 section 4.7",
		"Unknown tags are ignored. Most are typing errors.",
		"Take the tag out, or correct it.",
	},
	{
		"dmarc-too-long",
		"dmarc",
		DG_SEVERITY_ERROR,
		"the record is too long to be read",
		"RFC 9989 section 4.7",
		"The record has more than 16384 octets and was not read. Receivers have limits of "
		"their own.",
		"Shorten the record.",
	},
	{.code = NULL},
};
