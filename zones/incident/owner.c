#include "zones/incident/owner.h"

#include "zones/base/arena.h"
#include "zones/mail/dmarc_find.h"

#include <string.h>
#include <strings.h>

static bool is_at_or_under(const char *name, const char *domain)
{
	size_t n = strlen(name);
	size_t len = strlen(domain);

	n -= n > 0 && name[n - 1] == '.';
	if (len == 0 || n < len || strncasecmp(name + n - len, domain, len) != 0) {
		return false;
	}
	return n == len || name[n - len - 1] == '.';
}

static bool is_under_one(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (is_at_or_under(name, names[i])) {
			return true;
		}
	}
	return false;
}

bool dg_owner_has_domain(const struct dg_owner *o, const char *domain)
{
	return is_under_one(o->domains, o->n_domains, domain);
}

bool dg_owner_has_host(const struct dg_owner *o, const char *name)
{
	for (size_t i = 0; i < o->n_hosts; i++) {
		if (strcasecmp(o->hosts[i], name) == 0) {
			return true;
		}
	}
	return dg_owner_has_domain(o, name);
}

bool dg_owner_has_list(const struct dg_owner *o, const char *address)
{
	for (size_t i = 0; i < o->n_lists; i++) {
		if (strcasecmp(o->lists[i], address) == 0) {
			return true;
		}
	}
	return false;
}

/* By name: only where no network says otherwise. */
static enum dg_standing by_name(
	const struct dg_owner *o, const char *name, const char **ret_provider)
{
	if (name[0] != '\0' && dg_owner_has_host(o, name)) {
		return DG_STANDING_OWN_NAME;
	}
	for (size_t i = 0; name[0] != '\0' && i < o->n_providers; i++) {
		if (is_at_or_under(name, o->providers[i])) {
			*ret_provider = o->providers[i];
			return DG_STANDING_SHARED;
		}
	}
	return DG_STANDING_STRANGER;
}

enum dg_standing dg_owner_standing(const struct dg_owner *o, const struct dg_address *address,
	const char *name, const char **ret_provider)
{
	*ret_provider = NULL;
	for (size_t i = 0; i < o->n_networks; i++) {
		const struct dg_owner_network *n = &o->networks[i];

		if (dg_network_holds(&n->network, address)) {
			*ret_provider = n->provider;
			return n->provider ? DG_STANDING_SHARED : DG_STANDING_OWN;
		}
	}
	enum dg_standing judged =
		o->judge ? o->judge(o->judge_arg, address, ret_provider) : DG_STANDING_UNKNOWN;
	if (judged != DG_STANDING_UNKNOWN) {
		return judged;
	}
	bool is_all_known = o->n_networks > 0 && !o->unresolved;
	enum dg_standing named =
		is_all_known ? DG_STANDING_FOREIGN : by_name(o, name, ret_provider);
	return named;
}

const char *dg_standing_text(enum dg_standing s)
{
	switch (s) {
	case DG_STANDING_UNKNOWN:
		break;
	case DG_STANDING_FOREIGN:
		return "foreign";
	case DG_STANDING_STRANGER:
		return "stranger";
	case DG_STANDING_OWN:
		return "own";
	case DG_STANDING_OWN_NAME:
		return "own-name";
	case DG_STANDING_SHARED:
		return "shared";
	}
	return "unknown";
}

/* --- names ------------------------------------------------------------------------------------ */
const char *dg_text_lower(struct dg_arena *a, const char *text)
{
	char *copy = dg_strdup(a, text);

	for (char *p = copy; *p; p++) {
		if (*p >= 'A' && *p <= 'Z') {
			*p = (char)(*p | 0x20);
		}
	}
	return copy;
}

const char *dg_domain_of_address(struct dg_arena *a, const char *address)
{
	const char *at = strrchr(address, '@');
	char *domain = dg_strdup(a, at ? dg_text_lower(a, at + 1) : "");
	size_t n = strlen(domain);

	if (n > 0 && domain[n - 1] == '.') {
		domain[n - 1] = '\0';
	}
	return domain;
}

const char *dg_registrable(struct dg_arena *a, const char *name)
{
	const char *whole = dg_text_lower(a, name);
	size_t n = strlen(whole);

	if (n == 0) {
		return "";
	}
	const char *absolute = whole[n - 1] == '.' ? whole : dg_printf(a, "%s.", whole);
	const char *suffix = dg_public_suffix(a, absolute);
	n = strlen(absolute);
	size_t len = strlen(suffix);
	size_t at = n > len ? n - len : 0; /* where the suffix begins */
	if (at > 1) {
		at--; /* its dot */
		while (at > 0 && absolute[at - 1] != '.') {
			at--;
		}
	}
	return dg_strndup(a, absolute + at, n - at - 1);
}
