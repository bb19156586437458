/* zones/watch/opensmtpd.h: the report stream that smtpd of OpenSMTPD gives a filter (smtpd-filters(7)). Pure.
 *
 * Shape    "report|VERSION|SECONDS.FRACTION|smtp-in|EVENT|SESSION|..." a line. Since protocol 0.6 tx-mail and tx-rcpt carry the result before
 *          the address; before it after. An empty address is the null sender.
 * Meaning  A recipient taken counts when its message is committed. One refused for good is UNKNOWN: smtpd itself refuses recipients of
 *          its own domains only when they do not exist, and those of other domains are of no mail name that is watched.
 *          The stream does not say why: where another filter refuses recipients, read the log instead. tempfail is BARRED.
 *          A client that has authenticated (link-auth) sends mail of ours: SENT.
 * Limits   DG_OPENSMTPD_SESSIONS at once, the longest quiet one gives way; DG_OPENSMTPD_LINE_MAX octets a line; of a message's recipients
 *          those that fit into DG_OPENSMTPD_HELD octets, the others count when they are named.
 * Memory   Heap; dg_opensmtpd_free(). What an event points at lives until the function returns.
 */
#pragma once

#include "zones/watch/maillog.h"

#include <stddef.h>

#define DG_OPENSMTPD_SESSIONS 1024u
#define DG_OPENSMTPD_LINE_MAX 4096u
#define DG_OPENSMTPD_HELD     16384u

struct dg_opensmtpd;

struct dg_opensmtpd *dg_opensmtpd_new(
	void (*on_event)(void *arg, const struct dg_mail_event *e), void *arg);
struct dg_opensmtpd *dg_opensmtpd_free(struct dg_opensmtpd *o); /* NULL is fine; returns NULL */
/* One line without its newline. 0, or 1: smtpd has said all about itself and waits for what
 * dg_opensmtpd_register() has to say. What is no report is passed over. */
int dg_opensmtpd_line(struct dg_opensmtpd *o, const char *line, size_t len);
const char *dg_opensmtpd_register(void); /* lines */
