#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/lex.h"
#include "zones/record/name.h"
#include "zones/record/rrset.h"
#include "zones/record/zonefile.h"
#include "zones/record/zonefile_parts.h"

#include <stdlib.h>
#include <string.h>

/* SOA, NS and the types of DNSSEC: what a zone's operator or signer keeps, never we. */
static bool is_forbidden(uint16_t type)
{
	static const uint16_t types[] = {DG_TYPE_NS, DG_TYPE_SOA, 24, 25, 30, 43, 46, 47, 48, 50,
		51, 59, 60, 62, 63, 32768, 32769};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i] == type) {
			return true;
		}
	}
	return false;
}

static int cmp_jobs(const void *x, const void *y)
{
	const struct dg_rrset *p = ((const struct dg_job *)x)->set;
	const struct dg_rrset *q = ((const struct dg_job *)y)->set;
	int d = strcmp(p->owner, q->owner);

	return d != 0 ? d : (p->type > q->type) - (p->type < q->type);
}

static int check_set(const struct dg_zonefile *f, const struct dg_rrset *set, struct dg_err *err)
{
	char type[16];

	(void)dg_type_text(set->type, type);
	if (is_forbidden(set->type)) {
		return dg_fail(err, DG_EPOLICY, "%s: %s %s is never changed by dnsguard", f->file,
			set->owner, type);
	}
	if (!dg_name_is_at_or_under(set->owner, f->apex)) {
		return dg_fail(
			err, DG_EINPUT, "%s: %s is not in zone %s", f->file, set->owner, f->apex);
	}
	if (dg_zonefile_may_hide(f, set->type)) {
		return dg_fail(err, DG_EPOLICY,
			"%s: %s %s may have records that $INCLUDE or $GENERATE adds, which "
			"dnsguard does not "
			"read: put them into the file itself",
			f->file, set->owner, type);
	}
	if (set->ttl > DG_TTL_MAX || set->n > DG_RDATA_MAX) {
		return dg_fail(err, DG_ELIMIT,
			"%s: %s %s: TTL %u and %zu records; at most %u and %u", f->file, set->owner,
			type, (unsigned)set->ttl, set->n, DG_TTL_MAX, DG_RDATA_MAX);
	}
	return 0;
}

static int make_jobs(struct dg_edit *e, const struct dg_rrset *sets, size_t n, struct dg_err *err)
{
	struct dg_zonefile *f = e->f;
	char type[16];

	e->jobs = dg_newn(f->arena, struct dg_job, n);
	e->n_jobs = n;
	for (size_t i = 0; i < n; i++) {
		int r = check_set(f, &sets[i], err);
		if (r < 0) {
			return r;
		}
		e->jobs[i] = (struct dg_job){.set = &sets[i],
			.last = SIZE_MAX,
			.behind = SIZE_MAX,
			.is_there = dg_newn(f->arena, bool, sets[i].n)};
	}
	if (n > 1) {
		qsort(e->jobs, n, sizeof(*e->jobs), cmp_jobs);
	}
	for (size_t i = 1; i < n; i++) {
		if (cmp_jobs(&e->jobs[i - 1], &e->jobs[i]) == 0) {
			return dg_fail(err, DG_EINPUT, "%s: %s %s is given twice", f->file,
				e->jobs[i].set->owner, dg_type_text(e->jobs[i].set->type, type));
		}
	}
	return 0;
}

/* Index of the first job of owner; n_jobs: none. */
static size_t first_job(const struct dg_edit *e, const char *owner)
{
	size_t lo = 0;
	size_t hi = e->n_jobs;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(e->jobs[mid].set->owner, owner) < 0) {
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	return lo < e->n_jobs && strcmp(e->jobs[lo].set->owner, owner) == 0 ? lo : e->n_jobs;
}

/* Statement i, whose RRset job puts in: does its record stay? */
static int judge(struct dg_edit *e, size_t i, struct dg_job *job, struct dg_err *err)
{
	const struct dg_rrset *set = job->set;
	struct dg_step *step = &e->steps[i];
	struct dg_rdata rd;

	int r = dg_statement_rdata(e->f, &e->f->list[i], &rd, err);
	if (r < 0) {
		return r;
	}
	step->job = job;
	step->deed = DG_DEED_STALE;
	job->last = i;
	for (size_t k = 0; k < set->n; k++) {
		if (dg_rdata_cmp(&set->rdata[k], &rd) == 0) {
			step->deed = DG_DEED_KEEP;
			job->is_there[k] = true;
		}
	}
	return 0;
}

static int judge_all(struct dg_edit *e, struct dg_err *err)
{
	const struct dg_zonefile *f = e->f;

	for (size_t i = 0; i < f->n; i++) {
		const struct dg_statement *s = &f->list[i];

		if (s->kind != DG_STATEMENT_RECORD) {
			continue;
		}
		for (size_t k = first_job(e, s->owner);
			k < e->n_jobs && strcmp(e->jobs[k].set->owner, s->owner) == 0; k++) {
			e->jobs[k].behind = i;
			int r = e->jobs[k].set->type == s->type ? judge(e, i, &e->jobs[k], err) : 0;
			if (r < 0) {
				return r;
			}
		}
	}
	return 0;
}

/* The line of a record that goes is given to one that comes, or is removed. */
static void deal(struct dg_step *step)
{
	struct dg_job *job = step->job;
	size_t k = 0;

	while (k < job->set->n && job->is_there[k]) {
		k++;
	}
	if (k < job->set->n) {
		step->deed = DG_DEED_REPLACE;
		step->with = (uint32_t)k;
		job->is_there[k] = true;
	} else {
		step->deed = DG_DEED_REMOVE;
	}
}

/* What is still to come gets lines of its own. */
static bool count_rest(struct dg_edit *e)
{
	bool is_change = false;

	for (size_t i = 0; i < e->n_jobs; i++) {
		struct dg_job *job = &e->jobs[i];

		for (size_t k = 0; k < job->set->n; k++) {
			job->n_left += job->is_there[k] ? 0 : 1;
		}
		if (job->n_left > 0 && job->behind != SIZE_MAX) {
			e->steps[job->behind].is_last = true;
		}
		is_change = is_change || job->n_left > 0;
	}
	return is_change;
}

/* Returns false when nothing is to be changed. */
static bool deal_out(struct dg_edit *e)
{
	bool is_change = false;

	for (size_t i = 0; i < e->f->n; i++) {
		struct dg_step *step = &e->steps[i];

		if (step->job) {
			is_change = is_change || step->deed == DG_DEED_STALE ||
				    e->f->list[i].ttl != step->job->set->ttl;
		}
		if (step->job && step->deed == DG_DEED_STALE) {
			deal(step);
		}
	}
	return count_rest(e) || is_change;
}

/* Where the serial stands: the third word of the SOA's data (RFC 1035 section 3.3.13). */
static int raise_serial(
	struct dg_edit *e, enum dg_serial_scheme scheme, int64_t now, struct dg_err *err)
{
	const struct dg_zonefile *f = e->f;
	struct dg_token t = {0};
	uint32_t old = 0;

	if (scheme == DG_SERIAL_KEEP) {
		return 0;
	}
	if (f->soa == SIZE_MAX) {
		return dg_fail(err, DG_EINPUT,
			"%s: no SOA record of %s, whose serial must be raised", f->file, f->apex);
	}
	const struct dg_statement *s = &f->list[f->soa];
	struct dg_lex lex = {
		.text = f->text, .len = s->body_end, .pos = s->type_end, .depth = s->depth};
	for (unsigned i = 0; i < 3; i++) {
		if (dg_lex_next(&lex, &t) || t.kind != DG_TOKEN_WORD) {
			t.len = 0;
			break;
		}
	}
	if (dg_u32_parse(f->text + t.at, t.len, UINT32_MAX, &old) != 0) {
		(void)dg_fail(err, DG_EINPUT,
			"the SOA's serial is not a plain number; it cannot be raised");
		return dg_zonefile_place(f, s->type_at, DG_EINPUT, err);
	}
	e->serial_at = t.at;
	e->serial_len = t.len;
	e->serial = dg_serial_next(old, scheme, now);
	return 0;
}

/* NOLINTNEXTLINE(readability-function-size): sets and their count, scheme and clock */
int dg_zonefile_edit(struct dg_zonefile *f, const struct dg_rrset *sets, size_t n,
	enum dg_serial_scheme scheme, int64_t now, struct dg_buf *out, struct dg_err *err)
{
	struct dg_edit e = {.f = f, .steps = dg_newn(f->arena, struct dg_step, f->n)};

	int r = make_jobs(&e, sets, n, err);
	if (r == 0) {
		r = judge_all(&e, err);
	}
	if (r < 0) {
		return r;
	}
	if (!deal_out(&e)) {
		dg_buf_put(out, f->text, f->len);
	} else {
		r = raise_serial(&e, scheme, now, err);
		if (r < 0) {
			return r;
		}
		dg_edit_emit(&e, out);
	}
	if (out->is_full) {
		return dg_fail(err, DG_ELIMIT, "%s: the new text is larger than %zu bytes", f->file,
			out->max);
	}
	return 0;
}
