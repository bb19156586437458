/* controller/serve/door_parts.h: between the files of the door: one connection.
 *
 * State    READING collects a request; BUSY: take() has it; WRITING gives out the answer; LEAVING has said all and reads on for a
 *          moment, so that the answer is not lost in a reset (RFC 9112 section 9.6).
 */
#pragma once

#include "controller/serve/door.h"

struct dg_timer;
struct dg_visitor;
struct event;

enum dg_visitor_state {
	DG_VISITOR_READING,
	DG_VISITOR_BUSY,
	DG_VISITOR_WRITING,
	DG_VISITOR_LEAVING,
};

struct dg_door {
	struct dg_door_options options;
	int fd;
	struct event *readable;
	struct dg_timer *pause; /* without descriptors nobody is accepted for a while */
	struct dg_visitor *visitors[DG_DOOR_CONNECTIONS];
};

struct dg_visitor {
	struct dg_door *door;
	int fd;
	size_t slot;
	enum dg_visitor_state state;
	struct event *readable, *writable;
	struct dg_timer *deadline;
	int64_t since_ms; /* since when we wait for it */
	char from[64];
	bool is_owner;
	char *in; /* what came: a head, its body, what follows */
	size_t n_in, cap_in;
	size_t n_head; /* 0: it is not whole */
	struct dg_call call;
	bool is_last;
	char *out;
	size_t n_out, at_out;
	size_t n_dropped;
};

int dg_visitor_begin(struct dg_visitor *v);  /* -1: it cannot be waited for */
void dg_visitor_leave(struct dg_visitor *v); /* NULL is fine */
