#include "controller/command/triage_spf.h"

#include "controller/command/app.h"
#include "controller/command/reports_own.h"
#include "controller/command/world.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/base/map.h"
#include "zones/mail/spf_eval.h"
#include "zones/watch/rows.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_MAX ((size_t)64 << 20)

struct known {
	struct dg_address address;
	enum dg_standing standing;
	const char *provider;
	bool is_done;
};

struct dg_triage_spf {
	struct dg_app *app;
	struct dg_world world;
	struct dg_spf_memo *memo;
	struct dg_arena *arena;
	struct dg_map known; /* address as text to struct known */
	/* Of the batch that is looked up. */
	const struct dg_owner *owner;
	struct known **asked;
	size_t n_asked;
};

int dg_triage_spf_open(struct dg_app *app, struct dg_triage_spf **ret_spf, struct dg_err *err)
{
	struct dg_triage_spf *s = calloc(1, sizeof(*s));

	if (!s) {
		abort();
	}
	s->app = app;
	int r = dg_world_open(app, NULL, &s->world, err);
	if (r < 0) {
		free(s);
		return r;
	}
	s->memo = dg_spf_memo_new();
	s->arena = dg_arena_new(KEPT_MAX);
	dg_map_init(&s->known, s->arena);
	*ret_spf = s;
	return 0;
}

struct dg_triage_spf *dg_triage_spf_close(struct dg_triage_spf *s)
{
	if (s) {
		s->memo = dg_spf_memo_free(s->memo);
		dg_world_close(&s->world);
		(void)dg_arena_free(s->arena);
		free(s);
	}
	return NULL;
}

struct dg_world *dg_triage_spf_world(struct dg_triage_spf *s)
{
	return &s->world;
}

static enum dg_standing standing_of(enum dg_rows_standing s)
{
	switch (s) {
	case DG_ROWS_OWN:
		return DG_STANDING_OWN;
	case DG_ROWS_SHARED:
		return DG_STANDING_SHARED;
	case DG_ROWS_FOREIGN:
		return DG_STANDING_FOREIGN;
	case DG_ROWS_UNKNOWN:
		break;
	}
	return DG_STANDING_UNKNOWN;
}

/* Ours when any of our domains lets it pass; foreign when all that could be asked do not. */
static void judge_one(struct dg_triage_spf *s, struct known *k, const struct dg_facts *facts)
{
	enum dg_standing sum = DG_STANDING_UNKNOWN;
	bool is_done = true;

	for (size_t i = 0; i < s->owner->n_domains; i++) {
		const char *domain = dg_printf(s->arena, "%s.", s->owner->domains[i]);
		struct dg_own_ruling r = {0};

		is_done = dg_own_rule_by_spf(s->app, s->memo, &k->address, domain, facts, &r) &&
			  is_done;
		enum dg_standing one = standing_of((enum dg_rows_standing)r.standing);
		bool is_ours = one == DG_STANDING_OWN || one == DG_STANDING_SHARED;
		if (is_ours && sum != DG_STANDING_OWN) {
			sum = one;
			k->provider = r.provider;
		} else if (sum == DG_STANDING_UNKNOWN) {
			sum = one;
		}
	}
	k->standing = sum;
	k->is_done = is_done;
}

static void rule(void *arg, struct dg_arena *a, const struct dg_facts *facts)
{
	struct dg_triage_spf *s = arg;

	(void)a;
	for (size_t i = 0; i < s->n_asked; i++) {
		if (!s->asked[i]->is_done) {
			judge_one(s, s->asked[i], facts);
		}
	}
}

int dg_triage_spf_ask(void *arg, const struct dg_owner *owner, const struct dg_address *addresses,
	size_t n, struct dg_err *err)
{
	struct dg_triage_spf *s = owner->judge_arg;
	char text[DG_ADDRESS_TEXT_MAX];

	(void)arg;
	(void)err;
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(KEPT_MAX);
	s->owner = owner;
	s->n_asked = 0;
	s->asked = dg_newn(a, struct known *, n);
	for (size_t i = 0; i < n && dg_arena_used(s->arena) < KEPT_MAX / 2; i++) {
		(void)dg_address_text(&addresses[i], text);
		if (!dg_map_get(&s->known, text)) {
			struct known *k = dg_new(s->arena, struct known);
			k->address = addresses[i];
			(void)dg_map_put(&s->known, dg_strdup(s->arena, text), k);
			s->asked[s->n_asked++] = k;
		}
	}
	if (s->n_asked > 0) {
		dg_world_inquire(s->app, &s->world, rule, s);
	}
	s->asked = NULL;
	return 0;
}

enum dg_standing dg_triage_spf_judge(
	void *arg, const struct dg_address *address, const char **ret_provider)
{
	struct dg_triage_spf *s = arg;
	char text[DG_ADDRESS_TEXT_MAX];
	const struct known *k = dg_map_get(&s->known, dg_address_text(address, text));

	if (!k) {
		return DG_STANDING_UNKNOWN;
	}
	*ret_provider = k->provider;
	return k->standing;
}
