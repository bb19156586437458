/* zones/watch/abuse.h: is our own relay, or an account of ours, sending what it should not? Pure.
 *
 * Rule     A letter to many is no abuse, however many it goes to: it comes from where letters come from, and few of it bounce. So volume
 *          alone never says it. One of these does:
 *            account   in an hour somebody sent DG_ABUSE_SENT_MIN letters and more, DG_ABUSE_TIMES his usual busiest hour, from
 *                      DG_ABUSE_PLACES networks and more that he never sent from before
 *            bounces   in six hours DG_ABUSE_BOUNCES_MIN and more answers to mail that was sent from here, to DG_ABUSE_SHARE of all that
 *                      was sent and more (a letter to an old list: 1 or 2 %), while DG_ABUSE_TIMES as much was sent as usual
 *            reports   receivers report a day with DG_ABUSE_REPORTED_MIN letters and more out of our own networks, in our name and
 *                      passing, DG_ABUSE_REPORTED_TIMES the busiest day of those before, which are known for DG_ABUSE_REPORTED_DAYS
 *                      and more, by two organisations and more
 *          What is usual is learned for DG_ABUSE_LEARN_MS first; nothing is said of an account until then.
 * Memory   About 2 KB, only for mail names that send; the heap of whoever holds it.
 */
#pragma once

#include "zones/watch/maillog.h"
#include "zones/watch/sketch.h"

#include <stdbool.h>
#include <stdint.h>

#define DG_ABUSE_ACCOUNTS       16u
#define DG_ABUSE_NETWORKS       8u /* of an account */
#define DG_ABUSE_USER           40u
#define DG_ABUSE_SENT_MIN       200.0
#define DG_ABUSE_TIMES          10.0
#define DG_ABUSE_PLACES         3u
#define DG_ABUSE_LEARN_MS       ((int64_t)7 * 86400 * 1000)
#define DG_ABUSE_BOUNCES_MIN    50.0
#define DG_ABUSE_SHARE          0.15
#define DG_ABUSE_REPORTED_MIN   1000.0
#define DG_ABUSE_REPORTED_TIMES 10.0
#define DG_ABUSE_REPORTED_DAYS  28

struct dg_account {
	char user[DG_ABUSE_USER]; /* cut; "": free */
	int64_t since_ms, at_ms;
	double hour;  /* letters of the last hour, decayed */
	double usual; /* its busiest hour; falls by half in 28 days */
	uint32_t networks[DG_ABUSE_NETWORKS];
	uint32_t n_networks;
	double places; /* new networks of the last hour, decayed */
};

struct dg_abuse {
	struct dg_account accounts[DG_ABUSE_ACCOUNTS];
	/* of the mail name */
	int64_t since_ms, at_ms;
	double sent, bounced; /* of the last six hours, decayed */
	double usual;         /* the most that was sent in six hours; falls by half in 28 days */
	/* by reports */
	int64_t first_day, day;
	double day_count, busiest;
	uint64_t day_org; /* the first organisation of the day */
	bool has_two;
};

enum dg_abuse_kind {
	DG_ABUSE_NONE,
	DG_ABUSE_ACCOUNT,
	DG_ABUSE_BOUNCED,
	DG_ABUSE_REPORTED,
};

/* Each says what is so now. */
enum dg_abuse_kind dg_abuse_sent(struct dg_abuse *a, const struct dg_mail_event *e);
enum dg_abuse_kind dg_abuse_own_bounce(struct dg_abuse *a, int64_t at_ms);
/* A row of a report: org tells reporters apart. */
enum dg_abuse_kind dg_abuse_reported(
	struct dg_abuse *a, int64_t day_s, uint64_t count, const char *org);
/* "account", "bounces", "reports"; "none": stable. */
const char *dg_abuse_text(enum dg_abuse_kind kind);
/* Whose account it is, for ACCOUNT: the one that sends most. */
const struct dg_account *dg_abuse_account(const struct dg_abuse *a);
