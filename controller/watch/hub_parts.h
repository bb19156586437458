/* controller/watch/hub_parts.h: what the files of the hub share. Inside controller/watch. */
#pragma once

#include "controller/watch/hub.h"
#include "zones/watch/sentids.h"
#include "zones/watch/twins.h"

struct dg_timer;

/* How far a sensor has come. */
struct dg_place {
	struct dg_place *next;
	char *sensor;
	char *text;
	int64_t event_ms; /* of its last event; 0: none is known */
	int64_t stamp_ms; /* that the last event carried, as it was counted */
	bool is_dirty, is_event_dirty, is_sensor;
};

struct dg_hub {
	struct dg_hub_options o;
	struct dg_arena *arena;
	struct dg_watched *room; /* for those that come next */
	char *text;              /* for their names */
	size_t n_room, n_text;
	struct dg_watched **list;
	uint32_t *slots; /* by the name's hash: index into list */
	size_t n, n_slots;
	struct dg_place *places;
	struct dg_timer *tick, *checkpoint;
	struct dg_hub_counts counts;
	struct dg_sent_ids sent;
	struct dg_twins twins;
	bool has_told_twins;
	unsigned n_behind;
	bool is_dirty, is_in_trouble;
};

struct dg_place *dg_hub_place_of(
	struct dg_hub *h, const char *sensor); /* made when there is none */
void dg_hub_trouble(struct dg_hub *h, const char *text);
int dg_hub_load_sent(struct dg_hub *h, struct dg_err *err);
