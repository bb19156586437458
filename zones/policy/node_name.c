/* zones/policy/node_name.c: domain names as people write them in zone.yaml. */
#include "zones/policy/internal.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/mail/idn.h"
#include "zones/record/name.h"

#include <string.h>

#define SIMPLE_MAX 200u /* bytes: far from the limits of a name */

enum shape {
	SIMPLE, /* lower-case letters, digits, - and _ in short labels: canonical but for the origin */
	ASCII,
	INTERNATIONAL,
};

static enum shape shape_of(const struct dg_node *node)
{
	enum shape shape = node->len <= SIMPLE_MAX ? SIMPLE : ASCII;
	size_t n_label = 0;

	for (size_t i = 0; i < node->len; i++) {
		unsigned char c = (unsigned char)node->text[i];

		if (c >= 0x80) {
			return INTERNATIONAL;
		}
		if (c == '.') {
			shape = n_label == 0 ? ASCII : shape;
			n_label = 0;
			continue;
		}
		n_label++;
		if (n_label > DG_LABEL_MAX || !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
						      c == '-' || c == '_')) {
			shape = ASCII;
		}
	}
	return shape;
}

/* "lists" and "*.lists" are relative, "lists.example.com" is not. */
static bool is_relative(const char *text)
{
	if (strncmp(text, "*.", 2) == 0) {
		text += 2;
	}
	return !strchr(text, '.');
}

/* What dg_name_parse() would make of nearly all names, for a fleet of them. False: let it. */
static bool join_simple(struct dg_loader *l, const struct dg_node *node, const char **ret_name)
{
	const char *origin = is_relative(node->text) ? l->zone : ".";
	size_t n = node->len - (node->text[node->len - 1] == '.');
	size_t n_origin = strcmp(origin, ".") == 0 ? 0 : strlen(origin);

	if (n + 1 + n_origin > SIMPLE_MAX) {
		return false;
	}
	char *name = dg_get(l->out, 1, n + 1 + n_origin + 1);
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): the memory is zeroed */
	memcpy(name, node->text, n);
	name[n] = '.';
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): the memory is zeroed */
	memcpy(name + n + 1, origin, n_origin);
	*ret_name = name;
	return true;
}

static int parse(struct dg_loader *l, const struct dg_node *node, const char *text,
	const char **ret_name, struct dg_err *err)
{
	const char *origin = is_relative(text) ? l->zone : NULL;
	int r = dg_name_parse(l->out, text, strlen(text), origin, ret_name, err);

	if (r < 0) {
		err->pos = dg_node_pos(l, node);
	}
	return r;
}

int dg_node_name(
	struct dg_loader *l, const struct dg_node *node, const char **ret_name, struct dg_err *err)
{
	const char *ascii = NULL;
	struct dg_err why;

	if (node->kind != DG_NODE_SCALAR || node->len == 0 || node->len > DG_NAME_TEXT_MAX) {
		return dg_node_expected(
			l, node, err, "a domain name, for example lists or lists.example.com");
	}
	enum shape shape = shape_of(node);
	if (shape == SIMPLE && join_simple(l, node, ret_name)) {
		return 0;
	}
	if (shape != INTERNATIONAL) {
		return parse(l, node, node->text, ret_name, err);
	}
	if (dg_idn_to_ascii(l->out, node->text, node->len, &ascii, &why) < 0) {
		return dg_node_fail(l, node, err, "%s", why.text);
	}
	return parse(l, node, ascii, ret_name, err);
}

int dg_node_owner(
	struct dg_loader *l, const struct dg_node *node, const char **ret_name, struct dg_err *err)
{
	const char *name = NULL;
	int r = dg_node_name(l, node, &name, err);

	if (r < 0) {
		return r;
	}
	if (!dg_name_is_at_or_under(name, l->zone) && !l->is_rehearsal) {
		return dg_node_fail(l, node, err,
			"%s is not in zone %s (a name with a dot in it is absolute: write the "
			"whole name, "
			"or one label)",
			name, l->zone);
	}
	*ret_name = name;
	return 0;
}
