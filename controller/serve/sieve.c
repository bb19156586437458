#include "controller/serve/sieve.h"

static bool is_control(char c)
{
	return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f;
}

static void put_octet(struct dg_sieve *s, char c)
{
	bool ends = c == '\n';

	if ((s->last == '\r') != ends) { /* one without the other */
		s->is_foul = true;
	}
	if (ends) {
		s->is_whole = s->n_in_line == 0;
		s->n_in_line = 0;
		s->n_lines++;
	} else if (c != '\r') {
		bool is_folded = s->n_in_line == 0 && (c == ' ' || c == '\t');

		s->is_foul = s->is_foul || is_folded || is_control(c);
		s->n_in_line++;
	}
	s->last = c;
}

size_t dg_sieve_put(struct dg_sieve *s, const char *text, size_t len)
{
	size_t i = 0;

	for (; i < len && !s->is_whole; i++) {
		put_octet(s, text[i]);
	}
	s->n += i;
	return i;
}
