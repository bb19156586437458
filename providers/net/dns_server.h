/* providers/net/dns_server.h: how requests travel: queues of one server, its TCP connections, its UDP questions. For providers/net alone.
 *
 * Shape    A dg_exchange is one request on its way: waiting, in flight (on a connection or with a UDP socket of its own), finished.
 *          What it asks and what it makes of the answer is its dg_exchange_kind.
 * Calls    Events and timers end with dg_server_settle(): only there callbacks of users run, and a user may free the server from one.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "providers/net/dns.h"
#include "providers/net/dns_wire.h"
#include "providers/net/tsig.h"

#define DG_DNS_ADDRESSES   8u  /* of one host name */
#define DG_DNS_SPREAD      16u /* in flight on each connection before another is opened */
#define DG_DNS_RANDOM_POOL 128u

struct event;

enum dg_taken {
	DG_TAKEN_NOT,  /* not the answer to this: drop it */
	DG_TAKEN_MORE, /* further messages follow */
	DG_TAKEN_DONE, /* x->rc says how it went */
	DG_TAKEN_TCP,  /* truncated or not understood: ask again over TCP */
	DG_TAKEN_LATER, /* ask again a little later; x->err is what to say when there is no time left */
};

struct dg_exchange;

struct dg_exchange_kind {
	bool is_repeatable; /* may be sent again although it may have arrived */
	bool is_transfer;   /* counts for DG_DNS_TRANSFERS */
	void (*build)(struct dg_exchange *x, struct dg_wire_out *o);
	enum dg_taken (*take)(struct dg_exchange *x, const uint8_t *msg, size_t len);
	void (*end)(struct dg_exchange *x); /* tells the user; the exchange is freed after it */
};

struct dg_list {
	struct dg_exchange *first;
	struct dg_exchange *last;
	size_t n;
};

struct dg_exchange {
	const struct dg_exchange_kind *kind;
	void *request; /* the user's */
	void *state;   /* the kind's; freed with free() */
	struct dg_err *err;
	const char *what; /* "UPDATE of zone", with name for messages */
	const char *name;
	int rc;
	bool was_sent;
	struct dg_dns_server *server;
	struct dg_list *list;
	struct dg_exchange *prev;
	struct dg_exchange *next;
	struct dg_timer *deadline;
	int64_t deadline_ms;
	struct dg_tsig_session tsig;
	uint16_t id;
	unsigned attempts;
	struct dg_conn *conn;
	uint64_t stream_at; /* where its first octet stands in the connection's stream */
	bool is_udp;
	int fd;
	struct event *event;
	struct dg_timer *again;
	unsigned n_again;
	bool has_slot; /* of the transfers */
};

/* For messages: without the final dot. */
static inline int dg_exchange_name_len(const struct dg_exchange *x)
{
	size_t len = strlen(x->name);

	return (int)(len > 1 ? len - 1 : len);
}

struct dg_dns_address {
	struct sockaddr_storage at;
	socklen_t len;
};

struct dg_dns_server {
	struct dg_loop *loop;
	const struct dg_tsig_key *key;
	char text[300];
	struct dg_dns_address addresses[DG_DNS_ADDRESSES];
	size_t n_addresses;
	size_t address;     /* the one in use */
	unsigned n_refused; /* connections that did not come about since the last that did */
	size_t window;      /* in flight on one connection */
	struct dg_conn *conns[DG_DNS_CONNECTIONS];
	struct dg_list waiting; /* for a connection */
	struct dg_list udp_waiting;
	struct dg_list udp;       /* in flight */
	struct dg_list transfers; /* waiting for a slot */
	struct dg_list resting;   /* waiting to be asked again */
	struct dg_list finished;
	size_t n_transfers; /* slots taken */
	struct dg_timer *settle;
	bool *is_gone; /* set while callbacks run */
	uint16_t random[DG_DNS_RANDOM_POOL];
	size_t n_random;
};

/* Takes x over: it is freed after its end(). */
void dg_server_submit(struct dg_dns_server *s, struct dg_exchange *x);
void dg_server_settle(struct dg_dns_server *s);
uint16_t dg_server_random(struct dg_dns_server *s);
void dg_exchange_move(struct dg_exchange *x, struct dg_list *to); /* NULL: to none */
/* Takes it from the connection or the UDP socket it is on. */
void dg_exchange_detach(struct dg_exchange *x);
void dg_exchange_finish(struct dg_exchange *x, int rc);
/* To be asked again after a while, each time twice as long. */
void dg_exchange_rest(struct dg_exchange *x);
void dg_exchange_free(struct dg_exchange *x);
/* Fails with "SERVER: WHAT NAME: text". */
int dg_exchange_fail(struct dg_exchange *x, enum dg_rc rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* dns_tcp.c */
void dg_tcp_pump(struct dg_dns_server *s);
void dg_tcp_detach(struct dg_exchange *x);
void dg_tcp_close_all(struct dg_dns_server *s);

/* dns_udp.c */
void dg_udp_pump(struct dg_dns_server *s);
void dg_udp_detach(struct dg_exchange *x);
