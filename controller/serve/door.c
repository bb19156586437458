#include "controller/serve/door.h"

#include "controller/serve/door_parts.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"

#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAUSE_MS 1000

int dg_door_place(const char *what, struct dg_line_place *ret_place, struct dg_err *err)
{
	struct dg_line_place place;
	int r = dg_line_place_parse(what, &place, err);

	if (r < 0) {
		return r;
	}
	if (place.is_inet && !dg_line_place_is_loopback(&place)) {
		return dg_fail(err, DG_EINPUT,
			"--socket %.80s: only a Unix socket or an address of loopback is listened "
			"on; for other hosts put a proxy that asks for client certificates in "
			"front of the Unix socket (doc/api.md shows one)",
			what);
	}
	if (place.key_file[0]) {
		return dg_fail(err, DG_EINPUT,
			"--socket: key-file= is for sensors; who may ask here is said by tokens");
	}
	*ret_place = place;
	return 0;
}

/* --- who connects ------------------------------------------------------------------------------- */
static void name_peer(struct dg_visitor *v)
{
	struct ucred who = {.uid = (uid_t)-1};
	socklen_t n = sizeof(who);

	if (v->door->options.place.is_inet) {
		struct sockaddr_storage at;
		socklen_t n_at = sizeof(at);

		if (getpeername(v->fd, (struct sockaddr *)&at, &n_at) != 0 ||
			getnameinfo((const struct sockaddr *)&at, n_at, v->from, sizeof(v->from),
				NULL, 0, NI_NUMERICHOST) != 0) {
			memcpy(v->from, "loopback", sizeof("loopback"));
		}
	} else if (getsockopt(v->fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0) {
		(void)snprintf(v->from, sizeof(v->from), "uid %u", (unsigned)who.uid);
		v->is_owner = who.uid == 0 || who.uid == geteuid();
	}
}

/* The one that has kept us waiting longest. NULL: all are being answered. */
static struct dg_visitor *slowest(struct dg_door *d)
{
	struct dg_visitor *found = NULL;

	for (size_t i = 0; i < DG_DOOR_CONNECTIONS; i++) {
		struct dg_visitor *v = d->visitors[i];

		if (v && v->state != DG_VISITOR_BUSY && (!found || v->since_ms < found->since_ms)) {
			found = v;
		}
	}
	return found;
}

static void welcome(struct dg_door *d, int fd)
{
	size_t i = 0;

	for (; i < DG_DOOR_CONNECTIONS && d->visitors[i];) {
		i++;
	}
	if (i == DG_DOOR_CONNECTIONS) {
		struct dg_visitor *v = slowest(d);

		i = v ? v->slot : i;
		dg_visitor_leave(v);
	}
	struct dg_visitor *v = i < DG_DOOR_CONNECTIONS ? calloc(1, sizeof(*v)) : NULL;
	if (!v) {
		(void)close(fd);
		return;
	}
	*v = (struct dg_visitor){.door = d, .fd = fd, .slot = i};
	d->visitors[i] = v;
	name_peer(v);
	if (dg_visitor_begin(v) != 0) {
		dg_visitor_leave(v);
	}
}

static void end_pause(void *arg)
{
	struct dg_door *d = arg;

	d->pause = NULL;
	(void)event_add(d->readable, NULL);
}

static void on_connection(evutil_socket_t listener, short what, void *arg)
{
	struct dg_door *d = arg;
	int fd;

	(void)what;
	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (dg_line_peer_is_allowed(&d->options.place, fd)) {
			welcome(d, fd);
		} else {
			(void)close(fd);
		}
	}
	if (errno == EMFILE || errno == ENFILE) {
		(void)event_del(d->readable);
		d->pause = dg_loop_after_ms(d->options.loop, PAUSE_MS, end_pause, d);
	}
}

int dg_door_open(const struct dg_door_options *o, struct dg_door **ret_door, struct dg_err *err)
{
	struct dg_door *d = calloc(1, sizeof(*d));

	if (!d) {
		abort();
	}
	d->options = *o;
	d->fd = -1;
	int r = dg_line_listen(&d->options.place, &d->fd, err);
	if (r == 0 && !o->place.is_inet) {
		r = dg_line_give_to_group(&d->options.place, err);
	}
	if (r == 0) {
		d->readable = event_new(
			dg_loop_base(o->loop), d->fd, EV_READ | EV_PERSIST, on_connection, d);
		r = d->readable && event_add(d->readable, NULL) == 0
			    ? 0
			    : dg_fail(err, DG_EIO, "cannot wait for connections");
	}
	if (r < 0) {
		(void)dg_door_close(d);
		return r;
	}
	*ret_door = d;
	return 0;
}

struct dg_door *dg_door_close(struct dg_door *d)
{
	if (!d) {
		return NULL;
	}
	for (size_t i = 0; i < DG_DOOR_CONNECTIONS; i++) {
		dg_visitor_leave(d->visitors[i]);
	}
	d->pause = dg_timer_cancel(d->pause);
	if (d->readable) {
		event_free(d->readable);
	}
	dg_line_unlisten(&d->options.place, d->fd);
	free(d);
	return NULL;
}
