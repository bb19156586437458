/* DMARC discovery and evaluation over facts out of the input: what is certain stays so whatever the failed look-ups would have said. */
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/base/map.h"
#include "zones/mail/dmarc_find.h"
#include "zones/mail/facts.h"
#include "zones/mail/idn.h"
#include "zones/record/name.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (64u << 10)
#define QUERIES   8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true) {
		abort();
	}
}

/* Each new question is answered by the next line of the input: "P" pending, "U" unknown, "N" no data, "A" an alias that leads to
 * nothing, else TXT records between '|'. Behind the last line: no such name. */
struct source {
	struct dg_arena *arena;
	struct dg_map known;
	const char *rest, *end;
	const char *instead; /* of pending and unknown; NULL: as the input says */
	size_t n_dmarc;
	bool has_pending, has_unknown;
};

static bool next_line(struct source *s, const char **ret_line, size_t *ret_len)
{
	if (s->rest >= s->end) {
		return false;
	}
	const char *line = s->rest;
	const char *nl = memchr(line, '\n', (size_t)(s->end - line));

	*ret_line = line;
	*ret_len = (size_t)((nl ? nl : s->end) - line);
	s->rest = nl ? nl + 1 : s->end;
	return true;
}

static void set_records(struct source *s, struct dg_fact *f, const char *line, size_t len)
{
	struct dg_rdata *rdata = dg_newn(s->arena, struct dg_rdata, DG_RDATA_MAX);
	size_t n = 0;

	while (n < DG_RDATA_MAX) {
		const char *bar = len > 0 ? memchr(line, '|', len) : NULL;
		size_t part = bar ? (size_t)(bar - line) : len;

		rdata[n++] = dg_txt_make(s->arena, line, part < 65000 ? part : 65000);
		if (!bar) {
			break;
		}
		line = bar + 1;
		len -= part + 1;
	}
	f->state = DG_FACT_FOUND;
	f->set = dg_rrset_make(f->set.owner, DG_TYPE_TXT, 60, rdata, n);
}

static void set_answer(struct source *s, struct dg_fact *f, const char *line, size_t len)
{
	char c = (char)(len == 1 ? line[0] : '\0');

	if ((c == 'P' || c == 'U') && s->instead) {
		if (s->instead[0] != '\0') {
			set_records(s, f, s->instead, strlen(s->instead));
		}
	} else if (c == 'P' || c == 'U') {
		f->state = c == 'P' ? DG_FACT_PENDING : DG_FACT_UNKNOWN;
		s->has_pending |= c == 'P';
		s->has_unknown |= c == 'U';
	} else if (c == 'N') {
		f->state = DG_FACT_NODATA;
	} else if (c == 'A') {
		f->alias = "nowhere.example.";
	} else {
		set_records(s, f, line, len);
	}
}

static const struct dg_fact *on_dns(void *arg, const char *owner, uint16_t type)
{
	struct source *s = arg;
	struct dg_fact *f = dg_map_get(&s->known, owner);
	const char *line = NULL;
	size_t len = 0;

	check(type == DG_TYPE_TXT);
	if (f) {
		return f;
	}
	const char *name = dg_strdup(s->arena, owner);
	f = dg_new(s->arena, struct dg_fact);
	*f = (struct dg_fact){.state = DG_FACT_NXDOMAIN, .set = dg_rrset_none(name, type)};
	s->n_dmarc += strncmp(owner, "_dmarc.", 7) == 0;
	(void)dg_map_put(&s->known, name, f);
	if (next_line(s, &line, &len)) {
		set_answer(s, f, line, len);
	}
	return f;
}

struct play {
	struct dg_arena *arena;
	const char *domain;
	const char *text, *end; /* the answers */
	enum dg_dmarc_method method;
};

static struct dg_facts facts_of(struct source *s, const struct play *p, const char *instead)
{
	*s = (struct source){.arena = p->arena, .rest = p->text, .end = p->end, .instead = instead};
	dg_map_init(&s->known, p->arena);
	return (struct dg_facts){.dns = on_dns, .arg = s};
}

static void check_found(const struct dg_dmarc_found *f, enum dg_dmarc_method method)
{
	check(f->n_steps <= DG_DMARC_STEPS_MAX && f->org_domain);
	check(dg_name_is_at_or_under(f->domain, f->org_domain));
	check((f->state == DG_DMARC_FOUND || f->state == DG_DMARC_PENDING) == !f->why);
	check(method == DG_DMARC_WALK || f->is_org_certain);
	if (f->state != DG_DMARC_FOUND) {
		return;
	}
	check(f->at && f->record && f->tag && dg_name_is_at_or_under(f->domain, f->at));
	check(f->policy != DG_DMARC_UNSET && f->applied <= f->policy &&
		f->policy <= f->applied + 1);
	check(!f->is_repaired || f->policy == DG_DMARC_NONE);
	check(strcmp(f->domain, f->at) != 0 || strcmp(f->tag, "p") == 0);
	check(strcmp(f->tag, "np") != 0 || f->is_missing);
}

/* The failed look-ups and those that are not done yet get an answer; what was certain is still so. */
static void check_certain(
	const struct play *p, const struct dg_dmarc_found *was, const char *instead)
{
	struct source s;
	struct dg_facts facts = facts_of(&s, p, instead);
	struct dg_dmarc_found f;

	dg_dmarc_find(p->arena, p->domain, p->method, &facts, &f);
	check(f.state == DG_DMARC_FOUND || f.state == DG_DMARC_ABSENT);
	check_found(&f, p->method);
	if (was->state == DG_DMARC_FOUND || was->state == DG_DMARC_ABSENT) {
		check(f.state == was->state && f.policy == was->policy &&
			f.applied == was->applied);
		check(!was->at || strcmp(f.at, was->at) == 0);
	}
	if (was->state != DG_DMARC_PENDING && was->is_org_certain) {
		check(strcmp(f.org_domain, was->org_domain) == 0);
	}
}

static void play(const struct play *p)
{
	struct source s;
	struct dg_facts facts = facts_of(&s, p, NULL);
	struct dg_dmarc_found f;

	dg_dmarc_find(p->arena, p->domain, p->method, &facts, &f);
	check_found(&f, p->method);
	check(s.n_dmarc <= QUERIES + (strncmp(p->domain, "_dmarc.", 7) == 0));
	check(f.state != DG_DMARC_PENDING || s.has_pending);
	check(f.state != DG_DMARC_UNKNOWN || s.has_unknown);
	check_certain(p, &f, "");
	check_certain(p, &f, "v=DMARC1; p=quarantine; psd=n");
	check_certain(p, &f, "v=DMARC1; p=none; np=reject; psd=y");
}

static void play_message(const struct play *p, const char *other)
{
	struct dg_dmarc_dkim dkim = {.domain = other};
	struct dg_dmarc_query q = {.from = p->domain,
		.spf = DG_SPF_RESULT_PASS,
		.spf_qualifier = '+',
		.spf_domain = other,
		.dkim = &dkim,
		.n_dkim = 1,
		.method = p->method};
	struct source s;
	struct dg_facts facts = facts_of(&s, p, NULL);
	struct dg_dmarc_outcome out;
	const char *at = NULL;

	dg_dmarc_eval(p->arena, &q, &facts, &out);
	check(out.result == DG_DMARC_RESULT_PENDING || out.text[0] != '\0');
	check(out.result != DG_DMARC_RESULT_PENDING || s.has_pending);
	check(out.result != DG_DMARC_RESULT_TEMPERROR || s.has_unknown);
	check(out.result != DG_DMARC_RESULT_PASS || out.is_spf_aligned || out.is_dkim_aligned);
	const char *uri = dg_printf(p->arena, "mailto:r@%s", other);
	uri = dg_strndup(p->arena, uri, strlen(uri) - 1);
	enum dg_dmarc_consent c = dg_dmarc_report_consent(p->arena, p->domain, uri, &facts, &at);
	check(c != DG_DMARC_CONSENT_GIVEN || at);
	check(c != DG_DMARC_CONSENT_UNKNOWN || s.has_unknown);
}

/* The author domain, another domain, then the answers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new((size_t)256 << 20);
	struct play p = {.arena = a};
	const char *other = NULL;
	const char *line = NULL;
	size_t len = 0;
	struct dg_err err;

	if (size > INPUT_MAX) {
		return 0;
	}
	const char *text = dg_memdup(a, data, size);
	struct source s = {.rest = text, .end = text + size};
	if (!next_line(&s, &line, &len) || dg_domain_parse(a, line, len, &p.domain, &err) < 0 ||
		!next_line(&s, &line, &len) || dg_domain_parse(a, line, len, &other, &err) < 0) {
		return 0;
	}
	p.text = s.rest;
	p.end = s.end;
	for (p.method = DG_DMARC_WALK; p.method <= DG_DMARC_PSL; p.method++) {
		play(&p);
		play_message(&p, other);
	}
	return 0;
}
