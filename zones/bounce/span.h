/* zones/bounce/span.h: pieces of a message, whatever octets they hold; letters in any case. Inside zones/bounce. */
#pragma once

#include "zones/mail/chars.h"

#include <stdint.h>
#include <string.h>

struct dg_span {
	const char *p;
	size_t n;
};

#define DG_SPAN(s)                  \
	(struct dg_span)            \
	{                           \
		"" s, sizeof(s) - 1 \
	}
#define DG_NOWHERE SIZE_MAX

static inline bool dg_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline struct dg_span dg_span_cut(struct dg_span s, size_t from)
{
	from = from < s.n ? from : s.n;
	return from == 0 ? s
			 : (struct dg_span){s.p + from, s.n - from}; /* nothing may have no place */
}

static inline struct dg_span dg_span_head(struct dg_span s, size_t n)
{
	return (struct dg_span){s.p, n < s.n ? n : s.n};
}

static inline struct dg_span dg_span_trim(struct dg_span s)
{
	while (s.n > 0 && dg_is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && dg_is_blank(s.p[s.n - 1])) {
		s.n--;
	}
	return s;
}

/* word: in lower case. */
static inline bool dg_span_begins(struct dg_span s, struct dg_span word)
{
	if (s.n < word.n) {
		return false;
	}
	for (size_t i = 0; i < word.n; i++) {
		if (dg_lower(s.p[i]) != word.p[i]) {
			return false;
		}
	}
	return true;
}

static inline bool dg_span_is(struct dg_span s, struct dg_span word)
{
	return s.n == word.n && dg_span_begins(s, word);
}

/* The same, none of them in lower case. */
static inline bool dg_span_same(struct dg_span s, struct dg_span t)
{
	for (size_t i = 0; i < s.n && i < t.n; i++) {
		if (dg_lower(s.p[i]) != dg_lower(t.p[i])) {
			return false;
		}
	}
	return s.n == t.n;
}

static inline bool dg_span_ends(struct dg_span s, struct dg_span word)
{
	return s.n >= word.n && dg_span_begins(dg_span_cut(s, s.n - word.n), word);
}

/* Where word (in lower case) is; DG_NOWHERE: it is not. */
size_t dg_span_find(struct dg_span s, struct dg_span word);

static inline bool dg_span_has(struct dg_span s, struct dg_span word)
{
	return dg_span_find(s, word) != DG_NOWHERE;
}

static inline size_t dg_span_char(struct dg_span s, char c)
{
	const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : DG_NOWHERE;
}

/* The next line of rest, without its end. False: there is none. */
static inline bool dg_line_next(struct dg_span *rest, struct dg_span *ret_line)
{
	if (rest->n == 0) {
		return false;
	}
	size_t n = dg_span_char(*rest, '\n');
	size_t len = n == DG_NOWHERE ? rest->n : n;

	*ret_line = (struct dg_span){rest->p, len};
	if (len > 0 && rest->p[len - 1] == '\r') {
		ret_line->n--;
	}
	*rest = dg_span_cut(*rest, n == DG_NOWHERE ? rest->n : n + 1);
	return true;
}

/* The next word between blanks. */
static inline bool dg_word_next(struct dg_span *rest, struct dg_span *ret_word)
{
	struct dg_span s = dg_span_trim(*rest);
	size_t n = 0;

	while (n < s.n && !dg_is_blank(s.p[n])) {
		n++;
	}
	*ret_word = dg_span_head(s, n);
	*rest = dg_span_cut(s, n);
	return n > 0;
}
