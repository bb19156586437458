/* controller/serve/route.h: what is asked for: path and method, the body, the domains in it. Pure.
 *
 * Shape    doc/openapi.yaml is the description, and a test holds the two against each other.
 * Names    A domain is two labels or more of letters, digits, "-" and "_", in lower case from here on; so it can stand in a path, in a file's
 *          name and in YAML as it is.
 * Limits   DG_ROUTE_BODY_MAX octets, DG_ROUTE_DEPTH_MAX deep, DG_ROUTE_DOMAINS_MAX domains in one event. Keys that are not
 *          known, that come twice, and values of another type are refused by name.
 * Memory   In the arena given.
 */
#pragma once

#include "zones/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;

#define DG_ROUTE_BODY_MAX    (1u << 20)
#define DG_ROUTE_DEPTH_MAX   8u
#define DG_ROUTE_DOMAINS_MAX 1000u
#define DG_ROUTE_TEXT_MAX    1000u
#define DG_ROUTE_KEY_MAX     128u /* of an Idempotency-Key or webhook-id */

enum dg_route_verb {
	DG_ROUTE_HEALTH,
	DG_ROUTE_EVENT,
	DG_ROUTE_JOB,
	DG_ROUTE_STATUS,
	DG_ROUTE_POLICY,
	DG_ROUTE_PLAN,
	DG_ROUTE_APPLY,
	DG_ROUTE_VERIFY,
	DG_ROUTE_APPROVE,
	DG_ROUTE_STOP,
	DG_ROUTE_RELEASE,
	DG_ROUTE_INCIDENT,  /* open one */
	DG_ROUTE_INCIDENTS, /* those of a domain */
	DG_ROUTE_RECORD,    /* one, whole */
};

struct dg_route {
	enum dg_route_verb verb;
	const char *domain; /* "example.com"; NULL: none in the path */
	int64_t number;     /* of a job or an incident */
};

/* 0, or the status to answer with: 404, 405 (*ret_allow says what may be asked). */
int dg_route_find(struct dg_arena *a, const char *method, const char *path,
	struct dg_route *ret_route, const char **ret_allow);
/* In lower case, without a final dot. DG_EINPUT. */
int dg_route_domain(
	struct dg_arena *a, const char *text, const char **ret_domain, struct dg_err *err);
bool dg_route_is_key(const char *text); /* 1 to DG_ROUTE_KEY_MAX visible characters */
bool dg_route_is_template(
	const char *text); /* lower-case letters, digits, "-" and "_": a file's name */

enum dg_event {
	DG_EVENT_REGISTERED,
	DG_EVENT_PARKED,
	DG_EVENT_NAMESERVERS_CHANGED,
	DG_EVENT_EXPIRING,
	DG_EVENT_ABUSE,
	DG_EVENT_N,
};
const char *dg_event_text(enum dg_event e); /* "domain.parked" */
const char *dg_event_template(
	enum dg_event e); /* "parked"; of the template that it puts in force */

/* What the body says. */
struct dg_ask {
	const char *template; /* NULL */
	const char *plan;     /* digest, or the number of a proposal; NULL */
	bool adopts, replaces;
	enum dg_event event;
	const char *why; /* "summary" of an event, or of an incident; NULL */
	const char **domains;
	size_t n_domains;
};

/* DG_EINPUT with what was expected where. An empty body is an empty object, where nothing is required. */
int dg_route_ask(struct dg_arena *a, const struct dg_route *route, const char *body, size_t len,
	struct dg_ask *ret_ask, struct dg_err *err);
