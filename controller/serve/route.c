#include "controller/serve/route.h"

#include "zones/base/arena.h"

#include <stdlib.h>
#include <string.h>

#define NOT_FOUND    404
#define NOT_ALLOWED  405
#define JOB_DIGITS   18u
#define NAME_MAX_OF  253u
#define LABEL_MAX_OF 63u
#define TEMPLATE_MAX 64u

/* What stands behind /v1/domains/NAME/. */
static const struct {
	const char *name, *method;
	enum dg_route_verb verb;
} actions[] = {
	{"policy", "PUT", DG_ROUTE_POLICY},
	{"plan", "POST", DG_ROUTE_PLAN},
	{"apply", "POST", DG_ROUTE_APPLY},
	{"verify", "POST", DG_ROUTE_VERIFY},
	{"approve", "POST", DG_ROUTE_APPROVE},
	{"stop", "POST", DG_ROUTE_STOP},
	{"release", "POST", DG_ROUTE_RELEASE},
	{"incidents", "GET", DG_ROUTE_INCIDENTS},
	{"incidents", "POST", DG_ROUTE_INCIDENT},
};
#define N_ACTIONS (sizeof(actions) / sizeof(actions[0]))

static bool is_lower(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool is_domain(const char *s)
{
	size_t label = 0;
	size_t n_labels = 1;
	size_t n = 0;

	for (; s[n]; n++) {
		if (s[n] == '.') {
			if (label == 0) {
				return false;
			}
			label = 0;
			n_labels++;
		} else if (!is_lower(s[n]) || ++label > LABEL_MAX_OF) {
			return false;
		}
	}
	return label > 0 && n_labels >= 2 && n <= NAME_MAX_OF;
}

int dg_route_domain(
	struct dg_arena *a, const char *text, const char **ret_domain, struct dg_err *err)
{
	char *copy = dg_strdup(a, text);
	size_t n = strlen(copy);

	if (n > 1 && copy[n - 1] == '.') {
		copy[n - 1] = '\0';
	}
	for (char *p = copy; *p; p++) {
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	}
	if (!is_domain(copy)) {
		return dg_fail(err, DG_EINPUT,
			"expected a domain: two labels or more, each of at most %u letters, "
			"digits, - and _ (an IDN as its A-labels, xn--)",
			LABEL_MAX_OF);
	}
	*ret_domain = copy;
	return 0;
}

bool dg_route_is_key(const char *text)
{
	size_t n = 0;

	for (; text[n]; n++) {
		if (text[n] <= ' ' || text[n] > '~') {
			return false;
		}
	}
	return n > 0 && n <= DG_ROUTE_KEY_MAX;
}

bool dg_route_is_template(const char *text)
{
	size_t n = 0;

	for (; text[n]; n++) {
		if (!is_lower(text[n])) {
			return false;
		}
	}
	return n > 0 && n <= TEMPLATE_MAX;
}

/* What follows prefix in path; NULL: it does not begin with it. */
static const char *behind(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(path, prefix, n) == 0 ? path + n : NULL;
}

/* --- paths -------------------------------------------------------------------------------------- */
static int must_be(const char *method, const char *wanted, const char **ret_allow)
{
	*ret_allow = wanted;
	return strcmp(method, wanted) == 0 ? 0 : NOT_ALLOWED;
}

static int find_number(const char *method, const char *number, enum dg_route_verb verb,
	struct dg_route *r, const char **ret_allow)
{
	size_t n = strspn(number, "0123456789");

	if (n == 0 || n > JOB_DIGITS || number[n] != '\0' || number[0] == '0') {
		return NOT_FOUND;
	}
	r->verb = verb;
	r->number = strtoll(number, NULL, 10);
	return must_be(method, "GET", ret_allow);
}

static int find_action(
	const char *method, const char *name, struct dg_route *r, const char **ret_allow)
{
	int status = NOT_FOUND;

	for (size_t i = 0; i < N_ACTIONS; i++) {
		if (strcmp(actions[i].name, name) == 0) {
			bool is_second = status == NOT_ALLOWED;

			r->verb = actions[i].verb;
			status = must_be(method, actions[i].method, ret_allow);
			if (status == 0) {
				return 0;
			}
			*ret_allow = is_second ? "GET, POST" : *ret_allow;
		}
	}
	return status;
}

static int find_domain(struct dg_arena *a, const char *method, const char *rest, struct dg_route *r,
	const char **ret_allow)
{
	const char *slash = strchr(rest, '/');
	size_t n = slash ? (size_t)(slash - rest) : strlen(rest);
	struct dg_err err;

	if (dg_route_domain(a, dg_strndup(a, rest, n), &r->domain, &err) < 0) {
		return NOT_FOUND;
	}
	if (!slash) {
		r->verb = DG_ROUTE_STATUS;
		return must_be(method, "GET", ret_allow);
	}
	const char *number = behind(slash + 1, "incidents/");
	return number ? find_number(method, number, DG_ROUTE_RECORD, r, ret_allow)
		      : find_action(method, slash + 1, r, ret_allow);
}

int dg_route_find(struct dg_arena *a, const char *method, const char *path,
	struct dg_route *ret_route, const char **ret_allow)
{
	const char *rest = NULL;

	*ret_route = (struct dg_route){.verb = DG_ROUTE_HEALTH};
	*ret_allow = NULL;
	if (strcmp(path, "/v1/health") == 0) {
		return must_be(method, "GET", ret_allow);
	}
	if (strcmp(path, "/v1/events") == 0) {
		ret_route->verb = DG_ROUTE_EVENT;
		return must_be(method, "POST", ret_allow);
	}
	if ((rest = behind(path, "/v1/jobs/")) != NULL) {
		return find_number(method, rest, DG_ROUTE_JOB, ret_route, ret_allow);
	}
	if ((rest = behind(path, "/v1/domains/")) != NULL) {
		return find_domain(a, method, rest, ret_route, ret_allow);
	}
	return NOT_FOUND;
}
