/* zones/policy/internal.h: what the files of the loader share; nobody else includes it. */
#pragma once

#include "zones/base/buf.h"
#include "zones/policy/load.h"
#include "zones/policy/node.h"

#include <yaml.h>

enum dg_loader_state {
	DG_LOADER_START,
	DG_LOADER_ZONES_MAP,
	DG_LOADER_ZONES_LIST,
	DG_LOADER_END,
};

/* Names with the lines where they stood, found by a hash that is kept: of 100,000 zones only the slots are touched. */
struct dg_seen {
	struct dg_seen_slot {
		uint64_t hash;
		const char *name; /* NULL: free */
		unsigned line;
	} * slots;
	size_t n, n_slots; /* n_slots: 0 or a power of two */
};

struct dg_loader {
	const char *text;
	size_t len;
	const char *file;
	dg_provider_schemas providers;
	const struct dg_file_reader *reader;
	enum dg_loader_state state;

	/* events */
	yaml_parser_t yaml;
	bool has_yaml;
	size_t fed;            /* bytes that libyaml was given */
	size_t fed_before;     /* ... when the last event came out of it */
	struct dg_node *stack; /* children of the collections that are being built */
	size_t n_stack;
	size_t stack_cap;
	unsigned depth;
	size_t n_nodes;     /* of this zone */
	size_t first_index; /* where this zone began */

	/* the document */
	struct dg_arena *arena;
	const char *folder;             /* "" or ends in '/' */
	struct dg_seen seen;            /* zones of this document, so that none comes twice */
	const struct dg_node *defaults; /* NULL: none */
	const struct dg_node *section;  /* of the zone itself, before defaults are put under it */
	bool is_rehearsal;              /* defaults are being tried on a zone that does not exist */

	/* the zone */
	struct dg_arena *scratch; /* nodes */
	struct dg_arena *out;
	const char *zone;
	struct dg_buf text_of_key; /* of the provider, used again for each zone */
};

/* yaml_scan.c: the text before libyaml sees it. */
int dg_yaml_scan(const char *text, size_t len, const char *file, struct dg_err *err);

/* node_build.c: events to nodes. */
int dg_event_next(struct dg_loader *l, yaml_event_t *ret_event, struct dg_err *err);
/* Builds the node that event begins; takes the event over. Nodes go to arena. */
int dg_node_build(struct dg_loader *l, struct dg_arena *arena, yaml_event_t *event,
	struct dg_node *ret_node, struct dg_err *err);
/* The rest of a mapping whose first key is already a node. */
int dg_node_build_map(struct dg_loader *l, struct dg_arena *arena, const struct dg_node *first_key,
	struct dg_node *ret_node, struct dg_err *err);
int dg_event_fail(const struct dg_loader *l, const yaml_event_t *event, struct dg_err *err,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* seen.c: 0: name is new and kept, borrowed; else the line where it stood first. */
unsigned dg_seen_put(struct dg_seen *s, const char *name, unsigned line);
void dg_seen_done(struct dg_seen *s);

/* load.c */
#define DG_PROVIDER_KEY_MAX (4u << 20)  /* bytes: no document of one zone makes a longer one */
#define DG_SCRATCH_MAX      (64u << 20) /* bytes: nodes of one zone, copies and key maps */
void dg_loader_begin(struct dg_loader *l, const yaml_event_t *event);
/* l->zone from a name. */
int dg_loader_zone_name(struct dg_loader *l, const struct dg_node *node, struct dg_err *err);
/* Each zone once in a document: two sections would undo each other. */
int dg_loader_zone_once(struct dg_loader *l, const struct dg_node *node, struct dg_err *err);
/* The policy of l->zone; section is what the zone itself says. */
int dg_loader_read_zone(struct dg_loader *l, const struct dg_node *at,
	const struct dg_node *section, struct dg_policy **ret_policy, struct dg_err *err);
/* A section with its zone: key inside. */
int dg_loader_read_named(struct dg_loader *l, const struct dg_node *section,
	struct dg_policy **ret_policy, struct dg_err *err);
/* The document's end after its last value. */
int dg_loader_read_end(struct dg_loader *l, struct dg_err *err);

/* load_fleet.c: from defaults: or zones: to the first zone; key is the document's first. */
int dg_loader_open_fleet(struct dg_loader *l, const struct dg_node *first_key, struct dg_err *err);
/* One zone. 1: no more. A document that is broken as such ends here. */
int dg_loader_next_of_fleet(struct dg_loader *l, struct dg_policy **ret_policy, struct dg_err *err);

/* node.c: top over below, both mappings or empty; top's keys win. */
struct dg_node dg_node_overlay(
	struct dg_loader *l, const struct dg_node *top, const struct dg_node *below);

/* fields.c */
bool dg_field_is_key(const struct dg_field *f, const char *key); /* '_' reads '-' */
const struct dg_field *dg_schema_field(const struct dg_schema *s, const char *key);
int dg_key_unknown(const struct dg_loader *l, const struct dg_node *key, const char *const *known,
	size_t n, struct dg_err *err);

/* scalar.c: BOOL, U32, DURATION, STRING, ENUM, PATH and SECRET. */
int dg_scalar_read(struct dg_loader *l, const struct dg_node *node, const struct dg_field *f,
	void *at, struct dg_err *err);

/* provider_section.c */
int dg_provider_read(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);

/* mail_section.c, mail_fields.c: custom() of tables.c. */
int dg_mail_read(struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_silent_read(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_owners_read(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_domains_read(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_verify_read(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_watch_read(struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_sensors_read(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_hooks_read(struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_servers_read(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_mx_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_spf_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_dkim_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_dmarc_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_sts_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_tlsrpt_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_split_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_sink_read(struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);
int dg_shed_read_spec(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err);

/* tables.c */
extern const struct dg_schema dg_schema_zone;  /* a zone's section */
extern const struct dg_schema dg_schema_mail;  /* a mail name's */
extern const struct dg_schema dg_schema_dmarc; /* struct dg_dmarc_yaml */
extern const struct dg_schema dg_schema_sts;   /* struct dg_sts_yaml */
extern const struct dg_schema dg_schema_split;
extern const struct dg_schema dg_schema_shed;
extern const struct dg_schema dg_schema_webhook; /* struct dg_hook_spec */
extern const struct dg_schema dg_schema_verify;
extern const struct dg_schema dg_schema_watch;

struct dg_dmarc_yaml {
	int policy, subdomains, nonexistent; /* enum dg_dmarc_policy */
	int dkim_alignment, spf_alignment;
	struct dg_strings aggregate, failure;
	const char *failure_options;
	int psd;
	bool testing;
};

struct dg_sts_yaml {
	int mode; /* enum dg_sts_mode */
	uint32_t max_age;
	struct dg_strings mx;
	const char *id;
};
