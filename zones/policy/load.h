/* zones/policy/load.h: a zone.yaml (text) to policies.
 *
 * Shape    One document holds one zone ("zone:") or a fleet ("defaults:" and "zones:", a mapping from zone to its
 *          section or a list of sections). dg_policy_next() gives one zone at a time, so that 100,000 zones in one file need the memory of one.
 * Limits   DG_POLICY_FILE_MAX bytes for a file of one zone; a fleet file may be larger (DG_POLICY_FLEET_MAX) but each zone in it is bounded
 *          like a file. Depth 16. Anchors, aliases, merge keys, tags, several documents, duplicate keys and bytes that are not UTF-8 are
 *          refused. Any input ends in under 0.1 CPU seconds or is read in linear time.
 * Errors   DG_EINPUT with file, line, column, what was found, what was expected, and for an unknown key the nearest known one.
 * Defaults defaults: comes before zones:. A key of the zone replaces that key of defaults:. Names in mail: and silent: are joined: what
 *          the zone says of a name goes before what defaults: say of it, key by key.
 * Memory   dg_loader_new() keeps text, file and reader borrowed; places in policies and errors point to file. Each zone's policy
 *          lives in the arena given for it.
 */
#pragma once

#include "zones/policy/policy.h"

#define DG_POLICY_FILE_MAX  (1u << 20)
#define DG_POLICY_FLEET_MAX (256u << 20)
#define DG_POLICY_DEPTH_MAX 16u
#define DG_POLICY_NODES_MAX 65536u /* keys, values, lists and mappings of one zone */
#define DG_POLICY_TEXT_MAX  4096u  /* bytes of a text, where its key says nothing else */

/* How the pure loader gets at key files: the caller reads. path is as written in the document. */
struct dg_file_reader {
	/* 0: *ret_data (in the arena), *ret_len; at most max bytes. */
	int (*read)(void *arg, struct dg_arena *a, const char *path, size_t max,
		const char **ret_data, size_t *ret_len, struct dg_err *err);
	void *arg;
};

/* file: for messages, and its folder is what relative paths start from (policies hold joined paths). */
int dg_loader_new(const char *text, size_t len, const char *file, dg_provider_schemas providers,
	const struct dg_file_reader *reader, struct dg_loader **ret_loader, struct dg_err *err);
struct dg_loader *dg_loader_free(struct dg_loader *l);

/* 0: *ret_policy is the next zone's. 1: no more. < 0: this zone is broken; the next call goes on with the
 * next one when the document allows it, else says 1. */
int dg_policy_next(
	struct dg_loader *l, struct dg_arena *a, struct dg_policy **ret_policy, struct dg_err *err);

/* From the same tables: JSON Schema (draft 2020-12) of zone.yaml, and the body of zone.yaml(5) in scdoc. */
struct dg_buf;
void dg_policy_json_schema(struct dg_buf *b, dg_provider_schemas providers);
void dg_policy_man_page(struct dg_buf *b, dg_provider_schemas providers);
