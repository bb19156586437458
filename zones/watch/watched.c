#include "zones/watch/watched.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS ((double)24 * 3600 * 1000)

void dg_watched_init(struct dg_watched *w, const char *zone, const char *name, int64_t now_ms)
{
	*w = (struct dg_watched){.name = name, .zone = zone};
	dg_detector_init(&w->detector, now_ms);
}

void dg_watched_done(struct dg_watched *w)
{
	if (w->more) {
		free(w->more->heat);
		dg_senders_done(&w->more->senders);
		free(w->more->abuse);
		free(w->more);
		w->more = NULL;
	}
}

void dg_watched_cool(struct dg_watched *w)
{
	struct dg_watched_more *m = w->more;

	if (!m) {
		return;
	}
	free(m->heat);
	m->heat = NULL;
	if (!m->senders.slots && !m->abuse && m->sent_ms == 0) {
		free(m);
		w->more = NULL;
	}
}

static struct dg_watched_more *more_of(struct dg_watched *w)
{
	if (!w->more) {
		w->more = calloc(1, sizeof(*w->more));
		if (!w->more) {
			abort();
		}
	}
	return w->more;
}

/* The network of a client: what counts as one reporter. */
static uint64_t network(struct dg_text client)
{
	size_t n = client.n;
	unsigned n_parts = n > 0 && memchr(client.p, ':', n) ? 3 : 1;

	/* IPv4: without its last number; IPv6: its first three groups. */
	if (n_parts == 1) {
		while (n > 0 && client.p[n - 1] != '.') {
			n--;
		}
	} else {
		size_t at = 0;
		for (; at < n && n_parts > 0; at++) {
			n_parts -= client.p[at] == ':';
		}
		n = at;
	}
	return dg_sketch_key(0, client.p, n);
}

static void warm(struct dg_watched *w, int64_t now_ms)
{
	struct dg_watched_more *m = more_of(w);

	m->heat = malloc(sizeof(*m->heat));
	if (!m->heat) {
		abort();
	}
	dg_heat_init(m->heat, now_ms);
}

enum dg_alarm dg_watched_arrival(
	struct dg_watched *w, const struct dg_mail_event *e, enum dg_arrival *ret_class)
{
	struct dg_senders none = {0};
	enum dg_arrival class = dg_senders_classify(w->more ? &w->more->senders : &none, e);
	enum dg_alarm level = dg_detector_arrival(&w->detector, e->at_ms, class);

	if (level != DG_ALARM_CALM && !dg_watched_heat(w)) {
		warm(w, e->at_ms);
	}
	if (dg_watched_heat(w)) {
		dg_heat_add(w->more->heat, class, network(e->client),
			dg_sketch_key(0, e->address.p, e->address.n));
	}
	*ret_class = class;
	return level;
}

static struct dg_abuse *abuse_of(struct dg_watched *w)
{
	struct dg_watched_more *m = more_of(w);

	if (!m->abuse) {
		m->abuse = calloc(1, sizeof(*m->abuse));
		if (!m->abuse) {
			abort();
		}
	}
	return m->abuse;
}

enum dg_abuse_kind dg_watched_own(struct dg_watched *w, int64_t at_ms)
{
	return dg_watched_abuse(w) ? dg_abuse_own_bounce(w->more->abuse, at_ms) : DG_ABUSE_NONE;
}

enum dg_abuse_kind dg_watched_reported(
	struct dg_watched *w, int64_t day_s, uint64_t count, const char *org)
{
	return dg_abuse_reported(abuse_of(w), day_s, count, org);
}

enum dg_abuse_kind dg_watched_sent(struct dg_watched *w, const struct dg_mail_event *e)
{
	struct dg_watched_more *m = more_of(w);

	dg_senders_sent(&m->senders, e->address, e->at_ms);
	m->sent_ms = e->at_ms > m->sent_ms ? e->at_ms : m->sent_ms;
	return dg_abuse_sent(abuse_of(w), e);
}

double dg_watched_genuine_at(const struct dg_watched *w, int64_t now_ms)
{
	double dt = (double)(now_ms > w->genuine_ms ? now_ms - w->genuine_ms : 0);

	return (double)w->genuine * exp(-dt / DAY_MS);
}

void dg_watched_genuine(struct dg_watched *w, const struct dg_mail_event *e)
{
	w->genuine = (float)(dg_watched_genuine_at(w, e->at_ms) + 1);
	w->genuine_ms = e->at_ms;
}

/* Wilson's lower bound of a share, 95 %. */
static double share_low(double n, double all)
{
	const double z = 1.96;

	if (all < 1) {
		return 0;
	}
	double p = n / all;
	return (p + z * z / (2 * all) - z * sqrt((p * (1 - p) + z * z / (4 * all)) / all)) /
	       (1 + z * z / all);
}

const char *dg_watched_missing(const struct dg_watched *w, int64_t now_ms)
{
	const struct dg_heat *h = dg_watched_heat(w);

	if (w->level != DG_ALARM_ALARM || !h) {
		return "there is no alarm";
	}
	const char *floor = dg_detector_floor(&w->detector, h, now_ms);
	if (floor) {
		return floor;
	}
	return share_low(h->n_foreign, (double)h->n_foreign + h->n_own) >= DG_FORGED_SHARE
		       ? NULL
		       : "too many of the bounces are of mail that was sent from here";
}
