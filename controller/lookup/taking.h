/* controller/lookup/taking.h: do the MX hosts of a name take mail for it? Each is asked by SMTP up to RCPT (smtp.h), never further.
 *
 * Shape    The addresses of each host come from the resolver; each address is asked, a few at once, with the null reverse-path (no
 *          SPF or DMARC of ours can be in the way, and RFC 5321 section 4.5.5 wants it taken) or another.
 * Verdict  REFUSES: somebody said 5xx: mail that comes to him is lost. TAKES: nobody did, and of each host at least one address took
 *          every recipient. UNKNOWN: no connection, no address, 4xx: could not tell.
 * Calls    done() comes once, from the loop. The inquiry must live until then. dg_taking_cancel(): none comes.
 * Limits   DG_TAKING_ADDRESSES addresses in all; beyond: not asked, and said so.
 * Memory   Results in the arena given.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_loop;
struct dg_resolver;

#define DG_TAKING_ADDRESSES 40u
#define DG_TAKING_AT_ONCE   8u

enum dg_takes {
	DG_TAKES,
	DG_TAKES_REFUSES,
	DG_TAKES_UNKNOWN,
};

struct dg_taking_answer {
	const char *host;    /* canonical */
	const char *address; /* NULL: it has none */
	enum dg_takes takes;
	const char *rcpt; /* the recipient that the answer is about; NULL */
	int code;         /* 0: no reply */
	const char *text; /* what it said, or why it could not be asked; safe to show */
};

struct dg_taking {
	struct dg_loop *loop;
	struct dg_resolver *resolver;
	const char *const *hosts; /* canonical */
	size_t n_hosts;
	const char *from;         /* without <>; NULL: the null reverse-path */
	const char *const *rcpts; /* addresses: "postmaster@m.example.com" */
	size_t n_rcpts;
	uint16_t port;      /* 0: 25 */
	int64_t timeout_ms; /* for all addresses to be found, and again for each dialogue */
	struct dg_arena *arena;
	void (*done)(struct dg_taking *t);
	void *arg;
	/* --- results --- */
	enum dg_takes takes;
	struct dg_taking_answer *answers;
	size_t n_answers;
	void *internal;
};

void dg_taking_start(struct dg_taking *t);
void dg_taking_cancel(struct dg_taking *t); /* one that is over, or never began, is fine */
const char *dg_takes_text(enum dg_takes t); /* "takes", "refuses", "unknown": stable, for JSON */
