/* zones/policy/watch_section.c: watch: of a zone. */
#include "zones/policy/internal.h"

#include "zones/base/arena.h"

#include <stddef.h>
#include <string.h>

#define SENSORS_MAX 64u
#define HOOKS_MAX   64u

static int read_sensor(struct dg_loader *l, const struct dg_node *node,
	struct dg_sensor_spec *ret_sensor, struct dg_err *err)
{
	const struct dg_node *what =
		node->kind == DG_NODE_MAP && node->n == 1 ? &node->list[1] : NULL;

	if (!what || what->kind != DG_NODE_SCALAR || dg_node_is_empty(what)) {
		return dg_node_expected(
			l, node, err, "one key with a text, for example {log: /var/log/mail.log}");
	}
	*ret_sensor = (struct dg_sensor_spec){
		.kind = dg_strdup(l->out, node->list[0].text),
		.what = dg_strdup(l->out, what->text),
		.pos = dg_node_pos(l, node),
	};
	return 0;
}

int dg_sensors_read(
	struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_watch_spec *w =
		(struct dg_watch_spec *)(void *)((char *)field -
						 offsetof(struct dg_watch_spec, sensors));
	int r = 0;

	if (dg_node_is_empty(node)) {
		return 0;
	}
	if (node->kind != DG_NODE_LIST || node->n > SENSORS_MAX) {
		return dg_node_expected(
			l, node, err, "a list of sensors, for example [{log: /var/log/mail.log}]");
	}
	w->sensors = dg_newn(l->out, struct dg_sensor_spec, node->n);
	for (size_t i = 0; r == 0 && i < node->n; i++) {
		r = read_sensor(l, &node->list[i], &w->sensors[w->n_sensors++], err);
	}
	return r;
}

static int check_url(const struct dg_hook_spec *h, struct dg_err *err)
{
	static const char scheme[] = "https://";
	size_t n = strncmp(h->url, scheme, sizeof(scheme) - 1) == 0 ? sizeof(scheme) - 1 : 0;
	size_t host = n > 0 ? strcspn(h->url + n, "/?#") : 0;

	for (const char *c = h->url; *c != '\0'; c++) {
		host = *c > ' ' && *c < 0x7f ? host : 0;
	}
	if (host == 0 || memchr(h->url + n, '@', host)) {
		return dg_fail_at(err, &h->pos, DG_EINPUT,
			"webhook: found '%.100s', expected https://HOST/PATH without a user",
			h->url);
	}
	return 0;
}

static int read_hook(struct dg_loader *l, const struct dg_node *node, struct dg_hook_spec *ret_hook,
	struct dg_err *err)
{
	ret_hook->pos = dg_node_pos(l, node);
	if (node->kind == DG_NODE_MAP) {
		int r = dg_fields_read(l, node, &dg_schema_webhook, ret_hook, err);

		return r < 0 ? r : check_url(ret_hook, err);
	}
	if (node->kind != DG_NODE_SCALAR || node->len == 0 || node->text[0] != '/') {
		return dg_node_expected(l, node, err,
			"the whole path of a program, or {webhook: https://..., secret-file: "
			"FILE}");
	}
	ret_hook->path = dg_strdup(l->out, node->text);
	return 0;
}

int dg_hooks_read(struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_watch_spec *w =
		(struct dg_watch_spec *)(void *)((char *)field -
						 offsetof(struct dg_watch_spec, hooks));
	const struct dg_node *list = node->kind == DG_NODE_LIST ? node->list : node;
	size_t n = node->kind == DG_NODE_LIST ? node->n : !dg_node_is_empty(node);
	int r = 0;

	if (n > HOOKS_MAX) {
		return dg_node_fail(
			l, node, err, "found %zu hooks, expected at most %u", n, HOOKS_MAX);
	}
	w->hooks = dg_newn(l->out, struct dg_hook_spec, n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = read_hook(l, &list[i], &w->hooks[w->n_hooks++], err);
	}
	return r;
}

int dg_watch_read(struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	return dg_fields_read(l, node, &dg_schema_watch, field, err);
}
