#include "tests/unit/unit.h"

#include "controller/watch/line.h"
#include "controller/watch/line_queue.h"
#include "controller/watch/line_socket.h"
#include "zones/base/err.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

static struct dg_text text_of(const char *s)
{
	return (struct dg_text){s, strlen(s)};
}

static struct dg_mail_event event_of(const char *address, const char *client)
{
	return (struct dg_mail_event){.kind = DG_MAIL_UNKNOWN,
		.at_ms = 1795374567000,
		.address = text_of(address),
		.client = text_of(client)};
}

static void test_event(void **state)
{
	char line[DG_LINE_MAX];
	struct dg_line_said said;
	struct dg_mail_event e = event_of("\"a b\"@example.com", "2001:db8::1");

	(void)state;
	int n = dg_line_put_event(line, 7, &e);
	assert_string_equal(line, "e 7 unknown 1795374567000 2001:db8::1 \"a b\"@example.com");
	assert_int_equal(dg_line_parse(line, (size_t)n, &said), 0);
	assert_true(said.is_event);
	assert_int_equal(said.seq, 7);
	assert_int_equal(said.event.kind, DG_MAIL_UNKNOWN);
	assert_int_equal(said.event.at_ms, e.at_ms);
	assert_int_equal(said.event.address.n, e.address.n);
	assert_memory_equal(said.event.address.p, e.address.p, e.address.n);
	assert_int_equal(said.event.client.n, e.client.n);
	e = event_of("a@example.com", "");
	n = dg_line_put_event(line, 8, &e);
	assert_int_equal(dg_line_parse(line, (size_t)n, &said), 0);
	assert_int_equal(said.event.client.n, 0);
}

static void test_cannot_be_carried(void **state)
{
	static char big[DG_LINE_ADDRESS_MAX + 2];
	char line[DG_LINE_MAX];
	const struct dg_mail_event events[] = {event_of("", ""), event_of("a\n@b", ""),
		event_of("a\x7f@b", ""), event_of("a@b", "1 2"), event_of("a@b", "\t"),
		event_of(big, ""), event_of("a@b", big)};

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct dg_mail_event e = events[i];
		e.address.n = e.address.p == big ? strlen(big) : e.address.n;
		e.client.n = e.client.p == big ? strlen(big) : e.client.n;
		assert_true(dg_line_put_event(line, 1, &e) < 0);
	}
	big[DG_LINE_ADDRESS_MAX] = '\0';
	struct dg_mail_event e = event_of(big, "");
	assert_true(dg_line_put_event(line, UINT64_MAX, &e) > 0);
	assert_true(dg_line_put_position(line, 1, "") < 0);
	assert_true(dg_line_put_position(line, 1, "a\nb") < 0);
}

static void test_not_a_line(void **state)
{
	static const char *const lines[] = {"", "e", "e 1", "e 1 taken", "e 1 taken 1",
		"e 1 taken 1 -", "e 1 taken 1 - ", "e 0 taken 1 - a@b", "e x taken 1 - a@b",
		"e -1 taken 1 - a@b", "e 1 eaten 1 - a@b", "e 1 taken -1 - a@b",
		"e 99999999999999999999 taken 1 - a@b", "ee 1 taken 1 - a@b", "q 1 x", "p 1",
		"p 1 ", "p 0 x", " e 1 taken 1 - a@b"};
	struct dg_line_said said;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(dg_line_parse(lines[i], strlen(lines[i]), &said), 1);
	}
	assert_int_equal(dg_line_parse("p 9 12 34", 9, &said), 0);
	assert_false(said.is_event);
	assert_string_equal(said.position, "12 34");
}

static void test_seal(void **state)
{
	struct dg_line_key key = {.octets = "0123456789abcdef", .n = 16}, other = key,
			   none = {.n = 0};
	char line[DG_LINE_MAX + 1], copy[DG_LINE_MAX + 1];
	struct dg_line_key session, swapped;
	size_t n = strlen("ack 12"), len;

	(void)state;
	other.octets[3]++;
	memcpy(line, "ack 12", n + 1);
	size_t whole = dg_line_seal(&key, "c", line, n) - 1; /* without the newline */
	assert_int_equal(whole, n + 1 + DG_LINE_MAC_HEX);
	memcpy(copy, line, whole);
	len = whole;
	assert_int_equal(dg_line_open(&key, "c", copy, &len), 0);
	assert_int_equal(len, n);
	assert_string_equal(copy, "ack 12");
	for (size_t i = 0; i < whole; i++) { /* no octet may change */
		memcpy(copy, line, whole);
		copy[i] ^= 1;
		len = whole;
		assert_int_equal(dg_line_open(&key, "c", copy, &len), 1);
	}
	for (len = 0; len < whole; len++) {
		size_t cut = len;
		memcpy(copy, line, whole);
		assert_int_equal(dg_line_open(&key, "c", copy, &cut), 1);
	}
	assert_int_equal(dg_line_open(&other, "c", line, &whole), 1);
	assert_int_equal(dg_line_open(&key, "s", line, &whole), 1);
	assert_int_equal(dg_line_open(&none, "c", line, &whole), 1);
	dg_line_key_session(&key, "a", "b", &session);
	dg_line_key_session(&key, "b", "a", &swapped);
	assert_int_equal(session.n, 32);
	assert_memory_not_equal(session.octets, swapped.octets, 32);
	dg_line_key_session(&none, "a", "b", &session);
	assert_int_equal(session.n, 0);
}

/* Computed by another implementation: what the lines are sealed with is HMAC-SHA256, over "what", a NUL and the line. */
static void test_mac(void **state)
{
	struct dg_line_key key = {.octets = "Jefe", .n = 4};
	char line[DG_LINE_MAX + 1] = "ya want for nothing?";

	(void)state;
	size_t n = dg_line_seal(&key, "what do", line, strlen(line));
	assert_int_equal(n, 20 + 1 + DG_LINE_MAC_HEX + 1);
	assert_string_equal(line, "ya want for nothing? 7375c04e7d39e6728e87f3dafa28e882\n");
}

static void test_place(void **state)
{
	static const char *const bad[] = {"", "unix:", "unix:relative", "inet:", "inet:1.2.3.4",
		"inet::25", "inet:1.2.3.4:", "inet:1.2.3.4:x", "inet:1.2.3.4:65536",
		"inet:2001:db8::1:25", "/x", "unix:/x y",
		"unix:/x group=", "unix:/x key-file=", "unix:/x colour=blue"};
	struct dg_line_place p;
	struct dg_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(dg_line_place_parse(bad[i], &p, &err), DG_EINPUT);
	}
	assert_int_equal(
		dg_line_place_parse("unix:/run/x  group=mail key-file=/etc/k", &p, &err), 0);
	assert_false(p.is_inet);
	assert_string_equal(p.path, "/run/x");
	assert_string_equal(p.group, "mail");
	assert_string_equal(p.key_file, "/etc/k");
	assert_int_equal(dg_line_place_parse("inet:[2001:db8::1]:4460", &p, &err), 0);
	assert_string_equal(p.host, "2001:db8::1");
	assert_string_equal(p.port, "4460");
	assert_false(dg_line_place_is_loopback(&p));
	assert_int_equal(dg_line_place_parse("guard.example.com:4460", &p, &err), 0);
	assert_true(p.is_inet);
	assert_string_equal(p.host, "guard.example.com");
	assert_int_equal(dg_line_place_parse("inet:127.0.0.1:1", &p, &err), 0);
	assert_true(dg_line_place_is_loopback(&p));
}

static bool is_readable(const struct dg_line_queue *q)
{
	struct pollfd p = {.fd = dg_line_queue_fd(q), .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void test_queue(void **state)
{
	struct dg_line_queue *q = NULL;
	struct dg_line_slot slot;
	struct dg_err err;
	char address[32];

	(void)state;
	assert_int_equal(dg_line_queue_new(&q, &err), 0);
	assert_false(is_readable(q));
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < DG_LINE_QUEUE + 3; i++) {
			(void)snprintf(address, sizeof(address), "u%u@example.com", i);
			struct dg_mail_event e = event_of(address, "192.0.2.1");
			assert_int_equal(dg_line_queue_push(q, &e), i < DG_LINE_QUEUE);
		}
		assert_int_equal(dg_line_queue_dropped(q), 3 * (round + 1));
		for (unsigned i = 0; i < DG_LINE_QUEUE; i++) {
			assert_true(is_readable(q));
			assert_true(dg_line_queue_pop(q, &slot));
			int n = snprintf(address, sizeof(address), "u%u@example.com", i);
			assert_int_equal(slot.event.address.n, n);
			assert_memory_equal(slot.event.address.p, address, (size_t)n);
			assert_memory_equal(slot.event.client.p, "192.0.2.1", 9);
		}
		assert_false(dg_line_queue_pop(q, &slot));
		assert_false(is_readable(q));
	}
	struct dg_mail_event e = event_of("a\n@b", "");
	assert_false(dg_line_queue_push(q, &e));
	assert_null(dg_line_queue_free(q));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_cannot_be_carried),
		cmocka_unit_test(test_not_a_line),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
