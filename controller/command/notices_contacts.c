/* controller/command/notices_contacts.c: who reads mail about an address or an organisation. */
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/notices.h"
#include "controller/command/world.h"
#include "zones/base/arena.h"
#include "zones/incident/contacts.h"
#include "zones/mail/facts.h"

#include <string.h>

#define AT_ONCE \
	6u /* RDAP answers of one inquiry: it fetches eight documents at most, two of them are IANA's lists */

struct asking {
	struct dg_arena *arena;
	struct dg_contact_question questions[DG_NOTICE_PARTIES_MAX];
	struct dg_contact contacts[DG_NOTICE_PARTIES_MAX];
	bool is_done[DG_NOTICE_PARTIES_MAX];
	size_t from, to;           /* of this inquiry */
	const char *list4, *list6; /* IANA's, once they are there */
};

static void keep_list(
	struct asking *x, const struct dg_facts *facts, const char *url, const char **list)
{
	const struct dg_fetch *f = *list || !facts->fetch ? NULL : facts->fetch(facts->arg, url);

	if (f && f->state == DG_FETCH_FOUND && !memchr(f->body, '\0', f->len)) {
		*list = dg_strndup(x->arena, f->body, f->len);
	}
}

static void rule(void *arg, struct dg_arena *a, const struct dg_facts *facts)
{
	struct asking *x = arg;

	(void)a;
	for (size_t i = x->from; i < x->to; i++) {
		struct dg_contact_question *q = &x->questions[i];

		if (x->is_done[i]) {
			continue;
		}
		q->list4 = x->list4;
		q->list6 = x->list6;
		x->is_done[i] = dg_contact_find(x->arena, q, facts, &x->contacts[i]);
		if (x->is_done[i] && q->asks_rdap && q->has_address) {
			keep_list(x, facts,
				q->address.is_ip6 ? DG_CONTACT_IPV6_LIST : DG_CONTACT_IPV4_LIST,
				q->address.is_ip6 ? &x->list6 : &x->list4);
		}
	}
}

static const struct dg_fact *no_dns(void *arg, const char *owner, uint16_t type)
{
	static const struct dg_fact unknown = {.state = DG_FACT_UNKNOWN, .why = "not asked"};

	(void)arg;
	(void)owner;
	(void)type;
	return &unknown;
}

static bool is_to_find(const struct dg_notice *n)
{
	return n->n_places > 0;
}

static void make_questions(
	struct dg_app *app, struct dg_arena *a, struct asking *x, const struct dg_notices_taken *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct dg_notice *n = &t->list[i];
		struct dg_contact_question *q = &x->questions[i];

		x->is_done[i] = !is_to_find(n);
		*q = (struct dg_contact_question){.domain = dg_notice_name(a, n),
			.wants_postmaster = n->kind == DG_NOTICE_REPORTER,
			.asks_dns = app->args->asks_dns,
			.asks_rdap = app->args->asks_rdap};
		if (is_to_find(n) && n->kind != DG_NOTICE_REPORTER) {
			const char *text = n->places[0]->text;
			q->has_address = dg_address_parse(text, strlen(text), &q->address) == 0;
		}
	}
}

static int ask(struct dg_app *app, struct asking *x, size_t n, struct dg_err *err)
{
	struct dg_world world = {0};
	int r = dg_world_open(app, NULL, &world, err);

	if (r < 0) {
		return r;
	}
	for (x->from = 0; x->from < n; x->from = x->to) {
		x->to = x->from + AT_ONCE < n ? x->from + AT_ONCE : n;
		dg_app_progress(app, "%zu of %zu contacts", x->from, n);
		dg_world_inquire(app, &world, rule, x);
	}
	dg_app_progress_end(app);
	dg_world_close(&world);
	return 0;
}

/* What is not there in time, or was not to be asked: by name alone. */
static void guess_the_rest(struct asking *x, size_t n)
{
	const struct dg_facts none = {.dns = no_dns};

	for (size_t i = 0; i < n; i++) {
		if (!x->is_done[i]) {
			x->questions[i].asks_dns = false;
			x->questions[i].asks_rdap = false;
			(void)dg_contact_find(x->arena, &x->questions[i], &none, &x->contacts[i]);
		}
	}
}

int dg_notices_contacts(
	struct dg_app *app, struct dg_arena *a, struct dg_notices_taken *t, struct dg_err *err)
{
	struct asking *x = dg_new(a, struct asking);
	int r = 0;

	x->arena = a;
	make_questions(app, a, x, t);
	if (app->args->asks_dns || app->args->asks_rdap) {
		r = ask(app, x, t->n, err);
	}
	guess_the_rest(x, t->n);
	for (size_t i = 0; r == 0 && i < t->n; i++) {
		struct dg_notice *n = &t->list[i];
		if (is_to_find(n) && x->contacts[i].address && x->contacts[i].address[0] != '\0') {
			n->to[n->n_to++] = x->contacts[i].address;
			n->basis = x->contacts[i].basis;
		}
	}
	return r;
}
