#include "controller/watch/service.h"

#include "providers/net/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define N_SIGNALS     3u
#define LOCK_PAUSE_NS 20000000
#define LOCK_TRIES    50u /* a second */

struct dg_service {
	struct event *events[N_SIGNALS];
	void (*on_end)(void *arg);
	void (*on_reload)(void *arg);
	void *arg;
};

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct dg_service *s = arg;

	(void)what;
	if (number == SIGHUP) {
		s->on_reload(s->arg);
	} else {
		s->on_end(s->arg);
	}
}

struct dg_service *dg_service_new(
	struct dg_loop *loop, void (*on_end)(void *arg), void (*on_reload)(void *arg), void *arg)
{
	static const int signals[N_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
	struct dg_service *s = calloc(1, sizeof(*s));

	if (!s) {
		abort();
	}
	*s = (struct dg_service){.on_end = on_end, .on_reload = on_reload, .arg = arg};
	for (unsigned i = 0; i < N_SIGNALS; i++) {
		s->events[i] = event_new(
			dg_loop_base(loop), signals[i], EV_SIGNAL | EV_PERSIST, on_signal, s);
		if (!s->events[i] || event_add(s->events[i], NULL) != 0) {
			abort();
		}
	}
	return s;
}

struct dg_service *dg_service_free(struct dg_service *s)
{
	for (unsigned i = 0; s && i < N_SIGNALS; i++) {
		event_free(s->events[i]);
	}
	free(s);
	return NULL;
}

/* Tried again for a while: one that was killed while it started a child may have left it the lock, up to the child's exec(). */
static int lock_soon(int fd)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	int r = flock(fd, LOCK_EX | LOCK_NB);

	for (unsigned i = 0; r != 0 && errno == EWOULDBLOCK && i < LOCK_TRIES; i++) {
		(void)nanosleep(&pause, NULL);
		r = flock(fd, LOCK_EX | LOCK_NB);
	}
	return r;
}

int dg_service_lock(const char *state_dir, const char *command, int *ret_fd, struct dg_err *err)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s.lock", state_dir, command);
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		return dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
	}
	if (lock_soon(fd) != 0) {
		int number = errno;
		(void)close(fd);
		return number == EWOULDBLOCK
			       ? dg_fail(err, DG_ECONFLICT,
					 "another dnsguard %s is running with the state folder "
					 "%s: end that one, or give another with --state",
					 command, state_dir)
			       : dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(number));
	}
	*ret_fd = fd;
	return 0;
}

void dg_service_notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET"); /* NOLINT(concurrency-mt-unsafe): one thread */
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t n = path ? strlen(path) : 0;

	if (n == 0 || n >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@')) {
		return;
	}
	memcpy(to.sun_path, path, n);
	if (path[0] == '@') { /* an abstract one */
		to.sun_path[0] = '\0';
	}
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&to,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
		(void)close(fd);
	}
}
