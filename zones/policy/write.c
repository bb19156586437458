#include "zones/policy/writing.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/mail/dkim.h"
#include "zones/mail/dmarc.h"
#include "zones/mail/lint.h"
#include "zones/mail/mx.h"
#include "zones/mail/spf.h"
#include "zones/mail/tlspolicy.h"
#include "zones/record/name.h"

#include <string.h>

#define WRITE_MEMORY_MAX ((size_t)256 << 20)
#define DKIM_LABEL       "._domainkey."

/* A name that has mail records. */
struct dg_mail_name {
	const char *name;
	struct dg_mail_name *next; /* in the order in which they were found */
};

/* --- text ---------------------------------------------------------------------------------------------------------- */

void dg_write_quoted(struct dg_buf *b, const char *s)
{
	dg_buf_putc(b, '"');
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\') {
			dg_buf_putc(b, '\\');
			dg_buf_putc(b, *s);
		} else if (c < 0x20 || c > 0x7e) {
			dg_buf_printf(b, "\\x%02x", c);
		} else {
			dg_buf_putc(b, *s);
		}
	}
	dg_buf_putc(b, '"');
}

void dg_write_name(struct dg_writer *w, const char *name)
{
	const char *text = dg_name_relative(w->arena, name, w->zone->apex);
	const char *label = strncmp(text, "*.", 2) == 0 ? text + 2 : text;

	dg_write_quoted(w->b, strchr(label, '.') ? name : text);
}

void dg_write_comment(struct dg_buf *b, const char *indent, const char *text)
{
	dg_buf_printf(b, "%s# ", indent);
	dg_buf_put_safe(b, text, strlen(text));
	dg_buf_putc(b, '\n');
}

static void put_lints(struct dg_writer *w, const struct dg_lints *l, const char *indent)
{
	for (size_t i = 0; i < l->n; i++) {
		dg_write_comment(w->b, indent,
			dg_printf(w->arena, "%s: %s (%s)",
				l->list[i].level == DG_LEVEL_ERROR     ? "broken"
				: l->list[i].level == DG_LEVEL_WARNING ? "weak"
								       : "note",
				l->list[i].text, l->list[i].rule));
	}
}

/* Why a record that is there cannot be declared; NULL: it can. */
static const char *obstacle(const struct dg_lints *l, const char *text)
{
	if (l->n_errors > 0) {
		return "it is broken";
	}
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < 0x20 || *p > 0x7e) {
			return "zone.yaml cannot express its bytes";
		}
	}
	return NULL;
}

/* "key: text" of the mail name, or a comment that says why not. */
static void put_record(
	struct dg_writer *w, const char *key, const char *text, const struct dg_lints *l)
{
	const char *why_not = obstacle(l, text);

	put_lints(w, l, "    ");
	if (why_not) {
		dg_buf_printf(w->b, "    # %s: left alone, %s: ", key, why_not);
	} else {
		dg_buf_printf(w->b, "    %s: ", key);
	}
	dg_write_quoted(w->b, text);
	dg_buf_putc(w->b, '\n');
}

/* --- what is there ---------------------------------------------------------------------------------------------------- */

static void add_name(struct dg_writer *w, const char *name)
{
	struct dg_mail_name *m = dg_new(w->arena, struct dg_mail_name);

	m->name = name;
	if (!dg_map_put(&w->by_name, name, m)) {
		*w->last = m;
		w->last = &m->next;
	}
}

/* The joined text of the only record with this tag; NULL: none, or several (*ret_n tells). */
static const char *tagged(struct dg_writer *w, const char *owner, const char *tag, size_t *ret_n)
{
	struct dg_rrset set;
	const char *text = NULL;

	*ret_n = 0;
	if (dg_zone_get(w->zone, owner, DG_TYPE_TXT, &set) != 0) {
		return NULL;
	}
	for (size_t i = 0; i < set.n; i++) {
		if (dg_txt_has_tag(&set.rdata[i], tag)) {
			text = dg_txt_join(w->arena, &set.rdata[i]);
			(*ret_n)++;
		}
	}
	return *ret_n == 1 ? text : NULL;
}

static bool has_tag(const struct dg_rrset *set, const char *tag)
{
	for (size_t i = 0; i < set->n; i++) {
		if (dg_txt_has_tag(&set->rdata[i], tag)) {
			return true;
		}
	}
	return false;
}

static bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* The mail name that a TXT RRset belongs to; NULL: it is not about mail. */
static const char *mail_name_of(const struct dg_rrset *set)
{
	const char *parent = dg_name_parent(set->owner);
	const char *key = strstr(set->owner, DKIM_LABEL);

	if (starts_with(set->owner, "_dmarc.")) {
		return has_tag(set, "v=DMARC1") ? parent : NULL;
	}
	if (starts_with(set->owner, "_smtp._tls.")) {
		return has_tag(set, "v=TLSRPTv1") ? dg_name_parent(parent) : NULL;
	}
	if (key && set->owner[0] != '*') {
		return key + strlen(DKIM_LABEL);
	}
	return set->owner[0] != '_' && has_tag(set, "v=spf1") ? set->owner : NULL;
}

static void collect(struct dg_writer *w)
{
	for (size_t i = 0; i < w->zone->n; i++) {
		const struct dg_rrset *set = &w->zone->sets[i];
		const char *name = NULL;

		if (set->n == 0 || dg_name_is_wildcard(set->owner)) {
			continue;
		}
		if (set->type == DG_TYPE_MX) {
			name = set->owner;
		} else if (set->type == DG_TYPE_TXT) {
			name = mail_name_of(set);
		}
		if (name && dg_name_is_at_or_under(name, w->zone->apex) &&
			!dg_write_is_delegated(w, name)) {
			add_name(w, name);
		}
	}
}

/* --- one mail name ---------------------------------------------------------------------------------------------------- */

static void put_mx(struct dg_writer *w, const char *name)
{
	struct dg_rrset set;
	const char *host = NULL;
	uint16_t preference = 0;

	if (dg_zone_get(w->zone, name, DG_TYPE_MX, &set) != 0 || set.n == 0) {
		dg_write_comment(w->b, "    ",
			"no MX: mail for this name goes to its A or AAAA record, if it has one");
		return;
	}
	switch (dg_mx_state(&set)) {
	case DG_MX_NULL:
		dg_buf_puts(w->b, "    mx: null\n");
		return;
	case DG_MX_BROKEN:
		dg_write_comment(w->b, "    ",
			"mx: left alone: a null MX beside other MX records, or with a "
			"preference above 0 (RFC 7505 section 3)");
		return;
	case DG_MX_ABSENT:
	case DG_MX_HOSTS:
		break;
	}
	dg_buf_puts(w->b, "    mx: [");
	for (size_t i = 0; i < set.n; i++) {
		if (dg_mx_read(w->arena, &set.rdata[i], &preference, &host) == 0) {
			dg_buf_puts(w->b, i > 0 ? ", " : "");
			dg_write_quoted(w->b, dg_printf(w->arena, "%u %s", preference, host));
		}
	}
	dg_buf_puts(w->b, "]\n");
}

static void put_spf(struct dg_writer *w, const char *name)
{
	struct dg_lints lints;
	struct dg_spf spf;
	size_t n = 0;
	const char *text = tagged(w, name, "v=spf1", &n);

	if (n == 0) {
		dg_write_comment(w->b, "    ", "no SPF record: any host may send in this name");
		return;
	}
	if (n > 1) {
		dg_write_comment(w->b, "    ",
			"spf: left alone: several SPF records, receivers take none of them "
			"(RFC 7208 section 4.5). Declare one here, then apply with --adopt");
		return;
	}
	dg_lints_init(&lints, w->arena);
	dg_spf_parse(w->arena, text, strlen(text), &spf, &lints);
	dg_spf_lint(&spf, name, strlen(text), &lints);
	put_record(w, "spf", text, &lints);
}

static bool is_alias(const struct dg_writer *w, const char *owner)
{
	struct dg_rrset cname;

	return dg_zone_get(w->zone, owner, DG_TYPE_CNAME, &cname) == 0 && cname.n > 0;
}

static void put_dmarc(struct dg_writer *w, const char *name)
{
	struct dg_lints lints;
	struct dg_dmarc dmarc;
	const char *owner = NULL;
	struct dg_err err;
	size_t n = 0;

	if (dg_name_join(w->arena, "_dmarc", name, &owner, &err) < 0) {
		return;
	}
	if (is_alias(w, owner)) {
		dg_write_comment(w->b, "    ",
			"dmarc: left alone: an alias (CNAME), its record is kept elsewhere");
		return;
	}
	const char *text = tagged(w, owner, "v=DMARC1", &n);
	if (!text) {
		dg_write_comment(w->b, "    ",
			n == 0 ? "no DMARC record of its own: dmarc: {policy: reject} makes "
				 "receivers refuse "
				 "forged mail"
			       : "dmarc: left alone: several DMARC records, receivers ignore all "
				 "of them "
				 "(RFC 9989 section 4.10)");
		return;
	}
	dg_lints_init(&lints, w->arena);
	dg_dmarc_parse(w->arena, text, strlen(text), &dmarc, &lints);
	dg_dmarc_lint(&dmarc, &lints);
	put_record(w, "dmarc", text, &lints);
}

/* One selector of name: a line inside dkim:, which begins with the first that can be declared. */
static void put_dkim_key(
	struct dg_writer *w, const struct dg_rrset *set, const char *selector, bool *has_begun)
{
	struct dg_lints lints;
	struct dg_dkim key;

	const char *text = set->n == 1 ? dg_txt_join(w->arena, &set->rdata[0]) : "";
	dg_lints_init(&lints, w->arena);
	if (set->n == 1) {
		dg_dkim_parse(w->arena, text, strlen(text), &key, &lints);
		dg_dkim_lint(&key, &lints);
	}
	bool is_good =
		set->n == 1 && !obstacle(&lints, text) && dg_dkim_is_record(text, strlen(text));
	if (is_good && !*has_begun) {
		dg_buf_puts(w->b, "    dkim:\n");
		*has_begun = true;
	}
	put_lints(w, &lints, "      ");
	dg_buf_puts(w->b, is_good ? "      " : "      # left alone, it is broken: ");
	dg_write_quoted(w->b, selector);
	dg_buf_puts(w->b, ": ");
	if (strcmp(text, DG_DKIM_REVOKED) == 0) {
		dg_buf_puts(w->b, "revoked");
	} else {
		dg_write_quoted(w->b, text);
	}
	dg_buf_putc(w->b, '\n');
}

/* The selector of an RRset of this type below name; NULL: it is another one. */
static const char *selector_of(
	struct dg_writer *w, const struct dg_rrset *set, uint16_t type, const char *name)
{
	const size_t n_label = strlen(DKIM_LABEL);
	size_t n = n_label + strlen(name);
	size_t len = strlen(set->owner);
	const char *end = set->owner + (len > n ? len - n : 0);
	bool is_key = set->type == type && set->n > 0 && len > n && set->owner[0] != '*' &&
		      strncmp(end, DKIM_LABEL, n_label) == 0 && strcmp(end + n_label, name) == 0;

	return is_key ? dg_strndup(w->arena, set->owner, len - n) : NULL;
}

static void put_dkim(struct dg_writer *w, const char *name)
{
	bool has_key = false;
	bool has_begun = false;

	for (size_t i = 0; i < w->zone->n; i++) {
		const char *selector = selector_of(w, &w->zone->sets[i], DG_TYPE_CNAME, name);

		if (selector) {
			has_key = true;
			dg_write_comment(w->b, "    ",
				dg_printf(w->arena,
					"dkim: selector %s is left alone: an alias (CNAME), its "
					"key is kept elsewhere",
					selector));
		}
	}
	for (size_t i = 0; i < w->zone->n; i++) {
		const char *selector = selector_of(w, &w->zone->sets[i], DG_TYPE_TXT, name);

		if (selector) {
			has_key = true;
			put_dkim_key(w, &w->zone->sets[i], selector, &has_begun);
		}
	}
	if (!has_key) {
		dg_write_comment(w->b, "    ", "no DKIM key found");
	}
}

static void put_tls(struct dg_writer *w, const char *name)
{
	struct dg_lints lints;
	const char *const *rua = NULL;
	const char *owner = NULL;
	struct dg_err err;
	struct dg_buf again;
	size_t n = 0;

	if (dg_name_join(w->arena, "_mta-sts", name, &owner, &err) == 0 &&
		tagged(w, owner, "v=STSv1", &n)) {
		dg_write_comment(w->b, "    ",
			"mta-sts: left alone: the policy file is not in DNS; declare it as "
			"mta-sts: {mode: ..., max-age: ..., id: ...}");
	}
	const char *text = dg_name_join(w->arena, "_smtp._tls", name, &owner, &err) == 0
				   ? tagged(w, owner, "v=TLSRPTv1", &n)
				   : NULL;
	if (!text) {
		return;
	}
	size_t n_rua = 0;
	dg_lints_init(&lints, w->arena);
	dg_tlsrpt_parse(w->arena, text, strlen(text), &rua, &n_rua, &lints);
	dg_buf_init(&again, DG_SPF_TEXT_MAX);
	dg_tlsrpt_print(&again, rua, n_rua);
	bool is_exact = !obstacle(&lints, text) && strcmp(again.data, text) == 0;
	dg_buf_done(&again);
	dg_buf_puts(w->b,
		is_exact ? "    tlsrpt: [" : "    # tlsrpt: left alone, written in another way: [");
	for (size_t i = 0; i < n_rua; i++) {
		dg_buf_puts(w->b, i > 0 ? ", " : "");
		dg_write_quoted(w->b, rua[i]);
	}
	dg_buf_puts(w->b, "]\n");
}

/* --- the file --------------------------------------------------------------------------------------------------------- */

/* Is there more than comments in the lines that begin at this place? */
static bool has_value(const struct dg_buf *b, size_t at)
{
	const char *line = b->data + at;

	while (*line != '\0') {
		if (line[strspn(line, " ")] != '#') {
			return true;
		}
		line = strchrnul(line, '\n');
		line += *line == '\n' ? 1 : 0; /* none where the text is full */
	}
	return false;
}

static void put_mail(struct dg_writer *w)
{
	dg_buf_puts(w->b, w->first ? "mail:\n" : "mail: {}\n");
	for (const struct dg_mail_name *m = w->first; m; m = m->next) {
		dg_buf_puts(w->b, "  ");
		dg_write_name(w, m->name);
		dg_buf_puts(w->b, ":\n");
		size_t before = w->b->len;
		put_mx(w, m->name);
		put_spf(w, m->name);
		put_dkim(w, m->name);
		put_dmarc(w, m->name);
		put_tls(w, m->name);
		if (!has_value(w->b, before)) {
			dg_buf_puts(w->b, "    {}\n");
		}
	}
}

void dg_policy_write(struct dg_buf *b, const struct dg_zone *zone, const char *provider)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(WRITE_MEMORY_MAX);
	struct dg_writer w = {.arena = a, .b = b, .zone = zone};

	dg_map_init(&w.by_name, a);
	w.last = &w.first;
	collect(&w);
	dg_buf_puts(b, "# What is published today, read from ");
	dg_buf_put_safe(b, zone->from ? zone->from : "the zone",
		strlen(zone->from ? zone->from : "the zone"));
	dg_buf_puts(b,
		".\n# Nothing changes until you edit this file; then look at `dnsguard plan`.\n"
		"# ttl: is not given, so records keep the TTL they have.\n\nzone: ");
	dg_write_quoted(b, zone->apex);
	dg_buf_printf(b, "\nprovider: %s\n", provider);
	dg_buf_puts(b, "mx-hosts: ignore      # `spf` publishes v=spf1 a -all for each MX host of "
		       "this zone "
		       "(RFC 7208 section 10.1.3)\n");
	dg_write_report_for(&w);
	if (!zone->is_complete) {
		dg_buf_puts(b,
			"\n# The zone could not be read as a whole (no transfer): only the usual "
			"names were\n"
			"# looked up. Other mail names, DKIM selectors and hosts may exist.\n");
	}
	put_mail(&w);
	dg_write_wildcards(&w);
	dg_write_hosts(&w);
}
