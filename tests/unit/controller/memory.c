#include "tests/unit/controller/memory.h"

#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/policy/schema.h"
#include "zones/record/name.h"

#include <stdlib.h>
#include <string.h>

struct memory_opts {
	const char *label;
};

static const struct dg_field fields[] = {
	DG_FIELD_STRING(struct memory_opts, label, 0, 63, .dflt = "x", .help = "nothing"),
};

const struct dg_schema memory_schema = {.name = "memory",
	.help = "a zone in memory",
	.size = sizeof(struct memory_opts),
	.fields = fields,
	.n_fields = 1};

struct memory *memory_zone(void)
{
	static struct memory zone;

	return &zone;
}

void memory_reset(struct dg_arena *a)
{
	*memory_zone() = (struct memory){.arena = a};
}

static struct dg_rrset *find(const char *owner, uint16_t type)
{
	struct memory *m = memory_zone();

	for (size_t i = 0; i < m->n; i++) {
		if (m->sets[i].type == type && strcmp(m->sets[i].owner, owner) == 0) {
			return &m->sets[i];
		}
	}
	return NULL;
}

static void put(const struct dg_rrset *set)
{
	struct memory *m = memory_zone();
	struct dg_rrset *at = find(set->owner, set->type);

	if (!at) {
		if (m->n == MEMORY_SETS_MAX) {
			abort();
		}
		at = &m->sets[m->n++];
	}
	*at = dg_rrset_dup(m->arena, set);
}

void memory_set(const char *owner, uint32_t ttl, uint16_t type, const char *rdata)
{
	struct memory *m = memory_zone();
	struct dg_rdata *rd = dg_new(m->arena, struct dg_rdata);
	struct dg_rrset set = dg_rrset_none(owner, type);
	struct dg_err err;

	if (strcmp(rdata, "-") != 0) {
		if (dg_rdata_parse(m->arena, type, rdata, strlen(rdata), ".", rd, &err) < 0) {
			abort();
		}
		set = dg_rrset_make(owner, type, ttl, rd, 1);
	}
	put(&set);
}

struct dg_rrset memory_get(const char *owner, uint16_t type)
{
	const struct dg_rrset *at = find(owner, type);

	return at ? *at : dg_rrset_none(owner, type);
}

static int memory_open(struct dg_provider *p, struct dg_err *err)
{
	(void)p;
	(void)err;
	return 0;
}

static void memory_close(struct dg_provider *p)
{
	(void)p;
}

static void answer_read(void *arg)
{
	struct dg_read *r = arg;
	struct memory *m = memory_zone();

	m->n_reads++;
	if (m->meanwhile) {
		m->meanwhile(m, false);
	}
	if (m->fails_to_read) {
		r->done(r, dg_fail(&r->err, DG_EIO, "no answer"));
		return;
	}
	struct dg_zone *z = dg_zone_new(r->arena, r->zone);
	for (size_t i = 0; i < m->n; i++) {
		if (m->sets[i].n > 0) {
			struct dg_rrset copy = dg_rrset_dup(r->arena, &m->sets[i]);

			dg_zone_add(z, &copy);
		}
	}
	z->is_complete = true;
	z->from = "memory";
	dg_zone_seal(z);
	r->have = z;
	r->done(r, 0);
}

static void memory_read(struct dg_provider *p, struct dg_read *r)
{
	dg_loop_defer(p->loop, answer_read, r);
}

static bool prerequisites_hold(const struct dg_apply *a)
{
	for (size_t i = 0; i < a->n_swaps; i++) {
		struct dg_rrset now = memory_get(a->swaps[i].before.owner, a->swaps[i].before.type);

		/* As RFC 2136 servers do: values are compared, TTLs are not. */
		if (!dg_rrset_same_data(&now, &a->swaps[i].before)) {
			return false;
		}
	}
	return true;
}

static void do_apply(const struct dg_apply *a)
{
	for (size_t i = 0; i < a->n_swaps; i++) {
		put(&a->swaps[i].after);
	}
}

static void answer_apply(void *arg)
{
	struct dg_apply *a = arg;
	struct memory *m = memory_zone();
	enum memory_fault f = m->n_applies < 8 ? m->faults[m->n_applies] : MEMORY_GOOD;

	if (m->aborts_on_write) {
		abort();
	}
	m->n_applies++;
	if (m->meanwhile) {
		m->meanwhile(m, true);
	}
	if (!prerequisites_hold(a) && f != MEMORY_LIES) {
		(void)dg_fail(&a->err, DG_ECONFLICT, "NXRRSET");
		a->done(a, DG_CONFLICT);
		return;
	}
	switch (f) {
	case MEMORY_GOOD:
		do_apply(a);
		a->done(a, DG_APPLIED);
		return;
	case MEMORY_LOST_REPLY:
		do_apply(a);
		(void)dg_fail(&a->err, DG_EIO, "timeout");
		a->done(a, DG_UNKNOWN);
		return;
	case MEMORY_LOST_REQUEST:
		(void)dg_fail(&a->err, DG_EIO, "timeout");
		a->done(a, DG_UNKNOWN);
		return;
	case MEMORY_LIES:
		a->done(a, DG_APPLIED);
		return;
	case MEMORY_BUSY:
		(void)dg_fail(&a->err, DG_EREMOTE, "busy");
		a->err.retry_after_s = 5;
		a->done(a, DG_NOT_APPLIED);
		return;
	case MEMORY_REFUSES:
		(void)dg_fail(&a->err, DG_EREMOTE, "refused");
		a->done(a, DG_NOT_APPLIED);
		return;
	}
}

static void memory_apply(struct dg_provider *p, struct dg_apply *a)
{
	dg_loop_defer(p->loop, answer_apply, a);
}

static int memory_check(
	struct dg_provider *p, const struct dg_swap *swaps, size_t n, struct dg_err *err)
{
	(void)p;
	(void)swaps;
	(void)n;
	(void)err;
	return 0;
}

static const char *memory_describe(
	const struct dg_provider *p, const char *zone, char *buf, size_t len)
{
	(void)p;
	(void)zone;
	if (len > 6) {
		memcpy(buf, "memory", 7);
	}
	return buf;
}

const struct dg_provider_ops memory_ops = {
	.name = "memory",
	.caps = DG_CAP_ATOMIC | DG_CAP_CAS | DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits = {.ttl_min = 1,
		.ttl_max = 2147483647u,
		.txt_max = 65000,
		.null_mx = DG_NULL_MX_ACCEPTED,
		.verified_on = "always"},
	.schema = &memory_schema,
	.open = memory_open,
	.close = memory_close,
	.read = memory_read,
	.check = memory_check,
	.apply = memory_apply,
	.describe = memory_describe,
};
