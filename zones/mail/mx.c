#include "zones/mail/mx.h"

#include "zones/base/arena.h"
#include "zones/base/map.h"
#include "zones/mail/chars.h"
#include "zones/mail/lint.h"
#include "zones/record/rrset.h"

#include <assert.h>
#include <string.h>

/* MX rdata: preference (16 bits), exchange (RFC 1035 section 3.3.9). */
static const uint8_t null_mx[] = {0, 0, 0};

static const char null_rule[] = "RFC 7505 section 3";
static const char exchange_rule[] = "RFC 5321 section 5.1";

static bool exchange_is_root(const struct dg_rdata *d)
{
	return d->len == sizeof(null_mx) && d->wire[2] == 0;
}

enum dg_mx_state dg_mx_state(const struct dg_rrset *mx)
{
	bool has_root = false;

	if (!mx || mx->n == 0) {
		return DG_MX_ABSENT;
	}
	assert(mx->type == DG_TYPE_MX);
	for (size_t i = 0; i < mx->n; i++) {
		has_root = has_root || exchange_is_root(&mx->rdata[i]);
	}
	if (!has_root) {
		return DG_MX_HOSTS;
	}
	if (mx->n == 1 && memcmp(mx->rdata[0].wire, null_mx, sizeof(null_mx)) == 0) {
		return DG_MX_NULL;
	}
	return DG_MX_BROKEN;
}

struct dg_rrset dg_nullmx(struct dg_arena *a, const char *owner, uint32_t ttl)
{
	struct dg_rdata *d = dg_new(a, struct dg_rdata);

	assert(ttl <= DG_TTL_MAX);
	*d = (struct dg_rdata){.wire = null_mx, .len = sizeof(null_mx)};
	return (struct dg_rrset){
		.owner = dg_strdup(a, owner), .type = DG_TYPE_MX, .ttl = ttl, .rdata = d, .n = 1};
}

static void lint_null(const struct dg_rrset *mx, struct dg_lints *lints)
{
	size_t n_hosts = 0;

	for (size_t i = 0; i < mx->n; i++) {
		const struct dg_rdata *d = &mx->rdata[i];

		if (!exchange_is_root(d)) {
			n_hosts++;
		} else if (d->wire[0] != 0 || d->wire[1] != 0) {
			dg_lint(lints, DG_LEVEL_ERROR, "mx-null-preference", null_rule, 0,
				"a null MX has preference 0, not %u",
				(unsigned)(d->wire[0] << 8 | d->wire[1]));
		}
	}
	if (n_hosts > 0) {
		dg_lint(lints, DG_LEVEL_ERROR, "mx-null-beside-others", null_rule, 0,
			"the null MX stands beside %zu other MX: either the name takes mail or it "
			"does not",
			n_hosts);
	}
}

/* "192.0.2.1.": four labels of digits. */
static bool is_address(const char *host)
{
	size_t n_dots = 0;

	for (const char *p = host; *p; p++) {
		if (*p == '.') {
			n_dots++;
		} else if (!dg_is_digit(*p)) {
			return false;
		}
	}
	return n_dots == 4;
}

static bool is_host(const char *host)
{
	size_t len = 0;

	while (dg_is_alnum(host[len]) || host[len] == '-' || host[len] == '.') {
		len++;
	}
	return host[len] == '\0';
}

static void lint_host(const char *host, struct dg_lints *lints)
{
	const char *seen = dg_lint_seen(lints, host, strlen(host));

	if (is_address(host)) {
		dg_lint(lints, DG_LEVEL_ERROR, "mx-address", exchange_rule, 0,
			"the exchange %s is an address: an MX names a host, which has the address",
			seen);
	} else if (strcmp(host, "localhost.") == 0) {
		dg_lint(lints, DG_LEVEL_ERROR, "mx-localhost", null_rule, 0,
			"the exchange localhost. makes senders talk to themselves: to take no "
			"mail, publish a null MX");
	} else if (strchr(host, '.') == strrchr(host, '.')) {
		dg_lint(lints, DG_LEVEL_WARNING, "mx-single-label", exchange_rule, 0,
			"the exchange %s has one label only: is the rest of the name missing?",
			seen);
	} else if (!is_host(host)) {
		dg_lint(lints, DG_LEVEL_WARNING, "mx-odd-host", "RFC 1123 section 2.1", 0,
			"the exchange %s is not a host name of letters, digits and hyphens", seen);
	}
}

void dg_mx_lint(const struct dg_rrset *mx, struct dg_lints *lints)
{
	struct dg_map hosts;
	uint16_t preference = 0;

	dg_map_init(&hosts, lints->arena);
	if (dg_mx_state(mx) == DG_MX_BROKEN) {
		lint_null(mx, lints);
	}
	for (size_t i = 0; mx && i < mx->n; i++) {
		char *host = NULL;
		const char *read = NULL;

		if (exchange_is_root(&mx->rdata[i])) {
			continue;
		}
		if (dg_mx_read(lints->arena, &mx->rdata[i], &preference, &read) != 0) {
			dg_lint(lints, DG_LEVEL_ERROR, "mx-malformed", "RFC 1035 section 3.3.9", 0,
				"a record of %zu octets is not an MX: preference and host name",
				mx->rdata[i].len);
			continue;
		}
		lint_host(read, lints);
		host = dg_strdup(lints->arena, read);
		if (dg_map_put(&hosts, host, host)) {
			dg_lint(lints, DG_LEVEL_WARNING, "mx-duplicate-host", exchange_rule, 0,
				"the exchange %s stands twice: its lower preference decides",
				dg_lint_seen(lints, host, strlen(host)));
		}
	}
}
