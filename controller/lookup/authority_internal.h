/* controller/lookup/authority_internal.h: between authority.c (which addresses) and authority_ask.c (what they say). */
#pragma once

#include "controller/lookup/authority.h"

struct dg_dns_server;
struct dg_timer;
struct host;

/* One address with its sockets. */
struct dg_seat {
	struct dg_seat *prev, *next;
	struct dg_dns_server *server;
	char *text;
	uint16_t port;
	unsigned n_users; /* views that are being asked */
};

struct dg_authority {
	struct dg_loop *loop;
	struct dg_resolver *resolver;
	struct dg_seat *seats; /* the newest first */
	size_t n_seats;
	struct dg_asking *askings;
};

/* One dg_authority_ask on its way; in the arena of its request. */
struct dg_asking {
	struct dg_authority *authority;
	struct dg_authority_ask *q;
	struct dg_asking *prev, *next;
	struct dg_timer *timer;
	struct host *hosts;
	size_t n_hosts;
	size_t n_open; /* addresses that are looked up, then views that are asked */
	int rc;
	struct dg_view_task *tasks; /* one a view, in their order */
	struct dg_rrkey *questions; /* the keys, and CNAMEs */
	size_t n_questions;
	size_t cap_views;
};

int dg_seat_take(struct dg_authority *a, const char *address, uint16_t port,
	struct dg_seat **ret_seat, struct dg_err *err);
void dg_asking_reserve(struct dg_asking *k, size_t n); /* room for n views */
/* One more view; address NULL: there is none, why says so. Nothing when there are too many. */
void dg_asking_add(
	struct dg_asking *k, const char *name, const char *address, uint16_t port, const char *why);
void dg_asking_start(struct dg_asking *k);
void dg_asking_end(struct dg_asking *k);    /* calls done() */
void dg_asking_forget(struct dg_asking *k); /* does not */
