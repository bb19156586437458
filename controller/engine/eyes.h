/* controller/engine/eyes.h: the resolver and the name server sockets of a run, one for each verify: section that differs.
 *
 * Shape    Caches of libunbound contexts are new with every run. When no resolver can be opened at all, name servers are still asked.
 */
#pragma once

struct dg_authority;
struct dg_err;
struct dg_eyes;
struct dg_loop;
struct dg_resolver;
struct dg_verify_spec;

struct dg_eyes *dg_eyes_new(struct dg_loop *l);
struct dg_eyes *dg_eyes_free(struct dg_eyes *e);
int dg_eyes_get(struct dg_eyes *e, const struct dg_verify_spec *spec,
	struct dg_resolver **ret_resolver, struct dg_authority **ret_authority, struct dg_err *err);
