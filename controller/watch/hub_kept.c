/* What the hub keeps: detectors, positions, and when each sensor last saw something. */
#include "controller/store/watch.h"
#include "controller/watch/hub_parts.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_MAX       ((size_t)4 << 20) /* one position out of the store */
#define PAGE_NAME_MAX 24u

static void *must(void *p)
{
	if (!p) {
		abort();
	}
	return p;
}

struct dg_place *dg_hub_place_of(struct dg_hub *h, const char *sensor)
{
	struct dg_place *p = h->places;

	while (p && strcmp(p->sensor, sensor) != 0) {
		p = p->next;
	}
	if (!p) {
		p = must(calloc(1, sizeof(*p)));
		p->sensor = must(strdup(sensor));
		p->next = h->places;
		h->places = p;
	}
	return p;
}

void dg_hub_position(struct dg_hub *h, const char *sensor, const char *position)
{
	struct dg_place *p = dg_hub_place_of(h, sensor);

	if (p->text && strcmp(p->text, position) == 0) {
		return;
	}
	free(p->text);
	p->text = must(strdup(position));
	p->is_dirty = h->is_dirty = true;
	if (h->o.pass_position) {
		h->o.pass_position(h->o.arg, position);
	}
}

const char *dg_hub_last_position(struct dg_hub *h, const char *sensor)
{
	struct dg_place *p = dg_hub_place_of(h, sensor);
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(ROW_MAX);
	const char *text = NULL;
	struct dg_err err;

	if (p->text || !h->o.store) {
		return p->text;
	}
	int rc = dg_store_position_get(h->o.store, a, sensor, &text, &err);
	if (rc < 0) {
		dg_hub_trouble(h, err.text);
	} else if (rc == 0) {
		p->text = must(strdup(text));
	}
	return p->text;
}

void dg_hub_sensor(struct dg_hub *h, const char *sensor)
{
	struct dg_place *p = dg_hub_place_of(h, sensor);
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(ROW_MAX);
	struct dg_sensor_row *rows = NULL;
	struct dg_err err;
	size_t n = 0;

	p->is_sensor = p->is_event_dirty = h->is_dirty = true;
	if (!h->o.store || dg_store_sensors(h->o.store, a, &rows, &n, &err) < 0) {
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].sensor, sensor) == 0) {
			p->event_ms = rows[i].event_ms;
		}
	}
}

static int write_places(struct dg_hub *h, struct dg_err *err)
{
	int rc = 0;

	for (const struct dg_place *p = h->places; rc == 0 && p; p = p->next) {
		rc = p->is_dirty ? dg_store_position_put(h->o.store, p->sensor, p->text, err) : 0;
		if (rc == 0 && p->is_sensor && p->is_event_dirty) {
			rc = dg_store_sensor_put(h->o.store, p->sensor, p->event_ms, err);
		}
	}
	return rc;
}

static const char *page_name(unsigned page, char ret_text[PAGE_NAME_MAX])
{
	(void)snprintf(ret_text, PAGE_NAME_MAX, "sent-ids/%u", page);
	return ret_text;
}

/* With the positions of the sensors, in one transaction: a letter that was counted is known, and pays once. */
static int write_sent(struct dg_hub *h, struct dg_err *err)
{
	int64_t now_ms = dg_loop_now(h->o.loop) * 1000;
	char name[PAGE_NAME_MAX];
	struct dg_buf b;
	int rc = 0;

	dg_buf_init(&b, DG_SENT_IDS_PAGE_MAX);
	for (unsigned i = 0; i < DG_SENT_IDS_PAGES && rc == 0; i++) {
		if (h->sent.is_dirty[i]) {
			dg_buf_clear(&b);
			dg_sent_ids_page_print(&h->sent, i, now_ms, &b);
			rc = dg_store_position_put(h->o.store, page_name(i, name), b.data, err);
		}
	}
	dg_buf_done(&b);
	return rc;
}

int dg_hub_load_sent(struct dg_hub *h, struct dg_err *err)
{
	char name[PAGE_NAME_MAX];
	int rc = 0;

	for (unsigned i = 0; h->o.store && i < DG_SENT_IDS_PAGES && rc >= 0; i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(ROW_MAX);
		const char *text = NULL;

		rc = dg_store_position_get(h->o.store, a, page_name(i, name), &text, err);
		if (rc == 0) {
			(void)dg_sent_ids_page_parse(&h->sent, i, text);
		}
	}
	return rc < 0 ? rc : 0;
}

static int write_all(struct dg_hub *h, struct dg_err *err)
{
	struct dg_buf b;
	int rc = 0;

	dg_buf_init(&b, DG_WATCHED_IMAGE_MAX);
	for (size_t i = 0; rc == 0 && i < h->n; i++) {
		const struct dg_watched *w = h->list[i];

		if (w->is_dirty) {
			dg_buf_clear(&b);
			dg_watched_encode(w, &b);
			struct dg_watch_row row = {
				.name = w->name, .zone = w->zone, .image = b.data, .len = b.len};
			rc = dg_store_watch_put(h->o.store, &row, err);
		}
	}
	dg_buf_done(&b);
	rc = rc == 0 ? write_sent(h, err) : rc;
	return rc == 0 ? write_places(h, err) : rc;
}

int dg_hub_checkpoint(struct dg_hub *h, struct dg_err *err)
{
	if (!h->o.store || !h->is_dirty) {
		return 0;
	}
	int rc = dg_store_begin(h->o.store, err);
	if (rc < 0) {
		return rc;
	}
	rc = write_all(h, err);
	if (rc < 0) {
		dg_store_rollback(h->o.store);
		return rc;
	}
	rc = dg_store_commit(h->o.store, err);
	for (size_t i = 0; rc == 0 && i < h->n; i++) {
		h->list[i]->is_dirty = false;
	}
	for (struct dg_place *p = h->places; rc == 0 && p; p = p->next) {
		p->is_dirty = p->is_event_dirty = false;
	}
	if (rc == 0) {
		memset(h->sent.is_dirty, 0, sizeof(h->sent.is_dirty));
	}
	h->is_dirty = rc < 0;
	return rc;
}
