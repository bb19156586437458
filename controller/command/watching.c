#include "controller/command/watching.h"

#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <math.h>
#include <string.h>

const char *dg_watching_level_text(enum dg_alarm level)
{
	switch (level) {
	case DG_ALARM_CALM:
		break;
	case DG_ALARM_NOTICE:
		return "notice";
	case DG_ALARM_ALARM:
		return "alarm";
	}
	return "calm";
}

void dg_watching_evidence(struct dg_buf *b, const struct dg_watched *w, int64_t now_ms)
{
	const struct dg_heat *h = dg_watched_heat(w);

	if (!h) {
		return;
	}
	dg_buf_printf(b,
		"%u bounces of mail that was not sent from here, %u that cannot be told, %u of our "
		"own mail, from about %.0f networks to about %.0f addresses",
		h->n_foreign, h->n_unknown, h->n_own, round(dg_distinct_count(&h->reporters)),
		round(dg_distinct_count(&h->recipients)));
	dg_buf_printf(b, "; %.0f letters with a sender in the last day; score %.1f",
		round(dg_watched_genuine_at(w, now_ms)), w->detector.score);
}

void dg_watching_abuse(struct dg_buf *b, const struct dg_watched *w, enum dg_abuse_kind kind)
{
	const struct dg_abuse *a = dg_watched_abuse(w);

	if (!a) {
		return;
	}
	const struct dg_account *x = dg_abuse_account(a);

	switch (kind) {
	case DG_ABUSE_NONE:
		break;
	case DG_ABUSE_ACCOUNT:
		dg_buf_puts(b, "the account ");
		dg_buf_put_safe(b, x->user, strlen(x->user));
		dg_buf_printf(b,
			" sent about %.0f letters in the last hour (at most %.0f until now), from "
			"networks that it never sent from: it seems to be in other hands. Lock it, "
			"and look at the queue of the mail server",
			x->hour, x->usual);
		break;
	case DG_ABUSE_BOUNCED:
		dg_buf_printf(b,
			"about %.0f of %.0f letters that were sent from here in six hours came "
			"back, "
			"and %.0f is the most that was sent until now: somebody seems to send "
			"through "
			"your own server. Look at its queue",
			a->bounced, a->sent, a->usual);
		break;
	case DG_ABUSE_REPORTED:
		dg_buf_printf(b,
			"receivers report %.0f letters of a day out of your own networks (at most "
			"%.0f "
			"on any day before): somebody seems to send through your own server, or "
			"you "
			"have written to many",
			a->day_count, a->busiest);
		break;
	}
}

void dg_watching_json(json_t *o, const struct dg_watched *w, int64_t now_ms)
{
	const struct dg_heat *h = dg_watched_heat(w);

	dg_json_set(o, "level", json_string(dg_watching_level_text(w->level)));
	dg_json_set(o, "score", json_real(round(w->detector.score * 100) / 100));
	dg_json_set(o, "genuine", json_integer(lround(dg_watched_genuine_at(w, now_ms))));
	if (!h) {
		dg_json_set(o, "evidence", json_null());
		return;
	}
	json_t *e = json_object();
	dg_json_set(e, "since", json_integer(h->since_ms / 1000));
	dg_json_set(e, "foreign", json_integer(h->n_foreign));
	dg_json_set(e, "unknown", json_integer(h->n_unknown));
	dg_json_set(e, "own", json_integer(h->n_own));
	dg_json_set(e, "reporters", json_integer(lround(dg_distinct_count(&h->reporters))));
	dg_json_set(e, "recipients", json_integer(lround(dg_distinct_count(&h->recipients))));
	const char *missing = dg_watched_missing(w, now_ms);
	dg_json_set(e, "missing", dg_json_text(missing));
	dg_json_set(o, "evidence", e);
}
