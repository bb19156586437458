#include "zones/mail/dmarc_walk.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/mail/facts.h"
#include "zones/mail/lint.h"
#include "zones/record/name.h"

#include <string.h>

#define LABELS_CUT \
	7u /* the walk goes on with so many labels of a longer name (section 4.10 step 4) */

/* --- one name ------------------------------------------------------------------------------------ */
/* Counts what begins with v=DMARC1, keeps the first ones. Returns the length of the first. */
static size_t pick_records(
	struct dg_arena *a, const struct dg_rrset *set, struct dg_dmarc_step *step)
{
	const char **more = NULL;
	size_t record_len = 0;

	for (size_t i = 0; i < set->n; i++) {
		size_t len = dg_txt_len(&set->rdata[i]);
		const char *text = dg_txt_join(a, &set->rdata[i]);

		if (!dg_dmarc_is_record(text, len)) {
			continue;
		}
		if (step->n_records++ == 0) {
			step->record = text;
			record_len = len;
		} else if (step->n_more < DG_DMARC_MORE_MAX) {
			more = more ? more : dg_newn(a, const char *, DG_DMARC_MORE_MAX);
			more[step->n_more++] = text;
			step->more = more;
		}
	}
	return record_len;
}

static const char *none_text(struct dg_arena *a, const struct dg_fact *fact)
{
	if (fact->set.n == 0) {
		return fact->state == DG_FACT_NXDOMAIN ? "no such name" : "no TXT record";
	}
	return dg_printf(a, "no DMARC record among %zu TXT record%s", fact->set.n,
		fact->set.n == 1 ? "" : "s");
}

static enum dg_dmarc_state read_found(struct dg_walk *w, struct dg_walk_stop *stop,
	struct dg_dmarc_step *step, const struct dg_fact *fact)
{
	size_t len = pick_records(w->arena, &fact->set, step);
	struct dg_lints lints;

	if (step->n_records == 0) {
		step->text = none_text(w->arena, fact);
		return DG_DMARC_ABSENT;
	}
	if (step->n_records > 1) {
		step->text = dg_printf(
			w->arena, "%zu DMARC records: all are discarded", step->n_records);
		return DG_DMARC_ABSENT;
	}
	dg_lints_init(&lints, w->arena);
	dg_dmarc_parse(w->arena, step->record, len, &stop->dmarc, &lints);
	step->text = stop->dmarc.psd == 'y'   ? "a record of a public suffix (psd=y)"
		     : stop->dmarc.psd == 'n' ? "a record of an organizational domain (psd=n)"
					      : "a record";
	return DG_DMARC_FOUND;
}

static enum dg_dmarc_state read_name(
	struct dg_walk *w, struct dg_walk_stop *stop, struct dg_dmarc_step *step)
{
	const struct dg_fact *fact;
	struct dg_err err;

	step->at = NULL;
	if (dg_name_join(w->arena, "_dmarc", stop->name, &step->at, &err) < 0) {
		step->at = stop->name;
		step->text = "no record: with _dmarc in front the name is too long";
		return DG_DMARC_ABSENT;
	}
	fact = dg_fact(w->facts, step->at, DG_TYPE_TXT);
	switch (fact->state) {
	case DG_FACT_PENDING:
		step->text = "not known yet";
		return DG_DMARC_PENDING;
	case DG_FACT_UNKNOWN:
		step->text = dg_printf(w->arena, "could not tell: %s",
			fact->why ? fact->why : "the look-up failed");
		return DG_DMARC_UNKNOWN;
	case DG_FACT_NODATA:
	case DG_FACT_NXDOMAIN:
		step->text = none_text(w->arena, fact);
		return DG_DMARC_ABSENT;
	case DG_FACT_FOUND:
		break;
	}
	return read_found(w, stop, step, fact);
}

/* --- the walk ------------------------------------------------------------------------------------ */
static size_t names_of(const char *domain, const char *names[DG_WALK_MAX])
{
	const char *at = dg_name_parent(domain);
	size_t n = 0;

	if (strcmp(domain, ".") == 0) {
		return 0;
	}
	names[n++] = domain;
	while (dg_name_n_labels(at) > LABELS_CUT) {
		at = dg_name_parent(at);
	}
	for (; strcmp(at, ".") != 0; at = dg_name_parent(at)) {
		names[n++] = at;
	}
	return n;
}

static bool is_end(const struct dg_walk_stop *stop)
{
	return stop->state == DG_DMARC_FOUND && (stop->dmarc.psd == 'y' || stop->dmarc.psd == 'n');
}

void dg_walk_step(struct dg_walk *w, const char *name)
{
	struct dg_walk_stop *stop = &w->stops[w->n];

	stop->name = name;
	stop->state = read_name(w, stop, &w->steps[w->n]);
	w->n++;
}

/* All names are asked for at once, in case that they are not known yet; what is behind the end does not count. */
void dg_walk_go(struct dg_walk *w)
{
	const char *names[DG_WALK_MAX];
	size_t n = names_of(w->domain, names);

	for (size_t i = 0; i < n; i++) {
		dg_walk_step(w, names[i]);
	}
	for (size_t i = 0; i < w->n; i++) {
		if (is_end(&w->stops[i])) {
			w->n = i + 1;
		}
	}
}

bool dg_walk_has(const struct dg_walk *w, enum dg_dmarc_state state)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->stops[i].state == state) {
			return true;
		}
	}
	return false;
}

/* The name one label below parent on the way to it from domain. */
static const char *child_of(const char *domain, const char *parent)
{
	const char *at = domain;

	while (strcmp(dg_name_parent(at), parent) != 0) {
		at = dg_name_parent(at);
	}
	return at;
}

const char *dg_walk_org(const struct dg_walk *w)
{
	const char *org = w->domain;

	for (size_t i = 0; i < w->n; i++) {
		const struct dg_walk_stop *stop = &w->stops[i];

		if (stop->state != DG_DMARC_FOUND) {
			continue;
		}
		if (stop->dmarc.psd == 'n') {
			return stop->name;
		}
		if (stop->dmarc.psd == 'y' && i > 0) {
			return child_of(w->domain, stop->name);
		}
		org = stop->name;
	}
	return org;
}
