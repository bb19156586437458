#include "controller/letters/process.h"

#include "zones/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIPE_OCTETS (1 << 20)

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
		*fd = -1;
	}
}

static int spawn(const char *program, const char *what, int fd, pid_t *ret_pid)
{
	const char *const words[] = {"dnsguard", "letters", what, NULL};
	static const char *const nothing[] = {NULL};
	char *const *argv = NULL;
	char *const *env = NULL;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all;
	sigset_t none;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	(void)posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	(void)sigfillset(&all);
	(void)sigemptyset(&none);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	memcpy(&argv, &(const char *const *){words}, sizeof(argv)); /* it promises not to write */
	memcpy(&env, &(const char *const *){nothing}, sizeof(env));
	int r = posix_spawn(ret_pid, program, &actions, &attributes, argv, env);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	return r;
}

int dg_reader_start(const char *program, const char *what, struct dg_reader_process *ret_process,
	struct dg_err *err)
{
	const int room = PIPE_OCTETS;
	int ends[2] = {-1, -1};
	pid_t pid = 0;
	int r = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ? errno : 0;

	if (r == 0) { /* fewer turns; as much as we may */
		(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
		(void)setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
		(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
		r = spawn(program, what, ends[1], &pid);
	}
	close_fd(&ends[1]);
	if (r != 0) {
		close_fd(&ends[0]);
		return dg_fail(err, DG_EIO, "cannot start %s, which reads messages: %s", program,
			strerrordesc_np(r));
	}
	*ret_process = (struct dg_reader_process){.pid = pid, .fd = ends[0]};
	return 0;
}

void dg_reader_end(struct dg_reader_process *p)
{
	/* Ahead of the end of its input: it is shut in, and what runs at an end would complain of that. */
	if (p->pid > 0) {
		(void)kill(p->pid, SIGKILL);
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR) {
		}
		p->pid = 0;
	}
	close_fd(&p->fd);
}
