/* zones/watch/aggregate_words.h: the words of aggregate reports, in any case of letters. Inside zones/watch. */
#pragma once

#include "zones/watch/aggregate.h"

enum dg_aggregate_disposition dg_aggregate_disposition_of(const char *word);
enum dg_aggregate_result dg_aggregate_result_of(const char *word);
enum dg_aggregate_reason dg_aggregate_reason_of(const char *word);

/* Digits only; false: no number below the limit. */
bool dg_aggregate_number(const char *text, uint64_t limit, uint64_t *ret_n);
/* A value as it may be shown: what is not printable ASCII is a question mark; cut. "nothing" when it is empty. */
#define DG_AGGREGATE_SEEN 40u
const char *dg_aggregate_seen(const char *value, char buf[DG_AGGREGATE_SEEN]);
