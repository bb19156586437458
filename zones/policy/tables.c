/* zones/policy/tables.c: the keys of zone.yaml. What stands here is what is read, checked and documented. */
#include "zones/policy/internal.h"

#include "zones/record/rrset.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const char *const policy_words[] = {"", "none", "quarantine", "reject", NULL};
static const char *const alignment_words[] = {"", "relaxed", "strict", NULL};
static const char *const psd_words[] = {"", "y", "n", "u", NULL};
static const char *const mode_words[] = {"none", "testing", "enforce", NULL};
static const char *const when_words[] = {"approved", "automatic", "never", NULL};
static const char *const shed_words[] = {"off", "attack", NULL};
static const char *const mx_hosts_words[] = {"spf", "ignore", NULL};
static const char *const hosts_words[] = {"report", "silent", "ignore", NULL};

#define STRINGS_JSON                                                                        \
	"{\"oneOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": " \
	"\"string\"}}]}"

static const struct dg_field dmarc_fields[] = {
	DG_FIELD_ENUM(struct dg_dmarc_yaml, policy, policy_words, .is_required = true,
		.help = "What receivers should do with mail that fails: the p tag.",
		.example = "reject"),
	DG_FIELD_ENUM(struct dg_dmarc_yaml, subdomains, policy_words,
		.help = "The same for names below without a record of their own: the sp tag. "
			"Without it they "
			"get *policy*.",
		.example = "reject"),
	DG_FIELD_ENUM(struct dg_dmarc_yaml, nonexistent, policy_words,
		.help = "The same for names below that do not exist: the np tag. It applies to "
			"NXDOMAIN only, "
			"so never where a wildcard answers.",
		.example = "reject"),
	DG_FIELD_ENUM(struct dg_dmarc_yaml, dkim_alignment, alignment_words,
		.help = "Must the DKIM domain be the same (strict) or only of the same "
			"organisation: adkim.",
		.example = "strict"),
	DG_FIELD_ENUM(struct dg_dmarc_yaml, spf_alignment, alignment_words,
		.help = "The same for the SPF domain: aspf.", .example = "strict"),
	DG_FIELD_STRINGS(struct dg_dmarc_yaml, aggregate, 1, 1000,
		.help = "Where aggregate reports go: rua. The address must still take mail when "
			"this name is split.",
		.example = "mailto:dmarc@example.net"),
	DG_FIELD_STRINGS(struct dg_dmarc_yaml, failure, 1, 1000,
		.help = "Where failure reports go: ruf.",
		.example = "mailto:dmarc-failures@example.net"),
	DG_FIELD_STRING(struct dg_dmarc_yaml, failure_options, 1, 7,
		.help = "Which failures are reported: the fo tag.", .example = "1"),
	DG_FIELD_ENUM(struct dg_dmarc_yaml, psd, psd_words,
		.help = "Is this a public suffix (y), an organisational domain (n), or to be found "
			"out (u): psd.",
		.example = "n"),
	DG_FIELD_BOOL(struct dg_dmarc_yaml, testing,
		.help = "Receivers apply the policy one level lower: t=y.", .example = "true"),
};
const struct dg_schema dg_schema_dmarc = {.name = "dmarc",
	.help = "The DMARC record at _dmarc of the name (RFC 9989).",
	.size = sizeof(struct dg_dmarc_yaml),
	.fields = dmarc_fields,
	.n_fields = N(dmarc_fields)};

static const struct dg_field sts_fields[] = {
	DG_FIELD_ENUM(struct dg_sts_yaml, mode, mode_words, .is_required = true,
		.help = "The mode in the policy file.", .example = "enforce"),
	DG_FIELD_DURATION(struct dg_sts_yaml, max_age, 86400, 31557600, .dflt = "1w",
		.help = "How long senders may keep the policy.", .example = "30d"),
	DG_FIELD_STRINGS(struct dg_sts_yaml, mx, 1, 255,
		.help = "Host names, or \\*.example.com, that the policy allows. Without it: the "
			"hosts of *mx*.",
		.example = "[mx1.example.com]"),
	DG_FIELD_STRING(struct dg_sts_yaml, id, 1, 32,
		.help = "Letters and digits that change when the policy file does. Without it: "
			"made from a "
			"digest of the policy.",
		.example = "20260101T000000"),
};
const struct dg_schema dg_schema_sts = {.name = "mta-sts",
	.help = "The MTA-STS record at _mta-sts of the name (RFC 8461). The policy file itself, at "
		"https://mta-sts.NAME/.well-known/mta-sts.txt, is yours to serve.",
	.size = sizeof(struct dg_sts_yaml),
	.fields = sts_fields,
	.n_fields = N(sts_fields)};

static const struct dg_field split_fields[] = {
	DG_FIELD_NAME(struct dg_split_spec, to, .is_required = true,
		.help = "The name that mail moves to: a single label is below the zone. It is "
			"published beside "
			"the mail name at all times.",
		.example = "m"),
	DG_FIELD_ENUM(struct dg_split_spec, when, when_words, .dflt = "approved",
		.help = "Who decides: a person (approved), the guard (automatic), nobody (never: "
			"the guard only watches).",
		.example = "approved"),
	DG_FIELD_DURATION(struct dg_split_spec, hold, 60, 31536000, .dflt = "24h",
		.help = "How long a split stays before the guard looks whether the attack is over.",
		.example = "24h"),
	DG_FIELD_DURATION(struct dg_split_spec, armed_ttl, 1, 86400, .dflt = "60s",
		.help = "TTL of the mail name's MX and TXT while armed or split: caches keep the "
			"old answer for that long.",
		.example = "60s"),
	DG_FIELD_CUSTOM(struct dg_split_spec, sink, dg_sink_read,
		.json = "{\"oneOf\": [{\"$ref\": \"#/$defs/mx\"}, {\"type\": \"array\", "
			"\"minItems\": 1, \"items\": {\"$ref\": \"#/$defs/mx\"}}]}",
		.help = "Hosts that take the mail of the name while a probe looks whether the "
			"attack is "
			"over: at the end of the hold they are its MX for a while, since nobody "
			"sees past a "
			"null MX. They should refuse null-sender mail at RCPT (see *shed*) and "
			"take the rest. "
			"Without it a person is asked at the end of the hold.",
		.example = "[10 sink.example.com]"),
	DG_FIELD_DURATION(struct dg_split_spec, probe, 60, 604800, .dflt = "2h",
		.help = "How long a probe listens at the sink before it says that the attack is "
			"over.",
		.example = "2h"),
	DG_FIELD_CUSTOM(struct dg_split_spec, rotate, dg_owners_read,
		.json = "{\"oneOf\": [{\"type\": \"string\"}, {\"type\": \"array\", "
			"\"maxItems\": 15, \"items\": {\"type\": \"string\"}}]}",
		.help = "The names that mail moves on to when the attacker follows, one after the "
			"other. "
			"None is published before it is needed.",
		.example = "[m2, m3]"),
	DG_FIELD_DURATION(struct dg_split_spec, overlap, 60, 31536000, .dflt = "1h",
		.help = "How long no mail with a sender may have come to an old name before it is "
			"given up "
			"for the next one. At most *hold*.",
		.example = "1h"),
};
const struct dg_schema dg_schema_split = {.name = "split",
	.help = "Lets mail move to a subdomain when the name is forged, with a null MX at the name "
		"(RFC 7505). "
		"Needs *mx*, *spf* and *dmarc* at the same name.",
	.size = sizeof(struct dg_split_spec),
	.fields = split_fields,
	.n_fields = N(split_fields)};

static const struct dg_field shed_fields[] = {
	DG_FIELD_ENUM(struct dg_shed_spec, when, shed_words, .dflt = "off",
		.help = "While the name is under attack (*attack*), or never (*off*).",
		.example = "attack"),
	DG_FIELD_STRINGS(struct dg_shed_spec, always, 3, 320,
		.help = "Addresses that never send, and so get no bounces, at any time: posting "
			"addresses "
			"of mailing lists.",
		.example = "[announce@lists.example.com]"),
};
const struct dg_schema dg_schema_shed = {.name = "shed",
	.help = "Null-sender mail that the policy service and the milter of *dnsguard watch* "
		"refuse at RCPT with 550 5.7.1. What it costs: a genuine bounce, a receipt or a "
		"call-out "
		"for mail that was sent from the name is refused too. postmaster is never refused "
		"by "
		"*when*.",
	.size = sizeof(struct dg_shed_spec),
	.fields = shed_fields,
	.n_fields = N(shed_fields)};

static const struct dg_field webhook_fields[] = {
	{.key = "webhook",
		.kind = DG_STRING,
		.is_required = true,
		.offset = offsetof(struct dg_hook_spec, url),
		.min = 9,
		.max = 2000,
		.help = "The address: https alone, without user and password.",
		.example = "https://hooks.example.com/dnsguard"},
	DG_FIELD_SECRET(struct dg_hook_spec, secret_file, .is_required = true,
		.help = "The secret that letters are signed with, as *whsec\\_* and Base64, or as "
			"it "
			"stands.",
		.example = "hook.secret"),
	{.key = "allow_private",
		.kind = DG_BOOL,
		.offset = offsetof(struct dg_hook_spec, may_be_private),
		.dflt = "false",
		.help = "Addresses that are not public (loopback, private networks) are talked to "
			"as well.",
		.example = "true"},
};
const struct dg_schema dg_schema_webhook = {.name = "webhook",
	.help = "A hook that is an HTTPS address: letters are posted as JSON and signed as "
		"Standard Webhooks has it (webhook-id, webhook-timestamp, webhook-signature: v1 "
		"with "
		"HMAC-SHA256). Redirects are not followed.",
	.size = sizeof(struct dg_hook_spec),
	.fields = webhook_fields,
	.n_fields = N(webhook_fields)};

static const struct dg_field verify_fields[] = {
	DG_FIELD_CUSTOM(struct dg_verify_spec, servers, dg_servers_read, .json = STRINGS_JSON,
		.help = "Name servers that must serve what was published: addresses or host names, "
			"with a port or "
			"without. *none*: the zone is not served yet. Without it: the zone's NS "
			"records.",
		.example = "[\"192.0.2.1\", \"ns2.example.net:53\"]"),
	DG_FIELD_HOST(struct dg_verify_spec, resolver,
		.help = "The resolver to ask what the world sees. Without it: the system's.",
		.example = "192.0.2.53"),
	DG_FIELD_PATH(struct dg_verify_spec, trust_anchor,
		.help = "File with the DNSSEC trust anchor. Without it nothing is validated.",
		.example = "/usr/share/dns/root.key"),
	DG_FIELD_DURATION(struct dg_verify_spec, timeout, 1, 600, .dflt = "5s",
		.help = "How long one server may take to answer.", .example = "5s"),
};
const struct dg_schema dg_schema_verify = {.name = "verify",
	.help = "How what was published is proved.",
	.size = sizeof(struct dg_verify_spec),
	.fields = verify_fields,
	.n_fields = N(verify_fields)};

static const struct dg_field watch_fields[] = {
	DG_FIELD_CUSTOM(struct dg_watch_spec, sensors, dg_sensors_read,
		.json = "{\"type\": \"array\", \"items\": {\"type\": \"object\", "
			"\"minProperties\": 1, \"maxProperties\": 1, "
			"\"additionalProperties\": {\"type\": \"string\"}}}",
		.help = "What sees null-sender mail, each with one key: *log* with the whole path "
			"of "
			"a mail log; *journal*, *maildir*, *mbox*, *imap*, *reports*, *policy* and "
			"*sensors* "
			"stand in *dnsguard*(1). A sensor that several "
			"zones "
			"name is opened once.",
		.example = "[{log: /var/log/mail.log}]"),
	DG_FIELD_CUSTOM(struct dg_watch_spec, hooks, dg_hooks_read, .sub = &dg_schema_webhook,
		.json = "{\"oneOf\": [{\"$ref\": \"#/$defs/hook\"}, {\"type\": \"array\", "
			"\"items\": {\"$ref\": \"#/$defs/hook\"}}]}",
		.help = "Who is told when something happens, with one JSON object: a program, by "
			"its whole path, on standard input; or an HTTPS address, as a mapping (see "
			"*WEBHOOK*).",
		.example = "[/etc/dnsguard/hook, {webhook: \"https://hooks.example.com/x\", "
			   "secret-file: hook.secret}]"),
	DG_FIELD_PATH(struct dg_watch_spec, recipients,
		.help = "File with all addresses that exist, the first word of each line: a bounce "
			"to "
			"another one is of mail that was not sent from here.",
		.example = "/etc/dnsguard/recipients"),
	DG_FIELD_PATH(struct dg_watch_spec, bounce_keys,
		.help = "File with the keys of bounce address tags (BATV, *prvs=*), for each a "
			"line with "
			"its digit and its secret: a bounce to an address with a sound tag is of "
			"our own "
			"mail.",
		.example = "/etc/dnsguard/batv"),
	DG_FIELD_STRING(struct dg_watch_spec, bounce_tags_since, 1, 40,
		.help = "The day since which all outgoing mail bears tags. Eight days later a "
			"bounce "
			"without one is of mail that was not sent from here.",
		.example = "2026-11-01"),
	DG_FIELD_U32(struct dg_watch_spec, genuine_max, 0, 1000000, .dflt = "20",
		.help = "Letters with a sender that a mail name may get in a day and still be "
			"split "
			"by itself: where more are at stake, a person is asked.",
		.example = "20"),
	DG_FIELD_U32(struct dg_watch_spec, moves, 1, 1000, .dflt = "3",
		.help = "How many mail names may be split by itself in an hour. Of several zones "
			"the smallest counts.",
		.example = "3"),
};
const struct dg_schema dg_schema_watch = {.name = "watch",
	.help = "What *dnsguard watch* looks at, and what it may do.",
	.size = sizeof(struct dg_watch_spec),
	.fields = watch_fields,
	.n_fields = N(watch_fields)};

static const struct dg_field mail_fields[] = {
	DG_FIELD_DURATION(struct dg_mail_spec, ttl, 1, DG_TTL_MAX,
		.help = "TTL of this name's records. Without it: the zone's.", .example = "1h"),
	DG_FIELD_CUSTOM(struct dg_mail_spec, mx, dg_mx_read_spec,
		.json = "{\"oneOf\": [{\"type\": \"null\"}, {\"const\": \"none\"}, {\"$ref\": "
			"\"#/$defs/mx\"}, "
			"{\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": "
			"\"#/$defs/mx\"}}]}",
		.help = "The hosts that take mail, each with its preference. *null* or *none*: the "
			"name takes no "
			"mail (a null MX, RFC 7505). Without it the MX records are left alone.",
		.example = "[10 mx1.example.com, 20 mx2.example.com]"),
	DG_FIELD_CUSTOM(struct dg_mail_spec, spf, dg_spf_read_spec, .json = STRINGS_JSON,
		.help = "The terms of the SPF record (RFC 7208), or the whole record as one text. "
			"*-all* is added to terms "
			"unless an *all* or *redirect=* is there: *~all* must be asked for. One "
			"text "
			"that begins with v=spf1 is published exactly as it is.",
		.example = "[mx, \"ip4:192.0.2.0/24\", \"include:_spf.example.net\"]"),
	DG_FIELD_CUSTOM(struct dg_mail_spec, dkim, dg_dkim_read_spec,
		.json = "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\"}}",
		.help = "A mapping of selectors to key files (PEM public keys, or records as "
			"OpenDKIM and rspamd "
			"write them), to the record itself (\"v=DKIM1; ...\"), or to *revoked*, "
			"which "
			"publishes an empty p=.",
		.example = "{s2026: dkim/s2026.pub, s2025: revoked}"),
	DG_FIELD_CUSTOM(struct dg_mail_spec, dmarc, dg_dmarc_read_spec, .sub = &dg_schema_dmarc,
		.json = "{\"oneOf\": [{\"$ref\": \"#/$defs/dmarc\"}, {\"type\": \"string\", "
			"\"pattern\": \"^v=DMARC1\"}]}",
		.help = "The DMARC record at _dmarc of the name (RFC 9989). One text that begins "
			"with "
			"v=DMARC1 is published exactly as it is.",
		.example = "{policy: reject, aggregate: \"mailto:dmarc@example.net\"}"),
	DG_FIELD_CUSTOM(struct dg_mail_spec, mta_sts, dg_sts_read_spec, .sub = &dg_schema_sts,
		.help = "The MTA-STS record at _mta-sts of the name (RFC 8461).",
		.example = "{mode: enforce, max-age: 30d}"),
	DG_FIELD_CUSTOM(struct dg_mail_spec, tlsrpt, dg_tlsrpt_read_spec, .json = STRINGS_JSON,
		.help = "Where reports about TLS failures go (RFC 8460): mailto: or https: URIs.",
		.example = "mailto:tls@example.net"),
	DG_FIELD_CUSTOM(struct dg_mail_spec, split, dg_split_read_spec, .sub = &dg_schema_split,
		.help = "How mail of this name moves to a subdomain when the name is forged.",
		.example = "{to: m, when: approved}"),
	DG_FIELD_CUSTOM(struct dg_mail_spec, shed, dg_shed_read_spec, .sub = &dg_schema_shed,
		.json = "{\"oneOf\": [{\"const\": \"attack\"}, {\"$ref\": \"#/$defs/shed\"}]}",
		.help = "Null-sender mail that is refused at RCPT: a mapping, or *attack* alone. "
			"Without it none is.",
		.example = "attack"),
};
const struct dg_schema dg_schema_mail = {.name = "mail",
	.help = "One mail name. What is not written is not managed: dnsguard leaves it alone.",
	.size = sizeof(struct dg_mail_spec),
	.fields = mail_fields,
	.n_fields = N(mail_fields)};

static const struct dg_field zone_fields[] = {
	DG_FIELD_CUSTOM(struct dg_policy, provider, dg_provider_read,
		.json = "{\"$ref\": \"#/$defs/provider\"}",
		.help = "Where the records are read and changed: a provider's name with its "
			"options.",
		.example = "{zonefile: {path: /etc/nsd/example.com.zone}}"),
	DG_FIELD_DURATION(struct dg_policy, ttl, 1, DG_TTL_MAX,
		.help = "TTL of the records that dnsguard publishes. Without it records keep the "
			"TTL "
			"they have, and new ones get 1h.",
		.example = "1h"),
	DG_FIELD_CUSTOM(struct dg_policy, mail, dg_mail_read,
		.json = "{\"type\": [\"object\", \"null\"], \"additionalProperties\": {\"oneOf\": "
			"[{\"type\": \"null\"}, {\"$ref\": \"#/$defs/mail\"}]}}",
		.sub = &dg_schema_mail,
		.help = "A mapping of names that receive or send mail to what is published for "
			"them. *@* is the zone itself.",
		.example =
			"{\"@\": {mx: [10 mx1.example.com], spf: [mx], dmarc: {policy: reject}}}"),
	DG_FIELD_CUSTOM(struct dg_policy, silent, dg_silent_read, .json = STRINGS_JSON,
		.help = "Names that neither send nor receive: null MX, SPF -all, DMARC reject. "
			"*\"\\*\"* and "
			"*\"\\*.x\"* are wildcards: they reach no name that exists, and no name "
			"below it.",
		.example = "[www, ftp]"),
	DG_FIELD_ENUM(struct dg_policy, hosts, hosts_words, .dflt = "report",
		.help = "What to do about names with an address that zone.yaml does not mention: "
			"without an MX "
			"they take mail. Say so in the plan (report), make them silent, or nothing "
			"(ignore).",
		.example = "report"),
	DG_FIELD_ENUM(struct dg_policy, mx_hosts, mx_hosts_words, .dflt = "spf",
		.help = "MX hosts of this zone greet under their own name: they get SPF a -all "
			"(RFC 7208 "
			"section 10.1.3), or are left alone (ignore).",
		.example = "spf"),
	DG_FIELD_CUSTOM(struct dg_policy, helo, dg_owners_read, .json = STRINGS_JSON,
		.help = "Hosts of this zone that send mail and are no MX: they get SPF a -all for "
			"their HELO name "
			"(RFC 7208 section 10.1.3). MX hosts get it anyway.",
		.example = "[out1, out2]"),
	DG_FIELD_CUSTOM(struct dg_policy, report_for, dg_domains_read, .json = STRINGS_JSON,
		.help = "Domains whose DMARC reports this zone's addresses take: publishes "
			"DOMAIN._report._dmarc, without which reporters must not send them (RFC "
			"9990).",
		.example = "[example.net, example.org]"),
	DG_FIELD_CUSTOM(struct dg_policy, verify, dg_verify_read, .sub = &dg_schema_verify,
		.dflt = "", .help = "How what was published is proved.",
		.example = "{servers: [192.0.2.1, 192.0.2.2]}"),
	DG_FIELD_CUSTOM(struct dg_policy, watch, dg_watch_read, .sub = &dg_schema_watch, .dflt = "",
		.help = "What *dnsguard watch* looks at, and what it may do.",
		.example = "{sensors: [{log: /var/log/mail.log}]}"),
	DG_FIELD_CUSTOM(struct dg_policy, never, dg_owners_read, .json = STRINGS_JSON,
		.help = "Mail names that are never split, by nobody.", .example = "[lists]"),
};
const struct dg_schema dg_schema_zone = {.name = "zone",
	.help = "One zone.",
	.size = sizeof(struct dg_policy),
	.fields = zone_fields,
	.n_fields = N(zone_fields)};
