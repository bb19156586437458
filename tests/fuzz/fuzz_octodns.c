/* Any text as octoDNS YAML: a zone or an error with its place; what is exported from it is read again as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/plan/export.h"
#include "zones/plan/plan.h"
#include "zones/policy/octodns.h"
#include "zones/record/zone.h"

#define APEX "example.com."

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds) {
		abort();
	}
}

/* What the export holds stands in the zone that is read from it, and nothing else. */
static void check_same(const struct dg_plan *plan, const struct dg_zone *again)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_managed; i++) {
		const struct dg_rrset *set = &plan->wanted[i];
		struct dg_rrset got;

		must(dg_zone_get(again, set->owner, set->type, &got) == 0);
		must(got.ttl == set->ttl && dg_rrset_same_meaning(set, &got));
		n += set->n > 0;
	}
	must(n == again->n);
}

static void export_all(struct dg_arena *a, const struct dg_zone *zone)
{
	struct dg_plan plan = {.zone = APEX, .wanted = dg_newn(a, struct dg_rrset, zone->n + 1)};
	struct dg_zone *again = NULL;
	struct dg_err err = {0};
	struct dg_buf b;

	for (size_t i = 0; i < zone->n; i++) {
		if (dg_type_is_ours(zone->sets[i].type) && zone->sets[i].n > 0) {
			plan.wanted[plan.n_managed++] = zone->sets[i];
		}
	}
	for (int format = 0; format <= DG_EXPORT_EXTERNAL_DNS; format++) {
		dg_buf_init(&b, 8u << 20);
		int r = dg_export_write(&b, a, &plan, (enum dg_export)format, &err);
		must(r == 0 || (r == DG_EPOLICY && err.text[0]));
		must(!b.data || !strchr(b.data, '\033'));
		if (r == 0 && format == DG_EXPORT_OCTODNS && !b.is_full) {
			must(dg_octodns_read(a, b.data, b.len, APEX, "again", &again, &err) == 0);
			check_same(&plan, again);
		}
		dg_buf_done(&b);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_zone *zone = NULL;
	struct dg_err err = {0};

	if (size > 16384) {
		return 0;
	}
	struct dg_arena *a = dg_arena_new(512u << 20);
	int r = dg_octodns_read(a, (const char *)data, size, APEX, "octo.yaml", &zone, &err);
	must(r == 0 || (r < 0 && err.rc == r && err.text[0]));
	if (r == 0) {
		must(zone->is_sealed && zone->is_complete);
		export_all(a, zone);
	}
	(void)dg_arena_free(a);
	return 0;
}
