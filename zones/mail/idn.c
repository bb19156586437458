#include "zones/mail/idn.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/mail/chars.h"
#include "zones/record/name.h"

#include <idn2.h>
#include <stdbool.h>
#include <string.h>

#define SEEN_MAX 80u /* octets of a text that are shown */

static const char a_name[] = "expected a domain name, for example example.com";

/* "TEXT" is not what was expected. */
static int refuse(struct dg_err *err, const char *text, size_t len, const char *why)
{
	struct dg_buf b;

	dg_buf_init(&b, (size_t)8 * SEEN_MAX);
	dg_buf_put_safe(&b, text, len > SEEN_MAX ? SEEN_MAX : len);
	(void)dg_fail(err, DG_EINPUT, "\"%s%s\" %s", b.data, len > SEEN_MAX ? "..." : "", why);
	dg_buf_done(&b);
	return DG_EINPUT;
}

static bool has(const char *text, size_t len, char c)
{
	return len > 0 && memchr(text, c, len);
}

static bool is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] >= 0x80) {
			return false;
		}
	}
	return true;
}

static bool is_name_char(char c)
{
	return dg_is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '*';
}

/* --- U-labels --------------------------------------------------------------------------------- */
/* Some characters become ASCII signs that no name has: the full-width '@' and '/', the no-break space. */
static bool is_made_of_name_chars(const char *ascii)
{
	for (const char *p = ascii; *p != '\0'; p++) {
		if (!is_name_char(*p)) {
			return false;
		}
	}
	return *ascii != '\0';
}

int dg_idn_to_ascii(struct dg_arena *a, const char *text, size_t len, const char **ret_ascii,
	struct dg_err *err)
{
	char *ascii = NULL;

	if (is_ascii(text, len)) {
		*ret_ascii = dg_strndup(a, text, len);
		return 0;
	}
	if (len > DG_NAME_TEXT_MAX || has(text, len, '\0')) {
		return refuse(err, text, len, "is too long for a domain name, or has a NUL in it");
	}
	int rc = idn2_to_ascii_8z(
		dg_strndup(a, text, len), &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK) {
		return refuse(err, text, len,
			dg_printf(a, "is not an internationalised domain name (RFC 5891): %s",
				idn2_strerror(rc)));
	}
	const char *copy = dg_strdup(a, ascii);
	idn2_free(ascii);
	if (!is_made_of_name_chars(copy)) {
		return refuse(err, text, len,
			"is not an internationalised domain name (RFC 5891): it holds a character "
			"that stands for a sign or a space");
	}
	*ret_ascii = copy;
	return 0;
}

/* Nothing in it would have to be escaped: well-formed UTF-8, no control, bidi or zero-width character. */
static bool is_showable(const char *text, size_t len)
{
	struct dg_buf b;

	dg_buf_init(&b, 8 * len + 1);
	dg_buf_put_safe(&b, text, len);
	bool is_same = b.len == len && memcmp(b.data, text, len) == 0;
	dg_buf_done(&b);
	return is_same;
}

const char *dg_name_to_unicode(struct dg_arena *a, const char *name)
{
	const char *plain = dg_strndup(a, name, strlen(name) - 1);
	const char *again = NULL;
	char *unicode = NULL;
	struct dg_err err;

	if (!strstr(plain, "xn--") ||
		idn2_to_unicode_8z8z(plain, &unicode, IDN2_NONTRANSITIONAL) != IDN2_OK) {
		return NULL;
	}
	const char *text = dg_strdup(a, unicode);
	idn2_free(unicode);
	size_t len = strlen(text);
	return !is_ascii(text, len) && is_showable(text, len) &&
			       dg_idn_to_ascii(a, text, len, &again, &err) == 0 &&
			       strcmp(again, plain) == 0
		       ? text
		       : NULL;
}

/* --- domain names ------------------------------------------------------------------------------- */
/* Four numbers, or what has colons and hexadecimal digits alone. */
static bool is_address(const char *text, size_t len)
{
	size_t n_dots = 0;
	size_t n_colons = 0;
	bool has_letters = false;

	for (size_t i = 0; i < len; i++) {
		char c = dg_lower(text[i]);

		n_dots += c == '.';
		n_colons += c == ':';
		has_letters |= dg_is_alpha(c);
		if (c != '.' && c != ':' && !dg_is_digit(c) && (c < 'a' || c > 'f')) {
			return false;
		}
	}
	return n_colons >= 2 || (n_colons == 0 && !has_letters && n_dots == 3 && text[0] != '.');
}

/* What people take for a domain name and is none. NULL: nothing known. */
static const char *mistake(const char *text, size_t len)
{
	if (len == 0) {
		return "is empty";
	}
	if (memmem(text, len, "://", 3)) {
		return "is a URL";
	}
	if (has(text, len, '@')) {
		return "is a mail address";
	}
	if (has(text, len, '/')) {
		return "has a path like a URL";
	}
	if (is_address(text, len)) {
		return "is an IP address";
	}
	if (has(text, len, ':')) {
		return "has a colon in it, as before a port or behind a scheme";
	}
	if (has(text, len, ' ') || has(text, len, '\t')) {
		return "has a space in it";
	}
	if (has(text, len, ',') || has(text, len, ';')) {
		return "is a list";
	}
	return len == 1 && text[0] == '.' ? "is the root" : NULL;
}

/* An ASCII character that must be escaped to be in a name, and is not. */
static bool has_odd_sign(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\') {
			i++;
		} else if ((unsigned char)text[i] < 0x80 && !is_name_char(text[i])) {
			return true;
		}
	}
	return false;
}

/* What dg_name_parse() says of a name that it refuses, but safe to show. */
static int refuse_name(struct dg_err *err, const char *text, size_t len)
{
	char why[DG_ERR_TEXT_MAX];
	const char *behind = strstr(err->text, "\": ");

	memcpy(why, err->text, sizeof(why));
	behind = behind ? why + (behind - err->text) + 3 : why;
	return refuse(err, text, len, behind);
}

int dg_domain_parse(
	struct dg_arena *a, const char *text, size_t len, const char **ret_name, struct dg_err *err)
{
	const char *why = has(text, len, '\\') ? NULL : mistake(text, len);
	const char *ascii = NULL;

	if (why) {
		return refuse(err, text, len, dg_printf(a, "%s: %s", why, a_name));
	}
	if (len > DG_NAME_TEXT_MAX) {
		return refuse(err, text, len,
			"is longer than a domain name can be (RFC 1035 section 2.3.4)");
	}
	if (has_odd_sign(text, len)) {
		return refuse(err, text, len,
			dg_printf(a, "has a character in it that no domain name has: %s", a_name));
	}
	int r = dg_idn_to_ascii(a, text, len, &ascii, err);
	if (r < 0) {
		return r;
	}
	const char *name = NULL;
	r = dg_name_parse(a, ascii, strlen(ascii), NULL, &name, err);
	if (r < 0) {
		return refuse_name(err, text, len);
	}
	if (strcmp(name, ".") == 0) { /* an ideographic full stop is a dot, too */
		return refuse(err, text, len, dg_printf(a, "is the root: %s", a_name));
	}
	*ret_name = name;
	return 0;
}

/* --- mail addresses ----------------------------------------------------------------------------- */
/* Octets of a quoted string, quotes included; 0: it does not end. */
static size_t quoted_len(const char *text, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		if (text[i] == '\\') {
			i++;
		} else if (text[i] == '"') {
			return i + 1;
		}
	}
	return 0;
}

static bool is_atom(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if ((unsigned char)c < 0x80 && !dg_is_alnum(c) &&
			!strchr("!#$%&'*+-/=?^_`{|}~.", c)) {
			return false;
		}
	}
	return !has(text, len, '\0');
}

/* Why the local part of n octets is none; NULL: it is one. Dots in odd places are sent, too, and taken. */
static const char *local_fault(const char *text, size_t n)
{
	bool is_quoted = n > 0 && text[0] == '"';

	if (n == 0) {
		return "has nothing before its @";
	}
	if (n > DG_MAIL_LOCAL_MAX) {
		return "has a local part that is too long (RFC 5321 section 4.5.3.1.1)";
	}
	if (!is_quoted && has(text, n, ' ')) {
		return "has a space before its @";
	}
	if ((!is_quoted && !is_atom(text, n)) || !is_showable(text, n)) {
		return "has a character before its @ that must be quoted, or cannot be there (RFC "
		       "5321 section 4.1.2)";
	}
	return NULL;
}

static int split(struct dg_arena *a, const char *text, size_t len, const char **ret_local,
	const char **ret_domain, struct dg_err *err)
{
	const char *at = memchr(text, '@', len);
	size_t n = text[0] == '"' ? quoted_len(text, len) : at ? (size_t)(at - text) : len;
	const char *name = NULL;

	if (n >= len || (text[0] == '"' && (n == 0 || text[n] != '@'))) {
		return refuse(err, text, len,
			"is not a mail address: expected one like user@example.com");
	}
	const char *why = local_fault(text, n);
	if (why) {
		return refuse(err, text, len, why);
	}
	if (n + 1 < len && text[n + 1] == '[') {
		return refuse(err, text, len,
			"has an address literal in place of a domain: SPF and DMARC are about "
			"domains");
	}
	int r = dg_domain_parse(a, text + n + 1, len - n - 1, &name, err);
	if (r < 0) {
		return dg_wrap(err, r, "behind the @");
	}
	*ret_local = dg_strndup(a, text, n);
	*ret_domain = name;
	return 0;
}

int dg_mail_address_domain(struct dg_arena *a, const char *text, size_t len, const char **ret_local,
	const char **ret_domain, struct dg_err *err)
{
	if (len >= 2 && text[0] == '<' && text[len - 1] == '>') {
		text++;
		len -= 2;
	}
	return len == 0 ? 1 : split(a, text, len, ret_local, ret_domain, err);
}
