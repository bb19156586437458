/* controller/command/notices.h: what the files of `dnsguard notices` share. */
#pragma once

#include "zones/incident/notice.h"

#include <stddef.h>

struct dg_app;
struct dg_arena;
struct dg_err;

struct dg_notices_taken {
	struct dg_notice_seen seen;
	struct dg_notice list[DG_NOTICE_PARTIES_MAX];
	size_t n;
};

/* A result of `triage --json`, or the sources of a triage: what was seen, with a header of one mail of each address. */
int dg_notices_take(struct dg_app *app, struct dg_arena *a, struct dg_notice_seen *ret_seen,
	struct dg_err *err);
/* Fills `to` of the organisations: by DNS and RDAP where the options allow it. */
int dg_notices_contacts(
	struct dg_app *app, struct dg_arena *a, struct dg_notices_taken *t, struct dg_err *err);
/* Sends drafts, each after a yes for each of its recipients. Returns an exit status. */
int dg_notices_send(struct dg_app *app);
/* The command itself: on a result of `triage --json` that is at hand (json, len octets), else (NULL) on what app->args->rest names.
 * Returns an exit status. */
int dg_notices_run(struct dg_app *app, const char *json, size_t len);
