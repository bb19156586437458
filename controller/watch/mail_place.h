/* controller/watch/mail_place.h: which mailbox a sensor reads, as zone.yaml says it.
 *
 * Shape    "/home/alice/Maildir"; "imaps://alice@mail.example.com/INBOX password-file=/etc/dnsguard/imap poll=60s ca-file=FILE".
 */
#pragma once

#include "controller/letters/source.h"

struct dg_err;

#define DG_MAIL_PLACE_POLL_MS 60000 /* unless poll= says otherwise */
#define DG_MAIL_PLACE_WORD    1024u

struct dg_mail_place {
	char what[DG_SOURCE_PATH_MAX]; /* of dg_source_open() */
	char password_file[DG_MAIL_PLACE_WORD], ca_file[DG_MAIL_PLACE_WORD];
	int poll_ms;
};

/* kind: "maildir", "mbox", "imap"; NULL: what the text says. */
int dg_mail_place_parse(
	const char *text, const char *kind, struct dg_mail_place *ret_place, struct dg_err *err);
/* Into options of a source; p must live as long. */
void dg_mail_place_apply(const struct dg_mail_place *p, struct dg_source_options *o);
