/* controller/serve/door_parts.h: between the files of the door: one connection.
 *
 * State    READING collects a request; BUSY: take() has it; WRITING gives out the answer; LEAVING has said all and reads on for a moment.
 */
#pragma once

#include "controller/serve/door.h"
#include "controller/serve/sieve.h"

struct bufferevent;
struct dg_timer;
struct dg_visitor;
struct evconnlistener;
struct event;
struct evhttp;
struct evhttp_connection;
struct evhttp_request;

enum dg_visitor_state {
	DG_VISITOR_READING,
	DG_VISITOR_BUSY,
	DG_VISITOR_WRITING,
	DG_VISITOR_LEAVING,
};

struct dg_door {
	struct dg_door_options options;
	int fd;
	struct evhttp *http;
	struct evconnlistener *listener; /* evhttp's */
	struct dg_timer *pause;          /* nobody is accepted for a while */
	/* The last one: who is turned away when all others are being answered. */
	struct dg_visitor *visitors[DG_DOOR_CONNECTIONS + 1];
};

struct dg_visitor {
	struct dg_door *door;
	size_t slot;
	struct bufferevent *bev;
	struct evhttp_connection *connection; /* NULL: not met yet, or evhttp let go of it */
	struct dg_timer *soon;                /* in the next turn of the loop */
	struct dg_timer *deadline;
	int64_t since_ms; /* since when we wait for it */
	enum dg_visitor_state state;
	struct dg_sieve sieve; /* of the request at hand */
	char from[64];
	bool is_met; /* evhttp's connection is known */
	bool is_owner;
	bool is_unwelcome;
	bool has_shaken; /* hands, and said nothing for a while */
	bool is_dropped; /* without a last word */
	bool is_last;
	bool is_raw; /* the answer does not go through evhttp's request */
	struct dg_tls_peer certificate;
	struct dg_call call;
	struct evhttp_request *request; /* while BUSY */
	int fd;                         /* while LEAVING */
	struct event *late;
	size_t n_late;
};

/* With the bufferevent that evhttp is to use. */
struct dg_visitor *dg_visitor_new(struct dg_door *d, size_t slot, bool is_unwelcome);
void dg_visitor_take(struct dg_visitor *v, struct evhttp_request *q);
void dg_visitor_answered(struct evhttp_request *q, void *arg);
void dg_visitor_leave(struct dg_visitor *v); /* NULL is fine */

/* Through evhttp, which calls dg_visitor_answered() when it is out. */
void dg_reply_put(struct dg_visitor *v, int status, const char *type, struct dg_door_header header,
	const char *body, size_t len);
/* Where evhttp has no request that could be answered. */
void dg_reply_put_raw(
	struct dg_visitor *v, int status, const char *type, const char *body, size_t len);
