/* What can be found about DANE, DNSSEC and BIMI. */
#include "zones/check/rule.h"

const struct dg_kind dg_dane_kinds[] = {
	{
		"dane-unknown",
		"dane",
		DG_SEVERITY_UNKNOWN,
		"TLSA records could not be looked up",
		"RFC 7672 section 2.1.2",
		"A time-out, SERVFAIL or failed DNSSEC validation at _25._tcp of an MX "
		"host. Senders that do DANE put mail to this host off as long as it "
		"fails: they cannot tell whether the host is pinned.",
		"Ask the name servers of the MX host's domain; old ones drop questions "
		"for TLSA.",
	},
	{
		"dane-untold",
		"dane",
		DG_SEVERITY_UNKNOWN,
		"there are TLSA records; whether they are signed was not looked at",
		"RFC 7672 section 2.2",
		"TLSA records count only when DNSSEC proves them, and this run did not "
		"validate.",
		"Check again with DNSSEC validation.",
	},
	{
		"dane-insecure",
		"dane",
		DG_SEVERITY_WARNING,
		"TLSA records are not signed",
		"RFC 7672 section 2.2",
		"Senders ignore TLSA records that DNSSEC does not prove, so they protect "
		"nothing.",
		"Sign the zone of the MX host and publish its DS record, or remove the "
		"TLSA records.",
	},
	{
		"dane-mx-insecure",
		"dane",
		DG_SEVERITY_WARNING,
		"the MX hosts are pinned, but the MX records that lead to them are not "
		"signed",
		"RFC 7672 section 2.2.1",
		"An attacker who forges the MX records leads mail to a host of their own, "
		"which no TLSA record of these hosts prevents.",
		"Sign the domain's own zone too.",
	},
	{
		"dane-unusable",
		"dane",
		DG_SEVERITY_ERROR,
		"no TLSA record of an MX host can be used",
		"RFC 7672 section 3.1",
		"Senders that find TLSA records, none of them usable, encrypt but verify "
		"nothing. Usage 0 and 1, an unknown selector or matching type, and a "
		"digest of the wrong length are not usable for mail.",
		"Publish \"3 1 1\" with the SHA-256 digest of the key: openssl x509 -in "
		"cert.pem -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum.",
	},
	{
		"dane-part-unusable",
		"dane",
		DG_SEVERITY_WARNING,
		"a TLSA record of an MX host is ignored",
		"RFC 7672 section 3.1",
		"Others at the same name can be used; this one has no effect.",
		"Remove or correct it.",
	},
	{
		"dane-partial",
		"dane",
		DG_SEVERITY_NOTE,
		"only some of the MX hosts are pinned",
		"RFC 7672 section 2.2",
		"Senders may deliver to any MX host. An attacker who makes the pinned "
		"ones unreachable leads mail to one that is not.",
		"Publish TLSA records for each MX host.",
	},
	{
		"dane-good",
		"dane",
		DG_SEVERITY_GOOD,
		"an MX host has signed, usable TLSA records",
		"RFC 7672 section 3.1",
		"Senders that do DANE deliver to it only when its certificate matches.",
		"Nothing; publish the digest of a new key two TTLs before it comes into "
		"use.",
	},
	{.code = NULL},
};

const struct dg_kind dg_dnssec_kinds[] = {
	{
		"dnssec-bogus",
		"dnssec",
		DG_SEVERITY_ERROR,
		"the domain's answers fail DNSSEC validation",
		"RFC 4035 section 4.3",
		"Receivers that validate get no answer at all: mail from the domain is "
		"put off or refused, mail to it is not delivered, and SPF and DMARC are "
		"temporary errors. Usual causes are signatures that expired and a DS "
		"record at the registrar that matches no key.",
		"Renew the signatures, or correct the DS record at the registrar "
		"(removing it makes the domain unsigned, and reachable, after its TTL).",
	},
	{
		"dnssec-insecure",
		"dnssec",
		DG_SEVERITY_NOTE,
		"the domain is not signed",
		"RFC 4035 section 4.3",
		"Its records can be forged on the way to a receiver. That takes an "
		"attacker near the receiver or its resolver, not just a spammer.",
		"Sign the zone, if the provider can, and have the DS record published at "
		"the registrar.",
	},
	{
		"dnssec-secure",
		"dnssec",
		DG_SEVERITY_GOOD,
		"the domain's records are signed and validate",
		"RFC 4035 section 4.3",
		"Receivers that validate can tell a forged answer.",
		"Nothing.",
	},
	{.code = NULL},
};

const struct dg_kind dg_bimi_kinds[] = {
	{
		"bimi-unknown",
		"bimi",
		DG_SEVERITY_UNKNOWN,
		"the BIMI record could not be looked up",
		"draft-brand-indicators section 4.3",
		"A time-out, SERVFAIL or failed DNSSEC validation. It does not mean that "
		"there is no record.",
		"Check again later.",
	},
	{
		"bimi-several",
		"bimi",
		DG_SEVERITY_WARNING,
		"several BIMI records stand at the name",
		"draft-brand-indicators section 7.2",
		"Receivers then show no logo.",
		"Leave one of them.",
	},
	{
		"bimi-no-enforcement",
		"bimi",
		DG_SEVERITY_WARNING,
		"there is a BIMI record, but DMARC is not enforced",
		"draft-brand-indicators section 7.3",
		"Receivers show a logo only for domains with p=quarantine or p=reject, "
		"for their subdomains too.",
		"Enforce DMARC first; it is what protects the domain.",
	},
	{
		"bimi-syntax",
		"bimi",
		DG_SEVERITY_ERROR,
		"the BIMI record cannot be read",
		"draft-brand-indicators section 4.3",
		"It is a list of tag=value that begins with v=BIMI1.",
		"Write \"v=BIMI1; l=https://.../logo.svg; a=https://.../mark.pem\".",
	},
	{
		"bimi-duplicate-tag",
		"bimi",
		DG_SEVERITY_ERROR,
		"a tag stands twice in the BIMI record",
		"draft-brand-indicators section 4.3",
		"Receivers throw the record away.",
		"Leave one of them.",
	},
	{
		"bimi-no-location",
		"bimi",
		DG_SEVERITY_ERROR,
		"the BIMI record names no logo",
		"draft-brand-indicators section 4.3",
		"l= is missing or empty. (With l= and a= both empty the domain declines "
		"to have a logo shown.)",
		"Add l= with the https address of an SVG file.",
	},
	{
		"bimi-bad-location",
		"bimi",
		DG_SEVERITY_ERROR,
		"the address of the logo is not valid",
		"draft-brand-indicators section 4.3",
		"It is one https address.",
		"Correct l=.",
	},
	{
		"bimi-bad-evidence",
		"bimi",
		DG_SEVERITY_ERROR,
		"the address of the mark's certificate is not valid",
		"draft-brand-indicators section 4.3",
		"It is one https address.",
		"Correct a=.",
	},
	{
		"bimi-no-evidence",
		"bimi",
		DG_SEVERITY_NOTE,
		"the BIMI record names no certificate of the mark",
		"draft-brand-indicators section 4.3",
		"It is optional by the draft, but large receivers show a logo only with "
		"it.",
		"Add a= when there is such a certificate.",
	},
	{
		"bimi-declined",
		"bimi",
		DG_SEVERITY_GOOD,
		"the domain declines to have a logo shown",
		"draft-brand-indicators section 4.3",
		"l= and a= are empty on purpose.",
		"Nothing.",
	},
	{
		"bimi-good",
		"bimi",
		DG_SEVERITY_GOOD,
		"there is a logo to be shown",
		"draft-brand-indicators section 4.3",
		"The record can be read and DMARC is enforced. Logo and certificate "
		"themselves were not looked at.",
		"Nothing.",
	},
	{.code = NULL},
};
