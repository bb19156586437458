#include "zones/policy/tree.h"

#include "zones/policy/internal.h"

/* Events up to the top mapping. */
static int begin(struct dg_loader *l, yaml_event_t *ret_event, struct dg_err *err)
{
	const char *found = NULL;
	int r = 0;

	for (int i = 0; r == 0 && !found && i < 3;
		i++) { /* of the stream, of the document, of the mapping */
		r = dg_event_next(l, ret_event, err);
		if (r == 0 && i == 1 && ret_event->type == YAML_STREAM_END_EVENT) {
			found = "an empty file";
		} else if (r == 0 && i == 2 && ret_event->type != YAML_MAPPING_START_EVENT) {
			found = ret_event->type == YAML_SCALAR_EVENT ? "a single value" : "a list";
		}
		if (r == 0 && !found && i < 2) {
			yaml_event_delete(ret_event);
		}
	}
	if (found) {
		r = dg_event_fail(l, ret_event, err, "found %s, expected keys and values", found);
		yaml_event_delete(ret_event);
	}
	return r;
}

/* NOLINTNEXTLINE(readability-function-size): text and length are one thing */
int dg_tree_load(struct dg_arena *a, const char *text, size_t len, const char *file,
	struct dg_loader **ret_loader, struct dg_node *ret_top, struct dg_err *err)
{
	const struct dg_pos top = {.file = file, .line = 1, .column = 1};
	struct dg_loader *l = NULL;
	yaml_event_t e;

	if (len > DG_POLICY_FILE_MAX) {
		return dg_fail_at(err, &top, DG_EINPUT, "found %zu bytes, expected at most %u", len,
			DG_POLICY_FILE_MAX);
	}
	int r = dg_loader_new(text, len, file, NULL, NULL, &l, err);
	if (r < 0) {
		return r;
	}
	l->out = a;
	r = begin(l, &e, err);
	if (r == 0) {
		dg_loader_begin(l, &e);
		r = dg_node_build(l, a, &e, ret_top, err);
	}
	r = r == 0 ? dg_loader_read_end(l, err) : r;
	if (r < 0) {
		(void)dg_loader_free(l);
		return r;
	}
	*ret_loader = l;
	return 0;
}

struct dg_loader *dg_tree_done(struct dg_loader *l)
{
	return dg_loader_free(l);
}

int dg_tree_unknown(const struct dg_loader *l, const struct dg_node *key, const char *const *known,
	size_t n, struct dg_err *err)
{
	return dg_key_unknown(l, key, known, n, err);
}
