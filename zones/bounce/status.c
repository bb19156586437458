/* zones/bounce/status.c: message/delivery-status (RFC 3464 section 2): groups of fields, the first of the message, the others of a recipient. */
#include "zones/base/arena.h"
#include "zones/bounce/parts.h"

static enum dg_bounce_action action_of(struct dg_span value)
{
	static const struct {
		struct dg_span word;
		enum dg_bounce_action action;
	} words[] = {
		{{"fail", 4}, DG_BOUNCE_ACTION_FAILED},
		{{"delayed", 7}, DG_BOUNCE_ACTION_DELAYED},
		{{"delivered", 9}, DG_BOUNCE_ACTION_DELIVERED},
		{{"deliverable", 11}, DG_BOUNCE_ACTION_DELIVERED},
		{{"relayed", 7}, DG_BOUNCE_ACTION_RELAYED},
		{{"expanded", 8}, DG_BOUNCE_ACTION_EXPANDED},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (dg_span_begins(value, words[i].word)) {
			return words[i].action;
		}
	}
	return DG_BOUNCE_ACTION_NONE;
}

static const char *address_of(struct dg_reading *r, struct dg_span value)
{
	struct dg_span address = dg_without_type(value);

	(void)dg_mailbox_first(address, &address);
	return dg_clean(r, address);
}

struct dg_bounce_recipient *dg_recipient_new(struct dg_reading *r)
{
	struct dg_bounce *b = r->bounce;

	if (b->n_recipients == DG_BOUNCE_RECIPIENTS_MAX) {
		b->n_recipients_dropped++;
		return NULL;
	}
	if (!b->recipients) {
		b->recipients =
			dg_newn(r->arena, struct dg_bounce_recipient, DG_BOUNCE_RECIPIENTS_MAX);
	}
	struct dg_bounce_recipient *rcpt = &b->recipients[b->n_recipients++];
	*rcpt = (struct dg_bounce_recipient){
		.address = "", .original = "", .status = "", .diagnostic = "", .remote_mta = ""};
	return rcpt;
}

/* What a group says; a field that is there twice counts once. */
struct group {
	struct dg_span final, original, actual, action, status, diagnostic, remote;
	struct dg_span reporting, arrival;
};

static struct dg_span *slot(struct group *g, struct dg_span name)
{
	const struct {
		struct dg_span name;
		struct dg_span *value;
	} fields[] = {
		{{"final-recipient", 15}, &g->final},
		{{"original-recipient", 18}, &g->original},
		{{"x-actual-recipient", 18}, &g->actual},
		{{"action", 6}, &g->action},
		{{"status", 6}, &g->status},
		{{"diagnostic-code", 15}, &g->diagnostic},
		{{"remote-mta", 10}, &g->remote},
		{{"reporting-mta", 13}, &g->reporting},
		{{"arrival-date", 12}, &g->arrival},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (dg_span_is(name, fields[i].name)) {
			return fields[i].value;
		}
	}
	return NULL;
}

static struct dg_span without_comment(struct dg_span s)
{
	size_t at = dg_span_char(s, '(');

	return dg_span_trim(at == DG_NOWHERE || at == 0 ? s : dg_span_head(s, at));
}

static bool take_group(struct dg_reading *r, const struct group *g)
{
	struct dg_bounce *b = r->bounce;

	if (g->reporting.n > 0 && b->reporting_mta[0] == '\0') {
		b->reporting_mta = dg_clean(r, without_comment(dg_without_type(g->reporting)));
	}
	if (g->arrival.n > 0 && b->arrival_date[0] == '\0') {
		b->arrival_date = dg_clean(r, g->arrival);
		b->arrived_at = dg_date_parse(g->arrival);
	}
	if (g->final.n == 0 && g->original.n == 0 && g->action.n == 0 && g->actual.n == 0) {
		return g->reporting.n > 0;
	}
	struct dg_bounce_recipient *rcpt = dg_recipient_new(r);
	if (!rcpt) {
		return true;
	}
	rcpt->address = address_of(r, g->final.n > 0 ? g->final : g->original);
	rcpt->original = address_of(r, g->original.n > 0 ? g->original : g->actual);
	rcpt->action = action_of(g->action);
	rcpt->status = dg_clean(r, without_comment(g->status));
	rcpt->diagnostic = dg_clean_words(r, dg_without_type(g->diagnostic));
	rcpt->remote_mta = dg_clean(r, without_comment(dg_without_type(g->remote)));
	return true;
}

bool dg_status_read(struct dg_reading *r, struct dg_span body)
{
	struct dg_span line;
	bool found = false;

	while (body.n > 0) {
		struct group g = {0};
		struct dg_field f;
		struct dg_span block = {body.p, 0};

		while (dg_line_next(&body, &line) && dg_span_trim(line).n > 0) {
			block.n = (size_t)(body.p - block.p);
		}
		while (dg_field_next(&block, &f)) {
			struct dg_span *value = slot(&g, f.name);

			if (value && value->n == 0) {
				*value = f.value;
			}
		}
		found = take_group(r, &g) || found;
	}
	return found;
}

/* From the first line on that only a delivery status has; what is quoted is somebody else's. */
bool dg_status_in_text(struct dg_reading *r, struct dg_span text)
{
	static const struct dg_span words[] = {
		{"reporting-mta:", 14}, {"final-recipient:", 16}, {"original-recipient:", 19}};
	struct dg_span line;
	struct dg_span rest = text;

	while (dg_line_next(&rest, &line)) {
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			if (dg_span_begins(line, words[i])) {
				return dg_status_read(
					r, (struct dg_span){
						   line.p, text.n - (size_t)(line.p - text.p)});
			}
		}
	}
	return false;
}
