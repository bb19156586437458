/* zones/watch/aggregate_words.h: the words of aggregate reports, in any case of letters. Inside zones/watch. */
#pragma once

#include "zones/watch/aggregate.h"

enum dg_aggregate_disposition dg_aggregate_disposition_of(const char *word);
enum dg_aggregate_result dg_aggregate_result_of(const char *word);
enum dg_aggregate_reason dg_aggregate_reason_of(const char *word);
