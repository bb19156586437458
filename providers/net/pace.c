#include "providers/net/pace.h"

#include "zones/base/arena.h"
#include "zones/base/map.h"

#include <stdlib.h>

#define MEMORY_MAX  ((size_t)512 << 20)
#define SHUT_MAX_MS ((int64_t)3600 * 1000) /* whatever the other side asks for */
#define LONG_AGO_US (INT64_MIN / 2)

struct dg_net_paces {
	struct dg_arena *arena;
	struct dg_map accounts;
};

struct dg_net_paces *dg_net_paces_new(void)
{
	struct dg_net_paces *p = calloc(1, sizeof(*p));

	if (!p) {
		abort();
	}
	p->arena = dg_arena_new(MEMORY_MAX);
	dg_map_init(&p->accounts, p->arena);
	return p;
}

struct dg_net_paces *dg_net_paces_free(struct dg_net_paces *p)
{
	if (p) {
		(void)dg_arena_free(p->arena);
		free(p);
	}
	return NULL;
}

void dg_net_pace_init(struct dg_net_pace *p, const struct dg_net_pace_limits *limits)
{
	*p = (struct dg_net_pace){.limits = *limits, .turn_us = LONG_AGO_US};
}

struct dg_net_pace *dg_net_paces_get(
	struct dg_net_paces *p, const char *name, const struct dg_net_pace_limits *limits)
{
	struct dg_net_pace *pace = dg_map_get(&p->accounts, name);

	if (!pace) {
		pace = dg_new(p->arena, struct dg_net_pace);
		dg_net_pace_init(pace, limits);
		(void)dg_map_put(&p->accounts, dg_strdup(p->arena, name), pace);
	}
	return pace;
}

int64_t dg_net_pace_take(struct dg_net_pace *p, int64_t now_ms)
{
	const struct dg_net_pace_limits *l = &p->limits;
	int64_t now_us = now_ms * 1000;

	if (l->n == 0) {
		return 0;
	}
	int64_t each_us = (int64_t)l->per_s * 1000000 / l->n;
	int64_t saved_us = l->burst > 1 ? (l->burst - 1) * each_us : 0;
	int64_t turn_us = p->turn_us + each_us;
	p->turn_us = turn_us > now_us - saved_us ? turn_us : now_us - saved_us;
	return p->turn_us > now_us ? (p->turn_us - now_us + 999) / 1000 : 0;
}

void dg_net_pace_shut(struct dg_net_pace *p, int64_t now_ms, int64_t ms)
{
	int64_t until_ms = now_ms + (ms < SHUT_MAX_MS ? ms : SHUT_MAX_MS);

	if (p->limits.n > 0 && until_ms > p->shut_ms) {
		p->shut_ms = until_ms;
		p->turn_us = until_ms * 1000;
	}
}

int64_t dg_net_pace_shut_ms(const struct dg_net_pace *p, int64_t now_ms)
{
	return p->shut_ms > now_ms ? p->shut_ms - now_ms : 0;
}
