/* zones/policy/load_fleet.c: defaults: and zones:, read as a stream so that many zones need the memory of one. */
#include "zones/policy/internal.h"

#include "zones/base/arena.h"

#include <string.h>

/* Tries defaults: on a zone that does not exist, so that a fault in them is said once and not for every zone. */
static int rehearse(struct dg_loader *l, const struct dg_node *key, struct dg_err *err)
{
	static const struct dg_node empty = {.kind = DG_NODE_MAP};
	struct dg_arena *out = l->out;
	struct dg_policy *ignored = NULL;
	int r = 0;

	if (l->defaults->kind != DG_NODE_MAP && !dg_node_is_empty(l->defaults)) {
		r = dg_node_expected(l, l->defaults, err, "a mapping of keys to values");
	}
	if (r == 0) {
		l->out = dg_arena_new(DG_SCRATCH_MAX);
		l->zone = "invalid.";
		l->is_rehearsal = true;
		r = dg_loader_read_zone(l, key, &empty, &ignored, err);
		l->is_rehearsal = false;
		dg_arena_free(l->out);
		l->out = out;
	}
	return r < 0 ? dg_wrap(err, r, "defaults") : 0;
}

static int read_defaults(struct dg_loader *l, const struct dg_node *key, struct dg_err *err)
{
	yaml_event_t e;
	struct dg_node *node = dg_new(l->arena, struct dg_node);
	int r = dg_event_next(l, &e, err);

	if (r == 0) {
		dg_loader_begin(l, &e);
		l->depth = 1;
		r = dg_node_build(l, l->arena, &e, node, err);
		l->depth = 0;
	}
	if (r < 0) {
		return r;
	}
	l->defaults = node;
	return rehearse(l, key, err);
}

static int open_zones(struct dg_loader *l, struct dg_err *err)
{
	yaml_event_t e;
	int r = dg_event_next(l, &e, err);

	if (r < 0) {
		return r;
	}
	if (e.type == YAML_MAPPING_START_EVENT) {
		l->state = DG_LOADER_ZONES_MAP;
	} else if (e.type == YAML_SEQUENCE_START_EVENT) {
		l->state = DG_LOADER_ZONES_LIST;
	} else {
		r = dg_event_fail(
			l, &e, err, "expected zones, as a mapping (example.com: {...}) or a list");
	}
	yaml_event_delete(&e);
	return r;
}

/* From defaults: or zones: to the first zone. key: the document's first. */
int dg_loader_open_fleet(struct dg_loader *l, const struct dg_node *first_key, struct dg_err *err)
{
	struct dg_node key = *first_key;
	yaml_event_t e;
	int r = 0;

	if (dg_node_is(&key, "defaults")) {
		r = read_defaults(l, &key, err);
		if (r == 0) {
			r = dg_event_next(l, &e, err);
		}
		if (r == 0 && e.type == YAML_MAPPING_END_EVENT) {
			r = dg_event_fail(l, &e, err, "the key 'zones' is missing after defaults:");
			yaml_event_delete(&e);
		} else if (r == 0) {
			dg_loader_begin(l, &e);
			r = dg_node_build(l, l->scratch, &e, &key, err);
		}
	}
	if (r == 0 && !dg_node_is(&key, "zones")) {
		static const char *const known[] = {"zones"};

		r = key.kind == DG_NODE_SCALAR ? dg_key_unknown(l, &key, known, 1, err)
					       : dg_node_expected(l, &key, err, "the key zones");
	}
	return r < 0 ? r : open_zones(l, err);
}

/* After the last zone: the end of the top mapping. */
static int close_fleet(struct dg_loader *l, struct dg_err *err)
{
	yaml_event_t e;
	int r = dg_event_next(l, &e, err);

	l->state = DG_LOADER_END;
	if (r < 0) {
		return r;
	}
	if (e.type != YAML_MAPPING_END_EVENT) {
		r = dg_event_fail(l, &e, err,
			"found a key after zones:, expected the end of the document "
			"(defaults: stands before zones:)");
	}
	yaml_event_delete(&e);
	return r < 0 ? r : dg_loader_read_end(l, err);
}

static int wrap_zone(const struct dg_loader *l, int r, struct dg_err *err)
{
	return l->zone ? dg_wrap(err, r, "zone %.*s", (int)strlen(l->zone) - 1, l->zone) : r;
}

/* One zone of a fleet. 1: no more. A document that is broken as such ends here. */
int dg_loader_next_of_fleet(struct dg_loader *l, struct dg_policy **ret_policy, struct dg_err *err)
{
	bool is_map = l->state == DG_LOADER_ZONES_MAP;
	struct dg_node key = {0};
	struct dg_node section = {0};
	yaml_event_t e;
	int r = dg_event_next(l, &e, err);

	l->zone = NULL;
	if (r == 0 && (e.type == YAML_MAPPING_END_EVENT || e.type == YAML_SEQUENCE_END_EVENT)) {
		yaml_event_delete(&e);
		r = close_fleet(l, err);
		return r < 0 ? r : 1;
	}
	if (r == 0) {
		dg_loader_begin(l, &e);
		l->depth = 2;
		r = dg_node_build(l, l->scratch, &e, is_map ? &key : &section, err);
	}
	if (r == 0 && is_map) {
		r = dg_event_next(l, &e, err);
		if (r == 0) {
			r = dg_node_build(l, l->scratch, &e, &section, err);
		}
	}
	if (r < 0) {
		l->state =
			DG_LOADER_END; /* in the middle of a value: what follows cannot be found */
		return r;
	}
	if (!is_map) {
		r = dg_loader_read_named(l, &section, ret_policy, err);
		return r < 0 ? wrap_zone(l, r, err) : 0;
	}
	r = dg_loader_zone_name(l, &key, err);
	if (r < 0) {
		l->zone = NULL;
		return r;
	}
	r = dg_loader_zone_once(l, &key, err);
	if (r == 0) {
		r = dg_loader_read_zone(l, &key, &section, ret_policy, err);
	}
	return r < 0 ? wrap_zone(l, r, err) : 0;
}
