#include "zones/base/arena.h"
#include "zones/bounce/bounce.h"
#include "zones/bounce/mime.h"

/* The line of an mbox before a message: "From MAILER-DAEMON Thu Apr 29 ...". */
static struct dg_span without_mbox_line(struct dg_span message, struct dg_raw *raw)
{
	struct dg_span rest = message;
	struct dg_span line;

	while (dg_line_next(&rest, &line)) {
		if (dg_span_trim(line).n == 0) {
			message = rest;
			continue;
		}
		if (line.n > 5 && memcmp(line.p, "From ", 5) == 0) {
			line = dg_span_cut(line, 5);
			raw->has_sender = dg_word_next(&line, &raw->sender);
			return rest;
		}
		break;
	}
	return message;
}

static struct dg_span with_sound_lines(struct dg_arena *a, struct dg_span s)
{
	bool has_lf = s.n > 0 && memchr(s.p, '\n', s.n);
	bool has_nul = s.n > 0 && memchr(s.p, '\0', s.n);

	if (s.n == 0 || (has_lf && !has_nul)) {
		return s;
	}
	char *out = dg_get(a, 1, s.n);
	for (size_t i = 0; i < s.n; i++) {
		out[i] = s.p[i];
		if (s.p[i] == '\0') {
			out[i] = ' ';
		} else if (s.p[i] == '\r' && !has_lf) {
			out[i] = '\n';
		}
	}
	return (struct dg_span){out, s.n};
}

void dg_mime_prepare(struct dg_arena *a, const char *p, size_t len, struct dg_raw *ret_raw)
{
	struct dg_span s = {p, len < DG_BOUNCE_READ_MAX ? len : DG_BOUNCE_READ_MAX};

	*ret_raw = (struct dg_raw){.is_cut = s.n < len};
	s = with_sound_lines(a, s);
	ret_raw->text = without_mbox_line(s, ret_raw);
	ret_raw->skipped = (size_t)(ret_raw->text.p - s.p);
}
