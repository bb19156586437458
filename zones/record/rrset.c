#include "zones/record/rrset.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"

#include <stdlib.h>
#include <string.h>

int dg_rdata_cmp(const struct dg_rdata *x, const struct dg_rdata *y)
{
	size_t shorter = x->len < y->len ? x->len : y->len;
	/* Data of no octets may have no memory. */
	int d = shorter > 0 ? memcmp(x->wire, y->wire, shorter) : 0;

	return d != 0 ? d : (x->len > y->len) - (x->len < y->len);
}

static int cmp_rdata(const void *x, const void *y)
{
	return dg_rdata_cmp(x, y);
}

struct dg_rrset dg_rrset_make(
	const char *owner, uint16_t type, uint32_t ttl, struct dg_rdata *rdata, size_t n)
{
	size_t kept = 0;

	if (n > 1) {
		qsort(rdata, n, sizeof(*rdata), cmp_rdata);
	}
	for (size_t i = 0; i < n; i++) {
		/* Length 0 stands for data that was not read (zonefile.h): those are not known to
		 * be the same. */
		if (kept == 0 || rdata[i].len == 0 ||
			dg_rdata_cmp(&rdata[kept - 1], &rdata[i]) != 0) {
			rdata[kept++] = rdata[i];
		}
	}
	return (struct dg_rrset){
		.owner = owner, .rdata = rdata, .n = kept, .ttl = ttl, .type = type};
}

struct dg_rrset dg_rrset_none(const char *owner, uint16_t type)
{
	return (struct dg_rrset){.owner = owner, .type = type};
}

struct dg_rrset dg_rrset_dup(struct dg_arena *a, const struct dg_rrset *set)
{
	struct dg_rdata *rdata = dg_newn(a, struct dg_rdata, set->n);
	struct dg_rrset copy = *set;

	for (size_t i = 0; i < set->n; i++) {
		rdata[i].wire = dg_memdup(a, set->rdata[i].wire, set->rdata[i].len);
		rdata[i].len = set->rdata[i].len;
	}
	copy.owner = dg_strdup(a, set->owner);
	copy.rdata = rdata;
	return copy;
}

bool dg_rrset_has(const struct dg_rrset *set, const struct dg_rdata *rd)
{
	for (size_t i = 0; i < set->n; i++) {
		if (dg_rdata_cmp(&set->rdata[i], rd) == 0) {
			return true;
		}
	}
	return false;
}

bool dg_rrset_same_data(const struct dg_rrset *x, const struct dg_rrset *y)
{
	if (x->type != y->type || x->n != y->n) {
		return false;
	}
	for (size_t i = 0; i < x->n; i++) {
		if (dg_rdata_cmp(&x->rdata[i], &y->rdata[i]) != 0) {
			return false;
		}
	}
	return true;
}

bool dg_rrset_same(const struct dg_rrset *x, const struct dg_rrset *y)
{
	return strcmp(x->owner, y->owner) == 0 && dg_rrset_same_data(x, y) &&
	       (x->n == 0 || x->ttl == y->ttl);
}

/* Are the joined octets the same? Walks both, for the strings may be cut at other places. */
static bool is_same_text(const struct dg_rdata *x, const struct dg_rdata *y)
{
	size_t i = 0;
	size_t k = 0;
	size_t left_x = 0;
	size_t left_y = 0;

	if (dg_txt_len(x) != dg_txt_len(y)) {
		return false;
	}
	for (size_t n = dg_txt_len(x); n > 0;) {
		while (left_x == 0) {
			left_x = x->wire[i++];
		}
		while (left_y == 0) {
			left_y = y->wire[k++];
		}
		size_t step = left_x < left_y ? left_x : left_y;
		if (memcmp(x->wire + i, y->wire + k, step) != 0) {
			return false;
		}
		i += step;
		k += step;
		left_x -= step;
		left_y -= step;
		n -= step;
	}
	return true;
}

static bool has_all_texts(const struct dg_rrset *x, const struct dg_rrset *y)
{
	for (size_t i = 0; i < x->n; i++) {
		size_t k = 0;

		while (k < y->n && !is_same_text(&x->rdata[i], &y->rdata[k])) {
			k++;
		}
		if (k == y->n) {
			return false;
		}
	}
	return true;
}

bool dg_rrset_same_meaning(const struct dg_rrset *x, const struct dg_rrset *y)
{
	if (dg_rrset_same_data(x, y)) {
		return true;
	}
	return x->type == DG_TYPE_TXT && y->type == DG_TYPE_TXT && has_all_texts(x, y) &&
	       has_all_texts(y, x);
}

void dg_rrset_print(struct dg_buf *b, const struct dg_rrset *set)
{
	char type[16];

	(void)dg_type_text(set->type, type);
	for (size_t i = 0; i < set->n; i++) {
		dg_buf_printf(b, "%s %u IN %s ", set->owner, (unsigned)set->ttl, type);
		dg_rdata_print(b, set->type, &set->rdata[i]);
		dg_buf_putc(b, '\n');
	}
}
