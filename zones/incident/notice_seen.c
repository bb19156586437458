/* zones/incident/notice_seen.c: what a triage found, out of its JSON. */
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/incident/notice.h"

#include <jansson.h>
#include <string.h>

#define TEXT_MAX 998u

static const char *text_of(struct dg_arena *a, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	size_t n = json_string_length(v);

	return json_is_string(v) ? dg_strndup(a, json_string_value(v), n < TEXT_MAX ? n : TEXT_MAX)
				 : "";
}

static int64_t number_of(const json_t *o, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(o, key));

	return n > 0 ? (int64_t)n : 0;
}

/* "origins": {"different": 7, "first": [{"text": ..., "bounces": ...}, ...]} */
static void take_list(
	struct dg_arena *a, const json_t *root, const char *key, struct dg_notice_list *ret)
{
	const json_t *list = json_object_get(json_object_get(root, key), "first");
	const json_t *one = NULL;
	size_t i = 0;

	ret->items = dg_newn(a, struct dg_notice_item, DG_NOTICE_ITEMS_MAX);
	json_array_foreach(list, i, one)
	{
		if (ret->n == DG_NOTICE_ITEMS_MAX) {
			break;
		}
		struct dg_notice_item *item = &ret->items[ret->n];
		int64_t forged = number_of(json_object_get(one, "by_class"), "forged");

		*item = (struct dg_notice_item){.text = text_of(a, one, "text"),
			.n = (uint64_t)number_of(one, "bounces"),
			.first = number_of(one, "first"),
			.last = number_of(one, "last"),
			.name = ""};
		item->is_forged = 2 * (uint64_t)forged > item->n;
		ret->n += item->text[0] != '\0' && item->n > 0;
	}
}

static void take_domains(struct dg_arena *a, const json_t *list, struct dg_notice_seen *s)
{
	size_t n = json_array_size(list);
	const char **domains = NULL;

	n = n < DG_NOTICE_ITEMS_MAX ? n : DG_NOTICE_ITEMS_MAX;
	domains = dg_newn(a, const char *, n);
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(list, i);
		if (json_is_string(v)) {
			domains[s->n_domains++] = dg_strdup(a, json_string_value(v));
		}
	}
	s->domains = domains;
}

static bool take_verdict(const json_t *root, struct dg_notice_seen *s)
{
	const char *kind = json_string_value(json_object_get(root, "verdict"));
	const char *level = json_string_value(json_object_get(root, "confidence"));
	bool has_kind = false;

	for (enum dg_incident_kind k = DG_INCIDENT_UNDECIDED; kind && k < DG_INCIDENT_KINDS; k++) {
		if (strcmp(kind, dg_incident_text(k)) == 0) {
			s->kind = k;
			has_kind = true;
		}
	}
	for (enum dg_level l = DG_LEVEL_UNDECIDED; level && l <= DG_LEVEL_HIGH; l++) {
		s->level = strcmp(level, dg_level_text(l)) == 0 ? l : s->level;
	}
	return has_kind;
}

static int take_root(
	struct dg_arena *a, const json_t *root, struct dg_notice_seen *ret_seen, struct dg_err *err)
{
	struct dg_notice_seen s = {.who = ""};
	const json_t *timeline = json_object_get(root, "timeline");

	if (!take_verdict(root, &s)) {
		return dg_fail(err, DG_EINPUT,
			"not a result of `dnsguard triage --json`: it has no verdict");
	}
	s.who = text_of(a, json_array_get(json_object_get(root, "incidents"), 0), "who");
	take_domains(a, json_object_get(json_object_get(root, "owner"), "domains"), &s);
	s.n_bounces = (uint64_t)number_of(json_object_get(root, "messages"), "counted");
	s.first = number_of(timeline, "first");
	s.last = number_of(timeline, "last");
	s.has_few_reporters = json_is_true(json_object_get(root, "few_reporters"));
	take_list(a, root, "addresses", &s.origins);
	take_list(a, root, "reporters", &s.reporters);
	take_list(a, root, "hosts", &s.hosts);
	take_list(a, root, "providers", &s.providers);
	*ret_seen = s;
	return 0;
}

int dg_notice_seen_read(struct dg_arena *a, const char *text, size_t n,
	struct dg_notice_seen *ret_seen, struct dg_err *err)
{
	const char *end = text + n;

	if (n > DG_NOTICE_JSON_MAX) {
		return dg_fail(err, DG_ELIMIT, "more than %zu MiB: no result of a triage",
			DG_NOTICE_JSON_MAX >> 20);
	}
	for (const char *p = text; p < end;) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((lf ? lf : end) - p);
		json_t *root = json_loadb(p, len, JSON_REJECT_DUPLICATES, NULL);
		const char *type = json_string_value(json_object_get(root, "type"));

		if (type && strcmp(type, "triage") == 0) {
			int r = take_root(a, root, ret_seen, err);
			json_decref(root);
			return r;
		}
		json_decref(root);
		p = lf ? lf + 1 : end;
	}
	return dg_fail(err, DG_EINPUT,
		"no line of `dnsguard triage --json` in it: expected an object with \"type\": "
		"\"triage\"");
}
