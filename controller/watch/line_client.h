/* controller/watch/line_client.h: events of this process to the controller's sensor socket (line.h), by a thread of its own.
 *
 * Shape    What is pushed is kept in a ring until it was acknowledged, and after that until its place is needed: a controller that went back to its last
 *          checkpoint gets again what it has lost. While nobody listens the thread tries again, 1 to 30 seconds apart.
 * Threads  push() from any thread. It never waits: when the ring is full of what was not acknowledged the event is dropped and counted.
 * Limits   DG_LINE_RING lines.
 */
#pragma once

#include "controller/watch/line.h"
#include "controller/watch/line_socket.h"

struct dg_shed;

#define DG_LINE_RING           16384u
#define DG_LINE_ACK_TIMEOUT_MS 60000

struct dg_line_client_options {
	struct dg_line_place place;
	struct dg_line_key key; /* n 0: none; a place on the network has one */
	const char *name;       /* of this sensor, kept by the controller */
	struct dg_shed
		*shed; /* gets what is to be refused, nothing while there is no connection; NULL */
	void (*tell)(void *arg,
		const char *text); /* for people, from the thread: once until it is better */
	void *arg;
};

struct dg_line_client;

int dg_line_client_new(const struct dg_line_client_options *o, struct dg_line_client **ret_client,
	struct dg_err *err);
struct dg_line_client_counts {
	uint64_t n_pushed, n_acknowledged, n_dropped, n_connects;
};
/* Sends what is left, for flush_ms at most. ret_counts may be NULL. NULL is fine; returns NULL. */
struct dg_line_client *dg_line_client_free(
	struct dg_line_client *c, int flush_ms, struct dg_line_client_counts *ret_counts);

bool dg_line_client_push(struct dg_line_client *c, const struct dg_mail_event *e);
bool dg_line_client_push_position(struct dg_line_client *c, const char *position);
bool dg_line_client_has_room(
	struct dg_line_client *c); /* the next push from this thread, if no other pushes, fits */
/* Waits for the first connection. 0: the position that the controller has, or ""; 1: none has come about in that time. */
int dg_line_client_wait(
	struct dg_line_client *c, int timeout_ms, char ret_position[DG_LINE_POSITION_MAX + 1]);

void dg_line_client_counts(struct dg_line_client *c, struct dg_line_client_counts *ret_counts);
