#include "zones/mail/spf.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/mail/chars.h"
#include "zones/mail/lint.h"

#include <arpa/inet.h>
#include <string.h>

#define VERSION_LEN   6u /* "v=spf1" */
#define TERM_TEXT_MAX 1024u

struct reader {
	struct dg_arena *arena;
	struct dg_lints *lints;
	size_t column; /* of the term */
};

enum shape {
	SHAPE_BARE,            /* all */
	SHAPE_DOMAIN,          /* include, exists */
	SHAPE_OPTIONAL_DOMAIN, /* ptr */
	SHAPE_HOST,            /* a, mx: optional domain, optional prefix lengths */
	SHAPE_ADDRESS,         /* ip4, ip6 */
};

struct mechanism {
	const char *name;
	const char *rule;
	enum dg_spf_kind kind;
	enum shape shape;
};

static const struct mechanism mechanisms[] = {
	{"all", "RFC 7208 section 5.1", DG_SPF_ALL, SHAPE_BARE},
	{"include", "RFC 7208 section 5.2", DG_SPF_INCLUDE, SHAPE_DOMAIN},
	{"a", "RFC 7208 section 5.3", DG_SPF_A, SHAPE_HOST},
	{"mx", "RFC 7208 section 5.4", DG_SPF_MX, SHAPE_HOST},
	{"ptr", "RFC 7208 section 5.5", DG_SPF_PTR, SHAPE_OPTIONAL_DOMAIN},
	{"ip4", "RFC 7208 section 5.6", DG_SPF_IP4, SHAPE_ADDRESS},
	{"ip6", "RFC 7208 section 5.6", DG_SPF_IP6, SHAPE_ADDRESS},
	{"exists", "RFC 7208 section 5.7", DG_SPF_EXISTS, SHAPE_DOMAIN},
};

#define N_MECHANISMS (sizeof(mechanisms) / sizeof(mechanisms[0]))

/* A fault at offset `at` of the term. Always false: the term could not be read. */
#define FAULT(r, at, code, rule, ...)                                                          \
	(dg_lint((r)->lints, DG_LEVEL_ERROR, (code), (rule), (r)->column + (at), __VA_ARGS__), \
		false)

bool dg_spf_is_record(const char *text, size_t len)
{
	return len >= VERSION_LEN && dg_is_word(text, VERSION_LEN, "v=spf1") &&
	       (len == VERSION_LEN || text[VERSION_LEN] == ' ');
}

static const char *lower_dup(struct dg_arena *a, const char *p, size_t len)
{
	char *text = dg_strndup(a, p, len);

	for (size_t i = 0; text[i] != '\0'; i++) {
		text[i] = dg_lower(text[i]);
	}
	return text;
}

static bool read_domain(
	struct reader *r, const char *term, size_t from, size_t to, struct dg_spf_term *t)
{
	size_t at = 0;
	const char *fault = dg_spf_domain_fault(term + from, to - from, &at);

	if (fault) {
		return FAULT(r, from + at, "spf-bad-domain", "RFC 7208 section 7.1",
			"\"%s\" cannot be looked up: %s",
			dg_lint_seen(r->lints, term + from, to - from), fault);
	}
	t->domain = dg_strndup(r->arena, term + from, to - from);
	t->has_macro = memchr(t->domain, '%', to - from) != NULL;
	return true;
}

/* "0", or digits without a leading zero, up to max. -1: not that. */
static int prefix_value(const char *p, size_t len, int max)
{
	int value = 0;

	if (len == 0 || len > 3 || (len > 1 && p[0] == '0')) {
		return -1;
	}
	for (size_t i = 0; i < len; i++) {
		if (!dg_is_digit(p[i])) {
			return -1;
		}
		value = value * 10 + (p[i] - '0');
	}
	return value <= max ? value : -1;
}

/* Takes "/digits" ("//digits" with n_slashes 2) off the end of term[0..*len). True: nothing there, or read. */
static bool take_prefix(
	struct reader *r, const char *term, size_t *len, size_t n_slashes, int max, int *ret_prefix)
{
	size_t i = *len;

	while (i > 0 && dg_is_digit(term[i - 1])) {
		i--;
	}
	if (i < n_slashes || term[i - 1] != '/' || (n_slashes == 2 && term[i - 2] != '/') ||
		(n_slashes == 1 && i >= 2 && term[i - 2] == '/')) {
		return true;
	}
	*ret_prefix = prefix_value(term + i, *len - i, max);
	if (*ret_prefix < 0) {
		return FAULT(r, i, "spf-bad-prefix", "RFC 7208 section 5.6",
			"prefix length \"%s\": expected a number from 0 to %d without leading "
			"zeros",
			dg_lint_seen(r->lints, term + i, *len - i), max);
	}
	*len = i - n_slashes;
	return true;
}

static bool read_host(
	struct reader *r, const char *term, size_t from, size_t len, struct dg_spf_term *t)
{
	size_t end = len;

	if (!take_prefix(r, term, &end, 2, 128, &t->prefix6) ||
		!take_prefix(r, term, &end, 1, 32, &t->prefix4)) {
		return false;
	}
	if (end <= from) {
		return true;
	}
	if (term[from] != ':') {
		return FAULT(r, from, "spf-bad-prefix", "RFC 7208 section 5.6",
			"\"%s\": expected /LENGTH for IPv4, //LENGTH for IPv6 or /LENGTH//LENGTH",
			dg_lint_seen(r->lints, term + from, len - from));
	}
	return read_domain(r, term, from + 1, end, t);
}

static bool read_address(
	struct reader *r, const char *term, size_t from, size_t len, struct dg_spf_term *t)
{
	bool is_ip4 = t->kind == DG_SPF_IP4;
	size_t end = len;
	char text[INET6_ADDRSTRLEN];

	if (from >= len || term[from] != ':') {
		return FAULT(r, from, "spf-no-address", "RFC 7208 section 5.6",
			"%s needs an address: %s", t->name,
			is_ip4 ? "ip4:192.0.2.0/24" : "ip6:2001:db8::/32");
	}
	if (!take_prefix(r, term, &end, 1, is_ip4 ? 32 : 128, is_ip4 ? &t->prefix4 : &t->prefix6)) {
		return false;
	}
	from++;
	if (end > from && end - from < sizeof(text)) {
		memcpy(text, term + from, end - from);
		text[end - from] = '\0';
		if (inet_pton(is_ip4 ? AF_INET : AF_INET6, text, t->address) == 1) {
			t->domain = dg_strdup(r->arena, text);
			return true;
		}
	}
	return FAULT(r, from, "spf-bad-address", "RFC 7208 section 5.6",
		"\"%s\" is not an %s address with an optional prefix length",
		dg_lint_seen(r->lints, term + from, len - from), is_ip4 ? "IPv4" : "IPv6");
}

static bool read_shape(struct reader *r, const struct mechanism *m, const char *term, size_t from,
	size_t len, struct dg_spf_term *t)
{
	switch (m->shape) {
	case SHAPE_HOST:
		return read_host(r, term, from, len, t);
	case SHAPE_ADDRESS:
		return read_address(r, term, from, len, t);
	case SHAPE_BARE:
		if (from < len) {
			return FAULT(r, from, "spf-extra-text", m->rule,
				"\"%s\" after %s: it takes neither a name nor a prefix length",
				dg_lint_seen(r->lints, term + from, len - from), m->name);
		}
		return true;
	case SHAPE_OPTIONAL_DOMAIN:
		if (from == len) {
			return true;
		}
		break;
	case SHAPE_DOMAIN:
		break;
	}
	if (from == len || term[from] != ':') {
		return FAULT(r, from, "spf-no-domain", m->rule, "\"%s\": expected %s:DOMAIN",
			dg_lint_seen(r->lints, term, len), m->name);
	}
	return read_domain(r, term, from + 1, len, t);
}

static const char *mechanism_hint(const char *name, size_t len)
{
	if (dg_is_word(name, len, "redirect") || dg_is_word(name, len, "exp")) {
		return "a modifier is written with '=': redirect=DOMAIN";
	}
	if (dg_is_word(name, len, "ip") || dg_is_word(name, len, "ipv4") ||
		dg_is_word(name, len, "ipv6")) {
		return "addresses are ip4:ADDRESS or ip6:ADDRESS";
	}
	return "expected all, include, a, mx, ptr, ip4, ip6 or exists";
}

static bool read_directive(struct reader *r, const char *term, size_t len, struct dg_spf_term *t)
{
	size_t from = strchr("+-?~", term[0]) ? 1 : 0;
	size_t end = from;

	t->qualifier = '+';
	if (from > 0) {
		t->qualifier = term[0];
	}
	while (end < len && term[end] != ':' && term[end] != '/') {
		end++;
	}
	for (size_t i = 0; i < N_MECHANISMS; i++) {
		if (dg_is_word(term + from, end - from, mechanisms[i].name)) {
			t->kind = mechanisms[i].kind;
			t->name = mechanisms[i].name;
			return read_shape(r, &mechanisms[i], term, end, len, t);
		}
	}
	return FAULT(r, from, "spf-unknown-mechanism", "RFC 7208 section 4.6.1",
		"\"%s\" is not a mechanism: %s", dg_lint_seen(r->lints, term, len),
		mechanism_hint(term + from, end - from));
}

static bool is_modifier_name(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!dg_is_alnum(p[i]) && !strchr("-_.", p[i])) {
			return false;
		}
	}
	return len > 0 && dg_is_alpha(p[0]);
}

static bool read_modifier(
	struct reader *r, const char *term, size_t name_len, size_t len, struct dg_spf_term *t)
{
	size_t at = 0;
	size_t from = name_len + 1;

	if (!is_modifier_name(term, name_len)) {
		return FAULT(r, 0, "spf-bad-modifier", "RFC 7208 section 4.6.1",
			"\"%s\": the name of a modifier begins with a letter and holds letters, "
			"digits, - _ .",
			dg_lint_seen(r->lints, term, len));
	}
	t->name = lower_dup(r->arena, term, name_len);
	t->kind = strcmp(t->name, "redirect") == 0 ? DG_SPF_REDIRECT
		  : strcmp(t->name, "exp") == 0    ? DG_SPF_EXP
						   : DG_SPF_UNKNOWN;
	if (t->kind != DG_SPF_UNKNOWN) {
		return read_domain(r, term, from, len, t);
	}
	const char *fault = dg_spf_macro_fault(term + from, len - from, true, &at);
	if (fault) {
		return FAULT(r, from + at, "spf-bad-macro", "RFC 7208 section 7.1", "\"%s\": %s",
			dg_lint_seen(r->lints, term, len), fault);
	}
	t->domain = dg_strndup(r->arena, term + from, len - from);
	t->has_macro = memchr(t->domain, '%', len - from) != NULL;
	return true;
}

/* One term without the spaces around it; len > 0. False: a fault was noted. */
static bool read_term(struct reader *r, const char *term, size_t len, struct dg_spf_term *t)
{
	*t = (struct dg_spf_term){.prefix4 = -1, .prefix6 = -1, .column = r->column};
	for (size_t i = 0; i < len; i++) {
		if (!dg_is_visible(term[i])) {
			return FAULT(r, i, "spf-bad-octet", "RFC 7208 section 4.6.1",
				"\"%s\": terms hold visible ASCII characters and are separated by "
				"spaces only",
				dg_lint_seen(r->lints, term, len));
		}
	}
	for (size_t i = 0; i < len && term[i] != ':' && term[i] != '/'; i++) {
		if (term[i] == '=') {
			return read_modifier(r, term, i, len, t);
		}
	}
	return read_directive(r, term, len, t);
}

static size_t count_terms(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 1; i < len; i++) {
		n += text[i - 1] == ' ' && text[i] != ' ';
	}
	return n;
}

static void note_twice(
	const struct dg_spf *spf, const struct dg_spf_term *t, struct dg_lints *lints)
{
	if (t->kind != DG_SPF_REDIRECT && t->kind != DG_SPF_EXP) {
		return;
	}
	for (size_t i = 0; i < spf->n; i++) {
		if (spf->terms[i].kind == t->kind) {
			dg_lint(lints, DG_LEVEL_ERROR, "spf-duplicate-modifier",
				"RFC 7208 section 6", t->column,
				"%s= stands twice: it may appear once", t->name);
			return;
		}
	}
}

void dg_spf_parse(struct dg_arena *a, const char *text, size_t len, struct dg_spf *ret_spf,
	struct dg_lints *lints)
{
	size_t n_seen = 0;

	*ret_spf = (struct dg_spf){.terms = NULL};
	if (!dg_spf_is_record(text, len) || len > DG_SPF_TEXT_MAX) {
		dg_lint(lints, DG_LEVEL_ERROR,
			len > DG_SPF_TEXT_MAX ? "spf-too-long" : "spf-version",
			"RFC 7208 section 4.5", 1,
			"\"%s\" is not an SPF record of at most %u octets: \"v=spf1\", then terms, "
			"each after a space",
			dg_lint_seen(lints, text, len), DG_SPF_TEXT_MAX);
		return;
	}
	size_t n = count_terms(text, len);
	ret_spf->terms =
		dg_newn(a, struct dg_spf_term, n < DG_SPF_TERMS_MAX ? n : DG_SPF_TERMS_MAX);
	for (size_t i = VERSION_LEN; i < len;) {
		if (text[i] == ' ') {
			i++;
			continue;
		}
		const char *space = memchr(text + i, ' ', len - i);
		size_t term_len = space ? (size_t)(space - text) - i : len - i;
		struct reader r = {.arena = a, .lints = lints, .column = i + 1};
		struct dg_spf_term t;

		if (n_seen++ >= DG_SPF_TERMS_MAX) {
			dg_lint(lints, DG_LEVEL_ERROR, "spf-too-many-terms", "RFC 7208 section 3.4",
				i + 1, "more than %u terms: the rest was not read",
				DG_SPF_TERMS_MAX);
			return;
		}
		if (read_term(&r, text + i, term_len, &t)) {
			note_twice(ret_spf, &t, lints);
			ret_spf->terms[ret_spf->n++] = t;
		}
		i += term_len;
	}
}

int dg_spf_term_parse(struct dg_arena *a, const char *text, size_t len,
	struct dg_spf_term *ret_term, struct dg_err *err)
{
	struct dg_lints lints;
	struct reader r = {.arena = a, .lints = &lints, .column = 1};
	struct dg_spf_term t;

	dg_lints_init(&lints, a);
	if (len == 0 || len > TERM_TEXT_MAX) {
		return dg_fail(err, DG_EINPUT,
			"an SPF term has 1 to %u characters, not %zu (RFC 7208 section 4.6.1)",
			TERM_TEXT_MAX, len);
	}
	if (!read_term(&r, text, len, &t)) {
		return dg_fail(
			err, DG_EINPUT, "SPF term %s (%s)", lints.list[0].text, lints.list[0].rule);
	}
	*ret_term = t;
	return DG_OK;
}

void dg_spf_term_print(struct dg_buf *b, const struct dg_spf_term *t)
{
	bool is_modifier = t->kind >= DG_SPF_REDIRECT;

	if (!is_modifier && t->qualifier != '+') {
		dg_buf_putc(b, t->qualifier);
	}
	dg_buf_puts(b, t->name);
	if (t->domain) {
		dg_buf_putc(b, is_modifier ? '=' : ':');
		dg_buf_puts(b, t->domain);
	}
	if (t->prefix4 >= 0) {
		dg_buf_printf(b, "/%d", t->prefix4);
	}
	if (t->prefix6 >= 0) {
		dg_buf_printf(b, t->kind == DG_SPF_IP6 ? "/%d" : "//%d", t->prefix6);
	}
}

void dg_spf_print(struct dg_buf *b, const struct dg_spf *spf)
{
	dg_buf_puts(b, "v=spf1");
	for (size_t i = 0; i < spf->n; i++) {
		dg_buf_putc(b, ' ');
		dg_spf_term_print(b, &spf->terms[i]);
	}
}
