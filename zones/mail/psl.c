/* zones/mail/psl.c: the public suffix list, as the receivers of RFC 7489 use it. */
#include "zones/mail/dmarc_find.h"

#include "zones/base/arena.h"
#include "zones/record/name.h"

#include <libpsl.h>
#include <string.h>

/* The name for libpsl: without the final dot; a label with escapes, which no suffix has, stands as "-", so that an escaped dot ends no
 * label. */
static const char *text_for_list(struct dg_arena *a, const char *name)
{
	char *text = dg_get(a, 1, strlen(name) + 1);
	size_t n = 0;

	for (const char *at = name; strcmp(at, ".") != 0; at = dg_name_parent(at)) {
		const char *next = dg_name_parent(at);
		size_t len = strcmp(next, ".") == 0 ? strlen(at) - 1 : (size_t)(next - at) - 1;

		if (n > 0) {
			text[n++] = '.';
		}
		if (memchr(at, '\\', len)) {
			text[n++] = '-';
		} else {
			/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): the memory is zeroed */
			memcpy(text + n, at, len);
			n += len;
		}
	}
	return text;
}

static size_t n_dots(const char *text)
{
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		n += *p == '.';
	}
	return n;
}

/* Both sections of the list count, ICANN's and the private one: RFC 7489 section 3.2 makes no difference between them, and
 * OpenDMARC and Mail::DMARC read the whole file and take the section marks for comments. So github.io is a suffix. An unknown
 * top-level domain is one, too (the list's implicit rule "*"). */
const char *dg_public_suffix(struct dg_arena *a, const char *name)
{
	const psl_ctx_t *list = psl_builtin();
	const char *text = text_for_list(a, name);
	const char *suffix = list ? psl_unregistrable_domain(list, text) : NULL;
	size_t n_labels = suffix ? n_dots(suffix) + 1 : 1;
	const char *at = name;

	while (dg_name_n_labels(at) > n_labels) {
		at = dg_name_parent(at);
	}
	return dg_strdup(a, at);
}
