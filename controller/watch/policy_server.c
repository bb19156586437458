#include "controller/watch/line_queue.h"
#include "controller/watch/policy.h"
#include "controller/watch/shed.h"
#include "zones/base/err.h"
#include "zones/watch/policyreq.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROOM       2048u /* a request of Postfix has about 800 octets */
#define EVENTS     64
#define FULL_MS    500
#define ANSWER_MAX 512u
#define N_CLIENTS  DG_POLICY_CONNECTIONS
#define LISTENER   UINT32_MAX
#define WAKE       (UINT32_MAX - 1)

struct client {
	int fd; /* -1: free */
	char *in;
	size_t n, room;
	struct dg_policyreq_scan scan;
};

struct dg_policy_server {
	pthread_t thread;
	int listener, poll, wake;
	struct dg_line_queue *queue;
	struct dg_shed *shed; /* NULL */
	bool is_full;         /* the listener is not looked at for a while */
	size_t n_clients;
	struct client clients[N_CLIENTS];
};

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int watch(struct dg_policy_server *s, int op, int fd, uint32_t which)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = which};

	return epoll_ctl(s->poll, op, fd, &e);
}

static void look_at_listener(struct dg_policy_server *s)
{
	if (s->is_full) {
		s->is_full = watch(s, EPOLL_CTL_ADD, s->listener, LISTENER) != 0;
	}
}

static void hang_up(struct dg_policy_server *s, struct client *c)
{
	(void)close(c->fd);
	free(c->in);
	*c = (struct client){.fd = -1};
	s->n_clients--;
	look_at_listener(s);
}

/* A few octets into an empty buffer: who leaves no room for them does not read, and is let go. 0; -1. */
static int answer(const struct client *c, enum dg_shed_why why)
{
	static const char dunno[] = "action=DUNNO\n\n";
	char text[ANSWER_MAX];
	int n = why == DG_SHED_NO ? snprintf(text, sizeof(text), "%s", dunno)
				  : snprintf(text, sizeof(text), "action=550 5.7.1 %s\n\n",
					    dg_shed_text(why));

	return n > 0 && send(c->fd, text, (size_t)n, MSG_NOSIGNAL) == n ? 0 : -1;
}

/* The answer goes out before anything is counted. */
static int take_requests(struct dg_policy_server *s, struct client *c)
{
	size_t at = 0, len = 0;
	struct dg_policyreq r;
	struct dg_mail_event e;
	int rc;

	while ((rc = dg_policyreq_scan(&c->scan, c->in + at, c->n - at, &len)) == 0) {
		bool is_sound = dg_policyreq_parse(c->in + at, len, &r) == 0;
		bool counts = is_sound && dg_policyreq_event(&r, now_ms(), &e) == 0;
		enum dg_shed_why why = counts && e.kind == DG_MAIL_TAKEN
					       ? dg_shed_ask(s->shed, e.address)
					       : DG_SHED_NO;

		if (answer(c, why) != 0 || !is_sound) {
			return -1;
		}
		if (counts) {
			e.kind = why == DG_SHED_NO ? e.kind : DG_MAIL_BARRED;
			(void)dg_line_queue_push(s->queue, &e);
		}
		at += len;
		c->scan = (struct dg_policyreq_scan){.at = 0};
	}
	if (rc < 0) {
		(void)answer(c, DG_SHED_NO);
		return -1;
	}
	c->n -= at;
	if (at > 0) {
		memmove(c->in, c->in + at, c->n);
	}
	return 0;
}

static bool make_room(struct client *c)
{
	if (c->n < c->room) {
		return true;
	}
	size_t room = c->room > 0 ? 2 * c->room : ROOM;
	char *in = room <= (size_t)2 * DG_POLICYREQ_MAX ? realloc(c->in, room) : NULL;

	if (in) {
		c->in = in;
		c->room = room;
	}
	return in != NULL;
}

static void on_readable(struct dg_policy_server *s, struct client *c)
{
	ssize_t n = make_room(c) ? recv(c->fd, c->in + c->n, c->room - c->n, 0) : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (n <= 0) {
		hang_up(s, c);
		return;
	}
	c->n += (size_t)n;
	if (take_requests(s, c) != 0) {
		hang_up(s, c);
	}
}

static void on_connection(struct dg_policy_server *s)
{
	uint32_t i = 0;
	int fd = -1;

	if (s->n_clients < N_CLIENTS) {
		fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	}
	if (fd < 0) { /* no room, or no descriptor left: the others wait in the kernel's queue */
		bool is_over = s->n_clients < N_CLIENTS && errno != EMFILE && errno != ENFILE;
		s->is_full = !is_over && epoll_ctl(s->poll, EPOLL_CTL_DEL, s->listener, NULL) == 0;
		return;
	}
	while (s->clients[i].fd >= 0) {
		i++;
	}
	s->clients[i] = (struct client){.fd = fd};
	s->n_clients++;
	if (watch(s, EPOLL_CTL_ADD, fd, i) != 0) {
		hang_up(s, &s->clients[i]);
	}
}

static void *work(void *arg)
{
	struct dg_policy_server *s = arg;
	struct epoll_event events[EVENTS];

	for (;;) {
		int n = epoll_wait(s->poll, events, EVENTS, s->is_full ? FULL_MS : -1);

		if (n == 0) {
			look_at_listener(s);
		}
		for (int i = 0; i < n; i++) {
			uint32_t which = events[i].data.u32;

			if (which == WAKE) {
				return NULL;
			}
			if (which == LISTENER) {
				on_connection(s);
			} else if (s->clients[which].fd >= 0) {
				on_readable(s, &s->clients[which]);
			}
		}
	}
}

/* Signals are the main thread's. */
static int start(struct dg_policy_server *s)
{
	sigset_t all, before;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&s->thread, NULL, work, s);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static void done(struct dg_policy_server *s)
{
	for (size_t i = 0; i < N_CLIENTS; i++) {
		if (s->clients[i].fd >= 0) {
			hang_up(s, &s->clients[i]);
		}
	}
	if (s->poll >= 0) {
		(void)close(s->poll);
	}
	if (s->wake >= 0) {
		(void)close(s->wake);
	}
	free(s);
}

int dg_policy_server_new(int fd, struct dg_line_queue *queue, struct dg_shed *shed,
	struct dg_policy_server **ret_server, struct dg_err *err)
{
	struct dg_policy_server *s = calloc(1, sizeof(*s));

	if (!s) {
		abort();
	}
	s->listener = fd;
	s->queue = queue;
	s->shed = shed;
	for (size_t i = 0; i < N_CLIENTS; i++) {
		s->clients[i].fd = -1;
	}
	s->poll = epoll_create1(EPOLL_CLOEXEC);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int code = s->poll < 0 || s->wake < 0 ||
				   watch(s, EPOLL_CTL_ADD, s->listener, LISTENER) != 0 ||
				   watch(s, EPOLL_CTL_ADD, s->wake, WAKE) != 0
			   ? errno
			   : start(s);
	if (code != 0) {
		done(s);
		return dg_fail(
			err, DG_EIO, "cannot start the policy service: %s", strerrordesc_np(code));
	}
	*ret_server = s;
	return 0;
}

struct dg_policy_server *dg_policy_server_free(struct dg_policy_server *s)
{
	if (s) {
		(void)eventfd_write(s->wake, 1);
		(void)pthread_join(s->thread, NULL);
		done(s);
	}
	return NULL;
}
