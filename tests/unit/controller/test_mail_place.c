/* Which mailbox a sensor reads: what is taken, and that each thing that is wrong is named, with what was expected. */
#include "tests/unit/unit.h"

#include "controller/watch/mail_place.h"
#include "zones/base/err.h"

#include <stdlib.h>
#include <string.h>

#define IMAP "imaps://alice@mail.example.com/INBOX"

static struct dg_mail_place place;
static struct dg_err err;

static int parse(const char *text, const char *kind)
{
	memset(&place, 0x55, sizeof(place));
	memset(&err, 0, sizeof(err));
	return dg_mail_place_parse(text, kind, &place, &err);
}

static void test_good(void **state)
{
	struct dg_source_options o = {0};

	(void)state;
	assert_int_equal(parse("/home/alice/Maildir", "maildir"), 0);
	assert_string_equal(place.what, "maildir:/home/alice/Maildir");
	assert_int_equal(place.poll_ms, DG_MAIL_PLACE_POLL_MS);
	assert_int_equal(parse("/var/mail/a b", "mbox"), 0); /* a blank in a path */
	assert_string_equal(place.what, "mbox:/var/mail/a b");
	assert_int_equal(parse("/home/alice/Maildir poll=5m", NULL), 0);
	assert_string_equal(place.what, "/home/alice/Maildir");
	assert_int_equal(place.poll_ms, 300000);
	dg_mail_place_apply(&place, &o);
	assert_null(o.password_file);
	assert_null(o.ca_file);
	assert_int_equal(parse(IMAP " password-file=/etc/p poll=2h ca-file=/etc/ca", "imap"), 0);
	assert_string_equal(place.what, IMAP);
	assert_int_equal(place.poll_ms, 7200000);
	dg_mail_place_apply(&place, &o);
	assert_string_equal(o.password_file, "/etc/p");
	assert_string_equal(o.ca_file, "/etc/ca");
	assert_int_equal(parse("/x poll=86400", NULL), 0);
	assert_int_equal(place.poll_ms, 86400000);
}

static void test_wrong(void **state)
{
	static const struct {
		const char *text, *kind, *says;
	} wrong[] = {
		{"/x poll=", NULL, "found 'poll=', expected for example poll=60s"},
		{"/x poll=0", NULL, "expected for example poll=60s"},
		{"/x poll=-5s", NULL, "expected for example poll=60s"},
		{"/x poll=5d", NULL, "expected for example poll=60s"},
		{"/x poll=25h", NULL, "expected for example poll=60s"},
		{"/x poll=99999999999999999999", NULL, "expected for example poll=60s"},
		{IMAP " password-file=secret", "imap",
			"found 'password-file=secret', expected the whole path"},
		{IMAP " ca-file=", "imap", "found 'ca-file=', expected the whole path"},
		{"Maildir", "maildir", "found 'Maildir', expected its whole path"},
		{"maildir:/x", "mbox", "expected its whole path"},
		{"/var/mail/a", "imap",
			"expected for example imaps://alice@mail.example.com/INBOX"},
		{"", NULL, "expected a whole path, or for example imaps://"},
		{"box", NULL, "found 'box', expected a whole path, or for example"},
		{IMAP, "imap", "without a password-file=FILE"},
		{IMAP " poll=60s", NULL, "without a password-file=FILE"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct dg_mail_place before;

		memset(&before, 0x55, sizeof(before));
		if (parse(wrong[i].text, wrong[i].kind) != DG_EINPUT ||
			!strstr(err.text, wrong[i].says)) {
			fail_msg("%s: said '%s', not '%s'", wrong[i].text, err.text, wrong[i].says);
		}
		assert_memory_equal(&place, &before, sizeof(place)); /* left as it was */
	}
}

/* A path or an option that is too long is refused, however long. */
static void test_long(void **state)
{
	static const char password[] = " password-file=";
	char *text = malloc(100000);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 100000);
	text[0] = '/';
	text[99999] = '\0';
	assert_int_equal(parse(text, "maildir"), DG_EINPUT);
	assert_non_null(strstr(err.text, "which is too long"));
	assert_true(strlen(err.text) < 1000);
	memcpy(text, IMAP, strlen(IMAP));
	memcpy(text + strlen(IMAP), password, strlen(password));
	text[strlen(IMAP) + strlen(password)] = '/';
	assert_int_equal(parse(text, "imap"), DG_EINPUT);
	assert_non_null(strstr(err.text, "expected the whole path of a file"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
