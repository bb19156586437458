/* What a command of ours said with --json, one object a line (doc/json.md). */
#include "controller/guard/running.h"
#include "zones/base/buf.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESTORE_MAX (64u << 10)

static const char *text_at(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static void read_error(const json_t *o, struct dg_answer *a)
{
	const json_t *e = json_object_get(o, "error");
	const char *code = text_at(e, "code");

	if (!e) {
		return;
	}
	a->is_conflict = a->is_conflict || strcmp(code, "conflict") == 0;
	a->is_passing = a->is_passing || strcmp(code, "io") == 0 || strcmp(code, "remote") == 0 ||
			strcmp(code, "limit") == 0;
	(void)snprintf(a->text, sizeof(a->text), "%s", text_at(e, "text"));
}

/* --- the way back, by hand -------------------------------------------------------------------- */
static void put_back(struct dg_buf *b, const json_t *change)
{
	const char *owner = text_at(change, "owner");
	const char *type = text_at(change, "type");
	const json_t *before = json_object_get(change, "before");
	const json_t *records = json_object_get(before, "records");
	size_t i = 0;
	json_t *record = NULL;

	dg_buf_printf(b, "update delete %s %s\n", owner, type);
	json_array_foreach(records, i, record)
	{
		dg_buf_printf(b, "update add %s %lld %s %s\n", owner,
			(long long)json_integer_value(json_object_get(before, "ttl")), type,
			json_string_value(record));
	}
}

static char *way_back(const json_t *changes, const char *zone)
{
	struct dg_buf b;
	size_t i = 0;
	json_t *change = NULL;

	dg_buf_init(&b, RESTORE_MAX);
	dg_buf_printf(&b, "zone %s\n", zone);
	json_array_foreach(changes, i, change)
	{
		put_back(&b, change);
	}
	dg_buf_puts(&b, "send\n");
	char *text = b.is_full ? NULL : strdup(b.data);
	dg_buf_done(&b);
	return text;
}

static void read_plan(const json_t *o, const char *zone, struct dg_answer *a)
{
	const json_t *plan = json_object_get(o, "plan");
	const json_t *changes = json_object_get(plan, "changes");

	if (strcmp(text_at(o, "end"), "pending") != 0 || json_array_size(changes) == 0) {
		return;
	}
	(void)snprintf(
		a->digest, sizeof(a->digest), "%.*s", (int)DG_PLAN_ID_LEN, text_at(plan, "digest"));
	free(a->restore);
	a->restore = way_back(changes, zone);
}

static void read_line(const char *line, size_t len, const char *zone, struct dg_answer *a)
{
	json_t *o = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *type = text_at(o, "type");

	a->is_conflict = a->is_conflict || strcmp(text_at(o, "end"), "conflict") == 0;
	read_error(o, a);
	if (strcmp(type, "plan") == 0) {
		read_plan(o, zone, a);
	} else if (strcmp(type, "arm") == 0) {
		a->old_mx_until = json_integer_value(json_object_get(o, "old_mx_until"));
		if (strcmp(text_at(o, "smtp"), "takes") != 0 && a->text[0] == '\0') {
			(void)snprintf(a->text, sizeof(a->text),
				"the mail servers of the subdomain: %s", text_at(o, "smtp"));
		}
	}
	json_decref(o);
}

void dg_answer_read_text(const char *text, const char *zone, struct dg_answer *ret_answer)
{
	*ret_answer = (struct dg_answer){0};
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, "\n");

		read_line(at, len, zone, ret_answer);
		at += len + (at[len] == '\n' ? 1 : 0);
	}
}

void dg_answer_read(const struct dg_child *c, const char *zone, struct dg_answer *ret_answer)
{
	dg_answer_read_text(c->out, zone, ret_answer);
	if (ret_answer->text[0] == '\0' && c->status != 0) {
		(void)snprintf(ret_answer->text, sizeof(ret_answer->text), "%.*s",
			(int)strcspn(c->error, "\n"), c->error);
	}
}
