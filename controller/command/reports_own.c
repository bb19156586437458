#include "controller/command/reports_own.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/world.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/mail/spf_eval.h"
#include "zones/mail/spf_shared.h"
#include "zones/watch/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVAL_MAX  ((size_t)16 << 20)
#define NAME_ROOM 1100u

/* --- given ------------------------------------------------------------------------------------ */
int dg_own_parse(struct dg_arena *a, const char *text, struct dg_own *ret_own, struct dg_err *err)
{
	struct dg_own own = {0};
	const char *const *words = NULL;
	size_t n = text ? dg_world_words(a, text, &words) : 0;
	int r = 0;

	own.networks = dg_newn(a, struct dg_network, n);
	for (; r == 0 && own.n < n; own.n++) {
		if (dg_network_parse(words[own.n], strlen(words[own.n]), &own.networks[own.n]) !=
			0) {
			r = dg_fail(err, DG_EINPUT,
				"--own wants addresses and networks (192.0.2.0/24,2001:db8::1), "
				"not %s",
				words[own.n]);
		}
	}
	if (r == 0) {
		*ret_own = own;
	}
	return r;
}

int dg_own_judge(const struct dg_own *own, struct dg_rows *rows)
{
	struct dg_rows_source s;

	for (size_t at = 0; dg_rows_next(rows, &at, &s);) {
		enum dg_rows_standing standing = DG_ROWS_FOREIGN;
		for (size_t i = 0; i < own->n; i++) {
			standing = dg_network_holds(&own->networks[i], &s.address) ? DG_ROWS_OWN
										   : standing;
		}
		dg_rows_judge(rows, &s, standing, NULL);
	}
	return 0;
}

/* --- by SPF ----------------------------------------------------------------------------------- */
struct judging {
	struct dg_app *app;
	struct dg_rows *rows;
	struct dg_spf_memo *memo;
	struct dg_own_ruling *rulings; /* one a source, in their order */
	const char *why, *why_domain;  /* the first that could not be judged */
	size_t n_unknown;
};

bool dg_own_rule_by_spf(struct dg_app *app, struct dg_spf_memo *memo,
	const struct dg_address *address, const char *domain, const struct dg_facts *facts,
	struct dg_own_ruling *ruling)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(EVAL_MAX);
	char from[NAME_ROOM];
	struct dg_spf_outcome o;
	struct dg_spf_query q = {.is_ip6 = address->is_ip6,
		.mail_from = from,
		.now = dg_loop_now(app->loop),
		.memo = memo};

	memcpy(q.ip, address->octets, sizeof(q.ip));
	(void)snprintf(from, sizeof(from), "postmaster@%.*s", (int)strlen(domain) - 1, domain);
	dg_spf_eval(a, &q, facts, &o);
	ruling->why = o.problem ? dg_strdup(app->arena, o.problem) : NULL;
	if (o.result == DG_SPF_RESULT_PENDING) {
		return false;
	}
	if (o.result == DG_SPF_RESULT_PASS) {
		ruling->provider = dg_spf_provider(a, &o);
		ruling->standing = ruling->provider ? DG_ROWS_SHARED : DG_ROWS_OWN;
	} else if (o.result == DG_SPF_RESULT_FAIL || o.result == DG_SPF_RESULT_SOFTFAIL ||
		   o.result == DG_SPF_RESULT_NEUTRAL) {
		ruling->standing = DG_ROWS_FOREIGN;
	} else {
		ruling->standing = DG_ROWS_UNKNOWN;
	}
	return true;
}

static void judge(struct judging *j, const struct dg_rows_source *s, const struct dg_facts *facts,
	struct dg_own_ruling *ruling)
{
	struct dg_own_ruling there = {0};
	bool is_same = strcmp(s->name, s->domain) == 0;
	bool is_done = dg_own_rule_by_spf(j->app, j->memo, &s->address, s->domain, facts, ruling);

	is_done = (is_same || dg_own_rule_by_spf(
				      j->app, j->memo, &s->address, s->name, facts, &there)) &&
		  is_done;
	bool is_own = ruling->standing == DG_ROWS_OWN || ruling->standing == DG_ROWS_SHARED;
	if (!is_same && !is_own && there.standing != DG_ROWS_UNKNOWN) {
		ruling->standing = there.standing;
		ruling->provider = there.provider;
	}
	ruling->is_done = is_done;
	if (is_done && ruling->standing == DG_ROWS_UNKNOWN) {
		j->n_unknown++;
		j->why = j->why        ? j->why
			 : ruling->why ? ruling->why
				       : "its SPF record cannot be used";
		j->why_domain = j->why_domain ? j->why_domain : s->domain;
	}
}

static void rule(void *arg, struct dg_arena *a, const struct dg_facts *facts)
{
	struct judging *j = arg;
	struct dg_rows_source s;
	size_t i = 0;

	(void)a;
	for (size_t at = 0; dg_rows_next(j->rows, &at, &s); i++) {
		if (!j->rulings[i].is_done) {
			judge(j, &s, facts, &j->rulings[i]);
		}
	}
}

int dg_own_judge_by_spf(struct dg_app *app, struct dg_rows *rows, struct dg_err *err)
{
	struct judging j = {.app = app, .rows = rows};
	struct dg_world world = {0};
	struct dg_rows_source s;
	size_t n = 0;
	int r = dg_world_open(app, NULL, &world, err);

	if (r < 0) {
		return r;
	}
	for (size_t at = 0; dg_rows_next(rows, &at, &s); n++) {
	}
	j.rulings = calloc(n + 1, sizeof(*j.rulings));
	if (!j.rulings) {
		abort();
	}
	j.memo = dg_spf_memo_new();
	dg_world_inquire(app, &world, rule, &j);
	n = 0;
	for (size_t at = 0; dg_rows_next(rows, &at, &s); n++) {
		const struct dg_own_ruling *x = &j.rulings[n];
		dg_rows_judge(rows, &s, (enum dg_rows_standing)x->standing, x->provider);
	}
	if (j.n_unknown > 0) {
		(void)fprintf(stderr,
			"dnsguard: %zu sources could not be judged (%s: %s): what fails from them "
			"is undecided; --own tells which networks are yours\n",
			j.n_unknown, dg_world_shown(app->arena, j.why_domain), j.why);
	}
	free(j.rulings);
	j.memo = dg_spf_memo_free(j.memo);
	dg_world_close(&world);
	return 0;
}
