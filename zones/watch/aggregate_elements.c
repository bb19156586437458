#include "zones/watch/aggregate_elements.h"

#include <stddef.h>
#include <string.h>

struct child {
	const char *name; /* NULL: no more */
	enum dg_element is;
};

#define CHILDREN_MAX 6u
static const struct child children[DG_ELEMENTS][CHILDREN_MAX] = {
	[DG_ELEMENT_DOCUMENT] = {{"feedback", DG_ELEMENT_FEEDBACK}},
	[DG_ELEMENT_FEEDBACK] = {{"record", DG_ELEMENT_RECORD},
		{"report_metadata", DG_ELEMENT_METADATA}, {"policy_published", DG_ELEMENT_POLICY}},
	[DG_ELEMENT_METADATA] = {{"org_name", DG_ELEMENT_ORG}, {"email", DG_ELEMENT_EMAIL},
		{"report_id", DG_ELEMENT_ID}, {"date_range", DG_ELEMENT_RANGE}},
	[DG_ELEMENT_RANGE] = {{"begin", DG_ELEMENT_BEGIN}, {"end", DG_ELEMENT_END}},
	[DG_ELEMENT_POLICY] = {{"domain", DG_ELEMENT_DOMAIN}, {"p", DG_ELEMENT_P},
		{"sp", DG_ELEMENT_SP}},
	[DG_ELEMENT_RECORD] = {{"row", DG_ELEMENT_ROW}, {"identifiers", DG_ELEMENT_IDENTIFIERS},
		{"auth_results", DG_ELEMENT_RESULTS}},
	[DG_ELEMENT_ROW] = {{"source_ip", DG_ELEMENT_SOURCE}, {"count", DG_ELEMENT_COUNT},
		{"policy_evaluated", DG_ELEMENT_EVALUATED}},
	[DG_ELEMENT_EVALUATED] = {{"disposition", DG_ELEMENT_DISPOSITION},
		{"dkim", DG_ELEMENT_DKIM}, {"spf", DG_ELEMENT_SPF}, {"reason", DG_ELEMENT_REASON}},
	[DG_ELEMENT_REASON] = {{"type", DG_ELEMENT_TYPE}, {"comment", DG_ELEMENT_COMMENT}},
	[DG_ELEMENT_IDENTIFIERS] = {{"header_from", DG_ELEMENT_HEADER_FROM},
		{"envelope_from", DG_ELEMENT_ENVELOPE_FROM},
		{"envelope_to", DG_ELEMENT_ENVELOPE_TO}},
	[DG_ELEMENT_RESULTS] = {{"dkim", DG_ELEMENT_DKIM_RESULT}, {"spf", DG_ELEMENT_SPF_RESULT}},
	[DG_ELEMENT_DKIM_RESULT] = {{"domain", DG_ELEMENT_DKIM_DOMAIN},
		{"selector", DG_ELEMENT_DKIM_SELECTOR}, {"result", DG_ELEMENT_DKIM_WORD}},
	[DG_ELEMENT_SPF_RESULT] = {{"domain", DG_ELEMENT_SPF_DOMAIN},
		{"scope", DG_ELEMENT_SPF_SCOPE}, {"result", DG_ELEMENT_SPF_WORD}},
};

static enum dg_element find_name(enum dg_element parent, const char *name)
{
	const struct child *list = children[parent];

	for (size_t i = 0; i < CHILDREN_MAX && list[i].name; i++) {
		if (strcmp(list[i].name, name) == 0) {
			return list[i].is;
		}
	}
	return DG_ELEMENT_DOCUMENT;
}

enum dg_element dg_element_find(enum dg_element parent, const char *name)
{
	enum dg_element e = find_name(parent, name);
	const char *colon = e == DG_ELEMENT_DOCUMENT ? strrchr(name, ':') : NULL;

	return colon ? find_name(parent, colon + 1) : e;
}

bool dg_element_has_children(enum dg_element e)
{
	return children[e][0].name != NULL;
}
