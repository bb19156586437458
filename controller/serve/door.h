/* controller/serve/door.h: where requests come in: a Unix socket, loopback, or TLS with client certificates; HTTP/1.1 by evhttp.
 *
 * Shape    One request after the other on a connection (those sent ahead wait). take() is called with each, from the loop; it, or something
 *          later in the loop, calls dg_door_answer() once.
 * Place    "unix:/run/dnsguard/api group=registrar" or "inet:127.0.0.1:8053" (controller/watch/line_socket.h). At a Unix socket the kernel says who
 *          connects (SO_PEERCRED): root, ourselves, and members of the group; others are hung up on. Beyond loopback only TLS with
 *          client certificates is spoken (controller/serve/tls.h).
 * Around   What evhttp does not do is done around it: who connects and how many, time for a request as a whole (its own timeout is one of silence),
 *          octets that it would let pass (controller/serve/sieve.h), problems as JSON where it would answer with HTML, and
 *          reading on after the last answer, so that this is not lost in a reset (RFC 9112 section 9.6).
 * Slow     A handshake must be done DG_DOOR_HEAD_MS after connecting, a head whole DG_DOOR_HEAD_MS after its first octet, a body DG_DOOR_BODY_MS
 *          after the head, an answer taken within DG_DOOR_BODY_MS; a connection may be idle for DG_DOOR_IDLE_MS. When all
 *          DG_DOOR_CONNECTIONS are taken, a new one takes the place of the one that has kept us waiting longest: who dawdles
 *          cannot keep others out.
 * Memory   A call and what stands in it live until it is answered. A call whose client went away is answered all the same.
 */
#pragma once

#include "controller/serve/request.h"
#include "controller/serve/tls.h"
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
	struct dg_request request;
	const char *body;
	size_t body_len;
	const char *from;                      /* "uid 1000", "127.0.0.1" */
	const struct dg_tls_peer *certificate; /* NULL: none was asked for */
	bool is_owner;                         /* root or ourselves, at a Unix socket */
	void *internal;
};

/* One header more. */
struct dg_door_header {
	const char *name, *value; /* name NULL: none */
};

struct dg_door_options {
	struct dg_loop *loop;
	struct dg_line_place place;
	struct ssl_ctx_st *tls; /* NULL: none; held */
	size_t body_max;
	void (*take)(void *arg, struct dg_call *c);
	/* What could not be read as a request: the answer's status and why. */
	void (*refuse)(void *arg, struct dg_call *c, int status, const char *why);
	void *arg;
};

/* what: as on the command line. DG_EINPUT: not such a place, or beyond loopback without TLS, or TLS at a Unix socket. */
int dg_door_place(
	const char *what, bool has_tls, struct dg_line_place *ret_place, struct dg_err *err);
int dg_door_open(const struct dg_door_options *o, struct dg_door **ret_door, struct dg_err *err);
/* For who connects from now on; held. */
void dg_door_set_tls(struct dg_door *d, struct ssl_ctx_st *tls);
struct dg_door *dg_door_close(struct dg_door *d); /* no call may be open */
/* Takes the call. */
void dg_door_answer(struct dg_call *c, int status, const char *type, struct dg_door_header header,
	const char *body, size_t len);
