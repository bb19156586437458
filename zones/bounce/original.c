#include "zones/base/arena.h"
#include "zones/bounce/parts.h"

/* The header of the original is read; a message whose header tells nothing is none. */
static bool take(struct dg_reading *r, struct dg_span head, enum dg_bounce_original is)
{
	struct dg_bounce_head h;

	dg_head_read(r, head, &h);
	if (h.from[0] == '\0' && h.message_id[0] == '\0' && h.n_hops == 0 && !h.has_return_path &&
		h.subject[0] == '\0') {
		return false;
	}
	r->bounce->original = h;
	r->bounce->original_is = is;
	return true;
}

void dg_original_find(struct dg_reading *r)
{
	const struct dg_part *part = r->found.returned;
	struct dg_span head;
	struct dg_span body;

	if (!part) {
		return;
	}
	struct dg_span text = part->first ? part->body : dg_part_decoded(r->arena, part);
	bool is_whole =
		dg_head_split(text, &head, &body) && strcmp(part->type, "message/rfc822") == 0;
	if (take(r, head, is_whole ? DG_BOUNCE_ORIGINAL_MESSAGE : DG_BOUNCE_ORIGINAL_HEADERS) &&
		is_whole && part->encoding == DG_ENCODING_NONE) {
		r->original = text;
	}
}
