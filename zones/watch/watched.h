/* zones/watch/watched.h: a mail name that is watched: who sends from it, the detector, the heat. Pure.
 *
 * Shape    Events of one mail name in, the detector's level out. The daemon and the replay of logs share these steps.
 * Image    What must outlive the process, as octets: "DGW2", then fields of fixed width, least octet first, then the first 8 octets of
 *          the SHA-256 of all before. One that was damaged, or is of another version, is refused.
 * Memory   At most 112 octets for a name that only gets mail; heap for one that sends, or with something going on: dg_watched_done().
 */
#pragma once

#include "zones/watch/abuse.h"
#include "zones/watch/classify.h"
#include "zones/watch/detector.h"

struct dg_buf;

/* Lower bound (95 %) of the share of foreign bounces: a verdict "forged" of medium confidence. */
#define DG_FORGED_SHARE 0.5

/* What most mail names do not have. */
struct dg_watched_more {
	struct dg_heat *heat; /* NULL: quiet */
	struct dg_senders senders;
	int64_t sent_ms;        /* when mail was last seen to be sent from it; 0: never */
	struct dg_abuse *abuse; /* NULL: nothing was ever sent from it */
};

struct dg_watched {
	const char *name;             /* canonical mail name */
	const char *zone;             /* canonical */
	void *user;                   /* the guard's */
	struct dg_watched_more *more; /* NULL: nothing was ever sent from it, and it is quiet */
	struct dg_detector detector;
	int64_t genuine_ms;
	float genuine; /* letters with a sender that it got in the last day, decayed */
	enum dg_alarm level : 8;
	bool is_dirty; /* the hub's: its image is older */
};
_Static_assert(sizeof(struct dg_watched) <= 112, "a hundred thousand of them are held");

static inline const struct dg_heat *dg_watched_heat(const struct dg_watched *w)
{
	return w->more ? w->more->heat : NULL;
}
static inline const struct dg_abuse *dg_watched_abuse(const struct dg_watched *w)
{
	return w->more ? w->more->abuse : NULL;
}

void dg_watched_init(struct dg_watched *w, const char *zone, const char *name, int64_t now_ms);
void dg_watched_done(struct dg_watched *w);

/* TAKEN, UNKNOWN, BARRED: classed, counted, and in the heat while there is any. Returns the detector's level; w->level is
 * the caller's to change, once he has told it. */
enum dg_alarm dg_watched_arrival(
	struct dg_watched *w, const struct dg_mail_event *e, enum dg_arrival *ret_class);
enum dg_abuse_kind dg_watched_sent(struct dg_watched *w, const struct dg_mail_event *e);
/* An arrival that was OWN. */
enum dg_abuse_kind dg_watched_own(struct dg_watched *w, int64_t at_ms);
/* Letters that receivers report of a day (abuse.h). */
enum dg_abuse_kind dg_watched_reported(
	struct dg_watched *w, int64_t day_s, uint64_t count, const char *org);
void dg_watched_genuine(struct dg_watched *w, const struct dg_mail_event *e);
/* Letters with a sender in the day before now. */
double dg_watched_genuine_at(const struct dg_watched *w, int64_t now_ms);
void dg_watched_cool(struct dg_watched *w); /* calm again: the heat is forgotten */

/* NULL: an alarm, the floors of evidence are reached, and most bounces are of mail that was not sent from here; else
 * what is missing (static text). */
const char *dg_watched_missing(const struct dg_watched *w, int64_t now_ms);

#define DG_WATCHED_IMAGE_MAX (64u << 10)
void dg_watched_encode(const struct dg_watched *w, struct dg_buf *b);
/* Into one that was just initialised. 0, or 1: not such an image, w is as it was. */
int dg_watched_decode(struct dg_watched *w, const void *image, size_t len);
