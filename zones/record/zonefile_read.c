#include "zones/base/arena.h"
#include "zones/record/rdata.h"
#include "zones/record/zone.h"
#include "zones/record/zonefile.h"
#include "zones/record/zonefile_parts.h"

#include <string.h>

int dg_statement_rdata(const struct dg_zonefile *f, const struct dg_statement *s,
	struct dg_rdata *ret_rdata, struct dg_err *err)
{
	const char *text = f->text + s->type_end;
	size_t len = s->body_end - s->type_end;

	if (s->depth > 0) { /* the text closes what was opened before the type */
		text = dg_printf(
			f->arena, "%.*s%.*s", s->depth, "((((((((((((((((", (int)len, text);
		len += s->depth;
	}
	int r = dg_rdata_parse(f->arena, s->type, text, len, s->origin, ret_rdata, err);
	return r < 0 ? dg_zonefile_place(f, s->type_at, r, err) : 0;
}

/* Types that plans over many zones look into. */
static bool is_mail_type(uint16_t type)
{
	return type == DG_TYPE_TXT || type == DG_TYPE_MX || type == DG_TYPE_NS ||
	       type == DG_TYPE_SOA || type == DG_TYPE_CNAME || type == DG_TYPE_DNAME;
}

/* Text that we cannot read, for there is no codec for the type and it is not in the form of RFC 3597. */
static bool is_opaque(const struct dg_zonefile *f, const struct dg_statement *s)
{
	const char *p = f->text + s->type_end;
	const char *end = f->text + s->body_end;

	if (dg_rdata_form(s->type)) {
		return false;
	}
	while (p < end && (*p == ' ' || *p == '\t' || *p == '(' || *p == '\r' || *p == '\n')) {
		p++;
	}
	return end - p < 2 || memcmp(p, "\\#", 2) != 0;
}

/* One set after the other, as the records stand; dg_zone_seal() joins those that are apart. */
static int collect(
	const struct dg_zonefile *f, struct dg_zone *z, bool is_mail_only, struct dg_err *err)
{
	struct dg_rdata *rdata = dg_newn(f->arena, struct dg_rdata, f->n_records);
	struct dg_rrset *set = NULL;

	for (size_t i = 0; i < f->n; i++) {
		const struct dg_statement *s = &f->list[i];

		if (s->kind != DG_STATEMENT_RECORD) {
			continue;
		}
		*rdata = (struct dg_rdata){.wire = (const uint8_t *)""};
		if (is_mail_only ? is_mail_type(s->type) : !is_opaque(f, s)) {
			int r = dg_statement_rdata(f, s, rdata, err);
			if (r < 0) {
				return r;
			}
		}
		if (set && set->owner == s->owner && set->type == s->type) {
			set->n++;
			set->ttl = s->ttl < set->ttl ? s->ttl : set->ttl;
		} else {
			struct dg_rrset one = {.owner = s->owner,
				.rdata = rdata,
				.n = 1,
				.ttl = s->ttl,
				.type = s->type};
			dg_zone_add(z, &one);
			set = &z->sets[z->n - 1];
		}
		rdata++;
	}
	return 0;
}

static int read_zone(
	struct dg_zonefile *f, bool is_mail_only, struct dg_zone **ret_zone, struct dg_err *err)
{
	struct dg_zone *z = dg_zone_new(f->arena, f->apex);

	if (f->soa == SIZE_MAX) {
		return dg_fail(err, DG_EINPUT,
			"%s: no SOA record of %s: empty, cut off, or of another zone", f->file,
			f->apex);
	}
	z->cap = f->n_records;
	z->sets = dg_newn(f->arena, struct dg_rrset, z->cap);
	z->from = f->file;
	int r = collect(f, z, is_mail_only, err);
	if (r < 0) {
		return r;
	}
	for (size_t i = 0; i < z->n; i++) {
		struct dg_rrset *set = &z->sets[i];

		if (set->n > 1) { /* the records are ours to sort */
			struct dg_rdata *own =
				dg_memdup(f->arena, set->rdata, set->n * sizeof(*own));
			*set = dg_rrset_make(set->owner, set->type, set->ttl, own, set->n);
		}
	}
	dg_zone_seal(z);
	for (size_t i = 0; i < z->n; i++) {
		if (z->sets[i].n > DG_RDATA_MAX) {
			char type[16];
			return dg_fail(err, DG_ELIMIT,
				"%s: %zu %s records at %s; at most %u are read", f->file,
				z->sets[i].n, dg_type_text(z->sets[i].type, type), z->sets[i].owner,
				DG_RDATA_MAX);
		}
	}
	z->is_complete = !f->has_foreign;
	*ret_zone = z;
	return 0;
}

int dg_zonefile_read(struct dg_zonefile *f, struct dg_zone **ret_zone, struct dg_err *err)
{
	return read_zone(f, false, ret_zone, err);
}

int dg_zonefile_read_mail(struct dg_zonefile *f, struct dg_zone **ret_zone, struct dg_err *err)
{
	return read_zone(f, true, ret_zone, err);
}
