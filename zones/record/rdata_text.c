/* Rdata from presentation form (RFC 1035 section 5.1, RFC 3597 section 5). */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/record/lex.h"
#include "zones/record/name.h"
#include "zones/record/rdata.h"
#include "zones/record/rrset.h"

#include <arpa/inet.h>
#include <string.h>

#define STRING_MAX 255u /* octets of a character-string */
#define FIXED_MAX  64u  /* octets that the numbers of any form take */
#define SMALL_FORM (2 * DG_NAME_WIRE_MAX + FIXED_MAX)
#define SHOWN_MAX  ((size_t)80) /* bytes of bad text that a message quotes */

struct reader {
	struct dg_lex lex;
	struct dg_token token;
	struct dg_arena *arena;
	const char *origin;
	const char *why; /* what is wrong at token; NULL: nothing yet */
	uint8_t *wire;
	size_t len;
	size_t cap;
};

/* 0: r->token is a word or a string. 1: the text has ended, or r->why is set. */
static int next(struct reader *r)
{
	do {
		r->why = dg_lex_next(&r->lex, &r->token);
	} while (!r->why && r->token.kind == DG_TOKEN_NEWLINE);
	return r->why || r->token.kind == DG_TOKEN_END ? 1 : 0;
}

static void put(struct reader *r, const void *p, size_t n)
{
	if (n > r->cap - r->len) {
		r->why = "longer than 65535 octets (RFC 1035 section 3.2.1)";
		return;
	}
	memcpy(r->wire + r->len, p, n);
	r->len += n;
}

static const char *text_of(const struct reader *r)
{
	return r->lex.text + r->token.at;
}

/* What the token's escapes stand for, at ret_text (token.len bytes suffice). Returns the octets. */
static size_t unescape(struct reader *r, uint8_t *ret_text)
{
	const char *p = text_of(r);
	size_t n = 0;

	if (!memchr(p, '\\', r->token.len)) {
		memcpy(ret_text, p, r->token.len);
		return r->token.len;
	}
	for (size_t i = 0; i < r->token.len; n++) {
		if (p[i] != '\\') {
			ret_text[n] = (uint8_t)p[i++];
			continue;
		}
		size_t took = dg_unescape(p + i + 1, r->token.len - i - 1, &ret_text[n]);
		if (took == 0) {
			r->why = "bad escape: expected \\ and an octet or three digits up to 255";
			return 0;
		}
		i += took + 1;
	}
	return n;
}

static void read_number(struct reader *r, size_t width, bool is_seconds)
{
	uint32_t max = width == 4 ? UINT32_MAX : (1u << (8 * width)) - 1;
	uint32_t v = 0;
	int bad = is_seconds ? dg_seconds_parse(text_of(r), r->token.len, max, &v)
			     : dg_u32_parse(text_of(r), r->token.len, max, &v);

	if (bad != 0 || r->token.kind != DG_TOKEN_WORD) {
		r->why = width == 1   ? "expected a number, 0 to 255"
			 : width == 2 ? "expected a number, 0 to 65535"
				      : "expected a number, 0 to 4294967295";
		return;
	}
	uint8_t be[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
	put(r, be + 4 - width, width);
}

static void read_name(struct reader *r, struct dg_err *err)
{
	uint8_t wire[DG_NAME_WIRE_MAX];
	const char *name = NULL;

	if (r->token.kind != DG_TOKEN_WORD) {
		r->why = "expected a name without quotes";
		return;
	}
	if (dg_name_parse(r->arena, text_of(r), r->token.len, r->origin, &name, err) < 0) {
		r->why = err->text;
		return;
	}
	put(r, wire, dg_name_to_wire(name, wire));
}

static void read_address(struct reader *r, int family)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t addr[16];

	if (r->token.len < sizeof(text) && !memchr(text_of(r), '\0', r->token.len)) {
		memcpy(text, text_of(r), r->token.len);
		text[r->token.len] = '\0';
		if (inet_pton(family, text, addr) == 1) {
			put(r, addr, family == AF_INET ? 4 : 16);
			return;
		}
	}
	r->why = family == AF_INET ? "expected an IPv4 address, as 192.0.2.1"
				   : "expected an IPv6 address, as 2001:db8::1";
}

/* A character-string; longer ones only where may_cut, as several (PowerDNS shows a long TXT as
 * one). */
static void read_string(struct reader *r, bool may_cut)
{
	uint8_t *start = r->wire + r->len;

	if (r->token.len + r->token.len / STRING_MAX + 1 > r->cap - r->len) {
		r->why = "longer than 65535 octets (RFC 1035 section 3.2.1)";
		return;
	}
	size_t n = unescape(r, start + 1);
	if (n > STRING_MAX && !may_cut && !r->why) {
		r->why = "a character-string above 255 octets (RFC 1035 section 3.3)";
	}
	if (r->why) {
		return;
	}
	size_t n_cuts = n > 0 ? (n - 1) / STRING_MAX : 0;
	for (size_t i = n_cuts; i > 0;
		i--) { /* from the last: each part moves by the length octets before it */
		size_t part = i == n_cuts ? n - i * STRING_MAX : STRING_MAX;

		memmove(start + i * (STRING_MAX + 1) + 1, start + i * STRING_MAX + 1, part);
		start[i * (STRING_MAX + 1)] = (uint8_t)part;
	}
	start[0] = (uint8_t)(n_cuts > 0 ? STRING_MAX : n);
	r->len += n + n_cuts + 1;
}

/* Text that goes to the end of the rdata without a length (CAA value, URI target). */
static void read_rest(struct reader *r)
{
	if (r->token.len > r->cap - r->len) {
		r->why = "longer than 65535 octets (RFC 1035 section 3.2.1)";
		return;
	}
	r->len += unescape(r, r->wire + r->len);
}

static void read_tag(struct reader *r)
{
	uint8_t len = (uint8_t)r->token.len;

	if (r->token.kind != DG_TOKEN_WORD || r->token.len > STRING_MAX) {
		r->why = "expected a tag, as issue (RFC 8659 section 4.1)";
		return;
	}
	put(r, &len, 1);
	put(r, text_of(r), len);
}

static void read_field(struct reader *r, char field, struct dg_err *err)
{
	if (field == 'N') {
		read_name(r, err);
	} else if (field == 'a' || field == 'A') {
		read_address(r, field == 'a' ? AF_INET : AF_INET6);
	} else if (field == 'S' || field == '*') {
		read_string(r, field == '*');
	} else if (field == 'R') {
		read_rest(r);
	} else if (field == 'G') {
		read_tag(r);
	} else {
		read_number(r, field == 'T' ? 4 : (size_t)(field - '0'), field == 'T');
	}
}

static int fail(const struct reader *r, uint16_t type, struct dg_err *err)
{
	char name[16];
	struct dg_buf shown;
	const char *why = r->why;
	char copy[DG_ERR_TEXT_MAX];

	if (why == err->text) {
		memcpy(copy, err->text, sizeof(copy));
		why = copy;
	}
	dg_buf_init(&shown, 4 * SHOWN_MAX);
	if (r->token.at < r->lex.len) {
		size_t n = r->lex.len - r->token.at;
		size_t len = r->token.kind == DG_TOKEN_END ? 0 : r->token.len;

		n = len < n ? len : n;
		dg_buf_put_safe(&shown, text_of(r), n < SHOWN_MAX ? n : SHOWN_MAX);
	}
	(void)dg_fail(err, DG_EINPUT, "%s data%s%s%s: %s", dg_type_text(type, name),
		shown.len > 0 ? " \"" : "", shown.data, shown.len > 0 ? "\"" : "", why);
	dg_buf_done(&shown);
	return DG_EINPUT;
}

/* The fields of form, one after the other; r->why is set when they do not fit. */
static void read_fields(struct reader *r, const char *form, struct dg_err *err)
{
	const char *f = form;

	while (*f != '\0' && next(r) == 0) {
		read_field(r, *f, err);
		if (r->why) {
			return;
		}
		f += *f == '*' ? 0 : 1;
	}
	if (r->why) {
		return;
	}
	if (*f != '\0' && (*f != '*' || r->len == 0)) {
		r->why = "ends too early";
	} else if (*f == '\0' && next(r) == 0) {
		r->why = "more than the type has fields";
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void read_hex(struct reader *r, size_t *n_digits)
{
	const char *p = text_of(r);

	for (size_t i = 0; i < r->token.len; i++, (*n_digits)++) {
		int v = hex_value(p[i]);

		if (v < 0 || *n_digits / 2 >= r->cap) {
			r->why = "expected hexadecimal digits (RFC 3597 section 5)";
			return;
		}
		uint8_t *octet = &r->wire[*n_digits / 2];
		*octet = (uint8_t)(*n_digits % 2 == 0 ? v << 4 : *octet | v);
	}
}

/* Behind \#: a length and that many octets in hexadecimal. */
static int read_unknown(
	struct reader *r, uint16_t type, struct dg_rdata *ret_rdata, struct dg_err *err)
{
	uint32_t len = 0;
	size_t n_digits = 0;

	if (next(r) != 0 || dg_u32_parse(text_of(r), r->token.len, UINT16_MAX, &len) != 0) {
		r->why = "expected a length behind \\# (RFC 3597 section 5)";
		return fail(r, type, err);
	}
	while (!r->why && next(r) == 0) {
		read_hex(r, &n_digits);
	}
	if (!r->why && n_digits != 2 * (size_t)len) {
		r->why = "the length behind \\# is not that of the data (RFC 3597 section 5)";
	}
	if (!r->why && dg_rdata_canonical(r->arena, type, r->wire, len, ret_rdata) != 0) {
		r->why = "the octets behind \\# do not have the fields of the type";
	}
	return r->why ? fail(r, type, err) : 0;
}

/* ldns gets words with one blank between: no comment, parenthesis or control character reaches it.
 */
static int read_by_ldns(
	struct reader *r, uint16_t type, struct dg_rdata *ret_rdata, struct dg_err *err)
{
	struct dg_buf flat;
	size_t end = r->lex.len; /* of the token before: alpn="h2" is one word, though two tokens */
	int rc = 0;

	dg_buf_init(&flat, DG_RDATA_LDNS_TEXT_MAX);
	do {
		bool is_string = r->token.kind == DG_TOKEN_STRING;

		dg_buf_puts(&flat, flat.len > 0 && r->token.at - is_string != end ? " " : "");
		dg_buf_puts(&flat, is_string ? "\"" : "");
		dg_buf_put(&flat, text_of(r), r->token.len);
		dg_buf_puts(&flat, is_string ? "\"" : "");
		end = r->token.at + r->token.len + is_string;
	} while (next(r) == 0);
	for (size_t i = 0; i < flat.len && !r->why; i++) {
		if (flat.data[i] < 0x20 || flat.data[i] == 0x7f) {
			r->why = "a control character or a byte that is not ASCII";
		}
	}
	if (!r->why && flat.is_full) {
		r->why = "text longer than 32768 bytes";
	}
	if (r->why) {
		rc = fail(r, type, err);
	} else {
		rc = dg_rdata_ldns_parse(r->arena, type, flat.data, r->origin, ret_rdata, err);
	}
	dg_buf_done(&flat);
	return rc;
}

static int read_own(struct reader *r, const char *form, uint16_t type, struct dg_rdata *ret_rdata,
	struct dg_err *err)
{
	read_fields(r, form, err);
	if (!r->why && r->len > UINT16_MAX) {
		r->why = "longer than 65535 octets (RFC 1035 section 3.2.1)";
	}
	if (r->why) {
		return fail(r, type, err);
	}
	if (strchr(form, 'G')) { /* canonical() checks the alphabet of a tag */
		if (dg_rdata_canonical(r->arena, type, r->wire, r->len, ret_rdata) != 0) {
			r->why = "a tag of letters and digits was expected (RFC 8659 section 4.1)";
			return fail(r, type, err);
		}
		return 0;
	}
	bool is_kept = r->cap != SMALL_FORM; /* then it is in the arena already */
	ret_rdata->wire = is_kept ? r->wire : dg_memdup(r->arena, r->wire, r->len);
	ret_rdata->len = r->len;
	return 0;
}

/* NOLINTNEXTLINE(readability-function-size): text and length are one thing */
int dg_rdata_parse(struct dg_arena *a, uint16_t type, const char *text, size_t len,
	const char *origin, struct dg_rdata *ret_rdata, struct dg_err *err)
{
	const char *form = dg_rdata_form(type);
	uint8_t small[SMALL_FORM];
	struct reader r = {.lex = {.text = text, .len = len},
		.arena = a,
		.origin = origin,
		.wire = small,
		.cap = sizeof(small)};
	struct dg_lex start = r.lex;

	if (next(&r) != 0) {
		r.why = r.why ? r.why : "empty";
		return fail(&r, type, err);
	}
	bool is_unknown = r.token.kind == DG_TOKEN_WORD && r.token.len == 2 &&
			  memcmp(text_of(&r), "\\#", 2) == 0;
	if (is_unknown || (form && strpbrk(form, "SR*"))) { /* may be as long as its text */
		r.cap = len + len / STRING_MAX + 2 + SMALL_FORM;
		r.wire = dg_get(a, 1, r.cap);
	}
	if (is_unknown) {
		return read_unknown(&r, type, ret_rdata, err);
	}
	if (!form) {
		r.why = "not a type that dnsguard reads the text of: write it as \\# (RFC 3597 "
			"section 5)";
		return fail(&r, type, err);
	}
	if (strchr(form, 'X')) {
		return read_by_ldns(&r, type, ret_rdata, err);
	}
	r.lex = start;
	return read_own(&r, form, type, ret_rdata, err);
}
