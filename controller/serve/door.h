/* controller/serve/door.h: where requests come in: a Unix socket or loopback, HTTP/1.1, everything bounded.
 *
 * Shape    One request after the other on a connection (those sent ahead wait in the socket). take() is called with each, from the loop;
 *          it, or something later in the loop, calls dg_door_answer() once.
 * Place    "unix:/run/dnsguard/api group=registrar" or "inet:127.0.0.1:8053" (controller/watch/line_socket.h). At a Unix socket the kernel says who
 *          connects (SO_PEERCRED): root, ourselves, and members of the group; others are hung up on. Beyond loopback nothing is
 *          listened on: that would need TLS with client certificates, which a proxy in front of the Unix socket can do.
 * Slow     A head must be whole DG_DOOR_HEAD_MS after its first octet, a body DG_DOOR_BODY_MS after the head, an answer taken within
 *          DG_DOOR_BODY_MS; a connection may be idle for DG_DOOR_IDLE_MS. When all DG_DOOR_CONNECTIONS are taken, a new one takes
 *          the place of the one that has kept us waiting longest: who dawdles cannot keep others out.
 * Memory   A call and what stands in it live until it is answered. A call whose client went away is answered all the same.
 */
#pragma once

#include "controller/serve/head.h"
#include "controller/watch/line_socket.h"
#include "zones/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DG_DOOR_CONNECTIONS 64u
#define DG_DOOR_HEAD_MS     10000
#define DG_DOOR_BODY_MS     30000
#define DG_DOOR_IDLE_MS     60000
#define DG_DOOR_CALL_MAX    ((size_t)256 << 20) /* memory for one call */

struct dg_arena;
struct dg_door;
struct dg_loop;

struct dg_call {
	struct dg_arena *arena;
	struct dg_head head;
	const char *body;
	size_t body_len;
	const char *from; /* "uid 1000", "127.0.0.1" */
	bool is_owner;    /* root or ourselves, at a Unix socket */
	void *internal;
};

struct dg_door_options {
	struct dg_loop *loop;
	struct dg_line_place place;
	size_t body_max;
	void (*take)(void *arg, struct dg_call *c);
	/* What could not be read as a request: the answer's status and why. */
	void (*refuse)(void *arg, struct dg_call *c, int status, const char *why);
	void *arg;
};

/* what: as on the command line. DG_EINPUT: not such a place, or beyond loopback. */
int dg_door_place(const char *what, struct dg_line_place *ret_place, struct dg_err *err);
int dg_door_open(const struct dg_door_options *o, struct dg_door **ret_door, struct dg_err *err);
struct dg_door *dg_door_close(struct dg_door *d); /* no call may be open */
/* headers: "Name: value\r\n" each; "" for none. Takes the call. */
void dg_door_answer(struct dg_call *c, int status, const char *type, const char *headers,
	const char *body, size_t len);
