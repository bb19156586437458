/* zones/policy/load.c: a document's zones, one at a time. */
#include "zones/policy/internal.h"

#include "zones/base/arena.h"
#include "zones/record/name.h"

#include <stdlib.h>
#include <string.h>

#define LOADER_MAX (1u << 30) /* bytes: names of all zones, nodes of defaults: */

#define SCRATCH_KEPT \
	(64u << 10) /* bytes that stay in use over several zones: starting anew for each costs more */

/* libyaml gets no more than a bounded piece before it has to come up with an event: a value or comment without end is
 * noticed before it has been read. */
static int feed(void *data, unsigned char *buffer, size_t size, size_t *ret_size)
{
	struct dg_loader *l = data;
	size_t n = l->len - l->fed < size ? l->len - l->fed : size;

	if (l->fed - l->fed_before > DG_POLICY_FILE_MAX) {
		return 0;
	}
	if (n > 0) {
		memcpy(buffer, l->text + l->fed, n);
	}
	l->fed += n;
	*ret_size = n;
	return 1;
}

/* NOLINTNEXTLINE(readability-function-size): text and length are one thing */
int dg_loader_new(const char *text, size_t len, const char *file, dg_provider_schemas providers,
	const struct dg_file_reader *reader, struct dg_loader **ret_loader, struct dg_err *err)
{
	static const char bom[] = {(char)0xef, (char)0xbb, (char)0xbf};
	struct dg_pos top = {.file = file, .line = 1, .column = 1};
	const char *slash = file ? strrchr(file, '/') : NULL;

	if (len > DG_POLICY_FLEET_MAX) {
		return dg_fail_at(err, &top, DG_EINPUT, "found %zu bytes, expected at most %u", len,
			DG_POLICY_FLEET_MAX);
	}
	int r = dg_yaml_scan(text, len, file, err);
	if (r < 0) {
		return r;
	}
	if (len >= sizeof(bom) && memcmp(text, bom, sizeof(bom)) == 0) {
		text += sizeof(bom);
		len -= sizeof(bom);
	}
	struct dg_loader *l = calloc(1, sizeof(*l));
	if (!l || !yaml_parser_initialize(&l->yaml)) {
		abort();
	}
	l->text = text;
	l->len = len;
	l->file = file;
	l->providers = providers;
	l->reader = reader;
	l->arena = dg_arena_new(LOADER_MAX);
	l->folder = slash ? dg_strndup(l->arena, file, (size_t)(slash - file) + 1) : "";
	dg_buf_init(&l->text_of_key, DG_PROVIDER_KEY_MAX);
	yaml_parser_set_encoding(&l->yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input(&l->yaml, feed, l);
	*ret_loader = l;
	return 0;
}

struct dg_loader *dg_loader_free(struct dg_loader *l)
{
	if (l) {
		yaml_parser_delete(&l->yaml);
		dg_seen_done(&l->seen);
		dg_buf_done(&l->text_of_key);
		dg_arena_free(l->arena);
		dg_arena_free(l->scratch);
		free(l->stack);
		free(l);
	}
	return NULL;
}

void dg_loader_begin(struct dg_loader *l, const yaml_event_t *event)
{
	l->n_nodes = 0;
	l->first_index = event->start_mark.index;
}

/* name is canonical; section is what the zone itself says. */
int dg_loader_read_zone(struct dg_loader *l, const struct dg_node *at,
	const struct dg_node *section, struct dg_policy **ret_policy, struct dg_err *err)
{
	struct dg_policy *p = dg_new(l->out, struct dg_policy);
	struct dg_node all = *section;

	if (section->kind != DG_NODE_MAP && !dg_node_is_empty(section)) {
		return dg_node_expected(l, section, err, "a mapping of keys to values");
	}
	p->zone = l->zone;
	p->pos = dg_node_pos(l, at);
	l->section = section;
	if (l->defaults) {
		all = dg_node_overlay(l, section, l->defaults);
	}
	int r = dg_fields_read(l, &all, &dg_schema_zone, p, err);
	if (r == 0) {
		*ret_policy = p;
	}
	return r;
}

int dg_loader_zone_name(struct dg_loader *l, const struct dg_node *node, struct dg_err *err)
{
	int r = 0;

	if (node->kind != DG_NODE_SCALAR || dg_node_is_empty(node)) {
		return dg_node_expected(
			l, node, err, "the name of the zone, for example example.com");
	}
	l->zone = "."; /* a name of one label is a whole one here */
	r = dg_node_name(l, node, &l->zone, err);
	if (r == 0 && (strcmp(l->zone, ".") == 0 || dg_name_is_wildcard(l->zone))) {
		r = dg_node_expected(l, node, err, "the name of a zone, for example example.com");
	}
	return r;
}

/* Each zone once in a document: two sections would undo each other. */
int dg_loader_zone_once(struct dg_loader *l, const struct dg_node *node, struct dg_err *err)
{
	unsigned before = dg_seen_put(&l->seen, dg_strdup(l->arena, l->zone), node->line);

	return before > 0
		       ? dg_node_fail(l, node, err, "stands here twice, first in line %u", before)
		       : 0;
}

/* A section with its zone: key inside. */
int dg_loader_read_named(struct dg_loader *l, const struct dg_node *section,
	struct dg_policy **ret_policy, struct dg_err *err)
{
	const struct dg_node *zone = dg_node_get(section, "zone");
	struct dg_node *rest = NULL;
	struct dg_node without = *section;
	size_t n = 0;

	if (dg_node_get(section, "zones") || dg_node_get(section, "defaults")) {
		return dg_node_fail(l, section, err,
			"a document of many zones has defaults: and zones: in this order, and no "
			"other key");
	}
	if (!zone) {
		return dg_node_fail(l, section, err,
			"the key 'zone' is missing, for example zone: example.com");
	}
	int r = dg_loader_zone_name(l, zone, err);
	if (r < 0) {
		return dg_wrap(err, r, "zone");
	}
	rest = dg_newn(l->scratch, struct dg_node, 2 * section->n);
	for (size_t i = 0; i < section->n; i++) {
		if (&section->list[2 * i + 1] != zone) {
			rest[2 * n] = section->list[2 * i];
			rest[2 * n + 1] = section->list[2 * i + 1];
			n++;
		}
	}
	without.list = rest;
	without.n = n;
	r = dg_loader_zone_once(l, zone, err);
	return r < 0 ? r : dg_loader_read_zone(l, zone, &without, ret_policy, err);
}

/* The document's end after its last value. */
int dg_loader_read_end(struct dg_loader *l, struct dg_err *err)
{
	yaml_event_t e;
	int r = dg_event_next(l, &e, err);

	l->state = DG_LOADER_END;
	if (r < 0) {
		return r;
	}
	yaml_event_delete(&e); /* the document's end: nothing else can follow its one value */
	r = dg_event_next(l, &e, err);
	if (r == 0 && e.type != YAML_STREAM_END_EVENT) {
		r = dg_event_fail(
			l, &e, err, "a second document begins here, expected one in a file");
	}
	if (r == 0) {
		yaml_event_delete(&e);
	}
	return r;
}

/* The one zone of a document, whose first key has been read. */
static int next_single(struct dg_loader *l, const struct dg_node *first_key,
	struct dg_policy **ret_policy, struct dg_err *err)
{
	struct dg_node root = {0};
	int r = 0;

	if (l->len > DG_POLICY_FILE_MAX) {
		return dg_node_fail(l, first_key, err,
			"found %zu bytes, expected at most %u for one zone (a fleet begins with "
			"defaults: or zones:)",
			l->len, DG_POLICY_FILE_MAX);
	}
	r = dg_node_build_map(l, l->scratch, first_key, &root, err);
	if (r == 0) {
		r = dg_loader_read_end(l, err);
	}
	return r < 0 ? r : dg_loader_read_named(l, &root, ret_policy, err);
}

/* Opens the top mapping; ret_key is its first key. */
static int read_start(struct dg_loader *l, struct dg_node *ret_key, struct dg_err *err)
{
	static const char expected[] = "expected keys and values, beginning with zone: for one "
				       "zone, defaults: or zones: for many";
	yaml_event_t e;
	int r = 0;

	for (int i = 0; r == 0 && i < 3; i++) { /* of the stream, of the document, of the mapping */
		r = dg_event_next(l, &e, err);
		if (r == 0 && i == 1 && e.type == YAML_STREAM_END_EVENT) {
			r = dg_event_fail(l, &e, err, "the file is empty, %s", expected);
			yaml_event_delete(&e);
		} else if (r == 0 && i == 2 && e.type != YAML_MAPPING_START_EVENT) {
			r = dg_event_fail(l, &e, err, "found a %s, %s",
				e.type == YAML_SCALAR_EVENT ? "single value" : "list", expected);
			yaml_event_delete(&e);
		}
		if (r == 0) {
			yaml_event_delete(&e);
		}
	}
	if (r == 0) {
		r = dg_event_next(l, &e, err);
	}
	if (r == 0 && e.type == YAML_MAPPING_END_EVENT) {
		r = dg_event_fail(l, &e, err, "the mapping is empty, %s", expected);
		yaml_event_delete(&e);
	}
	if (r < 0) {
		return r;
	}
	dg_loader_begin(l, &e);
	l->depth = 1;
	r = dg_node_build(l, l->scratch, &e, ret_key, err);
	l->depth = 0;
	return r == 0 && ret_key->kind != DG_NODE_SCALAR
		       ? dg_node_expected(l, ret_key, err, "a key")
		       : r;
}

int dg_policy_next(
	struct dg_loader *l, struct dg_arena *a, struct dg_policy **ret_policy, struct dg_err *err)
{
	struct dg_node key = {0};
	int r = 0;

	if (l->state == DG_LOADER_END) {
		return 1;
	}
	if (!l->scratch || dg_arena_used(l->scratch) > SCRATCH_KEPT) {
		dg_arena_free(l->scratch);
		l->scratch = dg_arena_new(DG_SCRATCH_MAX);
	}
	l->out = a;
	if (l->state == DG_LOADER_START) {
		r = read_start(l, &key, err);
		if (r == 0 && !dg_node_is(&key, "defaults") && !dg_node_is(&key, "zones")) {
			r = next_single(l, &key, ret_policy, err);
			l->state = DG_LOADER_END;
			return r;
		}
		if (r == 0) {
			r = dg_loader_open_fleet(l, &key, err);
		}
		if (r < 0) {
			l->state = DG_LOADER_END;
			return r;
		}
	}
	return dg_loader_next_of_fleet(l, ret_policy, err);
}
