#include "providers/net/dns_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "providers/net/loop.h"

#define RETRY_AFTER_S 5u
#define REST_MS       100u

void dg_exchange_move(struct dg_exchange *x, struct dg_list *to)
{
	if (x->list) {
		*(x->prev ? &x->prev->next : &x->list->first) = x->next;
		*(x->next ? &x->next->prev : &x->list->last) = x->prev;
		x->list->n--;
	}
	x->list = to;
	x->next = NULL;
	x->prev = to ? to->last : NULL;
	if (to) {
		*(to->last ? &to->last->next : &to->first) = x;
		to->last = x;
		to->n++;
	}
}

int dg_exchange_fail(struct dg_exchange *x, enum dg_rc rc, const char *fmt, ...)
{
	char text[DG_ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)dg_fail(x->err, rc, "%s: %s %.*s: %s", x->server->text, x->what,
		dg_exchange_name_len(x), x->name, text);
	if (rc == DG_EIO) {
		x->err->retry_after_s = RETRY_AFTER_S;
	}
	return rc;
}

void dg_exchange_detach(struct dg_exchange *x)
{
	dg_tcp_detach(x);
	dg_udp_detach(x);
}

static void give_slot_back(struct dg_exchange *x)
{
	if (x->has_slot) {
		x->has_slot = false;
		x->server->n_transfers--;
	}
}

void dg_exchange_finish(struct dg_exchange *x, int rc)
{
	dg_exchange_detach(x);
	x->deadline = dg_timer_cancel(x->deadline);
	x->rc = rc;
	give_slot_back(x);
	dg_exchange_move(x, &x->server->finished);
}

static struct dg_list *first_list(struct dg_exchange *x)
{
	struct dg_dns_server *s = x->server;

	if (x->is_udp) {
		return &s->udp_waiting;
	}
	return x->kind->is_transfer ? &s->transfers : &s->waiting;
}

static void on_rested(void *arg)
{
	struct dg_exchange *x = arg;

	x->again = NULL;
	dg_exchange_move(x, first_list(x));
	dg_server_settle(x->server);
}

void dg_exchange_rest(struct dg_exchange *x)
{
	dg_exchange_detach(x);
	give_slot_back(x);
	x->again = dg_loop_after_ms(x->server->loop, (int64_t)REST_MS << x->n_again, on_rested, x);
	x->n_again++;
	dg_exchange_move(x, &x->server->resting);
}

void dg_exchange_free(struct dg_exchange *x)
{
	dg_exchange_detach(x);
	give_slot_back(x);
	dg_exchange_move(x, NULL);
	(void)dg_timer_cancel(x->deadline);
	dg_tsig_done(&x->tsig);
	free(x->state);
	free(x);
}

static void on_settle(void *arg)
{
	struct dg_dns_server *s = arg;

	s->settle = NULL;
	dg_server_settle(s);
}

static void settle_soon(struct dg_dns_server *s)
{
	if (!s->settle && !s->is_gone) {
		s->settle = dg_loop_after_ms(s->loop, 0, on_settle, s);
	}
}

void dg_server_settle(struct dg_dns_server *s)
{
	bool is_gone = false;

	/* Either set back below, or s is gone. */
	/* cppcheck-suppress autoVariables */
	s->is_gone = &is_gone;
	while (s->finished.first) {
		struct dg_exchange *x = s->finished.first;
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): each is in one list */
		dg_exchange_move(x, NULL);
		x->kind->end(x);
		dg_exchange_free(x);
		if (is_gone) {
			return;
		}
	}
	s->is_gone = NULL;
	while (s->transfers.first && s->n_transfers < DG_DNS_TRANSFERS) {
		s->transfers.first->has_slot = true;
		s->n_transfers++;
		dg_exchange_move(s->transfers.first, &s->waiting);
	}
	dg_tcp_pump(s);
	dg_udp_pump(s);
	if (s->finished.first) {
		settle_soon(s);
	}
}

static void on_deadline(void *arg)
{
	struct dg_exchange *x = arg;
	struct dg_dns_server *s = x->server;

	x->deadline = NULL;
	int rc = DG_EIO;
	if (x->list == &s->resting) {
		rc = (int)x->err->rc;
	} else if (x->list == &s->waiting || x->list == &s->udp_waiting ||
		   x->list == &s->transfers) {
		(void)dg_exchange_fail(x, DG_EIO,
			"waited for its turn for %lld ms: the server is slower than what is asked "
			"of it",
			(long long)x->deadline_ms);
	} else {
		(void)dg_exchange_fail(x, DG_EIO,
			"no answer within %lld ms: this usually means that the server is down, "
			"busy, or that a firewall drops packets to it",
			(long long)x->deadline_ms);
	}
	dg_exchange_finish(x, rc);
	dg_server_settle(s);
}

void dg_server_submit(struct dg_dns_server *s, struct dg_exchange *x)
{
	x->server = s;
	x->fd = -1;
	x->deadline = dg_loop_after_ms(s->loop, x->deadline_ms, on_deadline, x);
	dg_exchange_move(x, first_list(x));
	settle_soon(s);
}

uint16_t dg_server_random(struct dg_dns_server *s)
{
	if (s->n_random == 0) {
		size_t n = 0;
		while (n < sizeof(s->random)) {
			ssize_t k = getrandom((uint8_t *)s->random + n, sizeof(s->random) - n, 0);
			if (k < 0 && errno != EINTR) {
				abort(); /* no guessable ids */
			}
			n += k > 0 ? (size_t)k : 0;
		}
		s->n_random = DG_DNS_RANDOM_POOL;
	}
	return s->random[--s->n_random];
}

static int resolve(struct dg_dns_server *s, const char *host, uint16_t port, struct dg_err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	char service[8];

	(void)snprintf(service, sizeof(service), "%u", (unsigned)port);
	int r = getaddrinfo(host, service, &hints, &list);
	if (r != 0) {
		return dg_fail(err, DG_EIO, "server %s: cannot find its address: %s", host,
			r == EAI_SYSTEM ? strerrordesc_np(errno) : gai_strerror(r));
	}
	for (const struct addrinfo *a = list; a && s->n_addresses < DG_DNS_ADDRESSES;
		a = a->ai_next) {
		struct dg_dns_address *to = &s->addresses[s->n_addresses++];
		memcpy(&to->at, a->ai_addr, a->ai_addrlen);
		to->len = a->ai_addrlen;
	}
	freeaddrinfo(list);
	return 0;
}

int dg_dns_server_new(struct dg_loop *l, const struct dg_endpoint *at, uint16_t default_port,
	const struct dg_tsig_key *key, struct dg_dns_server **ret_server, struct dg_err *err)
{
	uint16_t port = at->port ? at->port : default_port;
	struct dg_dns_server *s = calloc(1, sizeof(*s));

	if (!s) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	s->loop = l;
	s->key = key;
	s->window = DG_DNS_INFLIGHT;
	(void)snprintf(s->text, sizeof(s->text), "%s@%u", at->host, (unsigned)port);
	int r = resolve(s, at->host, port, err);
	if (r < 0) {
		free(s);
		return r;
	}
	*ret_server = s;
	return 0;
}

struct dg_dns_server *dg_dns_server_free(struct dg_dns_server *s)
{
	if (!s) {
		return NULL;
	}
	if (s->is_gone) {
		*s->is_gone = true;
	}
	(void)dg_timer_cancel(s->settle);
	struct dg_list *lists[] = {
		&s->waiting, &s->udp_waiting, &s->udp, &s->transfers, &s->resting, &s->finished};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		while (lists[i]->first) {
			/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): that takes it out of the list */
			dg_exchange_free(lists[i]->first);
		}
	}
	dg_tcp_close_all(s);
	free(s);
	return NULL;
}

const char *dg_dns_server_text(const struct dg_dns_server *s)
{
	return s->text;
}

bool dg_dns_server_is_loopback(const struct dg_dns_server *s)
{
	for (size_t i = 0; i < s->n_addresses; i++) {
		const struct sockaddr_storage *a = &s->addresses[i].at;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		if (a->ss_family == AF_INET) {
			memcpy(&v4, a, sizeof(v4));
			if (ntohl(v4.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET) {
				return false;
			}
		} else {
			memcpy(&v6, a, sizeof(v6));
			if (a->ss_family != AF_INET6 || !IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr)) {
				return false;
			}
		}
	}
	return s->n_addresses > 0;
}
