#include "zones/bounce/bounce.h"

#include "zones/base/arena.h"
#include "zones/base/message.h"
#include "zones/bounce/parts.h"

static const char *const kinds[] = {
	[DG_BOUNCE_ORDINARY] = "ordinary",
	[DG_BOUNCE_BOUNCE] = "bounce",
	[DG_BOUNCE_DELAY] = "delay",
	[DG_BOUNCE_DELIVERED] = "delivered",
	[DG_BOUNCE_AUTOREPLY] = "auto-reply",
	[DG_BOUNCE_COMPLAINT] = "complaint",
	[DG_BOUNCE_AGGREGATE] = "dmarc-aggregate",
	[DG_BOUNCE_FAILURE] = "dmarc-failure",
	[DG_BOUNCE_CHALLENGE] = "challenge",
	[DG_BOUNCE_UNREADABLE] = "unreadable",
};

static const char *const forms[] = {
	[DG_BOUNCE_FORM_NONE] = "none",
	[DG_BOUNCE_FORM_DSN] = "RFC 3464",
	[DG_BOUNCE_FORM_TEXT] = "free text",
	[DG_BOUNCE_FORM_MDN] = "MDN",
	[DG_BOUNCE_FORM_ARF] = "ARF",
	[DG_BOUNCE_FORM_FEED] = "feed",
};

static const char *const actions[] = {
	[DG_BOUNCE_ACTION_NONE] = "",
	[DG_BOUNCE_ACTION_FAILED] = "failed",
	[DG_BOUNCE_ACTION_DELAYED] = "delayed",
	[DG_BOUNCE_ACTION_DELIVERED] = "delivered",
	[DG_BOUNCE_ACTION_RELAYED] = "relayed",
	[DG_BOUNCE_ACTION_EXPANDED] = "expanded",
};

const char *dg_bounce_kind_text(enum dg_bounce_kind kind)
{
	return kinds[kind];
}

const char *dg_bounce_form_text(enum dg_bounce_form form)
{
	return forms[form];
}

const char *dg_bounce_action_text(enum dg_bounce_action action)
{
	return actions[action];
}

void dg_bounce_unreadable(struct dg_bounce *ret_bounce, const char *why)
{
	*ret_bounce = (struct dg_bounce){.kind = DG_BOUNCE_UNREADABLE,
		.shape = "",
		.basis = why,
		.reporting_mta = "",
		.reporting_organisation = "",
		.arrival_date = "",
		.handoff = {.organisation = "", .via = "", .why = why},
		.feedback_type = "",
		.source_ip = "",
		.reported_domain = "",
		.original_mail_from = "",
		.original_rcpt_to = ""};
	dg_head_none(&ret_bounce->outer);
	dg_head_none(&ret_bounce->original);
}

int dg_bounce_read(struct dg_arena *a, const char *p, size_t len,
	const struct dg_bounce_charsets *charsets, struct dg_bounce *ret_bounce)
{
	struct dg_raw raw;
	struct dg_parts parts;

	dg_mime_prepare(a, p, len, &raw);
	if (dg_mime_scan(a, raw.text.p, raw.text.n, &parts) != 0) {
		return 1;
	}
	dg_bounce_read_parts(a, &raw, &parts, charsets, ret_bounce);
	return 0;
}

static void place_original(struct dg_reading *r, const struct dg_raw *raw, struct dg_span s)
{
	if (s.n > 0 && s.p >= raw->text.p && s.p + s.n <= raw->text.p + raw->text.n) {
		r->bounce->original_at = raw->skipped + (size_t)(s.p - raw->text.p);
		r->bounce->original_len = s.n;
	}
}

/* In a part of its own, or where MIME was broken. */
static void read_status(struct dg_reading *r)
{
	bool found =
		r->found.status && dg_status_read(r, dg_part_decoded(r->arena, r->found.status));

	for (size_t i = 0; !found && i < r->found.n_texts; i++) {
		found = dg_status_in_text(r, r->texts[i]);
	}
	if (!found && r->is_multipart && !r->found.disposition) {
		(void)dg_status_in_text(r, r->message);
	}
}

void dg_bounce_read_parts(struct dg_arena *a, const struct dg_raw *raw,
	const struct dg_parts *parts, const struct dg_bounce_charsets *charsets,
	struct dg_bounce *ret_bounce)
{
	struct dg_reading r = {
		.arena = a, .charsets = charsets, .message = raw->text, .bounce = ret_bounce};
	struct dg_bounce_head *outer = &ret_bounce->outer;

	dg_bounce_unreadable(ret_bounce, DG_MESSAGE("it has no header: no message"));
	ret_bounce->is_cut = raw->is_cut || parts->is_cut;
	ret_bounce->by_library = parts->by_library;
	dg_head_read(&r, parts->root->head, outer);
	if (outer->n_fields == 0) {
		return;
	}
	if (!outer->has_return_path && raw->has_sender) {
		outer->has_return_path = true;
		outer->return_path = dg_clean(&r, raw->sender);
	}
	r.is_multipart = strncmp(parts->root->type, "multipart/", 10) == 0;
	dg_parts_find(&r, parts->root);
	if (dg_feed_in_text(&r)) {
		return;
	}
	read_status(&r);
	dg_original_find(&r);
	place_original(&r, raw, r.original);
	dg_verdict(&r, parts->root);
	dg_handoff_find(&r);
}
