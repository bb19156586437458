#include "controller/lookup/smtp_reply.h"

#include <string.h>
#include <strings.h>

#include "controller/lookup/smtp.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

#define SEEN_MAX 40u /* octets of nonsense that are shown */

void dg_smtp_reader_init(struct dg_smtp_reader *r)
{
	*r = (struct dg_smtp_reader){0};
	dg_buf_init(&r->text, DG_SMTP_TEXT_MAX);
}

void dg_smtp_reader_done(struct dg_smtp_reader *r)
{
	dg_buf_done(&r->text);
}

static int not_a_reply(const char *line, size_t len, struct dg_err *err)
{
	struct dg_buf seen;

	dg_buf_init(&seen, (size_t)16 * SEEN_MAX);
	dg_buf_put_safe(&seen, line, len < SEEN_MAX ? len : SEEN_MAX);
	int rc = dg_fail(err, DG_EREMOTE,
		"\"%s%s\" is not an SMTP reply; expected three digits and text (RFC 5321 section "
		"4.2)",
		seen.data, len > SEEN_MAX ? "..." : "");
	dg_buf_done(&seen);
	return rc;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 1: the last line of the reply. */
static int take_line(struct dg_smtp_reader *r, const char *line, size_t len, struct dg_err *err)
{
	if (len < 3 || line[0] < '1' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2]) ||
		(len > 3 && line[3] != ' ' && line[3] != '-')) {
		return not_a_reply(line, len, err);
	}
	if (++r->n_lines > DG_SMTP_LINES_MAX) {
		return dg_fail(err, DG_ELIMIT, "a reply of more than %u lines", DG_SMTP_LINES_MAX);
	}
	const char *text = line + (len > 3 ? 4 : 3);
	size_t n = (size_t)(line + len - text);
	r->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
	r->has_starttls |= n == 8 && strncasecmp(text, "STARTTLS", n) == 0;
	if (r->text.len > 0 && n > 0) {
		dg_buf_putc(&r->text, ' ');
	}
	dg_buf_put_safe(&r->text, text, n);
	return len == 3 || line[3] == ' ';
}

int dg_smtp_reader_put(struct dg_smtp_reader *r, const char *data, size_t len, size_t *ret_used,
	struct dg_err *err)
{
	for (size_t i = 0; i < len; i++) {
		if (++r->n_octets > DG_SMTP_TOTAL_MAX) {
			return dg_fail(err, DG_ELIMIT, "more than %u octets of replies",
				DG_SMTP_TOTAL_MAX);
		}
		r->line[r->len++] = data[i];
		if (data[i] != '\n') {
			if (r->len >= sizeof(r->line)) {
				return dg_fail(err, DG_ELIMIT,
					"a line of a reply is longer than %u octets",
					DG_SMTP_LINE_MAX);
			}
			continue;
		}
		size_t n = r->len - 1;
		n -= n > 0 && r->line[n - 1] == '\r';
		r->len = 0;
		int rc = take_line(r, r->line, n, err);
		if (rc != 0) {
			*ret_used = i + 1;
			return rc;
		}
	}
	*ret_used = len;
	return 0;
}

void dg_smtp_reader_take(
	struct dg_smtp_reader *r, struct dg_arena *arena, struct dg_smtp_reply *ret_reply)
{
	*ret_reply = (struct dg_smtp_reply){
		.code = r->code,
		.text = dg_printf(arena, "%s%s", r->text.data, r->text.is_full ? "..." : ""),
	};
	dg_buf_done(&r->text);
	dg_buf_init(&r->text, DG_SMTP_TEXT_MAX);
	r->n_lines = 0;
	r->code = 0;
	r->has_starttls = false;
}
