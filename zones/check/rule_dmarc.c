/* DMARC: the policy that is in force for the domain, and the record that says so. */
#include "zones/check/rule_dmarc.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/check/rule.h"
#include "zones/mail/chars.h"

#include <string.h>

#define REMEDY_MAX ((size_t)4 * DG_DMARC_TEXT_MAX)

static const char *policy_text(enum dg_dmarc_policy p)
{
	switch (p) {
	case DG_DMARC_UNSET:
		return "nothing";
	case DG_DMARC_NONE:
		return "none";
	case DG_DMARC_QUARANTINE:
		return "quarantine";
	case DG_DMARC_REJECT:
		break;
	}
	return "reject";
}

/* --- what to publish ------------------------------------------------------------------------------ */
static const char *line_of(struct check *c, const struct dg_dmarc *d)
{
	const char *at = check_under(c, "_dmarc", c->in->domain);
	struct dg_buf b;

	dg_buf_init(&b, REMEDY_MAX);
	dg_dmarc_print(&b, d);
	const char *line = at ? check_line_txt(c, at, b.data) : NULL;
	dg_buf_done(&b);
	return line;
}

const char *check_dmarc_line(struct check *c)
{
	struct dg_dmarc d = {.p = DG_DMARC_REJECT};

	if (c->dmarc->state == DG_DMARC_FOUND && strcmp(c->dmarc->at, c->in->domain) == 0) {
		d = c->dmarc->dmarc;
		d.p = DG_DMARC_REJECT;
		d.sp = DG_DMARC_UNSET;
		d.np = DG_DMARC_UNSET;
		d.t = 0;
		d.psd = (char)(d.psd == 'y' ? 0 : d.psd);
	}
	return line_of(c, &d);
}

static const char *first_line(struct check *c)
{
	const char *at = check_under(c, "_dmarc", c->in->domain);
	const char *mail = check_shown(c, c->in->domain);

	if (c->sends == KNOWN_NO || !at) {
		return check_dmarc_line(c);
	}
	return dg_printf(c->arena,
		"where nothing is sent from the name:\n%s\nelse, until the reports show that all "
		"mail of yours "
		"passes:\n%s\nin zone.yaml: dmarc: {policy: reject, aggregate: "
		"\"mailto:dmarc@%s\"}",
		check_dmarc_line(c),
		check_line_txt(
			c, at, dg_printf(c->arena, "v=DMARC1; p=none; rua=mailto:dmarc@%s", mail)),
		mail);
}

/* --- what stands at _dmarc and is no record --------------------------------------------------------- */
static const char *why_none(const char *text)
{
	const char *core = text + strspn(text, " \t\"'\xc2\xa0");
	size_t len = strlen(core);

	if (len >= 8 && dg_is_word(core, 8, "v=dmarc1")) {
		return core != text ? "something stands in front of v=DMARC1"
		       : strncmp(core + 2, "DMARC1", 6) != 0
			       ? "DMARC1 is written in other letters"
			       : "something else than a semicolon stands behind v=DMARC1";
	}
	if ((len >= 6 && dg_is_word(core, 6, "dmarc1")) ||
		(len >= 7 && dg_is_word(core, 7, "v=dmarc")) ||
		(len >= 2 && dg_is_word(core, 2, "p="))) {
		return "it does not begin with v=DMARC1";
	}
	return NULL;
}

/* n_records: of the DMARC records that stand there too. */
static void find_near_miss(struct check *c, const char *at, const struct dg_rdata *rd,
	const char *why, size_t n_records)
{
	struct dg_finding *f = check_find(c, "dmarc-not-a-record", at,
		check_evidence(c, at, DG_TYPE_TXT, rd), "this is no DMARC record: %s", why);

	if (n_records > 0) {
		f->severity = DG_SEVERITY_WARNING;
	} else {
		f->remedy = first_line(c);
	}
}

static void check_others(
	struct check *c, const char *at, const struct dg_fact *own, size_t n_records)
{
	const struct dg_rdata *unrelated = NULL;
	size_t n_unrelated = 0;

	for (size_t i = 0; own->state == DG_FACT_FOUND && i < own->set.n; i++) {
		const struct dg_rdata *rd = &own->set.rdata[i];
		const char *text = dg_txt_join(c->arena, rd);
		const char *why = why_none(text);

		if (dg_dmarc_is_record(text, dg_txt_len(rd))) {
			continue;
		}
		if (why) {
			find_near_miss(c, at, rd, why, n_records);
		} else if (n_unrelated++ == 0) {
			unrelated = rd;
		}
	}
	if (unrelated) {
		check_find(c, "dmarc-unrelated-txt", at,
			check_evidence(c, at, DG_TYPE_TXT, unrelated),
			"%zu TXT record%s at %s not about DMARC: receivers pass over such text%s",
			n_unrelated, n_unrelated == 1 ? "" : "s", check_shown(c, at),
			n_records > 0 ? "" : "; a wildcard may be where it comes from");
	}
	if (own->alias) {
		check_find(c, "dmarc-alias", at, NULL, "%s is an alias and leads to %s",
			check_shown(c, at), check_shown(c, own->alias));
	}
}

static void check_misplaced(struct check *c)
{
	const char *const *texts = NULL;

	if (check_texts(c, c->txt, dg_dmarc_is_record, &texts) > 0) {
		check_find(c, "dmarc-misplaced", c->in->domain,
			check_evidence_txt(c, c->in->domain, c->txt, texts[0]),
			"a DMARC record stands at %s itself and has no effect",
			check_shown(c, c->in->domain))
			->remedy = dg_printf(c->arena, "%s\nand remove the record at %s",
			check_line_txt(c,
				check_under(c, "_dmarc", c->in->domain)
					? check_under(c, "_dmarc", c->in->domain)
					: c->in->domain,
				texts[0]),
			c->in->domain);
	}
}

/* --- the record of the name itself ------------------------------------------------------------------ */
static bool is_one_of(const char *code, const char *const *codes)
{
	while (*codes && strcmp(code, *codes) != 0) {
		codes++;
	}
	return *codes != NULL;
}

/* The record without the fault, and otherwise as it is. NULL: it does not depend on the record alone. */
static const char *without_fault(struct check *c, const char *code, const struct dg_dmarc *record)
{
	static const char *const weak[] = {
		"dmarc-none", "dmarc-quarantine", "dmarc-bad-policy", "dmarc-no-policy", NULL};
	static const char *const small[] = {"dmarc-testing", "dmarc-weak-sp", "dmarc-weak-np",
		"dmarc-psd", "dmarc-removed-tag", "dmarc-order", "dmarc-tag-case", "dmarc-uri-size",
		"dmarc-fo-unused", "dmarc-unused-sp", "dmarc-unknown-tag", NULL};
	struct dg_dmarc d = *record;

	if (is_one_of(code, weak)) {
		return c->sends == KNOWN_NO
			       ? check_dmarc_line(c)
			       : dg_printf(c->arena,
					 "when the reports show that all mail of yours passes:\n%s",
					 check_dmarc_line(c));
	}
	if (!is_one_of(code, small) || d.p == DG_DMARC_UNSET) {
		return NULL;
	}
	d.t = (char)(strcmp(code, "dmarc-testing") == 0 ? 0 : d.t);
	d.psd = (char)(strcmp(code, "dmarc-psd") == 0 ? 0 : d.psd);
	d.fo = strcmp(code, "dmarc-fo-unused") == 0 ? NULL : d.fo;
	if (strcmp(code, "dmarc-weak-sp") == 0 || strcmp(code, "dmarc-unused-sp") == 0) {
		d.sp = DG_DMARC_UNSET;
	}
	if (strcmp(code, "dmarc-weak-np") == 0 || strcmp(code, "dmarc-unused-sp") == 0) {
		d.np = DG_DMARC_UNSET;
	}
	return line_of(c, &d);
}

static void check_record(struct check *c, const char *at, const char *text, const char *evidence)
{
	struct dg_lints lints;
	struct dg_dmarc d;

	dg_lints_init(&lints, c->arena);
	dg_dmarc_parse(c->arena, text, strlen(text), &d, &lints);
	dg_dmarc_lint(&d, &lints);
	if (c->dmarc->state == DG_DMARC_FOUND && c->dmarc->is_org_certain &&
		strcmp(c->dmarc->org_domain, c->in->domain) != 0) {
		dg_dmarc_lint_below(&d, &lints);
	}
	for (size_t i = 0; i < lints.n; i++) {
		const char *code = lints.list[i].code;

		if (strcmp(code, "dmarc-no-reports") == 0 && c->out->is_parked) {
			continue; /* nothing is sent, nothing is reported */
		}
		struct dg_finding *f = check_take_lint(c, &lints.list[i], at, evidence);
		f->remedy = without_fault(c, code, &d);
	}
	if (d.n_ruf > 0) {
		check_find(c, "dmarc-ruf", at, evidence,
			"ruf= asks for copies of messages that failed, at %zu address%s", d.n_ruf,
			d.n_ruf == 1 ? "" : "es");
	}
	if (c->in->depth == DG_CHECK_FULL) {
		check_dmarc_reports(c, evidence);
	}
}

static const char *found_above(struct check *c)
{
	const struct dg_dmarc_found *w = c->dmarc;

	switch (w->state) {
	case DG_DMARC_FOUND:
		return dg_printf(c->arena, "find %s=%s at %s", w->tag, policy_text(w->policy),
			check_shown(c, w->at));
	case DG_DMARC_ABSENT:
		return "find none";
	case DG_DMARC_PENDING:
	case DG_DMARC_UNKNOWN:
		break;
	}
	return "find what could not be looked up";
}

/* Of several records the one that asks for most, as it stands. */
static const char *one_of(struct check *c, const char *at, const char *const *texts, size_t n)
{
	const char *best = texts[0];
	enum dg_dmarc_policy most = DG_DMARC_UNSET;

	for (size_t i = 0; i < n; i++) {
		struct dg_lints lints;
		struct dg_dmarc d;

		dg_lints_init(&lints, c->arena);
		dg_dmarc_parse(c->arena, texts[i], strlen(texts[i]), &d, &lints);
		if (d.p > most) {
			most = d.p;
			best = texts[i];
		}
	}
	return dg_printf(c->arena, "one record in place of all %zu, for instance:\n%s", n,
		check_line_txt(c, at, best));
}

/* Returns what to do about it. */
static const char *check_several(struct check *c, const char *at, const struct dg_fact *own,
	const char *const *texts, size_t n)
{
	const char *remedy = one_of(c, at, texts, n);

	check_find(c, "dmarc-several", at,
		dg_printf(c->arena, "%s, %s", check_evidence_txt(c, at, own, texts[0]),
			check_evidence_txt(c, at, own, texts[1])),
		"%s has %zu DMARC records, and all are discarded: receivers that go on to the "
		"domain above %s; those that stop here see no policy",
		check_shown(c, at), n, found_above(c))
		->remedy = remedy;
	return remedy;
}

/* --- the policy in force ---------------------------------------------------------------------------- */
static void check_above(struct check *c)
{
	const struct dg_dmarc_found *w = c->dmarc;

	struct dg_finding *f = check_find(c, "dmarc-inherited", c->in->domain,
		dg_printf(c->arena, "_dmarc.%s TXT \"%s\"", check_shown(c, w->at),
			dg_lint_seen(&c->spf_lints, w->record, strlen(w->record))),
		"%s=%s of %s counts for %s%s", w->tag, policy_text(w->policy),
		check_shown(c, w->at), check_shown(c, c->in->domain),
		w->is_testing ? ", one level lower (t=y)" : "");
	if (w->applied != DG_DMARC_REJECT) {
		f->severity = DG_SEVERITY_WARNING;
		f->remedy = first_line(c);
	}
}

/* remedy: where it is known; NULL: a first record. */
static void check_missing(struct check *c, const char *at, const char *remedy)
{
	if (!c->out->exists && c->dmarc->n_steps > 0) {
		at = c->in->domain;
	}
	check_find(c, "dmarc-missing", at, NULL, "no DMARC policy is in force for %s: %s",
		check_shown(c, c->in->domain), c->dmarc->why ? c->dmarc->why : "there is no record")
		->remedy = remedy ? remedy : first_line(c);
}

static void check_in_force(
	struct check *c, const char *at, const char *evidence, const char *remedy)
{
	const struct dg_dmarc_found *w = c->dmarc;

	if (w->state == DG_DMARC_ABSENT) {
		check_missing(c, at, remedy);
	} else if (w->state == DG_DMARC_UNKNOWN) {
		check_find(c, "dmarc-unknown", at, NULL, "the policy could not be found: %s",
			w->why ? w->why : "no answer");
	} else if (w->is_repaired) {
		check_find(c, "dmarc-repaired", at, evidence,
			"the policy is not valid: receivers act as if the record said p=none")
			->remedy = check_dmarc_line(c);
	} else {
		if (strcmp(w->at, c->in->domain) != 0) {
			check_above(c);
		}
		if (w->applied == DG_DMARC_REJECT) {
			check_find(c, "dmarc-enforced", at, evidence,
				"%s=reject is in force for %s", w->tag,
				check_shown(c, c->in->domain));
		}
	}
}

static const char *outcome(struct check *c, const struct dg_dmarc_found *f)
{
	return f->state == DG_DMARC_ABSENT
		       ? "no policy"
		       : dg_printf(c->arena, "%s=%s of %s%s", f->tag, policy_text(f->policy),
				 check_shown(c, f->at), f->is_testing ? " with t=y" : "");
}

static void check_psl(struct check *c)
{
	const struct dg_dmarc_found *walk = c->dmarc;
	const struct dg_dmarc_found *psl = &c->out->psl;
	bool is_known = (walk->state == DG_DMARC_FOUND || walk->state == DG_DMARC_ABSENT) &&
			(psl->state == DG_DMARC_FOUND || psl->state == DG_DMARC_ABSENT);
	bool is_same = walk->state == psl->state &&
		       (walk->state == DG_DMARC_ABSENT || walk->policy == psl->policy);

	if (c->in->depth != DG_CHECK_FAST && is_known && !is_same) {
		check_find(c, "dmarc-psl-differs", c->in->domain, NULL,
			"receivers that walk the tree (RFC 9989) find %s; those with a list of "
			"public suffixes "
			"(RFC 7489) find %s",
			outcome(c, walk), outcome(c, psl))
			->remedy = check_dmarc_line(c);
	}
}

void check_dmarc(struct check *c)
{
	const char *at = check_under(c, "_dmarc", c->in->domain);
	const char *const *texts = NULL;
	const char *evidence = NULL;
	const char *remedy = NULL;

	if (c->dmarc->state == DG_DMARC_PENDING || c->out->is_unknown || !at) {
		return;
	}
	const struct dg_fact *own = check_ask(c, at, DG_TYPE_TXT);
	size_t n = check_texts(c, own, dg_dmarc_is_record, &texts);
	check_misplaced(c);
	check_others(c, at, own, n);
	if (n > 1) {
		remedy = check_several(c, at, own, texts, n);
	} else if (n == 1) {
		evidence = check_evidence_txt(c, at, own, texts[0]);
		check_record(c, at, texts[0], evidence);
	}
	check_in_force(c, at, evidence, remedy);
	check_psl(c);
}
