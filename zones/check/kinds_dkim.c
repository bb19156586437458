/* What can be found about DKIM keys. */
#include "zones/check/rule.h"

const struct dg_kind dg_dkim_kinds[] = {
	{
		"dkim-none",
		"dkim",
		DG_SEVERITY_WARNING,
		"the domain may send mail but has no DKIM key",
		"RFC 9989 section 7.4",
		"SPF lets somebody send for the domain, and no DKIM key stands anywhere "
		"under its _domainkey name: the name does not exist at all (RFC 8020), or "
		"the zone, which is known, holds none. Mail that is forwarded then fails "
		"DMARC, because SPF does not survive forwarding, and a domain that asks "
		"for p=reject or p=quarantine must not rely on SPF alone. Only a note "
		"where DMARC is not enforced.",
		"Have the mail server sign, and publish its key at SELECTOR._domainkey. "
		"If the name never sends, publish \"v=spf1 -all\" instead; no key is "
		"needed then.",
	},
	{
		"dkim-not-seen",
		"dkim",
		DG_SEVERITY_WARNING,
		"could not tell whether there are DKIM keys",
		"RFC 9989 section 7.4",
		"None of the common selectors has a key, and a domain's selectors cannot "
		"be listed from outside. The selector that the domain uses may have "
		"another name; a signed message tells it (s= in its DKIM-Signature). This "
		"is not the same as having no key. A warning where DMARC is enforced, "
		"because mail without DKIM is then lost when it is forwarded; else a "
		"note.",
		"Look at a message that the domain sent, take s= from its DKIM-Signature "
		"field, and check again with --selector.",
	},
	{
		"dkim-hidden",
		"dkim",
		DG_SEVERITY_NOTE,
		"there are names under _domainkey, at selectors that were not tried",
		"RFC 8020",
		"The name _domainkey exists although it has no record of its own, so at "
		"least one name stands below it, most likely a key. It is at none of the "
		"common selectors.",
		"Name the selector with --selector to have its key checked.",
	},
	{
		"dkim-unknown",
		"dkim",
		DG_SEVERITY_UNKNOWN,
		"keys could not be looked up",
		"RFC 6376 section 6.1.2",
		"A time-out, SERVFAIL or failed DNSSEC validation on the way to a key. "
		"Verifiers that have the same trouble put mail off or treat it as "
		"unsigned. It does not mean that the key is missing.",
		"Check again later; if it stays so, ask each name server of the domain.",
	},
	{
		"dkim-selector-absent",
		"dkim",
		DG_SEVERITY_ERROR,
		"no key stands at the selector that was given",
		"RFC 6376 section 3.6.2",
		"The name of the selector has no TXT record. Every signature made with "
		"this selector fails.",
		"Publish the public key there, or correct the selector.",
	},
	{
		"dkim-not-a-key",
		"dkim",
		DG_SEVERITY_ERROR,
		"what stands at the selector is not a DKIM key",
		"RFC 6376 section 3.6.1",
		"There is a TXT record, but it has no p= or does not begin with v=DKIM1. "
		"A wildcard TXT record in the zone has that effect on every selector that "
		"does not exist.",
		"Publish the public key there: \"v=DKIM1; k=rsa; p=...\".",
	},
	{
		"dkim-several",
		"dkim",
		DG_SEVERITY_ERROR,
		"several keys stand at one selector",
		"RFC 6376 section 3.6.2.2",
		"A selector has one key record. With several, what verifiers do is "
		"undefined: they take any of them, or none, so that some mail fails.",
		"Give each key a selector of its own and remove what is not in use.",
	},
	{
		"dkim-cname-dangling",
		"dkim",
		DG_SEVERITY_WARNING,
		"the selector is an alias of a name without a key",
		"RFC 1034 section 3.6.2",
		"The selector is a CNAME, as mail services ask for, and at its end there "
		"is no key: the service withdrew it, or was left. Signatures fail, and "
		"whoever can register the name at its end could sign mail for the domain.",
		"Remove the CNAME, or turn signing on again at the service.",
	},
	{
		"dkim-wildcard-key",
		"dkim",
		DG_SEVERITY_WARNING,
		"every selector has the same key",
		"RFC 6376 section 3.6.1",
		"A wildcard under _domainkey holds a working key. Nobody can tell any "
		"more which selectors are in use, and the key cannot be withdrawn for one "
		"of them.",
		"Publish the key at its selector only.",
	},
	{
		"dkim-all-revoked",
		"dkim",
		DG_SEVERITY_GOOD,
		"selectors without a record of their own are revoked",
		"RFC 6376 section 3.6.1",
		"A wildcard under _domainkey holds a key record with an empty p=. That is "
		"good practice for a name that never sends. It hides which selectors "
		"exist.",
		"Nothing.",
	},
	{
		"dkim-parked-key",
		"dkim",
		DG_SEVERITY_NOTE,
		"a name that never sends still has a working key",
		"RFC 6376 section 3.6.1",
		"SPF says that nobody may send and the name takes no mail, but a key is "
		"still in force. Whoever holds its private part (a service that was left, "
		"an old server) can sign mail that passes DMARC for the name.",
		"Remove the key, or revoke it for good: \"v=DKIM1; p=\".",
	},
	{
		"dkim-ed25519-alone",
		"dkim",
		DG_SEVERITY_NOTE,
		"only Ed25519 keys were found, no RSA key",
		"RFC 8463 section 6",
		"Not every receiver can verify Ed25519 signatures. Those that cannot see "
		"the mail as unsigned, so that DMARC rests on SPF there. Signers "
		"therefore sign twice, with a key of each kind at a selector of its own.",
		"Publish an RSA key of 2048 bits at a second selector and sign with both.",
	},
	{
		"dkim-key-good",
		"dkim",
		DG_SEVERITY_GOOD,
		"the key is sound",
		"RFC 8301 section 3.2",
		"It can be read, is strong enough, is not revoked and is not in testing.",
		"Nothing.",
	},
	{
		"dkim-syntax",
		"dkim",
		DG_SEVERITY_ERROR,
		"the key record is not a list of tags",
		"RFC 6376 section 3.2",
		"A piece between semicolons is not of the form tag=value, or holds "
		"characters that are not visible ASCII. Verifiers throw the record away.",
		"Correct the piece at the column shown.",
	},
	{
		"dkim-duplicate-tag",
		"dkim",
		DG_SEVERITY_ERROR,
		"a tag stands twice in the key record",
		"RFC 6376 section 3.2",
		"Tags must not repeat: the whole record is void.",
		"Leave one of them.",
	},
	{
		"dkim-version",
		"dkim",
		DG_SEVERITY_ERROR,
		"the version of the key record is wrong",
		"RFC 6376 section 3.6.1",
		"If v= is there it stands first and is DKIM1, letter case and all. "
		"Verifiers throw the record away otherwise.",
		"Begin the record with \"v=DKIM1;\".",
	},
	{
		"dkim-unknown-tag",
		"dkim",
		DG_SEVERITY_NOTE,
		"a tag in the key record is unknown",
		"RFC 6376 section 3.6.1",
		"Verifiers ignore it. Often it is a misspelling of k= or p=.",
		"Remove it, or correct its name.",
	},
	{
		"dkim-no-key",
		"dkim",
		DG_SEVERITY_ERROR,
		"the key record has no key",
		"RFC 6376 section 3.6.1",
		"p= is missing. A key that is revoked has an empty p=.",
		"Add p= with the public key, or remove the record.",
	},
	{
		"dkim-bad-key",
		"dkim",
		DG_SEVERITY_ERROR,
		"the key cannot be read",
		"RFC 6376 section 3.6.1",
		"What stands in p= is not base64, was cut off, or is not a public key of "
		"the type that k= names. The usual cause is a line lost when the record "
		"was split into strings of 255 octets.",
		"Publish the key again as the signer printed it.",
	},
	{
		"dkim-key-type",
		"dkim",
		DG_SEVERITY_ERROR,
		"the type of the key is unknown",
		"RFC 8463 section 3",
		"Verifiers know k=rsa and k=ed25519 and ignore other keys.",
		"Use an RSA key of 2048 bits.",
	},
	{
		"dkim-short-key",
		"dkim",
		DG_SEVERITY_ERROR,
		"the RSA key has less than 1024 bits",
		"RFC 8301 section 3.2",
		"Verifiers must not accept it, and it can be broken: whoever does can "
		"sign for the domain.",
		"Make a key of 2048 bits at a new selector, and revoke this one.",
	},
	{
		"dkim-weak-key",
		"dkim",
		DG_SEVERITY_WARNING,
		"the RSA key has less than 2048 bits",
		"RFC 8301 section 3.2",
		"Verifiers accept it, signers should use 2048 bits or more. 1024 bits are "
		"within reach of a well-funded attacker.",
		"Make a key of 2048 bits at a new selector; revoke this one a week after "
		"the change.",
	},
	{
		"dkim-long-key",
		"dkim",
		DG_SEVERITY_WARNING,
		"the RSA key has more than 4096 bits",
		"RFC 8301 section 3.2",
		"Verifiers need not know keys above 4096 bits, and the record may not fit "
		"into one UDP answer.",
		"Use 2048 bits.",
	},
	{
		"dkim-no-sha256",
		"dkim",
		DG_SEVERITY_ERROR,
		"the key allows SHA-1 only",
		"RFC 8301 section 3.1",
		"h= does not list sha256. SHA-1 must not be used any more, so verifiers "
		"refuse every signature of this key.",
		"Leave h= out, or write h=sha256.",
	},
	{
		"dkim-service",
		"dkim",
		DG_SEVERITY_WARNING,
		"the key is not for mail",
		"RFC 6376 section 3.6.1",
		"s= lists neither * nor email, so verifiers of mail ignore the key.",
		"Leave s= out.",
	},
	{
		"dkim-revoked",
		"dkim",
		DG_SEVERITY_NOTE,
		"the key is revoked",
		"RFC 6376 section 3.6.1",
		"p= is empty: signatures of this selector fail on purpose.",
		"Nothing. The record may be removed when no mail with old signatures is "
		"under way.",
	},
	{
		"dkim-testing",
		"dkim",
		DG_SEVERITY_WARNING,
		"the key is in testing",
		"RFC 6376 section 3.6.1",
		"t=y tells verifiers to treat mail with a failed signature as if it had "
		"none.",
		"Leave t=y out when signing works.",
	},
	{
		"dkim-too-long",
		"dkim",
		DG_SEVERITY_ERROR,
		"the key record is too long",
		"RFC 6376 section 3.6.1",
		"It is longer than any verifier is ready to read.",
		"Publish one key of 2048 bits.",
	},
	{.code = NULL},
};
