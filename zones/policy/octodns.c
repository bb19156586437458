#include "zones/policy/octodns.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/policy/internal.h"
#include "zones/policy/want.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <stdlib.h>
#include <string.h>

struct reader {
	struct dg_arena *arena;
	yaml_document_t *document;
	struct dg_zone *zone;
	const char *file;
	struct dg_err *err;
	size_t n;
};

static int fail(struct reader *r, const yaml_node_t *at, const char *what)
{
	const struct dg_pos pos = {.file = r->file,
		.line = (unsigned)at->start_mark.line + 1,
		.column = (unsigned)at->start_mark.column + 1};

	return dg_fail_at(r->err, &pos, DG_EINPUT, "%s", what);
}

static const char *text_of(const yaml_node_t *node)
{
	return node && node->type == YAML_SCALAR_NODE &&
			       strlen((const char *)node->data.scalar.value) ==
				       node->data.scalar.length
		       ? (const char *)node->data.scalar.value
		       : NULL;
}

static const yaml_node_t *get(struct reader *r, const yaml_node_t *map, const char *key)
{
	if (map->type != YAML_MAPPING_NODE) {
		return NULL;
	}
	for (const yaml_node_pair_t *p = map->data.mapping.pairs.start;
		p < map->data.mapping.pairs.top; p++) {
		const char *name = text_of(yaml_document_get_node(r->document, p->key));

		if (name && strcmp(name, key) == 0) {
			return yaml_document_get_node(r->document, p->value);
		}
	}
	return NULL;
}

static const yaml_node_t *either(
	struct reader *r, const yaml_node_t *map, const char *key, const char *other)
{
	const yaml_node_t *node = get(r, map, key);

	return node ? node : get(r, map, other);
}

/* 0..max; 1: not a number of those. */
static int number(const char *text, unsigned long max, uint32_t *ret_n)
{
	char *end = NULL;
	unsigned long n = text && *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;

	if (!end || *end || n > max) {
		return 1;
	}
	*ret_n = (uint32_t)n;
	return 0;
}

/* --- values ----------------------------------------------------------------------------------- */
static struct dg_rdata txt(struct reader *r, const char *text)
{
	char *plain = dg_strdup(r->arena, text);
	size_t n = 0;

	for (const char *c = text; *c; c++) {
		c += c[0] == '\\' && c[1] == ';';
		plain[n++] = *c;
	}
	return dg_txt_make(r->arena, plain, n);
}

static int mx(struct reader *r, const yaml_node_t *value, struct dg_rdata *ret_rdata)
{
	const char *host = text_of(either(r, value, "exchange", "value"));
	const char *preference = text_of(either(r, value, "preference", "priority"));
	const char *name = NULL;
	uint32_t n = 0;

	if (!host || !*host || host[strlen(host) - 1] != '.' ||
		number(preference, UINT16_MAX, &n) != 0) {
		return fail(r, value,
			"expected exchange: a name with a final dot, and preference: 0 to 65535");
	}
	if (dg_name_parse(r->arena, host, strlen(host), ".", &name, r->err) < 0) {
		return fail(r, value, dg_strdup(r->arena, r->err->text));
	}
	*ret_rdata = dg_mx_make(r->arena, (uint16_t)n, name);
	return 0;
}

static int rdata_of(
	struct reader *r, uint16_t type, const yaml_node_t *value, struct dg_rdata *ret_rdata)
{
	const char *text = text_of(value);

	*ret_rdata = (struct dg_rdata){.wire = (const uint8_t *)""};
	if (type == DG_TYPE_MX) {
		return mx(r, value, ret_rdata);
	}
	if (type != DG_TYPE_TXT && type != DG_TYPE_A && type != DG_TYPE_AAAA &&
		type != DG_TYPE_CNAME && type != DG_TYPE_NS) {
		return 0; /* its owner exists */
	}
	if (!text) {
		return fail(r, value, "expected a text");
	}
	if (type == DG_TYPE_TXT) {
		if (strlen(text) > UINT16_MAX - 1024) {
			return fail(r, value, "a TXT record longer than 64,000 octets");
		}
		*ret_rdata = txt(r, text);
		return 0;
	}
	if (dg_rdata_parse(r->arena, type, text, strlen(text), ".", ret_rdata, r->err) < 0) {
		return fail(r, value, dg_strdup(r->arena, r->err->text));
	}
	return 0;
}

/* --- records ---------------------------------------------------------------------------------- */
static int add_value(
	struct reader *r, struct dg_rrset *set, const yaml_node_t *value, struct dg_rdata *rdata)
{
	int rc = rdata_of(r, set->type, value, rdata);

	if (rc == 0 && ++r->n > DG_OCTODNS_RECORDS_MAX) {
		rc = fail(r, value, "more than 200,000 records");
	}
	if (rc == 0) {
		set->rdata = rdata;
		set->n = 1;
		dg_zone_add(r->zone, set);
	}
	return rc;
}

static int add_record(struct reader *r, const char *owner, const yaml_node_t *record)
{
	const char *type = text_of(get(r, record, "type"));
	const yaml_node_t *ttl = get(r, record, "ttl");
	const yaml_node_t *values = either(r, record, "values", "value");
	struct dg_rrset set = {.owner = owner, .ttl = DG_TTL_NEW};
	int rc = 0;

	if (++r->n > DG_OCTODNS_RECORDS_MAX) {
		return fail(r, record, "more than 200,000 records");
	}
	if (!type || !values) {
		return fail(r, record, "expected a record: type, and value or values");
	}
	if (ttl && number(text_of(ttl), DG_TTL_MAX, &set.ttl) != 0) {
		return fail(r, ttl, "expected a TTL in seconds");
	}
	if (dg_type_parse(type, strlen(type), &set.type) != 0) {
		return 0; /* ALIAS, URLFWD: nothing that stands in DNS under this name */
	}
	if (values->type != YAML_SEQUENCE_NODE) {
		return add_value(r, &set, values, dg_new(r->arena, struct dg_rdata));
	}
	for (const yaml_node_item_t *i = values->data.sequence.items.start;
		i < values->data.sequence.items.top && rc == 0; i++) {
		rc = add_value(r, &set, yaml_document_get_node(r->document, *i),
			dg_new(r->arena, struct dg_rdata));
	}
	return rc;
}

static int add_name(struct reader *r, const yaml_node_t *key, const yaml_node_t *records)
{
	const char *text = text_of(key);
	const char *owner = NULL;
	int rc = 0;

	if (!text || (*text && text[strlen(text) - 1] == '.')) {
		return fail(r, key,
			"expected a name below the zone, without a final dot; \"\" for itself");
	}
	text = *text ? text : "@";
	if (dg_name_parse(r->arena, text, strlen(text), r->zone->apex, &owner, r->err) < 0) {
		return fail(r, key, dg_strdup(r->arena, r->err->text));
	}
	if (records->type != YAML_SEQUENCE_NODE) {
		return add_record(r, owner, records);
	}
	for (const yaml_node_item_t *i = records->data.sequence.items.start;
		i < records->data.sequence.items.top && rc == 0; i++) {
		rc = add_record(r, owner, yaml_document_get_node(r->document, *i));
	}
	return rc;
}

static int add_all(struct reader *r)
{
	const yaml_node_t *root = yaml_document_get_root_node(r->document);
	int rc = 0;

	if (!root || (root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0)) {
		return 0; /* an empty zone */
	}
	if (root->type != YAML_MAPPING_NODE) {
		return fail(r, root, "expected names with their records, as octoDNS keeps a zone");
	}
	for (const yaml_node_pair_t *p = root->data.mapping.pairs.start;
		p < root->data.mapping.pairs.top && rc == 0; p++) {
		rc = add_name(r, yaml_document_get_node(r->document, p->key),
			yaml_document_get_node(r->document, p->value));
	}
	return rc;
}

static int fail_yaml(const yaml_parser_t *parser, struct reader *r)
{
	const struct dg_pos at = {.file = r->file,
		.line = (unsigned)parser->problem_mark.line + 1,
		.column = (unsigned)parser->problem_mark.column + 1};

	return dg_fail_at(
		r->err, &at, DG_EINPUT, "%s", parser->problem ? parser->problem : "not YAML");
}

/* An alias can stand for a large part again and again: nobody needs one here. */
static int refuse_aliases(yaml_parser_t *parser, struct reader *r)
{
	yaml_event_t event;
	bool is_end = false;
	int rc = 0;

	while (!is_end && rc == 0) {
		if (!yaml_parser_parse(parser, &event)) {
			return fail_yaml(parser, r);
		}
		const struct dg_pos at = {.file = r->file,
			.line = (unsigned)event.start_mark.line + 1,
			.column = (unsigned)event.start_mark.column + 1};
		is_end = event.type == YAML_STREAM_END_EVENT;
		if (event.type == YAML_ALIAS_EVENT) {
			rc = dg_fail_at(r->err, &at, DG_EINPUT, "aliases are not taken here");
		}
		yaml_event_delete(&event);
	}
	return rc;
}

static int load(yaml_parser_t *parser, struct reader *r)
{
	yaml_document_t document;

	if (!yaml_parser_load(parser, &document)) {
		return fail_yaml(parser, r);
	}
	r->document = &document;
	int rc = add_all(r);
	r->document = NULL;
	yaml_document_delete(&document);
	return rc;
}

static int with_parser(struct reader *r, const char *text, size_t len,
	int (*fn)(yaml_parser_t *parser, struct reader *r))
{
	yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser)) {
		return dg_fail(r->err, DG_EIO, "out of memory");
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)(text ? text : ""), len);
	int rc = fn(&parser, r);
	yaml_parser_delete(&parser);
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): as dg_zonefile_scan() */
int dg_octodns_read(struct dg_arena *a, const char *text, size_t len, const char *apex,
	const char *file, struct dg_zone **ret_zone, struct dg_err *err)
{
	struct reader r = {.arena = a, .zone = dg_zone_new(a, apex), .file = file, .err = err};

	if (len > DG_OCTODNS_MAX) {
		return dg_fail(err, DG_ELIMIT, "%s: larger than %u octets", file, DG_OCTODNS_MAX);
	}
	int rc = dg_yaml_scan(text, len, file, err);
	rc = rc < 0 ? rc : with_parser(&r, text, len, refuse_aliases);
	rc = rc < 0 ? rc : with_parser(&r, text, len, load);
	if (rc < 0) {
		return rc;
	}
	dg_zone_seal(r.zone);
	r.zone->is_complete = true;
	r.zone->from = dg_printf(a, "octoDNS %s", file);
	*ret_zone = r.zone;
	return 0;
}
