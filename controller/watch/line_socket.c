#include "controller/watch/line_socket.h"

#include "zones/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG    128
#define GROUPS_MAX 256u

/* --- the text ---------------------------------------------------------------------------------- */
static int copy(char *to, size_t room, const char *from, size_t n)
{
	if (n == 0 || n >= room) {
		return 1;
	}
	memcpy(to, from, n);
	to[n] = '\0';
	return 0;
}

/* "HOST:PORT", "[HOST]:PORT" */
static int parse_inet(const char *text, size_t n, struct dg_line_place *p)
{
	const char *colon = memrchr(text, ':', n);

	if (!colon) {
		return 1;
	}
	size_t n_host = (size_t)(colon - text), n_port = n - n_host - 1;
	if (n_host > 2 && text[0] == '[' && colon[-1] == ']') {
		text++;
		n_host -= 2;
	} else if (memchr(text, ':', n_host)) {
		return 1;
	}
	p->is_inet = true;
	return copy(p->host, sizeof(p->host), text, n_host) ||
	       copy(p->port, sizeof(p->port), colon + 1, n_port) ||
	       strspn(p->port, "0123456789") != n_port || strtoul(p->port, NULL, 10) > 65535;
}

static int parse_place(const char *text, size_t n, struct dg_line_place *p)
{
	if (n > 5 && strncmp(text, "unix:", 5) == 0) {
		return text[5] != '/' || copy(p->path, sizeof(p->path), text + 5, n - 5);
	}
	if (n > 5 && strncmp(text, "inet:", 5) == 0) {
		return parse_inet(text + 5, n - 5, p);
	}
	return parse_inet(text, n, p);
}

static int parse_word(const char *word, size_t n, struct dg_line_place *p)
{
	static const char group[] = "group=", key[] = "key-file=";

	if (n > sizeof(group) && strncmp(word, group, sizeof(group) - 1) == 0) {
		return copy(p->group, sizeof(p->group), word + sizeof(group) - 1,
			n + 1 - sizeof(group));
	}
	if (n > sizeof(key) && strncmp(word, key, sizeof(key) - 1) == 0) {
		return copy(p->key_file, sizeof(p->key_file), word + sizeof(key) - 1,
			n + 1 - sizeof(key));
	}
	return 1;
}

int dg_line_place_parse(const char *what, struct dg_line_place *ret_place, struct dg_err *err)
{
	struct dg_line_place p = {.is_inet = false};
	size_t n = strcspn(what, " ");
	int r = parse_place(what, n, &p);

	for (const char *word = what + n; r == 0 && *(word += strspn(word, " ")); word += n) {
		n = strcspn(word, " ");
		r = parse_word(word, n, &p);
	}
	if (r != 0) {
		return dg_fail(err, DG_EINPUT,
			"\"%.100s\": expected unix:/PATH (107 octets) or inet:ADDRESS:PORT, and "
			"after a blank "
			"group=NAME or key-file=FILE",
			what);
	}
	*ret_place = p;
	return 0;
}

bool dg_line_place_is_loopback(const struct dg_line_place *p)
{
	return p->is_inet && (strncmp(p->host, "127.", 4) == 0 || strcmp(p->host, "::1") == 0);
}

/* --- sockets ----------------------------------------------------------------------------------- */
static socklen_t unix_address(const struct dg_line_place *p, struct sockaddr_un *ret_address)
{
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret_address->sun_path, p->path, sizeof(p->path));
	return sizeof(*ret_address);
}

static int fail(const struct dg_line_place *p, const char *what, int code, struct dg_err *err)
{
	if (p->is_inet) {
		return dg_fail(err, DG_EIO, "%s port %s: cannot %s: %s", p->host, p->port, what,
			strerrordesc_np(code));
	}
	return dg_fail(err, DG_EIO, "%s: cannot %s: %s", p->path, what, strerrordesc_np(code));
}

/* A socket file whose owner is gone is in the way of its successor. */
static void remove_stale(const struct dg_line_place *p)
{
	struct sockaddr_un a;
	socklen_t len = unix_address(p, &a);
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && lstat(p->path, &st) == 0 && S_ISSOCK(st.st_mode) &&
		connect(fd, (const struct sockaddr *)&a, len) != 0 && errno == ECONNREFUSED) {
		(void)unlink(p->path);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
}

int dg_line_give_to_group(const struct dg_line_place *p, struct dg_err *err)
{
	struct group g, *found = NULL;
	char room[4096];

	if (p->group[0] && (getgrnam_r(p->group, &g, room, sizeof(room), &found) != 0 || !found)) {
		return dg_fail(err, DG_EINPUT, "%s: there is no group %s", p->path, p->group);
	}
	if ((found && chown(p->path, (uid_t)-1, found->gr_gid) != 0) || chmod(p->path, 0660) != 0) {
		return fail(p, "give to its group", errno, err);
	}
	return 0;
}

static int listen_unix(const struct dg_line_place *p, int *ret_fd, struct dg_err *err)
{
	struct sockaddr_un a;
	socklen_t len = unix_address(p, &a);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = 0;

	remove_stale(p);
	/* Nobody may connect before the group is set: the mode of a socket counts from bind() on, listen() comes last. */
	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, len) != 0) {
		r = fail(p, "listen", errno, err);
	}
	bool is_bound = r == 0;
	r = r == 0 ? dg_line_give_to_group(p, err) : r;
	if (r == 0 && listen(fd, BACKLOG) != 0) {
		r = fail(p, "listen", errno, err);
	}
	if (r < 0) {
		if (is_bound) {
			(void)unlink(p->path);
		}
		if (fd >= 0) {
			(void)close(fd);
		}
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int find_address(
	const struct dg_line_place *p, int flags, struct addrinfo **ret_list, struct dg_err *err)
{
	const struct addrinfo hints = {
		.ai_flags = flags | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	int r = getaddrinfo(p->host, p->port, &hints, ret_list);

	if (r != 0) {
		return dg_fail(err, r == EAI_NONAME ? DG_EINPUT : DG_EIO, "%s port %s: %s", p->host,
			p->port, gai_strerror(r));
	}
	return 0;
}

static int listen_inet(const struct dg_line_place *p, int *ret_fd, struct dg_err *err)
{
	struct addrinfo *list = NULL;
	int one = 1;
	int r = find_address(p, AI_NUMERICHOST | AI_PASSIVE, &list, err);

	if (r < 0) {
		return r;
	}
	int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
		bind(fd, list->ai_addr, list->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		r = fail(p, "listen", errno, err);
		if (fd >= 0) {
			(void)close(fd);
		}
	} else {
		*ret_fd = fd;
	}
	freeaddrinfo(list);
	return r;
}

int dg_line_listen(const struct dg_line_place *p, int *ret_fd, struct dg_err *err)
{
	return p->is_inet ? listen_inet(p, ret_fd, err) : listen_unix(p, ret_fd, err);
}

void dg_line_unlisten(const struct dg_line_place *p, int fd)
{
	if (fd >= 0) {
		(void)close(fd);
		if (!p->is_inet) {
			(void)unlink(p->path);
		}
	}
}

static int connect_to(
	int family, const struct sockaddr *a, socklen_t len, int timeout_ms, int *ret_fd)
{
	struct pollfd p = {.events = POLLOUT};
	int code = 0, one = 1;
	socklen_t n_code = sizeof(code);

	p.fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p.fd < 0) {
		return errno;
	}
	if (connect(p.fd, a, len) != 0) {
		code = errno;
		if (code == EINPROGRESS) {
			code = poll(&p, 1, timeout_ms) == 1 ? 0 : ETIMEDOUT;
			if (code == 0) {
				(void)getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &code, &n_code);
			}
		}
	}
	if (code != 0) {
		(void)close(p.fd);
		return code;
	}
	if (family != AF_UNIX) {
		(void)setsockopt(p.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		(void)setsockopt(p.fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	}
	*ret_fd = p.fd;
	return 0;
}

int dg_line_connect(const struct dg_line_place *p, int timeout_ms, int *ret_fd, struct dg_err *err)
{
	struct addrinfo *list = NULL;
	struct sockaddr_un a;
	int code = ENOENT;

	if (!p->is_inet) {
		socklen_t len = unix_address(p, &a);
		code = connect_to(AF_UNIX, (const struct sockaddr *)&a, len, timeout_ms, ret_fd);
		return code == 0 ? 0 : fail(p, "connect", code, err);
	}
	int r = find_address(p, 0, &list, err);
	if (r < 0) {
		return r;
	}
	for (const struct addrinfo *i = list; i && code != 0; i = i->ai_next) {
		code = connect_to(i->ai_family, i->ai_addr, i->ai_addrlen, timeout_ms, ret_fd);
	}
	freeaddrinfo(list);
	return code == 0 ? 0 : fail(p, "connect", code, err);
}

bool dg_line_peer_is_allowed(const struct dg_line_place *p, int fd)
{
	struct ucred who = {.uid = (uid_t)-1, .gid = (gid_t)-1};
	socklen_t n_who = sizeof(who);
	gid_t groups[GROUPS_MAX];
	socklen_t n_groups = sizeof(groups);
	struct stat st;

	if (p->is_inet) {
		return true;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n_who) != 0) {
		return false;
	}
	if (who.uid == 0 || who.uid == geteuid()) {
		return true;
	}
	if (lstat(p->path, &st) != 0) {
		return false;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n_groups) != 0) {
		n_groups = 0;
	}
	bool is_member = who.gid == st.st_gid;
	for (size_t i = 0; i < n_groups / sizeof(groups[0]); i++) {
		is_member = is_member || groups[i] == st.st_gid;
	}
	return is_member;
}
