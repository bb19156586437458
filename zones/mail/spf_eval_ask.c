#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/facts.h"
#include "zones/mail/spf_evaluating.h"
#include "zones/record/name.h"

#include <stdio.h>
#include <string.h>

#define RULE_LIMITS  "RFC 7208 section 4.6.4"
#define EXPANDED_MAX 8192u /* octets; more is not cut to a name, it cannot match */
#define SAFE_MAX     4096u

uint16_t dg_spf_address_type(const struct dg_spf_evaluating *e)
{
	return e->macros.is_ip6 ? DG_TYPE_AAAA : DG_TYPE_A;
}

enum dg_spf_verdict dg_spf_count_lookup(struct dg_spf_evaluating *e)
{
	if (++e->out->n_lookups > DG_SPF_LOOKUPS_MAX) {
		return dg_spf_stop(e, DG_SPF_RESULT_PERMERROR, RULE_LIMITS,
			"more than %u terms that cause look-ups", DG_SPF_LOOKUPS_MAX);
	}
	return DG_SPF_MATCH;
}

static enum dg_spf_verdict count_void(struct dg_spf_evaluating *e)
{
	if (++e->out->n_voids > DG_SPF_VOIDS_MAX) {
		return dg_spf_stop(e, DG_SPF_RESULT_PERMERROR, RULE_LIMITS,
			"more than %u look-ups that find nothing", DG_SPF_VOIDS_MAX);
	}
	return DG_SPF_NO_MATCH;
}

enum dg_spf_verdict dg_spf_ask_counted(struct dg_spf_evaluating *e, const char *name, uint16_t type,
	const char *rule, const struct dg_fact **ret_fact)
{
	const struct dg_fact *fact = dg_fact(e->facts, name, type);
	char text[16];

	*ret_fact = fact;
	switch (fact->state) {
	case DG_FACT_PENDING:
		return DG_SPF_WAIT;
	case DG_FACT_FOUND:
		return DG_SPF_MATCH;
	case DG_FACT_NODATA:
	case DG_FACT_NXDOMAIN:
		return count_void(e);
	case DG_FACT_UNKNOWN:
		break;
	}
	return dg_spf_stop(e, DG_SPF_RESULT_TEMPERROR, rule, "%s of %s could not be looked up: %s",
		dg_type_text(type, text), dg_spf_shown(e->arena, name),
		fact->why ? fact->why : "no answer");
}

bool dg_spf_same_bits(const uint8_t *x, const uint8_t *y, unsigned n_bits)
{
	unsigned n = n_bits / 8;
	unsigned rest = n_bits % 8;

	return memcmp(x, y, n) == 0 && (rest == 0 || (x[n] ^ y[n]) >> (8 - rest) == 0);
}

bool dg_spf_has_client(
	const struct dg_spf_evaluating *e, const struct dg_rrset *set, int prefix4, int prefix6)
{
	size_t len = e->macros.is_ip6 ? 16 : 4;
	int prefix = e->macros.is_ip6 ? prefix6 : prefix4;
	unsigned n_bits = prefix >= 0 ? (unsigned)prefix : (unsigned)len * 8;

	for (size_t i = 0; i < set->n; i++) {
		if (set->rdata[i].len == len &&
			dg_spf_same_bits(set->rdata[i].wire, e->macros.address, n_bits)) {
			return true;
		}
	}
	return false;
}

/* --- the client's names ----------------------------------------------------------------------- */
const char *dg_spf_reverse_name(struct dg_spf_evaluating *e)
{
	static const char spec4[] = "%{ir}.in-addr.arpa";
	static const char spec6[] = "%{ir}.ip6.arpa";
	const char *spec = e->macros.is_ip6 ? spec6 : spec4;
	struct dg_buf b;

	dg_buf_init(&b, DG_NAME_TEXT_MAX);
	dg_spf_expand(&b, spec, strlen(spec), &e->macros);
	const char *name = dg_spf_name(e->arena, b.data, b.len);
	dg_buf_done(&b);
	return name;
}

static const char *host_of(struct dg_arena *a, const struct dg_rdata *rd)
{
	const char *host = NULL;
	size_t n_read = 0;

	return dg_name_from_wire(a, rd->wire, rd->len, &host, &n_read) == 0 &&
			       strcmp(host, ".") != 0
		       ? host
		       : NULL;
}

/* The first ten names whose addresses lead back to the client. A name that cannot be looked up is none of them; so is every
 * name when the PTR look-up itself fails (section 5.5). */
enum dg_spf_verdict dg_spf_find_validated(struct dg_spf_evaluating *e)
{
	const struct dg_fact *ptr = dg_fact(e->facts, dg_spf_reverse_name(e), DG_TYPE_PTR);
	bool is_waiting = ptr->state == DG_FACT_PENDING;

	if (e->has_ptr) {
		return DG_SPF_MATCH;
	}
	e->n_validated = 0;
	for (size_t i = 0; ptr->state == DG_FACT_FOUND && i < ptr->set.n && i < DG_SPF_PTR_MAX;
		i++) {
		const char *host = host_of(e->arena, &ptr->set.rdata[i]);
		const struct dg_fact *fact =
			host ? dg_fact(e->facts, host, dg_spf_address_type(e)) : NULL;

		is_waiting = is_waiting || (fact && fact->state == DG_FACT_PENDING);
		if (fact && fact->state == DG_FACT_FOUND &&
			dg_spf_has_client(e, &fact->set, -1, -1)) {
			e->validated[e->n_validated++] = host;
		}
	}
	e->has_ptr = !is_waiting;
	return is_waiting ? DG_SPF_WAIT : DG_SPF_MATCH;
}

/* The octets of a name, its labels with dots between them. */
static const char *raw_name(struct dg_arena *a, const char *name)
{
	uint8_t wire[DG_NAME_WIRE_MAX];
	char text[DG_NAME_WIRE_MAX];
	size_t n = 0;

	(void)dg_name_to_wire(name, wire);
	for (size_t i = 0; wire[i] != 0; i += wire[i] + 1u) {
		memcpy(text + n, wire + i + 1, wire[i]);
		n += wire[i];
		text[n++] = '.';
	}
	return dg_strndup(a, text, n > 0 ? n - 1 : 0);
}

/* The domain itself first, then a name below it, then any (section 7.3). */
enum dg_spf_verdict dg_spf_set_validated(struct dg_spf_evaluating *e, const struct dg_spf_frame *f)
{
	const char *best = NULL;
	unsigned best_rank = 0;

	if (dg_spf_find_validated(e) == DG_SPF_WAIT) {
		return DG_SPF_WAIT;
	}
	for (size_t i = 0; i < e->n_validated; i++) {
		unsigned rank = strcmp(e->validated[i], f->name) == 0              ? 3
				: dg_name_is_at_or_under(e->validated[i], f->name) ? 2
										   : 1;
		if (rank > best_rank) {
			best = e->validated[i];
			best_rank = rank;
		}
	}
	e->macros.validated = best ? raw_name(e->arena, best) : "unknown";
	return DG_SPF_MATCH;
}

/* --- names of terms --------------------------------------------------------------------------- */
enum dg_spf_verdict dg_spf_target(struct dg_spf_evaluating *e, const struct dg_spf_frame *f,
	size_t i, const char **ret_name, const char **ret_domain)
{
	const struct dg_spf_term *t = &f->record->spf.terms[i];
	struct dg_buf b;

	*ret_name = f->name;
	*ret_domain = f->domain;
	if (!t->domain) {
		return DG_SPF_MATCH;
	}
	size_t len = strlen(t->domain);
	if (!t->has_macro) {
		*ret_name = f->record->targets[i];
		*ret_domain = t->domain[len - 1] == '.' ? dg_strndup(e->arena, t->domain, len - 1)
							: t->domain;
		return DG_SPF_MATCH;
	}
	if (e->is_foreign_local && dg_spf_has_macro(t->domain, len, "sl")) {
		return DG_SPF_NO_MATCH; /* RFC 8616 section 4 */
	}
	if (dg_spf_has_macro(t->domain, len, "p") && dg_spf_set_validated(e, f) == DG_SPF_WAIT) {
		return DG_SPF_WAIT;
	}
	e->macros.domain = f->domain;
	dg_buf_init(&b, EXPANDED_MAX);
	dg_spf_expand(&b, t->domain, len, &e->macros);
	len = b.len > 0 && b.data[b.len - 1] == '.' ? b.len - 1 : b.len;
	*ret_name = b.is_full ? NULL : dg_spf_name(e->arena, b.data, len);
	*ret_domain = dg_strndup(e->arena, b.data, len);
	dg_buf_done(&b);
	return DG_SPF_MATCH;
}

const char *dg_spf_safe_ascii(struct dg_arena *a, const char *p, size_t len)
{
	struct dg_buf b;

	dg_buf_init(&b, SAFE_MAX);
	for (size_t i = 0; i < len && !b.is_full; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c >= 0x20 && c < 0x7f) {
			dg_buf_putc(&b, (char)c);
		} else {
			dg_buf_printf(&b, "\\x%02X", c);
		}
	}
	const char *text = dg_strndup(a, b.data, b.len);
	dg_buf_done(&b);
	return text;
}

/* --- looking ahead ---------------------------------------------------------------------------- */
struct ahead {
	struct dg_spf_frame frames[2 * DG_SPF_LOOKUPS_MAX + 2];
	size_t n;
	unsigned n_left; /* terms that may still cause look-ups */
};

static void foresee_hosts(struct dg_spf_evaluating *e, const struct dg_fact *mx)
{
	for (size_t i = 0; mx->state == DG_FACT_FOUND && i < mx->set.n && i < DG_SPF_MX_MAX; i++) {
		const char *host = NULL;
		uint16_t preference = 0;

		if (dg_mx_read(e->arena, &mx->set.rdata[i], &preference, &host) == 0 &&
			strcmp(host, ".") != 0) {
			(void)dg_fact(e->facts, host, dg_spf_address_type(e));
		}
	}
}

static void foresee_record(
	struct dg_spf_evaluating *e, struct ahead *h, const char *name, const char *domain)
{
	const struct dg_fact *fact = dg_fact(e->facts, name, DG_TYPE_TXT);
	const struct dg_spf_ready *record = NULL;

	if (fact->state == DG_FACT_FOUND && h->n < sizeof(h->frames) / sizeof(h->frames[0]) &&
		dg_spf_ready_find(e->arena, e->q->memo, &fact->set, &record) == 1 &&
		!record->fault) {
		h->frames[h->n++] =
			(struct dg_spf_frame){.record = record, .name = name, .domain = domain};
	}
}

static void foresee_term(
	struct dg_spf_evaluating *e, struct ahead *h, const struct dg_spf_frame *f, size_t i)
{
	const char *name = NULL;
	const char *domain = NULL;
	enum dg_spf_kind kind = f->record->spf.terms[i].kind;

	if (dg_spf_target(e, f, i, &name, &domain) != DG_SPF_MATCH || !name) {
		return;
	}
	switch (kind) {
	case DG_SPF_INCLUDE:
	case DG_SPF_REDIRECT:
		foresee_record(e, h, name, domain);
		break;
	case DG_SPF_A:
		(void)dg_fact(e->facts, name, dg_spf_address_type(e));
		break;
	case DG_SPF_MX:
		foresee_hosts(e, dg_fact(e->facts, name, DG_TYPE_MX));
		break;
	case DG_SPF_EXISTS:
		(void)dg_fact(e->facts, name, DG_TYPE_A);
		break;
	case DG_SPF_PTR:
		(void)dg_spf_find_validated(e);
		break;
	case DG_SPF_EXP: /* only when it fails */
	case DG_SPF_ALL:
	case DG_SPF_IP4:
	case DG_SPF_IP6:
	case DG_SPF_UNKNOWN:
		break;
	}
}

static bool is_ahead(const struct dg_spf_frame *f, size_t i)
{
	switch (f->record->spf.terms[i].kind) {
	case DG_SPF_INCLUDE:
	case DG_SPF_A:
	case DG_SPF_MX:
	case DG_SPF_PTR:
	case DG_SPF_EXISTS:
		return i >= f->next && i < f->record->all;
	case DG_SPF_REDIRECT:
		return f->record->all == f->record->spf.n;
	case DG_SPF_EXP:
	case DG_SPF_ALL:
	case DG_SPF_IP4:
	case DG_SPF_IP6:
	case DG_SPF_UNKNOWN:
		break;
	}
	return false;
}

void dg_spf_foresee(struct dg_spf_evaluating *e)
{
	struct ahead *h = dg_new(e->arena, struct ahead);

	if (e->n_frames == 0) {
		return;
	}
	/* The term that waits may have more to ask (the other hosts of an MX set): it is looked at again. */
	if (dg_spf_top(e)->next > 0) {
		dg_spf_top(e)->next--;
	}
	h->n_left = DG_SPF_LOOKUPS_MAX + 1 - e->out->n_lookups;
	for (size_t i = e->n_frames; i-- > 0;) {
		h->frames[h->n++] = e->frames[i];
	}
	for (size_t at = 0; at < h->n; at++) {
		for (size_t i = 0; i < h->frames[at].record->spf.n && h->n_left > 0; i++) {
			if (is_ahead(&h->frames[at], i)) {
				h->n_left--;
				foresee_term(e, h, &h->frames[at], i);
			}
		}
	}
}
