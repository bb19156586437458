/* providers/zonefile/reload.h: the command that makes a name server read a zone file again.
 *
 * Shape    argv without a shell; {zone} and {path} in its words are replaced. When no word has one of them the command is
 *          the same for all zones: calls that come while it runs share the next run.
 * Calls    done() comes once, from the loop; after dg_reloader_free() none.
 * Limits   DG_RELOAD_MS a run, then the whole process group is killed; DG_RELOADS_MAX at once.
 * Secrets  The command gets PATH and LC_ALL of our environment, no file descriptor but 0, 1 and 2.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dg_err;
struct dg_loop;
struct dg_strings;

#define DG_RELOAD_MS   30000
#define DG_RELOADS_MAX 4u

struct dg_reloader;

int dg_reloader_new(struct dg_loop *l, const struct dg_strings *argv,
	struct dg_reloader **ret_reloader, struct dg_err *err);
struct dg_reloader *dg_reloader_free(struct dg_reloader *r); /* NULL is fine; returns NULL */

/* rc 0, or DG_EIO and in err what the command said: exit status and first line of its standard error. err lives during the
 * call. */
void dg_reload(struct dg_reloader *r, const char *zone, const char *path,
	void (*done)(void *arg, int rc, const struct dg_err *err), void *arg);
