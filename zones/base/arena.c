#include "zones/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define DG_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DG_ASAN 1
#endif
#endif
#ifdef DG_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define CHUNK_MIN 1024u
#define CHUNK_MAX (1u << 20)
/* What an arena that is cleared keeps. */
#define CHUNK_KEPT_MAX (16u << 10)
#define ALIGN          alignof(max_align_t)

struct chunk {
	struct chunk *next;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char data[];
};

struct hook {
	struct hook *next;
	void (*fn)(void *obj);
	void *obj;
};

struct dg_arena {
	struct chunk *head;
	struct hook *hooks;
	size_t cap;
	size_t used;
	size_t next_size;
};

static void *must(void *p, const char *what)
{
	if (!p) {
		(void)fprintf(stderr, "dnsguard: %s\n", what);
		abort();
	}
	return p;
}

struct dg_arena *dg_arena_new(size_t cap)
{
	struct dg_arena *a = must(calloc(1, sizeof(*a)), "out of memory");

	a->cap = cap;
	a->next_size = CHUNK_MIN;
	return a;
}

static void run_hooks(struct dg_arena *a)
{
	for (struct hook *h = a->hooks; h; h = h->next) {
		h->fn(h->obj);
	}
	a->hooks = NULL;
}

static void free_chunks(struct chunk *c)
{
	struct chunk *next;

	for (; c; c = next) {
		next = c->next;
		ASAN_UNPOISON_MEMORY_REGION(c->data, c->size);
		free(c);
	}
}

struct dg_arena *dg_arena_free(struct dg_arena *a)
{
	if (!a) {
		return NULL;
	}
	run_hooks(a);
	free_chunks(a->head);
	free(a);
	return NULL;
}

/* The newest chunk is the largest, but for one that was made for a large thing. */
void dg_arena_clear(struct dg_arena *a)
{
	struct chunk *kept = a->head;

	run_hooks(a);
	if (kept && kept->size > CHUNK_KEPT_MAX) {
		kept = NULL;
	}
	free_chunks(kept ? kept->next : a->head);
	a->head = kept;
	a->used = 0;
	a->next_size = CHUNK_MIN;
	if (kept) {
		kept->next = NULL;
		kept->used = 0;
		a->next_size = 2 * kept->size;
		ASAN_POISON_MEMORY_REGION(kept->data, kept->size);
	}
}

size_t dg_arena_used(const struct dg_arena *a)
{
	return a->used;
}

static struct chunk *grow(struct dg_arena *a, size_t need)
{
	size_t size = need > a->next_size ? need : a->next_size;
	struct chunk *c = must(malloc(sizeof(*c) + size), "out of memory");

	*c = (struct chunk){.next = a->head, .size = size};
	ASAN_POISON_MEMORY_REGION(c->data, size);
	a->head = c;
	if (a->next_size < CHUNK_MAX) {
		a->next_size *= 2;
	}
	return c;
}

void *dg_get(struct dg_arena *a, size_t n, size_t size)
{
	struct chunk *c = a->head;
	size_t bytes = 0;
	size_t need = 0;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > a->cap - a->used) {
		must(NULL, "an arena went over its cap (a bug: input is bounded)");
	}
	need = (bytes + ALIGN) / ALIGN * ALIGN; /* at least one aligned unit */
	if (!c || c->size - c->used < need) {
		c = grow(a, need);
	}
	void *p = c->data + c->used;
	c->used += need;
	a->used += bytes;
	ASAN_UNPOISON_MEMORY_REGION(p, bytes);
	memset(p, 0, bytes);
	return p;
}

void *dg_memdup(struct dg_arena *a, const void *p, size_t n)
{
	void *d = dg_get(a, 1, n);

	if (n > 0) {
		memcpy(d, p, n);
	}
	return d;
}

char *dg_strdup(struct dg_arena *a, const char *s)
{
	return dg_memdup(a, s, strlen(s) + 1);
}

char *dg_strndup(struct dg_arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *d = dg_get(a, 1, len + 1);

	memcpy(d, s, len);
	return d;
}

char *dg_printf(struct dg_arena *a, const char *fmt, ...)
{
	va_list ap;
	va_list again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		n = 0;
	}
	char *d = dg_get(a, 1, (size_t)n + 1);
	(void)vsnprintf(d, (size_t)n + 1, fmt, again);
	va_end(again);
	return d;
}

void dg_arena_defer(struct dg_arena *a, void (*fn)(void *obj), void *obj)
{
	struct hook *h = dg_new(a, struct hook);

	*h = (struct hook){.next = a->hooks, .fn = fn, .obj = obj};
	a->hooks = h;
}
