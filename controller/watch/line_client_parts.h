/* controller/watch/line_client_parts.h: what line_client.c (any thread) and line_talk.c (its own thread) share. */
#pragma once

#include "controller/watch/line_client.h"
#include "controller/watch/shed.h"

#include <pthread.h>

#define DG_LINE_BATCH 65536u

struct dg_line_client {
	struct dg_line_client_options o;
	char name[DG_LINE_NAME_MAX + 1];
	char epoch[DG_LINE_NONCE_HEX + 1];
	pthread_t thread;
	int wake;

	pthread_mutex_t lock;
	pthread_cond_t is_welcome;
	char *ring[DG_LINE_RING]; /* of SEQ: SEQ % DG_LINE_RING */
	uint64_t first, next;     /* SEQ of the oldest line that is kept, and of the next one */
	uint64_t acknowledged;    /* SEQ of the last one */
	struct dg_line_client_counts counts;
	char position[DG_LINE_POSITION_MAX + 1];
	bool was_welcome, is_ending;
	int64_t end_ms;

	/* the thread's alone */
	int fd;
	struct dg_line_key session;
	uint64_t to_send;
	char in[DG_LINE_MAX + 1];
	size_t n_in;
	char out[DG_LINE_BATCH];
	size_t n_out, n_sent;
	int64_t heard_ms;
	uint64_t shed_at;        /* N of the last line */
	char *shed[DG_SHED_MAX]; /* of the set that is coming in */
	size_t n_shed;
	bool has_told;
};

int64_t dg_line_now_ms(void);     /* a clock that never goes back */
void *dg_line_talk(void *client); /* the thread */
/* The line of n octets at c->in, ended by a NUL, is taken and forgotten. 0; -1: not what a controller says. From the thread. */
int dg_line_take(struct dg_line_client *c, size_t n);
void dg_line_forget_shed(struct dg_line_client *c); /* a set that is not whole */
