/* zones/policy/watch_section.c: watch: of a zone. */
#include "zones/policy/internal.h"

#include "zones/base/arena.h"

#include <stddef.h>

#define SENSORS_MAX 64u

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

int dg_watch_read(struct dg_loader *l, const struct dg_node *node, void *field, struct dg_err *err)
{
	struct dg_watch_spec *w = field;
	int r = dg_fields_read(l, node, &dg_schema_watch, w, err);

	for (size_t i = 0; r == 0 && i < w->hooks.n; i++) {
		const struct dg_string *hook = &w->hooks.list[i];

		if (hook->text[0] != '/') {
			r = dg_fail_at(err, &hook->pos, DG_EINPUT,
				"hooks: found '%.100s', expected the whole path of a program",
				hook->text);
		}
	}
	return r;
}
