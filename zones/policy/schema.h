/* zones/policy/schema.h: the table that zone.yaml is read by, checked by, and documented from.
 *
 * Shape    A struct dg_schema describes one mapping: its keys, their types, bounds, defaults and help. One table makes the
 *          parser (zones/policy/load.h), the JSON Schema and the man page zone.yaml(5). A field declared with another
 *          type than its kind's does not compile (_Generic).
 * Units    Durations are seconds: "90", "5m", "1h30m", "2d", "1w".
 * Memory   Tables are const and static. Values land in structs in the arena of the document.
 */
#pragma once

#include "zones/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_schema;

enum dg_field_kind {
	DG_BOOL,     /* bool */
	DG_U32,      /* uint32_t, min..max */
	DG_DURATION, /* uint32_t seconds, min..max */
	DG_STRING,   /* const char *, length min..max bytes of UTF-8 */
	DG_ENUM,     /* int: index into words */
	DG_NAME, /* const char *: canonical domain name, completed by the zone ("@", "lists", "mx.example.net.") */
	DG_HOST, /* struct dg_endpoint: "192.0.2.1", "192.0.2.1:5353", "[2001:db8::1]:53", "ns1.example.net:53" */
	DG_PATH, /* const char *: relative to the document's folder */
	DG_SECRET, /* const char *: path of a file that only its owner (and group) may read; never a value */
	DG_STRINGS, /* struct dg_strings: a list of strings, each length min..max; one string alone is taken as a list of one */
	DG_HOSTS,   /* struct dg_endpoints: a list of DG_HOST */
	DG_STRUCT,  /* pointer to a struct described by sub; NULL when absent */
	DG_CUSTOM,  /* whatever custom() makes of the node: see node.h */
};

struct dg_string {
	const char *text;
	struct dg_pos pos;
};

struct dg_strings {
	struct dg_string *list;
	size_t n;
};

struct dg_endpoint {
	const char *host; /* address literal or host name; NULL: not given */
	uint16_t port;    /* 0: not given */
	struct dg_pos pos;
};

struct dg_endpoints {
	struct dg_endpoint *list;
	size_t n;
};

struct dg_node; /* a piece of the document, zones/policy/node.h */
struct dg_loader;

struct dg_field {
	const char *key;
	enum dg_field_kind kind;
	bool is_required;
	size_t offset;
	uint32_t min, max;
	const char *dflt;            /* as a person would write it; NULL: zero, NULL or absent */
	const char *const *words;    /* DG_ENUM, ends with NULL */
	const struct dg_schema *sub; /* DG_STRUCT; DG_CUSTOM: for documentation, may be NULL */
	/* DG_CUSTOM: reads node into *field (the field's own memory). */
	int (*custom)(
		struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
	const char *json; /* DG_CUSTOM: JSON Schema fragment of its type */
	const char *help; /* one or two sentences for zone.yaml(5) and the JSON Schema */
	const char *example;
};

struct dg_schema {
	const char *name; /* "rfc2136" */
	const char *help;
	size_t size; /* of the struct that it fills */
	const struct dg_field *fields;
	size_t n_fields;
};

/* clang-format off */
#define DG_FIELD_TYPED(s, f, type, k, ...) \
	{.key = #f, .kind = (k), .offset = _Generic(((s *)0)->f, type: offsetof(s, f)), __VA_ARGS__}
#define DG_FIELD_BOOL(s, f, ...)     DG_FIELD_TYPED(s, f, bool, DG_BOOL, __VA_ARGS__)
#define DG_FIELD_U32(s, f, lo, hi, ...) \
	DG_FIELD_TYPED(s, f, uint32_t, DG_U32, .min = (lo), .max = (hi), __VA_ARGS__)
#define DG_FIELD_DURATION(s, f, lo, hi, ...) \
	DG_FIELD_TYPED(s, f, uint32_t, DG_DURATION, .min = (lo), .max = (hi), __VA_ARGS__)
#define DG_FIELD_STRING(s, f, lo, hi, ...) \
	DG_FIELD_TYPED(s, f, const char *, DG_STRING, .min = (lo), .max = (hi), __VA_ARGS__)
#define DG_FIELD_ENUM(s, f, w, ...)  DG_FIELD_TYPED(s, f, int, DG_ENUM, .words = (w), __VA_ARGS__)
#define DG_FIELD_NAME(s, f, ...)     DG_FIELD_TYPED(s, f, const char *, DG_NAME, __VA_ARGS__)
#define DG_FIELD_HOST(s, f, ...)     DG_FIELD_TYPED(s, f, struct dg_endpoint, DG_HOST, __VA_ARGS__)
#define DG_FIELD_PATH(s, f, ...)     DG_FIELD_TYPED(s, f, const char *, DG_PATH, __VA_ARGS__)
#define DG_FIELD_SECRET(s, f, ...)   DG_FIELD_TYPED(s, f, const char *, DG_SECRET, __VA_ARGS__)
#define DG_FIELD_STRINGS(s, f, lo, hi, ...) \
	DG_FIELD_TYPED(s, f, struct dg_strings, DG_STRINGS, .min = (lo), .max = (hi), __VA_ARGS__)
#define DG_FIELD_HOSTS(s, f, ...)    DG_FIELD_TYPED(s, f, struct dg_endpoints, DG_HOSTS, __VA_ARGS__)
#define DG_FIELD_STRUCT(s, f, t, sc, ...) \
	DG_FIELD_TYPED(s, f, t *, DG_STRUCT, .sub = (sc), __VA_ARGS__)
#define DG_FIELD_CUSTOM(s, f, fn, ...) \
	{.key = #f, .kind = DG_CUSTOM, .offset = offsetof(s, f), .custom = (fn), __VA_ARGS__}
/* clang-format on */
/* A key is its field's name with '_' shown as '-': secret_file is written secret-file. */
