/* null_policy SOCKET: the least that a policy service can do for Postfix: reads requests, says DUNNO to each, and looks at nothing in them. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FDS_MAX 4096
#define EVENTS  64

static int listen_at(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 128) != 0 ||
		chmod(path, 0666) != 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void watch(int epoll, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data = {.fd = fd}};

	if (fd < 0 || fd >= FDS_MAX || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
		perror("null_policy");
		exit(1);
	}
}

/* How a request ends may come in two parts. */
static void serve(int fd)
{
	static const char dunno[] = "action=DUNNO\n\n";
	static bool has_newline[FDS_MAX];
	char text[4096];
	ssize_t n = recv(fd, text, sizeof(text), 0);

	if (n <= 0) {
		has_newline[fd] = false;
		(void)close(fd);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		bool is_newline = text[i] == '\n';

		if (is_newline && has_newline[fd]) {
			(void)send(fd, dunno, strlen(dunno), MSG_NOSIGNAL);
			is_newline = false;
		}
		has_newline[fd] = is_newline;
	}
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (argc != 2) {
		(void)fputs("usage: null_policy SOCKET\n", stderr);
		return 2;
	}
	int listener = listen_at(argv[1]);
	watch(epoll, listener);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener) {
				watch(epoll, accept4(listener, NULL, NULL, SOCK_CLOEXEC));
			} else {
				serve(events[i].data.fd);
			}
		}
		if (n < 0 && errno != EINTR) {
			return 1;
		}
	}
}
