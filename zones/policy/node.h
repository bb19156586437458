/* zones/policy/node.h: a piece of zone.yaml with its place, and what a field's custom() may ask of the loader.
 *
 * Shape    Scalars are text, whatever YAML would make of them: "no" is the word no, "5m" is not five. A mapping's keys are
 *          scalars, no key comes twice. Text holds no control characters.
 * Memory   Nodes live until the zone they belong to is read; what is kept is copied to dg_loader_arena().
 */
#pragma once

#include "zones/policy/schema.h"

struct dg_arena;
struct dg_loader;

enum dg_node_kind {
	DG_NODE_SCALAR,
	DG_NODE_LIST,
	DG_NODE_MAP,
};

struct dg_node {
	enum dg_node_kind kind;
	bool is_plain; /* a scalar without quotes */
	unsigned line, column;
	const char *text; /* scalar, NUL-terminated */
	size_t len;
	const struct dg_node *list; /* LIST: n nodes. MAP: n pairs, key at 2i, value at 2i + 1 */
	size_t n;
};

/* The value of key in a mapping; NULL when there is none or map is not a mapping (NULL is fine). */
const struct dg_node *dg_node_get(const struct dg_node *map, const char *key);
bool dg_node_is(const struct dg_node *node, const char *word); /* a scalar of exactly this text */
bool dg_node_is_empty(const struct dg_node *node); /* nothing was written, or ~ or null */
struct dg_pos dg_node_pos(const struct dg_loader *l, const struct dg_node *node);

/* DG_EINPUT at node. */
int dg_node_fail(const struct dg_loader *l, const struct dg_node *node, struct dg_err *err,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* "found a list, expected EXPECTED". A scalar's text is shown cut and escaped. */
int dg_node_expected(const struct dg_loader *l, const struct dg_node *node, struct dg_err *err,
	const char *expected);

/* Where what is kept goes; the zone that is being read (canonical). */
struct dg_arena *dg_loader_arena(const struct dg_loader *l);
const char *dg_loader_zone(const struct dg_loader *l);
/* path joined to the document's folder; an absolute one, and one that begins with
 * $CREDENTIALS_DIRECTORY/, stays as it is. */
const char *dg_loader_path(const struct dg_loader *l, const char *path);

/* A name: "@" and a single label ("lists", "*", "*.lists") are relative to the zone, a name with a dot in
 * it is absolute. UTF-8 becomes A-labels (RFC 5891). */
int dg_node_name(
	struct dg_loader *l, const struct dg_node *node, const char **ret_name, struct dg_err *err);
/* The same, and it must be in the zone. */
int dg_node_owner(
	struct dg_loader *l, const struct dg_node *node, const char **ret_name, struct dg_err *err);
/* A list of strings of min..max bytes; one string is a list of one. */
int dg_node_strings(struct dg_loader *l, const struct dg_node *node, size_t min, size_t max,
	struct dg_strings *ret_strings, struct dg_err *err);
/* "192.0.2.1:53", "[2001:db8::1]:53", "ns1.example.net" */
int dg_node_endpoint(struct dg_loader *l, const struct dg_node *node,
	struct dg_endpoint *ret_endpoint, struct dg_err *err);
int dg_node_endpoints(struct dg_loader *l, const struct dg_node *node,
	struct dg_endpoints *ret_endpoints, struct dg_err *err);
/* "90", "5m", "1h30m" to seconds. 1: not a duration. */
int dg_duration_parse(const char *text, uint32_t *ret_seconds);

#define DG_FIELDS_MAX 16u /* keys of one mapping */

/* Fills the struct at out (schema->size zeroed bytes) from a mapping; an empty node is an empty mapping. */
int dg_fields_read(struct dg_loader *l, const struct dg_node *node, const struct dg_schema *schema,
	void *out, struct dg_err *err);
