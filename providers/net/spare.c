#include "providers/net/spare.h"

#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct dg_spare {
	struct dg_loop *loop;
	const char *program;
	struct dg_ends ends; /* our own */
	pid_t pid;           /* 0: none */
	int end_fd;
	struct event *ended;
	bool is_leaving; /* it was told to go */
	int64_t not_before_ms;
};

/* The words follow, each with its NUL. */
struct head {
	uint32_t n_octets, n_words;
};

struct control {
	_Alignas(struct cmsghdr) char octets[CMSG_SPACE(sizeof(int))];
};

/* --- the one that keeps it -------------------------------------------------------------------- */
static void let_go(struct dg_spare *s)
{
	if (s->ended) {
		event_free(s->ended);
		s->ended = NULL;
	}
	if (s->end_fd >= 0) {
		(void)close(s->end_fd);
		s->end_fd = -1;
	}
	dg_ends_close(&s->ends);
	s->pid = 0;
	s->is_leaving = false;
}

static void on_ended(evutil_socket_t fd, short what, void *arg)
{
	struct dg_spare *s = arg;

	(void)fd;
	(void)what;
	(void)waitpid(s->pid, NULL, 0); /* it has ended: no wait */
	s->not_before_ms =
		s->is_leaving ? 0 : dg_loop_mono_ms(s->loop) + (int64_t)DG_SPARE_PAUSE_MS;
	let_go(s);
}

static void put_down(struct dg_spare *s)
{
	if (s->pid > 0) {
		(void)kill(-s->pid, SIGKILL); /* it holds nothing */
		(void)waitpid(s->pid, NULL, 0);
		let_go(s);
	}
}

static void start(struct dg_spare *s)
{
	const char *const argv[] = {s->program, DG_SPARE_WORD, NULL};
	struct dg_ends e = DG_ENDS_NONE;

	if (dg_ends_open(&e) < 0 || dg_ends_spawn(&e, argv, NULL, &s->pid) != 0) {
		s->pid = 0;
		dg_ends_close(&e);
		s->not_before_ms = dg_loop_mono_ms(s->loop) + (int64_t)DG_SPARE_PAUSE_MS;
		return;
	}
	s->ends = (struct dg_ends){-1, e.word, -1, {e.out[0], -1}, {e.error[0], -1}};
	e.word = -1;
	e.out[0] = -1;
	e.error[0] = -1;
	dg_ends_close(&e);
	s->end_fd = pidfd_open(s->pid, 0);
	s->ended = s->end_fd < 0
			   ? NULL
			   : event_new(dg_loop_base(s->loop), s->end_fd, EV_READ, on_ended, s);
	if (!s->ended || event_add(s->ended, NULL) < 0) {
		put_down(s); /* a kernel that does not tell of its end: none, then */
		s->not_before_ms = INT64_MAX;
	}
}

struct dg_spare *dg_spare_new(struct dg_loop *loop, const char *program)
{
	struct dg_spare *s = malloc(sizeof(*s));

	if (!s) {
		abort();
	}
	*s = (struct dg_spare){
		.loop = loop, .program = program, .ends = DG_ENDS_NONE, .end_fd = -1};
	return s;
}

struct dg_spare *dg_spare_free(struct dg_spare *s)
{
	if (s) {
		put_down(s);
		free(s);
	}
	return NULL;
}

void dg_spare_keep(struct dg_spare *s, bool is_wanted)
{
	if (is_wanted && s->pid == 0 && dg_loop_mono_ms(s->loop) >= s->not_before_ms) {
		start(s);
	} else if (!is_wanted && s->pid > 0 && !s->is_leaving) {
		s->is_leaving = true;
		(void)shutdown(s->ends.word, SHUT_WR);
	}
}

/* All of it in one message, or nothing: it fits the buffer of a socket. */
static bool send_text(int fd, struct head head, struct dg_buf *text, int lock)
{
	struct control control = {{0}};
	struct iovec parts[2] = {{&head, sizeof(head)}, {text->data, text->len}};
	struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};

	if (lock >= 0) {
		m.msg_control = control.octets;
		m.msg_controllen = sizeof(control.octets);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(lock));
		memcpy(CMSG_DATA(c), &lock, sizeof(lock));
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)(sizeof(head) + text->len);
}

static bool send_words(int fd, const char *const *argv, int lock)
{
	struct head head = {0, 0};
	struct dg_buf text;

	dg_buf_init(&text, DG_SPARE_WORDS_MAX);
	for (; argv[head.n_words]; head.n_words++) {
		dg_buf_put(&text, argv[head.n_words], strlen(argv[head.n_words]) + 1);
	}
	head.n_octets = (uint32_t)text.len;
	bool is_sent = !text.is_full && send_text(fd, head, &text, lock);
	dg_buf_done(&text);
	return is_sent;
}

bool dg_spare_take(struct dg_spare *s, const char *const *argv, struct dg_ends *e, pid_t *ret_pid)
{
	if (!s || s->pid == 0 || s->is_leaving || strcmp(s->program, argv[0]) != 0) {
		return false;
	}
	if (!send_words(s->ends.word, argv, e->lock)) {
		put_down(s); /* half of it may have arrived */
		return false;
	}
	*ret_pid = s->pid;
	e->word = s->ends.word;
	e->out[0] = s->ends.out[0];
	e->error[0] = s->ends.error[0];
	s->ends = DG_ENDS_NONE;
	let_go(s);
	return true;
}

/* --- the one that waits ----------------------------------------------------------------------- */
/* Handles that came along stay open: the lock is held by that alone. */
static ssize_t receive(void *p, size_t n, int flags)
{
	struct control control;
	struct iovec part = {p, n};
	struct msghdr m = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.octets,
		.msg_controllen = sizeof(control.octets)};
	ssize_t got = -1;

	do {
		got = recvmsg(STDIN_FILENO, &m, flags | MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	return got;
}

int dg_spare_wait(struct dg_arena *a, int *ret_argc, char ***ret_argv)
{
	struct head head = {0, 0};
	ssize_t n = receive(&head, sizeof(head), MSG_WAITALL);

	if (n != (ssize_t)sizeof(head)) {
		return n < 0 ? -1 : 1;
	}
	if (head.n_octets == 0 || head.n_octets > DG_SPARE_WORDS_MAX || head.n_words == 0 ||
		head.n_words > head.n_octets) {
		return -1;
	}
	char *text = dg_get(a, 1, head.n_octets);
	char **argv = dg_newn(a, char *, (size_t)head.n_words + 1);
	if (receive(text, head.n_octets, MSG_WAITALL) != (ssize_t)head.n_octets ||
		text[head.n_octets - 1] != '\0') {
		return 1;
	}
	size_t at = 0;
	for (uint32_t i = 0; i < head.n_words && at < head.n_octets; i++) {
		argv[i] = text + at;
		at += strlen(argv[i]) + 1;
	}
	*ret_argc = (int)head.n_words;
	*ret_argv = argv;
	return 0;
}
