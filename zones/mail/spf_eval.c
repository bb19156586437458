#include "zones/mail/spf_eval.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/mail/facts.h"
#include "zones/mail/idn.h"
#include "zones/mail/spf_evaluating.h"
#include "zones/record/name.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define IDENTITY_MAX  1024u /* octets of a reverse-path or HELO name; more is malformed */
#define STEP_TEXT_MAX 1500u

static const char *const result_texts[] = {
	[DG_SPF_RESULT_PENDING] = "pending",
	[DG_SPF_RESULT_NONE] = "none",
	[DG_SPF_RESULT_NEUTRAL] = "neutral",
	[DG_SPF_RESULT_PASS] = "pass",
	[DG_SPF_RESULT_FAIL] = "fail",
	[DG_SPF_RESULT_SOFTFAIL] = "softfail",
	[DG_SPF_RESULT_TEMPERROR] = "temperror",
	[DG_SPF_RESULT_PERMERROR] = "permerror",
};

const char *dg_spf_result_text(enum dg_spf_result r)
{
	return result_texts[r];
}

/* --- what is said ----------------------------------------------------------------------------- */
struct dg_spf_frame *dg_spf_top(struct dg_spf_evaluating *e)
{
	return &e->frames[e->n_frames - 1];
}

const char *dg_spf_shown(struct dg_arena *a, const char *name)
{
	size_t len = strlen(name);

	return dg_strndup(a, name, len > 1 ? len - 1 : len);
}

void dg_spf_trace(struct dg_spf_evaluating *e, size_t i, const char *fmt, ...)
{
	struct dg_spf_outcome *out = e->out;
	char text[STEP_TEXT_MAX];
	va_list ap;

	if (!e->q->wants_trace) {
		return;
	}
	if (out->n_steps >= DG_SPF_STEPS_MAX) {
		out->n_steps_dropped++;
		return;
	}
	if (!out->steps) {
		out->steps = dg_newn(e->arena, struct dg_spf_step, DG_SPF_STEPS_MAX);
	}
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	const struct dg_spf_frame *f = e->n_frames > 0 ? dg_spf_top(e) : NULL;
	out->steps[out->n_steps++] = (struct dg_spf_step){
		.depth = f ? (unsigned)e->n_frames - 1 : 0,
		.domain = f ? dg_strdup(e->arena, f->name) : out->domain,
		.term = f && i < f->record->spf.n ? dg_spf_ready_term(e->arena, f->record, i)
						  : NULL,
		.text = dg_strdup(e->arena, text),
		.n_lookups = out->n_lookups,
		.n_voids = out->n_voids,
	};
}

enum dg_spf_verdict dg_spf_stop(struct dg_spf_evaluating *e, enum dg_spf_result result,
	const char *rule, const char *fmt, ...)
{
	char text[STEP_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	e->out->result = result;
	e->out->problem = dg_strdup(e->arena, text);
	e->out->rule = rule;
	dg_spf_trace(e,
		e->n_frames > 0 && dg_spf_top(e)->next > 0 ? dg_spf_top(e)->next - 1 : SIZE_MAX,
		"%s: %s", dg_spf_result_text(result), text);
	return DG_SPF_STOP;
}

/* --- identities ------------------------------------------------------------------------------- */
static bool is_ascii(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)p[i] >= 0x80) {
			return false;
		}
	}
	return true;
}

/* A domain as the mail has it: A-labels (RFC 8616 section 4), no final dot. NULL: malformed. */
static const char *take_domain(struct dg_arena *a, const char *text)
{
	const char *ascii = NULL;
	struct dg_err err;

	if (dg_idn_to_ascii(a, text, strlen(text), &ascii, &err) < 0) {
		return NULL;
	}
	size_t len = strlen(ascii);
	return dg_strndup(a, ascii, len > 1 && ascii[len - 1] == '.' ? len - 1 : len);
}

static bool is_usable_path(const char *text)
{
	return text && text[0] != '\0' && strlen(text) <= IDENTITY_MAX;
}

/* Sets the values of the macros; returns the domain to evaluate, NULL: there is none that could be. */
static const char *take_identity(struct dg_spf_evaluating *e)
{
	const struct dg_spf_query *q = e->q;
	const char *helo = is_usable_path(q->helo) ? take_domain(e->arena, q->helo) : NULL;
	const char *at = q->mail_from ? strrchr(q->mail_from, '@') : NULL;
	bool is_null = !q->mail_from || q->mail_from[0] == '\0';
	const char *domain = NULL;

	e->macros.helo = helo ? helo : is_usable_path(q->helo) ? q->helo : "unknown";
	e->out->identity = is_null ? "helo" : "mailfrom";
	if (is_null) {
		domain = helo;
	} else if (is_usable_path(q->mail_from)) {
		domain = take_domain(e->arena, at ? at + 1 : q->mail_from);
	}
	if (!domain) {
		return NULL;
	}
	size_t n_local = at && !is_null ? (size_t)(at - q->mail_from) : 0;
	const char *local = n_local > 0 ? q->mail_from : "postmaster"; /* section 4.3 */
	n_local = n_local > 0 ? n_local : strlen(local);
	e->is_foreign_local = !is_ascii(local, n_local);
	e->macros.sender = dg_printf(e->arena, "%.*s@%s", (int)n_local, local, domain);
	e->macros.n_local = n_local;
	return domain;
}

/* An IPv4-mapped address is taken as the IPv4 address (section 5). */
static void take_address(struct dg_spf_evaluating *e)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	const struct dg_spf_query *q = e->q;

	e->macros.is_ip6 = q->is_ip6 && memcmp(q->ip, mapped, sizeof(mapped)) != 0;
	if (q->is_ip6 && !e->macros.is_ip6) {
		memcpy(e->macros.address, q->ip + sizeof(mapped), 4);
	} else {
		memcpy(e->macros.address, q->ip, e->macros.is_ip6 ? 16 : 4);
	}
}

/* An address literal, or a name of digits: never a domain. */
static bool is_literal(const char *domain)
{
	const char *dot = strrchr(domain, '.');
	const char *last = dot ? dot + 1 : domain;

	return domain[0] == '[' || (last[0] != '\0' && last[strspn(last, "0123456789")] == '\0');
}

static const char *domain_fault(const char *domain, const char *name)
{
	if (!domain) {
		return "there is no domain to evaluate";
	}
	if (is_literal(domain)) {
		return "an address is not a domain";
	}
	if (!name || strlen(domain) > DG_SPF_DOMAIN_MAX) {
		return "the domain has an empty or overlong label, or is too long";
	}
	return dg_name_n_labels(name) < 2 ? "a name of a single label is not evaluated" : NULL;
}

/* --- the evaluation --------------------------------------------------------------------------- */
static enum dg_spf_result result_of(char qualifier)
{
	switch (qualifier) {
	case '-':
		return DG_SPF_RESULT_FAIL;
	case '~':
		return DG_SPF_RESULT_SOFTFAIL;
	case '?':
		return DG_SPF_RESULT_NEUTRAL;
	default:
		return DG_SPF_RESULT_PASS;
	}
}

static enum dg_spf_verdict open_first(
	struct dg_spf_evaluating *e, const char *name, const char *domain)
{
	const struct dg_fact *fact = dg_fact(e->facts, name, DG_TYPE_TXT);
	enum dg_spf_verdict v = DG_SPF_NO_MATCH;

	switch (fact->state) {
	case DG_FACT_PENDING:
		return DG_SPF_WAIT;
	case DG_FACT_UNKNOWN:
		return dg_spf_stop(e, DG_SPF_RESULT_TEMPERROR, "RFC 7208 section 4.4",
			"the TXT records of %s could not be looked up: %s",
			dg_spf_shown(e->arena, name), fact->why ? fact->why : "no answer");
	case DG_FACT_FOUND:
		v = dg_spf_open(e, name, domain, fact);
		break;
	case DG_FACT_NODATA:
	case DG_FACT_NXDOMAIN:
		break;
	}
	return v != DG_SPF_NO_MATCH
		       ? v
		       : dg_spf_stop(e, DG_SPF_RESULT_NONE, "RFC 7208 section 4.5", "%s %s",
				 dg_spf_shown(e->arena, name),
				 fact->state == DG_FACT_NXDOMAIN ? "does not exist"
								 : "has no SPF record");
}

/* A record's result: of the bottom one it is the answer; of an include's, pass alone is a match (section 5.2). */
static enum dg_spf_verdict close_record(struct dg_spf_evaluating *e, enum dg_spf_result result)
{
	while (e->n_frames > 1) {
		dg_spf_trace(e, SIZE_MAX, "%s", dg_spf_result_text(result));
		e->n_frames--;
		struct dg_spf_frame *f = dg_spf_top(e);
		size_t i = f->next - 1;

		dg_spf_trace(e, i, result == DG_SPF_RESULT_PASS ? "matches" : "does not match");
		if (result != DG_SPF_RESULT_PASS) {
			e->out->mechanism = e->out->mechanism_domain = NULL;
			e->out->qualifier = 0;
			return DG_SPF_NO_MATCH;
		}
		e->out->qualifier = f->record->spf.terms[i].qualifier;
		result = result_of(e->out->qualifier);
	}
	if (result == DG_SPF_RESULT_FAIL && dg_spf_explain(e) == DG_SPF_WAIT) {
		return DG_SPF_WAIT;
	}
	e->out->result = result;
	return DG_SPF_STOP;
}

static enum dg_spf_verdict end_of_terms(struct dg_spf_evaluating *e)
{
	enum dg_spf_verdict v = dg_spf_try_redirect(e);

	if (v != DG_SPF_NO_MATCH) {
		return v;
	}
	dg_spf_trace(e, SIZE_MAX, "nothing matches: neutral");
	return close_record(e, DG_SPF_RESULT_NEUTRAL);
}

static enum dg_spf_verdict on_match(struct dg_spf_evaluating *e, size_t i)
{
	const struct dg_spf_frame *f = dg_spf_top(e);

	e->out->qualifier = f->record->spf.terms[i].qualifier;
	e->out->mechanism = dg_spf_ready_term(e->arena, f->record, i);
	e->out->mechanism_domain = dg_strdup(e->arena, f->name);
	return close_record(e, result_of(e->out->qualifier));
}

/* One term of the top record, or its end. */
static enum dg_spf_verdict go_on(struct dg_spf_evaluating *e)
{
	struct dg_spf_frame *f = dg_spf_top(e);

	while (f->next < f->record->spf.n &&
		f->record->spf.terms[f->next].kind >= DG_SPF_REDIRECT) {
		f->next++;
	}
	if (f->next >= f->record->spf.n) {
		return end_of_terms(e);
	}
	size_t i = f->next++;
	enum dg_spf_verdict v = dg_spf_try_term(e, i);
	return v == DG_SPF_MATCH ? on_match(e, i) : v;
}

static void evaluate(struct dg_spf_evaluating *e)
{
	const char *domain = take_identity(e);
	const char *name = domain ? dg_spf_name(e->arena, domain, strlen(domain)) : NULL;
	const char *fault = domain_fault(domain, name);

	take_address(e);
	if (fault) {
		e->out->domain = name ? name : ".";
		(void)dg_spf_stop(e, DG_SPF_RESULT_NONE, "RFC 7208 section 4.3", "%s", fault);
		return;
	}
	e->out->domain = name;
	enum dg_spf_verdict v = open_first(e, name, domain);
	while (v != DG_SPF_STOP && v != DG_SPF_WAIT) {
		v = go_on(e);
	}
	if (v == DG_SPF_WAIT) {
		e->out->result = DG_SPF_RESULT_PENDING;
		dg_spf_foresee(e);
	} else if (e->first) {
		e->out->record = dg_spf_ready_shown(e->arena, e->first);
	}
}

void dg_spf_eval(struct dg_arena *a, const struct dg_spf_query *q, const struct dg_facts *facts,
	struct dg_spf_outcome *ret_outcome)
{
	struct dg_spf_evaluating e;

	dg_spf_memo_begin(q->memo);
	*ret_outcome = (struct dg_spf_outcome){.result = DG_SPF_RESULT_NONE};
	e = (struct dg_spf_evaluating){
		.arena = a,
		.q = q,
		.facts = facts,
		.out = ret_outcome,
		.macros = {.receiver = q->receiver ? q->receiver : "unknown",
			.validated = "unknown",
			.now = q->now},
	};
	evaluate(&e);
}
