#include "zones/record/zone.h"

#include "zones/base/arena.h"
#include "zones/record/name.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 16u

struct dg_zone *dg_zone_new(struct dg_arena *a, const char *apex)
{
	struct dg_zone *z = dg_new(a, struct dg_zone);

	z->arena = a;
	z->apex = dg_strdup(a, apex);
	z->version = "";
	z->from = "";
	return z;
}

void dg_zone_add(struct dg_zone *z, const struct dg_rrset *set)
{
	if (z->n == z->cap) {
		size_t cap = z->cap > 0 ? z->cap * 2 : FIRST_CAP;
		struct dg_rrset *grown = dg_newn(z->arena, struct dg_rrset, cap);

		if (z->n > 0) {
			memcpy(grown, z->sets, z->n * sizeof(*grown));
		}
		z->sets = grown;
		z->cap = cap;
	}
	z->sets[z->n++] = *set;
	z->is_sealed = false;
}

static int cmp_key(const struct dg_rrset *x, const struct dg_rrset *y)
{
	int d = x->owner == y->owner ? 0 : dg_name_cmp(x->owner, y->owner);

	return d != 0 ? d : (x->type > y->type) - (x->type < y->type);
}

static int cmp_sets(const void *x, const void *y)
{
	return cmp_key(x, y);
}

/* n sets of one key as one. */
static struct dg_rrset join(struct dg_arena *a, const struct dg_rrset *sets, size_t n)
{
	size_t n_all = 0;
	size_t at = 0;
	uint32_t ttl = DG_TTL_MAX;

	for (size_t i = 0; i < n; i++) {
		n_all += sets[i].n;
	}
	struct dg_rdata *rdata = dg_newn(a, struct dg_rdata, n_all);
	for (size_t i = 0; i < n; i++) {
		if (sets[i].n > 0) {
			memcpy(rdata + at, sets[i].rdata, sets[i].n * sizeof(*rdata));
			at += sets[i].n;
			ttl = sets[i].ttl < ttl ? sets[i].ttl : ttl;
		}
	}
	return dg_rrset_make(sets[0].owner, sets[0].type, n_all > 0 ? ttl : 0, rdata, n_all);
}

void dg_zone_seal(struct dg_zone *z)
{
	size_t kept = 0;
	bool is_sorted = true;

	for (size_t i = 1; i < z->n && is_sorted; i++) {
		is_sorted = cmp_key(&z->sets[i - 1], &z->sets[i]) < 0;
	}
	if (!is_sorted) {
		qsort(z->sets, z->n, sizeof(*z->sets), cmp_sets);
	}
	for (size_t i = 0; i < z->n;) {
		size_t n = 1;

		while (i + n < z->n && cmp_key(&z->sets[i], &z->sets[i + n]) == 0) {
			n++;
		}
		z->sets[kept++] = n == 1 ? z->sets[i] : join(z->arena, &z->sets[i], n);
		i += n;
	}
	z->n = kept;
	z->is_sealed = true;
}

/* Index of the first set that is not before key. */
static size_t lower_bound(const struct dg_zone *z, const struct dg_rrset *key)
{
	size_t lo = 0;
	size_t hi = z->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (cmp_key(&z->sets[mid], key) < 0) {
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	return lo;
}

size_t dg_zone_lower_bound(const struct dg_zone *z, const char *owner)
{
	const struct dg_rrset key = dg_rrset_none(owner, 0);

	return lower_bound(z, &key);
}

static bool is_all_known(const struct dg_zone *z, const char *owner)
{
	return z->is_complete && dg_name_is_at_or_under(owner, z->apex);
}

int dg_zone_get(const struct dg_zone *z, const char *owner, uint16_t type, struct dg_rrset *ret_set)
{
	struct dg_rrset key = dg_rrset_none(owner, type);
	size_t i = lower_bound(z, &key);

	if (i < z->n && cmp_key(&z->sets[i], &key) == 0) {
		*ret_set = z->sets[i];
		return 0;
	}
	if (!is_all_known(z, owner)) {
		return 1;
	}
	*ret_set = key;
	return 0;
}

int dg_zone_has_name(const struct dg_zone *z, const char *owner)
{
	for (size_t i = dg_zone_lower_bound(z, owner);
		i < z->n && strcmp(z->sets[i].owner, owner) == 0; i++) {
		if (z->sets[i].n > 0) {
			return 1;
		}
	}
	return is_all_known(z, owner) ? 0 : 2;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* 0: *ret_soa is the SOA, its five numbers are its last 20 octets (RFC 1035 section 3.3.13). */
static int soa_of(const struct dg_zone *z, struct dg_rrset *ret_soa)
{
	if (dg_zone_get(z, z->apex, DG_TYPE_SOA, ret_soa) != 0 || ret_soa->n == 0 ||
		ret_soa->rdata[0].len < 22) {
		return 1;
	}
	return 0;
}

uint32_t dg_zone_serial(const struct dg_zone *z)
{
	struct dg_rrset soa;

	return soa_of(z, &soa) == 0 ? be32(soa.rdata[0].wire + soa.rdata[0].len - 20) : 0;
}

uint32_t dg_zone_negative_ttl(const struct dg_zone *z)
{
	struct dg_rrset soa;

	if (soa_of(z, &soa) != 0) {
		return 0;
	}
	uint32_t minimum = be32(soa.rdata[0].wire + soa.rdata[0].len - 4);
	return minimum < soa.ttl ? minimum : soa.ttl;
}
