/* zones/policy/provider_section.c: provider:, read by the table that the provider brings. */
#include "zones/policy/internal.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"

#include <string.h>

#define PROVIDERS_MAX 64u

static void put_number(struct dg_buf *b, size_t v)
{
	char digits[24];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	dg_buf_put(b, digits + i, sizeof(digits) - i);
}

/* With its length before it, so that no text can look like the next field. */
static void put_text(struct dg_buf *b, const char *text)
{
	put_number(b, text ? strlen(text) : 0);
	dg_buf_putc(b, ':');
	dg_buf_puts(b, text ? text : "");
}

static void put_endpoint(struct dg_buf *b, const struct dg_endpoint *e)
{
	put_text(b, e->host);
	dg_buf_putc(b, '@');
	put_number(b, e->port);
}

/* NOLINTBEGIN(misc-no-recursion): the depth of the document or of the tables bounds it */
static void put_node(struct dg_buf *b, const struct dg_node *node)
{
	if (node->kind == DG_NODE_SCALAR) {
		put_text(b, node->text);
		return;
	}
	size_t n = node->kind == DG_NODE_MAP ? 2 * node->n : node->n;
	dg_buf_putc(b, node->kind == DG_NODE_MAP ? 'm' : 'l');
	put_number(b, n);
	for (size_t i = 0; i < n; i++) {
		put_node(b, &node->list[i]);
	}
}

static void put_options(
	struct dg_buf *b, const struct dg_schema *s, const struct dg_node *node, const void *opts);

static void put_lists(struct dg_buf *b, const struct dg_field *f, const void *at)
{
	const struct dg_strings *s = at;
	const struct dg_endpoints *e = at;
	size_t n = f->kind == DG_HOSTS ? e->n : s->n;

	dg_buf_putc(b, 'l');
	put_number(b, n);
	for (size_t i = 0; i < n; i++) {
		if (f->kind == DG_HOSTS) {
			put_endpoint(b, &e->list[i]);
		} else {
			put_text(b, s->list[i].text);
		}
	}
}

static void put_field(
	struct dg_buf *b, const struct dg_field *f, const struct dg_node *node, const void *at)
{
	switch (f->kind) {
	case DG_BOOL:
		dg_buf_putc(b, *(const bool *)at ? '1' : '0');
		break;
	case DG_U32:
	case DG_DURATION:
		put_number(b, *(const uint32_t *)at);
		break;
	case DG_ENUM:
		put_number(b, (size_t) * (const int *)at);
		break;
	case DG_STRING:
	case DG_NAME:
	case DG_PATH:
	case DG_SECRET:
		put_text(b, *(const char *const *)at);
		break;
	case DG_HOST:
		put_endpoint(b, at);
		break;
	case DG_STRINGS:
	case DG_HOSTS:
		put_lists(b, f, at);
		break;
	case DG_STRUCT:
		if (*(const void *const *)at) {
			put_options(b, f->sub, node, *(const void *const *)at);
		}
		break;
	case DG_CUSTOM:
		if (node) {
			put_node(b, node);
		}
		break;
	}
}

static void put_options(
	struct dg_buf *b, const struct dg_schema *s, const struct dg_node *node, const void *opts)
{
	for (size_t i = 0; i < s->n_fields; i++) {
		const struct dg_field *f = &s->fields[i];
		const struct dg_node *value = NULL;

		for (size_t j = 0; node && node->kind == DG_NODE_MAP && j < node->n; j++) {
			if (dg_field_is_key(f, node->list[2 * j].text)) {
				value = &node->list[2 * j + 1];
			}
		}
		dg_buf_putc(b, ';');
		put_field(b, f, value, (const char *)opts + f->offset);
	}
}

/* NOLINTEND(misc-no-recursion) */

static const char *key_of(struct dg_loader *l, const struct dg_schema *s,
	const struct dg_node *node, const void *opts)
{
	struct dg_buf *b = &l->text_of_key;

	dg_buf_clear(b);
	dg_buf_puts(b, s->name);
	put_options(b, s, node, opts);
	return dg_strdup(l->out, b->data);
}

static int unknown_provider(
	const struct dg_loader *l, const struct dg_node *name, struct dg_err *err)
{
	const char *known[PROVIDERS_MAX];
	size_t n = 0;

	while (n < PROVIDERS_MAX && l->providers[n]) {
		known[n] = l->providers[n]->name;
		n++;
	}
	return dg_key_unknown(l, name, known, n, err);
}

int dg_provider_read(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_provider_spec *spec = field;
	const struct dg_node *name = node->kind == DG_NODE_MAP ? &node->list[0] : node;
	struct dg_node options = {.kind = DG_NODE_SCALAR,
		.is_plain = true,
		.text = "",
		.line = node->line,
		.column = node->column};
	const struct dg_schema *s = NULL;

	if (node->kind == DG_NODE_LIST || (node->kind == DG_NODE_MAP && node->n != 1) ||
		dg_node_is_empty(node)) {
		return dg_node_expected(l, node, err,
			"one provider, a name or a name with its options, for example "
			"{zonefile: {path: example.com.zone}}");
	}
	for (size_t i = 0; l->providers[i] && !s; i++) {
		s = strcmp(l->providers[i]->name, name->text) == 0 ? l->providers[i] : NULL;
	}
	if (!s) {
		return unknown_provider(l, name, err);
	}
	if (node->kind == DG_NODE_MAP) {
		options = node->list[1];
	}
	*spec = (struct dg_provider_spec){
		.name = s->name, .opts = dg_get(l->out, 1, s->size), .pos = dg_node_pos(l, node)};
	if (dg_fields_read(l, &options, s, spec->opts, err) < 0) {
		return dg_wrap(err, (int)err->rc, "%s", s->name);
	}
	spec->key = key_of(l, s, &options, spec->opts);
	return 0;
}
