#include "zones/mail/chars.h"
#include "zones/mail/spf.h"

#include <string.h>

#define LABEL_MAX  63u
#define DOMAIN_MAX 253u /* a name as text, without its final dot */

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* "{" letter digits "r" delimiters "}" at p (after the '%'). Its length, 0 with *ret_fault. */
static size_t braces(const char *p, size_t len, bool is_exp, const char **ret_fault)
{
	size_t i = 1;
	bool is_zero = true;

	if (i >= len || !is_one_of(dg_lower(p[i]), is_exp ? "slodipvhcrt" : "slodipvh")) {
		*ret_fault = i < len && is_one_of(dg_lower(p[i]), "crt")
				     ? "the macro letters c, r and t are for explanation texts only"
				     : "not a macro letter: expected one of s l o d i p v h";
		return 0;
	}
	size_t digits = ++i;
	while (i < len && dg_is_digit(p[i])) {
		is_zero = is_zero && p[i] == '0';
		i++;
	}
	if (i > digits && is_zero) {
		*ret_fault = "a macro cannot keep 0 parts of a name";
		return 0;
	}
	if (i < len && dg_lower(p[i]) == 'r') {
		i++;
	}
	while (i < len && is_one_of(p[i], ".-+,/_=")) {
		i++;
	}
	if (i >= len || p[i] != '}') {
		*ret_fault =
			"a macro is %{ letter digits r delimiters }, the delimiters . - + , / _ =";
		return 0;
	}
	return i + 1;
}

/* The macro-expand at p, which is a '%'. Its length, 0 with *ret_fault. */
static size_t macro_len(const char *p, size_t len, bool is_exp, const char **ret_fault)
{
	if (len > 1 && is_one_of(p[1], "%_-")) {
		return 2;
	}
	if (len > 1 && p[1] == '{') {
		size_t n = braces(p + 1, len - 1, is_exp, ret_fault);
		return n == 0 ? 0 : n + 1;
	}
	*ret_fault = "'%' begins a macro and must be followed by {, %, _ or -";
	return 0;
}

/* *ret_end: where the last macro ends; 0: there is none. */
static const char *scan_macros(
	const char *text, size_t len, bool is_exp, size_t *ret_at, size_t *ret_end)
{
	const char *fault = NULL;

	*ret_end = 0;
	for (size_t i = 0; i < len;) {
		*ret_at = i;
		if (!dg_is_visible(text[i]) && !(is_exp && text[i] == ' ')) {
			return "only visible ASCII characters are allowed";
		}
		if (text[i] != '%') {
			i++;
			continue;
		}
		size_t n = macro_len(text + i, len - i, is_exp, &fault);
		if (n == 0) {
			return fault;
		}
		i += n;
		*ret_end = i;
	}
	return NULL;
}

const char *dg_spf_macro_fault(const char *text, size_t len, bool is_exp, size_t *ret_at)
{
	size_t end = 0;

	return scan_macros(text, len, is_exp, ret_at, &end);
}

/* Letters, digits and inner hyphens, not digits alone. */
static bool is_top_label(const char *p, size_t len)
{
	bool is_numeric = true;

	if (len == 0 || p[0] == '-' || p[len - 1] == '-') {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (!dg_is_alnum(p[i]) && p[i] != '-') {
			return false;
		}
		is_numeric = is_numeric && dg_is_digit(p[i]);
	}
	return !is_numeric;
}

static const char *end_fault(const char *text, size_t len, size_t macro_end, size_t *ret_at)
{
	if (macro_end == len) {
		return NULL;
	}
	size_t end = text[len - 1] == '.' ? len - 1 : len;
	size_t i = end;
	while (i > macro_end && text[i - 1] != '.') {
		i--;
	}
	*ret_at = i;
	if (i == macro_end || end == macro_end) { /* no dot before the last label */
		return "expected a domain name of two labels or more";
	}
	return is_top_label(text + i, end - i) ? NULL
					       : "the last label is not that of a domain name";
}

/* Labels that no macro touches stay as they are: empty or overlong ones can never be looked up. The macros are sound. */
static const char *label_fault(const char *text, size_t len, size_t *ret_at)
{
	const char *fault = NULL;
	bool has_macro = false;
	size_t start = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && text[i] == '%') { /* dots in a macro are its delimiters */
			has_macro = true;
			i += macro_len(text + i, len - i, false, &fault) - 1;
			continue;
		}
		if (i < len && text[i] != '.') {
			continue;
		}
		*ret_at = start;
		if (i == start && i < len) {
			return "the name has an empty label";
		}
		if (!has_macro && i - start > LABEL_MAX) {
			return "the name has a label above 63 octets";
		}
		has_macro = false;
		start = i + 1;
	}
	return NULL;
}

const char *dg_spf_domain_fault(const char *text, size_t len, size_t *ret_at)
{
	size_t macro_end = 0;

	*ret_at = 0;
	if (len == 0) {
		return "the domain name is missing";
	}
	const char *fault = scan_macros(text, len, false, ret_at, &macro_end);
	if (!fault) {
		fault = end_fault(text, len, macro_end, ret_at);
	}
	if (!fault) {
		fault = label_fault(text, len, ret_at);
	}
	size_t shown = len - (text[len - 1] == '.');
	if (!fault && macro_end == 0 && shown > DOMAIN_MAX) {
		*ret_at = 0;
		fault = "the name is longer than 253 octets";
	}
	return fault;
}
