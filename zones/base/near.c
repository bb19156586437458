#include "zones/base/near.h"

#include <stdint.h>
#include <string.h>

#define COMPARED_MAX 40u /* bytes; a longer word is like no other */

static size_t least(size_t x, size_t y)
{
	return x < y ? x : y;
}

static char shown(char c)
{
	if (c == '_') {
		c = '-';
	}
	return c;
}

static size_t distance(const char *known, const char *word)
{
	size_t rows[3][COMPARED_MAX + 1];
	size_t n = strlen(known);
	size_t m = strlen(word);

	if (n > COMPARED_MAX || m > COMPARED_MAX) {
		return SIZE_MAX;
	}
	for (size_t j = 0; j <= m; j++) {
		rows[0][j] = j;
	}
	for (size_t i = 1; i <= n; i++) {
		size_t *row = rows[i % 3];
		const size_t *up = rows[(i - 1) % 3];
		char c = shown(known[i - 1]);

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			row[j] =
				least(least(row[j - 1], up[j]) + 1, up[j - 1] + (c != word[j - 1]));
			if (i > 1 && j > 1 && c == word[j - 2] && known[i - 2] == word[j - 1]) {
				row[j] = least(row[j], rows[(i - 2) % 3][j - 2] + 1);
			}
		}
	}
	return rows[n % 3][m];
}

void dg_near(struct dg_near *n, const char *known)
{
	size_t d = distance(known, n->meant);

	if (!n->best || d < n->distance) {
		n->distance = d;
		n->best = known;
	}
}

const char *dg_near_word(const struct dg_near *n)
{
	if (!n->best) {
		return NULL;
	}
	size_t len = strlen(n->best);

	return n->distance <= (len < 5 ? 1 : len / 3 + 1) ? n->best : NULL;
}
