/* Any text as a zone file: the two readers agree, and what an edit makes is read again as it was meant. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/record/zone.h"
#include "zones/record/zonefile.h"

#define SIZE_MAX_IN (1u << 16)
#define APEX        "example.com."
#define N_SETS      3u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds) {
		abort();
	}
}

static void agree(const struct dg_zone *x, const struct dg_zone *y)
{
	must(x->n == y->n && x->is_complete == y->is_complete);
	for (size_t i = 0; i < x->n; i++) {
		must(strcmp(x->sets[i].owner, y->sets[i].owner) == 0);
		must(x->sets[i].type == y->sets[i].type && x->sets[i].ttl == y->sets[i].ttl);
		must(y->sets[i].n >= x->sets[i].n && (x->sets[i].n > 0) == (y->sets[i].n > 0));
	}
}

static const struct dg_rrset *wanted(const struct dg_rrset *sets, const struct dg_rrset *key)
{
	for (size_t i = 0; i < N_SETS; i++) {
		if (sets[i].type == key->type && strcmp(sets[i].owner, key->owner) == 0) {
			return &sets[i];
		}
	}
	return NULL;
}

/* Every set of x is in y: as wanted, or unchanged; the SOA may differ. */
static void check_intent(
	const struct dg_zone *x, const struct dg_zone *y, const struct dg_rrset *sets)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct dg_rrset *want = wanted(sets, &x->sets[i]);
		struct dg_rrset got = dg_rrset_none(x->sets[i].owner, x->sets[i].type);

		(void)dg_zone_get(y, got.owner, got.type, &got);
		must(got.type == DG_TYPE_SOA ? got.n == 1
					     : dg_rrset_same(want ? want : &x->sets[i], &got));
	}
}

static void edit(struct dg_arena *a, struct dg_zonefile *f, const struct dg_zone *z, uint8_t die)
{
	struct dg_rdata *rdata = dg_newn(a, struct dg_rdata, 4);
	struct dg_rrset sets[N_SETS];
	struct dg_zonefile *f_now = NULL;
	struct dg_zone *now = NULL;
	struct dg_err err;
	struct dg_buf out;

	rdata[0] = dg_mx_make(a, 0, ".");
	rdata[1] = dg_mx_make(a, 10, "a." APEX);
	rdata[2] = dg_mx_make(a, 20, "b." APEX);
	rdata[3] = dg_txt_make(a, "v=spf1 -all; \"\x80\\", 16);
	sets[0] = dg_rrset_make(
		APEX, DG_TYPE_MX, die, die & 1 ? rdata : rdata + 1, die & 2 ? 0 : 1 + (die & 1));
	sets[1] = dg_rrset_make(
		z->sets[die % z->n].owner, DG_TYPE_TXT, 60, rdata + 3, die & 4 ? 1 : 0);
	sets[2] = dg_rrset_make("_dmarc." APEX, DG_TYPE_TXT, 60, rdata + 3, 1);
	if (wanted(sets, &sets[2]) != &sets[2]) {
		return; /* the same set twice is refused */
	}
	dg_buf_init(&out, 8 * SIZE_MAX_IN);
	if (dg_zonefile_edit(f, sets, N_SETS, DG_SERIAL_AUTO, 1795348800, &out, &err) == 0) {
		must(dg_zonefile_scan(a, out.data, out.len, APEX, "now", &f_now, &err) == 0);
		must(dg_zonefile_read(f_now, &now, &err) == 0);
		check_intent(z, now, sets);
		check_intent(now, now, sets);
		for (size_t i = 0; i < now->n; i++) { /* nothing is new that is not wanted */
			struct dg_rrset was;
			must(wanted(sets, &now->sets[i]) != NULL ||
				(dg_zone_get(z, now->sets[i].owner, now->sets[i].type, &was) == 0 &&
					was.n > 0));
		}
	}
	dg_buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a = NULL;
	struct dg_zonefile *f = NULL;
	struct dg_zone *full = NULL;
	struct dg_zone *mail = NULL;
	struct dg_err err;

	if (size == 0 || size > SIZE_MAX_IN) {
		return 0;
	}
	a = dg_arena_new((size_t)1 << 30);
	char *text = dg_memdup(a, data + 1, size - 1);
	if (dg_zonefile_scan(a, text, size - 1, APEX, "x", &f, &err) == 0) {
		int r_mail = dg_zonefile_read_mail(f, &mail, &err);
		int r_full = dg_zonefile_read(f, &full, &err);

		must(r_full != 0 || r_mail == 0);
		if (r_full == 0) {
			agree(full, mail);
			edit(a, f, full, data[0]);
		}
	}
	dg_arena_free(a);
	return 0;
}
