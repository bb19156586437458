#include "zones/watch/abuse.h"

#include <math.h>
#include <string.h>

#define HOUR_MS  3600000.0
#define SIX_MS   (6 * HOUR_MS)
#define USUAL_MS (28 * 24 * HOUR_MS)
#define DAY_S    86400

/* What is left of a count that decays. */
static double left(double count, int64_t from_ms, int64_t to_ms, double over_ms)
{
	return to_ms > from_ms ? count * exp(-(double)(to_ms - from_ms) / over_ms) : count;
}

/* --- accounts ------------------------------------------------------------------------------------------------ */
static struct dg_account *account_of(struct dg_abuse *a, struct dg_text user, int64_t at_ms)
{
	size_t n = user.n < DG_ABUSE_USER - 1 ? user.n : DG_ABUSE_USER - 1;
	struct dg_account *oldest = &a->accounts[0];

	for (unsigned i = 0; i < DG_ABUSE_ACCOUNTS; i++) {
		struct dg_account *x = &a->accounts[i];

		if (strlen(x->user) == n && memcmp(x->user, user.p, n) == 0) {
			return x;
		}
		oldest = x->user[0] == '\0' || x->at_ms < oldest->at_ms ? x : oldest;
		if (x->user[0] == '\0') {
			break;
		}
	}
	*oldest = (struct dg_account){.since_ms = at_ms, .at_ms = at_ms};
	memcpy(oldest->user, user.p, n);
	return oldest;
}

/* Without the last number of an IPv4 address, or the last four groups of an IPv6 one. */
static uint32_t network_of(struct dg_text client)
{
	bool is_ip6 = client.n > 0 && memchr(client.p, ':', client.n) != NULL;
	size_t n = client.n;

	for (unsigned parts = is_ip6 ? 4 : 1; n > 0 && parts > 0; n--) {
		parts -= client.p[n - 1] == (is_ip6 ? ':' : '.');
	}
	return (uint32_t)dg_sketch_key(0, client.p, n) | 1u;
}

/* False: he has sent from there before. */
static bool is_new_place(struct dg_account *x, struct dg_text client)
{
	uint32_t network = network_of(client);
	unsigned n = x->n_networks < DG_ABUSE_NETWORKS ? x->n_networks : DG_ABUSE_NETWORKS;

	for (unsigned i = 0; i < n; i++) {
		if (x->networks[i] == network) {
			return false;
		}
	}
	x->networks[x->n_networks++ % DG_ABUSE_NETWORKS] = network;
	return true;
}

static bool is_taken_over(const struct dg_account *x)
{
	double usual = x->usual > 1 ? x->usual : 1;

	return x->at_ms - x->since_ms >= DG_ABUSE_LEARN_MS && x->hour >= DG_ABUSE_SENT_MIN &&
	       x->hour >= DG_ABUSE_TIMES * usual && x->places >= (double)DG_ABUSE_PLACES - 0.5;
}

static bool count_account(struct dg_abuse *a, const struct dg_mail_event *e)
{
	struct dg_account *x = account_of(a, e->user, e->at_ms);
	bool is_learning = e->at_ms - x->since_ms < DG_ABUSE_LEARN_MS;

	x->hour = left(x->hour, x->at_ms, e->at_ms, HOUR_MS) + 1;
	x->places = left(x->places, x->at_ms, e->at_ms, HOUR_MS);
	x->usual = left(x->usual, x->at_ms, e->at_ms, USUAL_MS);
	x->at_ms = e->at_ms > x->at_ms ? e->at_ms : x->at_ms;
	if (e->client.n > 0 && is_new_place(x, e->client) && !is_learning) {
		x->places += 1;
	}
	bool is_so = is_taken_over(x);
	/* An hour that is being judged is not usual before it has passed: it is taken as such slowly. */
	if (x->hour > x->usual) {
		x->usual += (x->hour - x->usual) * (is_learning ? 1 : 0.0005);
	}
	return is_so;
}

const struct dg_account *dg_abuse_account(const struct dg_abuse *a)
{
	const struct dg_account *most = &a->accounts[0];

	for (unsigned i = 1; i < DG_ABUSE_ACCOUNTS; i++) {
		most = a->accounts[i].hour > most->hour ? &a->accounts[i] : most;
	}
	return most;
}

/* --- the mail name ---------------------------------------------------------------------------------------------- */
static void pass_time(struct dg_abuse *a, int64_t at_ms)
{
	a->since_ms = a->since_ms == 0 ? at_ms : a->since_ms;
	a->at_ms = a->at_ms == 0 ? at_ms : a->at_ms;
	a->sent = left(a->sent, a->at_ms, at_ms, SIX_MS);
	a->bounced = left(a->bounced, a->at_ms, at_ms, SIX_MS);
	a->usual = left(a->usual, a->at_ms, at_ms, USUAL_MS);
	a->at_ms = at_ms > a->at_ms ? at_ms : a->at_ms;
}

enum dg_abuse_kind dg_abuse_sent(struct dg_abuse *a, const struct dg_mail_event *e)
{
	pass_time(a, e->at_ms);
	a->sent += 1;
	if (a->sent > a->usual) {
		bool is_learning = e->at_ms - a->since_ms < DG_ABUSE_LEARN_MS;

		a->usual += (a->sent - a->usual) * (is_learning ? 1 : 0.0005);
	}
	return e->user.n > 0 && count_account(a, e) ? DG_ABUSE_ACCOUNT : DG_ABUSE_NONE;
}

enum dg_abuse_kind dg_abuse_own_bounce(struct dg_abuse *a, int64_t at_ms)
{
	pass_time(a, at_ms);
	a->bounced += 1;
	double usual = a->usual > 1 ? a->usual : 1;
	bool is_so = a->at_ms - a->since_ms >= DG_ABUSE_LEARN_MS &&
		     a->bounced >= DG_ABUSE_BOUNCES_MIN && a->bounced >= DG_ABUSE_SHARE * a->sent &&
		     a->sent >= DG_ABUSE_TIMES * usual;

	return is_so ? DG_ABUSE_BOUNCED : DG_ABUSE_NONE;
}

enum dg_abuse_kind dg_abuse_reported(
	struct dg_abuse *a, int64_t day_s, uint64_t count, const char *org)
{
	int64_t day = day_s / DAY_S;
	uint64_t key = dg_sketch_key(0, org, strlen(org));

	a->first_day = a->first_day == 0 || day < a->first_day ? day : a->first_day;
	if (day > a->day) { /* the day before is one of those before now */
		a->busiest = a->day_count > a->busiest ? a->day_count : a->busiest;
		a->day = day;
		a->day_count = 0;
		a->day_org = key;
		a->has_two = false;
	} else if (day < a->day) { /* late: only as one of those before */
		a->busiest = (double)count > a->busiest ? (double)count : a->busiest;
		return DG_ABUSE_NONE;
	}
	a->day_count += (double)count;
	a->has_two = a->has_two || key != a->day_org;
	double busiest = a->busiest > 1 ? a->busiest : 1;
	bool is_so = a->has_two && day - a->first_day >= DG_ABUSE_REPORTED_DAYS &&
		     a->day_count >= DG_ABUSE_REPORTED_MIN &&
		     a->day_count >= DG_ABUSE_REPORTED_TIMES * busiest;

	return is_so ? DG_ABUSE_REPORTED : DG_ABUSE_NONE;
}

const char *dg_abuse_text(enum dg_abuse_kind kind)
{
	switch (kind) {
	case DG_ABUSE_NONE:
		break;
	case DG_ABUSE_ACCOUNT:
		return "account";
	case DG_ABUSE_BOUNCED:
		return "bounces";
	case DG_ABUSE_REPORTED:
		return "reports";
	}
	return "none";
}
