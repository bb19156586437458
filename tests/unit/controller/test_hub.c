/* The hub: names side by side, and the warning of two sensors that see the same mail. */
#include "tests/unit/unit.h"

#include "controller/watch/hub.h"
#include "providers/net/loop.h"
#include "zones/base/err.h"
#include "zones/watch/twins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW  1795396377
#define MANY 3000u

struct life {
	struct dg_loop *loop;
	struct dg_hub *hub;
	unsigned n_told;
	char told[600];
};

static struct life l;
static struct dg_err err;

static int64_t now(void *arg)
{
	(void)arg;
	return NOW;
}

static int64_t mono_ms(void *arg)
{
	(void)arg;
	return 1000;
}

static void on_trouble(void *arg, const char *text)
{
	struct life *x = arg;

	x->n_told++;
	(void)snprintf(x->told, sizeof(x->told), "%s", text);
}

static int set_up(void **state)
{
	static const struct dg_clock clock = {.now = now, .mono_ms = mono_ms};

	(void)state;
	memset(&l, 0, sizeof(l));
	assert_int_equal(dg_loop_new(&clock, &l.loop, &err), 0);
	const struct dg_hub_options o = {.loop = l.loop, .on_trouble = on_trouble, .arg = &l};
	return dg_hub_new(&o, &l.hub, &err);
}

static int tear_down(void **state)
{
	(void)state;
	l.hub = dg_hub_free(l.hub);
	l.loop = dg_loop_free(l.loop);
	return 0;
}

static void see(const char *sensor, unsigned i)
{
	char address[64];
	int n = snprintf(address, sizeof(address), "u%u@N1.example", i);
	struct dg_mail_event e = {.kind = DG_MAIL_TAKEN,
		.at_ms = (int64_t)NOW * 1000,
		.address = {address, (size_t)n},
		.client = {"198.51.100.25", 13}};

	dg_hub_event(l.hub, sensor, &e);
}

static const char *name_of(unsigned i, char name[300])
{
	static char longest[256];

	/* now and then the longest that there is */
	memset(longest, 'a', sizeof(longest));
	(void)snprintf(name, 300, "n%u.%.*sexample.", i, i % 97 == 0 ? 200 : 0, longest);
	return name;
}

/* Many of them, found by their names, in the order in which they came; a second time they are the same. */
static void test_many_names(void **state)
{
	struct dg_watched *w = NULL;
	struct dg_watched *again = NULL;
	char name[300], other[300];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		(void)name_of(i, name);
		const char *zone = i % 3 == 0 ? name : name_of(i - i % 3, other);
		assert_int_equal(dg_hub_add(l.hub, zone, name, &w, &err), 0);
		assert_int_equal(dg_hub_add(l.hub, zone, name, &again, &err), 0);
		assert_ptr_equal(w, again);
		w->user = w;
	}
	for (unsigned i = 0; i < MANY; i++) {
		(void)name_of(i, name);
		w = dg_hub_find(l.hub, name);
		assert_non_null(w);
		assert_ptr_equal(w, dg_hub_at(l.hub, i));
		assert_ptr_equal(w->user, w);
		assert_string_equal(w->name, name);
		assert_string_equal(w->zone, name_of(i - i % 3, other));
	}
	assert_null(dg_hub_at(l.hub, MANY));
	assert_null(dg_hub_find(l.hub, "n0.example"));
}

static void test_twins_are_told_once(void **state)
{
	struct dg_watched *w = NULL;
	struct dg_hub_counts c;

	(void)state;
	assert_int_equal(dg_hub_add(l.hub, "n1.example.", "n1.example.", &w, &err), 0);
	for (unsigned i = 0; i < 10 * DG_TWINS_MIN; i++) { /* one sensor alone, whatever it says */
		see("log /var/log/mail.log", i % 5);
	}
	assert_int_equal(l.n_told, 0);
	for (unsigned i = 0; i < 5 * DG_TWINS_MIN; i++) {
		see("log /var/log/mail.log", 1000 + i);
		see("journal postfix", 1000 + i);
		assert_int_equal(
			l.n_told, i >= DG_TWINS_MIN); /* the very first has no second sensor */
	}
	assert_string_equal(l.told, "journal postfix and log /var/log/mail.log see the same mail, "
				    "so each bounce counts twice: "
				    "take one of them out of watch: sensors:");
	dg_hub_counts(l.hub, &c); /* it is said, and counted all the same */
	assert_int_equal(c.n_events, 20 * DG_TWINS_MIN);
	assert_int_equal(c.n_foreign_names, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_many_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_twins_are_told_once, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
