#include "zones/plan/export.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/mail/mx.h"
#include "zones/plan/plan.h"
#include "zones/record/name.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct writer {
	struct dg_buf *b;
	struct dg_arena *arena;
	const struct dg_plan *plan;
	struct dg_err *err;
};

/* --- texts ------------------------------------------------------------------------------------ */
/* A double-quoted string that YAML, JSON, JavaScript and HCL all read alike: escapes are \", \\ and \uXXXX alone. Octets above 0x7f are
 * refused before. also: characters that get a backslash of the text's own before them (";" for octoDNS). is_hcl: no templates. */
static void put_string(struct writer *w, const char *text, const char *also, bool is_hcl)
{
	dg_buf_putc(w->b, '"');
	for (const char *c = text; *c; c++) {
		unsigned char octet = (unsigned char)*c;

		if (also && strchr(also, *c)) {
			dg_buf_puts(w->b, "\\\\");
		}
		if (*c == '"' || *c == '\\') {
			dg_buf_printf(w->b, "\\%c", *c);
		} else if (octet < 0x20 || octet == 0x7f) {
			dg_buf_printf(w->b, "\\u%04x", octet);
		} else {
			dg_buf_putc(w->b, *c);
		}
		if (is_hcl && (*c == '$' || *c == '%') && c[1] == '{') {
			dg_buf_putc(w->b, *c); /* "${" is a template, "$${" the text */
		}
	}
	dg_buf_putc(w->b, '"');
}

/* The text of one record; NULL: it holds octets that no text of these formats can. */
static const char *text_of(struct writer *w, const struct dg_rrset *set, size_t i)
{
	const char *text = dg_txt_join(w->arena, &set->rdata[i]);
	size_t len = dg_txt_len(&set->rdata[i]);

	for (size_t k = 0; k < len; k++) {
		if ((unsigned char)text[k] < 1 || (unsigned char)text[k] > 0x7e) {
			(void)dg_fail(w->err, DG_EPOLICY,
				"%s: a TXT record with octets that are no ASCII cannot be exported "
				"so: "
				"take zonefile or nsupdate",
				set->owner);
			return NULL;
		}
	}
	return text;
}

static void mx_of(struct writer *w, const struct dg_rrset *set, size_t i, uint16_t *preference,
	const char **host)
{
	*preference = 0;
	*host = ".";
	(void)dg_mx_read(w->arena, &set->rdata[i], preference, host);
}

static const char *label_of(const struct writer *w, const char *owner, const char *apex)
{
	return strcmp(owner, w->plan->zone) == 0 ? apex
						 : dg_name_relative(w->arena, owner, w->plan->zone);
}

static bool is_mx(const struct dg_rrset *set)
{
	return set->type == DG_TYPE_MX;
}

/* --- zone files and nsupdate ------------------------------------------------------------------ */
static int put_zonefile(struct writer *w)
{
	dg_buf_printf(w->b, "; mail records of %s as its policy wants them\n", w->plan->zone);
	for (size_t i = 0; i < w->plan->n_managed; i++) {
		dg_rrset_print(w->b, &w->plan->wanted[i]);
	}
	return 0;
}

/* Lines "VERB owner [TTL] TYPE rdata" of each record. */
static void put_records(
	struct writer *w, const char *verb, const struct dg_rrset *set, bool has_ttl)
{
	char type[16];

	for (size_t i = 0; i < set->n; i++) {
		dg_buf_printf(w->b, "%s %s ", verb, set->owner);
		if (has_ttl) {
			dg_buf_printf(w->b, "%u ", set->ttl);
		}
		dg_buf_printf(w->b, "%s ", dg_type_text(set->type, type));
		dg_rdata_print(w->b, set->type, &set->rdata[i]);
		dg_buf_putc(w->b, '\n');
	}
}

static void put_update(struct writer *w, const struct dg_change *c)
{
	char type[16];

	(void)dg_type_text(c->after.type, type);
	if (c->before.n == 0) {
		dg_buf_printf(w->b, "prereq nxrrset %s %s\n", c->after.owner, type);
	}
	put_records(w, "prereq yxrrset", &c->before, false);
}

static int put_nsupdate(struct writer *w)
{
	const struct dg_plan *p = w->plan;
	char type[16];

	if (p->n == 0) {
		dg_buf_printf(w->b, "; %s is as its policy wants it: nothing to send\n", p->zone);
		return 0;
	}
	for (size_t at = 0; at < p->n;) {
		size_t end = at;

		dg_buf_printf(w->b, "zone %s\n", p->zone);
		for (; end < p->n && p->changes[end].phase == p->changes[at].phase; end++) {
			put_update(w, &p->changes[end]);
		}
		for (size_t i = at; i < end; i++) {
			dg_buf_printf(w->b, "update delete %s %s\n", p->changes[i].after.owner,
				dg_type_text(p->changes[i].after.type, type));
			put_records(w, "update add", &p->changes[i].after, true);
		}
		dg_buf_puts(w->b, "send\n");
		if (end < p->n) {
			dg_buf_puts(w->b, "; the rest once every name server shows this\n");
		}
		at = end;
	}
	return 0;
}

/* --- octoDNS ---------------------------------------------------------------------------------- */
static int put_octodns_set(struct writer *w, const struct dg_rrset *set)
{
	uint16_t preference = 0;
	const char *host = NULL;

	dg_buf_printf(
		w->b, "- ttl: %u\n  type: %s\n  values:\n", set->ttl, is_mx(set) ? "MX" : "TXT");
	for (size_t i = 0; i < set->n; i++) {
		if (is_mx(set)) {
			mx_of(w, set, i, &preference, &host);
			dg_buf_puts(w->b, "  - exchange: ");
			put_string(w, host, NULL, false);
			dg_buf_printf(w->b, "\n    preference: %u\n", (unsigned)preference);
			continue;
		}
		const char *text = text_of(w, set, i);
		if (!text) {
			return DG_EPOLICY;
		}
		dg_buf_puts(w->b, "  - ");
		put_string(w, text, ";", false);
		dg_buf_putc(w->b, '\n');
	}
	return 0;
}

/* One key a name: its RRsets are not always neighbours in the plan. */
static int put_octodns(struct writer *w)
{
	const struct dg_rrset *sets = w->plan->wanted;
	size_t n = w->plan->n_managed;
	int r = 0;

	dg_buf_puts(w->b, "---\n");
	for (size_t i = 0; i < n && r == 0; i++) {
		bool is_done = sets[i].n == 0;

		for (size_t k = 0; k < i; k++) {
			is_done = is_done ||
				  (sets[k].n > 0 && strcmp(sets[k].owner, sets[i].owner) == 0);
		}
		if (is_done) {
			continue;
		}
		put_string(w, label_of(w, sets[i].owner, ""), NULL, false);
		dg_buf_puts(w->b, ":\n");
		for (size_t k = i; k < n && r == 0; k++) {
			if (sets[k].n > 0 && strcmp(sets[k].owner, sets[i].owner) == 0) {
				r = put_octodns_set(w, &sets[k]);
			}
		}
	}
	return r;
}

/* --- DNSControl ------------------------------------------------------------------------------- */
static int put_dnscontrol(struct writer *w)
{
	uint16_t preference = 0;
	const char *host = NULL;

	dg_buf_puts(w->b, "D_EXTEND(");
	put_string(w, dg_name_plain(w->arena, w->plan->zone), NULL, false);
	for (size_t i = 0; i < w->plan->n_managed; i++) {
		const struct dg_rrset *set = &w->plan->wanted[i];

		for (size_t k = 0; k < set->n; k++) {
			dg_buf_printf(w->b, ",\n\t%s(", is_mx(set) ? "MX" : "TXT");
			put_string(w, label_of(w, set->owner, "@"), NULL, false);
			if (is_mx(set)) {
				mx_of(w, set, k, &preference, &host);
				dg_buf_printf(w->b, ", %u, ", (unsigned)preference);
			} else {
				host = text_of(w, set, k);
				dg_buf_puts(w->b, ", ");
			}
			if (!host) {
				return DG_EPOLICY;
			}
			put_string(w, host, NULL, false);
			dg_buf_printf(w->b, ", TTL(%u))", set->ttl);
		}
	}
	dg_buf_puts(w->b, "\n);\n");
	return 0;
}

/* --- Terraform -------------------------------------------------------------------------------- */
/* Letters, digits, _ and -: no two names give the same. */
static void put_identifier(struct writer *w, const struct dg_rrset *set)
{
	const char *label = label_of(w, set->owner, "");

	dg_buf_puts(w->b, is_mx(set) ? "\"mx" : "\"txt");
	dg_buf_puts(w->b, *label ? "-" : "");
	for (const char *c = label; *c; c++) {
		bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-';

		if (is_plain) {
			dg_buf_putc(w->b, *c);
		} else {
			dg_buf_printf(w->b, "_%02x", (unsigned)(unsigned char)*c);
		}
	}
	dg_buf_putc(w->b, '"');
}

static int put_terraform_set(struct writer *w, const struct dg_rrset *set)
{
	const char *label = label_of(w, set->owner, "");
	uint16_t preference = 0;
	const char *host = NULL;

	dg_buf_printf(w->b, "resource \"dns_%s_record_set\" ", is_mx(set) ? "mx" : "txt");
	put_identifier(w, set);
	dg_buf_puts(w->b, " {\n  zone = ");
	put_string(w, w->plan->zone, NULL, true);
	if (*label) {
		dg_buf_puts(w->b, "\n  name = ");
		put_string(w, label, NULL, true);
	}
	dg_buf_printf(w->b, "\n  ttl  = %u\n", set->ttl);
	dg_buf_puts(w->b, is_mx(set) ? "" : "  txt = [\n");
	for (size_t i = 0; i < set->n; i++) {
		if (is_mx(set)) {
			mx_of(w, set, i, &preference, &host);
			dg_buf_printf(w->b, "  mx {\n    preference = %u\n    exchange   = ",
				(unsigned)preference);
			put_string(w, host, NULL, true);
			dg_buf_puts(w->b, "\n  }\n");
			continue;
		}
		const char *text = text_of(w, set, i);
		if (!text) {
			return DG_EPOLICY;
		}
		dg_buf_puts(w->b, "    ");
		put_string(w, text, NULL, true);
		dg_buf_puts(w->b, ",\n");
	}
	dg_buf_puts(w->b, is_mx(set) ? "}\n" : "  ]\n}\n");
	return 0;
}

static int put_terraform(struct writer *w)
{
	int r = 0;

	for (size_t i = 0; i < w->plan->n_managed && r == 0; i++) {
		if (w->plan->wanted[i].n > 0) {
			r = put_terraform_set(w, &w->plan->wanted[i]);
		}
	}
	return r;
}

/* --- external-dns ----------------------------------------------------------------------------- */
/* A name of Kubernetes (RFC 1123): what else stands in the zone's name becomes "-". */
static void put_kubernetes_name(struct writer *w)
{
	const char *zone = dg_name_plain(w->arena, w->plan->zone);

	dg_buf_puts(w->b, "dnsguard-");
	for (const char *c = zone; *c; c++) {
		bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9');
		dg_buf_put(w->b, is_plain ? c : "-", 1);
	}
	dg_buf_puts(w->b, "-mail");
}

static int put_endpoint(struct writer *w, const struct dg_rrset *set)
{
	uint16_t preference = 0;
	const char *host = NULL;

	if (is_mx(set) && dg_mx_state(set) == DG_MX_NULL) {
		return dg_fail(w->err, DG_EPOLICY,
			"%s: external-dns cannot hold a null MX: it reads the \".\" as an empty "
			"host",
			set->owner);
	}
	dg_buf_puts(w->b, "  - dnsName: ");
	put_string(w, dg_name_plain(w->arena, set->owner), NULL, false);
	dg_buf_printf(w->b, "\n    recordType: %s\n    recordTTL: %u\n    targets:\n",
		is_mx(set) ? "MX" : "TXT", set->ttl);
	for (size_t i = 0; i < set->n; i++) {
		const char *text = NULL;

		if (is_mx(set)) {
			mx_of(w, set, i, &preference, &host);
			text = dg_printf(w->arena, "%u %s", (unsigned)preference,
				dg_name_plain(w->arena, host));
		} else {
			text = text_of(w, set, i);
		}
		if (!text) {
			return DG_EPOLICY;
		}
		dg_buf_puts(w->b, "    - ");
		put_string(w, text, NULL, false);
		dg_buf_putc(w->b, '\n');
	}
	return 0;
}

static int put_external_dns(struct writer *w)
{
	int r = 0;

	dg_buf_puts(w->b,
		"---\napiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\nmetadata:\n"
		"  name: ");
	put_kubernetes_name(w);
	dg_buf_puts(w->b, "\nspec:\n  endpoints:\n");
	for (size_t i = 0; i < w->plan->n_managed && r == 0; i++) {
		if (w->plan->wanted[i].n > 0) {
			r = put_endpoint(w, &w->plan->wanted[i]);
		}
	}
	return r;
}

/* --- doors ------------------------------------------------------------------------------------ */
static const struct {
	const char *name;
	int (*put)(struct writer *w);
} formats[] = {
	[DG_EXPORT_ZONEFILE] = {"zonefile", put_zonefile},
	[DG_EXPORT_NSUPDATE] = {"nsupdate", put_nsupdate},
	[DG_EXPORT_OCTODNS] = {"octodns", put_octodns},
	[DG_EXPORT_DNSCONTROL] = {"dnscontrol", put_dnscontrol},
	[DG_EXPORT_TERRAFORM] = {"terraform", put_terraform},
	[DG_EXPORT_EXTERNAL_DNS] = {"external-dns", put_external_dns},
};

int dg_export_parse(const char *text, enum dg_export *ret_format)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(text, formats[i].name) == 0) {
			*ret_format = (enum dg_export)i;
			return 0;
		}
	}
	return 1;
}

const char *dg_export_names(void)
{
	return "zonefile, nsupdate, octodns, dnscontrol, terraform, external-dns";
}

int dg_export_write(struct dg_buf *b, struct dg_arena *a, const struct dg_plan *plan,
	enum dg_export format, struct dg_err *err)
{
	struct writer w = {.b = b, .arena = a, .plan = plan, .err = err};

	return formats[format].put(&w);
}
