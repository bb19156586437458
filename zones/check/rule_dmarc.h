/* zones/check/rule_dmarc.h: what the files about DMARC share. Inside zones/check only. */
#pragma once

#include <stddef.h>

struct check;

/* Where the reports of the record at the domain go; evidence: that record. */
void check_dmarc_reports(struct check *c, const char *evidence);
/* The record that should stand there: the one in force with p=reject and nothing weaker, or a first one. */
const char *check_dmarc_line(struct check *c);
