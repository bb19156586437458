/* zones/policy/node_build.c: libyaml's events to nodes, with every bound checked while they come. */
#include "zones/policy/internal.h"

#include "zones/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_COMPARED 12u /* a mapping of more keys gets a hash map to find double ones */

int dg_event_fail(const struct dg_loader *l, const yaml_event_t *event, struct dg_err *err,
	const char *fmt, ...)
{
	char text[DG_ERR_TEXT_MAX];
	struct dg_pos pos = {.file = l->file,
		.line = (unsigned)event->start_mark.line + 1,
		.column = (unsigned)event->start_mark.column + 1};
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return dg_fail_at(err, &pos, DG_EINPUT, "%s", text);
}

static bool is_tab_at(const struct dg_loader *l, const yaml_mark_t *mark)
{
	const char *p = l->text;
	const char *end = l->text + l->len;

	for (size_t line = 0; line < mark->line && p < end; line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		p = nl ? nl + 1 : end;
	}
	return mark->column < (size_t)(end - p) && p[mark->column] == '\t';
}

static int syntax_error(const struct dg_loader *l, struct dg_err *err)
{
	const yaml_parser_t *y = &l->yaml;
	bool is_reader = y->error == YAML_READER_ERROR;
	const yaml_mark_t *mark = is_reader ? &y->mark : &y->problem_mark;
	struct dg_pos pos = {.file = l->file,
		.line = (unsigned)mark->line + 1,
		.column = (unsigned)mark->column + 1};

	if (y->error == YAML_MEMORY_ERROR) {
		return dg_fail_at(err, &pos, DG_EINPUT, "libyaml ran out of memory");
	}
	if (is_reader) {
		return dg_fail_at(err, &pos, DG_EINPUT,
			"a value or comment that begins before here is larger than %u bytes",
			DG_POLICY_FILE_MAX);
	}
	if (is_tab_at(l, mark)) {
		return dg_fail_at(err, &pos, DG_EINPUT,
			"found a tab, expected spaces (YAML is indented with spaces only)");
	}
	if (y->context && y->context_mark.line != mark->line) {
		return dg_fail_at(err, &pos, DG_EINPUT, "not valid YAML: %s (%s of line %zu)",
			y->problem, y->context, y->context_mark.line + 1);
	}
	return dg_fail_at(err, &pos, DG_EINPUT, "not valid YAML: %s%s%s",
		y->problem ? y->problem : "cannot be read", y->context ? ", " : "",
		y->context ? y->context : "");
}

/* Anchors cost libyaml quadratic time and readers exponential memory; tags change what a value is. */
static int refuse_extras(const struct dg_loader *l, const yaml_event_t *e, struct dg_err *err)
{
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;

	switch ((int)e->type) {
	case YAML_ALIAS_EVENT:
		return dg_event_fail(l, e, err,
			"aliases (*name) are not accepted; write the value, or use defaults:");
	case YAML_SCALAR_EVENT:
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
		break;
	default: /* libyaml's other events carry neither */
		break;
	}
	if (anchor) {
		return dg_event_fail(l, e, err, "anchors (&name) are not accepted; use defaults:");
	}
	if (tag) {
		return dg_event_fail(l, e, err,
			"tags (!name) are not accepted; a word that begins with ! needs quotes");
	}
	return 0;
}

int dg_event_next(struct dg_loader *l, yaml_event_t *ret_event, struct dg_err *err)
{
	l->fed_before = l->fed;
	if (!yaml_parser_parse(&l->yaml, ret_event)) {
		return syntax_error(l, err);
	}
	int r = refuse_extras(l, ret_event, err);
	if (r < 0) {
		yaml_event_delete(ret_event);
	}
	return r;
}

/* Room for one more node on the stack. */
static void reserve(struct dg_loader *l)
{
	if (l->n_stack == l->stack_cap) {
		size_t cap = l->stack_cap > 0 ? 2 * l->stack_cap : 64;
		struct dg_node *grown = realloc(l->stack, cap * sizeof(*grown));

		if (!grown) {
			abort();
		}
		l->stack = grown;
		l->stack_cap = cap;
	}
}

static int build_scalar(struct dg_loader *l, struct dg_arena *arena, const yaml_event_t *e,
	struct dg_node *ret_node, struct dg_err *err)
{
	const unsigned char *value = e->data.scalar.value;
	size_t len = e->data.scalar.length;

	for (size_t i = 0; i < len; i++) {
		if (value[i] < 0x20 || value[i] == 0x7f) {
			return dg_event_fail(l, e, err,
				"found %s 0x%02x in a value, expected text on one line",
				value[i] == '\n' ? "a line break" : "the control character",
				value[i]);
		}
	}
	char *text = dg_get(arena, 1, len + 1);
	if (len > 0) {
		memcpy(text, value, len);
	}
	*ret_node = (struct dg_node){.kind = DG_NODE_SCALAR,
		.is_plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
		.text = text,
		.len = len,
		.line = (unsigned)e->start_mark.line + 1,
		.column = (unsigned)e->start_mark.column + 1};
	return 0;
}

static int check_key(const struct dg_loader *l, const struct dg_node *key, struct dg_err *err)
{
	if (key->kind != DG_NODE_SCALAR || key->len == 0) {
		return dg_node_expected(l, key, err, "a key");
	}
	if (key->is_plain && strcmp(key->text, "<<") == 0) {
		return dg_node_fail(l, key, err, "merge keys (<<) are not accepted; use defaults:");
	}
	return 0;
}

/* The line of an earlier key of the same name; 0: none. */
static unsigned earlier(const struct dg_node *map, size_t i, struct dg_seen *seen)
{
	const struct dg_node *key = &map->list[2 * i];

	if (map->n > PAIRS_COMPARED) {
		return dg_seen_put(seen, key->text, key->line);
	}
	for (size_t j = 0; j < i; j++) {
		if (strcmp(map->list[2 * j].text, key->text) == 0) {
			return map->list[2 * j].line;
		}
	}
	return 0;
}

static int check_keys(const struct dg_loader *l, const struct dg_node *map, struct dg_err *err)
{
	struct dg_seen seen = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < map->n; i++) {
		const struct dg_node *key = &map->list[2 * i];

		r = check_key(l, key, err);
		unsigned line = r == 0 ? earlier(map, i, &seen) : 0;
		if (line > 0) {
			r = dg_node_fail(l, key, err,
				"the key '%.60s' stands twice, first in line %u", key->text, line);
		}
	}
	dg_seen_done(&seen);
	return r;
}

/* Moves what was pushed since base to the arena. */
static void take_children(
	struct dg_loader *l, struct dg_arena *arena, size_t base, struct dg_node *ret_node)
{
	size_t n = l->n_stack - base;

	ret_node->n = ret_node->kind == DG_NODE_MAP ? n / 2 : n;
	if (n > 0) {
		ret_node->list = dg_memdup(arena, l->stack + base, n * sizeof(*l->stack));
	}
	l->n_stack = base;
}

/* NOLINTBEGIN(misc-no-recursion): DG_POLICY_DEPTH_MAX bounds it */
static int build_children(
	struct dg_loader *l, struct dg_arena *arena, struct dg_node *ret_node, struct dg_err *err)
{
	int end = ret_node->kind == DG_NODE_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;

	for (;;) {
		yaml_event_t e;
		struct dg_node child;
		int r = dg_event_next(l, &e, err);

		if (r < 0) {
			return r;
		}
		if ((int)e.type == end) {
			yaml_event_delete(&e);
			return 0;
		}
		r = dg_node_build(l, arena, &e, &child, err);
		if (r < 0) {
			return r;
		}
		reserve(l);
		l->stack[l->n_stack++] = child;
	}
}

static int build_collection(struct dg_loader *l, struct dg_arena *arena,
	const struct dg_node *first_key, struct dg_node *node, struct dg_err *err)
{
	size_t base = l->n_stack;
	int r = 0;

	if (l->depth >= DG_POLICY_DEPTH_MAX) {
		return dg_node_fail(
			l, node, err, "nested deeper than %u levels", DG_POLICY_DEPTH_MAX);
	}
	l->depth++;
	if (first_key) {
		reserve(l);
		l->stack[l->n_stack++] = *first_key;
	}
	r = build_children(l, arena, node, err);
	l->depth--;
	if (r < 0) {
		return r;
	}
	take_children(l, arena, base, node);
	return node->kind == DG_NODE_MAP ? check_keys(l, node, err) : 0;
}

int dg_node_build(struct dg_loader *l, struct dg_arena *arena, yaml_event_t *event,
	struct dg_node *ret_node, struct dg_err *err)
{
	int r = 0;

	if (++l->n_nodes > DG_POLICY_NODES_MAX ||
		event->end_mark.index - l->first_index > DG_POLICY_FILE_MAX) {
		r = dg_event_fail(l, event, err, "one zone takes more than %u values or %u bytes",
			DG_POLICY_NODES_MAX, DG_POLICY_FILE_MAX);
	} else if (event->type == YAML_SCALAR_EVENT) {
		r = build_scalar(l, arena, event, ret_node, err);
	} else {
		struct dg_node node = {.kind = event->type == YAML_MAPPING_START_EVENT
						       ? DG_NODE_MAP
						       : DG_NODE_LIST,
			.line = (unsigned)event->start_mark.line + 1,
			.column = (unsigned)event->start_mark.column + 1};

		r = build_collection(l, arena, NULL, &node, err);
		*ret_node = node;
	}
	yaml_event_delete(event);
	return r;
}

/* NOLINTEND(misc-no-recursion) */

int dg_node_build_map(struct dg_loader *l, struct dg_arena *arena, const struct dg_node *first_key,
	struct dg_node *ret_node, struct dg_err *err)
{
	struct dg_node node = {
		.kind = DG_NODE_MAP, .line = first_key->line, .column = first_key->column};
	int r = build_collection(l, arena, first_key, &node, err);

	*ret_node = node;
	return r;
}
