#include "zones/base/arena.h"
#include "zones/bounce/parts.h"
#include "zones/mail/tags.h"

void dg_head_none(struct dg_bounce_head *ret_head)
{
	*ret_head = (struct dg_bounce_head){.from = "",
		.return_path = "",
		.to = "",
		.delivered_to = "",
		.subject = "",
		.message_id = "",
		.date = "",
		.auto_submitted = "",
		.precedence = "",
		.list_id = "",
		.x_originating_ip = "",
		.x_php_script = "",
		.x_mailer = ""};
}

/* --- fields, each a function --------------------------------------------------------------------- */
typedef void field_reader(struct dg_reading *r, struct dg_bounce_head *h, struct dg_span value);

static void take_address(struct dg_reading *r, const char **text, struct dg_span value)
{
	struct dg_span address;

	if ((*text)[0] == '\0' && dg_mailbox_first(value, &address)) {
		*text = dg_clean(r, address);
	}
}

static void take_words(struct dg_reading *r, const char **text, struct dg_span value)
{
	if ((*text)[0] == '\0') {
		*text = dg_clean_words(r, value);
	}
}

#define ADDRESS(name)                                                                 \
	static void read_##name(                                                      \
		struct dg_reading *r, struct dg_bounce_head *h, struct dg_span value) \
	{                                                                             \
		take_address(r, &h->name, value);                                     \
	}
#define WORDS(name)                                                                   \
	static void read_##name(                                                      \
		struct dg_reading *r, struct dg_bounce_head *h, struct dg_span value) \
	{                                                                             \
		take_words(r, &h->name, value);                                       \
	}
ADDRESS(from)
ADDRESS(to)
ADDRESS(delivered_to)
WORDS(subject)
WORDS(auto_submitted)
WORDS(precedence)
WORDS(x_php_script)
WORDS(x_mailer)

static void read_return_path(struct dg_reading *r, struct dg_bounce_head *h, struct dg_span value)
{
	struct dg_span address = {"", 0};

	if (h->has_return_path) {
		return;
	}
	h->has_return_path = true;
	(void)dg_mailbox_first(value, &address);
	h->return_path = dg_clean(r, address);
	h->is_null = value.n > 0 && address.n == 0;
}

static void read_message_id(struct dg_reading *r, struct dg_bounce_head *h, struct dg_span value)
{
	size_t open = dg_span_char(value, '<');

	if (open != DG_NOWHERE && dg_span_char(value, '>') != DG_NOWHERE) {
		value = dg_span_cut(value, open);
		size_t close = dg_span_char(value, '>');
		value = dg_span_head(value, close == DG_NOWHERE ? value.n : close + 1);
	}
	if (h->message_id[0] == '\0') {
		h->message_id = dg_clean(r, value);
	}
}

static void read_date(struct dg_reading *r, struct dg_bounce_head *h, struct dg_span value)
{
	if (h->date[0] == '\0') {
		h->date = dg_clean(r, value);
		h->at = dg_date_parse(value);
	}
}

static void read_list_id(struct dg_reading *r, struct dg_bounce_head *h, struct dg_span value)
{
	struct dg_span id;

	if (h->list_id[0] == '\0') {
		h->list_id = dg_clean(r, dg_mailbox_first(value, &id) ? id : value);
	}
}

static void read_originating(struct dg_reading *r, struct dg_bounce_head *h, struct dg_span value)
{
	while (value.n > 0 && strchr("[(", value.p[0])) {
		value = dg_span_cut(value, 1);
	}
	while (value.n > 0 && strchr(")]", value.p[value.n - 1])) {
		value.n--;
	}
	if (h->x_originating_ip[0] == '\0') {
		h->x_originating_ip = dg_clean(r, value);
	}
}

static void read_signature(struct dg_reading *r, struct dg_bounce_head *h, struct dg_span value)
{
	struct dg_tag tag;
	size_t pos = 0;

	if (h->n_signatures == DG_BOUNCE_DKIM_MAX) {
		return;
	}
	struct dg_bounce_signature *s = &h->signatures[h->n_signatures++];
	*s = (struct dg_bounce_signature){"", ""};
	while (dg_tag_next(value.p, value.n, &pos, &tag)) {
		struct dg_span name = dg_span_trim((struct dg_span){tag.name, tag.name_len});

		if (!tag.value) {
			continue;
		}
		if (dg_span_is(name, DG_SPAN("d"))) {
			s->domain = dg_clean(r, (struct dg_span){tag.value, tag.value_len});
		} else if (dg_span_is(name, DG_SPAN("s"))) {
			s->selector = dg_clean(r, (struct dg_span){tag.value, tag.value_len});
		}
	}
}

#define HOPS_USUAL 6u

static void read_received(struct dg_reading *r, struct dg_bounce_head *h, struct dg_span value)
{
	if (h->n_hops == DG_BOUNCE_HOPS_MAX) {
		h->n_hops_dropped++;
		return;
	}
	if (h->n_hops == 0 ||
		h->n_hops == HOPS_USUAL) { /* room for the usual number, then for all */
		size_t room = h->n_hops == 0 ? HOPS_USUAL : DG_BOUNCE_HOPS_MAX;
		struct dg_bounce_hop *hops = dg_newn(r->arena, struct dg_bounce_hop, room);

		if (h->n_hops > 0) {
			memcpy(hops, h->hops, h->n_hops * sizeof(*hops));
		}
		h->hops = hops;
	}
	dg_hop_parse(r, value, &h->hops[h->n_hops++]);
}

static const struct {
	struct dg_span name;
	field_reader *read;
} readers[] = {
	{{"received", 8}, read_received},
	{{"from", 4}, read_from},
	{{"to", 2}, read_to},
	{{"subject", 7}, read_subject},
	{{"date", 4}, read_date},
	{{"message-id", 10}, read_message_id},
	{{"return-path", 11}, read_return_path},
	{{"delivered-to", 12}, read_delivered_to},
	{{"x-original-to", 13}, read_delivered_to},
	{{"envelope-to", 11}, read_delivered_to},
	{{"x-envelope-to", 13}, read_delivered_to},
	{{"x-delivered-to", 14}, read_delivered_to},
	{{"dkim-signature", 14}, read_signature},
	{{"list-id", 7}, read_list_id},
	{{"x-beenthere", 11}, read_list_id},
	{{"list-post", 9}, read_list_id},
	{{"auto-submitted", 14}, read_auto_submitted},
	{{"precedence", 10}, read_precedence},
	{{"x-originating-ip", 16}, read_originating},
	{{"x-php-originating-script", 24}, read_x_php_script},
	{{"x-php-script", 12}, read_x_php_script},
	{{"x-mailer", 8}, read_x_mailer},
	{{"user-agent", 10}, read_x_mailer},
};

void dg_head_read(struct dg_reading *r, struct dg_span head, struct dg_bounce_head *ret_head)
{
	struct dg_field f;

	dg_head_none(ret_head);
	while (dg_field_next(&head, &f)) {
		if (ret_head->n_fields++ >= DG_BOUNCE_HEADERS_MAX ||
			f.value.n > DG_BOUNCE_HEADER_MAX) {
			r->bounce->is_cut = true;
			if (ret_head->n_fields > DG_BOUNCE_HEADERS_MAX) {
				break;
			}
			continue;
		}
		for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
			if (dg_span_is(f.name, readers[i].name)) {
				readers[i].read(r, ret_head, f.value);
				break;
			}
		}
	}
}
