#include "controller/watch/line_log.h"

#include "controller/watch/line_client.h"
#include "controller/watch/sensor.h"
#include "providers/net/loop.h"
#include "zones/base/err.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define KEY     "log"
#define WAIT_MS 200
#define FULL_NS 5000000 /* a full ring is looked at again */

struct following {
	struct dg_line_client *client;
	struct dg_loop *loop;
	void (*tell)(void *arg, const char *text);
	void *arg;
	sigset_t ends;
	bool is_over; /* something was not passed on: nothing after it may be, nor a position */
};

static bool is_asked_to_end(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}

/* False: asked to end while the ring was full. */
static bool has_room(struct following *f)
{
	const struct timespec t = {.tv_nsec = FULL_NS};

	while (!f->is_over && !dg_line_client_has_room(f->client)) {
		if (is_asked_to_end()) {
			f->is_over = true;
		} else {
			(void)nanosleep(&t, NULL);
		}
	}
	return !f->is_over;
}

static void pass_event(void *arg, const struct dg_mail_event *e)
{
	struct following *f = arg;

	if (has_room(f)) {
		(void)dg_line_client_push(f->client, e);
	}
}

static void pass_position(void *arg, const char *position)
{
	struct following *f = arg;

	if (has_room(f)) {
		(void)dg_line_client_push_position(f->client, position);
	}
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct following *f = arg;

	(void)fd;
	(void)what;
	dg_loop_stop(f->loop);
}

static void tell_sensor(void *arg, const char *sensor, const char *text)
{
	const struct following *f = arg;

	(void)sensor;
	f->tell(f->arg, text);
}

/* 0; 1: asked to end first. */
static int wait_for_controller(struct following *f, struct dg_hub *hub)
{
	char position[DG_LINE_POSITION_MAX + 1];

	while (dg_line_client_wait(f->client, WAIT_MS, position) != 0) {
		if (is_asked_to_end()) {
			return 1;
		}
	}
	if (position[0]) {
		f->is_over = true; /* the controller has this one already */
		dg_hub_position(hub, KEY, position);
		f->is_over = false;
	}
	return 0;
}

static int follow(struct following *f, struct dg_hub *hub, const char *path, struct dg_err *err)
{
	const struct dg_sensor_host host = {
		.loop = f->loop, .hub = hub, .tell = tell_sensor, .arg = f};
	struct dg_sensor *sensor = NULL;
	int fd = signalfd(-1, &f->ends, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0) {
		return dg_fail(err, DG_EIO, "signalfd: %s", strerrordesc_np(errno));
	}
	struct event *ends =
		event_new(dg_loop_base(f->loop), fd, EV_READ | EV_PERSIST, on_signal, f);
	int r = ends && event_add(ends, NULL) == 0
			? dg_sensor_log.open(&host, KEY, path, &sensor, err)
			: dg_fail(err, DG_EIO, "cannot wait for signals");
	if (r == 0) {
		dg_loop_run(f->loop);
		(void)dg_sensor_log.close(sensor);
	}
	if (ends) {
		event_free(ends);
	}
	(void)close(fd);
	return r;
}

int dg_line_log_run(const char *path, struct dg_line_client *client,
	void (*tell)(void *arg, const char *text), void *arg, struct dg_err *err)
{
	struct following f = {.client = client, .tell = tell, .arg = arg};
	struct dg_hub *hub = NULL;

	(void)sigemptyset(&f.ends);
	(void)sigaddset(&f.ends, SIGTERM);
	(void)sigaddset(&f.ends, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &f.ends, NULL);
	int r = dg_loop_new(NULL, &f.loop, err);
	if (r < 0) {
		return r;
	}
	const struct dg_hub_options o = {.loop = f.loop,
		.pass_event = pass_event,
		.pass_position = pass_position,
		.arg = &f};
	r = dg_hub_new(&o, &hub, err);
	if (r == 0 && wait_for_controller(&f, hub) == 0) {
		r = follow(&f, hub, path, err);
	}
	(void)dg_hub_free(hub);
	(void)dg_loop_free(f.loop);
	return r;
}
