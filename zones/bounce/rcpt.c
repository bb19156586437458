/* zones/bounce/rcpt.c: whom a free text names: there is no field for it, but MTAs put the address at the beginning of a line, or alone, or
 * behind words that say so. */
#include "zones/base/arena.h"
#include "zones/bounce/parts.h"

static bool is_address_octet(char c)
{
	return dg_is_visible(c) && !strchr("<>()[]\",;:", c);
}

/* The address around the "@" at s.p[at]. */
static struct dg_span address_at(struct dg_span s, size_t at)
{
	size_t begin = at;
	size_t end = at + 1;

	while (begin > 0 && is_address_octet(s.p[begin - 1])) {
		begin--;
	}
	while (end < s.n && (dg_is_alnum(s.p[end]) || s.p[end] == '.' || s.p[end] == '-')) {
		end++;
	}
	while (end > at && strchr(".-", s.p[end - 1])) {
		end--;
	}
	struct dg_span found = {s.p + begin, end - begin};
	return end - at >= 3 && at > begin && memchr(s.p + at, '.', end - at)
		       ? found
		       : (struct dg_span){"", 0};
}

static bool is_ours(const struct dg_bounce *b, struct dg_span address)
{
	static const struct dg_span names[] = {{"postmaster@", 11}, {"mailer-daemon@", 14},
		{"abuse@", 6}, {"helpdesk@", 9}, {"support@", 8}, {"info@", 5}, {"admin@", 6}};
	const char *const others[] = {b->outer.to, b->outer.from, b->outer.delivered_to,
		b->original.from, b->original.return_path};

	for (size_t i = 0; i < 3; i++) {
		if (dg_span_begins(address, names[i])) {
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (dg_span_same(address, (struct dg_span){others[i], strlen(others[i])})) {
			return true;
		}
	}
	return false;
}

static bool is_known(const struct dg_bounce *b, struct dg_span address)
{
	for (size_t i = 0; i < b->n_recipients; i++) {
		const char *text = b->recipients[i].address;

		if (dg_span_same(address, (struct dg_span){text, strlen(text)})) {
			return true;
		}
	}
	return false;
}

/* "5.1.1" in the line, or in the next ones of the same paragraph. */
static const char *status_in(struct dg_reading *r, struct dg_span s)
{
	for (size_t i = 0; i + 5 <= s.n; i++) {
		size_t n = 2;

		if (!strchr("245", s.p[i]) || s.p[i + 1] != '.' || !dg_is_digit(s.p[i + 2]) ||
			(i > 0 && (dg_is_alnum(s.p[i - 1]) || s.p[i - 1] == '.'))) {
			continue;
		}
		while (i + n < s.n && dg_is_digit(s.p[i + n])) {
			n++;
		}
		size_t dot = n;
		if (n > 5 || i + n >= s.n || s.p[i + n] != '.') {
			continue;
		}
		for (n++; i + n < s.n && dg_is_digit(s.p[i + n]); n++) {
		}
		if (n > dot + 1 && n <= dot + 4 && (i + n == s.n || s.p[i + n] != '.')) {
			return dg_clean(r, (struct dg_span){s.p + i, n});
		}
	}
	return "";
}

static struct dg_span paragraph(struct dg_span rest)
{
	struct dg_span line;
	struct dg_span from = rest;

	while (dg_line_next(&rest, &line) && dg_span_trim(line).n > 0) {
	}
	return (struct dg_span){from.p, from.n - rest.n};
}

static void add(
	struct dg_reading *r, struct dg_span address, struct dg_span line, struct dg_span rest)
{
	struct dg_bounce_recipient *rcpt =
		is_ours(r->bounce, address) || is_known(r->bounce, address) ? NULL
									    : dg_recipient_new(r);

	if (rcpt) {
		struct dg_span more = paragraph(rest);

		rcpt->address = dg_clean(r, address);
		rcpt->status = status_in(r, line);
		rcpt->status = rcpt->status[0] ? rcpt->status : status_in(r, more);
		rcpt->diagnostic = dg_clean(r, more.n > 0 ? more : line);
		rcpt->action = DG_BOUNCE_ACTION_FAILED;
	}
}

/* How surely the address in the line is one that failed: 0 surely (in brackets at its beginning, or all of it), 1 words say so, 2 it
 * just stands there. */
static unsigned rank(struct dg_span line, struct dg_span address)
{
	static const struct dg_span words[] = {{"rcpt to", 7}, {"recipient", 9}, {"unknown", 7},
		{"undeliver", 9}, {"deliver", 7}, {"address", 7}, {"user", 4}, {"mailbox", 7},
		{"failed", 6}, {"to:", 3}, {"quota", 5}, {"full", 4}, {"reject", 6}, {"not ", 4},
		{"550", 3}, {"smtp:", 5}};
	struct dg_span s = dg_span_trim(line);
	size_t before = (size_t)(address.p - s.p);
	size_t behind = s.n - before - address.n;

	if (before <= 2 && (behind <= 3 || strchr(">:", address.p[address.n]))) {
		return 0;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (dg_span_has(s, words[i])) {
			return 1;
		}
	}
	return 2;
}

static void find(struct dg_reading *r, struct dg_span text, unsigned wanted)
{
	struct dg_span line;

	while (dg_line_next(&text, &line)) {
		size_t at = 0;

		while (at < line.n && line.p[at] != '@') {
			at++;
		}
		struct dg_span address =
			at < line.n ? address_at(line, at) : (struct dg_span){"", 0};
		if (address.n > 0 && rank(line, address) == wanted) {
			add(r, address, line, text);
		}
	}
}

void dg_recipients_in_text(struct dg_reading *r)
{
	for (unsigned i = 0; i < 3 && r->bounce->n_recipients == 0; i++) {
		find(r, r->text, i);
	}
}
