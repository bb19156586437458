/* check --open-relay: the MX hosts that the policy names, and no others, are asked whether they relay for strangers. */
#include "controller/check/relay.h"
#include "controller/command/app.h"
#include "controller/command/check.h"
#include "providers/net/loop.h"
#include "zones/base/address.h"
#include "zones/base/arena.h"
#include "zones/mail/facts.h"
#include "zones/policy/policy.h"

#include <string.h>

struct hosts {
	struct dg_arena *arena; /* of the policy */
	struct dg_relay_target *list;
	size_t n;
};

static void add_addresses(
	struct dg_arena *a, const struct dg_fact *fact, const char **addresses, size_t *n)
{
	char text[DG_ADDRESS_TEXT_MAX];

	for (size_t i = 0; fact->state == DG_FACT_FOUND && i < fact->set.n; i++) {
		struct dg_address address;

		if (dg_address_of(fact->set.rdata[i].wire, fact->set.rdata[i].len, &address) == 0) {
			addresses[(*n)++] = dg_strdup(a, dg_address_text(&address, text));
		}
	}
}

static void rule(void *arg, struct dg_arena *a, const struct dg_facts *facts)
{
	struct hosts *h = arg;

	(void)a;
	for (size_t i = 0; i < h->n; i++) {
		struct dg_relay_target *t = &h->list[i];
		const struct dg_fact *a4 = dg_fact(facts, t->host, DG_TYPE_A);
		const struct dg_fact *a6 = dg_fact(facts, t->host, DG_TYPE_AAAA);

		if (a4->state == DG_FACT_PENDING || a6->state == DG_FACT_PENDING) {
			continue;
		}
		const char **addresses = dg_newn(h->arena, const char *, a4->set.n + a6->set.n + 1);
		t->n_addresses = 0;
		add_addresses(h->arena, a4, addresses, &t->n_addresses);
		add_addresses(h->arena, a6, addresses, &t->n_addresses);
		t->addresses = addresses;
		if (t->n_addresses == 0) {
			const struct dg_fact *bad = a4->state == DG_FACT_UNKNOWN ? a4 : a6;
			t->why = bad->state == DG_FACT_UNKNOWN
					 ? dg_printf(h->arena,
						   "its address could not be looked up: %s",
						   bad->why)
					 : "it has no address";
		}
	}
}

static void list_hosts(struct hosts *h, const struct dg_policy *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_mail; i++) {
		n += p->mail[i].n_mx;
	}
	h->list = dg_newn(h->arena, struct dg_relay_target, n);
	for (size_t i = 0; i < p->n_mail; i++) {
		for (size_t k = 0; k < p->mail[i].n_mx; k++) {
			h->list[h->n++] = (struct dg_relay_target){
				.host = p->mail[i].mx[k].host, .domain = p->mail[i].name};
		}
	}
}

static void on_done(struct dg_relay_test *t)
{
	dg_loop_stop(t->loop);
}

void dg_check_relays(struct dg_checking *c, struct dg_arena *a, const struct dg_policy *p,
	struct dg_target *targets, size_t n)
{
	struct hosts h = {.arena = a};
	struct dg_relay_test test = {.loop = c->app->loop,
		.timeout_ms = dg_world_deadline_ms(c->app),
		.arena = a,
		.done = on_done};

	list_hosts(&h, p);
	if (h.n == 0) {
		return;
	}
	dg_world_inquire(c->app, &c->world, rule, &h);
	test.targets = h.list;
	test.n_targets = h.n;
	dg_app_progress(c->app, "asking %zu MX hosts whether they relay for strangers", h.n);
	dg_relay_start(&test);
	dg_loop_run(c->app->loop);
	for (size_t k = 0; k < test.n_seen; k++) {
		const struct dg_relay_form *form = NULL;
		const char *why = NULL;

		c->app->n_relays_bad +=
			dg_relay_judge(&test.seen[k], &form, &why) != DG_RELAY_REFUSES;
	}
	for (size_t i = 0; i < n; i++) {
		struct dg_relay_host *of = dg_newn(a, struct dg_relay_host, test.n_seen);
		size_t n_of = 0;

		for (size_t k = 0; k < test.n_seen; k++) {
			if (strcmp(test.seen[k].domain, targets[i].domain) == 0) {
				of[n_of++] = test.seen[k];
			}
		}
		targets[i].relays = of;
		targets[i].n_relays = n_of;
	}
}
