/* zones/check/rule_spf.h: what the files about SPF share. Inside zones/check only. */
#pragma once

struct check;

/* What the TXT records at the domain show that are no SPF records, and where strings of one meet. */
void check_spf_texts(struct check *c);
