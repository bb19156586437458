/* zones/policy/tree.h: a document of YAML as one tree of nodes (node.h), with the bounds and refusals of zone.yaml: for other files that people
 * write. Errors have their place. */
#pragma once

#include "zones/policy/node.h"

/* text and file are borrowed by the loader, nodes live in the arena. The top is a mapping. DG_EINPUT. */
int dg_tree_load(struct dg_arena *a, const char *text, size_t len, const char *file,
	struct dg_loader **ret_loader, struct dg_node *ret_top, struct dg_err *err);
struct dg_loader *dg_tree_done(struct dg_loader *l); /* NULL is fine; returns NULL */
/* The key is not among the n known ones: says so, with the nearest. */
int dg_tree_unknown(const struct dg_loader *l, const struct dg_node *key, const char *const *known,
	size_t n, struct dg_err *err);
