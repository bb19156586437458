/* zones/check/verdict.h: what the files of the verdict share. Inside zones/check only. */
#pragma once

#include "zones/check/rule.h"

/* Of several names the weakest counts: FORGEABLE first, then what could not be told, then LENIENT. True: x is weaker than y. */
bool check_is_weaker(enum dg_forgery x, enum dg_forgery y);
/* "example.com TXT v=spf1 -all", cut off where it is long, safe to show. */
const char *check_deciding(struct check *c, const char *owner, const char *text);
/* MAIL FROM and HELO. */
void check_verdict_spf(struct check *c);
/* Does the record of the domain let every host pass, so that DMARC passes too? */
bool check_passes_all(const struct check *c);
