#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/chars.h"
#include "zones/mail/lint.h"
#include "zones/mail/spf.h"

#include <string.h>

#define ANSWER_MAX 450u /* RFC 7208 section 3.4: name and record in one answer of 512 octets */
#define WIDE_IP4   12
#define WIDE_IP6   20

struct view {
	const struct dg_spf *spf;
	const char *owner;
	struct dg_lints *lints;
	size_t all; /* index of the first all; spf->n: none */
};

static bool is_mechanism(const struct dg_spf_term *t)
{
	return t->kind < DG_SPF_REDIRECT;
}

static bool costs_lookup(const struct dg_spf_term *t)
{
	switch (t->kind) {
	case DG_SPF_INCLUDE:
	case DG_SPF_A:
	case DG_SPF_MX:
	case DG_SPF_PTR:
	case DG_SPF_EXISTS:
	case DG_SPF_REDIRECT:
		return true;
	case DG_SPF_ALL:
	case DG_SPF_IP4:
	case DG_SPF_IP6:
	case DG_SPF_EXP:
	case DG_SPF_UNKNOWN:
		break;
	}
	return false;
}

/* domain is as written, owner canonical (with its final dot). */
static bool is_owner(const char *domain, const char *owner)
{
	size_t len = strlen(domain);
	size_t owner_len = strlen(owner);

	len -= len > 0 && domain[len - 1] == '.';
	owner_len -= owner_len > 0 && owner[owner_len - 1] == '.';
	if (len != owner_len) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (dg_lower(domain[i]) != dg_lower(owner[i])) {
			return false;
		}
	}
	return true;
}

static const char all_rule[] = "RFC 7208 section 5.1";

static void lint_all(struct view *v, const struct dg_spf_term *t)
{
	switch (t->qualifier) {
	case '+':
		dg_lint(v->lints, DG_LEVEL_ERROR, "spf-pass-all", all_rule, t->column,
			"+all lets every host on the Internet send as this name: write -all");
		break;
	case '?':
		dg_lint(v->lints, DG_LEVEL_WARNING, "spf-neutral-all", all_rule, t->column,
			"?all says nothing about other hosts, forged mail is not refused: write "
			"-all");
		break;
	case '~':
		dg_lint(v->lints, DG_LEVEL_NOTE, "spf-softfail-all", all_rule, t->column,
			"~all: most receivers take forged mail and only mark it; -all has it "
			"refused");
		break;
	default:
		break;
	}
}

static void lint_address(struct view *v, const struct dg_spf_term *t)
{
	bool is_ip4 = t->kind == DG_SPF_IP4;
	int prefix = is_ip4 ? t->prefix4 : t->prefix6;
	int bits = is_ip4 ? 32 : 128;

	if (prefix < 0) {
		return;
	}
	for (int i = prefix; i < bits; i++) {
		if (t->address[i / 8] & (0x80 >> (i % 8))) {
			dg_lint(v->lints, DG_LEVEL_NOTE, "spf-host-bits", "RFC 7208 section 5.6",
				t->column,
				"%s:%s has bits set behind its prefix length /%d: they are ignored",
				t->name, t->domain, prefix);
			break;
		}
	}
	if (t->qualifier == '+' && prefix == 0) {
		dg_lint(v->lints, DG_LEVEL_ERROR, "spf-pass-all", "RFC 7208 section 5.6", t->column,
			"%s:%s/0 is every address there is", t->name, t->domain);
	} else if (t->qualifier == '+' && prefix < (is_ip4 ? WIDE_IP4 : WIDE_IP6)) {
		dg_lint(v->lints, DG_LEVEL_WARNING, "spf-wide-prefix", "RFC 7208 section 5.6",
			t->column, "%s:%s/%d lets a very large network send as this name", t->name,
			t->domain, prefix);
	}
}

static void lint_host(struct view *v, const struct dg_spf_term *t)
{
	if (t->qualifier == '+' && (t->prefix4 == 0 || t->prefix6 == 0)) {
		dg_lint(v->lints, DG_LEVEL_ERROR, "spf-pass-all", "RFC 7208 section 5.6", t->column,
			"%s with prefix length 0 is every address there is", t->name);
	}
}

static void lint_domain(struct view *v, const struct dg_spf_term *t)
{
	if (!t->domain || t->has_macro || t->kind == DG_SPF_IP4 || t->kind == DG_SPF_IP6 ||
		t->kind == DG_SPF_UNKNOWN) {
		return;
	}
	for (const char *p = t->domain; *p; p++) {
		if (!dg_is_alnum(*p) && !strchr("-_.", *p)) {
			dg_lint(v->lints, DG_LEVEL_WARNING, "spf-odd-name", "RFC 7208 section 4.8",
				t->column,
				"\"%s\" is looked up as it stands, with its '%c': is a domain name "
				"meant?",
				dg_lint_seen(v->lints, t->domain, strlen(t->domain)), *p);
			break;
		}
	}
	if ((t->kind == DG_SPF_INCLUDE || t->kind == DG_SPF_REDIRECT) &&
		is_owner(t->domain, v->owner)) {
		dg_lint(v->lints, DG_LEVEL_ERROR, "spf-loop", "RFC 7208 section 4.6.4", t->column,
			"%s leads back to the record's own name", t->name);
	}
	if (t->kind == DG_SPF_EXISTS) {
		dg_lint(v->lints, DG_LEVEL_WARNING, "spf-exists-fixed", "RFC 7208 section 5.7",
			t->column, "exists:%s has no macro: it matches every sender or none",
			t->domain);
	}
}

static bool uses_ptr(const struct dg_spf_term *t)
{
	return t->kind == DG_SPF_PTR ||
	       (t->has_macro && (strstr(t->domain, "%{p") || strstr(t->domain, "%{P")));
}

static void lint_place(struct view *v, size_t i)
{
	const struct dg_spf_term *t = &v->spf->terms[i];

	if (is_mechanism(t) && i > v->all) {
		dg_lint(v->lints, DG_LEVEL_WARNING, "spf-after-all", all_rule, t->column,
			"%s stands after all and is never looked at", t->name);
	}
	if (t->kind == DG_SPF_REDIRECT && v->all < v->spf->n) {
		dg_lint(v->lints, DG_LEVEL_WARNING, "spf-redirect-ignored", "RFC 7208 section 6.1",
			t->column, "redirect= is ignored in a record that has all");
	}
}

static void lint_modifier(struct view *v, const struct dg_spf_term *t)
{
	if (t->kind != DG_SPF_UNKNOWN) {
		return;
	}
	static const char *const meant[] = {
		"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists", "v"};
	for (size_t i = 0; i < sizeof(meant) / sizeof(meant[0]); i++) {
		if (strcmp(t->name, meant[i]) == 0) {
			dg_lint(v->lints, DG_LEVEL_WARNING, "spf-mechanism-as-modifier",
				"RFC 7208 section 6", t->column,
				"\"%s=\" is an unknown modifier and ignored%s", t->name,
				meant[i][0] == 'v' ? ": one version at the beginning is enough"
						   : ": mechanisms are written with ':'");
			return;
		}
	}
	dg_lint(v->lints, DG_LEVEL_NOTE, "spf-unknown-modifier", "RFC 7208 section 6", t->column,
		"\"%s=\" is an unknown modifier and ignored",
		dg_lint_seen(v->lints, t->name, strlen(t->name)));
}

static void lint_term(struct view *v, size_t i)
{
	const struct dg_spf_term *t = &v->spf->terms[i];

	if (t->kind == DG_SPF_ALL && i == v->all) {
		lint_all(v, t);
	} else if (t->kind == DG_SPF_IP4 || t->kind == DG_SPF_IP6) {
		lint_address(v, t);
	} else if (t->kind == DG_SPF_A || t->kind == DG_SPF_MX) {
		lint_host(v, t);
	}
	if (uses_ptr(t)) {
		dg_lint(v->lints, DG_LEVEL_WARNING, "spf-ptr", "RFC 7208 section 5.5", t->column,
			"%s uses reverse names: slow, unreliable and not to be published; use ip4, "
			"ip6 or a",
			t->name);
	}
	lint_domain(v, t);
	lint_place(v, i);
	lint_modifier(v, t);
}

static bool same_text(const char *x, const char *y)
{
	return x == y || (x && y && dg_is_word(x, strlen(x), y));
}

static bool same_target(const struct dg_spf_term *x, const struct dg_spf_term *y)
{
	if (x->kind != y->kind || x->prefix4 != y->prefix4 || x->prefix6 != y->prefix6) {
		return false;
	}
	return x->kind == DG_SPF_IP4 || x->kind == DG_SPF_IP6
		       ? memcmp(x->address, y->address, sizeof(x->address)) == 0
		       : same_text(x->domain, y->domain);
}

static void lint_duplicates(struct view *v)
{
	for (size_t i = 1; i < v->spf->n; i++) {
		const struct dg_spf_term *t = &v->spf->terms[i];

		for (size_t j = 0; is_mechanism(t) && t->kind != DG_SPF_ALL && j < i; j++) {
			if (same_target(&v->spf->terms[j], t)) {
				dg_lint(v->lints, DG_LEVEL_WARNING, "spf-duplicate",
					"RFC 7208 section 4.6.2", t->column,
					"%s%s%s stands twice: the first one decides", t->name,
					t->domain ? ":" : "",
					t->domain ? dg_lint_seen(
							    v->lints, t->domain, strlen(t->domain))
						  : "");
				break;
			}
		}
	}
}

static void lint_record(struct view *v, size_t text_len)
{
	unsigned n_lookups = 0;
	bool has_redirect = false;

	for (size_t i = 0; i < v->spf->n; i++) {
		const struct dg_spf_term *t = &v->spf->terms[i];

		has_redirect = has_redirect || t->kind == DG_SPF_REDIRECT;
		n_lookups +=
			costs_lookup(t) && (is_mechanism(t) ? i < v->all : v->all == v->spf->n);
	}
	if (v->all == v->spf->n && !has_redirect) {
		dg_lint(v->lints, DG_LEVEL_WARNING, "spf-no-all", "RFC 7208 section 4.7", 0,
			"neither all nor redirect=: other hosts get the result neutral, end the "
			"record in -all");
	}
	if (n_lookups > DG_SPF_LOOKUPS_MAX) {
		dg_lint(v->lints, DG_LEVEL_ERROR, "spf-too-many-lookups", "RFC 7208 section 4.6.4",
			0,
			"%u terms of this record alone cause look-ups: receivers give up after %u",
			n_lookups, DG_SPF_LOOKUPS_MAX);
	}
	if (text_len + strlen(v->owner) > ANSWER_MAX) {
		dg_lint(v->lints, DG_LEVEL_WARNING, "spf-long", "RFC 7208 section 3.4", 0,
			"record and name have %zu octets: above %u an answer may not fit into one "
			"UDP packet of 512",
			text_len + strlen(v->owner), ANSWER_MAX);
	}
}

void dg_spf_lint(
	const struct dg_spf *spf, const char *owner, size_t text_len, struct dg_lints *lints)
{
	struct view v = {.spf = spf, .owner = owner, .lints = lints, .all = spf->n};

	for (size_t i = spf->n; i > 0; i--) {
		if (spf->terms[i - 1].kind == DG_SPF_ALL) {
			v.all = i - 1;
		}
	}
	for (size_t i = 0; i < spf->n; i++) {
		lint_term(&v, i);
	}
	lint_duplicates(&v);
	lint_record(&v, text_len);
}
