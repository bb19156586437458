/* What an SPF record means, and what it costs. */
#include "zones/check/rule.h"

const struct dg_kind dg_spf_kinds[] = {
	{
		"spf-none",
		"spf",
		DG_SEVERITY_ERROR,
		"there is no SPF record",
		"RFC 7208 section 4.5",
		"Without an SPF record any host may use the name as the sender of the envelope "
		"(MAIL FROM), and "
		"receivers have nothing to refuse it by. Bounces of such mail then come to the "
		"domain. SPF is not "
		"inherited: a record at the parent domain does not cover this name.",
		"Publish one TXT record at the name. Where nothing is sent: \"v=spf1 -all\". "
		"Otherwise name the "
		"hosts that send, then end in -all.",
	},
	{
		"spf-several",
		"spf",
		DG_SEVERITY_ERROR,
		"there are several SPF records at one name",
		"RFC 7208 section 4.5",
		"A name has one SPF record. With two or more, every receiver gets permerror, and "
		"the mail is "
		"treated as if there were no SPF at all. It happens when a new mail service is "
		"added by "
		"adding its record instead of its include: term to the record that is there.",
		"Put all terms into one record and remove the others.",
	},
	{
		"spf-not-a-record",
		"spf",
		DG_SEVERITY_WARNING,
		"a TXT record looks like SPF, but is none",
		"RFC 7208 section 4.5",
		"An SPF record begins with \"v=spf1\", alone or followed by a space. A space or a "
		"quotation mark in "
		"front of it, a semicolon behind it, or another version makes it ordinary text "
		"that no "
		"receiver looks at. Control panels that want the text without quotation marks are "
		"a "
		"frequent cause.",
		"Write the record so that it begins with v=spf1 and a space.",
	},
	{
		"spf-joined",
		"spf",
		DG_SEVERITY_ERROR,
		"strings of the record are joined without a space",
		"RFC 7208 section 3.3",
		"A long TXT record is made of strings of at most 255 octets, and receivers put "
		"them together with "
		"nothing between. Where one string ends with a term and the next begins with "
		"another, both become "
		"one word that means nothing, or something else.",
		"Put a space at the end of the first string, or at the beginning of the next.",
	},
	{
		"spf-unknown",
		"spf",
		DG_SEVERITY_UNKNOWN,
		"the SPF record could not be looked up",
		"RFC 7208 section 4.4",
		"The question for the TXT records got no answer that can be trusted. Whether there "
		"is an SPF record "
		"is not known. Receivers that have the same trouble put mail off (temperror).",
		"Try again later; ask each name server of the domain directly.",
	},
	{
		"spf-part-unknown",
		"spf",
		DG_SEVERITY_UNKNOWN,
		"a part of the SPF record could not be looked up",
		"RFC 7208 section 4.6.4",
		"A name that the record includes or asks for gave no answer. The counts of "
		"look-ups and addresses "
		"are lower bounds then, and what depends on them is not known.",
		"Try again later. If the name never answers, take its term out of the record.",
	},
	{
		"spf-pass-all",
		"spf",
		DG_SEVERITY_ERROR,
		"the record lets every host send",
		"RFC 7208 section 5.1",
		"+all, a bare \"all\", or a network with prefix length 0 makes every host on the "
		"Internet a permitted "
		"sender. That is worse than no record: forged mail gets the result pass, and with "
		"it "
		"DMARC passes too, even at p=reject.",
		"Replace it by -all behind the terms that name your own hosts.",
	},
	{
		"spf-neutral-all",
		"spf",
		DG_SEVERITY_WARNING,
		"the record ends in ?all",
		"RFC 7208 section 8.2",
		"?all says that nothing is known of other hosts: forged mail gets the same "
		"treatment as with no "
		"record.",
		"End the record in -all.",
	},
	{
		"spf-no-all",
		"spf",
		DG_SEVERITY_WARNING,
		"the record has neither all nor redirect=",
		"RFC 7208 section 4.7",
		"A host that no term matches gets the result neutral, as if the record ended in "
		"?all. Forged mail is "
		"not refused by it.",
		"End the record in -all.",
	},
	{
		"spf-softfail-all",
		"spf",
		DG_SEVERITY_NOTE,
		"the record ends in ~all",
		"RFC 7208 section 8.5",
		"With ~all most receivers take forged mail and only mark it. Where DMARC asks for "
		"p=reject that is a "
		"sound choice, since DMARC then decides; without it, forged mail is delivered and "
		"bounced to you.",
		"End the record in -all, or publish DMARC with p=reject.",
	},
	{
		"spf-enforced",
		"spf",
		DG_SEVERITY_GOOD,
		"the record ends in -all",
		"RFC 7208 section 8.4",
		"Hosts that the record does not name get the result fail, and receivers may refuse "
		"their mail at once.",
		"Nothing is to be done.",
	},
	{
		"spf-too-many-lookups",
		"spf",
		DG_SEVERITY_ERROR,
		"the record needs more than ten look-ups",
		"RFC 7208 section 4.6.4",
		"include, a, mx, ptr, exists and redirect each cost a look-up, those of included "
		"records too. Behind "
		"the tenth a receiver stops with permerror, which is as good as no SPF. Mail that "
		"matches an "
		"early term may still pass, so that the fault is seen only sometimes.",
		"Take out services that you do not use any more; write ip4: and ip6: for hosts of "
		"your own; move a "
		"service to a subdomain with a record of its own.",
	},
	{
		"spf-lookups-near",
		"spf",
		DG_SEVERITY_NOTE,
		"the record needs nearly ten look-ups",
		"RFC 7208 section 4.6.4",
		"The limit is ten, and it counts what the included services publish. One more "
		"include at one of them, "
		"and the record breaks without a change of yours.",
		"Take out what is not needed, so that there is room.",
	},
	{
		"spf-too-many-voids",
		"spf",
		DG_SEVERITY_ERROR,
		"more than two terms lead to names that have no records",
		"RFC 7208 section 4.6.4",
		"A look-up that finds nothing (NXDOMAIN or no data) is a void look-up. Receivers "
		"should stop with "
		"permerror at the third. Old host names that are gone from DNS are the usual "
		"cause. Counted is each term whose own question finds nothing, A or AAAA by the "
		"family of the client; the family that finds less is taken. MX hosts without an "
		"address are not counted: the standard speaks of terms, and the mx term found its "
		"MX; some receivers count them all the same.",
		"Take out the terms whose names are gone.",
	},
	{
		"spf-void-term",
		"spf",
		DG_SEVERITY_WARNING,
		"a term leads to a name that has no records",
		"RFC 7208 section 4.6.4",
		"The term matches nothing and uses up a look-up and one of two void look-ups that "
		"are allowed. If the "
		"name lies in a domain that somebody else can register, its owner can send as you.",
		"Take the term out, or correct the name.",
	},
	{
		"spf-loop",
		"spf",
		DG_SEVERITY_ERROR,
		"the record includes itself",
		"RFC 7208 section 4.6.4",
		"A record that comes back to itself by include or redirect uses up the ten "
		"look-ups, and receivers "
		"stop with permerror.",
		"Take out the include that leads back.",
	},
	{
		"spf-broken-include",
		"spf",
		DG_SEVERITY_ERROR,
		"an included record is missing or broken",
		"RFC 7208 section 5.2",
		"When an included or redirected name has no SPF record, several, or one with a "
		"fault, receivers "
		"stop with permerror as soon as they get there. Terms in front of it still match, "
		"so that some "
		"mail passes and some does not.",
		"Take out the term, or ask whoever runs that name to repair the record.",
	},
	{
		"spf-many-mx",
		"spf",
		DG_SEVERITY_ERROR,
		"an mx term leads to more than ten hosts",
		"RFC 7208 section 4.6.4",
		"Receivers look at no more than ten MX hosts of one mx term, and stop with "
		"permerror when there are "
		"more.",
		"Write the addresses with ip4: and ip6: instead of mx.",
	},
	{
		"spf-ptr",
		"spf",
		DG_SEVERITY_WARNING,
		"the record uses reverse names",
		"RFC 7208 section 5.5",
		"ptr and the macro p depend on whoever runs the reverse zone of the client. They "
		"are slow, fail often, "
		"and the standard says not to publish them; some receivers skip them.",
		"Write ip4:, ip6: or a instead.",
	},
	{
		"spf-after-all",
		"spf",
		DG_SEVERITY_WARNING,
		"terms stand behind all",
		"RFC 7208 section 5.1",
		"all matches everything, so that what stands behind it is never looked at. Hosts "
		"that are named there "
		"are not permitted.",
		"Move all to the end.",
	},
	{
		"spf-redirect-ignored",
		"spf",
		DG_SEVERITY_WARNING,
		"redirect= stands in a record that has all",
		"RFC 7208 section 6.1",
		"redirect= counts only when no mechanism matches, and all matches always. The "
		"record that it leads to "
		"is never used.",
		"Take out all to use the other record, or take out redirect=.",
	},
	{
		"spf-duplicate",
		"spf",
		DG_SEVERITY_WARNING,
		"a term stands twice",
		"RFC 7208 section 4.6.2",
		"The first one decides. The second may cost a look-up and does nothing.",
		"Take out the second one.",
	},
	{
		"spf-long",
		"spf",
		DG_SEVERITY_WARNING,
		"the record is long",
		"RFC 7208 section 3.4",
		"Above about 450 octets of name and record an answer may not fit into 512 octets. "
		"Old or filtered "
		"resolvers that cannot use EDNS or TCP then get no answer at all.",
		"Take out what is not needed, or move a part into a record of its own and include "
		"it.",
	},
	{
		"spf-answer-large",
		"spf",
		DG_SEVERITY_NOTE,
		"all TXT records at the name together are larger than 512 octets",
		"RFC 7208 section 3.4",
		"A receiver that asks for the SPF record gets all TXT records of the name. Above "
		"512 octets it needs "
		"EDNS or TCP, which nearly all have. Records that prove to some service that the "
		"domain is yours add "
		"up here.",
		"Remove proofs of ownership that are not needed any more.",
	},
	{
		"spf-many-addresses",
		"spf",
		DG_SEVERITY_NOTE,
		"very many addresses may send",
		"RFC 7208 section 11.4",
		"The record permits so many addresses that many of them belong to people you do "
		"not know. Whoever can "
		"send from one of them gets the result pass for your name.",
		"Name the hosts that really send, or move a large service to a subdomain of its "
		"own.",
	},
	{
		"spf-wide-prefix",
		"spf",
		DG_SEVERITY_WARNING,
		"a term permits a very large network",
		"RFC 7208 section 5.6",
		"A network that large belongs to more than one organization. A prefix length with "
		"a digit missing "
		"(/2 for /24) is the usual cause.",
		"Correct the prefix length.",
	},
	{
		"spf-shared",
		"spf",
		DG_SEVERITY_NOTE,
		"the record permits infrastructure that many senders share",
		"RFC 7208 section 11.4",
		"All customers of such a service send from the same addresses, and SPF cannot tell "
		"them apart: what "
		"keeps another customer from using your name is the service's own check, not SPF. "
		"With relaxed "
		"alignment a pass of SPF is enough for DMARC.",
		"Sign with DKIM. If the service can use a return address of a subdomain, give it "
		"one and take its "
		"include out here; \"?include:\" keeps its hosts from being refused, but gives "
		"them no pass.",
	},
	{
		"spf-type99",
		"spf",
		DG_SEVERITY_NOTE,
		"a record of type SPF (99) is left over",
		"RFC 7208 section 3.1",
		"The type SPF was given up in 2014. Nobody looks at it; it is one more place to "
		"forget when the record "
		"changes.",
		"Remove the record of type SPF. Keep the TXT record.",
	},
	{
		"spf-sender-id",
		"spf",
		DG_SEVERITY_NOTE,
		"a Sender ID record is left over",
		"RFC 6654",
		"A TXT record that begins with \"spf2.0/\" belongs to Sender ID, which is dead. It "
		"does nothing.",
		"Remove it.",
	},
	{
		"spf-macro",
		"spf",
		DG_SEVERITY_NOTE,
		"a term depends on the mail",
		"RFC 7208 section 7",
		"The name that the term asks for is made from the sender or the client's address. "
		"Each costs a look-up; "
		"what it permits cannot be seen from the record.",
		"Nothing is to be done if the service that the term belongs to wants it so.",
	},
	{
		"spf-exp-broken",
		"spf",
		DG_SEVERITY_WARNING,
		"the explanation is missing",
		"RFC 7208 section 6.2",
		"exp= leads to a name that has not exactly one TXT record. The result is not "
		"changed; refused senders "
		"do not see your explanation.",
		"Publish one TXT record there, or take out exp=.",
	},
	{
		"spf-exists-fixed",
		"spf",
		DG_SEVERITY_WARNING,
		"exists: asks for a name that is always the same",
		"RFC 7208 section 5.7",
		"Without a macro the answer does not depend on who sends: the term matches "
		"everybody or nobody.",
		"Take the term out, or write the macro that is missing.",
	},
	{
		"spf-odd-name",
		"spf",
		DG_SEVERITY_WARNING,
		"a term names something that is hardly a host name",
		"RFC 7208 section 7.1",
		"The name can be asked for, but is not what host names look like. A typing error "
		"is likely.",
		"Correct the name.",
	},
	{
		"spf-host-bits",
		"spf",
		DG_SEVERITY_NOTE,
		"an address has bits set behind its prefix length",
		"RFC 7208 section 5.6",
		"The bits behind the prefix length are ignored: ip4:192.0.2.77/24 permits all of "
		"192.0.2.0/24.",
		"Write the first address of the network, or leave out the prefix length for one "
		"host.",
	},
	{.code = NULL},
};
