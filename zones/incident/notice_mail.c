/* zones/incident/notice_mail.c: a letter as a message. */
#include "zones/base/buf.h"
#include "zones/base/digest.h"
#include "zones/base/json.h"
#include "zones/base/sink.h"
#include "zones/incident/notice_parts.h"

#include <string.h>

#define BASE64_LINE 76u
#define TEXT_MAX    ((size_t)256 << 10)
#define AGENT       "dnsguard"

struct writing {
	struct dg_buf *b;
	const struct dg_notice *notice;
	const struct dg_notice_seen *seen;
	const struct dg_notice_stamp *stamp;
};

static const struct dg_notice_item *sample_of(const struct dg_notice *n)
{
	for (size_t i = 0; i < n->n_places; i++) {
		if (n->places[i]->sample) {
			return n->places[i];
		}
	}
	return NULL;
}

static const char *domain_of(const char *address)
{
	return strrchr(address, '@') + 1;
}

/* --- header ----------------------------------------------------------------------------------- */
static void put_word(struct dg_buf *b, const char *field, const char *text)
{
	dg_buf_printf(b, "%s: ", field);
	dg_buf_put_mail_word(b, strlen(field) + 2, text, strlen(text));
	dg_buf_puts(b, "\r\n");
}

static void put_addresses(const struct writing *w)
{
	const struct dg_notice *n = w->notice;

	dg_buf_printf(w->b, "From: <%s>\r\n", w->stamp->from);
	for (size_t i = 0; i < n->n_to; i++) {
		dg_buf_printf(w->b, i == 0 ? "To: %s" : ",\r\n %s", n->to[i]);
	}
	dg_buf_puts(w->b, n->n_to > 0 ? "\r\n" : "");
}

static void put_subject(const struct writing *w)
{
	const struct dg_notice *n = w->notice;
	bool is_japanese = dg_notice_wants_japanese(n);
	struct dg_buf text;

	dg_buf_init(&text, TEXT_MAX);
	if (is_japanese) {
		dg_notice_fill(
			&text, dg_notice_words(n->kind, w->seen->kind, true)->subject, n, w->seen);
		dg_buf_puts(&text, " / ");
	}
	dg_notice_fill(&text, dg_notice_words(n->kind, w->seen->kind, false)->subject, n, w->seen);
	put_word(w->b, "Subject", text.data);
	dg_buf_done(&text);
}

static void put_header(const struct writing *w)
{
	put_addresses(w);
	put_subject(w);
	dg_buf_puts(w->b, "Date: ");
	dg_notice_put_date(w->b, w->stamp->now);
	dg_buf_puts(w->b, "\r\nMessage-ID: <");
	dg_notice_put_uuid(w->b, w->stamp->random);
	dg_buf_printf(w->b, "@%s>\r\n", domain_of(w->stamp->from));
	dg_buf_puts(w->b, "X-Unsent: 1\r\nAuto-Submitted: no\r\nMIME-Version: 1.0\r\n");
}

/* --- parts ------------------------------------------------------------------------------------ */
static bool is_ascii(const char *p)
{
	while (*p && (unsigned char)*p < 0x80) {
		p++;
	}
	return *p == '\0';
}

static void put_body(const struct writing *w)
{
	const struct dg_notice *n = w->notice;
	struct dg_buf text;

	dg_buf_init(&text, TEXT_MAX);
	if (dg_notice_wants_japanese(n)) {
		dg_notice_fill(
			&text, dg_notice_words(n->kind, w->seen->kind, true)->body, n, w->seen);
		dg_buf_puts(&text, "\n----\n\n");
	}
	dg_notice_fill(&text, dg_notice_words(n->kind, w->seen->kind, false)->body, n, w->seen);
	dg_buf_printf(w->b,
		"Content-Type: text/plain; charset=UTF-8\r\n"
		"Content-Transfer-Encoding: %s\r\n\r\n",
		is_ascii(text.data) ? "7bit" : "8bit"); /* a person reads and changes it */
	for (const char *p = text.data; *p;) {
		size_t len = strcspn(p, "\n");
		dg_buf_put_mail_line(w->b, p, len);
		dg_buf_puts(w->b, "\r\n");
		p += len + (p[len] == '\n');
	}
	dg_buf_done(&text);
}

/* The fields that a sample has; any other line is none of ours. NULL: not one of them. */
static const char *known_field(const char *line)
{
	static const char *const names[] = {
		"Return-Path", "Received", "Message-ID", "Date", "From", "Subject"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);
		if (strncmp(line, names[i], n) == 0 && line[n] == ':' && line[n + 1] == ' ') {
			return names[i];
		}
	}
	return NULL;
}

/* Field by field, each folded where it is long. */
static void put_sample_lines(struct dg_buf *b, const char *sample)
{
	for (const char *p = sample; *p;) {
		size_t len = strcspn(p, "\n");
		const char *name = known_field(p);

		if (name) {
			size_t head = strlen(name) + 2;
			dg_buf_printf(b, "%s: ", name);
			dg_buf_put_mail_word(b, head, p + head, len - head);
			dg_buf_puts(b, "\r\n");
		}
		p += len + (p[len] == '\n');
	}
}

static void put_boundary(const struct writing *w, const char *end)
{
	dg_buf_puts(w->b, "--=_");
	dg_notice_put_uuid(w->b, w->stamp->random);
	dg_buf_printf(w->b, "%s\r\n", end);
}

static void put_multipart(const struct writing *w, const char *type)
{
	dg_buf_printf(w->b, "Content-Type: %s;\r\n\tboundary=\"=_", type);
	dg_notice_put_uuid(w->b, w->stamp->random);
	dg_buf_puts(w->b, "\"\r\n\r\n");
	put_boundary(w, "");
	put_body(w);
}

static void put_sample_part(const struct writing *w, const struct dg_notice_item *item)
{
	put_boundary(w, "");
	dg_buf_puts(w->b, "Content-Type: text/rfc822-headers; charset=us-ascii\r\n\r\n");
	put_sample_lines(w->b, item->sample);
	dg_buf_puts(w->b, "\r\n");
	put_boundary(w, "--");
}

static void put_arf(const struct writing *w, const struct dg_notice_item *item)
{
	bool is_origin = w->notice->kind == DG_NOTICE_ORIGIN;
	struct dg_address a;

	put_multipart(w, "multipart/report; report-type=feedback-report");
	put_boundary(w, "");
	dg_buf_printf(w->b, "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: %s\r\n",
		is_origin ? "abuse" : "other");
	dg_buf_puts(w->b, "User-Agent: " AGENT "\r\nVersion: 1\r\n");
	if (dg_address_parse(item->text, strlen(item->text), &a) == 0) {
		dg_buf_printf(w->b, "Source-IP: %s\r\n", item->text);
	}
	if (item->last > 0) {
		dg_buf_puts(w->b, "Arrival-Date: ");
		dg_notice_put_date(w->b, item->last);
		dg_buf_puts(w->b, "\r\n");
	}
	if (w->seen->n_domains > 0) {
		put_word(w->b, "Reported-Domain", w->seen->domains[0]);
	}
	dg_buf_printf(w->b, "Incidents: %llu\r\n\r\n", (unsigned long long)w->notice->n);
	put_sample_part(w, item);
}

/* --- XARF ------------------------------------------------------------------------------------- */
static json_t *contact(const struct writing *w)
{
	json_t *o = json_object();
	const char *domain = domain_of(w->stamp->from);

	dg_json_set(o, "org", dg_json_text(domain));
	dg_json_set(o, "contact", dg_json_text(w->stamp->from));
	dg_json_set(o, "domain", dg_json_text(domain));
	return o;
}

/* The value of a field of a sample; NULL: it is not there. */
static json_t *field_of(const char *sample, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = sample; p && *p;) {
		size_t len = strcspn(p, "\n");
		if (len > n && strncmp(p, name, n) == 0) {
			struct dg_buf b;
			dg_buf_init(&b, DG_NOTICE_SAMPLE_MAX);
			dg_buf_put(&b, p + n, len - n);
			json_t *text = dg_json_text(b.data);
			dg_buf_done(&b);
			return text;
		}
		p += len + (p[len] == '\n');
	}
	return NULL;
}

static json_t *evidence(const char *sample)
{
	uint8_t digest[DG_DIGEST_LEN];
	char text[DG_DIGEST_TEXT_MAX];
	struct dg_buf payload;
	struct dg_buf header;
	json_t *o = json_object();
	json_t *list = json_array();

	dg_buf_init(&header, 4 * DG_NOTICE_SAMPLE_MAX);
	dg_buf_init(&payload, 8 * DG_NOTICE_SAMPLE_MAX);
	put_sample_lines(&header, sample);
	dg_buf_put_base64(&payload, 0, header.data, header.len);
	dg_digest(header.data, header.len, digest);
	(void)dg_digest_text(digest, DG_DIGEST_LEN, text);
	struct dg_buf hash;
	dg_buf_init(&hash, 100);
	dg_buf_printf(&hash, "sha256:%s", text);
	dg_json_set(o, "content_type", json_string("text/rfc822-headers"));
	dg_json_set(o, "description",
		json_string("Header of one such mail, as far as the receiving server wrote it"));
	dg_json_set(o, "payload", dg_json_text(payload.data));
	dg_json_set(o, "hash", dg_json_text(hash.data));
	dg_json_set(o, "size", json_integer((json_int_t)header.len));
	dg_buf_done(&hash);
	dg_buf_done(&payload);
	dg_buf_done(&header);
	(void)json_array_append_new(list, o);
	return list;
}

static json_t *text_by(void (*put)(struct dg_buf *b, int64_t at), int64_t at)
{
	struct dg_buf b;

	dg_buf_init(&b, 64);
	put(&b, at);
	json_t *text = dg_json_text(b.data);
	dg_buf_done(&b);
	return text;
}

static json_t *report_id(const struct writing *w)
{
	struct dg_buf b;

	dg_buf_init(&b, 64);
	dg_notice_put_uuid(&b, w->stamp->random);
	json_t *text = dg_json_text(b.data);
	dg_buf_done(&b);
	return text;
}

void dg_notice_put_xarf(struct dg_buf *b, const struct dg_notice *n,
	const struct dg_notice_seen *seen, const struct dg_notice_stamp *stamp)
{
	const struct writing w = {b, n, seen, stamp};
	const struct dg_notice_item *item = sample_of(n);
	json_t *o = json_object();

	item = item ? item : n->n_places > 0 ? n->places[0] : NULL;
	dg_json_set(o, "xarf_version", json_string("4.2.0"));
	dg_json_set(o, "report_id", report_id(&w));
	dg_json_set(o, "timestamp",
		text_by(dg_notice_put_time, item && item->last > 0 ? item->last : stamp->now));
	dg_json_set(o, "reporter", contact(&w));
	dg_json_set(o, "sender", contact(&w));
	dg_json_set(o, "source_identifier", dg_json_text(item ? item->text : n->organisation));
	dg_json_set(o, "category", json_string("messaging"));
	dg_json_set(o, "type", json_string("spam"));
	dg_json_set(o, "protocol", json_string("smtp"));
	dg_json_set(o, "evidence_source", json_string("automated_filter"));
	dg_json_set(o, "description",
		json_string("Mail with a forged sender domain; seen by the bounces it caused"));
	if (item && item->sample) {
		json_t *sender = field_of(item->sample, "Return-Path: ");
		sender = sender ? sender : field_of(item->sample, "From: ");
		dg_json_set(o, "smtp_from", sender ? sender : json_null());
		json_t *subject = field_of(item->sample, "Subject: ");
		dg_json_set(o, "subject", subject ? subject : json_string(""));
		dg_json_set(o, "evidence", evidence(item->sample));
	}
	dg_json_put(b, o);
}

static void put_xarf(const struct writing *w, const struct dg_notice_item *item)
{
	struct dg_buf json;

	dg_buf_init(&json, DG_NOTICE_LETTER_MAX);
	dg_notice_put_xarf(&json, w->notice, w->seen, w->stamp);
	put_multipart(w, "multipart/mixed");
	put_boundary(w, "");
	dg_buf_puts(w->b, "Content-Type: application/json; name=\"xarf.json\"\r\n"
			  "Content-Disposition: attachment; filename=\"xarf.json\"\r\n"
			  "Content-Transfer-Encoding: base64\r\n\r\n");
	dg_buf_put_base64(w->b, BASE64_LINE, json.data, json.len);
	dg_buf_done(&json);
	put_sample_part(w, item);
}

void dg_notice_put(struct dg_buf *b, const struct dg_notice *n, const struct dg_notice_seen *seen,
	const struct dg_notice_stamp *stamp)
{
	const struct writing w = {b, n, seen, stamp};
	const struct dg_notice_item *sample = sample_of(n);

	put_header(&w);
	if (!sample || stamp->form == DG_NOTICE_TEXT) {
		put_body(&w);
	} else if (stamp->form == DG_NOTICE_ARF) {
		put_arf(&w, sample);
	} else {
		put_xarf(&w, sample);
	}
}
