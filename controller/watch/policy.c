#include "controller/watch/policy.h"

#include "controller/watch/line_queue.h"
#include "controller/watch/line_socket.h"
#include "providers/net/loop.h"
#include "zones/base/err.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE 512 /* then the loop's other work has its turn */
#define REST_MS 20  /* what comes meanwhile costs one turn; the queue has room for it */

struct dg_sensor {
	struct dg_sensor_host host;
	char *key;
	struct dg_line_place place;
	int fd;
	struct dg_line_queue *queue;
	struct dg_policy_server *server;
	struct event *readable;
	struct dg_timer *rest;
	uint64_t n_told; /* of those that were dropped */
};

static void tell_dropped(struct dg_sensor *s)
{
	uint64_t n = dg_line_queue_dropped(s->queue);
	char text[100];

	if (n > s->n_told && s->host.tell) {
		(void)snprintf(text, sizeof(text),
			"%llu requests were answered but not counted: too many at once",
			(unsigned long long)(n - s->n_told));
		s->host.tell(s->host.arg, s->key, text);
	}
	s->n_told = n;
}

/* False: there may be more. */
static bool take_all(struct dg_sensor *s)
{
	struct dg_line_slot slot;
	int n = 0;

	while (n < AT_ONCE && dg_line_queue_pop(s->queue, &slot)) {
		dg_hub_event(s->host.hub, s->key, &slot.event);
		n++;
	}
	if (n < AT_ONCE) {
		tell_dropped(s);
	}
	return n < AT_ONCE;
}

static void on_rested(void *arg)
{
	struct dg_sensor *s = arg;

	s->rest = NULL;
	(void)event_add(s->readable, NULL);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct dg_sensor *s = arg;

	(void)fd;
	(void)what;
	if (take_all(s)) {
		(void)event_del(s->readable);
		s->rest = dg_loop_after_ms(s->host.loop, REST_MS, on_rested, s);
	}
}

static struct dg_sensor *policy_close(struct dg_sensor *s)
{
	if (!s) {
		return NULL;
	}
	(void)dg_policy_server_free(s->server);
	dg_line_unlisten(&s->place, s->fd);
	(void)dg_timer_cancel(s->rest);
	if (s->readable) {
		while (!take_all(s)) {
		}
		event_free(s->readable);
	}
	(void)dg_line_queue_free(s->queue);
	free(s->key);
	free(s);
	return NULL;
}

static int start(struct dg_sensor *s, const char *what, struct dg_err *err)
{
	int r = dg_line_place_parse(what, &s->place, err);

	if (r == 0 && s->place.is_inet && !dg_line_place_is_loopback(&s->place)) {
		return dg_fail(err, DG_EINPUT,
			"policy %.80s: anybody who can reach it could make up mail; expected a "
			"loopback address or a Unix socket",
			what);
	}
	r = r == 0 ? dg_line_queue_new(&s->queue, err) : r;
	if (r < 0) {
		return r;
	}
	s->readable = event_new(dg_loop_base(s->host.loop), dg_line_queue_fd(s->queue),
		EV_READ | EV_PERSIST, on_readable, s);
	if (!s->readable || event_add(s->readable, NULL) != 0) {
		return dg_fail(err, DG_EIO, "cannot wait for requests");
	}
	r = dg_line_listen(&s->place, &s->fd, err);
	return r == 0 ? dg_policy_server_new(s->fd, s->queue, s->host.shed, &s->server, err) : r;
}

static int policy_open(const struct dg_sensor_host *host, const char *key, const char *what,
	struct dg_sensor **ret_sensor, struct dg_err *err)
{
	struct dg_sensor *s = calloc(1, sizeof(*s));

	if (!s) {
		abort();
	}
	s->host = *host;
	s->fd = -1;
	s->key = strdup(key);
	int r = start(s, what, err);
	if (r < 0) {
		(void)policy_close(s);
		return r;
	}
	*ret_sensor = s;
	return 0;
}

const struct dg_sensor_ops dg_sensor_policy = {
	.name = "policy",
	.summary = "Postfix asks about each recipient (check_policy_service)",
	.open = policy_open,
	.close = policy_close,
};
