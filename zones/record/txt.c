#include "zones/base/arena.h"
#include "zones/record/rrset.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#define STRING_MAX 255u
#define TEXT_MAX   65000u

size_t dg_txt_len(const struct dg_rdata *rd)
{
	size_t n = 0;

	for (size_t i = 0; i < rd->len && rd->wire[i] < rd->len - i; i += rd->wire[i] + 1u) {
		n += rd->wire[i];
	}
	return n;
}

const char *dg_txt_join(struct dg_arena *a, const struct dg_rdata *rd)
{
	char *text = dg_get(a, 1, rd->len + 1);
	size_t n = 0;

	for (size_t i = 0; i < rd->len && rd->wire[i] < rd->len - i; i += rd->wire[i] + 1u) {
		memcpy(text + n, rd->wire + i + 1, rd->wire[i]);
		n += rd->wire[i];
	}
	return text;
}

/* Octet i of the joined text, for i that only grows; -1 behind its end. */
struct walk {
	const struct dg_rdata *rd;
	size_t at;
	size_t left; /* of the string that at is in */
};

static int next_octet(struct walk *w)
{
	while (w->left == 0) {
		if (w->at >= w->rd->len || w->rd->wire[w->at] >= w->rd->len - w->at) {
			return -1;
		}
		w->left = w->rd->wire[w->at++];
	}
	w->left--;
	return w->rd->wire[w->at++];
}

bool dg_txt_has_tag(const struct dg_rdata *rd, const char *tag)
{
	struct walk w = {.rd = rd};

	for (const char *p = tag; *p != '\0'; p++) {
		char c = (char)next_octet(&w);

		if (strncasecmp(&c, p, 1) != 0) {
			return false;
		}
	}
	int c = next_octet(&w);
	return c == -1 || c == ' ' || c == '\t' || c == ';';
}

struct dg_rdata dg_txt_make(struct dg_arena *a, const char *text, size_t len)
{
	assert(len <= TEXT_MAX);
	size_t n_strings = len > 0 ? (len + STRING_MAX - 1) / STRING_MAX : 1;
	uint8_t *wire = dg_get(a, 1, len + n_strings);
	size_t at = 0;

	for (size_t i = 0; i < n_strings; i++) {
		size_t n = len - i * STRING_MAX < STRING_MAX ? len - i * STRING_MAX : STRING_MAX;

		wire[at] = (uint8_t)n;
		memcpy(wire + at + 1, text + i * STRING_MAX, n);
		at += n + 1;
	}
	return (struct dg_rdata){.wire = wire, .len = at};
}
