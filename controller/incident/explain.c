/* One bounce, line by line. */
#include "controller/incident/print.h"
#include "controller/incident/print_parts.h"
#include "controller/incident/words.h"
#include "zones/base/buf.h"
#include "zones/bounce/bounce.h"
#include "zones/incident/classify.h"
#include "zones/incident/evidence.h"

#include <string.h>

static void put_value(struct dg_buf *b, const char *message, const char *text)
{
	if (text && text[0] != '\0') {
		dg_print_line(b, "  ", dg_word(message), 0, 0, text);
	}
}

static const char *standing_words(const struct dg_evidence *e)
{
	switch (e->standing) {
	case DG_STANDING_UNKNOWN:
		break;
	case DG_STANDING_FOREIGN:
		return DG_MESSAGE("the address {text} is not yours");
	case DG_STANDING_STRANGER:
		return DG_MESSAGE("the address {text} is not known as yours");
	case DG_STANDING_OWN:
		return DG_MESSAGE("the address {text} is yours");
	case DG_STANDING_OWN_NAME:
		return DG_MESSAGE("the address {text} has a name of yours");
	case DG_STANDING_SHARED:
		return DG_MESSAGE(
			"the address {text} belongs to a provider that sends for you and for "
			"others");
	}
	return DG_MESSAGE("the address {text} could not be judged");
}

/* Lines above the boundary were written inside the organisation that reports. */
enum trust {
	TRUST_REPORTER,
	TRUST_HANDOFF,
	TRUST_OURS,
	TRUST_ENTRY,
	TRUST_NONE,
};

static enum trust trust_of(const struct dg_evidence *e, size_t hop)
{
	bool has_walked = e->entry_hop != DG_NO_HOP;

	if (has_walked && hop == e->entry_hop) {
		return TRUST_ENTRY;
	}
	if (e->handoff_hop != DG_NO_HOP && hop <= e->handoff_hop) {
		return hop == e->handoff_hop ? TRUST_HANDOFF : TRUST_REPORTER;
	}
	return has_walked && hop < e->entry_hop ? TRUST_OURS : TRUST_NONE;
}

static const char *trust_words(enum trust t)
{
	switch (t) {
	case TRUST_REPORTER:
		return DG_MESSAGE("written by the organisation that reports: believed");
	case TRUST_HANDOFF:
		return DG_MESSAGE("written by the organisation that reports: believed; it says who "
				  "handed the mail over");
	case TRUST_OURS:
		return DG_MESSAGE("written by your server: believed");
	case TRUST_ENTRY:
		return DG_MESSAGE("written by your server: believed; it says how the mail came in");
	case TRUST_NONE:
		break;
	}
	return DG_MESSAGE("may be written by anybody before: not believed");
}

static void put_boundary(struct dg_buf *b)
{
	dg_put_wrapped(
		b, "  ", dg_word(DG_MESSAGE("------ trust boundary: below, nothing is proved")));
}

static void put_hops(struct dg_buf *b, const struct dg_evidence *e)
{
	const struct dg_bounce_head *h = e->returned;
	bool was_believed = true;

	dg_print_heading(b, DG_MESSAGE("Received lines of the original, the newest first"));
	for (size_t i = 0; i < h->n_hops; i++) {
		enum trust t = trust_of(e, i);

		if (t == TRUST_NONE && was_believed) {
			put_boundary(b);
			was_believed = false;
		}
		dg_print_numbered(b, i + 1, "{text}", h->hops[i].text);
		dg_print_line(b, "      -> ", dg_word(trust_words(t)), 0, 0, NULL);
	}
	if (was_believed && h->n_hops > 0) {
		put_boundary(b);
	}
	if (h->n_hops == 0) {
		dg_print_line(b, "  ", dg_word(DG_MESSAGE("none was returned")), 0, 0, NULL);
	}
}

/* What our own log says of it. */
static void put_entry(struct dg_buf *b, const struct dg_evidence *e)
{
	char text[DG_ADDRESS_TEXT_MAX];

	dg_print_line(b, "  ",
		dg_word(e->has_entry_client ? DG_MESSAGE("by your log: it went out from here, and "
							 "came in from {text}")
					    : DG_MESSAGE("by your log: it went out from here, and "
							 "came from a program or "
							 "a host of yours")),
		0, 0, e->has_entry_client ? dg_address_text(&e->entry_client, text) : "");
}

static void put_handoff(struct dg_buf *b, const struct dg_evidence *e)
{
	char text[DG_ADDRESS_TEXT_MAX];

	if (e->is_own_report) {
		put_value(b, DG_MESSAGE("a server of yours wrote this bounce itself: {text}"),
			e->host);
	} else if (e->has_handoff) {
		dg_print_line(b, "  ", dg_word(standing_words(e)), 0, 0,
			dg_address_text(&e->handoff, text));
	}
	if (e->claims_our_name) {
		dg_print_line(b, "  ",
			dg_word(DG_MESSAGE("it gave a name of yours as its own: that is forged")),
			0, 0, NULL);
	}
	put_value(b, DG_MESSAGE("why the boundary runs there: {text}"),
		dg_word(e->bounce->handoff.why));
	put_value(b, DG_MESSAGE("taken in by {text}"), e->entry == DG_ENTRY_NONE ? NULL : e->host);
	if (e->is_logged) {
		put_entry(b, e);
	}
	put_value(b, DG_MESSAGE("logged in as {text}"), e->user);
	put_value(b, DG_MESSAGE("script {text}"), e->script);
	put_value(b, "{text}", dg_words_signed(e->signed_by));
}

static void put_message(struct dg_buf *b, const struct dg_evidence *e)
{
	const struct dg_bounce *x = e->bounce;
	char at[24];

	put_value(b, DG_MESSAGE("what it is: {text}"), dg_words_kind(x->kind));
	put_value(b, DG_MESSAGE("because of: {text}"), dg_word(x->basis));
	put_value(b, DG_MESSAGE("came: {text} UTC"), dg_print_time(e->at, at));
	put_value(b, DG_MESSAGE("came to: {text}"), e->recipient);
	put_value(b, DG_MESSAGE("says that it was written by: {text}"), x->reporting_mta);
	put_value(b, DG_MESSAGE("organisation that reports: {text}"), e->reporter);
	if (e->has_client) {
		char text[DG_ADDRESS_TEXT_MAX];
		put_value(b, DG_MESSAGE("brought to you by: {text}"),
			dg_address_text(&e->client, text));
	}
	if (!e->is_plausible) {
		dg_print_line(b, "  ",
			dg_word(DG_MESSAGE("who brought it is not who says that he wrote it")), 0,
			0, NULL);
	}
	for (size_t i = 0; i < x->n_recipients; i++) {
		put_value(b, DG_MESSAGE("could not be delivered to: {text}"),
			x->recipients[i].address);
	}
}

void dg_case_explain(struct dg_buf *b, uint64_t number, const char *name,
	const struct dg_evidence *e, const struct dg_ruling *r)
{
	const struct dg_bounce_head *h = e->returned;

	dg_print_line(b, "", dg_word(DG_MESSAGE("Bounce {n}: {text}")), number, 0, name);
	put_message(b, e);
	dg_print_heading(
		b, DG_MESSAGE("What the original says of itself: all of it can be forged"));
	put_value(b, "From: {text}", h->from);
	put_value(b, "Return-Path: {text}", h->has_return_path ? h->return_path : "");
	put_value(b, "To: {text}", h->to);
	put_value(b, "Subject: {text}", h->subject);
	put_value(b, "Message-ID: {text}", h->message_id);
	put_hops(b, e);
	dg_print_heading(b, DG_MESSAGE("So"));
	put_handoff(b, e);
	dg_print_line(b, "  ", dg_word(DG_MESSAGE("the rule that decides: {text}")), 0, 0,
		dg_words_rule(r->rule));
	dg_print_line(
		b, "  ", dg_word(DG_MESSAGE("the class: {text}")), 0, 0, dg_words_class(r->class));
	if (r->is_list_leak) {
		dg_print_line(b, "  ",
			dg_word(DG_MESSAGE("it came to a mailing list, or out of one")), 0, 0,
			NULL);
	}
}
