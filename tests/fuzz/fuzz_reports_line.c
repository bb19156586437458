/* What a reader of aggregate reports says, taken apart without trust: every word ends inside of the text, and holds no sign that ends one. */
#include "controller/watch/reports_child.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_word(const char *word, const char *text, size_t size)
{
	if (!word || word < text || word > text + size || word + strlen(word) > text + size ||
		word[strcspn(word, "\t\n")] != '\0') {
		abort();
	}
}

/* As a text that ends. */
static char *text_of(const uint8_t *p, size_t n)
{
	char *text = malloc(n + 1);

	if (n > 0) {
		memcpy(text, p, n);
	}
	text[n] = '\0';
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_reports_line l;
	size_t n_lines = 0;
	size_t n_ends = 1;

	if (size > INPUT_MAX) {
		return 0;
	}
	(void)dg_reports_is_whole((const char *)data, size);
	char *text = text_of(data, size);
	size_t n = strlen(text);
	for (size_t i = 0; i < n; i++) {
		n_ends += text[i] == '\n';
	}
	for (char *p = text; dg_reports_line(&p, &l); n_lines++) {
		if (p < text || p > text + n) {
			abort();
		}
		if (l.is_row) {
			check_word(l.name, text, n);
		} else {
			check_word(l.id, text, n);
			check_word(l.org, text, n);
		}
	}
	if (n_lines > n_ends) {
		abort();
	}
	free(text);
	return 0;
}
