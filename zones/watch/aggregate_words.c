#include "zones/watch/aggregate_words.h"

#include <strings.h>

struct word {
	const char *text;
	int value;
};

static const struct word dispositions[] = {
	{"none", DG_AGGREGATE_NONE},
	{"pass", DG_AGGREGATE_PASS},
	{"quarantine", DG_AGGREGATE_QUARANTINE},
	{"reject", DG_AGGREGATE_REJECT},
};

static const struct word results[] = {
	{"pass", DG_AGGREGATE_RESULT_PASS},
	{"fail", DG_AGGREGATE_RESULT_FAIL},
	{"none", DG_AGGREGATE_RESULT_NONE},
	{"softfail", DG_AGGREGATE_RESULT_SOFTFAIL},
	{"neutral", DG_AGGREGATE_RESULT_NEUTRAL},
	{"policy", DG_AGGREGATE_RESULT_POLICY},
	{"temperror", DG_AGGREGATE_RESULT_TEMPERROR},
	{"permerror", DG_AGGREGATE_RESULT_PERMERROR},
	/* of reporters that spell them as older documents did */
	{"hardfail", DG_AGGREGATE_RESULT_FAIL},
	{"unknown", DG_AGGREGATE_RESULT_PERMERROR},
	{"error", DG_AGGREGATE_RESULT_TEMPERROR},
};

static const struct word reasons[] = {
	{"forwarded", DG_AGGREGATE_REASON_FORWARDED},
	{"trusted_forwarder", DG_AGGREGATE_REASON_FORWARDED},
	{"mailing_list", DG_AGGREGATE_REASON_LIST},
	{"local_policy", DG_AGGREGATE_REASON_LOCAL},
	{"sampled_out", DG_AGGREGATE_REASON_SAMPLED},
	{"policy_test_mode", DG_AGGREGATE_REASON_TESTING},
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static int value_of(const struct word *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(list[i].text, text) == 0) {
			return list[i].value;
		}
	}
	return 0;
}

static const char *text_of(const struct word *list, size_t n, int value)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].value == value) {
			return list[i].text;
		}
	}
	return "other";
}

enum dg_aggregate_disposition dg_aggregate_disposition_of(const char *word)
{
	return (enum dg_aggregate_disposition)value_of(dispositions, COUNT(dispositions), word);
}

enum dg_aggregate_result dg_aggregate_result_of(const char *word)
{
	return (enum dg_aggregate_result)value_of(results, COUNT(results), word);
}

enum dg_aggregate_reason dg_aggregate_reason_of(const char *word)
{
	return (enum dg_aggregate_reason)value_of(reasons, COUNT(reasons), word);
}

const char *dg_aggregate_disposition_text(enum dg_aggregate_disposition d)
{
	return text_of(dispositions, COUNT(dispositions), (int)d);
}

const char *dg_aggregate_result_text(enum dg_aggregate_result r)
{
	return text_of(results, COUNT(results), (int)r);
}

bool dg_aggregate_number(const char *text, uint64_t limit, uint64_t *ret_n)
{
	uint64_t n = 0;

	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9' || n >= limit / 10) {
			return false;
		}
		n = n * 10 + (uint64_t)(*p - '0');
	}
	*ret_n = n;
	return text[0] != '\0';
}

const char *dg_aggregate_seen(const char *value, char buf[DG_AGGREGATE_SEEN])
{
	size_t n = 0;

	while (n < DG_AGGREGATE_SEEN - 1 && value[n] != '\0') {
		bool is_plain = value[n] >= ' ' && value[n] <= '~';
		buf[n] = value[n];
		if (!is_plain) {
			buf[n] = '?';
		}
		n++;
	}
	buf[n] = '\0';
	return n > 0 ? buf : "nothing";
}
