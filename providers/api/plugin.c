#include "providers/api/plugin.h"

#include <string.h>

#include "zones/base/arena.h"
#include "zones/base/err.h"

enum verb {
	VERB_DESCRIBE,
	VERB_READ,
	VERB_APPLY,
};

static const char *const verbs[] = {"describe", "read", "apply"};

const char *dg_plugin_verb(const struct dg_api_work *w)
{
	const enum verb *verb = w->own;

	return verbs[*verb];
}

static json_t *ask(struct dg_api_work *w, enum verb verb)
{
	enum verb *kept = dg_new(w->arena, enum verb);

	*kept = verb;
	w->own = kept;
	return json_pack("{s:i, s:s, s:s}", "protocol", DG_PLUGIN_PROTOCOL, "verb", verbs[verb],
		"zone", w->zone);
}

static void post(struct dg_api_work *w, struct dg_api_call *call, json_t *body)
{
	*call = (struct dg_api_call){.method = "POST", .path = "", .body = dg_api_body(w, body)};
}

/* An object, without "error". */
static int look(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	if (!json_is_object(reply->json)) {
		return dg_api_bad(w, "expected one JSON object");
	}
	if (!json_object_get(reply->json, "error") || json_object_get(reply->json, "outcome")) {
		return 0;
	}
	return dg_fail(w->err, DG_EPOLICY, "%s says no: %s", w->api->host, dg_api_words(w, reply));
}

/* --- describe --------------------------------------------------------------------------------- */
void dg_plugin_find(struct dg_api_work *w, struct dg_api_call *call)
{
	post(w, call, ask(w, VERB_DESCRIBE));
}

/* A bound that the answer names, in min..max; 1: none, and *ret_bound stays. */
static int take_bound(struct dg_api_work *w, const json_t *o, const char *key, json_int_t max,
	json_int_t *ret_bound)
{
	json_int_t n = dg_api_int(o, key);

	if (!json_object_get(o, key)) {
		return 1;
	}
	if (n < 0 || n > max) {
		return dg_api_bad(
			w, dg_printf(w->arena, "%s is not 0 to %lld", key, (long long)max));
	}
	*ret_bound = n;
	return 0;
}

/* What its owner says in zone.yaml goes before it. */
static int take_null_mx(struct dg_api_work *w, const char *word)
{
	static const struct {
		const char *word;
		enum dg_null_mx null_mx;
	} words[] = {{"accepted", DG_NULL_MX_ACCEPTED}, {"exclusive", DG_NULL_MX_EXCLUSIVE},
		{"refused", DG_NULL_MX_REFUSED}, {"not-known", DG_NULL_MX_NOT_KNOWN}};

	for (size_t i = 0; word && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i].word) == 0) {
			if (dg_api_options(w->api)->null_mx == DG_API_NULL_MX_KNOWN) {
				w->api->limits.null_mx = words[i].null_mx;
			}
			return 0;
		}
	}
	return dg_api_bad(w, "null_mx is none of accepted, exclusive, refused, not-known");
}

int dg_plugin_found(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	struct dg_limits *l = &w->api->limits;
	json_int_t ttl_min = l->ttl_min;
	json_int_t ttl_max = l->ttl_max;
	json_int_t txt_max = (json_int_t)l->txt_max;
	json_int_t preference_max = l->preference_max;
	int r = look(w, reply);

	if (r == 0 && dg_api_int(reply->json, "protocol") != DG_PLUGIN_PROTOCOL) {
		r = dg_api_bad(w, "it does not say \"protocol\": 1");
	}
	const json_t *null_mx = json_object_get(reply->json, "null_mx");
	if (r < 0 || take_bound(w, reply->json, "ttl_min", DG_TTL_MAX, &ttl_min) < 0 ||
		take_bound(w, reply->json, "ttl_max", DG_TTL_MAX, &ttl_max) < 0 ||
		take_bound(w, reply->json, "txt_max", DG_API_TXT_MAX, &txt_max) < 0 ||
		take_bound(w, reply->json, "preference_max", UINT16_MAX, &preference_max) < 0 ||
		(null_mx && take_null_mx(w, json_string_value(null_mx)) < 0)) {
		return (int)w->err->rc;
	}
	if (ttl_min > ttl_max) {
		return dg_api_bad(w, "ttl_min is above ttl_max");
	}
	l->ttl_min = (uint32_t)ttl_min;
	l->ttl_max = (uint32_t)ttl_max;
	l->txt_max = (size_t)txt_max;
	l->preference_max = (uint16_t)preference_max;
	w->id = w->plain;
	return 0;
}

/* --- read ------------------------------------------------------------------------------------- */
void dg_plugin_list(struct dg_api_work *w, struct dg_api_call *call)
{
	json_t *body = ask(w, VERB_READ);

	if (w->page) {
		(void)json_object_set_new(body, "page", json_string(w->page));
	}
	post(w, call, body);
}

static int listed_one(struct dg_api_work *w, const json_t *rrset)
{
	const json_t *values = json_object_get(rrset, "values");
	const json_t *value = NULL;
	struct dg_api_raw raw = {
		.owner = dg_api_text(rrset, "name"),
		.type = dg_api_text(rrset, "type"),
		.ttl = dg_api_int(rrset, "ttl"),
		.preference = -1,
	};
	size_t i = 0;
	int r = json_is_array(values) && json_array_size(values) > 0
			? 0
			: dg_api_bad(w, "an RRset without values");

	json_array_foreach(values, i, value)
	{
		raw.value = json_string_value(value);
		r = r == 0 ? dg_api_add(w, &raw) : r;
	}
	return r;
}

int dg_plugin_listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *rrsets = json_object_get(reply->json, "rrsets");
	const json_t *next = json_object_get(reply->json, "next");
	const json_t *rrset = NULL;
	size_t i = 0;
	int r = look(w, reply);

	if (r == 0 && !json_is_array(rrsets)) {
		r = dg_api_bad(w, "no list of RRsets");
	}
	json_array_foreach(rrsets, i, rrset)
	{
		r = r == 0 ? listed_one(w, rrset) : r;
	}
	if (r == 0 && next && !json_is_null(next) && !json_is_string(next)) {
		r = dg_api_bad(w, "next is not a text");
	}
	w->page = json_is_string(next) ? dg_strdup(w->arena, json_string_value(next)) : NULL;
	return r < 0 ? r : w->page != NULL;
}

/* --- apply ------------------------------------------------------------------------------------ */
static json_t *side(struct dg_api_work *w, const struct dg_swap *s, const struct dg_rrset *set)
{
	const struct dg_swap as_it_came = {.before = *set, .after = *set};

	return set->n == 0 ? json_null()
			   : json_pack("{s:I, s:o}", "ttl", (json_int_t)set->ttl, "values",
				     dg_api_values(w, set == &s->after ? s : &as_it_came, set));
}

void dg_plugin_change(struct dg_api_work *w, struct dg_api_call *call)
{
	json_t *changes = json_array();

	for (size_t i = 0; i < w->n_batch; i++) {
		const struct dg_swap *s = w->op[i].swap;

		(void)json_array_append_new(
			changes, json_pack("{s:s, s:s, s:o, s:o}", "name", s->after.owner, "type",
					 dg_api_type(w, s->after.type), "before",
					 side(w, s, &s->before), "after", side(w, s, &s->after)));
	}
	json_t *body = ask(w, VERB_APPLY);
	(void)json_object_set_new(body, "changes", changes);
	post(w, call, body);
}

int dg_plugin_changed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const char *outcome = dg_api_text(reply->json, "outcome");
	int r = look(w, reply);

	if (r < 0) {
		return r;
	}
	if (!outcome) {
		return dg_api_bad(w, "no outcome");
	}
	if (strcmp(outcome, "applied") == 0) {
		return 0;
	}
	const char *words = dg_api_words(w, reply);
	if (strcmp(outcome, "conflict") == 0) {
		return dg_fail(w->err, DG_ECONFLICT,
			"%s: what stands there is not what it was when the change was planned: %s",
			w->api->host, words);
	}
	/* "partial" and "unknown": what stands there is read, and tells. */
	return dg_fail(w->err, strcmp(outcome, "not-applied") == 0 ? DG_EPOLICY : DG_EREMOTE,
		"%s could not do it (%s): %s", w->api->host,
		strcmp(outcome, "partial") == 0 ? "in part" : "it says", words);
}
