#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/chars.h"
#include "zones/mail/facts.h"
#include "zones/mail/spf_evaluating.h"
#include "zones/record/name.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#define EXPLANATION_MAX 4096u
#define ADDRESSES_SHOWN 4u

/* --- records ---------------------------------------------------------------------------------- */
enum dg_spf_verdict dg_spf_open(struct dg_spf_evaluating *e, const char *name, const char *domain,
	const struct dg_fact *fact)
{
	const struct dg_spf_ready *record = NULL;
	size_t n = dg_spf_ready_find(e->arena, e->q->memo, &fact->set, &record);

	if (!record) {
		return DG_SPF_NO_MATCH;
	}
	e->first = e->first ? e->first : record;
	if (n > 1) {
		return dg_spf_stop(e, DG_SPF_RESULT_PERMERROR, "RFC 7208 section 4.5",
			"%s has %zu SPF records, not one", dg_spf_shown(e->arena, name), n);
	}
	if (record->fault) {
		return dg_spf_stop(e, DG_SPF_RESULT_PERMERROR, record->fault->rule,
			"the SPF record of %s: %s", dg_spf_shown(e->arena, name),
			record->fault->text);
	}
	assert(e->n_frames < sizeof(e->frames) / sizeof(e->frames[0]));
	e->frames[e->n_frames++] =
		(struct dg_spf_frame){.record = record, .name = name, .domain = domain};
	return DG_SPF_ENTERED;
}

/* include and redirect: a name without a record is a permerror. */
static enum dg_spf_verdict follow(
	struct dg_spf_evaluating *e, size_t i, const char *name, const char *domain)
{
	bool is_include = dg_spf_top(e)->record->spf.terms[i].kind == DG_SPF_INCLUDE;
	const char *rule = is_include ? "RFC 7208 section 5.2" : "RFC 7208 section 6.1";
	const struct dg_fact *fact = NULL;

	if (!name) {
		return dg_spf_stop(e, DG_SPF_RESULT_PERMERROR, rule,
			"the %s leads to no name that can be looked up",
			is_include ? "include" : "redirect");
	}
	enum dg_spf_verdict v = dg_spf_ask_counted(e, name, DG_TYPE_TXT, rule, &fact);
	if (v == DG_SPF_MATCH) {
		dg_spf_trace(e, i, "continues with the record of %s", dg_spf_shown(e->arena, name));
		e->n_frames -= is_include ? 0 : 1;
		v = dg_spf_open(e, name, domain, fact);
	}
	return v != DG_SPF_NO_MATCH ? v
				    : dg_spf_stop(e, DG_SPF_RESULT_PERMERROR, rule,
					      "%s has no SPF record", dg_spf_shown(e->arena, name));
}

/* --- mechanisms ------------------------------------------------------------------------------- */
static enum dg_spf_verdict say(
	struct dg_spf_evaluating *e, size_t i, bool is_match, const char *what)
{
	dg_spf_trace(e, i, "%s%s", what, is_match ? "matches" : "does not match");
	return is_match ? DG_SPF_MATCH : DG_SPF_NO_MATCH;
}

/* For the trace: what a term asked for. */
static const char *about(struct dg_spf_evaluating *e, const char *name, const char *what)
{
	return e->q->wants_trace ? dg_printf(e->arena, "%s %s", dg_spf_shown(e->arena, name), what)
				 : "";
}

/* For the trace: the addresses that were compared. */
static const char *seen(struct dg_spf_evaluating *e, const char *name, const struct dg_rrset *set)
{
	const char *text = dg_spf_shown(e->arena, name);
	size_t i = 0;

	for (; e->q->wants_trace && i < set->n && i < ADDRESSES_SHOWN; i++) {
		char address[INET6_ADDRSTRLEN] = "?";
		const struct dg_rdata *rd = &set->rdata[i];

		if (rd->len == 4 || rd->len == 16) {
			(void)inet_ntop(rd->len == 4 ? AF_INET : AF_INET6, rd->wire, address,
				sizeof(address));
		}
		text = dg_printf(e->arena, "%s%s %s", text, i == 0 ? " has" : ",", address);
	}
	return !e->q->wants_trace ? ""
	       : i < set->n       ? dg_printf(e->arena, "%s and %zu more: ", text, set->n - i)
				  : dg_printf(e->arena, "%s: ", text);
}

static enum dg_spf_verdict try_network(struct dg_spf_evaluating *e, size_t i)
{
	const struct dg_spf_term *t = &dg_spf_top(e)->record->spf.terms[i];
	bool is_ip6 = t->kind == DG_SPF_IP6;
	int prefix = is_ip6 ? t->prefix6 : t->prefix4;
	unsigned n_bits = prefix >= 0 ? (unsigned)prefix : is_ip6 ? 128u : 32u;

	return say(e, i,
		is_ip6 == e->macros.is_ip6 &&
			dg_spf_same_bits(t->address, e->macros.address, n_bits),
		"");
}

static enum dg_spf_verdict try_address(struct dg_spf_evaluating *e, size_t i, const char *name)
{
	const struct dg_spf_term *t = &dg_spf_top(e)->record->spf.terms[i];
	const struct dg_fact *fact = NULL;
	enum dg_spf_verdict v =
		dg_spf_ask_counted(e, name, dg_spf_address_type(e), "RFC 7208 section 5.3", &fact);

	if (v == DG_SPF_NO_MATCH) {
		return say(e, i, false, about(e, name, "has no address of this family: "));
	}
	return v != DG_SPF_MATCH
		       ? v
		       : say(e, i, dg_spf_has_client(e, &fact->set, t->prefix4, t->prefix6),
				 seen(e, name, &fact->set));
}

/* One host of an MX set. */
static enum dg_spf_verdict try_host(
	struct dg_spf_evaluating *e, const struct dg_spf_term *t, const struct dg_rdata *rd)
{
	const char *host = NULL;
	uint16_t preference = 0;

	if (dg_mx_read(e->arena, rd, &preference, &host) != 0 || strcmp(host, ".") == 0) {
		return DG_SPF_NO_MATCH;
	}
	const struct dg_fact *fact = dg_fact(e->facts, host, dg_spf_address_type(e));
	switch (fact->state) {
	case DG_FACT_PENDING:
		return DG_SPF_WAIT;
	case DG_FACT_FOUND:
		return dg_spf_has_client(e, &fact->set, t->prefix4, t->prefix6) ? DG_SPF_MATCH
										: DG_SPF_NO_MATCH;
	case DG_FACT_NODATA: /* not counted: section 4.6.4 counts terms whose query is void */
	case DG_FACT_NXDOMAIN:
		return DG_SPF_NO_MATCH;
	case DG_FACT_UNKNOWN:
		break;
	}
	return dg_spf_stop(e, DG_SPF_RESULT_TEMPERROR, "RFC 7208 section 5.4",
		"the MX host %s could not be looked up: %s", dg_spf_shown(e->arena, host),
		fact->why ? fact->why : "no answer");
}

static const char *hosted(struct dg_spf_evaluating *e, const struct dg_rdata *rd)
{
	const char *host = ".";
	uint16_t preference = 0;

	(void)dg_mx_read(e->arena, rd, &preference, &host);
	return host;
}

static const char *hosts_text(struct dg_spf_evaluating *e, size_t n)
{
	return e->q->wants_trace ? dg_printf(e->arena, "has %zu MX host%s: ", n, n == 1 ? "" : "s")
				 : "";
}

/* Hosts in the order of preference, ten at most: who is not among the first ten gets a permerror. */
static enum dg_spf_verdict try_mx(struct dg_spf_evaluating *e, size_t i, const char *name)
{
	const struct dg_spf_term *t = &dg_spf_top(e)->record->spf.terms[i];
	const struct dg_fact *fact = NULL;
	enum dg_spf_verdict v =
		dg_spf_ask_counted(e, name, DG_TYPE_MX, "RFC 7208 section 5.4", &fact);

	if (v == DG_SPF_NO_MATCH) {
		return say(e, i, false, about(e, name, "has no MX record: "));
	}
	for (size_t k = 0; v == DG_SPF_MATCH && k < fact->set.n && k < DG_SPF_MX_MAX; k++) {
		enum dg_spf_verdict host = try_host(e, t, &fact->set.rdata[k]);
		if (host != DG_SPF_NO_MATCH) {
			return host == DG_SPF_MATCH
				       ? say(e, i, true,
						 about(e, hosted(e, &fact->set.rdata[k]),
							 "is an MX host: "))
				       : host;
		}
	}
	if (v != DG_SPF_MATCH) {
		return v;
	}
	return fact->set.n <= DG_SPF_MX_MAX
		       ? say(e, i, false, about(e, name, hosts_text(e, fact->set.n)))
		       : dg_spf_stop(e, DG_SPF_RESULT_PERMERROR, "RFC 7208 section 4.6.4",
				 "%s has %zu MX hosts, more than the %u that are looked up",
				 dg_spf_shown(e->arena, name), fact->set.n, DG_SPF_MX_MAX);
}

static enum dg_spf_verdict try_exists(struct dg_spf_evaluating *e, size_t i, const char *name)
{
	const struct dg_fact *fact = NULL;
	enum dg_spf_verdict v =
		dg_spf_ask_counted(e, name, DG_TYPE_A, "RFC 7208 section 5.7", &fact);

	return v == DG_SPF_MATCH      ? say(e, i, true, about(e, name, "has an A record: "))
	       : v == DG_SPF_NO_MATCH ? say(e, i, false, about(e, name, "has no A record: "))
				      : v;
}

static enum dg_spf_verdict try_ptr(struct dg_spf_evaluating *e, size_t i, const char *name)
{
	const struct dg_fact *fact = dg_fact(e->facts, dg_spf_reverse_name(e), DG_TYPE_PTR);

	if (dg_spf_find_validated(e) == DG_SPF_WAIT) {
		return DG_SPF_WAIT;
	}
	if (dg_fact_is_none(fact)) { /* counts it */
		enum dg_spf_verdict v = dg_spf_ask_counted(
			e, dg_spf_reverse_name(e), DG_TYPE_PTR, "RFC 7208 section 5.5", &fact);
		return v == DG_SPF_NO_MATCH ? say(e, i, false, "the address has no name: ") : v;
	}
	for (size_t k = 0; k < e->n_validated; k++) {
		if (dg_name_is_at_or_under(e->validated[k], name)) {
			return say(e, i, true, about(e, e->validated[k], "leads to the client: "));
		}
	}
	return say(e, i, false,
		e->n_validated > 0 ? "its names are others: " : "no name leads back to it: ");
}

enum dg_spf_verdict dg_spf_try_term(struct dg_spf_evaluating *e, size_t i)
{
	struct dg_spf_frame *f = dg_spf_top(e);
	enum dg_spf_kind kind = f->record->spf.terms[i].kind;
	const char *name = NULL;
	const char *domain = NULL;

	if (kind == DG_SPF_ALL) {
		return say(e, i, true, "");
	}
	if (kind == DG_SPF_IP4 || kind == DG_SPF_IP6) {
		return try_network(e, i);
	}
	if (dg_spf_count_lookup(e) == DG_SPF_STOP) {
		return DG_SPF_STOP;
	}
	enum dg_spf_verdict v = dg_spf_target(e, f, i, &name, &domain);
	if (v == DG_SPF_WAIT) {
		return v;
	}
	if (v == DG_SPF_NO_MATCH) {
		return say(e, i, false, "the local part of the sender is not ASCII: ");
	}
	if (!name && kind != DG_SPF_INCLUDE) {
		return say(e, i, false, "it leads to no name that can be looked up: ");
	}
	switch (kind) {
	case DG_SPF_INCLUDE:
		return follow(e, i, name, domain);
	case DG_SPF_A:
		return try_address(e, i, name);
	case DG_SPF_MX:
		return try_mx(e, i, name);
	case DG_SPF_PTR:
		return try_ptr(e, i, name);
	case DG_SPF_EXISTS:
		return try_exists(e, i, name);
	case DG_SPF_ALL:
	case DG_SPF_IP4:
	case DG_SPF_IP6:
	case DG_SPF_REDIRECT:
	case DG_SPF_EXP:
	case DG_SPF_UNKNOWN:
		break;
	}
	return DG_SPF_NO_MATCH;
}

/* --- modifiers -------------------------------------------------------------------------------- */
enum dg_spf_verdict dg_spf_try_redirect(struct dg_spf_evaluating *e)
{
	const struct dg_spf_frame *f = dg_spf_top(e);
	size_t i = f->record->redirect;
	const char *name = NULL;
	const char *domain = NULL;

	if (f->record->all < f->record->spf.n || i == f->record->spf.n) {
		return DG_SPF_NO_MATCH;
	}
	if (dg_spf_count_lookup(e) == DG_SPF_STOP) {
		return DG_SPF_STOP;
	}
	enum dg_spf_verdict v = dg_spf_target(e, f, i, &name, &domain);
	return v == DG_SPF_MATCH ? follow(e, i, name, domain) : v;
}

static const char *joined_explanation(struct dg_spf_evaluating *e, const struct dg_rdata *rd)
{
	size_t len = dg_txt_len(rd);
	const char *text = dg_txt_join(e->arena, rd);
	size_t at = 0;
	struct dg_buf b;

	if (len > EXPLANATION_MAX || dg_spf_macro_fault(text, len, true, &at)) {
		return NULL;
	}
	dg_buf_init(&b, EXPLANATION_MAX);
	e->macros.domain = dg_spf_top(e)->domain;
	dg_spf_expand(&b, text, len, &e->macros);
	const char *safe = b.is_full ? NULL : dg_spf_safe_ascii(e->arena, b.data, b.len);
	dg_buf_done(&b);
	return safe;
}

/* Whatever is wrong with it: then there is no explanation (section 6.2). It counts as no look-up (section 4.6.4). */
enum dg_spf_verdict dg_spf_explain(struct dg_spf_evaluating *e)
{
	const struct dg_spf_frame *f = dg_spf_top(e);
	const char *name = NULL;
	const char *domain = NULL;

	if (f->record->exp == f->record->spf.n) {
		return DG_SPF_MATCH;
	}
	enum dg_spf_verdict v = dg_spf_target(e, f, f->record->exp, &name, &domain);
	if (v != DG_SPF_MATCH || !name) {
		return v == DG_SPF_WAIT ? v : DG_SPF_MATCH;
	}
	const struct dg_fact *fact = dg_fact(e->facts, name, DG_TYPE_TXT);
	if (fact->state != DG_FACT_FOUND || fact->set.n != 1) {
		return fact->state == DG_FACT_PENDING ? DG_SPF_WAIT : DG_SPF_MATCH;
	}
	const struct dg_rdata *rd = &fact->set.rdata[0];
	const char *text = dg_txt_join(e->arena, rd);
	if (dg_spf_has_macro(text, dg_txt_len(rd), "p") &&
		dg_spf_set_validated(e, f) == DG_SPF_WAIT) {
		return DG_SPF_WAIT;
	}
	e->out->explanation = joined_explanation(e, rd);
	return DG_SPF_MATCH;
}
