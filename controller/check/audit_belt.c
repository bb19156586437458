#include "controller/check/audit_belt.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NONE SIZE_MAX

struct slot {
	size_t next;  /* among the free, the waiting or the done ones */
	size_t later; /* in the order of the lines */
	bool is_done;
	char *text; /* the line, then the result */
	size_t len;
	uint64_t no;
	bool is_cut;
};

struct list {
	size_t first, last;
};

struct dg_belt {
	pthread_mutex_t lock;
	struct slot *slots;
	size_t n_slots;
	size_t n_inside;
	size_t bytes, max_bytes;
	struct list empty, waiting, done; /* done: only when there is no order */
	struct list order;                /* by later */
	bool in_order, is_closed;
};

static void *must(void *p)
{
	if (!p) {
		abort();
	}
	return p;
}

static void append(struct dg_belt *b, struct list *l, size_t i)
{
	b->slots[i].next = NONE;
	if (l->first == NONE) {
		l->first = i;
	} else {
		b->slots[l->last].next = i;
	}
	l->last = i;
}

static size_t shift(struct dg_belt *b, struct list *l)
{
	size_t i = l->first;

	if (i != NONE) {
		l->first = b->slots[i].next;
	}
	return i;
}

static void append_order(struct dg_belt *b, size_t i)
{
	b->slots[i].later = NONE;
	if (b->order.first == NONE) {
		b->order.first = i;
	} else {
		b->slots[b->order.last].later = i;
	}
	b->order.last = i;
}

struct dg_belt *dg_belt_new(size_t n_slots, size_t max_bytes, bool in_order)
{
	const struct list none = {NONE, NONE};
	struct dg_belt *b = must(calloc(1, sizeof(*b)));

	*b = (struct dg_belt){
		.slots = must(calloc(n_slots, sizeof(*b->slots))),
		.n_slots = n_slots,
		.max_bytes = max_bytes,
		.empty = none,
		.waiting = none,
		.done = none,
		.order = none,
		.in_order = in_order,
	};
	(void)pthread_mutex_init(&b->lock, NULL);
	for (size_t i = 0; i < n_slots; i++) {
		append(b, &b->empty, i);
	}
	return b;
}

struct dg_belt *dg_belt_free(struct dg_belt *b)
{
	if (b) {
		for (size_t i = 0; i < b->n_slots; i++) {
			free(b->slots[i].text);
		}
		free(b->slots);
		(void)pthread_mutex_destroy(&b->lock);
		free(b);
	}
	return NULL;
}

int dg_belt_put(struct dg_belt *b, struct dg_belt_line *line)
{
	size_t i = NONE;

	(void)pthread_mutex_lock(&b->lock);
	if (b->bytes <= b->max_bytes) {
		i = shift(b, &b->empty);
	}
	if (i != NONE) {
		struct slot *s = &b->slots[i];

		s->no = line->no;
		s->is_cut = line->is_cut;
		s->is_done = false;
		s->len = line->len;
		s->text = must(malloc(line->len + 1));
		memcpy(s->text, line->text, line->len);
		append(b, &b->waiting, i);
		if (b->in_order) {
			append_order(b, i);
		}
		b->n_inside++;
		line->slot = i;
	}
	(void)pthread_mutex_unlock(&b->lock);
	return i == NONE ? DG_BELT_NOTHING : 0;
}

void dg_belt_close(struct dg_belt *b)
{
	(void)pthread_mutex_lock(&b->lock);
	b->is_closed = true;
	(void)pthread_mutex_unlock(&b->lock);
}

int dg_belt_take(struct dg_belt *b, struct dg_belt_line *ret_line)
{
	int rc = 0;

	(void)pthread_mutex_lock(&b->lock);
	size_t i = shift(b, &b->waiting);
	if (i != NONE) {
		struct slot *s = &b->slots[i];

		ret_line->slot = i;
		ret_line->no = s->no;
		ret_line->len = s->len;
		ret_line->is_cut = s->is_cut;
		memcpy(ret_line->text, s->text, s->len);
		free(s->text);
		s->text = NULL;
	} else {
		rc = b->is_closed ? DG_BELT_OVER : DG_BELT_NOTHING;
	}
	(void)pthread_mutex_unlock(&b->lock);
	return rc;
}

void dg_belt_done(struct dg_belt *b, size_t slot, char *text, size_t len)
{
	(void)pthread_mutex_lock(&b->lock);
	struct slot *s = &b->slots[slot];
	s->text = text;
	s->len = len;
	s->is_done = true;
	b->bytes += len;
	if (!b->in_order) {
		append(b, &b->done, slot);
	}
	(void)pthread_mutex_unlock(&b->lock);
}

/* The slot whose result comes next, taken from its list. */
static size_t next_slot(struct dg_belt *b)
{
	if (!b->in_order) {
		return shift(b, &b->done);
	}
	size_t i = b->order.first;
	if (i == NONE || !b->slots[i].is_done) {
		return NONE;
	}
	b->order.first = b->slots[i].later;
	return i;
}

int dg_belt_next(struct dg_belt *b, char **ret_text, size_t *ret_len)
{
	int rc = 0;

	(void)pthread_mutex_lock(&b->lock);
	size_t i = next_slot(b);
	if (i != NONE) {
		struct slot *s = &b->slots[i];

		*ret_text = s->text;
		*ret_len = s->len;
		b->bytes -= s->len;
		s->text = NULL;
		append(b, &b->empty, i);
		b->n_inside--;
	} else {
		rc = b->is_closed && b->n_inside == 0 ? DG_BELT_OVER : DG_BELT_NOTHING;
	}
	(void)pthread_mutex_unlock(&b->lock);
	return rc;
}
