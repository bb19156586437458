/* controller/command/check.h: what the files of `check` share.
 *
 * Shape    A target is one domain; targets are checked a few at once and shown in their order.
 */
#pragma once

#include "controller/command/world.h"

#include <stdbool.h>
#include <stddef.h>

struct dg_app;
struct dg_arena;
struct dg_endpoints;
struct dg_policy;
struct dg_relay_host;
struct dg_zone;

struct dg_target {
	const char *domain;         /* canonical */
	const struct dg_zone *zone; /* complete; NULL: not known */
	bool zone_answers;          /* nobody serves it yet */
	bool asks_no_server;
	const struct dg_endpoints *named; /* name servers to ask; NULL: the NS records tell */
	const char *const *selectors;
	size_t n_selectors;
	const struct dg_relay_host *relays; /* what its MX hosts said to strangers */
	size_t n_relays;
};

struct dg_checking {
	struct dg_app *app;
	struct dg_world world;
	const char *
		world_key; /* resolver and trust anchor that world was opened with; NULL: not open */
	size_t n_bad,
		n_unknown; /* domains with warnings or errors; with something that could not be told */
	bool has_failed;
	size_t n_shown;
};

struct dg_verify_spec;
/* The world that a policy's verify: section asks for (NULL: none), opened anew only when it is another. */
int dg_check_open_world(
	struct dg_checking *c, const struct dg_verify_spec *spec, struct dg_err *err);
void dg_check_close_world(struct dg_checking *c);
void dg_check_targets(struct dg_checking *c, const struct dg_target *targets, size_t n);
/* One path of policies; what goes wrong is told, and noted in c. */
void dg_check_policies(struct dg_checking *c, const char *path);
/* Asks the MX hosts of the policy, and gives each target what those of its name said. */
void dg_check_relays(struct dg_checking *c, struct dg_arena *a, const struct dg_policy *p,
	struct dg_target *targets, size_t n);
