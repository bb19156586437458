#include "zones/incident/infer.h"

#include "zones/base/arena.h"
#include "zones/incident/evidence.h"
#include "zones/incident/owner.h"

#include <string.h>

#define ALSO_SHARE 4u /* a quarter of the first */
#define HOST_SHARE 3u /* a third of all bounces */
#define HOSTS_MAX  4u

static void count(struct dg_infer *f, struct dg_infer_name *names, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++) {
		if (strcmp(names[i].name, name) == 0) {
			names[i].n++;
			return;
		}
	}
	if (*n < DG_INFER_NAMES && name[0] != '\0') {
		names[(*n)++] = (struct dg_infer_name){dg_strdup(f->arena, name), 1};
	}
}

static void count_domain(struct dg_infer *f, const char *address)
{
	const char *domain = dg_domain_of_address(f->arena, address);

	count(f, f->domains, &f->n_domains, dg_registrable(f->arena, domain));
}

void dg_infer_add(struct dg_infer *f, const struct dg_bounce *b)
{
	const struct dg_bounce_head *h = dg_evidence_returned(b);
	bool has_sender = h->has_return_path && !h->is_null;

	f->n++;
	count_domain(f, dg_evidence_recipient(f->arena, b));
	count_domain(f, has_sender ? h->return_path : h->from);
	for (size_t i = 0; i < b->outer.n_hops; i++) {
		const char *by = dg_text_lower(f->arena, b->outer.hops[i].by);
		if (strchr(by, '.')) {
			count(f, f->hosts, &f->n_hosts, by);
			return;
		}
	}
}

static size_t first_of(const struct dg_infer_name *names, size_t n)
{
	size_t best = 0;

	for (size_t i = 1; i < n; i++) {
		best = names[i].n > names[best].n ? i : best;
	}
	return best;
}

static void infer_domains(const struct dg_infer *f, struct dg_owner *o)
{
	const char **domains = dg_newn(f->arena, const char *, DG_OWNER_DOMAINS_MAX);
	size_t n = 0;

	if (f->n_domains == 0) {
		return;
	}
	size_t best = first_of(f->domains, f->n_domains);
	domains[n++] = f->domains[best].name;
	for (size_t i = 0; i < f->n_domains && n < DG_OWNER_DOMAINS_MAX; i++) {
		if (i != best && f->domains[i].n * ALSO_SHARE >= f->domains[best].n &&
			f->domains[i].n > 1) {
			domains[n++] = f->domains[i].name;
		}
	}
	o->domains = domains;
	o->n_domains = n;
	o->are_domains_inferred = true;
}

static void infer_hosts(const struct dg_infer *f, struct dg_owner *o)
{
	const char **hosts = dg_newn(f->arena, const char *, HOSTS_MAX);
	const char **providers = dg_newn(f->arena, const char *, HOSTS_MAX);
	size_t n = 0;
	size_t n_providers = 0;

	for (size_t i = 0; i < f->n_hosts && n < HOSTS_MAX; i++) {
		if (f->hosts[i].n * HOST_SHARE < f->n) {
			continue;
		}
		hosts[n++] = f->hosts[i].name;
		const char *org = dg_registrable(f->arena, f->hosts[i].name);
		if (!dg_owner_has_domain(o, org)) {
			providers[n_providers++] = org;
		}
	}
	o->hosts = hosts;
	o->n_hosts = n;
	o->providers = providers;
	o->n_providers = n_providers;
	o->are_hosts_inferred = n > 0;
}

void dg_infer_owner(const struct dg_infer *f, struct dg_owner *o)
{
	if (o->n_domains == 0) {
		infer_domains(f, o);
	}
	if (o->n_networks == 0 && o->n_hosts == 0 && !o->judge) {
		infer_hosts(f, o);
	}
}
