/* What a change costs: who may lose mail, and how long caches hold the old answer. */
#include "zones/plan/build.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/dmarc.h"
#include "zones/mail/lint.h"
#include "zones/mail/mx.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <string.h>
#include <strings.h>

#define COST_TEXT_MAX  4096u
#define COST_NAMED_MAX 4u  /* senders or hosts named one by one; the rest are counted */
#define TERM_MAX       80u /* bytes of one named sender */

/* The words so far, clauses joined by "; ". */
struct cost {
	struct dg_arena *arena;
	const struct dg_zone *have;
	const struct dg_change *change;
	const char *name; /* the domain the clause speaks of, without final dot */
	struct dg_buf text;
};

static void next_clause(struct cost *k)
{
	if (k->text.len > 0) {
		dg_buf_puts(&k->text, "; ");
	}
}

/* --- MX --------------------------------------------------------------------------------------------------- */
static bool has_address(const struct cost *k)
{
	struct dg_rrset set;
	const char *owner = k->change->after.owner;

	return (dg_zone_get(k->have, owner, DG_TYPE_A, &set) == 0 && set.n > 0) ||
	       (dg_zone_get(k->have, owner, DG_TYPE_AAAA, &set) == 0 && set.n > 0);
}

static void closing_cost(struct cost *k, enum dg_mx_state was)
{
	if (was == DG_MX_ABSENT && has_address(k)) {
		next_clause(k);
		dg_buf_printf(&k->text,
			"without an MX, mail to @%s went to its own address (RFC 5321 section "
			"5.1): it is refused from now on",
			k->name);
	} else if (was == DG_MX_HOSTS || was == DG_MX_BROKEN) {
		next_clause(k);
		dg_buf_printf(&k->text,
			"mail to @%s is refused from now on: senders get 5.1.10 (RFC 7505 section "
			"4.1); receivers may refuse mail sent from @%s as well (section 4.2)",
			k->name, k->name);
	}
}

static void moving_cost(struct cost *k)
{
	size_t n = 0;

	for (size_t i = 0; i < k->change->before.n; i++) {
		const struct dg_rdata *rd = &k->change->before.rdata[i];
		uint16_t preference = 0;
		const char *host = NULL;

		if (dg_rrset_has(&k->change->after, rd) ||
			dg_mx_read(k->arena, rd, &preference, &host) != 0) {
			continue;
		}
		if (n++ == 0) {
			next_clause(k);
			dg_buf_printf(&k->text,
				"until caches let go, mail to @%s still comes in by the old MX, "
				"which must go on taking it: ",
				k->name);
		}
		if (n <= COST_NAMED_MAX) {
			dg_buf_printf(
				&k->text, "%s%s", n > 1 ? ", " : "", dg_name_plain(k->arena, host));
		}
	}
	if (n > COST_NAMED_MAX) {
		dg_buf_printf(&k->text, " and %zu more", n - COST_NAMED_MAX);
	}
}

static void opening_cost(struct cost *k, enum dg_mx_state was)
{
	if (was == DG_MX_NULL) {
		next_clause(k);
		dg_buf_printf(&k->text,
			"senders that still hold the null MX go on refusing mail to @%s", k->name);
	} else if (was == DG_MX_ABSENT && has_address(k)) {
		next_clause(k);
		dg_buf_printf(&k->text,
			"without an MX, mail to @%s went to its own address (RFC 5321 section "
			"5.1): it goes to the MX from now on",
			k->name);
	} else {
		moving_cost(k);
	}
}

static void removal_cost(struct cost *k, enum dg_mx_state was)
{
	if (was == DG_MX_ABSENT) {
		return;
	}
	next_clause(k);
	if (has_address(k)) {
		dg_buf_printf(&k->text,
			"without an MX, mail to @%s goes to its own address (RFC 5321 section 5.1)",
			k->name);
	} else if (was == DG_MX_NULL) {
		dg_buf_printf(&k->text, "nothing says any more that @%s takes no mail", k->name);
	} else {
		dg_buf_printf(&k->text,
			"mail to @%s bounces from now on: it has no MX and no address", k->name);
	}
}

static void mx_cost(struct cost *k)
{
	enum dg_mx_state was = dg_mx_state(&k->change->before);

	switch (dg_mx_state(&k->change->after)) {
	case DG_MX_NULL:
		closing_cost(k, was);
		break;
	case DG_MX_HOSTS:
		opening_cost(k, was);
		break;
	case DG_MX_ABSENT:
		removal_cost(k, was);
		break;
	case DG_MX_BROKEN: /* refused before */
		break;
	}
}

/* --- SPF -------------------------------------------------------------------------------------------------- */
/* The text of the RRset's record with this tag; NULL: none. */
static const char *tagged(struct cost *k, const struct dg_rrset *set, const char *tag)
{
	for (size_t i = 0; i < set->n; i++) {
		if (dg_txt_has_tag(&set->rdata[i], tag)) {
			return dg_txt_join(k->arena, &set->rdata[i]);
		}
	}
	return NULL;
}

struct term {
	const char *text; /* without the qualifier + */
	size_t len;
};

/* The next term at or after *pos. */
static bool next_term(const char **pos, struct term *ret_term)
{
	const char *p = *pos + strspn(*pos, " ");
	size_t len = strcspn(p, " ");

	*pos = p + len;
	if (*p == '+' && len > 1) {
		p++;
		len--;
	}
	*ret_term = (struct term){.text = p, .len = len};
	return len > 0;
}

static bool is_all(const struct term *t)
{
	return (t->len == 3 && strncasecmp(t->text, "all", 3) == 0) ||
	       (t->len == 4 && strchr("?~-", t->text[0]) &&
		       strncasecmp(t->text + 1, "all", 3) == 0);
}

/* Lets somebody send: a mechanism or a redirect, neither `all` nor one that fails. */
static bool is_sender(const struct term *t)
{
	return !is_all(t) && t->text[0] != '-' && t->text[0] != '~' &&
	       strncasecmp(t->text, "exp=", 4) != 0 &&
	       !(t->len == 6 && strncasecmp(t->text, "v=spf1", 6) == 0);
}

static bool names_sender(const char *record, const struct term *wanted)
{
	struct term t;

	while (next_term(&record, &t)) {
		if (t.len == wanted->len && strncasecmp(t.text, wanted->text, t.len) == 0) {
			return true;
		}
	}
	return false;
}

static size_t count_senders(const char *record)
{
	struct term t;
	size_t n = 0;

	while (next_term(&record, &t)) {
		n += is_sender(&t) ? 1 : 0;
	}
	return n;
}

/* What the record says of hosts that it does not name. */
enum rest {
	REST_NEUTRAL, /* no `all`, no record */
	REST_PASS,
	REST_SOFT_FAIL,
	REST_FAIL,
	REST_ELSEWHERE, /* a redirect: another record says it */
};

static enum rest rest_of(const char *record)
{
	struct term t;
	enum rest rest = REST_NEUTRAL;

	while (record && next_term(&record, &t)) {
		if (is_all(&t)) {
			return t.text[0] == '-'   ? REST_FAIL
			       : t.text[0] == '~' ? REST_SOFT_FAIL
			       : t.text[0] == '?' ? REST_NEUTRAL
						  : REST_PASS;
		}
		if (strncasecmp(t.text, "redirect=", 9) == 0) {
			rest = REST_ELSEWHERE;
		}
	}
	return rest;
}

static void withdrawn_cost(struct cost *k, const char *was, const char *will)
{
	struct term t;
	size_t n = 0;

	while (next_term(&was, &t)) {
		if (!is_sender(&t) || names_sender(will, &t)) {
			continue;
		}
		if (n++ == 0) {
			next_clause(k);
			dg_buf_printf(&k->text, "may no longer send mail as @%s: ", k->name);
		}
		if (n <= COST_NAMED_MAX) {
			dg_buf_printf(&k->text, "%s%.*s%s", n > 1 ? ", " : "",
				(int)(t.len < TERM_MAX ? t.len : TERM_MAX), t.text,
				t.len > TERM_MAX ? "..." : "");
		}
	}
	if (n > COST_NAMED_MAX) {
		dg_buf_printf(&k->text, " and %zu more", n - COST_NAMED_MAX);
	}
}

static void refusal_cost(struct cost *k, const char *was)
{
	static const char *const until_now[] = {
		[REST_NEUTRAL] = "neutral",
		[REST_PASS] = "allowed",
		[REST_SOFT_FAIL] = "~all",
	};
	enum rest rest = rest_of(was);

	if (rest == REST_FAIL || rest == REST_ELSEWHERE) {
		return;
	}
	next_clause(k);
	dg_buf_printf(&k->text,
		"receivers may refuse mail sent as @%s from hosts that the record does not name "
		"(until now: %s)",
		k->name, was ? until_now[rest] : "no SPF");
}

static void spf_cost(struct cost *k)
{
	const char *was = tagged(k, &k->change->before, "v=spf1");
	const char *will = tagged(k, &k->change->after, "v=spf1");

	if (!will && was) {
		next_clause(k);
		dg_buf_printf(&k->text,
			"without SPF, receivers cannot tell who may send mail as @%s", k->name);
	}
	if (!will) {
		return;
	}
	if (count_senders(will) > 0 || rest_of(will) != REST_FAIL) {
		if (rest_of(will) == REST_FAIL) {
			refusal_cost(k, was);
		}
		if (was) {
			withdrawn_cost(k, was, will);
		}
	} else if (!was || count_senders(was) > 0 || rest_of(was) != REST_FAIL) {
		next_clause(k);
		dg_buf_printf(&k->text,
			"receivers may refuse all mail sent as @%s from now on: no host may send "
			"it",
			k->name);
	}
}

/* --- DMARC, DKIM ------------------------------------------------------------------------------------------- */
static enum dg_dmarc_policy dmarc_policy(struct cost *k, const char *record)
{
	struct dg_dmarc d;
	struct dg_lints lints;

	if (!record) {
		return DG_DMARC_UNSET;
	}
	dg_lints_init(&lints, k->arena);
	dg_dmarc_parse(k->arena, record, strlen(record), &d, &lints);
	return d.t == 'y' && d.p == DG_DMARC_REJECT ? DG_DMARC_QUARANTINE : d.p;
}

static void dmarc_cost(struct cost *k)
{
	enum dg_dmarc_policy was = dmarc_policy(k, tagged(k, &k->change->before, "v=DMARC1"));
	enum dg_dmarc_policy will = dmarc_policy(k, tagged(k, &k->change->after, "v=DMARC1"));

	k->name = dg_name_plain(k->arena, dg_name_parent(k->change->after.owner));
	if (will < DG_DMARC_QUARANTINE || was >= will) {
		return;
	}
	next_clause(k);
	dg_buf_printf(&k->text,
		"mail from @%s that passes neither SPF nor DKIM in alignment is %s by receivers: "
		"mailing lists, forwarders and senders without DKIM may lose mail",
		k->name, will == DG_DMARC_REJECT ? "refused" : "put aside");
}

static void dkim_cost(struct cost *k)
{
	if (k->change->before.n == 0) {
		return;
	}
	next_clause(k);
	dg_buf_printf(&k->text,
		"mail signed with the old key of %s and still under way fails DKIM (queues hold "
		"mail for up to 5 days)",
		k->name);
}

static void txt_cost(struct cost *k)
{
	const char *owner = k->change->after.owner;

	if (strncmp(owner, "_dmarc.", 7) == 0) {
		dmarc_cost(k);
	} else if (strstr(owner, "._domainkey.")) {
		dkim_cost(k);
	} else {
		spf_cost(k);
	}
}

/* --- caches ------------------------------------------------------------------------------------------------ */
const char *dg_change_cache_words(struct dg_arena *a, const struct dg_change *c)
{
	char type[16];
	const char *until = dg_duration_text(a, c->old_ttl);

	if (c->old_ttl == 0) {
		return NULL;
	}
	if (c->before.n == 0) {
		return dg_printf(a, "caches may hold \"no such record\" for up to %s", until);
	}
	return dg_printf(a, "caches hold the old %s for up to %s",
		c->action == DG_ACTION_TTL ? "TTL" : dg_type_text(c->before.type, type), until);
}

void dg_change_weigh(struct dg_arena *a, const struct dg_zone *have, struct dg_change *c)
{
	struct cost k = {
		.arena = a, .have = have, .change = c, .name = dg_name_plain(a, c->after.owner)};

	c->old_ttl = c->before.n > 0 ? c->before.ttl : dg_zone_negative_ttl(have);
	dg_buf_init(&k.text, COST_TEXT_MAX);
	if (c->action != DG_ACTION_TTL && c->conflict != DG_CONFLICT_UNKNOWN) {
		if (c->after.type == DG_TYPE_MX) {
			mx_cost(&k);
		} else {
			txt_cost(&k);
		}
	}
	const char *cache = dg_change_cache_words(a, c);
	if (cache) {
		next_clause(&k);
		dg_buf_puts(&k.text, cache);
	}
	c->cost = k.text.len > 0 ? dg_strdup(a, k.text.data) : NULL;
	dg_buf_done(&k.text);
}
