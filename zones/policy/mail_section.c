/* zones/policy/mail_section.c: mail:, silent: and the other lists of names, with what defaults: adds to them. */
#include "zones/policy/internal.h"

#include "zones/base/arena.h"
#include "zones/base/map.h"
#include "zones/record/name.h"

#include <stddef.h>
#include <string.h>

/* A name of mail: or silent: while both sources are put together. */
struct entry {
	const char *name;
	const struct dg_node *key;
	const struct dg_node *value; /* mail: only */
	bool is_default;
};

#define ENTRIES_COMPARED 12u /* more get a hash map to find double ones */

struct entries {
	struct entry *list;
	size_t n;
	size_t cap;
	struct dg_map by_name; /* used when cap > ENTRIES_COMPARED */
};

static struct entry *find_entry(const struct entries *es, const char *name)
{
	if (es->cap > ENTRIES_COMPARED) {
		return dg_map_get(&es->by_name, name);
	}
	for (size_t i = 0; i < es->n; i++) {
		if (strcmp(es->list[i].name, name) == 0) {
			return &es->list[i];
		}
	}
	return NULL;
}

static int add_entry(
	struct dg_loader *l, struct entries *es, const struct entry *e, struct dg_err *err)
{
	struct entry *before = find_entry(es, e->name);

	if (!before) {
		struct entry *at = &es->list[es->n++];

		*at = *e;
		if (es->cap > ENTRIES_COMPARED) {
			(void)dg_map_put(&es->by_name, at->name, at);
		}
		return 0;
	}
	if (before->is_default == e->is_default) {
		return dg_node_fail(l, e->key, err, "%s stands here twice, first in line %u",
			e->name, before->key->line);
	}
	if (e->value && before->value && e->value->kind == DG_NODE_MAP &&
		(before->value->kind == DG_NODE_MAP || dg_node_is_empty(before->value))) {
		struct dg_node *both = dg_new(l->scratch, struct dg_node);

		*both = dg_node_overlay(l, before->value, e->value);
		before->value = both;
	}
	return 0;
}

/* The names of a mapping's keys, or of a list's words. */
static int add_entries(struct dg_loader *l, struct entries *es, const struct dg_node *node,
	bool is_default, struct dg_err *err)
{
	bool is_map = node->kind == DG_NODE_MAP;
	int r = 0;

	for (size_t i = 0; r == 0 && i < node->n; i++) {
		struct entry e = {.key = is_map ? &node->list[2 * i] : &node->list[i],
			.value = is_map ? &node->list[2 * i + 1] : NULL,
			.is_default = is_default};

		r = dg_node_owner(l, e.key, &e.name, err);
		if (r == 0) {
			r = add_entry(l, es, &e, err);
		}
	}
	return r;
}

static void entries_init(struct dg_loader *l, struct entries *es, const struct dg_node *own,
	const struct dg_node *dflt)
{
	size_t cap = (own ? own->n : 0) + (dflt ? dflt->n : 0);

	*es = (struct entries){.list = dg_newn(l->scratch, struct entry, cap), .cap = cap};
	dg_map_init(&es->by_name, l->scratch);
}

/* The section under key of the zone itself or of defaults:, as a list or a mapping; one word is a list of one. */
static const struct dg_node *section(struct dg_loader *l, const char *key, bool is_default)
{
	const struct dg_node *s = dg_node_get(is_default ? l->defaults : l->section, key);

	if (!s || s->kind != DG_NODE_SCALAR) {
		return s;
	}
	struct dg_node *list = dg_new(l->scratch, struct dg_node);
	*list = (struct dg_node){.kind = DG_NODE_LIST,
		.line = s->line,
		.column = s->column,
		.list = s,
		.n = dg_node_is_empty(s) ? 0 : 1};
	return list;
}

/* What mail: or silent: of zone and defaults declare together. A name that the zone itself has under the other key is not taken from defaults. */
static int collect(struct dg_loader *l, const char *key, const char *other_key, struct entries *es,
	struct dg_err *err)
{
	const struct dg_node *own = section(l, key, false);
	const struct dg_node *dflt = section(l, key, true);
	const struct dg_node *other = dflt ? section(l, other_key, false) : NULL;
	struct entries others;
	size_t n = 0;

	entries_init(l, es, own, dflt);
	entries_init(l, &others, other, NULL);
	int r = own ? add_entries(l, es, own, false, err) : 0;
	if (r == 0 && dflt) {
		r = add_entries(l, es, dflt, true, err);
	}
	if (r == 0 && other) {
		r = add_entries(l, &others, other, false, err);
	}
	for (size_t i = 0; r == 0 && i < es->n; i++) {
		if (!es->list[i].is_default || !find_entry(&others, es->list[i].name)) {
			es->list[n++] = es->list[i];
		}
	}
	es->n = n;
	return r;
}

static int read_mail_name(struct dg_loader *l, const struct entry *e, uint32_t ttl,
	struct dg_mail_spec *out, struct dg_err *err)
{
	if (dg_name_is_wildcard(e->name)) {
		return dg_node_fail(l, e->key, err,
			"%s is a wildcard, expected a mail name (wildcards may stand in silent:)",
			e->name);
	}
	out->name = e->name;
	out->pos = dg_node_pos(l, e->key);
	out->ttl = ttl;
	if (dg_fields_read(l, e->value, &dg_schema_mail, out, err) < 0) {
		return dg_wrap(err, (int)err->rc, "%.100s", e->key->text);
	}
	return 0;
}

int dg_mail_read(struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_policy *p =
		(struct dg_policy *)(void *)((char *)field - offsetof(struct dg_policy, mail));
	struct entries es;

	if (node->kind != DG_NODE_MAP && !dg_node_is_empty(node)) {
		return dg_node_expected(
			l, node, err, "a mapping of mail names, for example {\"@\": {mx: null}}");
	}
	int r = collect(l, "mail", "silent", &es, err);
	p->mail = dg_newn(l->out, struct dg_mail_spec, r == 0 ? es.n : 0);
	for (size_t i = 0; r == 0 && i < es.n; i++) {
		r = read_mail_name(l, &es.list[i], p->ttl, &p->mail[p->n_mail++], err);
	}
	return r;
}

int dg_silent_read(struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_policy *p =
		(struct dg_policy *)(void *)((char *)field - offsetof(struct dg_policy, silent));
	struct entries es;

	if (node->kind == DG_NODE_MAP) {
		return dg_node_expected(l, node, err, "a list of names, for example [www, \"*\"]");
	}
	int r = collect(l, "silent", "mail", &es, err);
	p->silent = dg_newn(l->out, struct dg_silent_spec, r == 0 ? es.n : 0);
	for (size_t i = 0; r == 0 && i < es.n; i++) {
		p->silent[p->n_silent++] = (struct dg_silent_spec){
			.name = es.list[i].name, .pos = dg_node_pos(l, es.list[i].key)};
	}
	return r;
}

/* A list of names to canonical ones; is_owner: they must be in the zone. */
static int read_names(struct dg_loader *l, const struct dg_node *node, bool is_owner,
	struct dg_strings *out, struct dg_err *err)
{
	const struct dg_node *list = node->kind == DG_NODE_LIST ? node->list : node;
	size_t n = node->kind == DG_NODE_LIST ? node->n : !dg_node_is_empty(node);
	struct dg_string *names = dg_newn(l->out, struct dg_string, n);

	for (size_t i = 0; i < n; i++) {
		int r = is_owner ? dg_node_owner(l, &list[i], &names[i].text, err)
				 : dg_node_name(l, &list[i], &names[i].text, err);

		if (r < 0) {
			return r;
		}
		names[i].pos = dg_node_pos(l, &list[i]);
	}
	*out = (struct dg_strings){.list = names, .n = n};
	return 0;
}

int dg_owners_read(struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	return read_names(l, node, true, field, err);
}

int dg_domains_read(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	return read_names(l, node, false, field, err);
}

int dg_verify_read(struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	return dg_fields_read(l, node, &dg_schema_verify, field, err);
}

int dg_servers_read(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_verify_spec *v =
		(struct dg_verify_spec *)(void *)((char *)field -
						  offsetof(struct dg_verify_spec, servers));

	if (dg_node_is(node, "none")) {
		v->is_off = true;
		return 0;
	}
	return dg_node_endpoints(l, node, field, err);
}
