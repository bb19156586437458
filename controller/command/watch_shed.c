#include "controller/command/watch_shed.h"

#include "controller/command/watch_set.h"
#include "controller/guard/runner.h"
#include "controller/watch/hub.h"
#include "controller/watch/shed.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/mail/chars.h"
#include "zones/policy/policy.h"

#include <stdlib.h>
#include <string.h>

#define TICK_MS    1000
#define MEMORY_MAX ((size_t)4 << 20)

struct dg_watch_shed {
	struct dg_loop *loop;
	const struct dg_hub *hub;
	const struct dg_runner *runner;
	struct dg_shed *shed;
	struct dg_timer *timer;
	const struct dg_mail_spec **names; /* those that ask for it */
	size_t n;
};

struct entries {
	struct dg_arena *arena;
	const char *list[DG_SHED_MAX];
	size_t n;
};

static void add(struct entries *e, const char *text)
{
	if (e->n < DG_SHED_MAX) {
		e->list[e->n++] = text;
	}
}

static void add_name(struct entries *e, const char *name)
{
	add(e, dg_printf(e->arena, "@%.*s", (int)strlen(name) - 1, name));
}

static void add_address(struct entries *e, const char *address)
{
	char *own = dg_strdup(e->arena, address);

	for (char *c = own; *c != '\0'; c++) {
		*c = dg_lower(*c);
	}
	add(e, own);
}

/* The name, and those of its subdomains that the attacker follows to. */
static void add_attacked(struct dg_watch_shed *s, struct entries *e, const struct dg_mail_spec *m)
{
	const struct dg_guard *g = dg_runner_guard(s->runner, m->name);

	if (!g || g->is_abused) {
		return;
	}
	if (dg_guard_is_under_attack(g)) {
		add_name(e, m->name);
	}
	for (size_t i = 0; m->split && i < dg_split_n_labels(m->split); i++) {
		const struct dg_watched *w = dg_hub_find(s->hub, dg_split_label(m->split, i));

		if (w && w->level == DG_ALARM_ALARM) {
			add_name(e, w->name);
		}
	}
}

static void tick(void *arg)
{
	struct dg_watch_shed *s = arg;
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	struct entries e = {.arena = a};

	s->timer = dg_loop_after_ms(s->loop, TICK_MS, tick, s);
	for (size_t i = 0; i < s->n; i++) {
		const struct dg_shed_spec *spec = s->names[i]->shed;

		for (size_t k = 0; k < spec->always.n; k++) {
			add_address(&e, spec->always.list[k].text);
		}
	}
	for (size_t i = 0; i < s->n; i++) {
		if (s->names[i]->shed->when == DG_SHED_ATTACK) {
			add_attacked(s, &e, s->names[i]);
		}
	}
	dg_shed_put(s->shed, e.list, e.n);
}

static size_t count(const struct dg_watch_set *set, const struct dg_mail_spec **ret_names)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct dg_policy *p = set->policies[i];

		for (size_t k = 0; k < p->n_mail; k++) {
			if (p->mail[k].shed && ret_names) {
				ret_names[n] = &p->mail[k];
			}
			n += p->mail[k].shed != NULL;
		}
	}
	return n;
}

struct dg_watch_shed *dg_watch_shed_new(struct dg_loop *loop, const struct dg_watch_set *set,
	const struct dg_hub *hub, const struct dg_runner *runner)
{
	size_t n = count(set, NULL);
	struct dg_watch_shed *s = n > 0 ? calloc(1, sizeof(*s)) : NULL;

	if (!s) {
		return NULL;
	}
	*s = (struct dg_watch_shed){.loop = loop,
		.hub = hub,
		.runner = runner,
		.shed = dg_shed_new(),
		.names = dg_newn(set->arena, const struct dg_mail_spec *, n),
		.n = n};
	(void)count(set, s->names);
	tick(s);
	return s;
}

struct dg_watch_shed *dg_watch_shed_free(struct dg_watch_shed *s)
{
	if (s) {
		(void)dg_timer_cancel(s->timer);
		(void)dg_shed_free(s->shed);
		free(s);
	}
	return NULL;
}

struct dg_shed *dg_watch_shed_list(struct dg_watch_shed *s)
{
	return s ? s->shed : NULL;
}
