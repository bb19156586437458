#include "tests/unit/zones/bounce/bounces.h"

#include "zones/base/buf.h"
#include "zones/bounce/wire.h"

static const char message[] =
	"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.com\nTo: u@example.org\n"
	"Subject: Undelivered Mail Returned to Sender\n"
	"Received: from mx.example.com (mx.example.com [192.0.2.1]) by in.example.org with ESMTP "
	"id 1; "
	"Sun, 22 Nov 2026 18:52:16 +0000\n"
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
	"--b\n\nfailed\n--b\nContent-Type: message/delivery-status\n\n"
	"Reporting-MTA: dns; mx.example.com\nArrival-Date: Sun, 22 Nov 2026 18:52:16 +0000\n\n"
	"Final-Recipient: rfc822; x@example.net\nAction: failed\nStatus: 5.1.1 (bad)\n"
	"Remote-MTA: dns; mx.example.net\nDiagnostic-Code: smtp; 550 5.1.1 no\n\n"
	"--b\nContent-Type: message/rfc822\n\nReceived: from [203.0.113.9] (helo=x) by "
	"mx.example.com "
	"with esmtp id 2\nDKIM-Signature: d=example.org; s=k\nFrom: u@example.org\n"
	"Message-ID: <m@example.org>\n\nbody\n--b--\n";

static void test_round_trip(void **state)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	const struct dg_bounce *b = read_text(a, message);
	struct dg_buf once;
	struct dg_buf twice;
	struct dg_bounce copy;

	(void)state;
	dg_buf_init(&once, DG_BOUNCE_WIRE_MAX);
	dg_buf_init(&twice, DG_BOUNCE_WIRE_MAX);
	dg_bounce_encode(b, &once);
	assert_int_equal(dg_bounce_decode(a, once.data, once.len, &copy), 0);
	assert_string_equal(copy.recipients[0].status, "5.1.1");
	assert_string_equal(copy.original.message_id, "<m@example.org>");
	assert_string_equal(copy.original.hops[0].by, "mx.example.com");
	assert_true(copy.handoff.has_address);
	assert_memory_equal(message + copy.original_at, "Received: from [203", 19);
	assert_memory_equal(message + copy.original_at + copy.original_len - 4, "body", 4);
	dg_bounce_encode(&copy, &twice);
	assert_int_equal(once.len, twice.len);
	assert_memory_equal(once.data, twice.data, once.len);
	dg_buf_done(&once);
	dg_buf_done(&twice);
	(void)dg_arena_free(a);
}

/* A reader that was taken over can send anything: it is refused, or a record within its limits. */
static void test_hostile(void **state)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	const struct dg_bounce *b = read_text(a, message);
	struct dg_buf out;

	(void)state;
	dg_buf_init(&out, DG_BOUNCE_WIRE_MAX);
	dg_bounce_encode(b, &out);
	for (size_t n = 0; n < out.len; n++) {
		struct dg_arena *inner = dg_arena_new(DG_BOUNCE_ARENA_MAX);
		char *copy = malloc(n + 1);
		struct dg_bounce got;

		memcpy(copy, out.data, n + 1);
		assert_int_equal(dg_bounce_decode(inner, copy, n, &got), 1);
		free(copy);
		for (unsigned bit = 0; bit < 8; bit++) {
			copy = malloc(out.len);
			memcpy(copy, out.data, out.len);
			copy[n] = (char)((unsigned char)copy[n] ^ (1u << bit));
			if (dg_bounce_decode(inner, copy, out.len, &got) == 0) {
				assert_true(got.kind <= DG_BOUNCE_UNREADABLE);
				assert_true(got.original.n_hops <= DG_BOUNCE_HOPS_MAX);
				assert_true(got.n_recipients <= DG_BOUNCE_RECIPIENTS_MAX);
				assert_true(strlen(got.basis) <= DG_BOUNCE_TEXT_MAX);
			}
			free(copy);
		}
		(void)dg_arena_free(inner);
	}
	dg_buf_done(&out);
	(void)dg_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
