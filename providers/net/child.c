#include "providers/net/child.h"

#include "providers/net/ends.h"
#include "providers/net/loop.h"
#include "providers/net/spare.h"
#include "zones/base/buf.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK 4096u

struct process {
	struct dg_child *child;
	struct dg_timer *timer;
	pid_t pid; /* 0: nothing was started */
	int out, error;
	int word;   /* what it reads the word from: our end; -1 */
	int end_fd; /* readable when it has ended; -1 */
	struct event *spoke, *ended;
	struct dg_buf out_text, error_text;
	bool is_silent;           /* standard output is closed */
	int64_t late_ms, kill_ms; /* by the loop's clock that never goes back; 0: no */
};

/* --- what it says ----------------------------------------------------------------------------- */
/* Is there more than there is room for? */
static bool drain(int fd, struct dg_buf *b, bool *ret_is_over)
{
	char chunk[CHUNK];
	ssize_t n = -1;
	bool is_cut = false;

	while (fd >= 0 && (n = read(fd, chunk, sizeof(chunk))) > 0) {
		size_t room = b->max - b->len;

		dg_buf_put(b, chunk, (size_t)n < room ? (size_t)n : room);
		is_cut = is_cut || (size_t)n > room;
	}
	*ret_is_over = n == 0;
	return is_cut;
}

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
		*fd = -1;
	}
}

static void drop(struct event **e)
{
	if (*e) {
		event_free(*e);
		*e = NULL;
	}
}

static void release(struct process *p)
{
	p->timer = dg_timer_cancel(p->timer);
	drop(&p->spoke);
	drop(&p->ended);
	close_fd(&p->word);
	close_fd(&p->end_fd);
	close_fd(&p->out);
	close_fd(&p->error);
	dg_buf_done(&p->out_text);
	dg_buf_done(&p->error_text);
	free(p);
}

static char *copy(const char *text)
{
	char *s = strdup(text);

	if (!s) {
		abort();
	}
	return s;
}

static void finish(struct process *p, int status)
{
	struct dg_child *c = p->child;

	c->status = status;
	c->out = copy(p->out_text.data);
	c->error = copy(p->error_text.data);
	c->internal = NULL;
	release(p);
	c->done(c);
}

/* More of it. False: whoever heard it has forgotten the child. */
static bool listen_to(struct process *p)
{
	struct dg_child *c = p->child;
	size_t before = p->out_text.len;

	c->is_cut = drain(p->out, &p->out_text, &p->is_silent) || c->is_cut;
	if (p->is_silent) {
		drop(&p->spoke); /* its end is readable for ever */
	}
	if (!c->heard || p->out_text.len == before) {
		return true;
	}
	c->so_far = p->out_text.data;
	c->heard(c);
	return c->internal == p;
}

/* --- its end ---------------------------------------------------------------------------------- */
static void kill_group(const struct process *p, int number)
{
	if (p->pid > 0) {
		(void)kill(-p->pid, number);
	}
}

static void look(void *arg)
{
	struct process *p = arg;
	int64_t now_ms = dg_loop_mono_ms(p->child->loop);
	int how = 0;

	p->timer = NULL;
	pid_t who = p->pid > 0 ? waitpid(p->pid, &how, WNOHANG) : -1;
	if (who != 0) {
		p->pid = 0; /* nobody is there to be ended any more */
	}
	bool is_over = false;
	(void)drain(p->error, &p->error_text, &is_over);
	if (!listen_to(p)) {
		return;
	}
	if (who != 0) {
		finish(p, who > 0 && WIFEXITED(how) && !p->child->is_late ? WEXITSTATUS(how) : -1);
		return;
	}
	if (p->late_ms > 0 && now_ms >= p->late_ms) {
		p->child->is_late = true;
		p->late_ms = 0;
		dg_child_end(p->child);
	}
	if (p->kill_ms > 0 && now_ms >= p->kill_ms) {
		p->kill_ms = 0;
		kill_group(p, SIGKILL);
	}
	p->timer = dg_loop_after_ms(
		p->child->loop, p->ended ? DG_CHILD_LOOK_MS : DG_CHILD_POLL_MS, look, p);
}

static void on_ended(evutil_socket_t fd, short what, void *arg)
{
	struct process *p = arg;

	(void)fd;
	(void)what;
	p->timer = dg_timer_cancel(p->timer);
	look(p);
}

static void on_spoke(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)listen_to(arg);
}

static struct event *when_readable(struct process *p, int fd, event_callback_fn fn)
{
	struct event *e =
		fd < 0 ? NULL
		       : event_new(dg_loop_base(p->child->loop), fd, EV_READ | EV_PERSIST, fn, p);

	if (e && event_add(e, NULL) < 0) {
		drop(&e);
	}
	return e;
}

/* --- its beginning ---------------------------------------------------------------------------- */
/* A file in memory: it can be written whole before anybody reads. */
static int input_fd(const char *text)
{
	size_t len = text ? strlen(text) : 0;
	int fd =
		text ? memfd_create("input", MFD_CLOEXEC) : open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (size_t at = 0; fd >= 0 && at < len;) {
		ssize_t n = write(fd, text + at, len - at);

		if (n <= 0) {
			close_fd(&fd);
			break;
		}
		at += (size_t)n;
	}
	if (fd >= 0 && text) {
		(void)lseek(fd, 0, SEEK_SET);
	}
	return fd;
}

static int lock_fd(struct dg_child *c)
{
	int fd = open(c->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		c->is_busy = errno == EWOULDBLOCK;
		close_fd(&fd);
	}
	return fd;
}

/* An errno; 0: *ret_e holds our ends, and *ret_pid runs. */
static int begin(struct dg_child *c, struct dg_ends *ret_e, pid_t *ret_pid)
{
	struct dg_ends e = DG_ENDS_NONE;
	int r = 0;

	e.lock = c->lock ? lock_fd(c) : -1;
	if (c->lock && e.lock < 0) {
		r = errno;
	} else if (c->talks && !c->env && dg_spare_take(c->spare, c->argv, &e, ret_pid)) {
		r = 0;
	} else {
		e.in = c->talks ? -1 : input_fd(c->input);
		r = (e.in < 0 && !c->talks) || dg_ends_open(&e) < 0
			    ? errno
			    : dg_ends_spawn(&e, c->argv, c->env, ret_pid);
	}
	if (r != 0) {
		dg_ends_close(&e);
	}
	*ret_e = e;
	return r;
}

void dg_child_start(struct dg_child *c)
{
	struct process *p = calloc(1, sizeof(*p));
	struct dg_ends e;

	if (!p) {
		abort();
	}
	*p = (struct process){.child = c, .out = -1, .error = -1, .word = -1, .end_fd = -1};
	dg_buf_init(&p->out_text, c->out_max > 0 ? c->out_max : DG_CHILD_OUT_MAX);
	dg_buf_init(&p->error_text, DG_CHILD_ERROR_MAX);
	c->is_busy = false;
	c->is_late = false;
	c->is_cut = false;
	c->internal = p;
	int r = begin(c, &e, &p->pid);
	c->is_started = r == 0;
	if (r == 0) {
		p->out = e.out[0];
		p->error = e.error[0];
		p->word = e.word;
		e.out[0] = -1;
		e.error[0] = -1;
		e.word = -1;
		p->end_fd = pidfd_open(p->pid, 0);
		p->ended = when_readable(p, p->end_fd, on_ended);
		p->spoke = when_readable(p, p->out, on_spoke);
		p->late_ms = c->timeout_ms > 0 ? dg_loop_mono_ms(c->loop) + c->timeout_ms : 0;
	} else {
		p->pid = 0;
		dg_buf_printf(&p->error_text, "%s could not be started: %s", c->argv[0],
			c->is_busy ? "an earlier one is still at work"
				   : strerror(r)); /* NOLINT(concurrency-mt-unsafe): one thread */
	}
	dg_ends_close(&e);
	p->timer = dg_loop_after_ms(c->loop, r == 0 ? DG_CHILD_POLL_MS : 0, look, p);
}

void dg_child_say(struct dg_child *c, const char *text)
{
	struct process *p = c->internal;

	if (p && p->word >= 0) { /* one that is gone has nothing to be told */
		if (text) {
			(void)send(p->word, text, strlen(text), MSG_NOSIGNAL);
		}
		close_fd(&p->word);
	}
}

void dg_child_end(struct dg_child *c)
{
	struct process *p = c->internal;

	if (p && p->pid > 0 && p->kill_ms == 0) {
		p->kill_ms = dg_loop_mono_ms(c->loop) + DG_CHILD_KILL_MS;
		kill_group(p, SIGTERM);
	}
}

void dg_child_forget(struct dg_child *c)
{
	if (c->internal) {
		release(c->internal);
		c->internal = NULL;
	}
}

void dg_child_done(struct dg_child *c)
{
	free(c->out);
	free(c->error);
	c->out = NULL;
	c->error = NULL;
}
