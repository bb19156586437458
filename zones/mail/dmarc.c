#include "zones/mail/dmarc.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/chars.h"
#include "zones/mail/lint.h"
#include "zones/mail/tags.h"
#include "zones/mail/uri.h"

#include <string.h>

#define URI_READ_MAX ((size_t)2 * DG_URI_MAX)

static const char format_rule[] = "RFC 9989 section 4.7";
static const char syntax_rule[] = "RFC 9989 section 4.8";
static const char discovery_rule[] = "RFC 9989 section 4.10.1";

enum tag_kind {
	TAG_POLICY,
	TAG_LETTER,
	TAG_FO,
	TAG_URIS,
	TAG_REMOVED,
	TAG_VERSION,
};

struct tag_rule {
	const char *name;
	enum tag_kind kind;
	const char *letters; /* TAG_LETTER: what it may be */
};

static const struct tag_rule tag_rules[] = {
	{"p", TAG_POLICY, NULL},
	{"sp", TAG_POLICY, NULL},
	{"np", TAG_POLICY, NULL},
	{"adkim", TAG_LETTER, "rs"},
	{"aspf", TAG_LETTER, "rs"},
	{"psd", TAG_LETTER, "ynu"},
	{"t", TAG_LETTER, "yn"},
	{"fo", TAG_FO, NULL},
	{"rua", TAG_URIS, NULL},
	{"ruf", TAG_URIS, NULL},
	{"pct", TAG_REMOVED, NULL},
	{"rf", TAG_REMOVED, NULL},
	{"ri", TAG_REMOVED, NULL},
	{"v", TAG_VERSION, NULL},
};

#define N_TAGS (sizeof(tag_rules) / sizeof(tag_rules[0]))

struct reader {
	struct dg_arena *arena;
	struct dg_lints *lints;
	struct dg_dmarc *d;
	bool has_seen[N_TAGS];
	size_t p_place; /* 2: right behind v */
};

static enum dg_dmarc_policy *policy_field(struct dg_dmarc *d, const char *name)
{
	return name[0] == 'p' ? &d->p : name[0] == 's' ? &d->sp : &d->np;
}

static char *letter_field(struct dg_dmarc *d, const char *name)
{
	switch (name[0]) {
	case 'a':
		return name[1] == 'd' ? &d->adkim : &d->aspf;
	case 'p':
		return &d->psd;
	default:
		return &d->t;
	}
}

bool dg_dmarc_is_record(const char *text, size_t len)
{
	struct dg_tag t;
	size_t pos = 0;

	return len > 0 && (text[0] == 'v' || text[0] == 'V') && dg_tag_next(text, len, &pos, &t) &&
	       t.name_len == 1 && t.value && t.value_len == sizeof("DMARC1") - 1 &&
	       memcmp(t.value, "DMARC1", t.value_len) == 0;
}

static void read_policy(struct reader *r, const struct tag_rule *rule, const struct dg_tag *t)
{
	static const char *const words[] = {[DG_DMARC_NONE] = "none",
		[DG_DMARC_QUARANTINE] = "quarantine",
		[DG_DMARC_REJECT] = "reject"};

	for (size_t i = DG_DMARC_NONE; i <= DG_DMARC_REJECT; i++) {
		if (dg_is_word(t->value, t->value_len, words[i])) {
			*policy_field(r->d, rule->name) = (enum dg_dmarc_policy)i;
			return;
		}
	}
	*(rule->name[0] == 'p'         ? &r->d->has_bad_p
		: rule->name[0] == 's' ? &r->d->has_bad_sp
				       : &r->d->has_bad_np) = true;
	dg_lint(r->lints, DG_LEVEL_ERROR, "dmarc-bad-policy", discovery_rule, t->column,
		"%s=%s: expected none, quarantine or reject; receivers ignore the record or act as "
		"if it said p=none",
		rule->name, dg_lint_seen(r->lints, t->value, t->value_len));
}

static void read_letter(struct reader *r, const struct tag_rule *rule, const struct dg_tag *t)
{
	char c = (char)(t->value_len == 1 ? dg_lower(t->value[0]) : '\0');

	if (c != '\0' && strchr(rule->letters, c)) {
		*letter_field(r->d, rule->name) = c;
		return;
	}
	dg_lint(r->lints, DG_LEVEL_WARNING, "dmarc-bad-value", format_rule, t->column,
		"%s=%s: expected one letter of \"%s\"; receivers use the default", rule->name,
		dg_lint_seen(r->lints, t->value, t->value_len), rule->letters);
}

static unsigned fo_bit(char c)
{
	switch (dg_lower(c)) {
	case '0':
		return 1;
	case '1':
		return 2;
	case 'd':
		return 4;
	case 's':
		return 8;
	default:
		return 0;
	}
}

/* 0, 1, d, s between colons, each once, not both 0 and 1. */
static bool is_fo(const char *p, size_t len)
{
	unsigned seen = 0;

	if (len % 2 == 0) {
		return false;
	}
	for (size_t i = 0; i < len; i += 2) {
		unsigned bit = fo_bit(p[i]);

		if (bit == 0 || (seen & bit) != 0 || (i > 0 && p[i - 1] != ':')) {
			return false;
		}
		seen |= bit;
	}
	return (seen & 3) != 3;
}

static void read_fo(struct reader *r, const struct dg_tag *t)
{
	if (is_fo(t->value, t->value_len)) {
		r->d->fo = dg_strndup(r->arena, t->value, t->value_len);
		return;
	}
	dg_lint(r->lints, DG_LEVEL_WARNING, "dmarc-bad-value", syntax_rule, t->column,
		"fo=%s: expected 0 or 1, d and s between colons (1:d:s); receivers use the default",
		dg_lint_seen(r->lints, t->value, t->value_len));
}

/* Octets of the URI without an obsolete "!10m" behind it. */
static size_t without_size(const char *uri, size_t len)
{
	size_t i = len;

	if (i > 0 && strchr("kmgt", dg_lower(uri[i - 1]))) {
		i--;
	}
	size_t digits = i;
	while (i > 0 && dg_is_digit(uri[i - 1])) {
		i--;
	}
	return i > 1 && i < digits && uri[i - 1] == '!' ? i - 1 : len;
}

static bool read_uri(struct reader *r, const struct tag_rule *rule, const struct dg_tag *t,
	const char *uri, size_t len)
{
	size_t bare = without_size(uri, len);
	size_t column = t->column + (size_t)(uri - t->name);
	bool is_mail = dg_uri_has_scheme(uri, bare, "mailto");
	const char *fault = is_mail ? dg_mailto_fault(uri, bare) : dg_uri_fault(uri, bare);

	if (rule->name[2] == 'a' && !dg_uri_fault(uri, bare)) {
		r->d->has_report_uri = true;
	}
	if (fault) {
		dg_lint(r->lints, DG_LEVEL_WARNING, "dmarc-bad-uri", syntax_rule, column,
			"%s: no report is sent to \"%s\": %s", rule->name,
			dg_lint_seen(r->lints, uri, len), fault);
		return false;
	}
	if (bare < len) {
		dg_lint(r->lints, DG_LEVEL_WARNING, "dmarc-uri-size", syntax_rule, column,
			"the size limit in \"%s\" is obsolete: leave out what follows '!'",
			dg_lint_seen(r->lints, uri, len));
	}
	if (!is_mail) {
		dg_lint(r->lints, DG_LEVEL_WARNING, "dmarc-uri-scheme", format_rule, column,
			"\"%s\": receivers need only send to mailto: addresses",
			dg_lint_seen(r->lints, uri, len));
	}
	return true;
}

static void read_uris(struct reader *r, const struct tag_rule *rule, const struct dg_tag *t)
{
	const char **list = dg_newn(r->arena, const char *, DG_DMARC_URIS_MAX);
	const char *uri = NULL;
	size_t len = 0;
	size_t n = 0;
	size_t n_read = 0;

	for (size_t pos = 0; dg_item_next(t->value, t->value_len, ',', &pos, &uri, &len);) {
		if (n_read++ >= DG_DMARC_URIS_MAX) {
			dg_lint(r->lints, DG_LEVEL_WARNING, "dmarc-many-uris", format_rule,
				t->column, "%s has more than %u addresses: the rest was not read",
				rule->name, DG_DMARC_URIS_MAX);
			break;
		}
		if (read_uri(r, rule, t, uri, len)) {
			list[n++] = dg_strndup(r->arena, uri, len);
		}
	}
	if (rule->name[2] == 'a') {
		r->d->rua = list;
		r->d->n_rua = n;
	} else {
		r->d->ruf = list;
		r->d->n_ruf = n;
	}
}

static void read_removed(struct reader *r, const struct tag_rule *rule, const struct dg_tag *t)
{
	bool is_pct = rule->name[0] == 'p';

	dg_lint(r->lints, DG_LEVEL_WARNING, "dmarc-removed-tag", "RFC 9989 appendix A", t->column,
		"%s=%s was removed from DMARC: %s", rule->name,
		dg_lint_seen(r->lints, t->value, t->value_len),
		is_pct ? "old receivers still obey it and others do not; leave it out"
		       : "receivers ignore it; leave it out");
}

static void read_value(struct reader *r, const struct tag_rule *rule, const struct dg_tag *t)
{
	switch (rule->kind) {
	case TAG_POLICY:
		read_policy(r, rule, t);
		break;
	case TAG_LETTER:
		read_letter(r, rule, t);
		break;
	case TAG_FO:
		read_fo(r, t);
		break;
	case TAG_URIS:
		read_uris(r, rule, t);
		break;
	case TAG_REMOVED:
		read_removed(r, rule, t);
		break;
	case TAG_VERSION:
		break;
	}
}

static void read_tag(struct reader *r, const struct dg_tag *t, size_t place)
{
	if (!t->value || t->name_len == 0) {
		dg_lint(r->lints, DG_LEVEL_WARNING, "dmarc-syntax", syntax_rule, t->column,
			"\"%s\" is not of the form tag=value and is ignored",
			dg_lint_seen(r->lints, t->name, t->name_len));
		return;
	}
	for (size_t i = 0; i < N_TAGS; i++) {
		const struct tag_rule *rule = &tag_rules[i];

		if (!dg_is_word(t->name, t->name_len, rule->name)) {
			continue;
		}
		if (r->has_seen[i]) {
			dg_lint(r->lints, DG_LEVEL_ERROR, "dmarc-duplicate-tag",
				"RFC 6376 section 3.2", t->column,
				"%s= stands twice: receivers may ignore the whole record",
				rule->name);
			return;
		}
		r->has_seen[i] = true;
		if (memcmp(t->name, rule->name, t->name_len) != 0) {
			dg_lint(r->lints, DG_LEVEL_WARNING, "dmarc-tag-case", syntax_rule,
				t->column, "\"%s\": some receivers know tags in lower case only",
				dg_lint_seen(r->lints, t->name, t->name_len));
		}
		if (rule->kind == TAG_POLICY && rule->name[0] == 'p') {
			r->p_place = place;
		}
		read_value(r, rule, t);
		return;
	}
	dg_lint(r->lints, DG_LEVEL_NOTE, "dmarc-unknown-tag", format_rule, t->column,
		"the tag \"%s\" is unknown and ignored",
		dg_lint_seen(r->lints, t->name, t->name_len));
}

void dg_dmarc_parse(struct dg_arena *a, const char *text, size_t len, struct dg_dmarc *ret_dmarc,
	struct dg_lints *lints)
{
	struct reader r = {.arena = a, .lints = lints, .d = ret_dmarc};
	struct dg_tag t;
	size_t place = 0;

	*ret_dmarc = (struct dg_dmarc){.p = DG_DMARC_UNSET};
	if (!dg_dmarc_is_record(text, len)) {
		dg_lint(lints, DG_LEVEL_ERROR, "dmarc-version", format_rule, 1,
			"\"%s\" is not a DMARC record: one begins with \"v=DMARC1;\", exactly so",
			dg_lint_seen(lints, text, len));
		return;
	}
	if (len > DG_DMARC_TEXT_MAX) {
		dg_lint(lints, DG_LEVEL_ERROR, "dmarc-too-long", format_rule, 0,
			"%zu octets, expected at most %u: many receivers will not read it", len,
			DG_DMARC_TEXT_MAX);
	}
	for (size_t pos = 0; dg_tag_next(text, len, &pos, &t);) {
		read_tag(&r, &t, ++place);
	}
	if (ret_dmarc->p == DG_DMARC_UNSET && !ret_dmarc->has_bad_p) {
		dg_lint(lints, DG_LEVEL_ERROR, "dmarc-no-policy", discovery_rule, 0,
			"p= is missing: receivers act as if it were p=none%s",
			ret_dmarc->n_rua > 0 ? "" : ", or ignore the record");
	}
	if (r.p_place > 2) {
		dg_lint(lints, DG_LEVEL_WARNING, "dmarc-order", "RFC 7489 section 6.4", 0,
			"p= does not stand right behind v=DMARC1: old receivers ignore such a "
			"record");
	}
}

static void print_uris(struct dg_buf *b, const char *name, const char *const *uris, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		dg_buf_printf(b, i == 0 ? "; %s=" : ",", name);
		dg_buf_puts(b, uris[i]);
	}
}

const char *dg_dmarc_policy_text(enum dg_dmarc_policy p)
{
	switch (p) {
	case DG_DMARC_UNSET:
		return "";
	case DG_DMARC_NONE:
		return "none";
	case DG_DMARC_QUARANTINE:
		return "quarantine";
	case DG_DMARC_REJECT:
		return "reject";
	}
	return "";
}

static void print_policy(struct dg_buf *b, const char *name, enum dg_dmarc_policy policy)
{
	if (policy != DG_DMARC_UNSET) {
		dg_buf_printf(b, "; %s=%s", name, dg_dmarc_policy_text(policy));
	}
}

static void print_letter(struct dg_buf *b, const char *name, char c)
{
	if (c != '\0') {
		dg_buf_printf(b, "; %s=%c", name, c);
	}
}

void dg_dmarc_print(struct dg_buf *b, const struct dg_dmarc *d)
{
	dg_buf_puts(b, "v=DMARC1");
	print_policy(b, "p", d->p);
	print_policy(b, "sp", d->sp);
	print_policy(b, "np", d->np);
	print_letter(b, "adkim", d->adkim);
	print_letter(b, "aspf", d->aspf);
	if (d->fo) {
		dg_buf_printf(b, "; fo=%s", d->fo);
	}
	print_uris(b, "rua", d->rua, d->n_rua);
	print_uris(b, "ruf", d->ruf, d->n_ruf);
	print_letter(b, "psd", d->psd);
	print_letter(b, "t", d->t);
}

static size_t bare_len(const char *uri)
{
	size_t len = strnlen(uri, URI_READ_MAX);

	return without_size(uri, len);
}

int dg_dmarc_uri_domain(struct dg_arena *a, const char *uri, const char **ret_domain)
{
	size_t len = bare_len(uri);
	const char *domain = NULL;
	size_t domain_len = 0;

	if (dg_mailto_fault(uri, len)) {
		return 1;
	}
	dg_mailto_domain(uri, len, &domain, &domain_len);
	char *name = dg_get(a, domain_len + 2, 1);
	for (size_t i = 0; i < domain_len; i++) {
		name[i] = dg_lower(domain[i]);
	}
	name[domain_len] = '.';
	*ret_domain = name;
	return 0;
}

const char *dg_dmarc_uri_fault(const char *uri)
{
	if (bare_len(uri) != strnlen(uri, URI_READ_MAX)) {
		return "its size limit after '!' is obsolete (RFC 9989 section 4.8): leave it out";
	}
	return dg_mailto_fault(uri, bare_len(uri));
}
