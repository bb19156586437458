#include "zones/policy/internal.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 60 /* bytes of a value in a message */

const struct dg_node *dg_node_get(const struct dg_node *map, const char *key)
{
	if (!map || map->kind != DG_NODE_MAP) {
		return NULL;
	}
	for (size_t i = 0; i < map->n; i++) {
		if (strcmp(map->list[2 * i].text, key) == 0) {
			return &map->list[2 * i + 1];
		}
	}
	return NULL;
}

bool dg_node_is(const struct dg_node *node, const char *word)
{
	return node->kind == DG_NODE_SCALAR && strcmp(node->text, word) == 0;
}

bool dg_node_is_empty(const struct dg_node *node)
{
	return node->kind == DG_NODE_SCALAR && node->is_plain &&
	       (node->len == 0 || dg_node_is(node, "~") || dg_node_is(node, "null"));
}

struct dg_pos dg_node_pos(const struct dg_loader *l, const struct dg_node *node)
{
	return (struct dg_pos){.file = l->file, .line = node->line, .column = node->column};
}

int dg_node_fail(const struct dg_loader *l, const struct dg_node *node, struct dg_err *err,
	const char *fmt, ...)
{
	char text[DG_ERR_TEXT_MAX];
	struct dg_pos pos = dg_node_pos(l, node);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	struct dg_buf safe; /* keys and values stand in it as they were written */
	dg_buf_init(&safe, sizeof(text) - 1);
	dg_buf_put_safe(&safe, text, strlen(text));
	int r = dg_fail_at(err, &pos, DG_EINPUT, "%s", safe.data);
	dg_buf_done(&safe);
	return r;
}

int dg_node_expected(const struct dg_loader *l, const struct dg_node *node, struct dg_err *err,
	const char *expected)
{
	if (node->kind != DG_NODE_SCALAR) {
		return dg_node_fail(l, node, err, "found %s, expected %s",
			node->kind == DG_NODE_LIST ? "a list" : "a mapping", expected);
	}
	if (dg_node_is_empty(node)) {
		return dg_node_fail(l, node, err, "found nothing, expected %s", expected);
	}
	return dg_node_fail(l, node, err, "found '%.*s%s', expected %s", (int)SHOWN_MAX, node->text,
		node->len <= SHOWN_MAX ? "" : "...", expected);
}

struct dg_arena *dg_loader_arena(const struct dg_loader *l)
{
	return l->out;
}

const char *dg_loader_zone(const struct dg_loader *l)
{
	return l->zone;
}

const char *dg_loader_path(const struct dg_loader *l, const char *path)
{
	static const char credentials[] = "$CREDENTIALS_DIRECTORY/";

	if (path[0] == '/' || l->folder[0] == '\0' ||
		strncmp(path, credentials, sizeof(credentials) - 1) == 0) {
		return dg_strdup(l->out, path);
	}
	size_t n_folder = strlen(l->folder);
	size_t n = strlen(path);
	char *joined = dg_get(l->out, 1, n_folder + n + 1);
	memcpy(joined, l->folder, n_folder);
	memcpy(joined + n_folder, path, n + 1);
	return joined;
}

struct dg_node dg_node_overlay(
	struct dg_loader *l, const struct dg_node *top, const struct dg_node *below)
{
	size_t n = top->kind == DG_NODE_MAP ? top->n : 0;
	struct dg_node out = *top;

	if (n > DG_FIELDS_MAX) { /* has a key that no table knows: an error soon, not worth the time here */
		return out;
	}
	struct dg_node *list = dg_newn(l->scratch, struct dg_node, 2 * (n + below->n));
	if (n > 0) {
		memcpy(list, top->list, 2 * n * sizeof(*list));
	}
	for (size_t i = 0; i < below->n; i++) {
		if (!dg_node_get(top, below->list[2 * i].text)) {
			list[2 * n] = below->list[2 * i];
			list[2 * n + 1] = below->list[2 * i + 1];
			n++;
		}
	}
	out.kind = DG_NODE_MAP;
	out.list = list;
	out.n = n;
	return out;
}
