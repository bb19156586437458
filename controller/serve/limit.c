#include "controller/serve/limit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WAIT_MAX_S 3600.0

void dg_limit_init(struct dg_limit *l, double per_s, double burst)
{
	memset(l, 0, sizeof(*l));
	l->per_s = per_s;
	l->burst = burst;
}

static struct dg_limit_slot *slot_of(struct dg_limit *l, const char *name, int64_t now_ms)
{
	struct dg_limit_slot *oldest = &l->slots[0];

	for (size_t i = 0; i < DG_LIMIT_SLOTS; i++) {
		struct dg_limit_slot *s = &l->slots[i];

		if (s->at_ms != 0 && strncmp(s->name, name, sizeof(s->name) - 1) == 0) {
			return s;
		}
		oldest = s->at_ms < oldest->at_ms ? s : oldest;
	}
	(void)snprintf(oldest->name, sizeof(oldest->name), "%s", name);
	oldest->left = l->burst;
	oldest->at_ms = now_ms;
	return oldest;
}

unsigned dg_limit_take(struct dg_limit *l, const char *name, int64_t now_ms)
{
	int64_t now = now_ms > 0 ? now_ms : 1;
	struct dg_limit_slot *s = slot_of(l, name, now);

	s->left = fmin(l->burst, s->left + l->per_s * (double)(now - s->at_ms) / 1000.0);
	s->at_ms = now;
	if (s->left >= 1.0) {
		s->left -= 1.0;
		return 0;
	}
	return (unsigned)fmin(WAIT_MAX_S, ceil((1.0 - s->left) / l->per_s));
}
