/* SPF at the domain: the record, what it costs with all that it includes, and whom it permits. */
#include "zones/check/rule_spf.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/check/rule.h"
#include "zones/mail/chars.h"

#include <string.h>

#define NEAR_LOOKUPS  9u
#define MANY_NOTE     65536.0      /* an IPv4 /16 */
#define MANY_WARNING  16777216.0   /* a /8 */
#define MANY_ERROR    2147483648.0 /* half of IPv4 */
#define MANY6_NOTE    4294967296.0 /* a /32, in networks of 64 bits */
#define MANY6_WARNING 1099511627776.0
#define NAMED_MAX     8u /* terms or services that a sentence names */
#define TEXT_MAX      ((size_t)4 * DG_SPF_TEXT_MAX)
#define TYPE_SPF      99u /* RFC 7208 section 3.1 */

/* --- what to publish instead ---------------------------------------------------------------------- */
static bool lets_all(const struct dg_spf_term *t)
{
	return t->qualifier == '+' && (t->prefix4 == 0 || t->prefix6 == 0) &&
	       t->kind != DG_SPF_INCLUDE;
}

/* Puts the terms of spf that permit hosts, each once. */
static void put_terms(struct dg_buf *b, struct dg_arena *a, const struct dg_spf *spf)
{
	for (size_t i = 0; i < spf->n && spf->terms[i].kind != DG_SPF_ALL; i++) {
		struct dg_buf term;

		if (spf->terms[i].kind >= DG_SPF_REDIRECT || lets_all(&spf->terms[i])) {
			continue;
		}
		dg_buf_init(&term, TEXT_MAX);
		dg_spf_term_print(&term, &spf->terms[i]);
		if (!strstr(dg_printf(a, "%s ", b->data), dg_printf(a, " %s ", term.data))) {
			dg_buf_printf(b, " %s", term.data);
		}
		dg_buf_done(&term);
	}
}

static const char *line_of(struct check *c, const struct dg_spf *list, size_t n, const char *end)
{
	struct dg_buf b;

	dg_buf_init(&b, TEXT_MAX);
	dg_buf_puts(&b, "v=spf1");
	for (size_t i = 0; i < n; i++) {
		put_terms(&b, c->arena, &list[i]);
	}
	dg_buf_printf(&b, " %s", end);
	const char *line = check_line_txt(c, c->in->domain, b.data);
	dg_buf_done(&b);
	return line;
}

/* All records in one. */
static const char *merged(struct check *c)
{
	size_t n = c->out->n_spf_records < NAMED_MAX ? c->out->n_spf_records : NAMED_MAX;
	struct dg_spf *list = dg_newn(c->arena, struct dg_spf, n);
	struct dg_lints lints;

	for (size_t i = 0; i < n; i++) {
		dg_lints_init(&lints, c->arena);
		dg_spf_parse(c->arena, c->spf_texts[i], strlen(c->spf_texts[i]), &list[i], &lints);
	}
	return dg_printf(c->arena, "in place of all %zu:\n%s", c->out->n_spf_records,
		line_of(c, list, n, "-all"));
}

static const char *first_record(struct check *c)
{
	const char *silent = check_line_txt(c, c->in->domain, "v=spf1 -all");

	if (c->receives == KNOWN_NO || c->mx->state != DG_FACT_FOUND) {
		return dg_printf(c->arena,
			"where nothing is sent from the name:\n%s\nelse name the hosts that send, "
			"and end in -all",
			silent);
	}
	return dg_printf(c->arena,
		"where only the MX hosts send:\n%s\nwhere nothing is sent:\n%s\n"
		"in zone.yaml: mail: {\"%s\": {spf: [mx]}}",
		check_line_txt(c, c->in->domain, "v=spf1 mx -all"), silent,
		check_yaml_name(c, c->in->domain));
}

/* --- the record alone ----------------------------------------------------------------------------- */
/* What the tree says better, or what DMARC makes up for. */
static bool is_said_elsewhere(const struct check *c, const char *code)
{
	const struct dg_spf_tree *t = c->out->spf;

	if (strcmp(code, "spf-softfail-all") == 0) {
		return c->dmarc->state == DG_DMARC_FOUND && c->dmarc->applied == DG_DMARC_REJECT;
	}
	if (strcmp(code, "spf-too-many-lookups") == 0) {
		return t && t->n_lookups > DG_SPF_LOOKUPS_MAX;
	}
	return strcmp(code, "spf-loop") == 0 && t && t->loop;
}

static const char *remedy_of(struct check *c, const char *code)
{
	static const char *const by_all[] = {"spf-pass-all", "spf-neutral-all", "spf-no-all",
		"spf-softfail-all", "spf-after-all", "spf-redirect-ignored", "spf-duplicate"};

	for (size_t i = 0; i < sizeof(by_all) / sizeof(by_all[0]); i++) {
		if (strcmp(code, by_all[i]) == 0) {
			return line_of(c, &c->spf, 1, "-all");
		}
	}
	return NULL;
}

static void take_lints(struct check *c, const struct dg_lints *lints, const char *evidence)
{
	for (size_t i = 0; i < lints->n; i++) {
		if (!is_said_elsewhere(c, lints->list[i].code)) {
			check_take_lint(c, &lints->list[i], c->in->domain, evidence)->remedy =
				remedy_of(c, lints->list[i].code);
		}
	}
}

static void check_record(struct check *c, const char *evidence)
{
	struct dg_lints lints;

	take_lints(c, &c->spf_lints, evidence);
	dg_lints_init(&lints, c->arena);
	if (c->spf_lints.n_errors == 0) {
		dg_spf_lint(&c->spf, c->in->domain, strlen(c->out->spf_record), &lints);
		take_lints(c, &lints, evidence);
	}
}

/* --- the record with all that it includes --------------------------------------------------------- */
/* "include:a 5, mx 1": what the terms of the record itself cost. */
static const char *costs(struct check *c, const struct dg_spf_tree *t)
{
	const char *text = "";
	size_t n = 0;

	for (size_t i = 1; i < t->n_nodes; i++) {
		const struct dg_spf_node *node = &t->nodes[i];

		if (node->depth != 1 || node->n_lookups == 0) {
			continue;
		}
		if (n++ == NAMED_MAX) {
			return dg_printf(c->arena, "%s, ...", text);
		}
		text = dg_printf(c->arena, "%s%s%s %u", text, n > 1 ? ", " : "",
			dg_lint_seen(&c->spf_lints, node->term, strlen(node->term)),
			node->n_lookups);
	}
	return text;
}

static void check_lookups(struct check *c, const struct dg_spf_tree *t, const char *evidence)
{
	if (t->n_lookups > DG_SPF_LOOKUPS_MAX) {
		check_find(c, "spf-too-many-lookups", c->in->domain, evidence,
			"the record needs %u look-ups, and receivers give up after %u: %s",
			t->n_lookups, DG_SPF_LOOKUPS_MAX, costs(c, t));
	} else if (t->n_lookups >= NEAR_LOOKUPS) {
		check_find(c, "spf-lookups-near", c->in->domain, evidence,
			"the record needs %u of %u look-ups: %s", t->n_lookups, DG_SPF_LOOKUPS_MAX,
			costs(c, t));
	}
}

/* a or mx that surely finds nothing; that the tree found nothing may be a look-up that failed. */
static bool is_void(struct check *c, const struct dg_spf_node *node)
{
	char first = dg_lower(node->term[0]);

	if (!node->domain || node->n_voids == 0 || (first != 'a' && first != 'm')) {
		return false;
	}
	if (first == 'm') {
		return dg_fact_is_none(check_ask_quietly(c, node->domain, DG_TYPE_MX));
	}
	return dg_fact_is_none(check_ask_quietly(c, node->domain, DG_TYPE_A)) &&
	       dg_fact_is_none(check_ask_quietly(c, node->domain, DG_TYPE_AAAA));
}

static void check_voids(struct check *c, const struct dg_spf_tree *t, const char *evidence)
{
	if (t->n_voids > DG_SPF_VOIDS_MAX) {
		struct dg_finding *f = check_find(c, "spf-too-many-voids", c->in->domain, evidence,
			"%u look-ups find nothing%s, and receivers give up after %u", t->n_voids,
			t->n_voids4 > DG_SPF_VOIDS_MAX ? "" : " for clients with IPv6",
			DG_SPF_VOIDS_MAX);

		f->severity =
			t->n_voids4 > DG_SPF_VOIDS_MAX ? DG_SEVERITY_ERROR : DG_SEVERITY_WARNING;
	}
	for (size_t i = 1; i < t->n_nodes; i++) {
		const struct dg_spf_node *node = &t->nodes[i];

		if (is_void(c, node)) {
			check_find(c, "spf-void-term", c->in->domain, evidence,
				"%s finds nothing at %s",
				dg_lint_seen(&c->spf_lints, node->term, strlen(node->term)),
				check_shown(c, node->domain));
		}
	}
}

static void check_faults(struct check *c, const struct dg_spf_tree *t, const char *evidence)
{
	if (t->loop) {
		check_find(c, "spf-loop", c->in->domain, evidence, "%s includes itself",
			check_shown(c, t->loop));
	}
	if (t->broken && strcmp(t->broken, c->in->domain) != 0) {
		check_find(c, "spf-broken-include", c->in->domain, evidence, "%s: %s",
			check_shown(c, t->broken),
			t->broken_why ? t->broken_why : "no sound record");
	}
	if (t->many_mx) {
		check_find(c, "spf-many-mx", c->in->domain, evidence,
			"%s has more than ten MX hosts", check_shown(c, t->many_mx));
	}
	if (t->n_failed > 0) {
		check_find(c, "spf-part-unknown", c->in->domain, evidence,
			"%u name%s that the record asks for could not be looked up: %s",
			t->n_failed, t->n_failed == 1 ? "" : "s",
			t->failed_why ? t->failed_why : "no answer");
	}
	if (t->n_macros > 0) {
		check_find(c, "spf-macro", c->in->domain, evidence,
			"%u term%s with a name that depends on the mail: counted, not followed",
			t->n_macros, t->n_macros == 1 ? "" : "s");
	}
}

static void check_addresses(struct check *c, const struct dg_spf_tree *t, const char *evidence)
{
	if (t->has_pass_all || (t->n_addresses4 <= MANY_NOTE && t->n_addresses6_64 <= MANY6_NOTE)) {
		return;
	}
	struct dg_finding *f = check_find(c, "spf-many-addresses", c->in->domain, evidence,
		"%.0f IPv4 addresses and %.0f IPv6 networks of 64 bits may send", t->n_addresses4,
		t->n_addresses6_64);
	f->severity = t->n_addresses4 >= MANY_ERROR ? DG_SEVERITY_ERROR
		      : t->n_addresses4 > MANY_WARNING || t->n_addresses6_64 > MANY6_WARNING
			      ? DG_SEVERITY_WARNING
			      : DG_SEVERITY_NOTE;
}

static void check_shared(struct check *c, const struct dg_spf_tree *t, const char *evidence)
{
	const char *names[NAMED_MAX];
	const char *text = "";
	size_t n = 0;

	for (size_t i = 0; i < t->n_nodes && n < NAMED_MAX; i++) {
		const char *name = t->nodes[i].shared;
		bool is_new = name != NULL;

		for (size_t j = 0; is_new && j < n; j++) {
			is_new = strcmp(names[j], name) != 0;
		}
		if (is_new) {
			text = dg_printf(c->arena, "%s%s%s", text, n > 0 ? ", " : "", name);
			names[n++] = name;
		}
	}
	if (n > 0) {
		check_find(c, "spf-shared", c->in->domain, evidence,
			"the record permits hosts that others send from too: %s", text);
	}
}

static void check_tree(struct check *c, const struct dg_spf_tree *t, const char *evidence)
{
	check_lookups(c, t, evidence);
	check_voids(c, t, evidence);
	check_faults(c, t, evidence);
	check_addresses(c, t, evidence);
	check_shared(c, t, evidence);
}

/* --- what only a full check asks for ---------------------------------------------------------------- */
static void check_exp(struct check *c, const char *evidence)
{
	for (size_t i = 0; i < c->spf.n; i++) {
		const struct dg_spf_term *t = &c->spf.terms[i];
		const char *at = t->kind == DG_SPF_EXP && !t->has_macro
					 ? check_under(c, t->domain, ".")
					 : NULL;
		const struct dg_fact *fact = at ? check_ask(c, at, DG_TYPE_TXT) : NULL;

		if (fact && (dg_fact_is_none(fact) ||
				    (fact->state == DG_FACT_FOUND && fact->set.n != 1))) {
			check_find(c, "spf-exp-broken", c->in->domain, evidence,
				"exp= leads to %s, which has %zu TXT records, not one",
				check_shown(c, at), fact->set.n)
				->column = t->column;
		}
	}
}

static void check_type99(struct check *c)
{
	const struct dg_fact *fact = check_ask_quietly(c, c->in->domain, TYPE_SPF);

	if (fact->state == DG_FACT_FOUND) {
		check_find(c, "spf-type99", c->in->domain, NULL,
			"%s has %zu record%s of type SPF (99)", check_shown(c, c->in->domain),
			fact->set.n, fact->set.n == 1 ? "" : "s");
	}
}

/* --- all -------------------------------------------------------------------------------------------- */
static bool is_enforced(const struct check *c)
{
	const struct dg_spf_tree *t = c->out->spf;

	return t && c->spf_lints.n_errors == 0 && t->has_fail_all && !t->has_pass_all &&
	       !t->broken && !t->loop && !t->many_mx && t->n_failed == 0 &&
	       t->n_lookups <= DG_SPF_LOOKUPS_MAX && t->n_addresses4 < MANY_ERROR;
}

static void check_one(struct check *c)
{
	const struct dg_check *out = c->out;
	const char *evidence = check_evidence_txt(c, c->in->domain, c->txt, out->spf_record);

	check_record(c, evidence);
	if (out->spf && c->spf_lints.n_errors == 0) {
		check_tree(c, out->spf, evidence);
	}
	if (is_enforced(c)) {
		check_find(c, "spf-enforced", c->in->domain, evidence,
			"hosts that the record does not name get the result fail");
	}
	if (c->in->depth == DG_CHECK_FULL) {
		check_exp(c, evidence);
	}
}

static void check_several(struct check *c)
{
	size_t n = c->out->n_spf_records;
	const char *first = c->spf_texts[0];

	check_find(c, "spf-several", c->in->domain,
		dg_printf(c->arena, "%s, %s", check_evidence_txt(c, c->in->domain, c->txt, first),
			check_evidence_txt(c, c->in->domain, c->txt, c->spf_texts[1])),
		"%s has %zu SPF records, not one: receivers use none of them",
		check_shown(c, c->in->domain), n)
		->remedy = merged(c);
}

void check_spf(struct check *c)
{
	const struct dg_fact *txt = c->txt;

	if (txt->state == DG_FACT_PENDING || c->out->is_unknown) {
		return;
	}
	check_find_unknown(c, "spf-unknown", txt, c->in->domain, "the SPF record");
	check_spf_texts(c);
	if (c->in->depth == DG_CHECK_FULL && c->out->exists) {
		check_type99(c);
	}
	if (c->out->n_spf_records > 1) {
		check_several(c);
	} else if (c->out->n_spf_records == 1) {
		check_one(c);
	} else if (dg_fact_is_none(txt) || txt->state == DG_FACT_FOUND) {
		if (c->out->exists) {
			check_find(c, "spf-none", c->in->domain, NULL, "%s has no SPF record",
				check_shown(c, c->in->domain))
				->remedy = first_record(c);
		}
	}
}
