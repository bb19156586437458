/* zones/mail/chars.h: ASCII character classes of RFC 5234, whatever the locale. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

static inline bool dg_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool dg_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool dg_is_alnum(char c)
{
	return dg_is_alpha(c) || dg_is_digit(c);
}

static inline bool dg_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/* VCHAR: what can be seen, without the space. */
static inline bool dg_is_visible(char c)
{
	return c > 0x20 && c < 0x7f;
}

static inline char dg_lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* len octets at p against text, any letter case. */
static inline bool dg_is_word(const char *p, size_t len, const char *text)
{
	size_t i = 0;

	while (i < len && text[i] != '\0' && dg_lower(p[i]) == dg_lower(text[i])) {
		i++;
	}
	return i == len && text[i] == '\0';
}
