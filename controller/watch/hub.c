#include "controller/watch/hub.h"

#include "controller/store/watch.h"
#include "controller/watch/hub_parts.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/chars.h"
#include "zones/watch/sentids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX ((size_t)1 << 30)
#define ROW_MAX    ((size_t)4 << 20) /* one image or position out of the store */
#define NAMES_MAX  ((size_t)256 << 20)
#define NAME_MAX   255u
#define SLOTS_MIN  64u
#define ROOM_MIN   4u /* mail names that room is made for at once */
#define ROOM_MAX   512u
#define TEXT_ROOM  ((size_t)1 << 10) /* octets of names */
#define FREE       UINT32_MAX

static void *must(void *p)
{
	if (!p) {
		abort();
	}
	return p;
}

static int64_t now_ms(const struct dg_hub *h)
{
	return dg_loop_now(h->o.loop) * 1000;
}

void dg_hub_trouble(struct dg_hub *h, const char *text)
{
	if (h->o.on_trouble) {
		h->o.on_trouble(h->o.arg, text);
	}
}

/* --- names ------------------------------------------------------------------------------------------------ */
static uint32_t *slot_of(const struct dg_hub *h, const char *name)
{
	size_t at = (size_t)dg_sketch_key(0, name, strlen(name)) & (h->n_slots - 1);

	while (h->slots[at] != FREE && strcmp(h->list[h->slots[at]]->name, name) != 0) {
		at = (at + 1) & (h->n_slots - 1);
	}
	return &h->slots[at];
}

static void make_room(struct dg_hub *h)
{
	if (2 * (h->n + 1) <= h->n_slots) {
		return;
	}
	h->n_slots = h->n_slots > 0 ? 2 * h->n_slots : SLOTS_MIN;
	free(h->slots);
	h->slots = must(malloc(h->n_slots * sizeof(*h->slots)));
	memset(h->slots, 0xff, h->n_slots * sizeof(*h->slots));
	h->list = must(realloc(h->list, h->n_slots / 2 * sizeof(struct dg_watched *)));
	for (size_t i = 0; i < h->n; i++) {
		*slot_of(h, h->list[i]->name) = (uint32_t)i;
	}
}

struct dg_watched *dg_hub_find(const struct dg_hub *h, const char *name)
{
	uint32_t at = h->n_slots > 0 ? *slot_of(h, name) : FREE;

	return at != FREE ? h->list[at] : NULL;
}

struct dg_watched *dg_hub_at(const struct dg_hub *h, size_t i)
{
	return i < h->n ? h->list[i] : NULL;
}

static int load(struct dg_hub *h, struct dg_watched *w, struct dg_err *err)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(ROW_MAX);
	struct dg_watch_row row;
	int rc = h->o.store ? dg_store_watch_get(h->o.store, a, w->name, &row, err) : 1;

	if (rc < 0) {
		return rc;
	}
	w->is_dirty = true; /* when it was enrolled must be known, too */
	if (rc == 0 && dg_watched_decode(w, row.image, row.len) == 0) {
		w->is_dirty = false;
	} else if (rc == 0) {
		dg_hub_trouble(
			h, dg_printf(a,
				   "what was learned about %s cannot be read: damaged, or of "
				   "another version; it is learned anew",
				   w->name));
	}
	h->is_dirty = h->is_dirty || w->is_dirty;
	return 0;
}

/* Side by side: the arena rounds up what it gives, and a hundred thousand times that is much. */
static const char *keep_name(struct dg_hub *h, const char *name)
{
	size_t n = strlen(name) + 1;

	if (h->n_text < n) {
		h->n_text = n < TEXT_ROOM ? TEXT_ROOM : n;
		h->text = dg_get(h->arena, h->n_text, 1);
	}
	char *own = memcpy(h->text, name, n);
	h->text += n;
	h->n_text -= n;
	return own;
}

static struct dg_watched *make_watched(struct dg_hub *h)
{
	if (h->n_room == 0) {
		h->n_room = h->n < ROOM_MIN ? ROOM_MIN : h->n < ROOM_MAX ? h->n : ROOM_MAX;
		h->room = dg_newn(h->arena, struct dg_watched, h->n_room);
	}
	h->n_room--;
	return h->room++;
}

/* Zones come one after the other: their names are kept once. */
static const char *keep_zone(struct dg_hub *h, const char *zone, const char *name)
{
	const char *before = h->n > 0 ? h->list[h->n - 1]->zone : "";

	if (strcmp(before, zone) == 0) {
		return before;
	}
	return strcmp(zone, name) == 0 ? name : keep_name(h, zone);
}

int dg_hub_add(struct dg_hub *h, const char *zone, const char *name,
	struct dg_watched **ret_watched, struct dg_err *err)
{
	struct dg_watched *w = dg_hub_find(h, name);

	if (w) {
		*ret_watched = w;
		return 0;
	}
	if (h->n == DG_HUB_NAMES_MAX) {
		return dg_fail(err, DG_ELIMIT,
			"more than %u mail names: watch them from several machines",
			DG_HUB_NAMES_MAX);
	}
	make_room(h);
	w = make_watched(h);
	name = keep_name(h, name);
	dg_watched_init(w, keep_zone(h, zone, name), name, now_ms(h));
	int rc = load(h, w, err);
	if (rc < 0) {
		return rc;
	}
	*slot_of(h, name) = (uint32_t)h->n;
	h->list[h->n++] = w;
	*ret_watched = w;
	return 0;
}

int dg_hub_forget_others(struct dg_hub *h, struct dg_err *err)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(NAMES_MAX);
	const char **names = NULL;
	size_t n = 0;

	if (!h->o.store) {
		return 0;
	}
	int rc = dg_store_watch_names(h->o.store, a, &names, &n, err);
	rc = rc < 0 ? rc : dg_store_begin(h->o.store, err);
	if (rc < 0) {
		return rc;
	}
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = dg_hub_find(h, names[i]) ? 0 : dg_store_watch_drop(h->o.store, names[i], err);
	}
	if (rc < 0) {
		dg_store_rollback(h->o.store);
		return rc;
	}
	return dg_store_commit(h->o.store, err);
}

/* --- events ------------------------------------------------------------------------------------------------- */
static void settle(struct dg_hub *h, struct dg_watched *w, enum dg_alarm level)
{
	bool is_new = level != w->level;

	w->level = level;
	w->is_dirty = h->is_dirty = true;
	if (h->o.on_level && (is_new || level == DG_ALARM_ALARM)) {
		h->o.on_level(h->o.arg, w);
	}
	if (level == DG_ALARM_CALM) {
		dg_watched_cool(w);
	}
}

static void tell_mail(struct dg_hub *h, struct dg_watched *w, const struct dg_mail_event *e,
	enum dg_arrival class)
{
	if (h->o.on_mail) {
		h->o.on_mail(h->o.arg, w, e, class);
	}
}

static void abused(struct dg_hub *h, struct dg_watched *w, enum dg_abuse_kind kind)
{
	if (kind != DG_ABUSE_NONE && h->o.on_abuse) {
		h->o.on_abuse(h->o.arg, w, kind);
	}
}

void dg_hub_reported(
	struct dg_hub *h, const char *name, int64_t day_s, uint64_t count, const char *org)
{
	struct dg_watched *w = dg_hub_find(h, name);

	if (w) {
		w->is_dirty = h->is_dirty = true;
		abused(h, w, dg_watched_reported(w, day_s, count, org));
	}
}

/* The canonical domain of an address. False: it has none. */
static bool domain_of(struct dg_text address, char ret_name[NAME_MAX + 2])
{
	const char *at = address.n > 0 ? memrchr(address.p, '@', address.n) : NULL;
	size_t n = at ? (size_t)(address.p + address.n - at - 1) : 0;

	if (n == 0 || n > NAME_MAX || memchr(at + 1, '\0', n)) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		ret_name[i] = dg_lower(at[1 + i]);
	}
	n -= ret_name[n - 1] == '.';
	ret_name[n] = '.';
	ret_name[n + 1] = '\0';
	return true;
}

/* Two sensors of one mail server: said once. With one sensor there is nothing to look for. */
static void look_for_twins(struct dg_hub *h, struct dg_place *p, const struct dg_mail_event *e)
{
	char text[600];
	const struct dg_place *other = NULL;

	if (h->has_told_twins || !h->places->next) {
		return;
	}
	other = dg_twins_add(&h->twins, p, e, now_ms(h));
	if (other) {
		h->has_told_twins = true;
		(void)snprintf(text, sizeof(text),
			"%.200s and %.200s see the same mail, so each bounce counts twice: take "
			"one "
			"of them out of watch: sensors:",
			p->sensor, other->sensor);
		dg_hub_trouble(h, text);
	}
}

/* A stamp of the future is that of now. One of long before what the same sensor told last is of a clock that was lost: taken at its word, it would
 * let the years between pass, and an alarm with them. */
static int64_t time_of(struct dg_place *p, int64_t at_ms, int64_t now)
{
	int64_t at = at_ms > now ? now : at_ms < 0 ? 0 : at_ms;

	if (at < p->stamp_ms - DG_HUB_STRAY_MS) {
		at = p->stamp_ms < now ? p->stamp_ms : now;
	}
	p->stamp_ms = at;
	return at;
}

void dg_hub_event(struct dg_hub *h, const char *sensor, const struct dg_mail_event *e)
{
	char name[NAME_MAX + 2];
	struct dg_mail_event in_time = *e;
	int64_t now = now_ms(h) + 999;
	enum dg_arrival class;

	if (h->o.pass_event) {
		h->o.pass_event(h->o.arg, e);
		return;
	}
	struct dg_place *p = dg_hub_place_of(h, sensor);
	p->event_ms = now_ms(h);
	p->is_event_dirty = true;
	look_for_twins(h, p, e);
	in_time.at_ms = time_of(p, e->at_ms, now);
	h->counts.n_events++;
	h->counts.last_event_ms = in_time.at_ms;
	struct dg_watched *w = domain_of(e->address, name) ? dg_hub_find(h, name) : NULL;
	if (!w) {
		h->counts.n_foreign_names++;
		return;
	}
	w->is_dirty = h->is_dirty = true;
	switch (e->kind) {
	case DG_MAIL_TAKEN:
	case DG_MAIL_UNKNOWN:
	case DG_MAIL_BARRED:
		settle(h, w, dg_watched_arrival(w, &in_time, &class));
		tell_mail(h, w, &in_time, class);
		if (class == DG_ARRIVAL_OWN) {
			abused(h, w, dg_watched_own(w, in_time.at_ms));
		}
		break;
	case DG_MAIL_SENT:
		dg_sent_ids_add(&h->sent, e->message, in_time.at_ms);
		abused(h, w, dg_watched_sent(w, &in_time));
		break;
	case DG_MAIL_RECEIVED:
		dg_watched_genuine(w, &in_time);
		tell_mail(h, w, &in_time, DG_ARRIVAL_OWN);
		break;
	}
}

bool dg_hub_take_sent(struct dg_hub *h, const char *message_id)
{
	bool was_sent = dg_sent_ids_take(
		&h->sent, dg_sent_ids_key(message_id, strlen(message_id)), now_ms(h));

	h->is_dirty = h->is_dirty || was_sent;
	return was_sent;
}

void dg_hub_behind(struct dg_hub *h, bool is_behind)
{
	h->n_behind = is_behind ? h->n_behind + 1 : h->n_behind > 0 ? h->n_behind - 1 : 0;
}

static void on_tick(void *arg)
{
	struct dg_hub *h = arg;
	int64_t now = now_ms(h);

	h->tick = dg_loop_after_ms(h->o.loop, DG_HUB_TICK_MS, on_tick, h);
	for (size_t i = 0; h->n_behind == 0 && i < h->n; i++) {
		struct dg_watched *w = h->list[i];

		if (w->level == DG_ALARM_CALM) {
			continue;
		}
		if (dg_detector_next_ms(&w->detector) <= now) {
			settle(h, w, dg_detector_tick(&w->detector, now));
		} else if (w->level == DG_ALARM_ALARM && h->o.on_level) {
			h->o.on_level(h->o.arg, w);
		}
	}
}

/* --- checkpoints ----------------------------------------------------------------------------------------------- */
static void checkpoint(struct dg_hub *h)
{
	struct dg_err err;
	int rc = dg_hub_checkpoint(h, &err);

	if (rc < 0 && !h->is_in_trouble) {
		dg_hub_trouble(h, err.text);
	}
	h->is_in_trouble = rc < 0;
}

static void on_checkpoint(void *arg)
{
	struct dg_hub *h = arg;

	h->checkpoint = dg_loop_after_ms(h->o.loop, DG_HUB_CHECKPOINT_MS, on_checkpoint, h);
	checkpoint(h);
}

void dg_hub_counts(const struct dg_hub *h, struct dg_hub_counts *ret_counts)
{
	*ret_counts = h->counts;
}

/* --- life -------------------------------------------------------------------------------------------------------- */
int dg_hub_new(const struct dg_hub_options *o, struct dg_hub **ret_hub, struct dg_err *err)
{
	struct dg_hub *h = calloc(1, sizeof(*h));

	if (!h) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	h->o = *o;
	h->arena = dg_arena_new(MEMORY_MAX);
	h->tick = dg_loop_after_ms(o->loop, DG_HUB_TICK_MS, on_tick, h);
	h->checkpoint = dg_loop_after_ms(o->loop, DG_HUB_CHECKPOINT_MS, on_checkpoint, h);
	int rc = dg_hub_load_sent(h, err);
	if (rc < 0) {
		(void)dg_hub_free(h);
		return rc;
	}
	*ret_hub = h;
	return 0;
}

struct dg_hub *dg_hub_free(struct dg_hub *h)
{
	if (!h) {
		return NULL;
	}
	checkpoint(h);
	(void)dg_timer_cancel(h->tick);
	(void)dg_timer_cancel(h->checkpoint);
	for (size_t i = 0; i < h->n; i++) {
		dg_watched_done(h->list[i]);
	}
	while (h->places) {
		struct dg_place *p = h->places;

		h->places = p->next;
		free(p->sensor);
		free(p->text);
		free(p);
	}
	dg_sent_ids_done(&h->sent);
	free(h->slots);
	free(h->list);
	(void)dg_arena_free(h->arena);
	free(h);
	return NULL;
}
