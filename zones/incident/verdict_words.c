#include "zones/incident/verdict.h"

static const char *const kinds[DG_INCIDENT_KINDS] = {
	[DG_INCIDENT_UNDECIDED] = "undecided",
	[DG_INCIDENT_FORGED] = "forged",
	[DG_INCIDENT_RELAY] = "relay",
	[DG_INCIDENT_ACCOUNT] = "account",
	[DG_INCIDENT_SCRIPT] = "script",
	[DG_INCIDENT_PROVIDER] = "provider",
	[DG_INCIDENT_THROUGH_OWN] = "through-own",
	[DG_INCIDENT_OWN] = "own",
	[DG_INCIDENT_LIST_LEAK] = "list-leak",
};

static const char *const levels[] = {
	[DG_LEVEL_UNDECIDED] = "undecided",
	[DG_LEVEL_MEDIUM] = "medium",
	[DG_LEVEL_HIGH] = "high",
};

static const char *const reasons[DG_REASONS] = {
	[DG_REASON_HANDOFFS] = "handoffs",
	[DG_REASON_NETWORKS] = "networks",
	[DG_REASON_REPORTERS] = "reporters",
	[DG_REASON_TOKENS_MISSING] = "tokens-missing",
	[DG_REASON_TOKENS_VALID] = "tokens-valid",
	[DG_REASON_NEVER] = "recipients-never",
	[DG_REASON_NEVER_SENDS] = "never-sends",
	[DG_REASON_CLAIMED] = "name-claimed",
	[DG_REASON_FORWARDED] = "forwarded",
	[DG_REASON_ROWS_FORGED] = "reports-forged",
	[DG_REASON_THROUGH] = "through-host",
	[DG_REASON_STRANGERS] = "from-strangers",
	[DG_REASON_LOGIN] = "login",
	[DG_REASON_CLIENTS] = "clients",
	[DG_REASON_SCRIPT] = "script",
	[DG_REASON_PROVIDER] = "provider",
	[DG_REASON_SENT] = "sent",
	[DG_REASON_SIGNED] = "signed",
	[DG_REASON_USUAL] = "usual",
	[DG_REASON_LIST] = "list",
	[DG_REASON_NOTICES] = "notices",
	[DG_REASON_NO_BOUNCES] = "no-bounces",
	[DG_REASON_ROWS_OWN] = "reports-own",
	[DG_REASON_ROWS_BURST] = "reports-burst",
	[DG_REASON_OTHERS] = "others",
	[DG_REASON_FEW] = "few",
	[DG_REASON_ONE_REPORTER] = "one-reporter",
	[DG_REASON_UNRETURNED] = "unreturned",
	[DG_REASON_INFERRED] = "inferred",
	[DG_REASON_UNRESOLVED] = "unresolved",
	[DG_REASON_IMPLAUSIBLE] = "implausible",
	[DG_REASON_ROWS_DISAGREE] = "reports-disagree",
	[DG_REASON_COPIES] = "signed-copies",
	[DG_REASON_NO_OWN_PATH] = "no-own-path",
};

static const char *const decides[DG_DECIDES] = {
	[DG_DECIDE_OWN] = "own-addresses",
	[DG_DECIDE_DNS] = "dns",
	[DG_DECIDE_MORE] = "more-bounces",
	[DG_DECIDE_HEADERS] = "returned-headers",
	[DG_DECIDE_LOG] = "log",
	[DG_DECIDE_ASK] = "ask-user",
	[DG_DECIDE_REPORTS] = "aggregate-reports",
	[DG_DECIDE_PROVIDER] = "provider-log",
	[DG_DECIDE_SAMPLE] = "sample",
};

const char *dg_incident_text(enum dg_incident_kind k)
{
	return kinds[k];
}

const char *dg_level_text(enum dg_level l)
{
	return levels[l];
}

const char *dg_reason_text(enum dg_reason_code c)
{
	return reasons[c];
}

const char *dg_decide_text(enum dg_decide d)
{
	return decides[d];
}
