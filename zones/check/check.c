#include "zones/check/check.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/check/rule.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <stdlib.h>
#include <string.h>

static const struct dg_fact *on_ask(void *arg, const char *owner, uint16_t type)
{
	return check_ask(arg, owner, type);
}

static const struct dg_fact *on_ask_quietly(void *arg, const char *owner, uint16_t type)
{
	return check_ask_quietly(arg, owner, type);
}

static const struct dg_fetch *on_fetch(void *arg, const char *url)
{
	return check_fetch(arg, url);
}

const struct dg_fact *check_ask_quietly(struct check *c, const char *owner, uint16_t type)
{
	const struct dg_fact *fact = dg_fact(c->in->facts, owner, type);

	c->out->n_pending += fact->state == DG_FACT_PENDING;
	return fact;
}

static void note(struct check *c, const char *owner, const struct dg_fact *fact, uint16_t type)
{
	struct dg_check *out = c->out;

	for (size_t i = 0; i < out->n_records; i++) {
		if (out->records[i].type == type && strcmp(out->records[i].owner, owner) == 0) {
			return;
		}
	}
	if (out->n_records == DG_CHECK_RECORDS_MAX) {
		return;
	}
	if (out->n_records == c->cap_records) {
		size_t cap = c->cap_records ? 4 * c->cap_records : 16;
		struct dg_check_record *records = dg_newn(c->arena, struct dg_check_record, cap);

		if (out->n_records > 0) {
			memcpy(records, out->records, out->n_records * sizeof(records[0]));
		}
		out->records = records;
		c->cap_records = cap;
	}
	out->records[out->n_records++] = (struct dg_check_record){
		.owner = dg_strdup(c->arena, owner), .type = type, .fact = fact};
}

const struct dg_fact *check_ask(struct check *c, const char *owner, uint16_t type)
{
	const struct dg_fact *fact = check_ask_quietly(c, owner, type);

	note(c, owner, fact, type);
	return fact;
}

const struct dg_fetch *check_fetch(struct check *c, const char *url)
{
	static const struct dg_fetch none = {
		.state = DG_FETCH_NOT_ASKED, .content_type = "", .why = "this run fetches nothing"};
	const struct dg_fetch *fetch =
		c->in->facts->fetch ? c->in->facts->fetch(c->in->facts->arg, url) : &none;

	c->out->n_pending += fetch->state == DG_FETCH_PENDING;
	return fetch;
}

const char *check_under(struct check *c, const char *label, const char *name)
{
	const char *joined = NULL;
	struct dg_err err;

	return dg_name_join(c->arena, label, name, &joined, &err) == 0 ? joined : NULL;
}

const char *check_shown(struct check *c, const char *name)
{
	size_t len = strlen(name);

	return len > 1 ? dg_strndup(c->arena, name, len - 1) : name;
}

/* --- findings in their order -------------------------------------------------------------------- */
static int rank(enum dg_severity s)
{
	switch (s) {
	case DG_SEVERITY_ERROR:
		return 0;
	case DG_SEVERITY_WARNING:
		return 1;
	case DG_SEVERITY_UNKNOWN:
		return 2;
	case DG_SEVERITY_NOTE:
		return 3;
	case DG_SEVERITY_GOOD:
		break;
	}
	return 4;
}

static int compare(const void *x, const void *y)
{
	const struct kept *a = *(struct kept *const *)x;
	const struct kept *b = *(struct kept *const *)y;
	int order = rank(a->finding.severity) - rank(b->finding.severity);

	if (order == 0) {
		order = (a->order > b->order) - (a->order < b->order);
	}
	return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

static void finish(struct check *c)
{
	struct dg_check *out = c->out;

	out->findings = dg_newn(c->arena, struct dg_finding, c->n_kept);
	if (c->n_kept > 1) {
		qsort(c->kept, c->n_kept, sizeof(struct kept *), compare);
	}
	for (size_t i = 0; i < c->n_kept; i++) {
		out->findings[i] = c->kept[i]->finding;
		out->n_by_severity[out->findings[i].severity]++;
	}
	out->n_findings = c->n_kept;
	out->n_findings_dropped = c->n_found - c->n_kept;
	out->sends = c->sends != KNOWN_NO;
	out->is_sends_known = c->sends != KNOWN_NOT_YET;
	out->receives = c->receives != KNOWN_NO;
	out->is_receives_known = c->receives != KNOWN_NOT_YET;
}

void dg_check_make(struct dg_arena *a, const struct dg_check_input *in, struct dg_check *ret_check)
{
	struct check c = {.arena = a, .in = in, .out = ret_check, .dmarc = &ret_check->walk};

	*ret_check = (struct dg_check){.domain = in->domain,
		.exists = true,
		.servers = in->servers,
		.n_servers = in->n_servers};
	c.facts = (struct dg_facts){.dns = on_ask, .fetch = on_fetch, .arg = &c};
	c.quiet = (struct dg_facts){.dns = on_ask_quietly, .fetch = on_fetch, .arg = &c};
	for (c.rule = dg_rules; c.rule->run || c.rule->kinds; c.rule++) {
		if (c.rule->run) {
			c.rule->run(&c);
		}
	}
	ret_check->n_pending += in->are_servers_pending;
	finish(&c);
}

/* --- what each name server is asked --------------------------------------------------------------- */
void dg_check_keys(struct dg_arena *a, const struct dg_check_input *in, struct dg_rrkey **ret_keys,
	size_t *ret_n)
{
	static const struct {
		const char *label; /* NULL: the domain itself */
		uint16_t type;
	} keys[] = {
		{NULL, DG_TYPE_SOA},
		{NULL, DG_TYPE_TXT},
		{NULL, DG_TYPE_MX},
		{NULL, DG_TYPE_CNAME},
		{NULL, DG_TYPE_A},
		{NULL, DG_TYPE_AAAA},
		{"_dmarc", DG_TYPE_TXT},
		{"_dmarc", DG_TYPE_CNAME},
		{"_mta-sts", DG_TYPE_TXT},
		{"_smtp._tls", DG_TYPE_TXT},
	};
	struct dg_err err;
	size_t n = 0;

	*ret_keys = dg_newn(a, struct dg_rrkey, sizeof(keys) / sizeof(keys[0]));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *owner = in->domain;

		if (!keys[i].label ||
			dg_name_join(a, keys[i].label, in->domain, &owner, &err) == 0) {
			(*ret_keys)[n++] = (struct dg_rrkey){.owner = owner, .type = keys[i].type};
		}
	}
	*ret_n = n;
}

/* --- words ---------------------------------------------------------------------------------------- */
const char *dg_identity_text(enum dg_identity i)
{
	switch (i) {
	case DG_IDENTITY_FROM:
		return "from";
	case DG_IDENTITY_MAIL_FROM:
		return "mail-from";
	case DG_IDENTITY_HELO:
		break;
	}
	return "helo";
}

const char *dg_name_class_text(enum dg_name_class c)
{
	switch (c) {
	case DG_CLASS_DOMAIN:
		return "domain";
	case DG_CLASS_SUBDOMAIN:
		return "subdomain";
	case DG_CLASS_MISSING:
		return "missing";
	case DG_CLASS_HOST:
		break;
	}
	return "host";
}

const char *dg_forgery_text(enum dg_forgery f)
{
	switch (f) {
	case DG_FORGEABLE:
		return "forgeable";
	case DG_FORGEABLE_LENIENT:
		return "lenient";
	case DG_PROTECTED:
		return "protected";
	case DG_FORGERY_UNKNOWN:
		break;
	}
	return "unknown";
}
