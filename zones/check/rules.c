/* All rules, in the order of the book. A line may have kinds alone: those of readers in zones/mail. */
#include "zones/check/rule.h"

const struct rule dg_rules[] = {
	{check_survey, dg_survey_kinds},
	{check_dkim, dg_dkim_kinds},
	{check_sts, dg_sts_kinds},
	{check_tlsrpt, dg_tlsrpt_kinds},
	{check_dane, dg_dane_kinds},
	{check_dnssec, dg_dnssec_kinds},
	{check_bimi, dg_bimi_kinds},
	{check_servers, dg_servers_kinds},
	{check_relay, dg_relay_kinds},
	{NULL, NULL},
};
