#include "providers/zonefile/reload.h"

#include "providers/net/loop.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/policy/schema.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX 4096u
#define SHOWN_MAX  ((size_t)200)
#define WORD_MAX   8192u

/* One who waits. */
struct call {
	struct call *next;
	char **argv; /* one block of memory */
	void (*done)(void *arg, int rc, const struct dg_err *err);
	void *arg;
};

struct run {
	struct run *next;
	struct dg_reloader *reloader;
	struct call *calls; /* all of them are answered by it */
	pid_t pid;
	int pidfd;
	int output; /* standard error of the command */
	struct event *exited;
	struct event *readable;
	struct dg_timer *timer;
	char text[OUTPUT_MAX];
	size_t len;
	bool is_late;
};

struct dg_reloader {
	struct dg_loop *loop;
	const struct dg_strings *argv;
	bool is_shared;     /* the same command for all zones */
	struct call *first; /* waiting */
	struct call **last;
	struct run *runs;
	size_t n_runs;
};

static void start_runs(struct dg_reloader *r);

int dg_reloader_new(struct dg_loop *l, const struct dg_strings *argv,
	struct dg_reloader **ret_reloader, struct dg_err *err)
{
	struct dg_reloader *r = calloc(1, sizeof(*r));

	if (!r) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	*r = (struct dg_reloader){.loop = l, .argv = argv, .is_shared = true};
	r->last = &r->first;
	for (size_t i = 0; i < argv->n; i++) {
		if (strstr(argv->list[i].text, "{zone}") || strstr(argv->list[i].text, "{path}")) {
			r->is_shared = false;
		}
	}
	*ret_reloader = r;
	return 0;
}

static void free_calls(struct call *c)
{
	while (c) {
		struct call *next = c->next;

		for (size_t i = 0; c->argv && c->argv[i]; i++) {
			free(c->argv[i]);
		}
		free(c->argv);
		free(c);
		c = next;
	}
}

static void free_run(struct run *run)
{
	struct run **p = &run->reloader->runs;

	while (*p != run) {
		p = &(*p)->next;
	}
	*p = run->next;
	run->reloader->n_runs--;
	(void)dg_timer_cancel(run->timer);
	if (run->exited) {
		event_free(run->exited);
	}
	if (run->readable) {
		event_free(run->readable);
	}
	if (run->pidfd >= 0) {
		(void)close(run->pidfd);
	}
	if (run->output >= 0) {
		(void)close(run->output);
	}
	free_calls(run->calls);
	free(run);
}

struct dg_reloader *dg_reloader_free(struct dg_reloader *r)
{
	if (!r) {
		return NULL;
	}
	while (r->runs) {
		struct run *run = r->runs;

		if (run->pid > 0) {
			(void)kill(-run->pid, SIGKILL);
			(void)waitpid(run->pid, NULL, 0);
		}
		free_run(run);
	}
	free_calls(r->first);
	free(r);
	return NULL;
}

static void drain(struct run *run)
{
	char scrap[512];
	ssize_t n = 0;

	do {
		bool has_room = run->len < sizeof(run->text);
		n = has_room ? read(run->output, run->text + run->len, sizeof(run->text) - run->len)
			     : read(run->output, scrap, sizeof(scrap));
		run->len += has_room && n > 0 ? (size_t)n : 0;
	} while (n > 0);
	if (n == 0 && run->readable) {
		(void)event_del(run->readable);
	}
}

/* The first line that says something. */
static void first_line(const struct run *run, struct dg_buf *b)
{
	size_t at = 0;
	size_t n = 0;

	while (at < run->len && strchr(" \t\r\n", run->text[at])) {
		at++;
	}
	while (at + n < run->len && run->text[at + n] != '\n' && n < SHOWN_MAX) {
		n++;
	}
	dg_buf_put_safe(b, run->text + at, n);
}

static int verdict(const struct run *run, int status, struct dg_err *err)
{
	struct dg_buf line;
	char how[64];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && !run->is_late) {
		return 0;
	}
	if (run->is_late) {
		(void)snprintf(how, sizeof(how), "was killed after %d s", DG_RELOAD_MS / 1000);
	} else if (WIFEXITED(status)) {
		(void)snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(status));
	} else {
		(void)snprintf(how, sizeof(how), "was ended by signal %d", WTERMSIG(status));
	}
	dg_buf_init(&line, SHOWN_MAX * 12);
	first_line(run, &line);
	(void)dg_fail(err, DG_EIO, "%s %s%s%s", run->calls->argv[0], how, line.len > 0 ? ": " : "",
		line.data);
	dg_buf_done(&line);
	return DG_EIO;
}

/* Answers all who waited for the run. */
static void answer(struct run *run, int rc, const struct dg_err *err)
{
	struct dg_reloader *r = run->reloader;
	struct call *calls = run->calls;

	run->calls = NULL;
	free_run(run);
	start_runs(r);
	for (struct call *c = calls; c; c = c->next) {
		c->done(c->arg, rc, err);
	}
	free_calls(calls);
}

static void on_ended(evutil_socket_t fd, short what, void *arg)
{
	struct run *run = arg;
	struct dg_err err = {0};
	int status = 0;

	(void)fd;
	(void)what;
	pid_t pid = waitpid(run->pid, &status, WNOHANG);
	if (pid == 0) {
		return;
	}
	drain(run);
	int rc = pid == run->pid ? verdict(run, status, &err)
				 : dg_fail(&err, DG_EIO, "%s: how it ended is not known",
					   run->calls->argv[0]);
	answer(run, rc, &err);
}

static void on_output(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	drain(arg);
}

static void on_late(void *arg)
{
	struct run *run = arg;

	run->timer = NULL;
	run->is_late = true;
	(void)kill(-run->pid, SIGKILL); /* its end arrives as any other */
}

/* Descriptors, signals and group of the command. */
static int spawn(char *const *argv, int output, pid_t *ret_pid)
{
	char lc_all[] = "LC_ALL=C";
	char path[4096];
	char *env[] = {lc_all, path, NULL};
	const char *our_path = getenv("PATH"); /* NOLINT(concurrency-mt-unsafe): one thread */
	posix_spawn_file_actions_t acts;
	posix_spawnattr_t attr;
	sigset_t none;
	sigset_t all;

	(void)snprintf(path, sizeof(path), "PATH=%s",
		our_path ? our_path : "/usr/sbin:/usr/bin:/sbin:/bin");
	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)posix_spawnattr_init(&attr);
	(void)posix_spawnattr_setflags(
		&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &all);
	(void)posix_spawn_file_actions_init(&acts);
	(void)posix_spawn_file_actions_addopen(&acts, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(&acts, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&acts, output, STDERR_FILENO);
	(void)posix_spawn_file_actions_addclosefrom_np(&acts, STDERR_FILENO + 1);
	int error = posix_spawnp(ret_pid, argv[0], &acts, &attr, argv, env);
	(void)posix_spawn_file_actions_destroy(&acts);
	(void)posix_spawnattr_destroy(&attr);
	return error;
}

static bool watch(struct run *run)
{
	struct event_base *base = dg_loop_base(run->reloader->loop);

	run->pidfd = pidfd_open(run->pid, 0);
	run->exited = run->pidfd < 0
			      ? NULL
			      : event_new(base, run->pidfd, EV_READ | EV_PERSIST, on_ended, run);
	run->readable = event_new(base, run->output, EV_READ | EV_PERSIST, on_output, run);
	if (!run->exited || !run->readable || event_add(run->exited, NULL) != 0 ||
		event_add(run->readable, NULL) != 0) {
		return false;
	}
	run->timer = dg_loop_after_ms(run->reloader->loop, DG_RELOAD_MS, on_late, run);
	return true;
}

static void on_not_started(void *arg)
{
	struct run *run = arg;
	struct dg_err err;

	run->timer = NULL;
	(void)dg_fail(&err, DG_EIO, "%s", run->text);
	answer(run, DG_EIO, &err);
}

static void start(struct run *run)
{
	int ends[2] = {-1, -1};
	int error = pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno;

	if (error == 0) {
		(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
		run->output = ends[0];
		error = spawn(run->calls->argv, ends[1], &run->pid);
		(void)close(ends[1]);
	}
	if (error == 0 && !watch(run)) {
		error = ENOMEM;
		(void)kill(-run->pid, SIGKILL);
		(void)waitpid(run->pid, NULL, 0);
	}
	if (error != 0) {
		run->pid = 0;
		(void)snprintf(run->text, sizeof(run->text), "cannot start %s: %s",
			run->calls->argv[0], strerrordesc_np(error));
		run->timer = dg_loop_after_ms(run->reloader->loop, 0, on_not_started, run);
	}
}

static void start_runs(struct dg_reloader *r)
{
	while (r->first && r->n_runs < (r->is_shared ? 1 : DG_RELOADS_MAX)) {
		struct run *run = calloc(1, sizeof(*run));

		if (!run) {
			abort();
		}
		run->reloader = r;
		run->output = run->pidfd = -1;
		run->calls = r->first;
		if (r->is_shared) {
			r->first = NULL;
		} else {
			r->first = r->first->next;
			run->calls->next = NULL;
		}
		if (!r->first) {
			r->last = &r->first;
		}
		run->next = r->runs;
		r->runs = run;
		r->n_runs++;
		start(run);
	}
}

/* The word with {zone} and {path} replaced; heap. */
static char *expand(const char *word, const char *zone, const char *path)
{
	struct dg_buf b;
	char *text = NULL;

	dg_buf_init(&b, WORD_MAX);
	for (const char *p = word; *p != '\0';) {
		if (strncmp(p, "{zone}", 6) == 0) {
			dg_buf_put(&b, zone, strlen(zone) - (strlen(zone) > 1 ? 1 : 0));
			p += 6;
		} else if (strncmp(p, "{path}", 6) == 0) {
			dg_buf_puts(&b, path);
			p += 6;
		} else {
			dg_buf_putc(&b, *p++);
		}
	}
	text = strdup(b.data);
	dg_buf_done(&b);
	return text;
}

void dg_reload(struct dg_reloader *r, const char *zone, const char *path,
	void (*done)(void *arg, int rc, const struct dg_err *err), void *arg)
{
	struct call *c = calloc(1, sizeof(*c));

	if (!c) {
		abort();
	}
	*c = (struct call){
		.argv = calloc(r->argv->n + 1, sizeof(char *)), .done = done, .arg = arg};
	for (size_t i = 0; c->argv && i < r->argv->n; i++) {
		c->argv[i] = expand(r->argv->list[i].text, zone, path);
		if (!c->argv[i]) {
			abort();
		}
	}
	if (!c->argv) {
		abort();
	}
	*r->last = c;
	r->last = &c->next;
	start_runs(r);
}
