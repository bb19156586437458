/* What was seen, as JSON: SPF, DMARC, MX, keys, records. */
#include "zones/check/jsons.h"

#include "zones/base/buf.h"
#include "zones/record/view.h"

#include <string.h>

#define RDATA_MAX   ((size_t)512 << 10)
#define EXACT_MAX   9007199254740992.0 /* integers above are not exact in a double */
#define ADDRESS_MAX 64u

const char *check_policy_text(enum dg_dmarc_policy p)
{
	switch (p) {
	case DG_DMARC_UNSET:
		break;
	case DG_DMARC_NONE:
		return "none";
	case DG_DMARC_QUARANTINE:
		return "quarantine";
	case DG_DMARC_REJECT:
		return "reject";
	}
	return NULL;
}

const char *check_mx_text(const struct dg_check *c)
{
	for (size_t i = 0; i < c->n_records; i++) {
		const struct dg_check_record *r = &c->records[i];

		if (r->type == DG_TYPE_MX && strcmp(r->owner, c->domain) == 0 &&
			r->fact->state != DG_FACT_FOUND && !dg_fact_is_none(r->fact)) {
			return NULL;
		}
	}
	switch (c->mx_state) {
	case DG_MX_ABSENT:
		break;
	case DG_MX_HOSTS:
		return "hosts";
	case DG_MX_NULL:
		return "null";
	case DG_MX_BROKEN:
		return "broken";
	}
	return "absent";
}

static json_t *rdata_text(uint16_t type, const struct dg_rdata *rd)
{
	struct dg_buf b;

	dg_buf_init(&b, RDATA_MAX);
	dg_rdata_print(&b, type, rd);
	json_t *j = check_json_text(b.data);
	dg_buf_done(&b);
	return j;
}

/* --- SPF ----------------------------------------------------------------------------------------------- */
static json_t *many(double n)
{
	return n < EXACT_MAX ? json_integer((json_int_t)n) : json_real(n);
}

static const char *end_of(const struct dg_spf_tree *t)
{
	return t->has_pass_all      ? "pass"
	       : t->has_neutral_all ? "neutral"
	       : t->has_soft_all    ? "softfail"
	       : t->has_fail_all    ? "fail"
				    : NULL;
}

static json_t *node(const struct dg_spf_node *n)
{
	json_t *j = json_object();

	check_json_set(j, "depth", json_integer(n->depth));
	check_json_set(j, "term", check_json_text(n->term));
	check_json_set(j, "domain", check_json_text(n->domain));
	check_json_set(j, "record", check_json_text(n->record));
	check_json_set(j, "remark", check_json_text(n->remark));
	check_json_set(j, "lookups", json_integer(n->n_lookups));
	check_json_set(j, "voids", json_integer(n->n_voids));
	check_json_set(j, "addresses4", many(n->n_addresses4));
	check_json_set(j, "networks6", many(n->n_addresses6_64));
	check_json_set(j, "shared", check_json_text(n->shared));
	return j;
}

json_t *check_json_spf(const struct dg_check *c)
{
	const struct dg_spf_tree *t = c->spf;
	json_t *nodes = json_array();
	json_t *j = json_object();

	check_json_set(j, "record", check_json_text(c->spf_record));
	check_json_set(j, "records", check_json_count(c->n_spf_records));
	if (!t) {
		json_decref(nodes);
		return j;
	}
	check_json_set(j, "lookups", json_integer(t->n_lookups));
	check_json_set(j, "voids", json_integer(t->n_voids));
	check_json_set(j, "is_lower_bound", json_boolean(t->n_failed > 0));
	check_json_set(j, "macros", json_integer(t->n_macros));
	check_json_set(j, "all", check_json_text(end_of(t)));
	check_json_set(j, "addresses4", many(t->n_addresses4));
	check_json_set(j, "networks6", many(t->n_addresses6_64));
	check_json_set(j, "loop", check_json_text(t->loop));
	check_json_set(j, "broken", check_json_text(t->broken));
	check_json_set(j, "broken_why", check_json_text(t->broken_why));
	for (size_t i = 0; i < t->n_nodes; i++) {
		(void)json_array_append_new(nodes, node(&t->nodes[i]));
	}
	check_json_set(j, "nodes", nodes);
	check_json_set(j, "nodes_not_shown", check_json_count(t->n_hidden));
	return j;
}

/* --- DMARC ------------------------------------------------------------------------------------------------ */
static const char *dmarc_state(enum dg_dmarc_state s)
{
	switch (s) {
	case DG_DMARC_PENDING:
		break;
	case DG_DMARC_FOUND:
		return "found";
	case DG_DMARC_ABSENT:
		return "absent";
	case DG_DMARC_UNKNOWN:
		return "unknown";
	}
	return "pending";
}

static json_t *step(const struct dg_dmarc_step *s)
{
	json_t *j = json_object();

	check_json_set(j, "at", check_json_text(s->at));
	check_json_set(j, "records", check_json_count(s->n_records));
	check_json_set(j, "record", check_json_text(s->record));
	check_json_set(j, "text", check_json_text(s->text));
	check_json_set(j, "is_used", json_boolean(s->is_used));
	return j;
}

json_t *check_json_dmarc(const struct dg_dmarc_found *found)
{
	bool is_found = found->state == DG_DMARC_FOUND;
	json_t *steps = json_array();
	json_t *j = json_object();

	check_json_set(j, "state", json_string(dmarc_state(found->state)));
	check_json_set(j, "why", check_json_text(found->why));
	check_json_set(j, "org_domain", check_json_text(found->org_domain));
	check_json_set(j, "at", check_json_text(is_found ? found->at : NULL));
	check_json_set(j, "record", check_json_text(found->record));
	check_json_set(j, "tag", check_json_text(is_found ? found->tag : NULL));
	check_json_set(
		j, "policy", check_json_text(is_found ? check_policy_text(found->policy) : NULL));
	check_json_set(
		j, "applied", check_json_text(is_found ? check_policy_text(found->applied) : NULL));
	check_json_set(j, "is_testing", json_boolean(found->is_testing));
	check_json_set(j, "is_missing", json_boolean(found->is_missing));
	check_json_set(j, "is_repaired", json_boolean(found->is_repaired));
	check_json_set(j, "has_two_outcomes", json_boolean(found->has_two_outcomes));
	for (size_t i = 0; i < found->n_steps; i++) {
		(void)json_array_append_new(steps, step(&found->steps[i]));
	}
	check_json_set(j, "steps", steps);
	return j;
}

/* --- MX, keys, records -------------------------------------------------------------------------------------- */
static json_t *addresses(const struct dg_fact *fact)
{
	json_t *list = NULL;

	if (!fact || (fact->state != DG_FACT_FOUND && !dg_fact_is_none(fact))) {
		return json_null();
	}
	list = json_array();
	for (size_t i = 0; fact->state == DG_FACT_FOUND && i < fact->set.n && i < ADDRESS_MAX;
		i++) {
		(void)json_array_append_new(list, rdata_text(fact->set.type, &fact->set.rdata[i]));
	}
	return list;
}

json_t *check_json_mx(const struct dg_check *c)
{
	json_t *hosts = json_array();
	json_t *j = json_object();

	for (size_t i = 0; i < c->n_mx; i++) {
		json_t *host = json_object();

		check_json_set(host, "host", check_json_text(c->mx[i].host));
		check_json_set(host, "preference", json_integer(c->mx[i].preference));
		check_json_set(host, "a", addresses(c->mx[i].a));
		check_json_set(host, "aaaa", addresses(c->mx[i].aaaa));
		(void)json_array_append_new(hosts, host);
	}
	check_json_set(j, "state", check_json_text(check_mx_text(c)));
	check_json_set(j, "hosts", hosts);
	return j;
}

json_t *check_json_keys(const struct dg_check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_keys; i++) {
		json_t *j = json_object();

		check_json_set(j, "selector", check_json_text(c->keys[i].selector));
		check_json_set(j, "record", check_json_text(c->keys[i].record));
		check_json_set(j, "text", check_json_text(c->keys[i].text));
		(void)json_array_append_new(list, j);
	}
	return list;
}

static json_t *record(const struct dg_check_record *r)
{
	const struct dg_fact *fact = r->fact;
	json_t *records = json_array();
	json_t *j = json_object();
	char type[16];

	for (size_t i = 0; fact->state == DG_FACT_FOUND && i < fact->set.n; i++) {
		(void)json_array_append_new(
			records, rdata_text(fact->set.type, &fact->set.rdata[i]));
	}
	check_json_set(j, "owner", check_json_text(r->owner));
	check_json_set(j, "type", json_string(dg_type_text(r->type, type)));
	check_json_set(j, "state", json_string(dg_fact_state_text(fact->state)));
	check_json_set(j, "ttl",
		fact->state == DG_FACT_FOUND ? json_integer(fact->set.ttl)
		: dg_fact_is_none(fact)      ? json_integer(fact->negative_ttl)
					     : json_null());
	check_json_set(j, "records", records);
	check_json_set(j, "alias", check_json_text(fact->alias));
	check_json_set(j, "trust", json_string(dg_trust_text(fact->trust)));
	check_json_set(j, "why", check_json_text(fact->why));
	return j;
}

json_t *check_json_records(const struct dg_check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_records; i++) {
		(void)json_array_append_new(list, record(&c->records[i]));
	}
	return list;
}
