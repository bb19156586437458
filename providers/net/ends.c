#include "providers/net/ends.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIPE_BYTES (1 << 20)
#define LOCK_FD    3 /* of the child */

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
		*fd = -1;
	}
}

void dg_ends_close(struct dg_ends *e)
{
	close_fd(&e->in);
	close_fd(&e->word);
	close_fd(&e->lock);
	for (int i = 0; i < 2; i++) {
		close_fd(&e->out[i]);
		close_fd(&e->error[i]);
	}
}

int dg_ends_open(struct dg_ends *e)
{
	int talk[2] = {-1, -1};

	if (e->in < 0) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, talk) < 0) {
			return -1;
		}
		e->word = talk[0];
		e->in = talk[1];
	}
	if (pipe2(e->out, O_CLOEXEC) < 0 || pipe2(e->error, O_CLOEXEC) < 0) {
		return -1;
	}
	(void)fcntl(e->out[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(e->out[0], F_SETPIPE_SZ, PIPE_BYTES); /* it need not wait for our next look */
	(void)fcntl(e->error[0], F_SETFL, O_NONBLOCK);
	return 0;
}

int dg_ends_spawn(
	const struct dg_ends *e, const char *const *argv, const char *const *env, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all;
	sigset_t none;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawn_file_actions_adddup2(&actions, e->in, STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, e->out[1], STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, e->error[1], STDERR_FILENO);
	if (e->lock >= 0) {
		(void)posix_spawn_file_actions_adddup2(&actions, e->lock, LOCK_FD);
	}
	(void)posix_spawn_file_actions_addclosefrom_np(
		&actions, e->lock >= 0 ? LOCK_FD + 1 : LOCK_FD);
	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setpgroup(&attributes, 0);
	(void)posix_spawnattr_setflags(&attributes,
		POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	char *const *words = environ;
	char *const *surroundings = environ;
	memcpy(&words, &argv, sizeof(words)); /* it promises not to write, its type does not */
	if (env) {
		memcpy(&surroundings, &env, sizeof(surroundings));
	}
	int r = posix_spawn(ret_pid, argv[0], &actions, &attributes, words, surroundings);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	return r;
}
