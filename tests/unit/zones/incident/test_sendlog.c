#include "tests/unit/zones/incident/incident_unit.h"

#include "zones/incident/sendlog.h"
#include "zones/watch/maillog.h"
#include "zones/watch/sentids.h"

#include <stdio.h>

#define ID "<1@good.example>"

static struct dg_text text_of(const char *s)
{
	return (struct dg_text){s, strlen(s)};
}

static void add(struct dg_sendlog *l, const char *id, const char *client, const char *user,
	const char *recipient, bool is_remote)
{
	const struct dg_mail_passage p = {.message = dg_sent_ids_key(id, strlen(id)),
		.client = text_of(client),
		.user = text_of(user),
		.recipient = text_of(recipient),
		.is_remote = is_remote};

	dg_sendlog_add(l, &p);
}

static bool take(struct unit *u, struct dg_sendlog *l, struct dg_evidence *e)
{
	u->bounce.original.message_id = ID;
	dg_evidence_of(u->arena, &u->bounce, &u->owner, DG_TOKEN_NONE, e);
	return dg_sendlog_take(l, &u->owner, e);
}

static void expect(struct unit *u, struct dg_sendlog *l, enum dg_entry entry, const char *user)
{
	struct dg_evidence e;

	assert_true(take(u, l, &e));
	assert_true(e.is_logged);
	assert_string_equal(dg_entry_text(e.entry), dg_entry_text(entry));
	assert_string_equal(e.user, user);
}

static struct dg_sendlog *begin(struct unit *u)
{
	unit_init(u, "192.0.2.10");
	return dg_sendlog_new(u->arena);
}

static void end(struct unit *u, struct dg_sendlog *l)
{
	(void)dg_sendlog_free(l);
	unit_done(u);
}

static void test_entry(void **state)
{
	static const struct {
		const char *client, *user, *recipient;
		enum dg_entry entry;
		const char *by;
	} cases[] = {
		{"198.51.100.77", "Anna", "x@there.example", DG_ENTRY_LOGIN, "anna"},
		{"192.0.2.77", "anna", "x@there.example", DG_ENTRY_LOGIN, "anna"},
		{"198.51.100.77", "", "x@there.example", DG_ENTRY_OUTSIDE, ""},
		{"198.51.100.77", "", "Bob@Good.Example", DG_ENTRY_FORWARD, ""},
		{"198.51.100.77", "", "no address", DG_ENTRY_OUTSIDE, ""},
		{"192.0.2.77", "", "x@there.example", DG_ENTRY_INSIDE, ""},
		{"10.1.2.3", "", "x@there.example", DG_ENTRY_INSIDE, ""},
		{"127.0.0.1", "", "x@there.example", DG_ENTRY_LOCAL, ""},
		{"::1", "", "x@there.example", DG_ENTRY_LOCAL, ""},
		{"", "", "x@there.example", DG_ENTRY_LOCAL, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct unit u;
		struct dg_sendlog *l = begin(&u);

		add(l, ID, cases[i].client, cases[i].user, cases[i].recipient, true);
		expect(&u, l, cases[i].entry, cases[i].by);
		end(&u, l);
	}
}

/* In either order: the log of a filter's host may be read first. */
static void test_filter(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct unit u;
		struct dg_sendlog *l = begin(&u);

		(void)state;
		add(l, ID, i == 0 ? "198.51.100.77" : "127.0.0.1", i == 0 ? "anna" : "",
			"x@there.example", i == 1);
		add(l, ID, i == 1 ? "198.51.100.77" : "127.0.0.1", i == 1 ? "anna" : "",
			"x@there.example", i == 0);
		assert_int_equal(dg_sendlog_n(l), 1);
		expect(&u, l, DG_ENTRY_LOGIN, "anna");
		end(&u, l);
	}
}

static void test_credit(void **state)
{
	struct unit u;
	struct dg_sendlog *l = begin(&u);
	struct dg_evidence e;

	(void)state;
	assert_false(take(&u, l, &e)); /* of an empty one */
	add(l, ID, "198.51.100.77", "anna", "bob@good.example", false);
	assert_false(take(&u, l, &e)); /* it went nowhere */
	assert_false(e.is_logged);
	add(l, ID, "198.51.100.77", "anna", "x@there.example", true);
	for (size_t i = 0; i < 2 * (size_t)DG_SENDLOG_CREDIT; i++) {
		assert_true(take(&u, l, &e));
	}
	assert_false(take(&u, l, &e));
	assert_int_equal(e.entry, DG_ENTRY_UNSEEN); /* as it was */
	end(&u, l);
}

static void test_many(void **state)
{
	struct unit u;
	struct dg_sendlog *l = begin(&u);
	char id[64];

	(void)state;
	add(l, ID, "198.51.100.77", "anna", "x@there.example", true);
	for (unsigned i = 1; i < DG_SENDLOG_MAX + 3; i++) {
		(void)snprintf(id, sizeof(id), "<%u@other.example>", i);
		add(l, id, "192.0.2.7", "", "x@there.example", true);
	}
	assert_int_equal(dg_sendlog_n(l), DG_SENDLOG_MAX);
	assert_int_equal(dg_sendlog_dropped(l), 3);
	expect(&u, l, DG_ENTRY_LOGIN, "anna");
	end(&u, l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_credit),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
