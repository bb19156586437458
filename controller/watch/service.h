/* controller/watch/service.h: what a process that stays needs: signals on the loop, one instance, a word to the service manager.
 *
 * Source   sd_notify(3): one datagram to $NOTIFY_SOCKET.
 */
#pragma once

#include "zones/base/err.h"

struct dg_loop;
struct dg_service;

/* on_end: SIGTERM and SIGINT. on_reload: SIGHUP. Both from the loop. */
struct dg_service *dg_service_new(
	struct dg_loop *loop, void (*on_end)(void *arg), void (*on_reload)(void *arg), void *arg);
struct dg_service *dg_service_free(struct dg_service *s); /* NULL is fine; returns NULL */

/* command: "watch", for the name of the lock. The folder is ours until ret_fd is closed. DG_ECONFLICT: another one has it, for a second now. */
int dg_service_lock(const char *state_dir, const char *command, int *ret_fd, struct dg_err *err);
/* "READY=1". Nothing when no service manager waits for it. */
void dg_service_notify(const char *text);
