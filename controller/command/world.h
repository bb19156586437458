/* controller/command/world.h: how check, spf and dmarc look at the Internet: a resolver, the name servers, HTTPS.
 *
 * Resolver  --resolver, else that of zone.yaml (verify:), else the system's.
 * DNSSEC    --trust-anchor FILE validates; "none" does not; without it that of zone.yaml, else DG_WORLD_ROOT_KEY where it is there
 *           and the resolver hands on what validating needs (the root's SOA is asked for once). Through a resolver that strips
 *           signatures every answer would be bogus: then nothing is validated, and why says so.
 * Calls     dg_world_open() may run the loop. dg_world_close() before the loop is freed.
 */
#pragma once

#include "zones/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct dg_app;
struct dg_arena;
struct dg_authority;
struct dg_endpoint;
struct dg_facts;
struct dg_http;
struct dg_loop;
struct dg_resolver;
struct dg_verify_spec;

#define DG_WORLD_ROOT_KEY "/usr/share/dns/root.key"

struct dg_world {
	struct dg_loop *loop;
	struct dg_resolver *resolver;
	struct dg_authority *authority;
	struct dg_http *http;
	const char *unvalidated_why; /* NULL: answers are validated, or were asked not to be */
};

/* spec: of a policy; NULL: none. The loop of app is made when there is none yet. */
int dg_world_open(struct dg_app *app, const struct dg_verify_spec *spec, struct dg_world *ret_world,
	struct dg_err *err);
void dg_world_close(struct dg_world *w);

/* --timeout, or 20 s. */
int64_t dg_world_deadline_ms(const struct dg_app *app);
/* "192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:53". */
int dg_world_endpoint(
	struct dg_arena *a, const char *text, struct dg_endpoint *ret_endpoint, struct dg_err *err);
/* "a,b,c" cut at the commas, empty words left out. */
size_t dg_world_words(struct dg_arena *a, const char *text, const char *const **ret_words);

/* Runs the rule in an inquiry, to its end. Each round has an arena of its own; that of the last lives as long as app's. */
void dg_world_inquire(struct dg_app *app, struct dg_world *w,
	void (*rule)(void *arg, struct dg_arena *a, const struct dg_facts *facts), void *arg);

/* Without the final dot; with its U-labels beside it when it has any: "xn--bcher-kva.example (bücher.example)". In the arena. */
const char *dg_world_shown(struct dg_arena *a, const char *name);
