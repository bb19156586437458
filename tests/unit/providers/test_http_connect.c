/* HTTP on the loop: which addresses a request connects to, and what comes back beside the body. */
#include "tests/unit/unit.h"

#include "tests/unit/providers/http_unit.h"

static void play_type(struct fake_http *f, const char *request, struct fake_answer *answer)
{
	(void)f;
	(void)request;
	answer->bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; x=\x1b[31m\r\n"
			"Content-Length: 5\r\n\r\nhello";
	answer->stays_open = true;
}

static void test_content_type(void **state)
{
	struct scene *s = scene_new(play_type);

	(void)state;
	run(s);
	assert_string_equal(s->request.content_type, "text/plain; x=\\x1b[31m");
	scene_free(s);

	s = scene_new(play_ok);
	(void)snprintf(s->request.content_type, DG_HTTP_TYPE_MAX, "old");
	run(s);
	assert_string_equal(s->request.content_type, "");
	scene_free(s);
}

static const char *const loopback[] = {"::1", "127.0.0.1"}; /* nothing listens at the first */

static void test_given_addresses(void **state)
{
	struct scene *s = scene_new(play_ok);
	char host[64];

	(void)state;
	(void)snprintf(
		s->url, sizeof(s->url), "http://Policy.example.invalid:%u/x", s->server->port);
	(void)snprintf(host, sizeof(host), "Host: Policy.example.invalid:%u\r\n", s->server->port);
	s->request.is_plain_ok = true;
	s->request.addresses = loopback;
	s->request.n_addresses = 2;
	run(s);
	assert_int_equal(s->rc, 0);
	assert_string_equal(s->request.reply, "hello");
	assert_non_null(strcasestr(s->server->last, host));
	scene_free(s);
}

/* Neither the connection nor the addresses serve the next request for the same host. */
static void test_given_addresses_are_forgotten(void **state)
{
	struct scene *s = scene_new(play_ok);

	(void)state;
	(void)snprintf(
		s->url, sizeof(s->url), "http://policy.example.invalid:%u/x", s->server->port);
	s->request.is_plain_ok = true;
	s->request.addresses = loopback;
	s->request.n_addresses = 2;
	for (unsigned i = 1; i <= 3; i++) {
		s->n_done = 0;
		run(s);
		assert_int_equal(s->rc, 0);
		assert_int_equal(s->server->n_connections, i);
		dg_http_request_done(&s->request);
	}
	s->request.addresses = NULL;
	s->request.n_addresses = 0;
	s->request.timeout_ms = 500;
	s->n_done = 0;
	run(s);
	assert_int_equal(s->rc, DG_EIO);
	assert_int_equal(s->server->n_requests, 3);
	scene_free(s);
}

static void test_bad_addresses(void **state)
{
	static const char *const names[] = {"localhost"};
	static const char *const injected[] = {"127.0.0.1,10.0.0.1"};
	static const char *many[DG_HTTP_ADDRESSES + 1];
	struct scene *s = scene_new(play_ok);

	(void)state;
	for (unsigned i = 0; i <= DG_HTTP_ADDRESSES; i++) {
		many[i] = "127.0.0.1";
	}
	const char *const *const lists[] = {names, injected, many};
	for (unsigned i = 0; i < 3; i++) {
		s->n_done = 0;
		s->request.addresses = lists[i];
		s->request.n_addresses = i < 2 ? 1 : DG_HTTP_ADDRESSES + 1;
		run(s);
		assert_int_equal(s->rc, DG_EINPUT);
	}
	s->n_done = 0;
	s->request.n_addresses--;
	run(s);
	assert_int_equal(s->rc, 0);
	scene_free(s);
}

/* A kept connection must not be a way around the rule. */
static void test_public_only(void **state)
{
	struct scene *s = scene_new(play_ok);
	static const char *const addresses[] = {"10.0.0.1", "::1", "::ffff:127.0.0.1", "127.0.0.1"};

	(void)state;
	run(s);
	assert_int_equal(s->rc, 0);
	dg_http_request_done(&s->request);
	s->request.is_public_only = true;
	for (unsigned i = 0; i < 3; i++) {
		s->n_done = 0;
		s->request.addresses = i == 1 ? addresses : NULL;
		s->request.n_addresses = i == 1 ? 4 : 0;
		if (i == 2) {
			(void)snprintf(
				s->url, sizeof(s->url), "http://localhost:%u/x", s->server->port);
		}
		run(s);
		assert_int_equal(s->rc, DG_EPOLICY);
		assert_false(s->request.was_sent);
		assert_non_null(strstr(s->request.err.text, "(loopback): not connected to"));
	}
	assert_int_equal(s->server->n_connections, 1);
	s->n_done = 0;
	s->request.is_public_only = false;
	run(s);
	assert_int_equal(s->rc, 0);
	scene_free(s);
}

/* However our own network, or something else than HTTP, is spelt: nothing is sent there. */
static void test_spellings(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "127.1", "2130706433", "0x7f000001",
		"0177.0.0.1", "0x7f.1", "0", "0.0.0.0", "[::]", "[::1]", "[::ffff:127.0.0.1]",
		"[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "localhost",
		"localhost.", "169.254.169.254", "10.1.2.3", "172.16.0.1", "192.168.0.1",
		"100.64.0.1", "[fd00::1]", "[fe80::1]", "224.0.0.1", "255.255.255.255",
		"user@127.0.0.1", "8.8.8.8@127.0.0.1", "127.0.0.1#", "127.0.0.1\\@8.8.8.8"};
	static const char *const schemes[] = {"gopher", "file", "ftp", "dict", "smtp", "ldap", ""};
	const size_t n_hosts = sizeof(hosts) / sizeof(hosts[0]);
	struct scene *s = scene_new(play_ok);

	(void)state;
	s->request.is_plain_ok = true;
	s->request.is_public_only = true;
	s->request.timeout_ms = 500;
	for (size_t i = 0; i < n_hosts + sizeof(schemes) / sizeof(schemes[0]); i++) {
		(void)snprintf(s->url, sizeof(s->url), "%s://%s:%u/x",
			i < n_hosts ? "http" : schemes[i - n_hosts],
			i < n_hosts ? hosts[i] : "127.0.0.1", s->server->port);
		s->n_done = 0;
		run(s);
		assert_true(s->rc < 0);
		assert_false(s->request.was_sent);
		dg_http_request_done(&s->request);
	}
	assert_int_equal(s->server->n_connections, 0);
	scene_free(s);
}

/* Plain text where a TLS handshake was expected. */
static void test_not_tls(void **state)
{
	struct scene *s = scene_new(play_ok);

	(void)state;
	s->server->is_rude = true;
	(void)snprintf(s->url, sizeof(s->url), "https://127.0.0.1:%u/x", s->server->port);
	run(s);
	assert_int_equal(s->rc, DG_EREMOTE);
	assert_true(s->request.is_bad_tls);
	scene_free(s);

	s = scene_new(play_garbage);
	run(s);
	assert_int_equal(s->rc, DG_EREMOTE);
	assert_false(s->request.is_bad_tls);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content_type),
		cmocka_unit_test(test_given_addresses),
		cmocka_unit_test(test_given_addresses_are_forgotten),
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_public_only),
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_not_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
