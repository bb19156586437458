/* zones/incident/advice.h: what to do next, in order, for a verdict. Pure: codes; the words are the reader's language's.
 *
 * Rule     What stops harm stands first: a hole in a host of ours before records, records before letters. A split is
 *          advised only where the verdict has it, and advised against where a host or an account of ours sends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_ledger;
struct dg_verdict;

#define DG_ADVICE_MAX 32u /* each step once */

enum dg_todo {
	DG_TODO_CALM, /* nobody broke in: no password needs changing for this */
	DG_TODO_NO_SPLIT, /* do not move the mail name: it would not stop it, and would cost your mail */
	DG_TODO_CLOSE_RELAY,   /* close the relay: who */
	DG_TODO_TEST_RELAY,    /* see that it is closed */
	DG_TODO_BLOCK_ACCOUNT, /* block the account: who; change its password, end its sessions */
	DG_TODO_FIND_ACCOUNT,  /* find out which account: log of logins */
	DG_TODO_SAVE_LOGS,     /* before they are rotated */
	DG_TODO_FIND_SCRIPT,   /* take the script off: who */
	DG_TODO_FIND_PATH,     /* find the log line of one of the queue ids */
	DG_TODO_EMPTY_QUEUE,   /* what waits in the queue is spam */
	DG_TODO_ASK_PROVIDER,  /* give it the ids, ask for its log: who */
	DG_TODO_WITHDRAW_SPF,  /* take the host or include out of SPF as long */
	DG_TODO_REVOKE_DKIM,   /* revoke the key with which it signs */
	DG_TODO_FORWARD_ONLY,  /* a name that only forwards publishes -all */
	DG_TODO_BLOCKLISTS,    /* see whether the host was listed */
	DG_TODO_TELL_USER,     /* the person whose login it was */
	DG_TODO_PUBLISH,       /* SPF -all and DMARC reject */
	DG_TODO_ARM,           /* low TTLs now, so that a split takes a minute and not a day */
	DG_TODO_SPLIT,         /* move the mail name */
	DG_TODO_NULL_UNUSED, /* local parts are random: a mail server that refuses unknown recipients */
	DG_TODO_ASK_OWNER,       /* no zone of yours: send this to whoever runs the domain */
	DG_TODO_FILTER,          /* put bounces without your own Message-ID aside */
	DG_TODO_WRITE_REPORTERS, /* few enough to write to */
	DG_TODO_WRITE_ORIGINS,   /* abuse desks of the networks that handed it over */
	DG_TODO_LIST_CLOSE,      /* the list takes no null-sender mail: who */
	DG_TODO_LIST_NAME,       /* the list gets a mail name of its own */
	DG_TODO_LIST_TELL,       /* write to the subscribers */
	DG_TODO_CLEAN_LIST,      /* your own mailing: take the dead addresses off */
	DG_TODO_KEEP,            /* keep the bounces: they are the evidence */
	DG_TODO_DECIDE,          /* first find out what would decide it */
	DG_TODOS,
};

struct dg_advice {
	enum dg_todo step;
	const char *who; /* NULL: none; not safe to show */
};

/* has_zone: surely the owner publishes the records of the name. Returns how many. */
size_t dg_advise(const struct dg_verdict *v, const struct dg_ledger *t, bool has_zone,
	struct dg_advice ret[DG_ADVICE_MAX]);
/* Are the reporters few enough to write to each? */
bool dg_has_few_reporters(const struct dg_ledger *t);
const char *dg_todo_text(enum dg_todo s); /* "close-relay", ...: stable, for JSON */
