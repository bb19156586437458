/* What can be found about the name servers of the domain. */
#include "zones/check/rule.h"

const struct dg_kind dg_servers_kinds[] = {
	{
		"servers-unknown",
		"servers",
		DG_SEVERITY_UNKNOWN,
		"the name servers were not asked",
		"RFC 1034 section 4.3",
		"Every authoritative address is normally asked directly, past all caches. "
		"That could not be done here, so it is not known whether they agree.",
		"Check again where the name servers can be reached.",
	},
	{
		"servers-none",
		"servers",
		DG_SEVERITY_UNKNOWN,
		"no name server gave an answer",
		"RFC 1034 section 4.3",
		"None of the addresses answered this machine. Whether they agree could "
		"not be told; what the resolver says may come from its cache.",
		"Check from another network. If it stays so, the domain is about to "
		"vanish from caches.",
	},
	{
		"servers-spf-differ",
		"servers",
		DG_SEVERITY_ERROR,
		"the name servers serve different SPF records",
		"RFC 1034 section 4.3.5",
		"Which answer a receiver gets depends on chance, so mail passes and fails "
		"by chance, and a forger needs only the weakest of the answers. Usual "
		"causes are a secondary that does not transfer any more, a second "
		"provider that was forgotten, and a record that was entered at one of two "
		"providers.",
		"Find out which answer is the right one, correct the others at their "
		"source, and see that the serial of each server follows.",
	},
	{
		"servers-dmarc-differ",
		"servers",
		DG_SEVERITY_ERROR,
		"the name servers serve different DMARC records",
		"RFC 1034 section 4.3.5",
		"Which policy is in force depends on which server a receiver happens to "
		"ask; the weakest one helps the forger.",
		"Find out which answer is the right one, correct the others at their "
		"source.",
	},
	{
		"servers-mx-differ",
		"servers",
		DG_SEVERITY_ERROR,
		"the name servers serve different MX records",
		"RFC 1034 section 4.3.5",
		"Mail goes to different hosts by chance. Beside a null MX it means that a "
		"part of the backscatter still arrives, or that a part of the mail is "
		"refused.",
		"Find out which answer is the right one, correct the others at their "
		"source.",
	},
	{
		"servers-differ",
		"servers",
		DG_SEVERITY_WARNING,
		"the name servers give different answers",
		"RFC 1034 section 4.3.5",
		"They disagree about an RRset of the domain. Addresses may differ on "
		"purpose (answers by place); other records should not.",
		"Find out which answer is the right one, correct the others at their "
		"source.",
	},
	{
		"servers-cname-beside",
		"servers",
		DG_SEVERITY_ERROR,
		"a CNAME and other records stand at one name",
		"RFC 1034 section 3.6.2",
		"A name with a CNAME has no other data. Servers that serve both, as some "
		"providers' do, make receivers see the one or the other, depending on "
		"what their resolver asked first.",
		"Remove one of the two.",
	},
	{
		"servers-behind",
		"servers",
		DG_SEVERITY_WARNING,
		"a name server is behind",
		"RFC 1982",
		"Its SOA serial is older than that of another. For a while after a change "
		"that is normal; when it lasts, zone transfers fail.",
		"Look at the transfer from the primary (NOTIFY, access, TSIG) when it "
		"does not follow within the zone's refresh time.",
	},
	{
		"servers-lame",
		"servers",
		DG_SEVERITY_WARNING,
		"a name server answers without authority",
		"RFC 1912 section 2.8",
		"It is in the delegation but does not serve the zone: it refers "
		"elsewhere, or answers from a cache. Resolvers waste time on it and may "
		"take old data.",
		"Set the zone up on the server, or remove the server from the NS records "
		"and at the registrar.",
	},
	{
		"servers-refused",
		"servers",
		DG_SEVERITY_WARNING,
		"a name server refuses to answer for the domain",
		"RFC 1912 section 2.8",
		"It is in the delegation but does not serve the zone.",
		"Set the zone up on the server, or remove the server from the NS records "
		"and at the registrar.",
	},
	{
		"servers-silent",
		"servers",
		DG_SEVERITY_WARNING,
		"a name server did not answer",
		"RFC 2182 section 5",
		"It gave no answer within the time it was given. Resolvers lose that time "
		"too, or fail when others are slow.",
		"See whether it can be reached from other networks over UDP and TCP port "
		"53.",
	},
	{
		"servers-failing",
		"servers",
		DG_SEVERITY_WARNING,
		"a name server gives no sound answer",
		"RFC 1034 section 4.3",
		"Nobody listens there (connection refused), it answers SERVFAIL or nonsense, or "
		"its name has "
		"no address. The zone may have expired there or failed to load. Resolvers lose "
		"time with it.",
		"See that the server runs and that UDP and TCP port 53 reach it; look at its log. "
		"Take it out of the "
		"NS records, here and at the registrar, if it is gone for good.",
	},
	{
		"servers-partial",
		"servers",
		DG_SEVERITY_UNKNOWN,
		"a name server left a question without a sound answer",
		"RFC 1034 section 4.3",
		"It serves the zone, but a question got no answer, an error, or one that "
		"could not be read. What it would have said is not known.",
		"Check again; if it stays so, look at the log of the server.",
	},
	{
		"servers-no-tcp",
		"servers",
		DG_SEVERITY_WARNING,
		"a name server cannot be reached over TCP",
		"RFC 7766 section 5",
		"Answers that do not fit into UDP, such as long SPF and DKIM records, are "
		"lost then, and receivers put mail off.",
		"Open TCP port 53 on the server and in front of it.",
	},
	{
		"servers-no-route",
		"servers",
		DG_SEVERITY_NOTE,
		"a name server address cannot be reached from here",
		"RFC 4472 section 1",
		"This machine has no way to the address, usually because it has no IPv6. "
		"That says nothing about the server.",
		"Check from a machine that has one.",
	},
	{
		"servers-one-name",
		"servers",
		DG_SEVERITY_NOTE,
		"the domain has one name server only",
		"RFC 2182 section 5",
		"When it cannot be reached the domain is gone, SPF and DMARC with it; "
		"receivers then put mail off.",
		"Have a second one in another network.",
	},
	{
		"servers-one-address",
		"servers",
		DG_SEVERITY_NOTE,
		"all name servers have one address",
		"RFC 2182 section 5",
		"Several names lead to one machine or one anycast address.",
		"Have a second one in another network, unless the address is anycast.",
	},
	{
		"servers-resolver-differs",
		"servers",
		DG_SEVERITY_NOTE,
		"the resolver has another answer",
		"RFC 2181 section 5",
		"The name servers that answered agree, and the resolver says something else. Most "
		"often a cache still holds what was there before, and receivers may see it for "
		"the time shown. Where a name server is lame, or answers about other names, the "
		"resolver may have asked that one: receivers do, too.",
		"Wait for the time shown. If it stays so, correct the name servers that other "
		"findings name.",
	},
	{
		"servers-zone-differs",
		"servers",
		DG_SEVERITY_WARNING,
		"the name servers do not serve what stands in the zone",
		"RFC 1034 section 4.3.5",
		"The zone that was read and the answers of the name servers are not the "
		"same.",
		"See whether the zone was loaded and transferred.",
	},
	{
		"servers-agree",
		"servers",
		DG_SEVERITY_GOOD,
		"all name servers give the same answers",
		"RFC 1034 section 4.3.5",
		"Each address was asked directly, over UDP and TCP.",
		"Nothing.",
	},
	{.code = NULL},
};
