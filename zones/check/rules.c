/* All rules, in the order of the book. A line may have kinds alone: those of readers in zones/mail. */
#include "zones/check/rule.h"

const struct rule dg_rules[] = {
	{check_survey, dg_survey_kinds},
	{NULL, NULL},
};
