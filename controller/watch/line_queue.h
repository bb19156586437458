/* controller/watch/line_queue.h: mail events from other threads to the loop's: bounded, and nobody ever waits for room.
 *
 * Threads  push() from any, pop() from one. The descriptor is readable while there may be something to pop.
 * Limits   DG_LINE_QUEUE events; what does not fit, or cannot go over a line (line.h), is dropped and counted.
 */
#pragma once

#include "controller/watch/line.h"
#include "zones/watch/maillog.h"

#include <stdbool.h>
#include <stdint.h>

#define DG_LINE_QUEUE 4096u

struct dg_line_queue;
struct dg_err;

/* What the event points at. */
struct dg_line_slot {
	struct dg_mail_event event;
	char address[DG_LINE_ADDRESS_MAX], client[DG_LINE_CLIENT_MAX];
};

int dg_line_queue_new(struct dg_line_queue **ret_queue, struct dg_err *err);
struct dg_line_queue *dg_line_queue_free(struct dg_line_queue *q); /* NULL is fine; returns NULL */
int dg_line_queue_fd(const struct dg_line_queue *q);
bool dg_line_queue_push(struct dg_line_queue *q, const struct dg_mail_event *e);
/* False: empty, and the descriptor is not readable any more. */
bool dg_line_queue_pop(struct dg_line_queue *q, struct dg_line_slot *ret_slot);
uint64_t dg_line_queue_dropped(struct dg_line_queue *q);
