#include "controller/check/deep.h"

#include "controller/lookup/authority.h"
#include "controller/lookup/inquiry.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/policy/schema.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SERVER_MS     5000 /* the most that one name server gets */
#define SERVER_MS_MIN 500
#define CHECK_MAX     ((size_t)256 << 20) /* octets that the result of one round may take */

struct deep {
	struct dg_deep *d;
	struct dg_inquiry inquiry;
	struct dg_zone_facts *zone;
	struct dg_arena *made; /* holds the check of the last round */
	struct dg_authority_ask ask;
	int64_t due_ms;
	bool is_asking, is_settled; /* the name servers */
	bool is_over;               /* the inquiry */
};

const char *dg_probe_label(struct dg_arena *a)
{
	uint8_t random[DG_DEEP_PROBE_LEN];
	char label[DG_DEEP_PROBE_LEN + 1];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		abort();
	}
	for (size_t i = 0; i < DG_DEEP_PROBE_LEN; i++) {
		label[i] = (char)('a' + random[i] % 26);
	}
	label[DG_DEEP_PROBE_LEN] = '\0';
	return dg_strdup(a, label);
}

static void finish(struct deep *u)
{
	struct dg_deep *d = u->d;

	d->internal = NULL;
	d->done(d);
}

/* --- the name servers ------------------------------------------------------------------------- */
static void settle(struct deep *u, const char *why)
{
	u->is_asking = false;
	u->is_settled = true;
	u->inquiry.is_held = false;
	u->d->in.are_servers_pending = false;
	u->d->in.servers_why = why;
}

static void on_asked(struct dg_authority_ask *q, int rc)
{
	struct deep *u = q->arg;
	struct dg_deep *d = u->d;

	if (u->is_over) {
		finish(u);
		return;
	}
	settle(u, rc < 0 ? dg_strdup(d->arena, q->err.text) : NULL);
	d->servers = q->views;
	d->n_servers = q->n_views;
	d->in.servers = q->views;
	d->in.n_servers = q->n_views;
	dg_inquiry_again(&u->inquiry);
}

static void ask_servers(struct deep *u, const char *apex, const struct dg_rrset *ns)
{
	struct dg_deep *d = u->d;
	struct dg_zone *have = dg_zone_new(d->arena, apex);
	struct dg_rrkey *keys = NULL;
	size_t n_keys = 0;
	/* Their addresses are looked up first, and get as long. */
	int64_t third_ms = (u->due_ms - dg_loop_mono_ms(d->loop)) / 3;

	if (ns) {
		dg_zone_add(have, ns);
	}
	dg_zone_seal(have);
	dg_check_keys(d->arena, &d->in, &keys, &n_keys);
	u->ask = (struct dg_authority_ask){
		.zone = apex,
		.keys = keys,
		.n_keys = n_keys,
		.servers = d->named,
		.have = have,
		.wants_cname = true,
		.timeout_ms = third_ms > SERVER_MS       ? SERVER_MS
			      : third_ms > SERVER_MS_MIN ? third_ms
							 : SERVER_MS_MIN,
		.arena = d->arena,
		.done = on_asked,
		.arg = u,
	};
	u->is_asking = true;
	u->inquiry.is_held = true;
	dg_authority_ask(d->authority, &u->ask);
}

static bool is_apex(const char *name, const struct dg_fact *ns)
{
	return ns->state == DG_FACT_FOUND && !ns->alias && strcmp(ns->set.owner, name) == 0;
}

/* The zone that the domain is in: the closest name with NS records. 0; 1: not known yet; 2: none, *ret_why. */
static int find_apex(
	struct deep *u, const char **ret_apex, const struct dg_fact **ret_ns, const char **ret_why)
{
	struct dg_deep *d = u->d;
	const char *at = d->in.domain;

	do {
		const struct dg_fact *ns = dg_fact(d->in.facts, at, DG_TYPE_NS);

		if (ns->state == DG_FACT_PENDING) {
			return 1;
		}
		if (is_apex(at, ns)) {
			*ret_apex = at;
			*ret_ns = ns;
			return 0;
		}
		if (ns->state == DG_FACT_UNKNOWN) {
			*ret_why = dg_printf(
				d->arena, "its name servers could not be looked up: %s", ns->why);
			return 2;
		}
		at = dg_name_parent(at);
	} while (dg_name_n_labels(at) > 1);
	/* Of a name that does not exist nobody is the server. */
	*ret_why = dg_fact(d->in.facts, d->in.domain, DG_TYPE_NS)->state == DG_FACT_NXDOMAIN
			   ? NULL
			   : "no zone below the top level holds it";
	return 2;
}

static void look_for_servers(struct deep *u)
{
	struct dg_deep *d = u->d;
	const char *apex = NULL;
	const struct dg_fact *ns = NULL;
	const char *why = NULL;

	if (u->is_settled) {
		return;
	}
	if (u->inquiry.is_late) {
		bool was_asking = u->is_asking;
		settle(u, "they did not answer in time");
		u->is_asking = was_asking; /* done() waits for it: it writes into the arena */
		return;
	}
	if (u->is_asking) {
		return;
	}
	if (d->named && d->named->n > 0 && d->in.zone) {
		ask_servers(u, d->in.zone->apex, NULL);
		return;
	}
	int r = find_apex(u, &apex, &ns, &why);
	if (r == 0) {
		ask_servers(u, apex, &ns->set);
	} else if (r == 2) {
		settle(u, why);
	}
}

/* --- rounds ----------------------------------------------------------------------------------- */
static void on_round(struct dg_inquiry *q)
{
	struct deep *u = q->arg;
	struct dg_deep *d = u->d;

	look_for_servers(u);
	u->made = dg_arena_free(u->made);
	u->made = dg_arena_new(CHECK_MAX);
	dg_check_make(u->made, &d->in, &d->check);
	d->n_questions = q->n_questions;
}

static void on_done(struct dg_inquiry *q)
{
	struct deep *u = q->arg;

	u->d->n_questions = q->n_questions;
	u->d->is_late = q->is_late;
	u->is_over = true;
	if (!u->is_asking) {
		finish(u);
	}
}

static void free_made(void *arg)
{
	struct deep *u = arg;

	u->made = dg_arena_free(u->made);
}

void dg_deep_start(struct dg_deep *d)
{
	struct deep *u = dg_new(d->arena, struct deep);

	*u = (struct deep){.d = d, .due_ms = dg_loop_mono_ms(d->loop) + d->deadline_ms};
	d->internal = u;
	dg_arena_defer(d->arena, free_made, u);
	d->in.probe = d->in.probe ? d->in.probe : dg_probe_label(d->arena);
	d->in.facts = &u->inquiry.facts;
	d->in.servers = NULL;
	d->in.n_servers = 0;
	d->in.are_servers_pending = d->authority != NULL;
	u->is_settled = d->authority == NULL;
	u->inquiry = (struct dg_inquiry){
		.loop = d->loop,
		.resolver = d->resolver,
		.http = d->http,
		.arena = d->arena,
		.deadline_ms = d->deadline_ms,
		.question_ms = d->question_ms,
		.again_ms = DG_INQUIRY_AGAIN_MS,
		.round = on_round,
		.done = on_done,
		.arg = u,
	};
	if (d->in.zone && d->zone_answers) {
		const struct dg_zone **zones = dg_newn(d->arena, const struct dg_zone *, 1);
		zones[0] = d->in.zone;
		u->zone = dg_zone_facts_new(d->arena, zones, 1, &u->inquiry.facts);
		d->in.facts = dg_zone_facts(u->zone);
	}
	dg_inquiry_start(&u->inquiry);
}
