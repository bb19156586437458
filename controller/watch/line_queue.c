#include "controller/watch/line_queue.h"

#include "zones/base/err.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct dg_line_queue {
	pthread_mutex_t lock;
	int fd;
	size_t head, n;
	uint64_t n_dropped;
	struct dg_line_slot slots[DG_LINE_QUEUE];
};

int dg_line_queue_new(struct dg_line_queue **ret_queue, struct dg_err *err)
{
	struct dg_line_queue *q = calloc(1, sizeof(*q));

	if (!q) {
		abort();
	}
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd < 0) {
		int code = errno;
		free(q);
		return dg_fail(err, DG_EIO, "eventfd: %s", strerrordesc_np(code));
	}
	if (pthread_mutex_init(&q->lock, NULL) != 0) {
		abort();
	}
	*ret_queue = q;
	return 0;
}

struct dg_line_queue *dg_line_queue_free(struct dg_line_queue *q)
{
	if (q) {
		(void)close(q->fd);
		(void)pthread_mutex_destroy(&q->lock);
		free(q);
	}
	return NULL;
}

int dg_line_queue_fd(const struct dg_line_queue *q)
{
	return q->fd;
}

static void fill(struct dg_line_slot *s, const struct dg_mail_event *e)
{
	s->event = *e;
	memcpy(s->address, e->address.p, e->address.n);
	if (e->client.n > 0) {
		memcpy(s->client, e->client.p, e->client.n);
	}
}

bool dg_line_queue_push(struct dg_line_queue *q, const struct dg_mail_event *e)
{
	(void)pthread_mutex_lock(&q->lock);
	bool has_room = q->n < DG_LINE_QUEUE && dg_line_can_carry(e);
	bool was_empty = q->n == 0;
	if (has_room) {
		fill(&q->slots[(q->head + q->n++) % DG_LINE_QUEUE], e);
	} else {
		q->n_dropped++;
	}
	(void)pthread_mutex_unlock(&q->lock);
	if (has_room && was_empty) {
		(void)eventfd_write(q->fd, 1);
	}
	return has_room;
}

bool dg_line_queue_pop(struct dg_line_queue *q, struct dg_line_slot *ret_slot)
{
	eventfd_t ignored;

	(void)pthread_mutex_lock(&q->lock);
	bool has_one = q->n > 0;
	if (has_one) {
		*ret_slot = q->slots[q->head];
		q->head = (q->head + 1) % DG_LINE_QUEUE;
		q->n--;
	} else {
		(void)eventfd_read(q->fd, &ignored);
	}
	(void)pthread_mutex_unlock(&q->lock);
	if (has_one) {
		ret_slot->event.address.p = ret_slot->address;
		ret_slot->event.client.p = ret_slot->client;
	}
	return has_one;
}

uint64_t dg_line_queue_dropped(struct dg_line_queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	uint64_t n = q->n_dropped;
	(void)pthread_mutex_unlock(&q->lock);
	return n;
}
