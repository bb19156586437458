/* controller/watch/hub.h: events of all sensors to the detector of each mail name, and on to the guard.
 *
 * Shape    A mail name is watched by one struct dg_watched: who sends from it, the detector, and, while something is going on, the
 *          heat. Sensors hand events in; what is not of a watched mail name is counted and dropped.
 * Restart  A checkpoint writes detectors, senders, heat and the position of each sensor in one transaction, at most once a
 *          minute and at the end. After a crash sensors start at the positions of the last checkpoint, so that each event
 *          counts once.
 * Calls    Levels are told through on_level(), from the loop. Time comes from the loop's clock; events carry their own time, which
 *          counts for the detector as long as it is not in the future, nor more than DG_HUB_STRAY_MS before what the same sensor told last.
 * Limits   DG_HUB_NAMES_MAX mail names; an event's address and client DG_MAILLOG_LINE_MAX octets.
 */
#pragma once

#include "zones/base/err.h"
#include "zones/watch/watched.h"

#include <stddef.h>
#include <stdint.h>

struct dg_loop;
struct dg_store;

#define DG_HUB_NAMES_MAX     200000u
#define DG_HUB_CHECKPOINT_MS 60000
#define DG_HUB_TICK_MS       5000
#define DG_HUB_STRAY_MS      ((int64_t)5 * 24 * 3600 * 1000)

struct dg_hub;

struct dg_hub_options {
	struct dg_loop *loop;
	struct dg_store *store; /* NULL: nothing is kept (a look, tests) */
	/* From the loop: the level is another one, or is still ALARM after an event or a tick (evidence grows, time goes by). */
	void (*on_level)(void *arg, struct dg_watched *w);
	/* From the loop: each null-sender mail, with its class, and each letter with a sender (class: OWN). May be NULL. */
	void (*on_mail)(void *arg, struct dg_watched *w, const struct dg_mail_event *e,
		enum dg_arrival class);
	/* Evidence that our own relay or an account is abused (zones/watch/abuse.h); comes again as long as it is so. May be NULL. */
	void (*on_abuse)(void *arg, struct dg_watched *w, enum dg_abuse_kind kind);
	/* What was kept cannot be read, a checkpoint cannot be written: for people. May be NULL. */
	void (*on_trouble)(void *arg, const char *text);
	/* A sensor that tells a controller elsewhere: events and positions go here, nothing is watched. Else NULL. */
	void (*pass_event)(void *arg, const struct dg_mail_event *e);
	void (*pass_position)(void *arg, const char *position);
	void *arg;
};

int dg_hub_new(const struct dg_hub_options *o, struct dg_hub **ret_hub, struct dg_err *err);
struct dg_hub *dg_hub_free(struct dg_hub *h); /* a last checkpoint; NULL is fine; returns NULL */
/* What the store knows of the name is loaded. Names of a zone.yaml that are gone are forgotten by dg_hub_forget_others(). */
int dg_hub_add(struct dg_hub *h, const char *zone, const char *name,
	struct dg_watched **ret_watched, struct dg_err *err);
struct dg_watched *dg_hub_find(const struct dg_hub *h, const char *name);
struct dg_watched *dg_hub_at(const struct dg_hub *h, size_t i); /* NULL: no more */

/* One event of a sensor. The domain of its address (of a sender for SENT) is the mail name. */
void dg_hub_event(struct dg_hub *h, const char *sensor, const struct dg_mail_event *e);
/* Letters out of our own networks that a receiver reports of a day. name: canonical. */
void dg_hub_reported(
	struct dg_hub *h, const char *name, int64_t day_s, uint64_t count, const char *org);
/* One answer to a letter with this Message-ID: was it sent from here (zones/watch/sentids.h)? */
bool dg_hub_take_sent(struct dg_hub *h, const char *message_id);
/* What the sensor has handed in is all up to here: opaque text, kept with the next checkpoint. */
void dg_hub_position(struct dg_hub *h, const char *sensor, const char *position);
/* In the hub's memory until the next call; NULL: none is known. */
const char *dg_hub_last_position(struct dg_hub *h, const char *sensor);
/* The sensor is there: status shows it with its last event. */
void dg_hub_sensor(struct dg_hub *h, const char *sensor);
int dg_hub_checkpoint(struct dg_hub *h, struct dg_err *err);
/* A sensor has old events to hand in yet: levels do not fall by time until none is behind any more. Calls are counted. */
void dg_hub_behind(struct dg_hub *h, bool is_behind);
/* What the store knows of names that were not added is dropped. */
int dg_hub_forget_others(struct dg_hub *h, struct dg_err *err);

struct dg_hub_counts {
	uint64_t n_events, n_foreign_names; /* foreign_names: of names that nobody watches */
	int64_t last_event_ms;
};
void dg_hub_counts(const struct dg_hub *h, struct dg_hub_counts *ret_counts);
