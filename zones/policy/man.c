/* zones/policy/man.c: the tables as zone.yaml(5), in scdoc. */
#include "zones/policy/internal.h"

#include "zones/base/buf.h"

#include <string.h>

/* Text as it is: nothing in it is a mark. */
static void put_literal(struct dg_buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("\\*_#[]|.-", *text)) {
			dg_buf_putc(b, '\\');
		}
		dg_buf_putc(b, *text);
	}
}

/* Help has marks of its own (*bold*); an underscore is never one. A star without its pair is a star. */
static void put_help(struct dg_buf *b, const char *help)
{
	size_t n_stars = 0;

	for (const char *p = help; *p != '\0'; p++) {
		p += *p == '\\' && p[1] != '\0';
		n_stars += *p == '*' && (p == help || p[-1] != '\\');
	}
	if (n_stars % 2 != 0) {
		put_literal(b, help);
		return;
	}
	for (; *help != '\0'; help++) {
		if (*help == '_') {
			dg_buf_putc(b, '\\');
		}
		dg_buf_putc(b, *help);
	}
}

static void put_key(struct dg_buf *b, const char *key)
{
	for (; *key != '\0'; key++) {
		dg_buf_puts(b, *key == '_' || *key == '-' ? "\\-" : "");
		if (*key != '_' && *key != '-') {
			dg_buf_putc(b, *key);
		}
	}
}

/* A duration as a person would write it. */
static void put_duration(struct dg_buf *b, uint32_t seconds)
{
	static const struct {
		uint32_t seconds;
		char unit;
	} units[] = {{604800, 'w'}, {86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (seconds > 0 && seconds % units[i].seconds == 0) {
			dg_buf_printf(b, "%u%c", seconds / units[i].seconds, units[i].unit);
			return;
		}
	}
	dg_buf_printf(b, "%u", seconds);
}

static void put_words(struct dg_buf *b, const char *const *words)
{
	bool is_first = true;

	for (size_t i = 0; words[i]; i++) {
		if (words[i][0] != '\0') {
			dg_buf_puts(b, is_first ? "One of *" : ", *");
			put_literal(b, words[i]);
			dg_buf_putc(b, '*');
			is_first = false;
		}
	}
	dg_buf_puts(b, ".");
}

static void put_type(struct dg_buf *b, const struct dg_field *f)
{
	switch (f->kind) {
	case DG_BOOL:
		dg_buf_puts(b, "*true* or *false*.");
		break;
	case DG_U32:
		dg_buf_printf(b, "A whole number from %u to %u.", f->min, f->max);
		break;
	case DG_DURATION:
		dg_buf_puts(b, "A duration from ");
		put_duration(b, f->min);
		dg_buf_puts(b, " to ");
		put_duration(b, f->max);
		dg_buf_puts(b, ".");
		break;
	case DG_STRING:
		dg_buf_puts(b, "A text.");
		break;
	case DG_ENUM:
		put_words(b, f->words);
		break;
	case DG_NAME:
		dg_buf_puts(b, "A name.");
		break;
	case DG_HOST:
		dg_buf_puts(b, "A host name or address, with a port or without.");
		break;
	case DG_PATH:
		dg_buf_puts(b, "A path.");
		break;
	case DG_SECRET:
		dg_buf_puts(b, "The path of a file that holds a secret.");
		break;
	case DG_STRINGS:
		dg_buf_puts(b, "A text, or a list of texts.");
		break;
	case DG_HOSTS:
		dg_buf_puts(b, "Host names or addresses, with ports or without.");
		break;
	case DG_STRUCT:
	case DG_CUSTOM:
		break;
	}
}

/* NOLINTBEGIN(misc-no-recursion): the depth of the tables bounds it */
static void put_fields(struct dg_buf *b, const char *prefix, const struct dg_schema *s);

static void put_field(struct dg_buf *b, const char *prefix, const struct dg_field *f)
{
	bool has_dflt = f->dflt && f->dflt[0] != '\0';
	bool has_type = f->kind != DG_STRUCT && f->kind != DG_CUSTOM;

	dg_buf_putc(b, '*');
	put_literal(b, prefix);
	put_key(b, f->key);
	dg_buf_puts(b, "*\n\t");
	put_help(b, f->help ? f->help : "");
	dg_buf_puts(b, f->help && has_type ? " " : "");
	put_type(b, f);
	dg_buf_puts(b, f->is_required ? " Required." : "");
	if (has_dflt) {
		dg_buf_puts(b, " Default: *");
		put_literal(b, f->dflt);
		dg_buf_puts(b, "*.");
	}
	if (f->example) {
		dg_buf_puts(b, "\n\n\tExample: *");
		put_key(b, f->key);
		dg_buf_puts(b, ": ");
		put_literal(b, f->example);
		dg_buf_puts(b, "*");
	}
	dg_buf_puts(b, "\n\n");
	if (f->kind == DG_STRUCT) {
		struct dg_buf deeper;

		dg_buf_init(&deeper, 256);
		dg_buf_puts(&deeper, prefix);
		dg_buf_puts(&deeper, f->key);
		dg_buf_puts(&deeper, ": ");
		put_fields(b, deeper.data, f->sub);
		dg_buf_done(&deeper);
	}
}

static void put_fields(struct dg_buf *b, const char *prefix, const struct dg_schema *s)
{
	for (size_t i = 0; i < s->n_fields; i++) {
		put_field(b, prefix, &s->fields[i]);
	}
}

/* NOLINTEND(misc-no-recursion) */

static void put_section(struct dg_buf *b, const char *title, const struct dg_schema *s)
{
	dg_buf_printf(b, "# %s\n\n", title);
	if (s->help) {
		put_help(b, s->help);
		dg_buf_puts(b, "\n\n");
	}
	put_fields(b, "", s);
}

static const char head[] =
	"zone.yaml(5)\n\n"
	"# NAME\n\n"
	"zone.yaml - what dnsguard publishes for a zone\n\n"
	"# DESCRIPTION\n\n"
	"A zone.yaml says which names of a zone send and receive mail, and which do not. *dnsguard "
	"apply* "
	"publishes the DNS records that follow from it. What it does not mention is left alone.\n\n"
	"One file holds one zone, or a fleet. It is YAML of the plain kind: anchors, aliases, "
	"tags, merge keys, "
	"directives, several documents in a file and tabs for indentation are refused, and so are "
	"unknown and "
	"double keys. Words are taken as they are written: *no* is the word no. Errors name file, "
	"line and "
	"column.\n\n"
	"*Names.* *@* is the zone itself. A single label, also after \\*., is below the zone: "
	"*lists*, "
	"*\\*.lists*. A name with a dot in it is a whole name: *mx1.example.com*, with a final dot "
	"or "
	"without. Internationalised names may be written in UTF-8 or as A-labels. In YAML *@* and "
	"*\\** need "
	"quotes.\n\n"
	"*Durations* are seconds, or numbers with the units w, d, h, m and s, the larger first: "
	"*90*, *5m*, "
	"*1h30m*.\n\n"
	"*Paths* start from the folder of the file. A path that begins with "
	"$CREDENTIALS\\_DIRECTORY/ is looked for "
	"among the credentials of the service manager. *Secrets* never stand in a zone.yaml: they "
	"are files that only their "
	"owner, and a group, may read.\n\n";

static const char fleet[] = "# FLEETS\n\n"
			    "A fleet has these two keys, in this order, and no other:\n\n"
			    "*defaults*\n"
			    "\tWhat holds for each zone: the keys of *ZONE*. A key of the zone "
			    "replaces the key of the defaults. "
			    "*mail* and *silent* are joined: what the zone says of a name goes "
			    "before what the defaults say "
			    "of it, key by key.\n\n"
			    "*zones*\n"
			    "\tA mapping of zones to their keys, which may be empty; or a list of "
			    "zones, each with its *zone* key. Required.\n\n";

static const char tail[] =
	"# LIMITS\n\n"
	"A file of one zone, and each zone of a fleet, has at most %u bytes, %u values and %u "
	"levels; a fleet "
	"has at most %u MiB.\n\n"
	"# EXAMPLE\n\n"
	"```\n"
	"zone: example.com\n"
	"provider: {zonefile: {path: /etc/nsd/example.com.zone}}\n"
	"ttl: 1h\n"
	"mail:\n"
	"  \"@\":\n"
	"    mx: [10 mx1.example.com, 20 mx2.example.com]\n"
	"    spf: [mx, \"ip4:192.0.2.0/24\"]          # -all is added\n"
	"    dkim: {s2026: dkim/s2026.pub}\n"
	"    dmarc: {policy: reject, aggregate: \"mailto:dmarc@example.net\"}\n"
	"    split: {to: m}\n"
	"  lists: {mx: [10 mx1.example.com], spf: [mx], dmarc: {policy: reject}}\n"
	"silent: [www, ftp]\n"
	"```\n\n"
	"# SEE ALSO\n\n"
	"*dnsguard*(1), RFC 7208 (SPF), RFC 7505 (null MX), RFC 9989 (DMARC), RFC 6376 (DKIM), RFC "
	"8461 "
	"(MTA-STS), RFC 8460 (TLSRPT)\n";

void dg_policy_man_page(struct dg_buf *b, dg_provider_schemas providers)
{
	dg_buf_puts(b, head);
	dg_buf_puts(b, "# ZONE\n\n*zone*\n\tThe zone's name. Required, but not in a mapping of "
		       "zones, where it is "
		       "the key.\n\n\tExample: *zone: example.com*\n\n");
	put_fields(b, "", &dg_schema_zone);
	put_section(b, "MAIL NAMES", &dg_schema_mail);
	put_section(b, "DMARC", &dg_schema_dmarc);
	put_section(b, "MTA-STS", &dg_schema_sts);
	put_section(b, "SPLIT", &dg_schema_split);
	put_section(b, "SHED", &dg_schema_shed);
	put_section(b, "VERIFY", &dg_schema_verify);
	put_section(b, "WATCH", &dg_schema_watch);
	put_section(b, "WEBHOOK", &dg_schema_webhook);
	dg_buf_puts(b, "# PROVIDERS\n\n");
	for (size_t i = 0; providers[i]; i++) {
		dg_buf_puts(b, "## ");
		put_literal(b, providers[i]->name);
		dg_buf_puts(b, "\n\n");
		if (providers[i]->help) {
			put_help(b, providers[i]->help);
			dg_buf_puts(b, "\n\n");
		}
		put_fields(b, "", providers[i]);
	}
	dg_buf_puts(b, fleet);
	dg_buf_printf(b, tail, DG_POLICY_FILE_MAX, DG_POLICY_NODES_MAX, DG_POLICY_DEPTH_MAX,
		DG_POLICY_FLEET_MAX >> 20);
}
