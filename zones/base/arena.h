/* zones/base/arena.h: memory that lives and dies together.
 *
 * Lifetime  One arena per thing with a lifetime: a loaded document, a plan, one
 *           request. What an arena gave is freed only with the whole arena.
 * Failure   dg_get() never returns NULL: out of memory, or above the arena's cap,
 *           ends the process. Input is bounded where it enters, so the cap is
 *           only reached by a bug. Work in flight is resumed from the journal.
 * Threads   None: an arena belongs to one thread.
 * Tools     Under AddressSanitizer freed and unused bytes are poisoned.
 */
#pragma once

#include <stddef.h>

struct dg_arena;

struct dg_arena *dg_arena_new(size_t cap);          /* cap: bytes, the most it may ever hold */
struct dg_arena *dg_arena_free(struct dg_arena *a); /* NULL is fine; returns NULL */
/* As if it were new; of its memory a little is kept for what comes next. Runs the hooks. */
void dg_arena_clear(struct dg_arena *a);
size_t dg_arena_used(const struct dg_arena *a); /* bytes given out so far */

/* n * size zeroed bytes, aligned for any type. n == 0 gives a valid pointer. */
void *dg_get(struct dg_arena *a, size_t n, size_t size) __attribute__((returns_nonnull));
char *dg_strdup(struct dg_arena *a, const char *s) __attribute__((returns_nonnull));
char *dg_strndup(struct dg_arena *a, const char *s, size_t n) __attribute__((returns_nonnull));
void *dg_memdup(struct dg_arena *a, const void *p, size_t n) __attribute__((returns_nonnull));
char *dg_printf(struct dg_arena *a, const char *fmt, ...)
	__attribute__((returns_nonnull, format(printf, 2, 3)));

/* Runs fn(obj) when the arena is freed, last registered first: how a foreign object is tied to it. */
void dg_arena_defer(struct dg_arena *a, void (*fn)(void *obj), void *obj);

#define dg_new(arena, type)     ((type *)dg_get((arena), 1, sizeof(type)))
#define dg_newn(arena, type, n) ((type *)dg_get((arena), (n), sizeof(type)))

static inline void dg_arena_freep(struct dg_arena **a)
{
	*a = dg_arena_free(*a);
}
/* struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(...); */
#define dg_cleanup(fn) __attribute__((cleanup(fn)))
