/* zones/incident/owner.h: what is known of the owner of a forged name: whose addresses, hosts, tokens and mail are "ours". Pure.
 *
 * Shape    Domains and host names in lower case without a final dot ("example.com"); all lists may be empty. What was not given
 *          but concluded from the bounces says so (is_..._inferred).
 * Rule     An address is ours because a network holds it, or because whoever gave judge says so (SPF). A name is weaker: what an
 *          address resolves to is written by its owner.
 * Memory   Borrowed; whoever fills it keeps it.
 */
#pragma once

#include "zones/base/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_map;

#define DG_OWNER_DOMAINS_MAX 64u

enum dg_standing {
	DG_STANDING_UNKNOWN,  /* there is no address */
	DG_STANDING_FOREIGN,  /* not ours: all that is ours is known */
	DG_STANDING_STRANGER, /* not among what is known to be ours, and that may be more */
	DG_STANDING_OWN,
	DG_STANDING_OWN_NAME, /* its name is one of ours */
	DG_STANDING_SHARED,   /* of a provider that sends for us and for others */
};

struct dg_owner_network {
	struct dg_network network;
	const char
		*provider; /* NULL: ours alone; else whose it is, shared with its other customers */
};

struct dg_owner {
	const char *const *domains;
	size_t n_domains;
	const struct dg_owner_network *networks;
	size_t n_networks;
	const char *const *hosts; /* mail servers of ours */
	size_t n_hosts;
	const char *const
		*providers; /* registrable domains whose servers carry our mail, and others' */
	size_t n_providers;
	const char *const *lists; /* posting addresses of mailing lists */
	size_t n_lists;
	const struct dg_map *recipients; /* addresses that exist; NULL: not known */
	const struct dg_map *sent; /* Message-IDs of mail that we sent, "<...>"; NULL: not known */
	const char *
		unresolved; /* a term of our SPF that was not looked up ("include:..."); NULL: all is known */
	bool are_domains_inferred, are_hosts_inferred;
	/* SPF of ours, when it can be asked; NULL: cannot. *ret_provider: of SHARED. */
	enum dg_standing (*judge)(
		void *arg, const struct dg_address *address, const char **ret_provider);
	void *judge_arg;
};

/* name: what the address resolves to as a trusted line says, "" when it does not. *ret_provider: of SHARED, else NULL. */
enum dg_standing dg_owner_standing(const struct dg_owner *o, const struct dg_address *address,
	const char *name, const char **ret_provider);
/* Of mail names: example.com, and what is under it. */
bool dg_owner_has_domain(const struct dg_owner *o, const char *domain);
/* One of hosts, or a name under one of our domains. */
bool dg_owner_has_host(const struct dg_owner *o, const char *name);
bool dg_owner_has_list(const struct dg_owner *o, const char *address);

const char *dg_standing_text(enum dg_standing s); /* "foreign", ...: stable, for JSON */

/* What stands behind the last "@", in lower case, without a final dot; "" when there is none. In the arena. */
const char *dg_domain_of_address(struct dg_arena *a, const char *address);
/* In lower case, whole. In the arena. */
const char *dg_text_lower(struct dg_arena *a, const char *text);
/* The registrable domain of a host name by the public suffix list: "example.co.uk"; the name itself when it is no longer than
 * that; "" of "". Without a final dot, lower case. In the arena. */
const char *dg_registrable(struct dg_arena *a, const char *name);
