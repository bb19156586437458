/* zones/policy/policy.h: what a zone.yaml declares, read and checked.
 *
 * Shape    One struct dg_policy a zone. Names are canonical. What was not written has its default.
 * Memory   Everything in the arena given to the loader; a policy holds no secrets, only paths of files that do.
 */
#pragma once

#include "zones/mail/dmarc.h"
#include "zones/mail/spf.h"
#include "zones/mail/tlspolicy.h"
#include "zones/policy/schema.h"

struct dg_provider_spec {
	const char *name; /* "rfc2136"; NULL: none given */
	void *opts;       /* the struct of that provider's schema */
	const char *
		key; /* same provider and options (defaults filled in): same key. To share one open provider. */
	struct dg_pos pos;
};

struct dg_mx_spec {
	uint16_t preference;
	const char *host;
	struct dg_pos pos;
};

struct dg_dkim_spec {
	const char *selector; /* label or labels: "s2026" */
	const char *text;     /* the record; DG_DKIM_REVOKED for `revoked` */
	struct dg_pos pos;
};

enum dg_split_when {
	DG_SPLIT_APPROVED,
	DG_SPLIT_AUTOMATIC,
	DG_SPLIT_NEVER,
};

struct dg_split_spec {
	const char *to; /* canonical name of the subdomain: m.example.com. */
	struct dg_strings
		rotate;   /* canonical names for when the attacker follows, in their order */
	uint32_t overlap; /* seconds without mail after which an old label is given up */
	int when;         /* enum dg_split_when */
	uint32_t hold;    /* seconds */
	uint32_t armed_ttl;
	struct dg_mx_spec
		*sink; /* takes the mail name's mail while a probe looks; n_sink 0: none */
	size_t n_sink;
	uint32_t probe; /* seconds that a probe listens */
	struct dg_pos pos;
};

#define DG_LABELS_MAX 16u /* of one split: to and rotate */

/* The names that mail of a split can live at, in the order of their use: 0 is `to`. */
static inline size_t dg_split_n_labels(const struct dg_split_spec *s)
{
	return 1 + s->rotate.n;
}
static inline const char *dg_split_label(const struct dg_split_spec *s, size_t i)
{
	return i == 0 ? s->to : s->rotate.list[i - 1].text;
}

enum dg_shed_when {
	DG_SHED_OFF,
	DG_SHED_ATTACK, /* while the guard says that the name is under attack */
};

/* Null-sender mail that is refused at RCPT. */
struct dg_shed_spec {
	int when;                 /* enum dg_shed_when */
	struct dg_strings always; /* addresses at this name that never send */
};

struct dg_sts_spec {
	const char *id; /* NULL: made from the digest of the policy text */
	struct dg_sts_policy policy;
	const char *host; /* mta-sts.NAME is an A/AAAA or CNAME of the user's own; not managed */
};

struct dg_mail_spec {
	const char *name; /* canonical mail name */
	struct dg_pos pos;
	struct dg_mx_spec *mx;
	size_t n_mx;
	bool has_mx;        /* mx: was written */
	bool is_null_mx;    /* mx: null */
	struct dg_spf *spf; /* with its `all`; NULL: not managed */
	const char *
		spf_text; /* the whole record was written as one text: published as it is; NULL: terms */
	struct dg_pos spf_pos;
	struct dg_pos *spf_terms; /* of each term that was written as one of a list */
	size_t n_spf_terms;       /* 0: the record was written as one text, or not at all */
	struct dg_dkim_spec *dkim;
	size_t n_dkim;
	struct dg_dmarc *dmarc; /* NULL: not managed */
	const char *dmarc_text; /* as spf_text */
	struct dg_pos dmarc_pos;
	struct dg_sts_spec *mta_sts; /* NULL: not managed */
	struct dg_strings tlsrpt;    /* n == 0: not managed */
	struct dg_split_spec *split; /* NULL: none */
	struct dg_shed_spec *shed;   /* NULL: nothing is refused */
	uint32_t
		ttl; /* seconds; 0: records keep the TTL they have, new ones get DG_TTL_NEW (want.h) */
};

struct dg_silent_spec {
	const char *name; /* canonical; may be a wildcard */
	struct dg_pos pos;
};

enum dg_hosts {
	DG_HOSTS_REPORT, /* names with A/AAAA that are declared nowhere are named in the plan */
	DG_HOSTS_SILENT, /* ... get null MX and SPF -all by themselves */
	DG_HOSTS_IGNORE,
};

enum dg_mx_hosts {
	DG_MX_HOSTS_SPF, /* MX hosts of this zone get v=spf1 a -all for their HELO name */
	DG_MX_HOSTS_IGNORE,
};

struct dg_verify_spec {
	struct dg_endpoints servers; /* n == 0: the NS RRset of the zone tells */
	bool is_off;                 /* servers: none (a zone file that nobody serves yet) */
	struct dg_endpoint resolver; /* host NULL: the system's */
	const char *trust_anchor;    /* path; NULL: no validation */
	uint32_t timeout;            /* seconds for one server */
};

/* What sees null-sender mail: one key and its text, for example log: /var/log/mail.log. */
struct dg_sensor_spec {
	const char *kind; /* as it was written: who watches knows which there are */
	const char *what;
	struct dg_pos pos;
};

/* Who is told: a program, or an HTTPS address (Standard Webhooks). */
struct dg_hook_spec {
	const char *path;        /* whole; NULL: a webhook */
	const char *url;         /* "https://..."; NULL: a program */
	const char *secret_file; /* path */
	bool may_be_private;     /* addresses that are not public are talked to as well */
	struct dg_pos pos;
};

struct dg_watch_spec {
	struct dg_sensor_spec *sensors;
	size_t n_sensors;
	struct dg_hook_spec *hooks;
	size_t n_hooks;
	const char *recipients;  /* path: addresses that exist; NULL: not given */
	const char *bounce_keys; /* path: keys of bounce address tags; NULL: none are given out */
	const char *bounce_tags_since; /* a day, as written; NULL */
	uint32_t genuine_max;          /* letters a day */
	uint32_t moves;                /* mail names an hour */
};

struct dg_policy {
	const char *zone;
	struct dg_pos pos;
	struct dg_provider_spec provider;
	uint32_t ttl;
	struct dg_mail_spec *mail;
	size_t n_mail;
	struct dg_silent_spec *silent;
	size_t n_silent;
	int hosts;              /* enum dg_hosts */
	int mx_hosts;           /* enum dg_mx_hosts */
	struct dg_strings helo; /* host names of ours that send: SPF a -all beside those of MX */
	struct dg_strings
		report_for; /* canonical domains whose DMARC reports this zone receives: NAME._report._dmarc.ZONE */
	struct dg_verify_spec verify;
	struct dg_watch_spec watch;
	struct dg_strings never; /* canonical mail names that are never split */
};

/* One of these for each provider that the program knows, ended by a NULL: the loader does not know providers itself. */
typedef const struct dg_schema *const *dg_provider_schemas;
