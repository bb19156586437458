/* The bodies of requests. */
#include "controller/serve/route.h"

#include "zones/base/arena.h"
#include "zones/base/json.h"

#include <string.h>

#define PLAN_MIN 8u
#define PLAN_MAX 64u

static const struct {
	const char *type, *template;
} events[DG_EVENT_N] = {
	[DG_EVENT_REGISTERED] = {"domain.registered", "registered"},
	[DG_EVENT_PARKED] = {"domain.parked", "parked"},
	[DG_EVENT_NAMESERVERS_CHANGED] = {"domain.nameservers_changed", "nameservers_changed"},
	[DG_EVENT_EXPIRING] = {"domain.expiring", "expiring"},
	[DG_EVENT_ABUSE] = {"domain.abuse_reported", "abuse_reported"},
};

const char *dg_event_text(enum dg_event e)
{
	return events[e].type;
}

const char *dg_event_template(enum dg_event e)
{
	return events[e].template;
}

/* Before jansson sees it: how deep it nests. Strings are passed over. */
static bool is_too_deep(const char *body, size_t len)
{
	bool is_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = body[i];

		if (is_string && c == '\\') {
			i++;
		} else if (c == '"') {
			is_string = !is_string;
		} else if (!is_string && (c == '[' || c == '{') && ++depth > DG_ROUTE_DEPTH_MAX) {
			return true;
		} else if (!is_string && (c == ']' || c == '}') && depth > 0) {
			depth--;
		}
	}
	return false;
}

static int load(const char *body, size_t len, json_t **ret_root, struct dg_err *err)
{
	json_error_t why;

	if (len == 0) {
		*ret_root = json_object();
		return 0;
	}
	if (is_too_deep(body, len)) {
		return dg_fail(
			err, DG_EINPUT, "the JSON is nested more than %u deep", DG_ROUTE_DEPTH_MAX);
	}
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, &why);
	if (!root || !json_is_object(root)) {
		bool is_json = root != NULL;

		json_decref(root);
		return is_json ? dg_fail(err, DG_EINPUT, "expected a JSON object")
			       : dg_fail(err, DG_EINPUT,
					 "line %d, column %d: it is not JSON (RFC 8259), or a key "
					 "comes twice",
					 why.line > 0 ? why.line : 1,
					 why.column > 0 ? why.column : 1);
	}
	*ret_root = root;
	return 0;
}

/* keys: separated by blanks. */
static int check_keys(json_t *o, const char *keys, const char *where, struct dg_err *err)
{
	const char *key = NULL;
	json_t *value = NULL;

	json_object_foreach(o, key, value)
	{
		size_t n = strlen(key);
		const char *p = n > 0 && !strchr(key, ' ') ? keys : NULL;

		while (p && (p = strstr(p, key)) != NULL) {
			if ((p == keys || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0')) {
				break;
			}
			p += n;
		}
		if (!p) {
			return dg_fail(err, DG_EINPUT, "%s has a key that is not known; known: %s",
				where, keys[0] ? keys : "none");
		}
	}
	return 0;
}

static int get_text(
	struct dg_arena *a, json_t *o, const char *key, const char **ret_text, struct dg_err *err)
{
	json_t *v = json_object_get(o, key);

	if (!v) {
		return 0;
	}
	if (!json_is_string(v) || json_string_length(v) > DG_ROUTE_TEXT_MAX ||
		strlen(json_string_value(v)) != json_string_length(v)) {
		return dg_fail(err, DG_EINPUT, "%s: expected a text of at most %u octets", key,
			DG_ROUTE_TEXT_MAX);
	}
	*ret_text = dg_strdup(a, json_string_value(v));
	return 0;
}

static int get_flag(json_t *o, const char *key, bool *ret_flag, struct dg_err *err)
{
	json_t *v = json_object_get(o, key);

	if (v && !json_is_boolean(v)) {
		return dg_fail(err, DG_EINPUT, "%s: expected true or false", key);
	}
	*ret_flag = json_is_true(v);
	return 0;
}

static int get_template(struct dg_arena *a, json_t *o, struct dg_ask *ask, struct dg_err *err)
{
	int r = get_text(a, o, "template", &ask->template, err);

	if (r == 0 && ask->template && !dg_route_is_template(ask->template)) {
		r = dg_fail(err, DG_EINPUT,
			"template: expected a name of lower-case letters, digits, - and _");
	}
	return r;
}

static int get_plan(struct dg_arena *a, json_t *o, struct dg_ask *ask, struct dg_err *err)
{
	int r = get_text(a, o, "plan", &ask->plan, err);
	size_t n = r == 0 && ask->plan ? strlen(ask->plan) : 0;

	if (r == 0 &&
		(n < PLAN_MIN || n > PLAN_MAX || strspn(ask->plan, "0123456789abcdef") != n)) {
		r = dg_fail(err, DG_EINPUT,
			"plan: expected the number of the plan that was looked at, %u to %u "
			"lower-case hex digits",
			PLAN_MIN, PLAN_MAX);
	}
	return r;
}

/* --- events ------------------------------------------------------------------------------------- */
static int add_domain(struct dg_arena *a, json_t *v, struct dg_ask *ask, struct dg_err *err)
{
	const char *domain = NULL;

	if (!json_is_string(v) || json_string_length(v) > DG_ROUTE_TEXT_MAX) {
		return dg_fail(err, DG_EINPUT, "data: expected domains as texts");
	}
	int r = dg_route_domain(a, json_string_value(v), &domain, err);
	if (r == 0) {
		ask->domains[ask->n_domains++] = domain;
	}
	return r < 0 ? dg_wrap(err, r, "data: domain %zu", ask->n_domains + 1) : 0;
}

/* One domain: "..." or domains: ["...", ...]. */
static int get_domains(struct dg_arena *a, json_t *data, struct dg_ask *ask, struct dg_err *err)
{
	json_t *one = json_object_get(data, "domain");
	json_t *many = json_object_get(data, "domains");
	size_t n = json_array_size(many);
	int r = 0;

	if (!one == !many || (many && (n == 0 || n > DG_ROUTE_DOMAINS_MAX))) {
		return dg_fail(err, DG_EINPUT,
			"data: expected domain, or domains, a list of 1 to %u",
			DG_ROUTE_DOMAINS_MAX);
	}
	ask->domains = dg_newn(a, const char *, one ? 1 : n);
	if (one) {
		return add_domain(a, one, ask, err);
	}
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = add_domain(a, json_array_get(many, i), ask, err);
	}
	return r;
}

static int get_type(json_t *root, struct dg_ask *ask, struct dg_err *err)
{
	const char *type = json_string_value(json_object_get(root, "type"));

	for (int i = 0; type && i < (int)DG_EVENT_N; i++) {
		if (strcmp(events[i].type, type) == 0) {
			ask->event = (enum dg_event)i;
			return 0;
		}
	}
	return dg_fail(err, DG_EINPUT,
		"type: expected domain.registered, domain.parked, domain.nameservers_changed, "
		"domain.expiring or domain.abuse_reported");
}

static int get_event(struct dg_arena *a, json_t *root, struct dg_ask *ask, struct dg_err *err)
{
	json_t *data = json_object_get(root, "data");
	const char *when = NULL;
	int r = check_keys(root, "type timestamp data", "the event", err);

	r = r == 0 ? get_type(root, ask, err) : r;
	r = r == 0 ? get_text(a, root, "timestamp", &when, err) : r;
	if (r == 0 && !json_is_object(data)) {
		r = dg_fail(err, DG_EINPUT, "data: expected an object");
	}
	r = r == 0 ? check_keys(data, "domain domains template adopt replace summary", "data", err)
		   : r;
	r = r == 0 ? get_template(a, data, ask, err) : r;
	r = r == 0 ? get_flag(data, "adopt", &ask->adopts, err) : r;
	r = r == 0 ? get_flag(data, "replace", &ask->replaces, err) : r;
	r = r == 0 ? get_text(a, data, "summary", &ask->why, err) : r;
	return r == 0 ? get_domains(a, data, ask, err) : r;
}

/* --- of one domain ------------------------------------------------------------------------------ */
static int get_policy(struct dg_arena *a, json_t *root, struct dg_ask *ask, struct dg_err *err)
{
	int r = check_keys(root, "template replace", "the body", err);

	r = r == 0 ? get_template(a, root, ask, err) : r;
	r = r == 0 ? get_flag(root, "replace", &ask->replaces, err) : r;
	if (r == 0 && !ask->template) {
		r = dg_fail(err, DG_EINPUT, "template: expected the name of one");
	}
	return r;
}

int dg_route_ask(struct dg_arena *a, const struct dg_route *route, const char *body, size_t len,
	struct dg_ask *ret_ask, struct dg_err *err)
{
	struct dg_ask ask = {0};
	json_t *root = NULL;
	int r = load(body, len, &root, err);

	if (r < 0) {
		return r;
	}
	switch (route->verb) {
	case DG_ROUTE_EVENT:
		r = get_event(a, root, &ask, err);
		break;
	case DG_ROUTE_POLICY:
		r = get_policy(a, root, &ask, err);
		break;
	case DG_ROUTE_PLAN:
		r = check_keys(root, "template adopt", "the body", err);
		r = r == 0 ? get_template(a, root, &ask, err) : r;
		r = r == 0 ? get_flag(root, "adopt", &ask.adopts, err) : r;
		break;
	case DG_ROUTE_APPLY:
		r = check_keys(root, "plan adopt", "the body", err);
		r = r == 0 ? get_flag(root, "adopt", &ask.adopts, err) : r;
		r = r == 0 ? get_plan(a, root, &ask, err) : r;
		break;
	case DG_ROUTE_APPROVE:
		r = check_keys(root, "plan", "the body", err);
		r = r == 0 ? get_plan(a, root, &ask, err) : r;
		break;
	case DG_ROUTE_INCIDENT:
		r = check_keys(root, "summary", "the body", err);
		r = r == 0 ? get_text(a, root, "summary", &ask.why, err) : r;
		break;
	case DG_ROUTE_HEALTH:
	case DG_ROUTE_INCIDENTS:
	case DG_ROUTE_JOB:
	case DG_ROUTE_RECORD:
	case DG_ROUTE_STATUS:
	case DG_ROUTE_VERIFY:
	case DG_ROUTE_STOP:
	case DG_ROUTE_RELEASE:
		r = check_keys(root, "", "the body", err);
		break;
	}
	json_decref(root);
	bool needs_plan = route->verb == DG_ROUTE_APPLY || route->verb == DG_ROUTE_APPROVE;
	if (r == 0 && needs_plan && !ask.plan) {
		r = dg_fail(err, DG_EINPUT,
			"plan: expected the number of the plan that was looked at: nothing is done "
			"unseen");
	}
	if (r == 0) {
		*ret_ask = ask;
	}
	return r;
}
