/* controller/engine/fleet.h: the policies of a run, one after the other: files, folders of files, fleet files.
 *
 * Shape    A path that is a folder stands for its *.yaml and *.yml files, in the order of their names. Only one document is in
 *          memory at a time.
 * Errors   A broken document or zone is reported once by dg_fleet_next() (< 0); the next call goes on with the next one. A zone that stands in two
 *          documents is DG_EINPUT.
 */
#pragma once

#include "zones/policy/load.h"

struct dg_fleet;

int dg_fleet_open(const char *const *paths, size_t n, dg_provider_schemas providers,
	struct dg_fleet **ret_fleet, struct dg_err *err);
struct dg_fleet *dg_fleet_close(struct dg_fleet *f);

/* 0: *ret_policy, in the arena; *ret_document is its path (borrowed from the fleet). 1: no more. */
int dg_fleet_next(struct dg_fleet *f, struct dg_arena *a, struct dg_policy **ret_policy,
	const char **ret_document, struct dg_err *err);
/* From the start again. */
void dg_fleet_rewind(struct dg_fleet *f);
size_t dg_fleet_n_documents(const struct dg_fleet *f);
size_t dg_fleet_at(const struct dg_fleet *f); /* documents begun so far: for progress */
