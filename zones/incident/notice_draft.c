/* A draft that is read back, after somebody may have changed it. */
#include "zones/incident/notice.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/base/sink.h"
#include "zones/bounce/bounce.h"

#include <string.h>
#include <strings.h>

#define HEADER_BYTES ((size_t)64 << 10)

/* Blanks may stand before the colon (RFC 5322 section 4.5). NULL: another field; else what stands behind the colon. */
static const char *behind_name(const char *p, const char *name)
{
	size_t len = strlen(name);

	if (strncasecmp(p, name, len) != 0) {
		return NULL;
	}
	p += len + strspn(p + len, " \t");
	return *p == ':' ? p + 1 : NULL;
}

/* The value of a header field, unfolded; NULL: not there. *ret_n: how many there are. */
static const char *field(struct dg_arena *a, const char *text, const char *name, size_t *ret_n)
{
	const char *found = NULL;
	struct dg_buf b;

	*ret_n = 0;
	for (const char *p = text; *p != '\0' && *p != '\n' && *p != '\r';) {
		const char *value = behind_name(p, name);

		*ret_n += value != NULL;
		p = value ? value : p;
		dg_buf_init(&b, HEADER_BYTES);
		do {
			size_t n = strcspn(p, "\r\n");
			dg_buf_put(&b, p, n);
			p += n;
			p += *p == '\r';
			p += *p == '\n';
		} while (*p == ' ' || *p == '\t');
		if (value && !found) {
			found = dg_strndup(a, b.data, b.len);
		}
		dg_buf_done(&b);
	}
	return found;
}

/* "a@x.example, <b@y.example>": whatever is no plain address is refused, not guessed. */
static int take_addresses(
	struct dg_arena *a, const char *text, const char **list, size_t max, size_t *ret_n)
{
	size_t n = 0;

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, ",");
		const char *begin = p + strspn(p, " \t");
		const char *end = p + len;

		while (end > begin && (end[-1] == ' ' || end[-1] == '\t')) {
			end--;
		}
		if (end - begin > 2 && *begin == '<' && end[-1] == '>') {
			begin++;
			end--;
		}
		const char *word = dg_strndup(a, begin, end > begin ? (size_t)(end - begin) : 0);
		if (n == max || !dg_is_plain_address(word)) {
			return 1;
		}
		list[n++] = word;
		p += len + (p[len] == ',');
	}
	*ret_n = n;
	return n > 0 ? 0 : 1;
}

/* A CR alone ends a line for some and not for others. */
static bool has_odd_end(const char *text)
{
	for (const char *p = text; *p != '\0' && *p != '\n';) {
		size_t n = strcspn(p, "\r\n");

		if (p[n] == '\r' && p[n + 1] != '\n') {
			return true;
		}
		if (n == 0) {
			break; /* the header ends */
		}
		p += n + (p[n] == '\r') + (p[n] != '\0');
	}
	return false;
}

int dg_notice_draft_read(struct dg_arena *a, const char *text, size_t n,
	struct dg_notice_draft *ret_draft, struct dg_err *err)
{
	static const char *const refused[] = {
		"Cc", "Bcc", "Sender", "Resent-To", "Resent-Cc", "Resent-Bcc"};
	struct dg_notice_draft d = {0};
	struct dg_bounce record;
	size_t n_from = 0;
	size_t n_to = 0;
	size_t n_of = 0;

	if (n > DG_NOTICE_LETTER_MAX || memchr(text, '\0', n)) {
		return dg_fail(err, DG_EINPUT,
			n > DG_NOTICE_LETTER_MAX ? "too large for a notice" : "a NUL in it");
	}
	if (has_odd_end(text)) {
		return dg_fail(err, DG_EINPUT, "a line of the header ends in a CR alone");
	}
	const char *from = field(a, text, "From", &n_from);
	const char *to = field(a, text, "To", &n_to);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		(void)field(a, text, refused[i], &n_of);
		if (n_of > 0) {
			return dg_fail(err, DG_EINPUT,
				"a field %s: a notice goes to those in To only", refused[i]);
		}
	}
	if (n_to == 0) {
		return dg_fail(err, DG_EINPUT,
			"no To: nobody is known who reads this; write the address into it");
	}
	if (n_from != 1 || n_to != 1 || take_addresses(a, from, &d.from, 1, &n_of) != 0 ||
		take_addresses(a, to, d.to, DG_NOTICE_DRAFT_TO_MAX, &d.n_to) != 0) {
		return dg_fail(err, DG_EINPUT,
			"one From and one To with plain addresses are wanted (alice@example.com)");
	}
	d.subject = dg_bounce_read(a, text, n, NULL, &record) == 0 ? record.outer.subject : "";
	*ret_draft = d;
	return 0;
}

void dg_notice_draft_put(struct dg_buf *b, const char *letter)
{
	bool is_header = true;
	bool is_mark = false;

	for (const char *p = letter; *p;) {
		size_t n = strcspn(p, "\n");
		size_t text = n > 0 && p[n - 1] == '\r' ? n - 1 : n;

		is_header = is_header && text > 0;
		is_mark = is_header &&
			  (behind_name(p, "X-Unsent") || (is_mark && (*p == ' ' || *p == '\t')));
		for (size_t i = 0; !is_mark && i < text; i++) {
			char blank = ' '; /* a CR alone ends no line */
			dg_buf_put(b, p[i] == '\r' ? &blank : p + i, 1);
		}
		if (!is_mark) {
			dg_buf_puts(b, "\r\n");
		}
		p += n + (p[n] == '\n');
	}
}
