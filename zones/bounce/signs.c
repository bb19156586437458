#include "zones/bounce/signs.h"

#define QUOTES      2u /* lines that make it quoted */
#define STATUS_TEXT 1500u

/* --- who sends it ----------------------------------------------------------------------------------- */
static const struct dg_span daemon_names[] = {{"mailer-daemon", 13}, {"mailerdaemon", 12},
	{"mailer_daemon", 13}, {"postmaster", 10}, {"post_master", 11}, {"post-master", 11},
	{"mdaemon", 7}, {"mail-daemon", 11}, {"maildaemon", 10}, {"mail.delivery.system", 20},
	{"microsoftexchange", 17}, {"double-bounce", 13}, {"\"mailer-daemon", 14}};

static const struct dg_span daemon_words[] = {{"mail delivery s", 15}, {"delivery subsystem", 18},
	{"mail delivery agent", 19}, {"mail system", 11}, {"mailer daemon", 13},
	{"mailer-daemon", 13}, {"system administrator", 20}, {"postmaster", 10},
	{"mail administrator", 18}, {"ndr administrator", 17}, {"mail delivery", 13}};

static bool is_mailer_address(const char *address)
{
	struct dg_span s = {address, strlen(address)};

	return s.n == 0 || dg_span_begins(s, DG_SPAN("mailer-daemon")) ||
	       dg_span_begins(s, DG_SPAN("mailerdaemon")) ||
	       dg_span_begins(s, DG_SPAN("microsoftexchange"));
}

static bool has_quotes(struct dg_span text)
{
	struct dg_span line;
	size_t n = 0;

	while (n < QUOTES && dg_line_next(&text, &line)) {
		n += line.n > 1 && line.p[0] == '>';
	}
	return n == QUOTES;
}

static bool is_daemon_address(const char *address)
{
	struct dg_span s = {address, strlen(address)};

	for (size_t i = 0; i < sizeof(daemon_names) / sizeof(daemon_names[0]); i++) {
		if (dg_span_begins(s, daemon_names[i])) {
			return true;
		}
	}
	return false;
}

static bool is_daemon_name(struct dg_span from)
{
	for (size_t i = 0; i < sizeof(daemon_words) / sizeof(daemon_words[0]); i++) {
		if (dg_span_has(from, daemon_words[i])) {
			return true;
		}
	}
	return dg_span_is(dg_span_trim(from), DG_SPAN("<>"));
}

static bool is_machine_address(const char *address)
{
	static const struct dg_span words[] = {{"noreply", 7}, {"no-reply", 8}, {"no_reply", 8},
		{"donotreply", 10}, {"do-not-reply", 12}, {"bounce", 6}, {"daemon", 6},
		{"gateway", 7}, {"antivirus", 9}, {"delivery", 8}, {"mailer", 6}, {"smtp", 4},
		{"system", 6}, {"notif", 5}, {"ndr", 3}, {"robot", 5}};
	const char *at = strrchr(address, '@');
	struct dg_span local = {address, at ? (size_t)(at - address) : strlen(address)};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (dg_span_has(local, words[i])) {
			return true;
		}
	}
	return false;
}

/* --- fields that the record has no place for ---------------------------------------------------------- */
static void look_at(struct dg_signs *s, const struct dg_field *f)
{
	if (dg_span_is(f->name, DG_SPAN("from"))) {
		s->is_daemon = s->is_daemon || is_daemon_name(f->value);
	} else if (dg_span_is(f->name, DG_SPAN("in-reply-to")) ||
		   dg_span_is(f->name, DG_SPAN("references")) ||
		   dg_span_is(f->name, DG_SPAN("x-forwarded-message-id")) ||
		   dg_span_begins(f->name, DG_SPAN("resent-"))) {
		s->is_answer = true;
	} else if (dg_span_is(f->name, DG_SPAN("list-unsubscribe")) ||
		   dg_span_is(f->name, DG_SPAN("feedback-id"))) {
		s->is_list = true;
	} else if (dg_span_is(f->name, DG_SPAN("x-failed-recipients"))) {
		s->failed = f->value;
	} else if (dg_span_is(f->name, DG_SPAN("x-autoreply")) ||
		   dg_span_is(f->name, DG_SPAN("x-autorespond")) ||
		   dg_span_is(f->name, DG_SPAN("x-auto-response-suppress"))) {
		s->is_auto = true;
	}
}

void dg_signs_read(struct dg_reading *r, struct dg_span head, struct dg_signs *ret_signs)
{
	const struct dg_bounce_head *outer = &r->bounce->outer;
	struct dg_span auto_submitted = {outer->auto_submitted, strlen(outer->auto_submitted)};
	struct dg_span precedence = {outer->precedence, strlen(outer->precedence)};
	struct dg_signs s = {.failed = {"", 0}};
	struct dg_field f;
	size_t n = 0;

	while (n++ < DG_BOUNCE_HEADERS_MAX && dg_field_next(&head, &f)) {
		look_at(&s, &f);
	}
	s.is_daemon = s.is_daemon || is_daemon_address(outer->from) ||
		      is_daemon_address(outer->return_path);
	s.is_machine = is_machine_address(outer->from);
	s.is_null = outer->is_null;
	s.is_auto = s.is_auto || dg_span_begins(auto_submitted, DG_SPAN("auto-"));
	s.is_list =
		s.is_list || outer->list_id[0] != '\0' || dg_span_is(precedence, DG_SPAN("list"));
	struct dg_span subject = {outer->subject, strlen(outer->subject)};
	dg_subject_hear(dg_text_plain(r->arena, subject), &s.subject);
	/* what a delivery status says needs few words besides */
	dg_phrases_hear(dg_text_plain(r->arena,
				r->found.status ? dg_span_head(r->text, STATUS_TEXT) : r->text),
		&s.text);
	s.is_mailer = is_mailer_address(outer->from);
	s.has_quotes = has_quotes(r->text) || s.text.weight[DG_PHRASE_FORWARD] >= 3;
	s.is_answer = s.is_answer || s.subject.weight[DG_PHRASE_FORWARD] > 0;
	*ret_signs = s;
}
