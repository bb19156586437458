#include "zones/mail/spf_expand.h"

#include "zones/base/buf.h"
#include "zones/mail/chars.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define N_NIBBLES  32u
#define VALUE_MAX  80u /* of the values that are made here */
#define KEEP_ALL   SIZE_MAX
#define KEEP_LIMIT 1000000u /* more parts than any value has */
#define HEX        "0123456789ABCDEF"

/* "{" letter digits "r" delimiters "}" taken apart. */
struct macro {
	char letter;
	bool is_escaped; /* upper case: as in a URL */
	size_t keep;     /* parts, from the right */
	bool is_reversed;
	const char *delimiters;
	size_t n_delimiters;
};

struct span {
	const char *p;
	size_t len;
};

/* p is at the letter. Returns where the macro ends: at its '}'. */
static const char *read_macro(const char *p, struct macro *ret_macro)
{
	struct macro m = {
		.letter = dg_lower(*p), .is_escaped = *p != dg_lower(*p), .keep = KEEP_ALL};

	p++;
	if (dg_is_digit(*p)) {
		for (m.keep = 0; dg_is_digit(*p); p++) {
			m.keep = m.keep < KEEP_LIMIT ? m.keep * 10 + (size_t)(*p - '0') : m.keep;
		}
	}
	if (dg_lower(*p) == 'r') {
		m.is_reversed = true;
		p++;
	}
	m.delimiters = *p == '}' ? "." : p;
	m.n_delimiters = *p == '}' ? 1 : 0;
	for (; *p != '}'; p++) {
		m.n_delimiters++;
	}
	*ret_macro = m;
	return p;
}

/* Nibbles with dots between them (section 7.3). */
static size_t print_nibbles(char out[VALUE_MAX], const uint8_t address[16])
{
	size_t n = 0;

	for (size_t i = 0; i < N_NIBBLES; i++) {
		unsigned nibble = i % 2 == 0 ? address[i / 2] >> 4 : address[i / 2] & 15u;

		out[n++] = HEX[nibble];
		out[n++] = '.';
	}
	return n - 1;
}

static size_t print_address(char out[VALUE_MAX], const struct dg_spf_macros *m)
{
	return inet_ntop(m->is_ip6 ? AF_INET6 : AF_INET, m->address, out, VALUE_MAX) ? strlen(out)
										     : 0;
}

static struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

static struct span value_of(char letter, const struct dg_spf_macros *m, char made[VALUE_MAX])
{
	switch (letter) {
	case 's':
		return span_of(m->sender);
	case 'l':
		return (struct span){m->sender, m->n_local};
	case 'o':
		return span_of(m->sender + m->n_local + 1);
	case 'd':
		return span_of(m->domain);
	case 'p':
		return span_of(m->validated);
	case 'v':
		return span_of(m->is_ip6 ? "ip6" : "in-addr");
	case 'h':
		return span_of(m->helo);
	case 'r':
		return span_of(m->receiver);
	case 't':
		return (struct span){
			made, (size_t)snprintf(made, VALUE_MAX, "%lld", (long long)m->now)};
	case 'i':
		return (struct span){
			made, m->is_ip6 ? print_nibbles(made, m->address) : print_address(made, m)};
	default: /* c */
		return (struct span){made, print_address(made, m)};
	}
}

static bool is_unreserved(char c)
{
	return dg_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void put_part(struct dg_buf *b, struct span part, bool is_escaped)
{
	if (!is_escaped) {
		dg_buf_put(b, part.p, part.len);
		return;
	}
	for (size_t i = 0; i < part.len; i++) {
		if (is_unreserved(part.p[i])) {
			dg_buf_putc(b, part.p[i]);
		} else {
			dg_buf_printf(b, "%%%02X", (unsigned char)part.p[i]);
		}
	}
}

static size_t split(const struct macro *m, struct span value, struct span parts[DG_SPF_PARTS_MAX])
{
	size_t start = 0;
	size_t n = 0;

	for (size_t i = 0; i <= value.len; i++) {
		bool is_end = i == value.len ||
			      (n + 1 < DG_SPF_PARTS_MAX &&
				      memchr(m->delimiters, value.p[i], m->n_delimiters));
		if (is_end) {
			parts[n++] = (struct span){value.p + start, i - start};
			start = i + 1;
		}
	}
	return n;
}

static void put_macro(struct dg_buf *b, const struct macro *m, const struct dg_spf_macros *values)
{
	static const char dot[] = ".";
	struct span parts[DG_SPF_PARTS_MAX];
	char made[VALUE_MAX];
	struct span value = value_of(m->letter, values, made);

	if (m->keep == KEEP_ALL && !m->is_reversed && m->n_delimiters == 1 &&
		*m->delimiters == *dot) {
		put_part(b, value, m->is_escaped);
		return;
	}
	size_t n = split(m, value, parts);
	size_t from = n > m->keep ? n - m->keep : 0;
	for (size_t i = from; i < n; i++) {
		/* Reversed, the rightmost parts are those that stood on the left. */
		put_part(b, parts[m->is_reversed ? n - 1 - i : i], m->is_escaped);
		if (i + 1 < n) {
			dg_buf_putc(b, *dot);
		}
	}
}

void dg_spf_expand(struct dg_buf *b, const char *text, size_t len, const struct dg_spf_macros *m)
{
	const char *end = text + len;

	for (const char *p = text; p < end && !b->is_full; p++) {
		struct macro macro;

		if (*p != '%') {
			const char *next = memchr(p, '%', (size_t)(end - p));
			next = next ? next : end;
			dg_buf_put(b, p, (size_t)(next - p));
			p = next - 1;
			continue;
		}
		p++;
		switch (*p) {
		case '{':
			p = read_macro(p + 1, &macro);
			put_macro(b, &macro, m);
			break;
		case '-':
			dg_buf_puts(b, "%20");
			break;
		default: /* "%%", "%_" */
			dg_buf_putc(b, *p == '_' ? ' ' : '%');
			break;
		}
	}
}

bool dg_spf_has_macro(const char *text, size_t len, const char *letters)
{
	for (size_t i = 0; i + 2 < len; i++) {
		if (text[i] != '%') {
			continue;
		}
		if (text[i + 1] == '{' && strchr(letters, dg_lower(text[i + 2]))) {
			return true;
		}
		i++; /* what follows a '%' is not another one's beginning */
	}
	return false;
}
