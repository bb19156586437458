#include "zones/base/arena.h"
#include "zones/bounce/parts.h"

static bool is_type(const struct dg_part *part, const char *type)
{
	return strcmp(part->type, type) == 0;
}

static void keep(const struct dg_part **slot, const struct dg_part *part)
{
	*slot = *slot ? *slot : part;
}

static bool is_returned(const struct dg_part *part)
{
	static const char *const types[] = {"message/rfc822", "text/rfc822-headers",
		"message/rfc822-headers", "message/global", "message/global-headers", "text/rfc822",
		"message/partial", "message/news", "message/headers"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (is_type(part, types[i])) {
			return true;
		}
	}
	return false;
}

static bool is_status(const struct dg_part *part)
{
	return is_type(part, "message/delivery-status") ||
	       is_type(part, "message/global-delivery-status") ||
	       is_type(part, "text/delivery-status") || is_type(part, "message/xdelivery-status");
}

/* An archive or a document of XML under a name that RFC 9990 section 6.4 gives: "receiver!domain!begin!end.xml.gz". */
static bool is_aggregate(const struct dg_part *part)
{
	static const char *const types[] = {"application/gzip", "application/x-gzip",
		"application/zip", "application/x-zip-compressed", "application/xml", "text/xml",
		"application/octet-stream", "application/x-zip", "application/gzip-compressed"};
	struct dg_span head = part->head;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (is_type(part, types[i])) {
			size_t at = dg_span_char(head, '!');
			return at != DG_NOWHERE &&
			       dg_span_char(dg_span_cut(head, at + 1), '!') != DG_NOWHERE &&
			       dg_span_has(head, DG_SPAN("name"));
		}
	}
	return false;
}

/* Some MTAs write the header of the original as the header of a part. */
static bool is_bare(const struct dg_part *part)
{
	struct dg_span rest = part->head;
	struct dg_field f;
	size_t n = 0;

	while (part->depth > 0 && n < 2 && dg_field_next(&rest, &f)) {
		n += dg_span_is(f.name, DG_SPAN("message-id")) ||
		     dg_span_is(f.name, DG_SPAN("received")) ||
		     dg_span_is(f.name, DG_SPAN("from")) || dg_span_is(f.name, DG_SPAN("subject"));
	}
	return n == 2;
}

static void find_leaf(struct dg_reading *r, const struct dg_part *part)
{
	struct dg_found *f = &r->found;

	if (is_returned(part)) {
		keep(&f->returned, part);
	} else if (is_status(part)) {
		keep(&f->status, part);
	} else if (is_type(part, "message/disposition-notification")) {
		keep(&f->disposition, part);
	} else if (is_type(part, "message/feedback-report")) {
		keep(&f->feedback, part);
	} else if (is_aggregate(part)) {
		keep(&f->aggregate, part);
	} else if (is_bare(part)) {
		keep(&f->bare, part);
	} else if (strncmp(part->type, "text/", 5) == 0 && f->n_texts < DG_BOUNCE_TEXTS_MAX) {
		f->texts[f->n_texts++] = part;
	}
}

/* NOLINTNEXTLINE(misc-no-recursion): DG_BOUNCE_DEPTH_MAX bounds it */
static void find(struct dg_reading *r, const struct dg_part *part)
{
	if (strncmp(part->type, "multipart/", 10) != 0 || !part->first) {
		find_leaf(r, part);
		return;
	}
	for (const struct dg_part *child = part->first; child; child = child->next) {
		find(r, child);
	}
}

struct dg_span dg_part_text(struct dg_reading *r, const struct dg_part *part)
{
	struct dg_span text = dg_to_utf8(r, part->charset, dg_part_decoded(r->arena, part));

	return is_type(part, "text/html") ? dg_html_text(r->arena, text) : text;
}

void dg_parts_only(struct dg_reading *r, const struct dg_part *root)
{
	find(r, root);
}

void dg_parts_find(struct dg_reading *r, const struct dg_part *root)
{
	find(r, root);
	r->text = (struct dg_span){"", 0};
	for (size_t i = 0; i < r->found.n_texts; i++) {
		r->texts[i] = dg_part_text(r, r->found.texts[i]);
		if (dg_span_trim(r->text).n == 0) {
			r->text = r->texts[i];
		}
	}
	if (r->found.n_texts == 0 && r->is_multipart) { /* broken MIME hides them */
		struct dg_span head;
		(void)dg_head_split(r->message, &head, &r->text);
		r->texts[r->found.n_texts++] = r->text;
	}
}
