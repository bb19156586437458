/* What a refusal means: BIND, Knot and PowerDNS say the same things with different codes. */
#include <stddef.h>
#include <stdio.h>

#include "providers/net/dns.h"
#include "providers/net/dns_wire.h"

static const char *const rcode_names[] = {
	[DG_RCODE_NOERROR] = "NOERROR",
	[DG_RCODE_FORMERR] = "FORMERR",
	[DG_RCODE_SERVFAIL] = "SERVFAIL",
	[DG_RCODE_NXDOMAIN] = "NXDOMAIN",
	[DG_RCODE_NOTIMP] = "NOTIMP",
	[DG_RCODE_REFUSED] = "REFUSED",
	[DG_RCODE_YXDOMAIN] = "YXDOMAIN",
	[DG_RCODE_YXRRSET] = "YXRRSET",
	[DG_RCODE_NXRRSET] = "NXRRSET",
	[DG_RCODE_NOTAUTH] = "NOTAUTH",
	[DG_RCODE_NOTZONE] = "NOTZONE",
	[DG_RCODE_BADSIG] = "BADVERS",
};

static const struct {
	enum dg_dns_asked asked;
	int rcode;
	const char *text;
} refusals[] = {
	{DG_DNS_ASKED_QUERY, DG_RCODE_REFUSED,
		"REFUSED: this usually means that the server does not serve this zone, or lets "
		"neither this address nor this key ask; "
		"add the zone, or allow queries"},
	{DG_DNS_ASKED_QUERY, DG_RCODE_SERVFAIL,
		"SERVFAIL: this usually means that the server has the zone but could not load it, "
		"or it expired; see the server's log"},
	{DG_DNS_ASKED_QUERY, DG_RCODE_NOTAUTH,
		"NOTAUTH: this usually means that the server does not take the TSIG key, or does "
		"not serve this zone; compare key name, secret, clock and zone on both sides"},
	{DG_DNS_ASKED_QUERY, DG_RCODE_NOTIMP,
		"NOTIMP: the server does not know this kind of question; is it a name server's "
		"address?"},
	{DG_DNS_ASKED_QUERY, DG_RCODE_FORMERR,
		"FORMERR: the server could not read the question; this usually means that it knows "
		"no TSIG: ask without a key, or another server"},
	{DG_DNS_ASKED_AXFR, DG_RCODE_REFUSED,
		"REFUSED: this usually means that the server does not allow this key the transfer "
		"(BIND allow-transfer, Knot acl action transfer, PowerDNS TSIG-ALLOW-AXFR); "
		"allow it, or set transfer: false"},
	{DG_DNS_ASKED_AXFR, DG_RCODE_NOTAUTH,
		"NOTAUTH: this usually means that the server does not serve this zone, or does not "
		"allow this key the transfer (Knot acl); add the zone or allow the key"},
	{DG_DNS_ASKED_AXFR, DG_RCODE_NOTIMP,
		"NOTIMP: the server gives no transfers; set transfer: false"},
	{DG_DNS_ASKED_AXFR, DG_RCODE_SERVFAIL,
		"SERVFAIL: this usually means that the server has the zone but could not load it, "
		"that it expired, or that too many transfers run at once "
		"(BIND transfers-out); see the server's log"},
	{DG_DNS_ASKED_UPDATE, DG_RCODE_FORMERR,
		"FORMERR: the server could not read the UPDATE; this usually means that something "
		"between us and it alters DNS messages, or that it allows no dynamic updates"},
	{DG_DNS_ASKED_UPDATE, DG_RCODE_SERVFAIL,
		"SERVFAIL: this usually means that the server could not write its journal (disk "
		"full, missing folder, permissions) or is still loading the zone; see the server's "
		"log"},
	{DG_DNS_ASKED_UPDATE, DG_RCODE_NXDOMAIN, "NXDOMAIN: a name that had to be in use is not"},
	{DG_DNS_ASKED_UPDATE, DG_RCODE_NOTIMP,
		"NOTIMP: the server takes no dynamic updates; switch them on (PowerDNS "
		"dnsupdate=yes), or use another provider"},
	{DG_DNS_ASKED_UPDATE, DG_RCODE_REFUSED,
		"REFUSED: this usually means that the zone is frozen (somebody edits it: knotc "
		"zone-thaw or rndc thaw when done), "
		"that the key may not change these names or types (BIND update-policy, PowerDNS "
		"TSIG-ALLOW-DNSUPDATE), "
		"from BIND that an MX names a host of this zone without an address, from PowerDNS "
		"a wrong key or clock"},
	{DG_DNS_ASKED_UPDATE, DG_RCODE_YXDOMAIN, "YXDOMAIN: a name that had to be free is in use"},
	{DG_DNS_ASKED_UPDATE, DG_RCODE_YXRRSET,
		"YXRRSET: an RRset stands there that was not there when the zone was read: "
		"somebody else changed it"},
	{DG_DNS_ASKED_UPDATE, DG_RCODE_NXRRSET,
		"NXRRSET: an RRset is not what it was when the zone was read: somebody else "
		"changed it"},
	{DG_DNS_ASKED_UPDATE, DG_RCODE_NOTAUTH,
		"NOTAUTH: this usually means that the server does not serve this zone as a "
		"primary, or that its acl does not allow the key to update it (Knot: acl action "
		"update, update-type, update-owner); "
		"name the primary and compare the key on both sides"},
	{DG_DNS_ASKED_UPDATE, DG_RCODE_NOTZONE,
		"NOTZONE: the server says that a name is not in this zone; this usually means that "
		"it serves a smaller zone below: give that zone a policy of its own"},
};

const char *dg_dns_refusal(enum dg_dns_asked asked, int rcode)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (refusals[i].asked == asked && refusals[i].rcode == rcode) {
			return refusals[i].text;
		}
	}
	return "the server answered with an error code that has no meaning here (RFC 6895 section "
	       "2.3); see its log";
}

const char *dg_rcode_text(int rcode, char buf[16])
{
	if (rcode >= 0 && (size_t)rcode < sizeof(rcode_names) / sizeof(rcode_names[0]) &&
		rcode_names[rcode]) {
		(void)snprintf(buf, 16, "%s", rcode_names[rcode]);
	} else {
		(void)snprintf(buf, 16, "RCODE%d", rcode);
	}
	return buf;
}
