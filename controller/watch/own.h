/* controller/watch/own.h: what is ours of a mail name: who may send for it, its keys, its recipients. For judging bounces.
 *
 * Shape    By canonical mail name. Hosts are judged by the SPF record of the policy, not by the one that is served (while a name is split
 *          that one says that nobody sends); what it includes is looked up when there is a resolver, and again after
 *          DG_OWN_FRESH_MS. Until all is known, and while it cannot be looked up, a host is UNKNOWN.
 * Calls    From the loop.
 * Memory   What is given is borrowed and must outlive it.
 */
#pragma once

#include "zones/bounce/proof.h"
#include "zones/mail/batv.h"
#include "zones/mail/dkim_verify.h"

#include <stddef.h>

struct dg_address;
struct dg_err;
struct dg_loop;
struct dg_own;
struct dg_resolver;

#define DG_OWN_FRESH_MS ((int64_t)3600 * 1000)
#define DG_OWN_WARM     64u   /* names are asked for at once; of more each when it is needed */
#define DG_OWN_WAIT_MS  30000 /* for all that an SPF record includes */

struct dg_own_name {
	const char *name;      /* canonical */
	const char *spf;       /* text of the record; NULL: the policy has none */
	const char *const *mx; /* canonical hosts, for the term mx; n_mx == 0: as they are served */
	size_t n_mx;
	const struct dg_dkim_public *keys; /* of the mail name and of its subdomain */
	size_t n_keys;
	const struct dg_batv_keys *tags; /* NULL: none are given out */
	int64_t tags_since_s;
	const char **recipients; /* in lower case, in strcmp() order; NULL: not given */
	size_t n_recipients;
};

/* resolver NULL: only what the record itself says. */
struct dg_own *dg_own_new(struct dg_loop *loop, struct dg_resolver *resolver);
struct dg_own *dg_own_free(struct dg_own *o); /* NULL is fine; returns NULL */
void dg_own_add(struct dg_own *o, const struct dg_own_name *name);
const struct dg_own_name *dg_own_find(
	const struct dg_own *o, const char *name); /* NULL: not known */
/* The address is in lower case, its local part without a subaddress ("alice+news") or a tag is tried too. */
bool dg_own_is_recipient(const struct dg_own_name *name, const char *address);
enum dg_proof_host dg_own_host(
	struct dg_own *o, const struct dg_own_name *name, const struct dg_address *a);
