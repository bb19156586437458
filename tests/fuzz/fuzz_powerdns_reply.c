/* Fuzz: what a PowerDNS server answers about a zone, and the PATCH that is made of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "providers/powerdns/body.h"
#include "providers/provider.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true) {
		abort();
	}
}

/* Replaces every RRset of ours by nothing: disabled records must come through whatever they hold. */
static void patch(struct dg_arena *a, const struct dg_powerdns_zone *z)
{
	struct dg_swap *swaps = dg_newn(a, struct dg_swap, z->have->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < z->have->n; i++) {
		const struct dg_rrset *set = &z->have->sets[i];
		if (dg_type_is_ours(set->type)) {
			swaps[n++] = (struct dg_swap){
				.before = *set, .after = dg_rrset_none(set->owner, set->type)};
		}
	}
	check(strncmp(dg_powerdns_patch(a, z, swaps, n, 1795000000), "{\"rrsets\":[", 11) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dg_rrkey keys[] = {
		{"example.test.", DG_TYPE_MX}, {"example.test.", DG_TYPE_TXT}};
	const struct dg_powerdns_wish wishes[] = {
		{.zone = "example.test."},
		{.zone = "example.test.", .mail_only = true},
		{.zone = "example.test.", .keys = keys, .n_keys = 2},
	};

	for (unsigned i = 0; i < 3 && size < 65536; i++) {
		struct dg_arena *a = dg_arena_new(256u << 20);
		struct dg_powerdns_zone *z = NULL;
		struct dg_rrset set;
		struct dg_err err = {0};
		int r = dg_powerdns_zone_parse(a, &wishes[i], (const char *)data, size, &z, &err);
		check((r == 0) == (z != NULL));
		check(r == 0 || (err.rc == r && err.text[0]));
		if (r == 0) {
			check(z->have->is_sealed);
			check(dg_zone_get(z->have, "example.test.", DG_TYPE_MX, &set) == 0);
			patch(a, z);
		}
		(void)dg_powerdns_error_text(a, (const char *)data, size, "key");
		(void)dg_arena_free(a);
	}
	return 0;
}
