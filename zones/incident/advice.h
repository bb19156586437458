/* zones/incident/advice.h: what to do next, in order, for a verdict. Pure: codes; the words are the reader's language's.
 *
 * Rule     What stops harm stands first: a hole in a host of ours before records, records before letters. A split is
 *          advised only where the verdict has it, and advised against where a host or an account of ours sends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_tally;
struct dg_verdict;

#define DG_ADVICE_MAX 16u

enum dg_step {
	DG_STEP_CALM, /* nobody broke in: no password needs changing for this */
	DG_STEP_NO_SPLIT, /* do not move the mail name: it would not stop it, and would cost your mail */
	DG_STEP_CLOSE_RELAY,   /* close the relay: who */
	DG_STEP_TEST_RELAY,    /* see that it is closed */
	DG_STEP_BLOCK_ACCOUNT, /* block the account: who; change its password, end its sessions */
	DG_STEP_FIND_ACCOUNT,  /* find out which account: log of logins */
	DG_STEP_SAVE_LOGS,     /* before they are rotated */
	DG_STEP_FIND_SCRIPT,   /* take the script off: who */
	DG_STEP_FIND_PATH,     /* find the log line of one of the queue ids */
	DG_STEP_EMPTY_QUEUE,   /* what waits in the queue is spam */
	DG_STEP_ASK_PROVIDER,  /* give it the ids, ask for its log: who */
	DG_STEP_WITHDRAW_SPF,  /* take the host or include out of SPF as long */
	DG_STEP_REVOKE_DKIM,   /* revoke the key with which it signs */
	DG_STEP_FORWARD_ONLY,  /* a name that only forwards publishes -all */
	DG_STEP_BLOCKLISTS,    /* see whether the host was listed */
	DG_STEP_TELL_USER,     /* the person whose login it was */
	DG_STEP_PUBLISH,       /* SPF -all and DMARC reject */
	DG_STEP_ARM,           /* low TTLs now, so that a split takes a minute and not a day */
	DG_STEP_SPLIT,         /* move the mail name */
	DG_STEP_NULL_UNUSED, /* local parts are random: a mail server that refuses unknown recipients */
	DG_STEP_ASK_OWNER,       /* no zone of yours: send this to whoever runs the domain */
	DG_STEP_FILTER,          /* put bounces without your own Message-ID aside */
	DG_STEP_WRITE_REPORTERS, /* few enough to write to */
	DG_STEP_WRITE_ORIGINS,   /* abuse desks of the networks that handed it over */
	DG_STEP_LIST_CLOSE,      /* the list takes no null-sender mail: who */
	DG_STEP_LIST_NAME,       /* the list gets a mail name of its own */
	DG_STEP_LIST_TELL,       /* write to the subscribers */
	DG_STEP_CLEAN_LIST,      /* your own mailing: take the dead addresses off */
	DG_STEP_KEEP,            /* keep the bounces: they are the evidence */
	DG_STEP_DECIDE,          /* first find out what would decide it */
	DG_STEPS,
};

struct dg_advice {
	enum dg_step step;
	const char *who; /* NULL: none; not safe to show */
};

/* has_zone: the owner publishes records for the name. Returns how many. */
size_t dg_advise(const struct dg_verdict *v, const struct dg_tally *t, bool has_zone,
	struct dg_advice ret[DG_ADVICE_MAX]);
/* Are the reporters few enough to write to each? */
bool dg_has_few_reporters(const struct dg_tally *t);
const char *dg_step_text(enum dg_step s); /* "close-relay", ...: stable, for JSON */
