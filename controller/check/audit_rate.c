#include "controller/check/audit_rate.h"

#include <pthread.h>
#include <stdlib.h>

#define WAYS 4u /* places that one server may take */
#define SETS (DG_RATE_HOSTS / WAYS)

struct place {
	uint64_t host;   /* its hash; 0: free */
	int64_t free_us; /* from when on it has room: the bucket's theoretical arrival time */
};

struct dg_rate {
	pthread_mutex_t lock;
	int64_t step_us; /* between two questions */
	struct place places[SETS][WAYS];
};

static uint64_t hash_of(const char *host)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *host != '\0'; host++) {
		h = (h ^ (unsigned char)*host) * 0x100000001b3u;
	}
	h ^= h >> 31;
	return h | 1u;
}

static struct place *place_of(struct dg_rate *r, const char *host)
{
	uint64_t hash = hash_of(host);
	struct place *set = r->places[(hash >> 1) % SETS];
	struct place *best = &set[0];

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].host == hash) {
			return &set[i];
		}
		if (set[i].free_us < best->free_us) {
			best = &set[i];
		}
	}
	*best = (struct place){.host = hash};
	return best;
}

struct dg_rate *dg_rate_new(uint32_t per_s)
{
	struct dg_rate *r = calloc(1, sizeof(*r));

	if (!r) {
		abort();
	}
	(void)pthread_mutex_init(&r->lock, NULL);
	r->step_us = per_s > 0 ? (1000000 + per_s - 1) / per_s : 0;
	return r;
}

struct dg_rate *dg_rate_free(struct dg_rate *r)
{
	if (r) {
		(void)pthread_mutex_destroy(&r->lock);
		free(r);
	}
	return NULL;
}

int64_t dg_rate_reserve(struct dg_rate *r, const char *const *hosts, size_t n_hosts,
	unsigned n_questions, int64_t now_ms)
{
	int64_t now_us = now_ms * 1000;
	int64_t start_us = now_us;

	(void)pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < n_hosts; i++) {
		const struct place *p = place_of(r, hosts[i]);

		start_us = p->free_us > start_us ? p->free_us : start_us;
	}
	for (size_t i = 0; i < n_hosts; i++) {
		place_of(r, hosts[i])->free_us = start_us + r->step_us * n_questions;
	}
	(void)pthread_mutex_unlock(&r->lock);
	return (start_us - now_us + 999) / 1000;
}

void dg_rate_settle(struct dg_rate *r, const char *const *hosts, size_t n_hosts, int n_questions)
{
	(void)pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < n_hosts; i++) {
		place_of(r, hosts[i])->free_us += r->step_us * n_questions;
	}
	(void)pthread_mutex_unlock(&r->lock);
}
