#include "controller/watch/line_client_parts.h"

#include "zones/base/err.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define EPOCH_HEX 16

int64_t dg_line_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- any thread -------------------------------------------------------------------------------- */
/* With the lock: room for one line, or false. */
static bool make_room(struct dg_line_client *c)
{
	if (c->next - c->first < DG_LINE_RING) {
		return true;
	}
	if (c->acknowledged < c->first || c->is_ending) {
		c->counts.n_dropped++;
		return false;
	}
	free(c->ring[c->first % DG_LINE_RING]);
	c->ring[c->first++ % DG_LINE_RING] = NULL;
	return true;
}

static bool push(struct dg_line_client *c, const struct dg_mail_event *e, const char *position)
{
	char line[DG_LINE_MAX];

	(void)pthread_mutex_lock(&c->lock);
	bool is_done = make_room(c);
	if (is_done) {
		int n = e ? dg_line_put_event(line, c->next, e)
			  : dg_line_put_position(line, c->next, position);
		char *copy = n > 0 ? strdup(line) : NULL;

		is_done = copy != NULL;
		if (is_done) {
			c->ring[c->next++ % DG_LINE_RING] = copy;
			c->counts.n_pushed++;
		} else {
			c->counts.n_dropped++;
		}
	}
	(void)pthread_mutex_unlock(&c->lock);
	if (is_done) {
		(void)eventfd_write(c->wake, 1);
	}
	return is_done;
}

bool dg_line_client_push(struct dg_line_client *c, const struct dg_mail_event *e)
{
	return push(c, e, NULL);
}

bool dg_line_client_push_position(struct dg_line_client *c, const char *position)
{
	return push(c, NULL, position);
}

bool dg_line_client_has_room(struct dg_line_client *c)
{
	(void)pthread_mutex_lock(&c->lock);
	bool has_room = c->next - c->first < DG_LINE_RING || c->acknowledged >= c->first;
	(void)pthread_mutex_unlock(&c->lock);
	return has_room;
}

void dg_line_client_counts(struct dg_line_client *c, struct dg_line_client_counts *ret_counts)
{
	(void)pthread_mutex_lock(&c->lock);
	*ret_counts = c->counts;
	(void)pthread_mutex_unlock(&c->lock);
}

int dg_line_client_wait(
	struct dg_line_client *c, int timeout_ms, char ret_position[DG_LINE_POSITION_MAX + 1])
{
	int64_t until = dg_line_now_ms() + timeout_ms;
	const struct timespec t = {until / 1000, until % 1000 * 1000000};
	int rc = 0;

	(void)pthread_mutex_lock(&c->lock);
	while (!c->was_welcome && rc == 0) {
		rc = pthread_cond_timedwait(&c->is_welcome, &c->lock, &t);
	}
	bool is_welcome = c->was_welcome;
	if (is_welcome) {
		memcpy(ret_position, c->position, sizeof(c->position));
	}
	(void)pthread_mutex_unlock(&c->lock);
	return is_welcome ? 0 : 1;
}

/* --- life -------------------------------------------------------------------------------------- */
static int start(struct dg_line_client *c, struct dg_err *err)
{
	pthread_condattr_t attr;
	sigset_t all, before;

	c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->wake < 0) {
		return dg_fail(err, DG_EIO, "eventfd: %s", strerrordesc_np(errno));
	}
	if (pthread_mutex_init(&c->lock, NULL) != 0 || pthread_condattr_init(&attr) != 0 ||
		pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
		pthread_cond_init(&c->is_welcome, &attr) != 0) {
		abort();
	}
	(void)pthread_condattr_destroy(&attr);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&c->thread, NULL, dg_line_talk, c);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		(void)close(c->wake);
		return dg_fail(err, DG_EIO, "cannot start a thread: %s", strerrordesc_np(rc));
	}
	return 0;
}

int dg_line_client_new(const struct dg_line_client_options *o, struct dg_line_client **ret_client,
	struct dg_err *err)
{
	if (!dg_line_is_name(o->name)) {
		return dg_fail(err, DG_EINPUT,
			"\"%.64s\" cannot be the name of a sensor: expected letters in lower case, "
			"digits and ._-",
			o->name);
	}
	if (o->place.is_inet && o->key.n == 0) {
		return dg_fail(err, DG_EINPUT, "a controller over the network needs a key file");
	}
	struct dg_line_client *c = calloc(1, sizeof(*c));
	if (!c) {
		abort();
	}
	c->o = *o;
	c->o.name = memcpy(c->name, o->name, strlen(o->name) + 1);
	c->first = c->next = c->to_send = 1;
	c->fd = -1;
	dg_line_nonce(c->epoch);
	c->epoch[EPOCH_HEX] = '\0';
	int r = start(c, err);
	if (r < 0) {
		free(c);
		return r;
	}
	*ret_client = c;
	return 0;
}

struct dg_line_client *dg_line_client_free(
	struct dg_line_client *c, int flush_ms, struct dg_line_client_counts *ret_counts)
{
	if (!c) {
		return NULL;
	}
	(void)pthread_mutex_lock(&c->lock);
	c->is_ending = true;
	c->end_ms = dg_line_now_ms() + flush_ms;
	(void)pthread_mutex_unlock(&c->lock);
	(void)eventfd_write(c->wake, 1);
	(void)pthread_join(c->thread, NULL);
	if (ret_counts) {
		*ret_counts = c->counts;
	}
	for (size_t i = 0; i < DG_LINE_RING; i++) {
		free(c->ring[i]);
	}
	(void)close(c->wake);
	(void)pthread_cond_destroy(&c->is_welcome);
	(void)pthread_mutex_destroy(&c->lock);
	OPENSSL_cleanse(c, sizeof(*c));
	free(c);
	return NULL;
}
