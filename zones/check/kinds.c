#include "zones/check/finding.h"
#include "zones/check/rule.h"

#include <string.h>

const struct dg_kind *dg_kind_at(size_t i)
{
	for (const struct rule *r = dg_rules; r->run || r->kinds; r++) {
		for (const struct dg_kind *k = r->kinds; k && k->code; k++) {
			if (i-- == 0) {
				return k;
			}
		}
	}
	return NULL;
}

const struct dg_kind *dg_kind_find(const char *code)
{
	for (const struct rule *r = dg_rules; r->run || r->kinds; r++) {
		for (const struct dg_kind *k = r->kinds; k && k->code; k++) {
			if (strcmp(k->code, code) == 0) {
				return k;
			}
		}
	}
	return NULL;
}

const char *dg_severity_text(enum dg_severity s)
{
	switch (s) {
	case DG_SEVERITY_GOOD:
		return "good";
	case DG_SEVERITY_NOTE:
		return "note";
	case DG_SEVERITY_WARNING:
		return "warning";
	case DG_SEVERITY_ERROR:
		return "error";
	case DG_SEVERITY_UNKNOWN:
		break;
	}
	return "unknown";
}
