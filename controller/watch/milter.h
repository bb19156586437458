/* controller/watch/milter.h: a milter that counts, and refuses what the controller asks for (shed.h); it never
 * touches mail (libmilter). In a process of its own.
 *
 * Shape    Null sender: {mail_addr} is empty; a comparison with "<>" misses "< >" and "<<>>", which Postfix takes for the same. A recipient
 *          that was refused ({rcpt_mailer} is "error") is UNKNOWN with status 5.1.1, else BARRED. One that was taken counts at the end of its
 *          message; a null-sender dialogue that ends before DATA (a callout) is BARRED. Mail with a sender: SENT when the client has
 *          authenticated, else RECEIVED. What comes over loopback without authentication (a content filter) does not count.
 * Protocol No actions. SMFIP_RCPT_REJ where it is offered, and none of the no-reply flags: with them Postfix (3.7) buffers events
 *          and drops them when all recipients of a session were refused.
 * Threads  libmilter's own; events go to a struct dg_line_client, which nobody waits for.
 * Limits   DG_MILTER_HELD octets of recipients a message; the others count when they are named.
 */
#pragma once

struct dg_err;
struct dg_line_client;
struct dg_line_place;
struct dg_shed;

#define DG_MILTER_HELD    65536u
#define DG_MILTER_BACKLOG 512

/* Until SIGTERM, SIGINT or SIGHUP. Once a process: libmilter hands its callbacks nothing of the caller's. refused: null-sender mail that is
 * refused at RCPT; NULL: none. */
int dg_milter_run(const struct dg_line_place *place, struct dg_line_client *client,
	struct dg_shed *refused, struct dg_err *err);
