/* zones/incident/notice_mask.c: what a letter shows of somebody else's mail. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/incident/evidence.h"
#include "zones/incident/notice.h"

#include <string.h>

#define MASK "***"

static bool is_local(char c)
{
	return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       (c != '\0' && strchr(".!#$%&'*+-/=?^_`{|}~", c));
}

/* Where the local part that ends before p[at] begins; what stands in quotes belongs to it. */
static size_t local_begins(const char *p, size_t from, size_t at)
{
	size_t begin = at;

	if (begin > from && p[begin - 1] == '"') {
		for (begin--; begin > from && p[begin - 1] != '"';) {
			begin--;
		}
		return begin > from ? begin - 1 : at - 1;
	}
	while (begin > from && is_local(p[begin - 1])) {
		begin--;
	}
	return begin;
}

void dg_notice_mask(struct dg_buf *b, const char *text)
{
	size_t done = 0; /* what stands before was put */
	size_t len = strlen(text);

	for (size_t at = 0; at < len; at++) {
		size_t begin = text[at] == '@' ? local_begins(text, done, at) : at;

		if (begin < at) {
			dg_buf_put(b, text + done, begin - done);
			dg_buf_puts(b, MASK);
			done = at;
		}
	}
	dg_buf_put(b, text + done, len - done);
}

static void put_field(struct dg_buf *b, const char *name, const char *value)
{
	if (value[0] == '\0') {
		return;
	}
	dg_buf_printf(b, "%s: ", name);
	if (strcmp(name, "Message-ID") == 0) {
		dg_buf_puts(b, value);
	} else {
		dg_notice_mask(b, value);
	}
	dg_buf_putc(b, '\n');
}

const char *dg_notice_sample(struct dg_arena *a, const struct dg_evidence *e)
{
	const struct dg_bounce_head *h = e->returned;
	size_t last = e->handoff_hop == DG_NO_HOP ? 0 : e->handoff_hop + 1;
	struct dg_buf b;

	dg_buf_init(&b, DG_NOTICE_SAMPLE_MAX);
	if (h->has_return_path && !h->is_null) {
		put_field(&b, "Return-Path", h->return_path);
	}
	for (size_t i = 0; i < last && i < h->n_hops; i++) {
		put_field(&b, "Received", h->hops[i].text);
	}
	put_field(&b, "Message-ID", h->message_id);
	put_field(&b, "Date", h->date);
	put_field(&b, "From", h->from);
	put_field(&b, "Subject", h->subject);
	const char *text = dg_strndup(a, b.data, b.len);
	dg_buf_done(&b);
	return text;
}
