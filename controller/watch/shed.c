#include "controller/watch/shed.h"

#include "zones/mail/chars.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POSTMASTER "postmaster"

struct dg_shed {
	int64_t (*mono_ms)(void);
	pthread_mutex_t lock;
	char (*entries)[DG_SHED_ENTRY_MAX]; /* sorted */
	size_t n;
	int64_t until_ms;
	uint64_t generation;
};

static int64_t mono_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct dg_shed *dg_shed_new_on(int64_t (*clock)(void))
{
	struct dg_shed *s = calloc(1, sizeof(*s));

	if (!s || pthread_mutex_init(&s->lock, NULL) != 0) {
		abort();
	}
	s->mono_ms = clock;
	return s;
}

struct dg_shed *dg_shed_new(void)
{
	return dg_shed_new_on(mono_ms);
}

struct dg_shed *dg_shed_free(struct dg_shed *s)
{
	if (s) {
		(void)pthread_mutex_destroy(&s->lock);
		free(s->entries);
		free(s);
	}
	return NULL;
}

static int cmp(const void *x, const void *y)
{
	return strcmp(x, y);
}

void dg_shed_put(struct dg_shed *s, const char *const *entries, size_t n)
{
	char(*own)[DG_SHED_ENTRY_MAX] = NULL;
	size_t n_own = 0;

	if (n > 0) {
		n = n < DG_SHED_MAX ? n : DG_SHED_MAX;
		own = calloc(n, sizeof(*own));
		if (!own) {
			abort();
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (strlen(entries[i]) < sizeof(*own)) {
			(void)snprintf(own[n_own++], sizeof(*own), "%s", entries[i]);
		}
	}
	if (n_own > 1) {
		qsort(own, n_own, sizeof(*own), cmp);
	}
	(void)pthread_mutex_lock(&s->lock);
	s->generation +=
		n_own != s->n || (n_own > 0 && memcmp(own, s->entries, n_own * sizeof(*own)) != 0);
	void *before = s->entries;
	s->entries = own;
	s->n = n_own;
	s->until_ms = s->mono_ms() + DG_SHED_KEEP_MS;
	(void)pthread_mutex_unlock(&s->lock);
	free(before);
}

uint64_t dg_shed_generation(struct dg_shed *s)
{
	(void)pthread_mutex_lock(&s->lock);
	uint64_t generation = s->generation;
	(void)pthread_mutex_unlock(&s->lock);
	return generation;
}

static bool has(const struct dg_shed *s, const char *entry)
{
	return s->n > 0 && bsearch(entry, s->entries, s->n, sizeof(*s->entries), cmp) != NULL;
}

enum dg_shed_why dg_shed_ask(struct dg_shed *s, struct dg_text recipient)
{
	char address[DG_SHED_ENTRY_MAX];
	enum dg_shed_why why = DG_SHED_NO;

	if (!s || recipient.n == 0 || recipient.n >= sizeof(address)) {
		return DG_SHED_NO;
	}
	for (size_t i = 0; i < recipient.n; i++) {
		address[i] = dg_lower(recipient.p[i]);
	}
	address[recipient.n] = '\0';
	const char *at = strrchr(address, '@');
	if (!at) {
		return DG_SHED_NO;
	}
	bool is_postmaster = (size_t)(at - address) == sizeof(POSTMASTER) - 1 &&
			     strncmp(address, POSTMASTER, sizeof(POSTMASTER) - 1) == 0;
	(void)pthread_mutex_lock(&s->lock);
	if (s->mono_ms() < s->until_ms) {
		why = has(s, address)                ? DG_SHED_SILENT
		      : !is_postmaster && has(s, at) ? DG_SHED_FORGED
						     : DG_SHED_NO;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return why;
}

const char *dg_shed_text(enum dg_shed_why why)
{
	return why == DG_SHED_SILENT
		       ? "no mail is ever sent from this address, so it takes no bounces: what you "
			 "return was forged"
		       : "this domain is being forged as the sender of spam: bounces are not taken "
			 "for now, what you return was not sent from here. Refuse such mail "
			 "instead "
			 "of returning it; postmaster here takes questions";
}

void dg_shed_list(struct dg_shed *s, void (*each)(void *arg, const char *entry), void *arg)
{
	(void)pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n; i++) {
		each(arg, s->entries[i]);
	}
	(void)pthread_mutex_unlock(&s->lock);
}
