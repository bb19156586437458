#include "zones/watch/maillog_parts.h"
#include "zones/watch/sentids.h"

/* --- Exim -------------------------------------------------------------------------------------- */
/* The address in the first brackets after H=. */
static struct dg_text exim_client(struct dg_line *l)
{
	struct dg_text client = {"", 0};
	struct dg_line at = *l;

	/* "H=(helo) [192.0.2.1]" or "H=name (helo) [192.0.2.1]:25": a HELO is in parentheses and may hold anything. */
	if (dg_eat(&at, DG_LITERAL("H="))) {
		struct dg_text skipped;
		const char *open = memchr(at.p, '(', (size_t)(at.end - at.p));
		const char *bracket = memchr(at.p, '[', (size_t)(at.end - at.p));
		if (open && bracket && open < bracket) {
			at.p = open;
			(void)dg_find(&at, DG_LITERAL(") "));
		}
		if (dg_until(&at, '[', &skipped) && dg_until(&at, ']', &client)) {
			l->p = at.p;
		}
	}
	return client;
}

static bool is_no_such_user(struct dg_text reason)
{
	static const struct dg_text words[] = {
		DG_WORD("nknown user"),
		DG_WORD("ser unknown"),
		DG_WORD("nrouteable"),
		DG_WORD("nroutable"),
		DG_WORD("o such "),
		DG_WORD("does not exist"),
		DG_WORD("ailbox unavailable"),
		DG_WORD("nknown recipient"),
		DG_WORD("nknown address"),
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (dg_text_has(reason, words[i])) {
			return true;
		}
	}
	return false;
}

/* "H=(helo) [192.0.2.1] F=<> rejected RCPT <x@y>: reason" */
static void exim_rejected(struct dg_line *l)
{
	struct dg_text client = exim_client(l);
	struct dg_text rcpt;

	if (client.n == 0 || !dg_find(l, DG_LITERAL(" F=<> rejected RCPT <")) ||
		!dg_until(l, '>', &rcpt)) {
		return;
	}
	dg_line_event(
		l, is_no_such_user(dg_rest(l)) ? DG_MAIL_UNKNOWN : DG_MAIL_BARRED, rcpt, client);
}

/* "<= SENDER H=(helo) [192.0.2.1] P=esmtp ..."; our own bounces: "<= <> R=ID U=... P=local" */
static void exim_arrived(struct dg_line *l, struct dg_text id)
{
	struct dg_text sender;
	struct dg_text client = {"", 0};

	if (!dg_until(l, ' ', &sender)) {
		return;
	}
	if (l->p < l->end && *l->p == 'H') {
		client = exim_client(l);
	}
	struct dg_id *i = dg_id_make(l->log, id);
	dg_id_client(i, client);
	dg_id_sender(i,
		sender.n == 2 && memcmp(sender.p, "<>", 2) == 0 ? (struct dg_text){"", 0} : sender);
	/* " A=plain_server:alice S=961 id=ID" (a subject and the like come behind) */
	struct dg_text user;
	struct dg_text message;
	struct dg_line at = *l;
	if (dg_find(&at, DG_LITERAL(" A=")) && dg_until(&at, ' ', &user)) {
		const char *colon = memchr(user.p, ':', user.n);

		dg_id_user(i,
			colon ? (struct dg_text){colon + 1, (size_t)(user.p + user.n - colon - 1)}
			      : user);
	}
	at = *l;
	if (dg_find(&at, DG_LITERAL(" id="))) {
		message = dg_rest(&at);
		const char *blank = memchr(message.p, ' ', message.n);
		i->message =
			dg_sent_ids_key(message.p, blank ? (size_t)(blank - message.p) : message.n);
	}
}

/* "=> alice <alice@good.example> R=localuser T=local_delivery", "** x@y: Unknown user" */
static void exim_delivered(struct dg_line *l, struct dg_text id, bool is_bounced)
{
	const struct dg_id *i = dg_id_get(l->log, id);
	struct dg_text rcpt;

	if (!i || !dg_until(l, ' ', &rcpt)) {
		return;
	}
	if (rcpt.n > 0 && rcpt.p[rcpt.n - 1] == ':') {
		rcpt.n--;
	}
	if (dg_eat(l, DG_LITERAL("<"))) {
		struct dg_text given;
		rcpt = dg_until(l, '>', &given) ? given : rcpt;
	}
	struct dg_text rest = dg_rest(l);
	dg_line_delivered(l, i, rcpt, is_bounced, dg_text_has(rest, DG_LITERAL(" H=")));
}

void dg_line_exim(struct dg_line *l)
{
	struct dg_text id;

	if (l->p < l->end && *l->p == 'H') {
		exim_rejected(l);
		return;
	}
	if (!dg_until(l, ' ', &id) || id.n < 16 || id.n > 24 || id.p[6] != '-') {
		return;
	}
	if (l->p < l->end && *l->p == 'H') {
		exim_rejected(l); /* a recipient refused after another was taken */
	} else if (dg_eat(l, DG_LITERAL("<= "))) {
		exim_arrived(l, id);
	} else if (dg_eat(l, DG_LITERAL("=> ")) || dg_eat(l, DG_LITERAL("-> "))) {
		exim_delivered(l, id, false);
	} else if (dg_eat(l, DG_LITERAL("** "))) {
		exim_delivered(l, id, true);
	} else if (dg_eat(l, DG_LITERAL("Completed"))) {
		dg_id_drop(l->log, id);
	}
}

/* --- Sendmail ---------------------------------------------------------------------------------- */
/* Recipients that do not exist come before the sender: kept with the id until it is known. */
static void sendmail_unknown(struct dg_line *l, struct dg_text id)
{
	struct dg_text rcpt;

	if (dg_until(l, '>', &rcpt) && dg_eat(l, DG_LITERAL("... User unknown"))) {
		struct dg_id *i = dg_id_make(l->log, id);
		if (!i->has_sender && i->text_len + rcpt.n + 1 <= sizeof(i->text)) {
			memcpy(i->text + i->text_len, rcpt.p, rcpt.n);
			i->text[i->text_len + rcpt.n] = '\0';
			i->text_len = (uint8_t)(i->text_len + rcpt.n + 1);
		}
	}
}

/* "from=<>, size=781, ..., relay=mx.reporter.example [198.51.100.25]" */
static void sendmail_from(struct dg_line *l, struct dg_text id)
{
	struct dg_text sender;
	struct dg_text client = {"", 0};
	struct dg_text skipped;
	char unknown[DG_ID_TEXT];

	if (!dg_until(l, ',', &sender)) {
		return;
	}
	if (sender.n >= 2 && sender.p[0] == '<') {
		sender = (struct dg_text){sender.p + 1, sender.n - 2};
	}
	if (dg_find(l, DG_LITERAL(", relay=")) && dg_until(l, '[', &skipped)) {
		(void)dg_until(l, ']', &client);
	}
	struct dg_id *i = dg_id_make(l->log, id);
	size_t n = i->has_sender ? 0 : i->text_len;
	memcpy(unknown, i->text, n);
	dg_id_client(i, client);
	dg_id_sender(i, sender);
	for (size_t at = 0; i->is_null && i->is_outside && at < n; at += strlen(unknown + at) + 1) {
		dg_line_event(l, DG_MAIL_UNKNOWN,
			(struct dg_text){unknown + at, strlen(unknown + at)}, client);
	}
}

/* "to=<x@y>,<z@y>, delay=..., mailer=local, ..., stat=Sent" */
static void sendmail_to(struct dg_line *l, struct dg_text id)
{
	const struct dg_id *i = dg_id_get(l->log, id);
	struct dg_line at = *l;

	if (!i || !dg_find(&at, DG_LITERAL(", mailer="))) {
		return;
	}
	bool is_remote = dg_eat(&at, DG_LITERAL("esmtp")) || dg_eat(&at, DG_LITERAL("relay")) ||
			 dg_eat(&at, DG_LITERAL("smtp"));
	if (!dg_find(&at, DG_LITERAL(", stat="))) {
		return;
	}
	bool is_sent = dg_eat(&at, DG_LITERAL("Sent"));
	bool is_unknown = !is_sent && dg_eat(&at, DG_LITERAL("User unknown"));
	struct dg_text rcpt;
	while ((is_sent || is_unknown) && dg_eat(l, DG_LITERAL("<")) && dg_until(l, '>', &rcpt)) {
		dg_line_delivered(l, i, rcpt, is_unknown, is_remote);
		(void)dg_eat(l, DG_LITERAL(","));
	}
}

void dg_line_sendmail(struct dg_line *l)
{
	struct dg_text id;

	if (!dg_until(l, ':', &id) || id.n < 8 || id.n > 24 || !dg_eat(l, DG_LITERAL(" "))) {
		return;
	}
	if (dg_eat(l, DG_LITERAL("from="))) {
		sendmail_from(l, id);
	} else if (dg_eat(l, DG_LITERAL("to="))) {
		sendmail_to(l, id);
	} else if (dg_eat(l, DG_LITERAL("<"))) {
		sendmail_unknown(l, id);
	}
}

/* --- OpenSMTPD --------------------------------------------------------------------------------- */
/* Its log does not name the sender of a refused recipient: those are not told (the report filter tells them). */
static void opensmtpd_envelope(struct dg_line *l, const struct dg_id *session)
{
	struct dg_text from;
	struct dg_text to;

	if (session && session->is_outside && dg_find(l, DG_LITERAL(" from=<")) &&
		dg_until(l, '>', &from) && dg_eat(l, DG_LITERAL(" to=<")) &&
		dg_until(l, '>', &to)) {
		dg_line_event(l, from.n == 0 ? DG_MAIL_TAKEN : DG_MAIL_RECEIVED, to,
			(struct dg_text){session->client, session->client_len});
	}
}

/* "mta delivery evpid=... from=<a@b> to=<c@d> ... result=Ok" */
static void opensmtpd_sent(struct dg_line *l)
{
	struct dg_text from;

	if (dg_find(l, DG_LITERAL(" from=<")) && dg_until(l, '>', &from) &&
		dg_find(l, DG_LITERAL(" result=Ok"))) {
		dg_line_event(l, DG_MAIL_SENT, from, (struct dg_text){"", 0});
	}
}

void dg_line_opensmtpd(struct dg_line *l)
{
	struct dg_text id;
	struct dg_text client;

	if (!dg_until(l, ' ', &id) || id.n != 16) {
		return;
	}
	if (dg_eat(l, DG_LITERAL("smtp connected address="))) {
		if (dg_until(l, ' ', &client)) {
			dg_id_client(dg_id_make(l->log, id), client);
		}
	} else if (dg_eat(l, DG_LITERAL("smtp envelope "))) {
		opensmtpd_envelope(l, dg_id_get(l->log, id));
	} else if (dg_eat(l, DG_LITERAL("smtp disconnected"))) {
		dg_id_drop(l->log, id);
	} else if (dg_eat(l, DG_LITERAL("mta delivery "))) {
		opensmtpd_sent(l);
	}
}
