/* Rdata as it comes from the wire: checked field by field, and the way back to text. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/name.h"
#include "zones/record/rdata.h"
#include "zones/record/rrset.h"

#include <arpa/inet.h>
#include <string.h>

/* Octets of fixed-width fields; 0: not one. */
static size_t width_of(char field)
{
	static const char widths[] = {
		['1'] = 1, ['2'] = 2, ['4'] = 4, ['T'] = 4, ['a'] = 4, ['A'] = 16};

	return (size_t)field < sizeof(widths) ? (size_t)widths[(size_t)field] : 0;
}

static size_t name_len(const uint8_t *wire, size_t len)
{
	size_t i = 0;

	while (i < len && wire[i] != 0) {
		if (wire[i] > DG_LABEL_MAX) {
			return 0;
		}
		i += wire[i] + 1u;
	}
	return i < len && i < DG_NAME_WIRE_MAX ? i + 1 : 0;
}

/* A tag of a CAA: a length and that many letters and digits (RFC 8659 section 4.1). */
static size_t tag_len(const uint8_t *wire, size_t len)
{
	if (len == 0 || wire[0] == 0 || wire[0] >= len) {
		return 0;
	}
	for (size_t i = 1; i <= wire[0]; i++) {
		uint8_t c = wire[i] | 0x20;

		if ((c < 'a' || c > 'z') && (wire[i] < '0' || wire[i] > '9')) {
			return 0;
		}
	}
	return wire[0] + 1u;
}

static size_t strings_len(const uint8_t *wire, size_t len)
{
	size_t i = 0;

	while (i < len && wire[i] < len - i) {
		i += wire[i] + 1u;
	}
	return i == len ? len : 0;
}

/* Octets of this field at wire. SIZE_MAX: it is not there. */
static size_t field_len(char field, const uint8_t *wire, size_t len)
{
	size_t n = width_of(field);

	if (field == 'R' || field == 'X') {
		return len;
	}
	if (field == 'N') {
		n = name_len(wire, len);
	} else if (field == 'G') {
		n = tag_len(wire, len);
	} else if (field == 'S') {
		n = len > 0 && wire[0] < len ? wire[0] + 1u : 0;
	} else if (field == '*') {
		n = strings_len(wire, len);
	}
	return n > 0 && n <= len ? n : SIZE_MAX;
}

static void lower_name(uint8_t *wire)
{
	for (size_t i = 0; wire[i] != 0; i += wire[i] + 1u) {
		for (size_t k = 1; k <= wire[i]; k++) {
			if (wire[i + k] >= 'A' && wire[i + k] <= 'Z') {
				wire[i + k] |= 0x20;
			}
		}
	}
}

int dg_rdata_canonical(struct dg_arena *a, uint16_t type, const uint8_t *wire, size_t len,
	struct dg_rdata *ret_rdata)
{
	const char *form = dg_rdata_form(type);
	size_t at = 0;

	if (len > UINT16_MAX) {
		return 1;
	}
	uint8_t *copy = dg_memdup(a, wire, len);
	for (const char *f = form ? form : "X"; *f != '\0'; f++) {
		size_t n = field_len(*f, copy + at, len - at);

		if (n == SIZE_MAX) {
			return 1;
		}
		if (*f == 'N') {
			lower_name(copy + at);
		}
		at += n;
	}
	if (at != len) {
		return 1;
	}
	*ret_rdata = (struct dg_rdata){.wire = copy, .len = len};
	return 0;
}

/* A quoted string (RFC 1035 section 5.1). */
static void put_string(struct dg_buf *b, const uint8_t *p, size_t n)
{
	dg_buf_putc(b, '"');
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '"' || p[i] == '\\') {
			dg_buf_putc(b, '\\');
			dg_buf_putc(b, (char)p[i]);
		} else if (p[i] >= 0x20 && p[i] < 0x7f) {
			dg_buf_putc(b, (char)p[i]);
		} else {
			dg_buf_printf(b, "\\%03u", (unsigned)p[i]);
		}
	}
	dg_buf_putc(b, '"');
}

static void put_number(struct dg_buf *b, const uint8_t *p, size_t n)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++) {
		v = v << 8 | p[i];
	}
	dg_buf_printf(b, "%u", (unsigned)v);
}

static void put_address(struct dg_buf *b, int family, const uint8_t *p)
{
	char text[INET6_ADDRSTRLEN];

	dg_buf_puts(b, inet_ntop(family, p, text, sizeof(text)));
}

static void put_strings(struct dg_buf *b, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i += p[i] + 1u) {
		if (i > 0) {
			dg_buf_putc(b, ' ');
		}
		put_string(b, p + i + 1, p[i]);
	}
}

static void put_name(struct dg_buf *b, const uint8_t *p, size_t n)
{
	char text[DG_NAME_TEXT_MAX + 1];
	size_t text_len = 0;
	size_t len = 0;

	if (dg_name_wire_text(p, n, text, &text_len, &len) == 0) {
		dg_buf_put(b, text, text_len);
	}
}

static void put_field(struct dg_buf *b, char field, const uint8_t *p, size_t n)
{
	if (field == 'N') {
		put_name(b, p, n);
	} else if (field == 'a') {
		put_address(b, AF_INET, p);
	} else if (field == 'A') {
		put_address(b, AF_INET6, p);
	} else if (field == 'G') {
		dg_buf_put(b, p + 1, n - 1);
	} else if (field == 'R') {
		put_string(b, p, n);
	} else if (field == 'S' || field == '*') {
		put_strings(b, p, n);
	} else {
		put_number(b, p, n);
	}
}

/* RFC 3597 section 5. */
static void put_unknown(struct dg_buf *b, const struct dg_rdata *rd)
{
	static const char hex[] = "0123456789abcdef";

	dg_buf_printf(b, "\\# %zu%s", rd->len, rd->len > 0 ? " " : "");
	for (size_t i = 0; i < rd->len; i++) {
		dg_buf_putc(b, hex[rd->wire[i] >> 4]);
		dg_buf_putc(b, hex[rd->wire[i] & 15]);
	}
}

static bool fits(const char *form, const struct dg_rdata *rd)
{
	size_t at = 0;

	for (const char *f = form; *f != '\0'; f++) {
		size_t n = field_len(*f, rd->wire + at, rd->len - at);

		if (n == SIZE_MAX) {
			return false;
		}
		at += n;
	}
	return at == rd->len;
}

void dg_rdata_print(struct dg_buf *b, uint16_t type, const struct dg_rdata *rd)
{
	const char *form = dg_rdata_form(type);
	size_t at = 0;

	if (!form || !fits(form, rd)) {
		put_unknown(b, rd);
		return;
	}
	if (strchr(form, 'X')) {
		if (dg_rdata_ldns_print(b, type, rd) != 0) {
			put_unknown(b, rd);
		}
		return;
	}
	for (const char *f = form; *f != '\0'; f++) {
		size_t n = field_len(*f, rd->wire + at, rd->len - at);

		if (at > 0) {
			dg_buf_putc(b, ' ');
		}
		put_field(b, *f, rd->wire + at, n);
		at += n;
	}
}
