/* zones/incident/verdict.h: from what was in the bounces to what happened: one verdict, or several incidents at once. Pure.
 *
 * Source   The share of each class among the bounces that could be classed, by its lower bound (Wilson 1927, 95 %).
 * Levels   HIGH       lower bound 80 % with 10 bounces; or 3 by a certain rule
 *          MEDIUM     lower bound 50 % with 5 bounces
 *          UNDECIDED  less; what would decide it is named
 *          Both want two distinct reporters: one alone can be made up. An incident beside the first is not judged by its share but by
 *          itself: HIGH with 10 bounces of a strong rule, MEDIUM with 5.
 *          One level less: aggregate reports say something else. At most MEDIUM: our own addresses are not known but concluded,
 *          unless the handoffs lie in DG_VERDICT_NETWORKS networks, which is more than anybody's own servers do. UNDECIDED: it
 *          passed our host and no line says how; a login that may be the user's own mail.
 * Split    Moving the mail name is right only against forged mail: has_split says so, and is false beside any sign that a host or an
 *          account of ours sends it.
 * Memory   Texts borrow the ledger.
 */
#pragma once

#include "zones/incident/classify.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_beside;
struct dg_owner;
struct dg_ledger;

#define DG_VERDICT_NETWORKS 10u
#define DG_INCIDENTS_MAX    9u
#define DG_REASONS_MAX      12u
#define DG_DECIDES_MAX      6u

enum dg_incident_kind {
	DG_INCIDENT_UNDECIDED, /* nothing could be classed */
	DG_INCIDENT_FORGED,
	DG_INCIDENT_RELAY,
	DG_INCIDENT_ACCOUNT,
	DG_INCIDENT_SCRIPT,
	DG_INCIDENT_PROVIDER,
	DG_INCIDENT_THROUGH_OWN, /* relay, account, script or own mail: cannot be told apart */
	DG_INCIDENT_OWN,
	DG_INCIDENT_LIST_LEAK,
	DG_INCIDENT_KINDS,
};

enum dg_level {
	DG_LEVEL_UNDECIDED,
	DG_LEVEL_MEDIUM,
	DG_LEVEL_HIGH,
};

/* The numbers and the text that each speaks of stand behind it. */
enum dg_reason_code {
	DG_REASON_HANDOFFS,  /* n of `of` bounces were handed over by addresses that are not ours */
	DG_REASON_NETWORKS,  /* these lie in n networks */
	DG_REASON_REPORTERS, /* n organisations say so, each for itself */
	DG_REASON_TOKENS_MISSING, /* n came to an address without our token */
	DG_REASON_TOKENS_VALID,
	DG_REASON_NEVER,       /* n came to addresses that never existed */
	DG_REASON_NEVER_SENDS, /* n came to the posting address of a list, which sends nothing */
	DG_REASON_CLAIMED,   /* n handoffs gave a name of ours as their own, from another address */
	DG_REASON_FORWARDED, /* n came in from strangers and were sent on by a host of ours */
	DG_REASON_ROWS_FORGED, /* aggregate reports: n messages; of: organisations */
	DG_REASON_THROUGH,     /* n of `of` were handed over by our host; text: which */
	DG_REASON_STRANGERS,   /* n it took from strangers for strangers, without a login */
	DG_REASON_LOGIN,       /* n came in by a login; text: whose */
	DG_REASON_CLIENTS,     /* ... from n networks */
	DG_REASON_SCRIPT,      /* n were made by a program on it; text: which */
	DG_REASON_PROVIDER,    /* n of `of`: handed over by a provider that others share; text */
	DG_REASON_SENT,        /* n are in the log of what we sent */
	DG_REASON_SIGNED,      /* n of `of`: a DKIM signature of ours verifies */
	DG_REASON_USUAL,       /* n came in as our own mail does */
	DG_REASON_LIST,        /* n bounces came to a list, or out of one; text */
	DG_REASON_NOTICES,     /* n notices say that our mail is spam */
	DG_REASON_NO_BOUNCES,  /* and forged mail of that amount would have bounced */
	DG_REASON_ROWS_OWN,    /* aggregate reports: n messages passed as ours */
	DG_REASON_ROWS_BURST,  /* n on one day; of: a usual one */
	DG_REASON_OTHERS,      /* n of `of` say something else */
	DG_REASON_FEW,         /* only n bounces could be classed */
	DG_REASON_ONE_REPORTER,
	DG_REASON_UNRETURNED,  /* n of `of` bring nothing of the original back */
	DG_REASON_INFERRED,    /* our own addresses were concluded, not given */
	DG_REASON_UNRESOLVED,  /* a term of our SPF was not looked up; text */
	DG_REASON_IMPLAUSIBLE, /* n were not brought by the one who says that he wrote them */
	DG_REASON_ROWS_DISAGREE,
	DG_REASON_COPIES,      /* n: strangers hand over copies of a few mails that we signed */
	DG_REASON_NO_OWN_PATH, /* none of them passed a host of ours */
	DG_REASONS,
};

struct dg_reason {
	enum dg_reason_code code;
	uint64_t n, of;
	const char *text; /* not safe to show; NULL: none */
};

enum dg_decide {
	DG_DECIDE_OWN,      /* say which addresses are yours */
	DG_DECIDE_DNS,      /* let SPF be asked */
	DG_DECIDE_MORE,     /* more bounces, of more organisations */
	DG_DECIDE_HEADERS,  /* a bounce that brings the original's header back */
	DG_DECIDE_LOG,      /* the log of our host for one of its queue ids */
	DG_DECIDE_ASK,      /* the person whose login it was */
	DG_DECIDE_REPORTS,  /* DMARC aggregate reports */
	DG_DECIDE_PROVIDER, /* the provider's log */
	DG_DECIDE_SAMPLE,   /* the whole header of one message that the notice is about */
	DG_DECIDES,
};

struct dg_incident {
	enum dg_incident_kind kind;
	enum dg_level level;
	uint64_t n, of; /* bounces of this class among those classed */
	double low;     /* Wilson's lower bound of the share */
	uint64_t n_reporters;
	const char *who; /* host, user, script, provider or list; NULL: none */
	struct dg_reason reasons[DG_REASONS_MAX], doubts[DG_REASONS_MAX];
	size_t n_reasons, n_doubts;
	enum dg_decide decides[DG_DECIDES_MAX];
	size_t n_decides;
};

struct dg_verdict {
	struct dg_incident incidents[DG_INCIDENTS_MAX]; /* the first is the verdict */
	size_t n;
	uint64_t n_classed, n_unknown;
	bool has_split; /* taking the mail name out of mail is right */
};

void dg_verdict_of(const struct dg_ledger *t, const struct dg_owner *o,
	const struct dg_beside *beside, struct dg_verdict *ret_verdict);

double dg_wilson_low(uint64_t n, uint64_t of); /* 95 %; 0 when of is 0 */

/* Stable, for JSON: "forged"; "high"; "handoffs"; "own-addresses". */
const char *dg_incident_text(enum dg_incident_kind k);
const char *dg_level_text(enum dg_level l);
const char *dg_reason_text(enum dg_reason_code c);
const char *dg_decide_text(enum dg_decide d);
