/* What was seen, as JSON: SPF, DMARC, MX, keys, records. */
#include "zones/check/jsons.h"

#include "zones/base/buf.h"
#include "zones/check/served.h"
#include "zones/record/view.h"

#include <string.h>

#define RDATA_MAX   ((size_t)512 << 10)
#define EXACT_MAX   9007199254740992.0 /* integers above are not exact in a double */
#define ADDRESS_MAX 64u

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
	json_t *j = dg_json_text(b.data);
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

	dg_json_set(j, "depth", json_integer(n->depth));
	dg_json_set(j, "term", dg_json_text(n->term));
	dg_json_set(j, "domain", dg_json_text(n->domain));
	dg_json_set(j, "record", dg_json_text(n->record));
	dg_json_set(j, "remark", dg_json_text(n->remark));
	dg_json_set(j, "lookups", json_integer(n->n_lookups));
	dg_json_set(j, "voids", json_integer(n->n_voids));
	dg_json_set(j, "addresses4", many(n->n_addresses4));
	dg_json_set(j, "networks6", many(n->n_addresses6_64));
	dg_json_set(j, "shared", dg_json_text(n->shared));
	return j;
}

json_t *dg_spf_tree_json(const struct dg_spf_tree *t)
{
	json_t *nodes = json_array();
	json_t *j = json_object();

	dg_json_set(j, "lookups", json_integer(t->n_lookups));
	dg_json_set(j, "voids", json_integer(t->n_voids));
	dg_json_set(j, "is_lower_bound", json_boolean(t->n_failed + t->n_pending > 0));
	dg_json_set(j, "macros", json_integer(t->n_macros));
	dg_json_set(j, "all", dg_json_text(end_of(t)));
	dg_json_set(j, "addresses4", many(t->n_addresses4));
	dg_json_set(j, "networks6", many(t->n_addresses6_64));
	dg_json_set(j, "loop", dg_json_text(t->loop));
	dg_json_set(j, "broken", dg_json_text(t->broken));
	dg_json_set(j, "broken_why", dg_json_text(t->broken_why));
	for (size_t i = 0; i < t->n_nodes; i++) {
		(void)json_array_append_new(nodes, node(&t->nodes[i]));
	}
	dg_json_set(j, "nodes", nodes);
	dg_json_set(j, "nodes_not_shown", dg_json_count(t->n_hidden));
	return j;
}

json_t *check_json_spf(const struct dg_check *c)
{
	json_t *j = c->spf ? dg_spf_tree_json(c->spf) : json_object();
	json_t *more = json_array();

	dg_json_set(j, "record", dg_json_text(c->spf_record));
	dg_json_set(j, "records", dg_json_count(c->n_spf_records));
	for (size_t i = 0; i < c->n_spf_more; i++) {
		json_t *other = dg_spf_tree_json(&c->spf_more[i].tree);

		dg_json_set(other, "record", dg_json_text(c->spf_more[i].record));
		(void)json_array_append_new(more, other);
	}
	dg_json_set(j, "more", more);
	return j;
}

/* --- DMARC ------------------------------------------------------------------------------------------------ */
static json_t *step(const struct dg_dmarc_step *s)
{
	json_t *more = json_array();
	json_t *j = json_object();

	for (size_t i = 0; i < s->n_more; i++) {
		(void)json_array_append_new(more, dg_json_text(s->more[i]));
	}
	dg_json_set(j, "at", dg_json_text(s->at));
	dg_json_set(j, "records", dg_json_count(s->n_records));
	dg_json_set(j, "record", dg_json_text(s->record));
	dg_json_set(j, "more", more);
	dg_json_set(j, "text", dg_json_text(s->text));
	dg_json_set(j, "is_used", json_boolean(s->is_used));
	return j;
}

json_t *dg_dmarc_found_json(const struct dg_dmarc_found *found)
{
	bool is_found = found->state == DG_DMARC_FOUND;
	json_t *steps = json_array();
	json_t *j = json_object();

	dg_json_set(j, "state", json_string(dg_dmarc_state_text(found->state)));
	dg_json_set(j, "why", dg_json_text(found->why));
	dg_json_set(j, "org_domain", dg_json_text(found->org_domain));
	dg_json_set(j, "at", dg_json_text(is_found ? found->at : NULL));
	dg_json_set(j, "record", dg_json_text(found->record));
	dg_json_set(j, "tag", dg_json_text(is_found ? found->tag : NULL));
	dg_json_set(
		j, "policy", dg_json_text(is_found ? dg_dmarc_policy_text(found->policy) : NULL));
	dg_json_set(
		j, "applied", dg_json_text(is_found ? dg_dmarc_policy_text(found->applied) : NULL));
	dg_json_set(j, "is_testing", json_boolean(found->is_testing));
	dg_json_set(j, "is_missing", json_boolean(found->is_missing));
	dg_json_set(j, "is_repaired", json_boolean(found->is_repaired));
	dg_json_set(j, "has_two_outcomes", json_boolean(found->has_two_outcomes));
	for (size_t i = 0; i < found->n_steps; i++) {
		(void)json_array_append_new(steps, step(&found->steps[i]));
	}
	dg_json_set(j, "steps", steps);
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

		dg_json_set(host, "host", dg_json_text(c->mx[i].host));
		dg_json_set(host, "preference", json_integer(c->mx[i].preference));
		dg_json_set(host, "a", addresses(c->mx[i].a));
		dg_json_set(host, "aaaa", addresses(c->mx[i].aaaa));
		(void)json_array_append_new(hosts, host);
	}
	dg_json_set(j, "state", dg_json_text(check_mx_text(c)));
	dg_json_set(j, "hosts", hosts);
	return j;
}

json_t *check_json_keys(const struct dg_check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_keys; i++) {
		json_t *j = json_object();

		dg_json_set(j, "selector", dg_json_text(c->keys[i].selector));
		dg_json_set(j, "record", dg_json_text(c->keys[i].record));
		dg_json_set(j, "text", dg_json_text(c->keys[i].text));
		(void)json_array_append_new(list, j);
	}
	return list;
}

static json_t *record(const struct dg_check *c, const struct dg_check_record *r)
{
	const struct dg_fact *fact = r->fact;
	long served = check_served_ttl(c, r->owner, r->type);
	json_t *records = json_array();
	json_t *j = json_object();
	char type[16];

	for (size_t i = 0; fact->state == DG_FACT_FOUND && i < fact->set.n; i++) {
		(void)json_array_append_new(
			records, rdata_text(fact->set.type, &fact->set.rdata[i]));
	}
	dg_json_set(j, "owner", dg_json_text(r->owner));
	dg_json_set(j, "type", json_string(dg_type_text(r->type, type)));
	dg_json_set(j, "state", json_string(dg_fact_state_text(fact->state)));
	dg_json_set(j, "ttl",
		fact->state == DG_FACT_FOUND ? json_integer(fact->set.ttl)
		: dg_fact_is_none(fact)      ? json_integer(fact->negative_ttl)
					     : json_null());
	dg_json_set(j, "ttl_served",
		served == SERVED_NOWHERE ? json_null() : json_integer((json_int_t)served));
	dg_json_set(j, "records", records);
	dg_json_set(j, "alias", dg_json_text(fact->alias));
	dg_json_set(j, "trust", json_string(dg_trust_text(fact->trust)));
	dg_json_set(j, "why", dg_json_text(fact->why));
	return j;
}

json_t *check_json_records(const struct dg_check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_records; i++) {
		(void)json_array_append_new(list, record(c, &c->records[i]));
	}
	return list;
}

/* --- name servers ------------------------------------------------------------------------------------------- */
static json_t *server(const struct dg_check *c, size_t i)
{
	const struct dg_view *v = &c->servers[i];
	int group = check_served_group(c, i);
	json_t *j = json_object();

	dg_json_set(j, "name", dg_json_text(v->name));
	dg_json_set(j, "address", dg_json_text(v->address));
	dg_json_set(j, "state", json_string(dg_view_state_text(v->state)));
	dg_json_set(j, "serial", v->has_serial ? json_integer(v->serial) : json_null());
	dg_json_set(j, "group", group == SERVED_NOWHERE ? json_null() : json_integer(group));
	dg_json_set(j, "tcp", dg_json_text(v->tcp_why));
	dg_json_set(j, "why", dg_json_text(v->why));
	return j;
}

json_t *check_json_servers(const struct dg_check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_servers; i++) {
		if (!c->servers[i].is_resolver) {
			(void)json_array_append_new(list, server(c, i));
		}
	}
	return list;
}
