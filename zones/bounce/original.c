/* zones/bounce/original.c: what was returned of the message that the report is about. */
#include "zones/base/arena.h"
#include "zones/bounce/parts.h"

static bool says_something(const struct dg_bounce_head *h)
{
	return h->from[0] != '\0' || h->message_id[0] != '\0' || h->n_hops > 0 ||
	       h->has_return_path || h->subject[0] != '\0';
}

static bool take(struct dg_reading *r, struct dg_span head, enum dg_bounce_original is)
{
	struct dg_bounce_head h;

	dg_head_read(r, head, &h);
	if (!says_something(&h)) {
		return false;
	}
	r->bounce->original = h;
	r->bounce->original_is = is;
	return true;
}

/* --- texts ---------------------------------------------------------------------------------------- */
/* Soft line breaks and escapes in what says to be plain. */
static bool is_quoted_printable(struct dg_span header)
{
	size_t n_breaks = 0;

	for (const char *p = header.p, *end = header.p + header.n;
		p < end && (p = memmem(p, (size_t)(end - p), "=\n", 2)) != NULL; p++) {
		n_breaks++;
	}
	return n_breaks > 0 && memmem(header.p, header.n, "=3D", 3) != NULL;
}

static bool in_text(struct dg_reading *r, struct dg_span text, struct dg_span *ret_rest)
{
	struct dg_run run;

	if (!dg_run_find(r, text, &run)) {
		return false;
	}
	if (is_quoted_printable(run.header)) {
		text = dg_quoted_decode(r->arena, text, false);
		if (!dg_run_find(r, text, &run)) {
			return false;
		}
	}
	if (!take(r, run.header, DG_BOUNCE_ORIGINAL_HEADERS)) {
		return false;
	}
	*ret_rest = run.rest;
	if (run.at.p >= r->text.p && run.at.p < r->text.p + r->text.n) {
		r->text.n = (size_t)(run.at.p - r->text.p);
	}
	return true;
}

/* --- parts ---------------------------------------------------------------------------------------- */
static bool in_part(struct dg_reading *r, const struct dg_part *part)
{
	struct dg_span head;
	struct dg_span body;

	if (!part) {
		return false;
	}
	if (part->first) {
		struct dg_span rest;

		r->original = part->body;
		return take(r, part->first->head, DG_BOUNCE_ORIGINAL_MESSAGE) ||
		       in_text(r, part->first->body, &rest); /* an empty line before the header */
	}
	struct dg_span text = dg_part_decoded(r->arena, part);
	struct dg_raw raw; /* an mbox line, empty lines */
	dg_mime_prepare(r->arena, text.p, text.n, &raw);
	(void)dg_head_split(raw.text, &head, &body);
	if (strcmp(part->type, "message/rfc822") == 0 && body.n > 0) {
		r->original = part->encoding == DG_ENCODING_NONE ? raw.text : r->original;
		return take(r, head, DG_BOUNCE_ORIGINAL_MESSAGE);
	}
	return take(r, head, DG_BOUNCE_ORIGINAL_HEADERS);
}

static bool in_texts(struct dg_reading *r, struct dg_span *ret_rest)
{
	for (size_t i = 0; i < r->found.n_texts; i++) {
		if (in_text(r, r->texts[i], ret_rest)) {
			return true;
		}
	}
	return false;
}

/* What broken MIME hides from the parts. */
static bool in_raw(struct dg_reading *r, struct dg_span *ret_rest)
{
	struct dg_span head;
	struct dg_span body;

	return r->is_multipart && dg_head_split(r->message, &head, &body) &&
	       in_text(r, body, ret_rest);
}

/* --- bounces of bounces ----------------------------------------------------------------------------- */
static bool is_report(const struct dg_bounce_head *h)
{
	static const struct dg_span names[] = {{"mailer-daemon", 13}, {"postmaster", 10}};
	struct dg_span from = {h->from, strlen(h->from)};

	for (size_t i = 0; i < 2; i++) {
		if (dg_span_begins(from, names[i])) {
			return true;
		}
	}
	return h->is_null;
}

static const struct dg_part *returned_in(const struct dg_part *message)
{
	struct dg_reading inner = {0};

	dg_parts_only(&inner, message);
	return inner.found.returned;
}

static void inner_head(struct dg_reading *r, struct dg_span head)
{
	struct dg_bounce_head h;

	dg_head_read(r, head, &h);
	if (says_something(&h)) {
		r->bounce->innermost = dg_new(r->arena, struct dg_bounce_head);
		*r->bounce->innermost = h;
		r->bounce->n_nested++;
	}
}

static void nested_parts(struct dg_reading *r)
{
	const struct dg_part *part = r->found.returned;
	const struct dg_bounce_head *h = &r->bounce->original;

	while (part && part->first && r->bounce->n_nested < DG_BOUNCE_NESTED_MAX && is_report(h)) {
		struct dg_span head;
		struct dg_span body;
		size_t before = r->bounce->n_nested;

		part = returned_in(part->first);
		if (!part) {
			break;
		}
		if (part->first) {
			head = part->first->head;
		} else {
			(void)dg_head_split(dg_part_decoded(r->arena, part), &head, &body);
		}
		inner_head(r, head);
		if (r->bounce->n_nested == before) {
			break;
		}
		h = r->bounce->innermost;
	}
}

static void nested_texts(struct dg_reading *r, struct dg_span rest)
{
	const struct dg_bounce_head *h = &r->bounce->original;
	struct dg_run run;

	while (r->bounce->n_nested < DG_BOUNCE_NESTED_MAX && is_report(h) &&
		dg_run_find(r, rest, &run)) {
		size_t before = r->bounce->n_nested;

		inner_head(r, run.header);
		if (r->bounce->n_nested == before) {
			break;
		}
		h = r->bounce->innermost;
		rest = run.rest;
	}
}

void dg_original_find(struct dg_reading *r)
{
	struct dg_span rest = {"", 0};

	if (in_part(r, r->found.returned)) {
		nested_parts(r);
		if (!r->bounce->innermost && r->found.returned->first) {
			const struct dg_part *inner = r->found.returned->first;
			nested_texts(r, strncmp(inner->type, "text/", 5) == 0
						? dg_part_text(r, inner)
						: inner->body);
		}
	} else if (in_texts(r, &rest) || in_raw(r, &rest)) {
		nested_texts(r, rest);
	} else if (r->found.bare) {
		(void)take(r, r->found.bare->head, DG_BOUNCE_ORIGINAL_HEADERS);
	}
}
