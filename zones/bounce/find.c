#include "zones/base/arena.h"
#include "zones/bounce/parts.h"

static void find(struct dg_reading *r, const struct dg_part *part);

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
	} else if (strncmp(part->type, "text/", 5) == 0 && f->n_texts < DG_BOUNCE_TEXTS_MAX) {
		f->texts[f->n_texts++] = part;
	}
}

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

void dg_parts_find(struct dg_reading *r, const struct dg_part *root)
{
	find(r, root);
	if (r->found.n_texts > 0) {
		const struct dg_part *text = r->found.texts[0];

		r->text = dg_to_utf8(r, text->charset, dg_part_decoded(r->arena, text));
	}
}
