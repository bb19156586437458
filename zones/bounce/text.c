#include "zones/base/arena.h"
#include "zones/bounce/parts.h"

/* --- UTF-8 -------------------------------------------------------------------------------------- */
/* How long a character is that begins with c; 0: none does. */
static size_t utf8_len_by(unsigned char c)
{
	if (c < 0x80) {
		return 1;
	}
	if (c < 0xc2 || c > 0xf4) {
		return 0;
	}
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* Length of the well-formed character at s (Unicode 15 table 3-7); 0: none. */
static size_t utf8_len(struct dg_span s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = utf8_len_by(c);
	unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;

	if (n > s.n) {
		return 0;
	}
	for (size_t i = 1; i < n; i++) {
		unsigned char more = (unsigned char)s.p[i];

		if (more < low || more > high) {
			return 0;
		}
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

static bool is_plain(struct dg_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < ' ' || s.p[i] == 0x7f ||
			(s.p[i] == ' ' && i + 1 < s.n && s.p[i + 1] == ' ')) {
			return false; /* char is signed here: what is no ASCII is below ' ', too */
		}
	}
	return true;
}

const char *dg_clean(struct dg_reading *r, struct dg_span s)
{
	s = dg_span_trim(s);
	s = dg_span_head(s, (size_t)DG_BOUNCE_TEXT_MAX * 4);
	if (s.n == 0) {
		return "";
	}
	if (s.n <= DG_BOUNCE_TEXT_MAX && is_plain(s)) {
		return dg_strndup(r->arena, s.p, s.n);
	}
	char *out = dg_get(r->arena, 1, DG_BOUNCE_TEXT_MAX + 1);
	size_t len = 0;
	while (s.n > 0 && len + 4 <= DG_BOUNCE_TEXT_MAX) {
		if (dg_is_visible(s.p[0])) {
			out[len++] = s.p[0];
			s = dg_span_cut(s, 1);
			continue;
		}
		size_t n = utf8_len(s);
		if (n == 0) {
			memcpy(out + len, "\xef\xbf\xbd", 3);
			len += 3;
		} else if (n > 1) {
			memcpy(out + len, s.p, n);
			len += n;
		} else if (dg_is_blank(s.p[0]) && len > 0 && out[len - 1] != ' ') {
			out[len++] = ' ';
		}
		s = dg_span_cut(s, n == 0 ? 1 : n);
	}
	out[len] = '\0';
	return out;
}

static bool is_ascii(struct dg_span s)
{
	uint64_t octets = 0;
	size_t i = 0;

	for (; i + 8 <= s.n; i += 8) {
		memcpy(&octets, s.p + i, 8);
		if (octets & 0x8080808080808080u) {
			return false;
		}
	}
	for (; i < s.n; i++) {
		if ((unsigned char)s.p[i] >= 0x80) {
			return false;
		}
	}
	return !memchr(s.p, 0x1b, s.n); /* ISO-2022 */
}

static bool is_utf8(struct dg_span s)
{
	while (s.n > 0) {
		size_t n = utf8_len(s);

		if (n == 0) {
			return false;
		}
		s = dg_span_cut(s, n);
	}
	return true;
}

static struct dg_span latin1(struct dg_reading *r, struct dg_span s)
{
	char *out = dg_get(r->arena, 2, s.n + 1);
	size_t len = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x80) {
			out[len++] = (char)c;
		} else {
			out[len++] = (char)(0xc0 | c >> 6);
			out[len++] = (char)(0x80 | (c & 0x3f));
		}
	}
	return (struct dg_span){out, len};
}

/* ISO-2022 escapes in what says to be ASCII: Japanese mail without a label. */
static const char *charset_of(const char *charset, struct dg_span s)
{
	if (memmem(s.p, s.n, "\x1b$", 2) && strncmp(charset, "iso-2022", 8) != 0) {
		return "iso-2022-jp";
	}
	return charset;
}

struct dg_span dg_to_utf8(struct dg_reading *r, const char *charset, struct dg_span s)
{
	size_t n = 0;

	if (s.n == 0 || is_ascii(s)) {
		return s;
	}
	charset = charset_of(charset, s);
	bool is_escaped = memchr(s.p, 0x1b, s.n) != NULL;
	if (!is_escaped &&
		(charset[0] == '\0' || strcmp(charset, "utf-8") == 0 ||
			strcmp(charset, "us-ascii") == 0) &&
		is_utf8(s)) {
		return s;
	}
	if (strcmp(charset, "iso-8859-1") == 0) {
		return latin1(r, s);
	}
	if (charset[0] != '\0' && r->charsets) {
		const char *out =
			r->charsets->to_utf8(r->charsets->arg, r->arena, charset, s.p, s.n, &n);
		return out ? (struct dg_span){out, n} : s;
	}
	return s;
}

/* --- encoded words (RFC 2047) ------------------------------------------------------------------- */
struct word {
	struct dg_span charset, text;
	bool is_quoted;
	size_t len;
};

static bool word_at(struct dg_span s, struct word *ret_word)
{
	if (s.n < 8 || s.p[0] != '=' || s.p[1] != '?') {
		return false;
	}
	size_t q1 = dg_span_char(dg_span_cut(s, 2), '?');
	if (q1 == DG_NOWHERE || q1 == 0 || q1 > 40 || 2 + q1 + 3 > s.n) {
		return false;
	}
	size_t at = 2 + q1 + 1;
	char encoding = dg_lower(s.p[at]);
	if ((encoding != 'q' && encoding != 'b') || s.p[at + 1] != '?') {
		return false;
	}
	struct dg_span text = dg_span_cut(s, at + 2);
	const char *end = memmem(text.p, text.n, "?=", 2);
	/* "=?utf-8?Q?=41?=": an escape right at the beginning is no end */
	if (end == text.p && encoding == 'q' && text.n > 2) {
		end = memmem(text.p + 1, text.n - 1, "?=", 2);
	}
	if (!end) {
		return false;
	}
	*ret_word = (struct word){.charset = {s.p + 2, q1},
		.text = {text.p, (size_t)(end - text.p)},
		.is_quoted = encoding == 'q',
		.len = (size_t)(end + 2 - s.p)};
	return true;
}

static struct dg_span word_text(struct dg_reading *r, const struct word *w)
{
	char charset[48] = "";

	for (size_t i = 0; i < w->charset.n && w->charset.p[i] != '*'; i++) {
		charset[i] = dg_lower(w->charset.p[i]);
	}
	struct dg_span s = w->is_quoted ? dg_quoted_decode(r->arena, w->text, true)
					: dg_base64_decode(r->arena, w->text);
	return dg_to_utf8(r, charset, s);
}

#define WORDS_MAX ((size_t)DG_BOUNCE_TEXT_MAX * 8)

static size_t add(char *out, size_t len, struct dg_span s)
{
	size_t n = s.n < WORDS_MAX - len ? s.n : WORDS_MAX - len;

	if (n > 0) {
		memcpy(out + len, s.p, n);
	}
	return len + n;
}

const char *dg_clean_words(struct dg_reading *r, struct dg_span s)
{
	struct word w;
	bool was_word = false;
	size_t len = 0;

	s = dg_span_head(s, WORDS_MAX);
	if (s.n == 0 || !memmem(s.p, s.n, "=?", 2)) {
		return dg_clean(r, dg_to_utf8(r, "", s));
	}
	char *out = dg_get(r->arena, 1, WORDS_MAX);
	while (s.n > 0) {
		size_t blanks = 0;

		while (blanks < s.n && dg_is_blank(s.p[blanks])) {
			blanks++;
		}
		bool is_word = word_at(dg_span_cut(s, blanks), &w);
		if (!(is_word && was_word)) { /* blanks between two encoded words are none */
			len = add(out, len, dg_span_head(s, blanks));
		}
		s = dg_span_cut(s, blanks);
		if (is_word) {
			len = add(out, len, word_text(r, &w));
		} else if (s.n > 0) {
			len = add(out, len, dg_span_head(s, 1));
		}
		s = dg_span_cut(s, is_word ? w.len : 1);
		was_word = is_word;
	}
	return dg_clean(r, (struct dg_span){out, len});
}

/* --- addresses ---------------------------------------------------------------------------------- */
/* Over a quoted string or a comment that begins at s.p[at]. */
static size_t skip(struct dg_span s, size_t at)
{
	char close = s.p[at] == '"' ? '"' : ')';
	size_t depth = 1;

	for (at++; at < s.n && depth > 0; at++) {
		if (s.p[at] == '\\') {
			at++;
		} else if (s.p[at] == close) {
			depth--;
		} else if (s.p[at] == '(' && close == ')') {
			depth++;
		}
	}
	return at < s.n ? at : s.n;
}

static bool in_brackets(struct dg_span value, struct dg_span *ret_address)
{
	size_t at = 0;

	while (at < value.n) {
		if (value.p[at] == '<') {
			struct dg_span s = dg_span_cut(value, at + 1);
			size_t end = dg_span_char(s, '>');

			s = dg_span_trim(dg_span_head(s, end == DG_NOWHERE ? s.n : end));
			size_t open = dg_span_char(s, '<'); /* "<<a@example.com>" */
			*ret_address = open == DG_NOWHERE ? s : dg_span_cut(s, open + 1);
			return true;
		}
		if (value.p[at] == ',' || value.p[at] == ';') {
			return false; /* the first one has none */
		}
		at = value.p[at] == '"' || value.p[at] == '(' ? skip(value, at) : at + 1;
	}
	return false;
}

static bool bare(struct dg_span value, struct dg_span *ret_address)
{
	size_t at = 0;

	while (at < value.n) {
		size_t begin = at;

		if (value.p[at] == '(') {
			at = skip(value, at);
			continue;
		}
		if (dg_is_blank(value.p[at]) || strchr(",;:", value.p[at])) {
			at++;
			continue;
		}
		while (at < value.n && !dg_is_blank(value.p[at]) && !strchr(",;(", value.p[at])) {
			at = value.p[at] == '"' ? skip(value, at) : at + 1;
		}
		struct dg_span word = {value.p + begin, at - begin};
		if (dg_span_char(word, '@') != DG_NOWHERE) {
			size_t open = dg_span_char(word, '<');
			word = open == DG_NOWHERE ? word : dg_span_cut(word, open + 1);
			size_t close = dg_span_char(word, '>');
			*ret_address = dg_span_head(word, close == DG_NOWHERE ? word.n : close);
			return true;
		}
	}
	return false;
}

bool dg_mailbox_first(struct dg_span value, struct dg_span *ret_address)
{
	value = dg_span_trim(value);
	if (in_brackets(value, ret_address) || bare(value, ret_address)) {
		return true;
	}
	/* a local part alone: "MAILER-DAEMON", "MAILER-DAEMON (Mail Delivery System)" */
	struct dg_span word;
	if (dg_word_next(&value, &word) && dg_span_char(word, ':') == DG_NOWHERE) {
		struct dg_span next;
		if (!dg_word_next(&value, &next) || next.p[0] == '(') {
			*ret_address = word;
			return true;
		}
	}
	return false;
}

struct dg_span dg_without_type(struct dg_span value)
{
	size_t at = dg_span_char(value, ';');

	if (at != DG_NOWHERE && at <= 40 &&
		dg_span_char(dg_span_head(value, at), '@') == DG_NOWHERE) {
		return dg_span_trim(dg_span_cut(value, at + 1));
	}
	return value;
}
