/* zones/bounce/feed.c: the bounces that Amazon SES (alone, or as the Message of an SNS notification) and SendGrid tell as JSON. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/message.h"
#include "zones/bounce/parts.h"

#include <jansson.h>

#define RECORD_MEMORY ((size_t)2 << 20) /* of one event; its texts are cut before */

struct feed {
	struct dg_arena *arena; /* NULL: one for each event */
	void (*on_bounce)(void *arg, const struct dg_bounce *b);
	void *arg;
	size_t n;
};

/* One event on its way. */
struct event {
	struct dg_reading reading;
	struct dg_bounce bounce;
};

static struct dg_span string(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value)) {
		return (struct dg_span){"", 0};
	}
	return (struct dg_span){json_string_value(value), json_string_length(value)};
}

static const char *text(struct event *e, const json_t *object, const char *key)
{
	return dg_clean(&e->reading, string(object, key));
}

static void begin(
	const struct feed *f, struct event *e, enum dg_bounce_kind kind, const char *shape)
{
	*e = (struct event){0};
	dg_bounce_unreadable(&e->bounce, "");
	e->bounce.kind = kind;
	e->bounce.form = DG_BOUNCE_FORM_FEED;
	e->bounce.shape = shape;
	e->reading.bounce = &e->bounce;
	e->reading.arena = f->arena ? f->arena : dg_arena_new(RECORD_MEMORY);
}

static void end(struct feed *f, struct event *e)
{
	dg_handoff_find(&e->reading);
	f->on_bounce(f->arg, &e->bounce);
	f->n++;
	if (!f->arena) {
		e->reading.arena = dg_arena_free(e->reading.arena);
	}
}

/* --- Amazon SES ------------------------------------------------------------------------------------ */
static const struct {
	const char *type, *object, *recipients;
	enum dg_bounce_kind kind;
	enum dg_bounce_action action;
	const char *basis;
} notices[] = {
	{"Bounce", "bounce", "bouncedRecipients", DG_BOUNCE_BOUNCE, DG_BOUNCE_ACTION_FAILED,
		DG_MESSAGE("Amazon SES tells of a bounce")},
	{"Complaint", "complaint", "complainedRecipients", DG_BOUNCE_COMPLAINT,
		DG_BOUNCE_ACTION_NONE, DG_MESSAGE("Amazon SES tells of a complaint")},
	{"Delivery", "delivery", "recipients", DG_BOUNCE_DELIVERED, DG_BOUNCE_ACTION_DELIVERED,
		DG_MESSAGE("Amazon SES tells of a delivery")},
	{"DeliveryDelay", "deliveryDelay", "delayedRecipients", DG_BOUNCE_DELAY,
		DG_BOUNCE_ACTION_DELAYED, DG_MESSAGE("Amazon SES tells of a delay")},
};

static enum dg_bounce_action action_of(struct dg_span word, enum dg_bounce_action other)
{
	return dg_span_is(word, DG_SPAN("failed"))    ? DG_BOUNCE_ACTION_FAILED
	       : dg_span_is(word, DG_SPAN("delayed")) ? DG_BOUNCE_ACTION_DELAYED
						      : other;
}

static void ses_recipients(struct event *e, const json_t *list, enum dg_bounce_action action)
{
	size_t i = 0;
	const json_t *one = NULL;

	json_array_foreach(list, i, one)
	{
		struct dg_bounce_recipient *r = dg_recipient_new(&e->reading);

		if (!r) {
			continue;
		}
		r->action = action_of(string(one, "action"), action);
		if (json_is_string(one)) {
			r->address = dg_clean(&e->reading,
				(struct dg_span){json_string_value(one), json_string_length(one)});
			continue;
		}
		r->address = text(e, one, "emailAddress");
		r->status = text(e, one, "status");
		r->diagnostic =
			dg_clean(&e->reading, dg_without_type(string(one, "diagnosticCode")));
	}
}

/* What the notice says of the letter; its header, when it is told. */
static void ses_letter(struct event *e, const json_t *mail)
{
	struct dg_bounce_head *h = &e->bounce.original;
	struct dg_buf header;
	const json_t *one = NULL;
	size_t i = 0;

	dg_buf_init(&header, DG_BOUNCE_READ_MAX);
	json_array_foreach(json_object_get(mail, "headers"), i, one)
	{
		struct dg_span name = string(one, "name");
		struct dg_span value = string(one, "value");

		dg_buf_put(&header, name.p, name.n);
		dg_buf_puts(&header, ": ");
		for (size_t k = 0; k < value.n; k++) { /* a line end is a fold */
			const char *c = dg_is_blank(value.p[k]) ? " " : value.p + k;
			dg_buf_put(&header, c, 1);
		}
		dg_buf_putc(&header, '\n');
	}
	dg_head_read(&e->reading, (struct dg_span){header.data, header.len}, h);
	dg_buf_done(&header);
	if (h->n_fields > 0) {
		e->bounce.original_is = DG_BOUNCE_ORIGINAL_HEADERS;
	}
	h->return_path = text(e, mail, "source");
	h->has_return_path = h->return_path[0] != '\0';
	h->from = h->from[0] != '\0' ? h->from : h->return_path;
	if (h->message_id[0] == '\0') {
		h->message_id = text(e, mail, "messageId");
	}
	e->bounce.source_ip = text(e, mail, "sourceIp");
}

static bool ses(struct feed *f, const json_t *root)
{
	const char *type = json_string_value(json_object_get(root, "notificationType"));
	struct event e;

	type = type ? type : json_string_value(json_object_get(root, "eventType"));
	for (size_t i = 0; type && i < sizeof(notices) / sizeof(notices[0]); i++) {
		const json_t *object = json_object_get(root, notices[i].object);

		if (strcmp(type, notices[i].type) != 0 || !object) {
			continue;
		}
		begin(f, &e, notices[i].kind, "Amazon SES");
		e.bounce.basis = notices[i].basis;
		ses_recipients(
			&e, json_object_get(object, notices[i].recipients), notices[i].action);
		e.bounce.reporting_mta =
			dg_clean(&e.reading, dg_without_type(string(object, "reportingMTA")));
		e.bounce.arrival_date = text(&e, object, "timestamp");
		e.bounce.feedback_type = text(&e, object, "complaintFeedbackType");
		ses_letter(&e, json_object_get(root, "mail"));
		end(f, &e);
		return true;
	}
	return false;
}

/* The notification of SNS has SES's as a text. */
static bool sns(struct feed *f, const json_t *root)
{
	struct dg_span message = string(root, "Message");
	json_t *inner = message.n > 0
				? json_loadb(message.p, message.n, JSON_REJECT_DUPLICATES, NULL)
				: NULL;
	bool found = inner && ses(f, inner);

	json_decref(inner);
	return found;
}

/* --- SendGrid ---------------------------------------------------------------------------------------- */
static const struct {
	const char *event;
	enum dg_bounce_kind kind;
	enum dg_bounce_action action;
	const char *basis;
} events[] = {
	{"bounce", DG_BOUNCE_BOUNCE, DG_BOUNCE_ACTION_FAILED,
		DG_MESSAGE("SendGrid tells of a bounce")},
	{"dropped", DG_BOUNCE_BOUNCE, DG_BOUNCE_ACTION_FAILED,
		DG_MESSAGE("SendGrid tells that it dropped it")},
	{"deferred", DG_BOUNCE_DELAY, DG_BOUNCE_ACTION_DELAYED,
		DG_MESSAGE("SendGrid tells of a delay")},
	{"delivered", DG_BOUNCE_DELIVERED, DG_BOUNCE_ACTION_DELIVERED,
		DG_MESSAGE("SendGrid tells of a delivery")},
	{"spamreport", DG_BOUNCE_COMPLAINT, DG_BOUNCE_ACTION_NONE,
		DG_MESSAGE("SendGrid tells of a complaint")},
};

static void sendgrid_recipient(struct event *e, const json_t *one, enum dg_bounce_action action)
{
	struct dg_bounce_recipient *r = dg_recipient_new(&e->reading);

	r->address = text(e, one, "email");
	r->action = action;
	r->status = text(e, one, "status");
	r->diagnostic = text(e, one, "reason");
	if (r->diagnostic[0] == '\0') {
		r->diagnostic = text(e, one, "response");
	}
}

static bool sendgrid(struct feed *f, const json_t *one)
{
	const char *event = json_string_value(json_object_get(one, "event"));
	struct event e;

	/* the list of bounces has no events: each is one */
	event = event || string(one, "reason").n == 0 ? event : "bounce";
	if (!event || string(one, "email").n == 0) {
		return false;
	}
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (strcmp(event, events[i].event) == 0) {
			begin(f, &e, events[i].kind, "SendGrid");
			e.bounce.basis = events[i].basis;
			sendgrid_recipient(&e, one, events[i].action);
			e.bounce.original.message_id = text(&e, one, "smtp-id");
			e.bounce.arrival_date = text(&e, one, "created");
			end(f, &e);
			return true;
		}
	}
	return false;
}

int dg_bounce_feed(const char *p, size_t len,
	void (*on_bounce)(void *arg, const struct dg_bounce *b), void *arg)
{
	struct dg_span s = dg_span_trim((struct dg_span){p, len});
	struct feed f = {.on_bounce = on_bounce, .arg = arg};
	const json_t *one = NULL;
	size_t i = 0;

	if (s.n == 0 || (s.p[0] != '{' && s.p[0] != '[')) {
		return 1;
	}
	json_t *root = json_loadb(s.p, s.n, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(root) && !ses(&f, root) && !sns(&f, root)) {
		(void)sendgrid(&f, root);
	}
	json_array_foreach(root, i, one)
	{
		(void)(ses(&f, one) || sns(&f, one) || sendgrid(&f, one));
	}
	json_decref(root);
	return f.n > 0 ? 0 : 1;
}

static void take_event(void *arg, const struct dg_bounce *b)
{
	struct dg_bounce *out = arg;
	struct dg_bounce_head outer = out->outer;
	bool is_cut = out->is_cut;
	bool by_library = out->by_library;

	*out = *b;
	out->outer = outer;
	out->is_cut = is_cut;
	out->by_library = by_library;
}

/* SNS can send its notifications by mail: JSON, then words for people. */
bool dg_feed_in_text(struct dg_reading *r)
{
	struct dg_span s = dg_span_trim(r->text);
	struct feed f = {.arena = r->arena, .on_bounce = take_event, .arg = r->bounce};
	size_t len = 0;

	if (s.n == 0 || s.p[0] != '{') {
		return false;
	}
	char *text = dg_get(r->arena, 1, s.n + 1); /* lines were cut wherever they were long */
	for (size_t i = 0; i < s.n; i++) {
		text[len] = s.p[i];
		len += s.p[i] != '\r' && s.p[i] != '\n';
	}
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, NULL);
	bool found = json_is_object(root) && (ses(&f, root) || sns(&f, root));
	json_decref(root);
	return found;
}
