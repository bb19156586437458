/* All rules, in the order of the book. A line may have kinds alone: those of readers in zones/mail. */
#include "zones/check/rule.h"

const struct rule dg_rules[] = {
	{check_survey, dg_survey_kinds},
	{check_spf, dg_spf_kinds},
	{NULL, dg_spf_syntax_kinds},
	{check_dmarc, dg_dmarc_kinds},
	{NULL, dg_dmarc_syntax_kinds},
	{check_mx, dg_mx_kinds},
	{check_hosts, dg_hosts_kinds},
	{check_wildcard, dg_wildcard_kinds},
	{check_parked, dg_parked_kinds},
	{check_dkim, dg_dkim_kinds},
	{check_sts, dg_sts_kinds},
	{check_tlsrpt, dg_tlsrpt_kinds},
	{check_dane, dg_dane_kinds},
	{check_dnssec, dg_dnssec_kinds},
	{check_bimi, dg_bimi_kinds},
	{check_servers, dg_servers_kinds},
	{check_relay, dg_relay_kinds},
	{check_verdict, NULL},
	{NULL, NULL},
};
