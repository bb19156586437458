/* zones/policy/node_name.c: domain names as people write them in zone.yaml. */
#include "zones/policy/internal.h"

#include "zones/base/arena.h"
#include "zones/record/name.h"

#include <idn2.h>
#include <string.h>

static bool is_ascii(const struct dg_node *node)
{
	for (size_t i = 0; i < node->len; i++) {
		if ((unsigned char)node->text[i] >= 0x80) {
			return false;
		}
	}
	return true;
}

/* "lists" and "*.lists" are relative, "lists.example.com" is not. */
static bool is_relative(const char *text)
{
	if (strncmp(text, "*.", 2) == 0) {
		text += 2;
	}
	return !strchr(text, '.');
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
	char *ascii = NULL;

	if (node->kind != DG_NODE_SCALAR || node->len == 0 || node->len > DG_NAME_TEXT_MAX) {
		return dg_node_expected(
			l, node, err, "a domain name, for example lists or lists.example.com");
	}
	if (is_ascii(node)) {
		return parse(l, node, node->text, ret_name, err);
	}
	int rc = idn2_to_ascii_8z(node->text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK) {
		return dg_node_fail(l, node, err,
			"found '%.100s', expected an internationalised domain name (RFC 5891): %s",
			node->text, idn2_strerror(rc));
	}
	int r = parse(l, node, ascii, ret_name, err);
	idn2_free(ascii);
	return r;
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
