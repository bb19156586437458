/* What can be found about MTA-STS. */
#include "zones/check/rule.h"

const struct dg_kind dg_sts_kinds[] = {
	{
		"sts-unknown",
		"mta-sts",
		DG_SEVERITY_UNKNOWN,
		"the MTA-STS record could not be looked up",
		"RFC 8461 section 3.1",
		"A time-out, SERVFAIL or failed DNSSEC validation at _mta-sts. It does "
		"not mean that there is no record.",
		"Check again later.",
	},
	{
		"sts-several",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"several MTA-STS records stand at the name",
		"RFC 8461 section 3.1",
		"With more or fewer than one record that begins with \"v=STSv1;\" senders "
		"act as if the domain had no policy.",
		"Leave one of them.",
	},
	{
		"sts-version",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"the MTA-STS record does not begin as it must",
		"RFC 8461 section 3.1",
		"The record begins with \"v=STSv1;\", exactly so: letter case and "
		"semicolon count. Senders take anything else for an unrelated TXT record, "
		"so there is no policy for them.",
		"Begin the record with \"v=STSv1;\".",
	},
	{
		"sts-syntax",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"a field of the MTA-STS record cannot be read",
		"RFC 8461 section 3.1",
		"Fields are name=value without spaces around the equals sign.",
		"Write \"v=STSv1; id=20260101;\".",
	},
	{
		"sts-unknown-field",
		"mta-sts",
		DG_SEVERITY_NOTE,
		"a field of the MTA-STS record is unknown",
		"RFC 8461 section 3.1",
		"Senders ignore it.",
		"Remove it.",
	},
	{
		"sts-bad-id",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"the id of the MTA-STS record is not valid",
		"RFC 8461 section 3.1",
		"id= has 1 to 32 letters and digits. Senders that cannot read it treat "
		"the record as broken.",
		"Use the time of the last change as id, such as 20260101120000.",
	},
	{
		"sts-duplicate-id",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"id= stands twice",
		"RFC 8461 section 3.1",
		"Senders see by the id that the policy changed; with two they cannot.",
		"Leave one of them.",
	},
	{
		"sts-no-id",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"id= is missing",
		"RFC 8461 section 3.1",
		"Senders see by the id that the policy changed. Without it the record is "
		"broken.",
		"Add id= with 1 to 32 letters and digits.",
	},
	{
		"sts-policy-missing",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"the record says that there is a policy, but its host has no address",
		"RFC 8461 section 3.3",
		"Senders fetch the policy from the host mta-sts below the domain, by "
		"HTTPS. It has neither A nor AAAA, so they find none: the domain is not "
		"protected, and senders with an old policy in their cache keep to it.",
		"Set up the host and the policy file, or remove the TXT record at "
		"_mta-sts.",
	},
	{
		"sts-policy-status",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"the policy file is not there",
		"RFC 8461 section 3.3",
		"The host answers with another status than 200. Senders take that as no "
		"policy.",
		"Serve the file at /.well-known/mta-sts.txt with status 200.",
	},
	{
		"sts-policy-redirect",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"the policy file is answered with a redirect",
		"RFC 8461 section 3.3",
		"Senders must not follow redirects when they fetch a policy, so there is "
		"none for them.",
		"Serve the file itself, at that very address.",
	},
	{
		"sts-policy-tls",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"the policy host shows no certificate that holds",
		"RFC 8461 section 3.3",
		"The certificate must be valid, signed by an authority that senders know, "
		"and name the mta-sts host. Otherwise the policy does not count.",
		"Get a certificate for the mta-sts host, and see that it is renewed.",
	},
	{
		"sts-policy-private",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"the policy host has no address on the Internet",
		"RFC 8461 section 3.3",
		"Its addresses are private, loopback or otherwise not reachable from "
		"outside. It was not connected to.",
		"Give the mta-sts host a public address.",
	},
	{
		"sts-policy-too-long",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"the policy file is too large",
		"RFC 8461 section 3.2",
		"Senders may stop at 64 KiB and take the policy as missing.",
		"Keep the file to a few lines.",
	},
	{
		"sts-policy-unknown",
		"mta-sts",
		DG_SEVERITY_UNKNOWN,
		"the policy file could not be fetched",
		"RFC 8461 section 3.3",
		"No connection, or no answer in time. Senders with the same trouble see "
		"no policy. It does not mean that there is none.",
		"See whether the web server answers at the address from other networks, "
		"over IPv4 and IPv6.",
	},
	{
		"sts-policy-type",
		"mta-sts",
		DG_SEVERITY_WARNING,
		"the policy file has the wrong media type",
		"RFC 8461 section 3.2",
		"Policies are text/plain, so that a page that users can write to cannot "
		"pass as one. Some senders refuse other types.",
		"Serve the file as \"Content-Type: text/plain\".",
	},
	{
		"sts-policy-version",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"the version of the policy is wrong",
		"RFC 8461 section 3.2",
		"The line is \"version: STSv1\", exactly so. Senders throw the policy "
		"away otherwise.",
		"Write \"version: STSv1\" as the first line.",
	},
	{
		"sts-policy-mode",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"the mode of the policy is unknown",
		"RFC 8461 section 3.2",
		"It is none, testing or enforce, in lower case. Senders throw the policy "
		"away otherwise.",
		"Write \"mode: testing\" first, \"mode: enforce\" when reports show no "
		"failures.",
	},
	{
		"sts-policy-max-age",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"max_age of the policy is not valid",
		"RFC 8461 section 3.2",
		"It is a number of seconds, at most 31557600 (a year).",
		"Write \"max_age: 604800\" (a week) or more.",
	},
	{
		"sts-policy-mx",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"an mx line of the policy is not valid",
		"RFC 8461 section 3.2",
		"It is a host name; its first label may be \"*\", which stands for "
		"exactly one label.",
		"Correct the line.",
	},
	{
		"sts-policy-duplicate",
		"mta-sts",
		DG_SEVERITY_WARNING,
		"a key of the policy stands twice",
		"RFC 8461 section 3.2",
		"The first one counts, but not every sender knows that.",
		"Leave one of them.",
	},
	{
		"sts-policy-syntax",
		"mta-sts",
		DG_SEVERITY_WARNING,
		"a line of the policy cannot be read",
		"RFC 8461 section 3.2",
		"Lines are \"key: value\". Some senders throw the whole policy away.",
		"Remove or correct the line.",
	},
	{
		"sts-policy-incomplete",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"the policy lacks a key that it must have",
		"RFC 8461 section 3.2",
		"version, mode and max_age must be there. Senders throw the policy away "
		"otherwise.",
		"Add the line.",
	},
	{
		"sts-policy-no-mx",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"the policy names no MX host",
		"RFC 8461 section 3.2",
		"Unless its mode is none a policy lists the MX hosts that mail may go to. "
		"Without one no host is allowed, or the policy is broken.",
		"Add an \"mx:\" line for each MX host.",
	},
	{
		"sts-policy-short",
		"mta-sts",
		DG_SEVERITY_WARNING,
		"the policy is kept for less than a day",
		"RFC 8461 section 10.2",
		"A policy protects by being in the cache of senders. When it leaves the "
		"cache so soon an attacker who blocks the policy file need not wait long.",
		"Write \"max_age: 604800\" (a week) or more.",
	},
	{
		"sts-mx-unmatched",
		"mta-sts",
		DG_SEVERITY_ERROR,
		"an MX host is not in the policy",
		"RFC 8461 section 4.1",
		"Senders with the policy do not deliver to a host that no mx line "
		"matches. With mode enforce mail is put off or lost, with mode testing it "
		"is reported.",
		"Add the host to the policy and change the id of the TXT record; when "
		"hosts change, the policy comes first.",
	},
	{
		"sts-null-mx",
		"mta-sts",
		DG_SEVERITY_WARNING,
		"the domain takes no mail, but its policy still enforces MX hosts",
		"RFC 8461 section 8.3",
		"Nobody delivers to a null MX. But senders keep the policy up to max_age, "
		"so when the domain takes mail again, at other hosts, they refuse those. "
		"A domain that moves its mail away should withdraw the policy first.",
		"Set \"mode: none\" and a new id, keep serving the file for the old "
		"max_age, then remove record and file.",
	},
	{
		"sts-mode-none",
		"mta-sts",
		DG_SEVERITY_NOTE,
		"the policy's mode is none",
		"RFC 8461 section 8.3",
		"That is how a policy is withdrawn: senders forget the old one and act as "
		"if there were none.",
		"Nothing, until the old max_age is over; then remove record and file.",
	},
	{
		"sts-mode-testing",
		"mta-sts",
		DG_SEVERITY_NOTE,
		"the policy is in testing",
		"RFC 8461 section 5",
		"Senders report failures, when a TLSRPT record says where to, and deliver "
		"without protection.",
		"Change to \"mode: enforce\" and a new id when reports show no failures.",
	},
	{
		"sts-good",
		"mta-sts",
		DG_SEVERITY_GOOD,
		"the policy is enforced",
		"RFC 8461 section 5",
		"Senders that know MTA-STS deliver only over verified TLS.",
		"Nothing.",
	},
	{.code = NULL},
};

const struct dg_kind dg_tlsrpt_kinds[] = {
	{
		"tlsrpt-unknown",
		"tlsrpt",
		DG_SEVERITY_UNKNOWN,
		"the TLSRPT record could not be looked up",
		"RFC 8460 section 3",
		"A time-out, SERVFAIL or failed DNSSEC validation at _smtp._tls. It does "
		"not mean that there is no record.",
		"Check again later.",
	},
	{
		"tlsrpt-absent",
		"tlsrpt",
		DG_SEVERITY_NOTE,
		"nobody is told when encryption fails",
		"RFC 8460 section 3",
		"The domain has an MTA-STS policy or TLSA records, so that senders may "
		"refuse to deliver when something is wrong with certificates. Without a "
		"TLSRPT record nobody hears of it.",
		"Publish \"v=TLSRPTv1; rua=mailto:ADDRESS\" at _smtp._tls.",
	},
	{
		"tlsrpt-several",
		"tlsrpt",
		DG_SEVERITY_ERROR,
		"several TLSRPT records stand at the name",
		"RFC 8460 section 3",
		"With more than one record that begins with \"v=TLSRPTv1;\" senders act "
		"as if there were none.",
		"Leave one of them; several addresses stand in one rua=, with commas.",
	},
	{
		"tlsrpt-version",
		"tlsrpt",
		DG_SEVERITY_ERROR,
		"the TLSRPT record does not begin as it must",
		"RFC 8460 section 3",
		"It begins with \"v=TLSRPTv1;\", exactly so. Senders take anything else "
		"for an unrelated TXT record.",
		"Begin the record with \"v=TLSRPTv1;\".",
	},
	{
		"tlsrpt-syntax",
		"tlsrpt",
		DG_SEVERITY_ERROR,
		"a field of the TLSRPT record cannot be read",
		"RFC 8460 section 3",
		"Fields are name=value, with semicolons between.",
		"Write \"v=TLSRPTv1; rua=mailto:ADDRESS\".",
	},
	{
		"tlsrpt-unknown-field",
		"tlsrpt",
		DG_SEVERITY_NOTE,
		"a field of the TLSRPT record is unknown",
		"RFC 8460 section 3",
		"Senders ignore it.",
		"Remove it.",
	},
	{
		"tlsrpt-duplicate-rua",
		"tlsrpt",
		DG_SEVERITY_ERROR,
		"rua= stands twice",
		"RFC 8460 section 3",
		"There is one rua=; several addresses stand in it with commas between.",
		"Join them: \"rua=mailto:A,mailto:B\".",
	},
	{
		"tlsrpt-bad-uri",
		"tlsrpt",
		DG_SEVERITY_ERROR,
		"an address for TLS reports is not valid",
		"RFC 8460 section 3",
		"Reports go to mailto: or https: addresses; commas and exclamation marks "
		"in them must be percent-encoded.",
		"Correct the address.",
	},
	{
		"tlsrpt-many-uris",
		"tlsrpt",
		DG_SEVERITY_ERROR,
		"there are too many addresses for TLS reports",
		"RFC 8460 section 3",
		"Senders need not send to more than a few.",
		"Keep one or two.",
	},
	{
		"tlsrpt-no-rua",
		"tlsrpt",
		DG_SEVERITY_ERROR,
		"the TLSRPT record says no address",
		"RFC 8460 section 3",
		"Without rua= there is nobody to send reports to.",
		"Add \"rua=mailto:ADDRESS\".",
	},
	{
		"tlsrpt-dead-destination",
		"tlsrpt",
		DG_SEVERITY_WARNING,
		"TLS reports go to a domain that takes no mail",
		"RFC 8460 section 3",
		"The domain of the mailbox has a null MX or does not exist, so no report "
		"arrives. That happens when a domain is taken out of mail.",
		"Name a mailbox at a domain that takes mail.",
	},
	{
		"tlsrpt-good",
		"tlsrpt",
		DG_SEVERITY_GOOD,
		"TLS reports go somewhere",
		"RFC 8460 section 3",
		"Senders that know TLSRPT tell these addresses about failures once a day.",
		"Nothing.",
	},
	{.code = NULL},
};
