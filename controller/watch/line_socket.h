/* controller/watch/line_socket.h: where a sensor listens, or speaks to.
 *
 * Shape    "unix:/run/dnsguard/sensor", "inet:192.0.2.1:4460", "inet:[2001:db8::1]:4460"; after a blank "group=NAME" (of the Unix socket, which
 *          is 0660) and "key-file=FILE". Who connects may name a host: "inet:guard.example.com:4460", also without "inet:".
 * Errors   DG_EINPUT: not such a text. DG_EIO: cannot listen or connect, with why.
 */
#pragma once

#include <stdbool.h>

struct dg_err;

struct dg_line_place {
	bool is_inet;
	char path[108]; /* Unix */
	char host[256];
	char port[8];
	char key_file[1024];
	char group[64];
};

int dg_line_place_parse(const char *what, struct dg_line_place *ret_place, struct dg_err *err);
bool dg_line_place_is_loopback(const struct dg_line_place *p);
/* Non-blocking. A Unix socket that nobody listens on any more is replaced. */
int dg_line_listen(const struct dg_line_place *p, int *ret_fd, struct dg_err *err);
/* Mode 0660, and the group that the place names. */
int dg_line_give_to_group(const struct dg_line_place *p, struct dg_err *err);
/* Removes the socket of dg_line_listen() from its folder; fd is closed. */
void dg_line_unlisten(const struct dg_line_place *p, int fd);
/* Waits timeout_ms at most (and as long as the resolver takes). Non-blocking afterwards. */
int dg_line_connect(const struct dg_line_place *p, int timeout_ms, int *ret_fd, struct dg_err *err);
/* Who is at the other end of a Unix socket: root, ourselves, or somebody of the group that the socket is for. */
bool dg_line_peer_is_allowed(const struct dg_line_place *p, int fd);
