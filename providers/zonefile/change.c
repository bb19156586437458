#include "providers/zonefile/change.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/name.h"

#include <string.h>

#define SERIAL_AT 20u /* octets before the end of a SOA's data (RFC 1035 section 3.3.13) */

/* A text, cut into statements and read. */
struct reading {
	struct dg_zonefile *file;
	struct dg_zone *zone;
};

static int read_text(struct dg_arena *a, const struct dg_change_input *in, const char *text,
	size_t len, struct reading *ret_reading, struct dg_err *err)
{
	int r = dg_zonefile_scan(a, text, len, in->zone, in->file, &ret_reading->file, err);

	return r < 0 ? r : dg_zonefile_read(ret_reading->file, &ret_reading->zone, err);
}

static int check_before(const struct dg_zonefile *f, const struct dg_zone *have,
	const struct dg_change_input *in, struct dg_err *err)
{
	char type[16];

	for (size_t i = 0; i < in->n_swaps; i++) {
		const struct dg_rrset *before = &in->swaps[i].before;
		struct dg_rrset now;

		(void)dg_type_text(before->type, type);
		if (dg_zonefile_may_hide(f, before->type)) {
			return dg_fail(err, DG_EPOLICY,
				"%s: %s %s may have records that $INCLUDE or $GENERATE adds, which "
				"dnsguard does not read: put them into the file itself",
				in->file, before->owner, type);
		}
		if (dg_zone_get(have, before->owner, before->type, &now) != 0) {
			now = dg_rrset_none(before->owner, before->type);
		}
		if (!dg_rrset_same(&now, before)) {
			return dg_fail(err, DG_ECONFLICT,
				"%s was changed meanwhile: %s %s is no longer what it was when the "
				"plan was made",
				in->file, before->owner, type);
		}
	}
	return 0;
}

static const struct dg_rrset *after_of(const struct dg_change_input *in, const struct dg_rrset *key)
{
	for (size_t i = 0; i < in->n_swaps; i++) {
		if (in->swaps[i].after.type == key->type &&
			strcmp(in->swaps[i].after.owner, key->owner) == 0) {
			return &in->swaps[i].after;
		}
	}
	return NULL;
}

/* The SOA may differ in its serial, and in nothing else. */
static bool is_same_soa(const struct dg_rrset *x, const struct dg_rrset *y)
{
	const struct dg_rdata *p = x->rdata;
	const struct dg_rdata *q = y->rdata;

	return x->n == 1 && y->n == 1 && x->ttl == y->ttl && p->len == q->len &&
	       p->len > SERIAL_AT && memcmp(p->wire, q->wire, p->len - SERIAL_AT) == 0 &&
	       memcmp(p->wire + p->len - SERIAL_AT + 4, q->wire + q->len - SERIAL_AT + 4,
		       SERIAL_AT - 4) == 0;
}

/* The set of key's owner and type; of a complete zone, what is not there does not exist. */
static struct dg_rrset get(const struct dg_zone *z, const struct dg_rrset *key)
{
	struct dg_rrset set;

	return dg_zone_get(z, key->owner, key->type, &set) == 0
		       ? set
		       : dg_rrset_none(key->owner, key->type);
}

/* A set that does not stand in now as it should: as the swaps want it, else as it was. NULL: all do. */
static const struct dg_rrset *first_wrong(
	const struct dg_change_input *in, const struct dg_zone *was, const struct dg_zone *now)
{
	for (size_t i = 0; i < in->n_swaps; i++) {
		const struct dg_rrset *want = &in->swaps[i].after;
		struct dg_rrset got = get(now, want);

		if (!dg_rrset_same(&got, want)) {
			return want;
		}
	}
	for (size_t i = 0; i < was->n; i++) {
		const struct dg_rrset *set = &was->sets[i];
		struct dg_rrset got = get(now, set);
		bool is_same = set->type == DG_TYPE_SOA ? is_same_soa(set, &got)
							: dg_rrset_same(set, &got);

		if (!is_same && !after_of(in, set)) {
			return set;
		}
	}
	for (size_t i = 0; i < now->n; i++) {
		const struct dg_rrset *set = &now->sets[i];

		if (!after_of(in, set) && get(was, set).n == 0) {
			return set;
		}
	}
	return NULL;
}

/* The new text is read like a stranger's: it must mean what was intended, no more and no less. */
static int prove(struct dg_arena *a, const struct dg_change_input *in, const struct dg_zone *was,
	const struct dg_buf *out, struct dg_err *err)
{
	struct reading now;
	char type[16];

	int r = read_text(a, in, out->data, out->len, &now, err);
	if (r < 0) {
		return dg_wrap(err, r, "the new text would not be readable; nothing was written");
	}
	const struct dg_rrset *wrong = first_wrong(in, was, now.zone);
	if (wrong) {
		return dg_fail(err, DG_EIO,
			"%s: the new text would not say what was intended at %s %s (a bug in "
			"dnsguard); nothing "
			"was written",
			in->file, wrong->owner, dg_type_text(wrong->type, type));
	}
	return 0;
}

int dg_change_text(struct dg_arena *a, const struct dg_change_input *in, struct dg_buf *out,
	struct dg_err *err)
{
	struct dg_rrset *sets = dg_newn(a, struct dg_rrset, in->n_swaps);
	struct reading was;

	int r = read_text(a, in, in->text, in->len, &was, err);
	r = r < 0 ? r : check_before(was.file, was.zone, in, err);
	if (r < 0) {
		return r;
	}
	for (size_t i = 0; i < in->n_swaps; i++) {
		sets[i] = in->swaps[i].after;
	}
	r = dg_zonefile_edit(was.file, sets, in->n_swaps, in->scheme, in->now, out, err);
	return r < 0 ? r : prove(a, in, was.zone, out, err);
}
