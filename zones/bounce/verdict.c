/* zones/bounce/verdict.c: what kind of message it is. Its parts say most; where it has none, who sends it, how, and in what words. */
#include "zones/base/message.h"
#include "zones/bounce/parts.h"
#include "zones/bounce/signs.h"

static void say(
	struct dg_reading *r, enum dg_bounce_kind kind, enum dg_bounce_form form, const char *basis)
{
	r->bounce->kind = kind;
	r->bounce->form = form;
	r->bounce->basis = basis;
}

/* --- delivery status ---------------------------------------------------------------------------------- */
static bool has_action(const struct dg_bounce *b, enum dg_bounce_action action)
{
	for (size_t i = 0; i < b->n_recipients; i++) {
		if (b->recipients[i].action == action) {
			return true;
		}
	}
	return false;
}

static bool has_status(const struct dg_bounce *b, char class)
{
	for (size_t i = 0; i < b->n_recipients; i++) {
		if (b->recipients[i].status[0] == class) {
			return true;
		}
	}
	return false;
}

static void by_status(struct dg_reading *r, const struct dg_signs *s)
{
	const struct dg_bounce *b = r->bounce;

	if (has_action(b, DG_BOUNCE_ACTION_FAILED)) {
		say(r, DG_BOUNCE_BOUNCE, DG_BOUNCE_FORM_DSN,
			DG_MESSAGE("a delivery status with an action \"failed\""));
	} else if (has_action(b, DG_BOUNCE_ACTION_DELAYED)) {
		say(r, DG_BOUNCE_DELAY, DG_BOUNCE_FORM_DSN,
			DG_MESSAGE("a delivery status with an action \"delayed\""));
	} else if (has_action(b, DG_BOUNCE_ACTION_DELIVERED) ||
		   has_action(b, DG_BOUNCE_ACTION_RELAYED) ||
		   has_action(b, DG_BOUNCE_ACTION_EXPANDED)) {
		say(r, DG_BOUNCE_DELIVERED, DG_BOUNCE_FORM_DSN,
			DG_MESSAGE("a delivery status with an action of success"));
	} else if (has_status(b, '2') && !has_status(b, '5')) {
		say(r, DG_BOUNCE_DELIVERED, DG_BOUNCE_FORM_DSN,
			DG_MESSAGE("a delivery status of success"));
	} else if (s->text.weight[DG_PHRASE_DELAYED] > s->text.weight[DG_PHRASE_FAILED]) {
		say(r, DG_BOUNCE_DELAY, DG_BOUNCE_FORM_DSN,
			DG_MESSAGE("a delivery status, and a text that tells of a delay"));
	} else {
		say(r, DG_BOUNCE_BOUNCE, DG_BOUNCE_FORM_DSN,
			DG_MESSAGE("a delivery status without an action"));
	}
}

/* A person's mail that carries a report of somebody's. */
static bool is_persons(const struct dg_signs *s)
{
	return !s->is_daemon && !s->is_null && !s->is_auto;
}

/* --- other reports ------------------------------------------------------------------------------------- */
static void by_feedback(struct dg_reading *r)
{
	struct dg_span body = dg_part_decoded(r->arena, r->found.feedback);
	struct dg_bounce *b = r->bounce;
	struct dg_field f;
	const struct {
		struct dg_span name;
		const char **text;
	} fields[] = {
		{{"feedback-type", 13}, &b->feedback_type},
		{{"source-ip", 9}, &b->source_ip},
		{{"reported-domain", 15}, &b->reported_domain},
		{{"original-mail-from", 18}, &b->original_mail_from},
		{{"original-rcpt-to", 16}, &b->original_rcpt_to},
		{{"reporting-mta", 13}, &b->reporting_mta},
		{{"arrival-date", 12}, &b->arrival_date},
	};

	while (dg_field_next(&body, &f)) {
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
			if (dg_span_is(f.name, fields[i].name) && (*fields[i].text)[0] == '\0') {
				*fields[i].text = dg_clean(r, dg_without_type(f.value));
			}
		}
	}
	b->arrived_at = dg_date_parse((struct dg_span){b->arrival_date, strlen(b->arrival_date)});
	if (strncmp(b->feedback_type, "auth-failure", 12) == 0) {
		say(r, DG_BOUNCE_FAILURE, DG_BOUNCE_FORM_ARF,
			DG_MESSAGE("a feedback report of type auth-failure (RFC 6591)"));
	} else {
		say(r, DG_BOUNCE_COMPLAINT, DG_BOUNCE_FORM_ARF,
			DG_MESSAGE("a feedback report (RFC 5965)"));
	}
}

/* Microsoft's, and other programs for senders that do not use RFC 5965: the subject says what it is, the message is there. */
static bool is_complaint(const struct dg_reading *r)
{
	static const struct dg_span words[] = {{"complaint about message from", 28},
		{"email feedback report for ip", 28}, {"abuse report", 12}};
	const char *subject = r->bounce->outer.subject;

	for (size_t i = 0; r->found.returned && i < sizeof(words) / sizeof(words[0]); i++) {
		if (dg_span_begins((struct dg_span){subject, strlen(subject)}, words[i])) {
			return true;
		}
	}
	return false;
}

/* RFC 8098: what became of it; a refusal is one of the things that can be said. */
static void by_disposition(struct dg_reading *r, const struct dg_signs *s)
{
	struct dg_span body = dg_part_decoded(r->arena, r->found.disposition);
	struct dg_span auto_submitted = {
		r->bounce->outer.auto_submitted, strlen(r->bounce->outer.auto_submitted)};
	struct dg_field f;
	bool is_refused = dg_span_has(auto_submitted, DG_SPAN("reject"));

	(void)dg_status_read(r, body);
	while (dg_field_next(&body, &f)) {
		if (dg_span_is(f.name, DG_SPAN("disposition")) &&
			(dg_span_has(f.value, DG_SPAN("fail")) ||
				dg_span_has(f.value, DG_SPAN("error")) ||
				dg_span_has(f.value, DG_SPAN("denied")))) {
			is_refused = true;
		}
	}
	if (is_refused || (s->text.weight[DG_PHRASE_FAILED] >= 2 && s->is_daemon)) {
		say(r, DG_BOUNCE_BOUNCE, DG_BOUNCE_FORM_MDN,
			DG_MESSAGE("a disposition notification that tells of a refusal"));
	} else {
		say(r, DG_BOUNCE_DELIVERED, DG_BOUNCE_FORM_MDN,
			DG_MESSAGE("a disposition notification: it was read, or thrown away"));
	}
}

/* --- free text ------------------------------------------------------------------------------------------- */
/* A person's answer to a bounce, or a bounce that he passes on. */
static bool is_about_one(const struct dg_signs *s)
{
	if (s->is_mailer || s->is_null) {
		return false;
	}
	if (s->is_daemon) { /* postmaster may be a person */
		return s->is_answer && s->has_quotes && !s->is_auto;
	}
	return s->text.weight[DG_PHRASE_FORWARD] > 0 || (s->is_answer && !s->is_auto);
}

static bool is_bounce_text(const struct dg_reading *r, const struct dg_signs *s)
{
	unsigned text = s->text.weight[DG_PHRASE_FAILED] + s->text.weight[DG_PHRASE_DELAYED];
	unsigned subject =
		s->subject.weight[DG_PHRASE_FAILED] + s->subject.weight[DG_PHRASE_DELAYED];
	bool has_original = r->bounce->original_is != DG_BOUNCE_ORIGINAL_NONE;
	/* parcels and payments cannot be delivered, either */
	bool is_of_mail = has_original || s->text.shape_weight >= 2;

	if (s->failed.n > 0) {
		return true;
	}
	if (is_about_one(s)) {
		return false;
	}
	if (s->is_daemon) {
		return subject >= 2 || (has_original && text + subject >= 1) ||
		       (text >= 2 && (is_of_mail || s->is_mailer || s->is_null || text >= 4));
	}
	if (s->is_null) {
		return (text >= 2 && (is_of_mail || subject >= 2 || text >= 4)) ||
		       (subject >= 2 && has_original);
	}
	if (s->is_auto) {
		return is_of_mail && text >= 2 && (text >= 4 || subject >= 1 || has_original);
	}
	return s->is_machine && !s->is_list && is_of_mail && text >= 2 && text + subject >= 4 &&
	       (subject >= 2 || text >= 6);
}

static bool is_away(const struct dg_signs *s)
{
	return s->subject.weight[DG_PHRASE_AWAY] >= 2 ||
	       (s->text.weight[DG_PHRASE_AWAY] >= 2 && (s->is_auto || s->is_null));
}

static void by_text(struct dg_reading *r, const struct dg_signs *s)
{
	unsigned failed = s->text.weight[DG_PHRASE_FAILED] + s->subject.weight[DG_PHRASE_FAILED];
	unsigned delayed = s->text.weight[DG_PHRASE_DELAYED] + s->subject.weight[DG_PHRASE_DELAYED];

	if (s->text.weight[DG_PHRASE_CHALLENGE] + s->subject.weight[DG_PHRASE_CHALLENGE] >= 3 &&
		!s->is_list && s->text.weight[DG_PHRASE_FAILED] < 3 &&
		(s->is_auto || s->is_null || s->is_answer || s->is_daemon)) {
		say(r, DG_BOUNCE_CHALLENGE, DG_BOUNCE_FORM_TEXT,
			DG_MESSAGE("it asks the sender to prove that he is a person"));
	} else if (is_away(s) && failed < 3) {
		say(r, DG_BOUNCE_AUTOREPLY, DG_BOUNCE_FORM_TEXT,
			DG_MESSAGE("the words of an automatic answer"));
	} else if (is_bounce_text(r, s)) {
		say(r, delayed >= 2 && delayed > failed ? DG_BOUNCE_DELAY : DG_BOUNCE_BOUNCE,
			DG_BOUNCE_FORM_TEXT,
			s->is_daemon
				? DG_MESSAGE("a mail system's sender, and the words of a bounce")
				: DG_MESSAGE("the words of a bounce"));
		r->bounce->shape = s->text.shape;
	} else if (s->is_auto && !s->is_list) {
		say(r, DG_BOUNCE_AUTOREPLY, DG_BOUNCE_FORM_TEXT,
			DG_MESSAGE("it says that it was sent automatically (RFC 3834)"));
	}
}

static void take_failed(struct dg_reading *r, struct dg_span failed)
{
	while (failed.n > 0) {
		size_t comma = dg_span_char(failed, ',');
		struct dg_span one = comma == DG_NOWHERE ? failed : dg_span_head(failed, comma);
		struct dg_span address;
		struct dg_bounce_recipient *rcpt =
			dg_mailbox_first(one, &address) ? dg_recipient_new(r) : NULL;

		if (rcpt) {
			rcpt->address = dg_clean(r, address);
			rcpt->action = DG_BOUNCE_ACTION_FAILED;
		}
		failed = dg_span_cut(failed, comma == DG_NOWHERE ? failed.n : comma + 1);
	}
}

/* A free text names them: once it is known to be a bounce. */
static void find_recipients(struct dg_reading *r, const struct dg_signs *s)
{
	struct dg_bounce *b = r->bounce;

	if (b->n_recipients > 0 || (b->kind != DG_BOUNCE_BOUNCE && b->kind != DG_BOUNCE_DELAY)) {
		return;
	}
	take_failed(r, s->failed);
	dg_recipients_in_text(r);
	for (size_t i = 0; b->kind == DG_BOUNCE_DELAY && i < b->n_recipients; i++) {
		b->recipients[i].action = DG_BOUNCE_ACTION_DELAYED;
	}
}

void dg_verdict(struct dg_reading *r, const struct dg_part *root)
{
	struct dg_signs s;
	bool has_status = r->bounce->n_recipients > 0 || r->found.status;

	dg_signs_read(r, root->head, &s);
	say(r, DG_BOUNCE_ORDINARY, DG_BOUNCE_FORM_NONE,
		DG_MESSAGE("nothing in it says that it is a report"));
	bool is_report = strcmp(root->type, "multipart/report") == 0;
	if (r->found.feedback) {
		by_feedback(r);
	} else if (r->found.aggregate && !has_status) {
		say(r, DG_BOUNCE_AGGREGATE, DG_BOUNCE_FORM_NONE,
			DG_MESSAGE("a part with the name of a DMARC aggregate report (RFC 9990)"));
	} else if (has_status && s.text.weight[DG_PHRASE_CHALLENGE] >= 3) {
		say(r, DG_BOUNCE_CHALLENGE, DG_BOUNCE_FORM_DSN,
			DG_MESSAGE("it asks the sender to prove that he is a person"));
	} else if (has_status && !(is_persons(&s) && (s.is_answer || !is_report))) {
		by_status(r, &s);
		r->bounce->shape = s.text.shape;
	} else if (r->found.disposition) {
		by_disposition(r, &s);
	} else if (is_complaint(r)) {
		say(r, DG_BOUNCE_COMPLAINT, DG_BOUNCE_FORM_TEXT,
			DG_MESSAGE("the subject of a feedback loop, and the message"));
	} else {
		by_text(r, &s);
	}
	find_recipients(r, &s);
}
