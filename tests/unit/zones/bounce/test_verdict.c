/* What kind of message it is, and who handed the original over: messages of each kind, and what looks like it. */
#include "tests/unit/zones/bounce/bounces.h"

#define PERSON "From: Hanako Yamada <hanako@example.com>\nTo: help@example.net\n"
#define MAILER "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.com\nTo: u@example.org\n"
#define QMAIL                                                                              \
	"Hi. This is the qmail-send program at mx.example.com.\n"                          \
	"I'm afraid I wasn't able to deliver your message to the following addresses.\n"   \
	"This is a permanent error; I've given up. Sorry it didn't work out.\n\n"          \
	"<nobody@example.net>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"         \
	"--- Below this line is a copy of the message.\n\n"                                \
	"Return-Path: <u@example.org>\nReceived: (qmail 1 invoked by uid 33); 1 Jan 2020 " \
	"00:00:00 -0000\n"                                                                 \
	"From: u@example.org\nMessage-ID: <1@example.org>\nSubject: hello\n\nhello\n"
#define REPORT(status)                                                                    \
	"Content-Type: multipart/report; boundary=b\n\n--b\n\ntext\n--b\n"                \
	"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n" \
	"Final-Recipient: rfc822; x@example.net\n" status "\n--b--\n"

static const struct {
	const char *text;
	enum dg_bounce_kind kind;
	enum dg_bounce_form form;
} messages[] = {
	{MAILER "Subject: failure notice\n\n" QMAIL, DG_BOUNCE_BOUNCE, DG_BOUNCE_FORM_TEXT},
	{MAILER REPORT("Action: failed\nStatus: 5.1.1\n"), DG_BOUNCE_BOUNCE, DG_BOUNCE_FORM_DSN},
	{MAILER REPORT("Action: delayed\nStatus: 4.4.1\n"), DG_BOUNCE_DELAY, DG_BOUNCE_FORM_DSN},
	{MAILER REPORT("Action: relayed\nStatus: 2.1.9\n"), DG_BOUNCE_DELIVERED,
		DG_BOUNCE_FORM_DSN},
	{MAILER "Subject: Delivery Status Notification (Delay)\n\nTHIS IS A WARNING MESSAGE ONLY.\n"
		"Delivery to the following recipient has been delayed:\n\n  x@example.net\n",
		DG_BOUNCE_DELAY, DG_BOUNCE_FORM_TEXT},
	/* in other languages, also when the sender is a machine without a null sender */
	{"From: postmaster@example.jp\nContent-Type: text/plain; charset=utf-8\nSubject: x\n\n"
	 "次のあて先へのメッセージはエラーのため送信できませんでした。\n<x@example.jp>\n\nFrom: "
	 "u@example.org\n"
	 "Message-ID: <1@example.org>\nReceived: from a by b\n",
		DG_BOUNCE_BOUNCE, DG_BOUNCE_FORM_TEXT},
	{MAILER "Subject: Unzustellbar: hallo\nContent-Type: text/plain; charset=utf-8\n\n"
		"Ihre Nachricht konnte nicht zugestellt werden.\n",
		DG_BOUNCE_BOUNCE, DG_BOUNCE_FORM_TEXT},
	/* a person's, whatever it says or carries */
	{PERSON "Subject: Re: failure notice\nIn-Reply-To: <1@x>\n\nWhat is this?\n\n> " QMAIL,
		DG_BOUNCE_ORDINARY, DG_BOUNCE_FORM_NONE},
	{PERSON "Subject: Fwd: failure notice\n\nFYI\n\n---------- Forwarded message "
		"---------\n" QMAIL,
		DG_BOUNCE_ORDINARY, DG_BOUNCE_FORM_NONE},
	{PERSON "Subject: my mail came back: undeliverable\n\nIt said:\n\n" QMAIL,
		DG_BOUNCE_ORDINARY, DG_BOUNCE_FORM_NONE},
	{PERSON "Subject: 転送: 配信できません\n\nどうしたらよいでしょうか。\n\n" QMAIL,
		DG_BOUNCE_ORDINARY, DG_BOUNCE_FORM_NONE},
	{PERSON "Subject: Fwd: failure\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nsee "
		"below\n"
		"--c\nContent-Type: message/rfc822\n\n" MAILER REPORT(
			"Action: failed\nStatus: 5.1.1\n") "--c--\n",
		DG_BOUNCE_ORDINARY, DG_BOUNCE_FORM_NONE},
	{PERSON "References: <1@x>\nSubject: Fwd: failure\n" REPORT(
		 "Action: failed\nStatus: 5.1.1\n"),
		DG_BOUNCE_ORDINARY, DG_BOUNCE_FORM_NONE},
	{"From: postmaster@example.com\nSubject: Re: Undelivered Mail Returned to Sender\n"
	 "In-Reply-To: <1@x>\n\nI have fixed it.\n> I'm sorry to have to inform you\n> that it "
	 "failed\n",
		DG_BOUNCE_ORDINARY, DG_BOUNCE_FORM_NONE},
	/* of other things that are delivered */
	{"From: noreply@parcels.example\nAuto-Submitted: auto-generated\n"
	 "Subject: Your parcel could not be delivered\n\nYour parcel could not be delivered.\n"
	 "Delivery failed because the recipient was not at home; it was rejected.\n",
		DG_BOUNCE_AUTOREPLY, DG_BOUNCE_FORM_TEXT},
	{"From: news@letters.example\nList-Unsubscribe: <mailto:x@letters.example>\n"
	 "Subject: Delivery failure: how to keep mail from being returned\n\n"
	 "When a message could not be delivered, the user unknown error...\n",
		DG_BOUNCE_ORDINARY, DG_BOUNCE_FORM_NONE},
	/* automatic, but no bounce */
	{"Return-Path: <>\nFrom: taro@example.com\nAuto-Submitted: auto-replied\n"
	 "Subject: Out of office: hello\n\nI am on vacation until Monday.\n",
		DG_BOUNCE_AUTOREPLY, DG_BOUNCE_FORM_TEXT},
	{"Return-Path: <>\nFrom: taro@example.com\nSubject: Re: hello\n\nThis mailbox is "
	 "protected: "
	 "sender verification. To be delivered to me, please click below.\n",
		DG_BOUNCE_CHALLENGE, DG_BOUNCE_FORM_TEXT},
	/* other reports */
	{"From: fbl@example.com\nContent-Type: multipart/report; report-type=feedback-report; "
	 "boundary=b\n\n"
	 "--b\n\nx\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
	 "Source-IP: 192.0.2.1\n\n--b--\n",
		DG_BOUNCE_COMPLAINT, DG_BOUNCE_FORM_ARF},
	{"From: d@example.com\nContent-Type: multipart/report; report-type=feedback-report; "
	 "boundary=b\n\n"
	 "--b\n\nx\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: "
	 "auth-failure\n\n--b--\n",
		DG_BOUNCE_FAILURE, DG_BOUNCE_FORM_ARF},
	{"From: staff@hotmail.example\nSubject: complaint about message from 192.0.2.1\n"
	 "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
	 "From: u@example.org\n\nx\n--b--\n",
		DG_BOUNCE_COMPLAINT, DG_BOUNCE_FORM_TEXT},
	{"From: d@example.com\nSubject: Report Domain: example.org\nContent-Type: "
	 "application/gzip; "
	 "name=\"example.com!example.org!1!2.xml.gz\"\nContent-Transfer-Encoding: base64\n\nH4sI\n",
		DG_BOUNCE_AGGREGATE, DG_BOUNCE_FORM_NONE},
	{"From: taro@example.com\nSubject: Read: hello\nContent-Type: multipart/report; "
	 "report-type=disposition-notification; boundary=b\n\n--b\n\nIt was read.\n--b\n"
	 "Content-Type: message/disposition-notification\n\nFinal-Recipient: "
	 "rfc822;taro@example.com\n"
	 "Disposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n",
		DG_BOUNCE_DELIVERED, DG_BOUNCE_FORM_MDN},
	{PERSON "Subject: lunch\n\nShall we?\n", DG_BOUNCE_ORDINARY, DG_BOUNCE_FORM_NONE},
};

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
		const struct dg_bounce *b = read_text(a, messages[i].text);

		if (b->kind != messages[i].kind) {
			print_error(
				"message %zu: %s, %s\n", i, dg_bounce_kind_text(b->kind), b->basis);
		}
		assert_int_equal(b->kind, messages[i].kind);
		assert_int_equal(b->form, messages[i].form);
		(void)dg_arena_free(a);
	}
}

static void test_free_text(void **state)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	const struct dg_bounce *b = read_text(a, messages[0].text);

	(void)state;
	assert_string_equal(b->shape, "qmail");
	assert_int_equal(b->n_recipients, 1);
	assert_string_equal(b->recipients[0].address, "nobody@example.net");
	assert_string_equal(b->recipients[0].status, "5.1.1");
	assert_int_equal(b->original_is, DG_BOUNCE_ORIGINAL_HEADERS);
	assert_string_equal(b->original.message_id, "<1@example.org>");
	assert_string_equal(b->original.from, "u@example.org");
	assert_string_equal(b->original.hops[0].user, "33");
	(void)dg_arena_free(a);
}

/* Headers in a text: indented, quoted, with folds that lost their blanks, in quoted-printable. */
static void test_runs(void **state)
{
	static const char *const originals[] = {
		"    Received: from a (a [192.0.2.9]) by b\n        with ESMTP\n    From: "
		"u@example.org\n"
		"    Message-ID: <1@example.org>\n",
		"> Received: from a (a [192.0.2.9]) by b\n>  with ESMTP\n> From: u@example.org\n> "
		"Message-ID: <1@example.org>\n",
		"Received: from a (a [192.0.2.9]) by b\nwith ESMTP\nFrom: "
		"u@example.org\nMessage-ID:<1@example.org>\n",
		"Received: from a (a [192.0.2.9]) by b\n\nFrom: u@example.org\n\nMessage-ID: "
		"<1@example.org>\n",
		"Received: from a (a [192.0.2.9]) by b\nX: =3D\nFrom: u@example.org\nMessage-ID: "
		"<1@exam=\nple.org>\n",
	};
	char text[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(originals) / sizeof(originals[0]); i++) {
		struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);

		(void)snprintf(text, sizeof(text),
			"%sSubject: failure notice\n\nTo: x\nIt failed.\n\n%s\nbody\n", MAILER,
			originals[i]);
		const struct dg_bounce *b = read_text(a, text);
		assert_string_equal(b->original.message_id, "<1@example.org>");
		assert_string_equal(b->original.from, "u@example.org");
		assert_true(b->has_first_public);
		(void)dg_arena_free(a);
	}
}

static void expect_handoff(const char *hops, const char *address, const char *via)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	char text[4000];
	char shown[DG_ADDRESS_TEXT_MAX];

	(void)snprintf(text, sizeof(text),
		"%sContent-Type: multipart/report; boundary=b\n\n--b\n\ntext\n--b\n"
		"Content-Type: message/delivery-status\n\nReporting-MTA: dns; "
		"mx1.reporter.example\n\n"
		"Final-Recipient: rfc822; x@reporter.example\nAction: failed\n\n--b\n"
		"Content-Type: text/rfc822-headers\n\n%sFrom: u@example.org\n\n--b--\n",
		MAILER, hops);
	const struct dg_bounce *b = read_text(a, text);
	assert_string_equal(b->handoff.organisation, "reporter.example");
	assert_string_equal(
		b->handoff.has_address ? dg_address_text(&b->handoff.address, shown) : "", address);
	assert_string_equal(b->handoff.via, via);
	(void)dg_arena_free(a);
}

static void test_handoff(void **state)
{
	(void)state;
	/* the first line already tells of somebody else; what is below it is his word */
	expect_handoff(
		"Received: from liar (unknown [203.0.113.66]) by mx1.reporter.example with ESMTP\n"
		"Received: from mail.example.org (mail.example.org [192.0.2.25]) by liar with "
		"ESMTP\n",
		"203.0.113.66", "");
	/* hosts of the reporter, public and private ones, stand between */
	expect_handoff(
		"Received: from a (in.reporter.example [198.51.100.1]) by mx1.reporter.example\n"
		"Received: from b (b.reporter.example [10.0.0.1]) by in.reporter.example\n"
		"Received: from x (x.example.net [203.0.113.66]) by b.reporter.example\n"
		"Received: from y (y.example.net [192.0.2.25]) by x.example.net\n",
		"203.0.113.66", "");
	/* a line that none of them wrote is not believed, even behind one of theirs */
	expect_handoff(
		"Received: from a (in.reporter.example [198.51.100.1]) by mx1.reporter.example\n"
		"Received: from x (x.example.net [203.0.113.66]) by liar.example.net\n",
		"198.51.100.1", "");
	/* HELO says that it is one of them: it is not, by what its address resolves to */
	expect_handoff("Received: from in.reporter.example (unknown [203.0.113.66]) by "
		       "mx1.reporter.example\n"
		       "Received: from z (z.example [192.0.2.25]) by in.reporter.example\n",
		"203.0.113.66", "");
	/* a service that filters for it: its own line is believed, no other */
	expect_handoff("Received: from m (m1.mimecast.com [198.51.100.7]) by mx1.reporter.example\n"
		       "Received: from x (x.example.net [203.0.113.66]) by m2.mimecast.com\n"
		       "Received: from y (y.example.net [192.0.2.25]) by x.example.net\n",
		"203.0.113.66", "mimecast.com");
	expect_handoff("Received: from m (m1.mimecast.com [198.51.100.7]) by mx1.reporter.example\n"
		       "Received: from y (y.example.net [192.0.2.25]) by x.example.net\n",
		"198.51.100.7", "");
	expect_handoff("Received: from localhost by mx1.reporter.example\n", "", "");
	expect_handoff("", "", "");
}

/* The report is about a report: what it began with is in the innermost. */
static void test_nested(void **state)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	const struct dg_bounce *b = read_text(a, MAILER
		"Content-Type: multipart/report; boundary=b\n\n--b\n\nx\n--b\n"
		"Content-Type: message/delivery-status\n\nReporting-MTA: dns; a.example\n\n"
		"Final-Recipient: rfc822; x@example.net\nAction: failed\n\n--b\n"
		"Content-Type: message/rfc822\n\nReturn-Path: <>\nFrom: MAILER-DAEMON@b.example\n"
		"Message-ID: <outer@b.example>\nContent-Type: multipart/report; "
		"boundary=c\n\n--c\n\ny\n--c\n"
		"Content-Type: message/rfc822\n\nFrom: u@example.org\nMessage-ID: "
		"<inner@example.org>\n\nz\n"
		"--c--\n--b--\n");

	(void)state;
	assert_string_equal(b->original.message_id, "<outer@b.example>");
	assert_int_equal(b->n_nested, 1);
	assert_string_equal(b->innermost->message_id, "<inner@example.org>");
	(void)dg_arena_free(a);
}

static void on_event(void *arg, const struct dg_bounce *b)
{
	size_t *n = arg;

	assert_int_equal(b->form, DG_BOUNCE_FORM_FEED);
	assert_string_equal(b->recipients[0].address, "x@example.net");
	assert_int_equal(b->kind, *n % 2 == 0 ? DG_BOUNCE_BOUNCE : DG_BOUNCE_DELAY);
	(*n)++;
}

static void test_feed(void **state)
{
	static const char ses[] =
		"{\"notificationType\": \"Bounce\", \"bounce\": {\"bouncedRecipients\": "
		"[{\"emailAddress\": "
		"\"x@example.net\"}]}, \"mail\": {\"source\": \"u@example.org\"}}";
	static const char sendgrid[] =
		"[{\"event\": \"bounce\", \"email\": \"x@example.net\"}, {\"event\": \"open\", "
		"\"email\": \"a\"}, "
		"{\"event\": \"deferred\", \"email\": \"x@example.net\"}, 7, null]";
	size_t n = 0;

	(void)state;
	assert_int_equal(dg_bounce_feed(ses, strlen(ses), on_event, &n), 0);
	assert_int_equal(n, 1);
	n = 0;
	assert_int_equal(dg_bounce_feed(sendgrid, strlen(sendgrid), on_event, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(dg_bounce_feed("{}", 2, on_event, &n), 1);
	assert_int_equal(dg_bounce_feed("[[[[", 4, on_event, &n), 1);
	assert_int_equal(dg_bounce_feed("From: x", 7, on_event, &n), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_free_text),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_handoff),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_feed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
