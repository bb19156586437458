/* MX: where mail to the domain goes, or that it goes nowhere. */
#include "zones/base/address.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/check/rule.h"
#include "zones/mail/chars.h"
#include "zones/record/name.h"

#include <string.h>

#define HOSTS_MAX 32u /* whose addresses are looked at */
#define SHOWN_MAX 8u  /* records that stand in one piece of evidence */

/* All of them, since what is wrong with one may be wrong beside the others. */
static const char *evidence(struct check *c)
{
	const char *text = check_evidence_of(c, c->in->domain, c->mx);

	for (size_t i = 1; i < c->mx->set.n && i < SHOWN_MAX; i++) {
		text = dg_printf(c->arena, "%s, %s", text,
			check_evidence(c, c->in->domain, DG_TYPE_MX, &c->mx->set.rdata[i]));
	}
	return text;
}

/* The record that names this host. */
static const char *evidence_at(struct check *c, const struct dg_check_mx *mx)
{
	for (size_t i = 0; i < c->mx->set.n; i++) {
		const char *host = NULL;
		uint16_t preference = 0;

		if (dg_mx_read(c->arena, &c->mx->set.rdata[i], &preference, &host) == 0 &&
			preference == mx->preference && strcmp(host, mx->host) == 0) {
			return check_evidence(c, c->in->domain, DG_TYPE_MX, &c->mx->set.rdata[i]);
		}
	}
	return NULL;
}

static const char *locked(struct check *c)
{
	return dg_printf(c->arena, "%s\n%s\nin zone.yaml: silent: [\"%s\"]",
		check_line(c, c->in->domain, "MX 0 ."),
		check_line_txt(c, c->in->domain, "v=spf1 -all"), check_yaml_name(c, c->in->domain));
}

/* --- the addresses of a host ------------------------------------------------------------------------ */
struct addresses {
	size_t n4, n6, n_special;
	const char *special; /* "10.0.0.1 (private)" */
};

static void look_at(struct check *c, const struct dg_fact *fact, struct addresses *ret)
{
	bool is_ip6 = fact->set.type == DG_TYPE_AAAA;
	size_t size = is_ip6 ? 16 : 4;

	for (size_t i = 0; fact->state == DG_FACT_FOUND && i < fact->set.n; i++) {
		const struct dg_rdata *rd = &fact->set.rdata[i];
		struct dg_address address = {.is_ip6 = is_ip6};

		*(is_ip6 ? &ret->n6 : &ret->n4) += 1;
		if (rd->len != size) {
			continue;
		}
		memcpy(address.octets, rd->wire, size);
		const char *special = dg_address_special(&address);
		if (special && ret->n_special++ == 0) {
			struct dg_buf b;

			dg_buf_init(&b, 128);
			dg_address_print(&b, &address);
			ret->special = dg_printf(c->arena, "%s (%s)", b.data, special);
			dg_buf_done(&b);
		}
	}
}

static void check_addresses(
	struct check *c, const struct dg_check_mx *mx, const struct addresses *found)
{
	const char *host = check_shown(c, mx->host);

	if (dg_fact_is_none(mx->a) && dg_fact_is_none(mx->aaaa)) {
		check_find(c, "mx-no-address", c->in->domain, evidence_at(c, mx),
			"the MX host %s %s", host,
			mx->a->state == DG_FACT_NXDOMAIN ? "does not exist"
							 : "has neither A nor AAAA");
	}
	if (found->n_special > 0) {
		check_find(c, "mx-special-address", c->in->domain, evidence_at(c, mx),
			"the MX host %s has the address %s", host, found->special)
			->severity = found->n_special == found->n4 + found->n6
					     ? DG_SEVERITY_ERROR
					     : DG_SEVERITY_WARNING;
	}
	if (found->n4 + found->n6 == 0) {
		const struct dg_fact *fact = mx->a->state == DG_FACT_UNKNOWN ? mx->a : mx->aaaa;

		check_find_unknown(c, "mx-host-unknown", fact, c->in->domain,
			dg_printf(c->arena, "the address of the MX host %s", host));
	}
}

/* Not a name that could have an address: the readers say so. */
static bool is_no_host(const char *host)
{
	const char *last = host + strlen(host) - 1;

	while (last > host && last[-1] != '.') {
		last--;
	}
	return dg_is_digit(*last) || strcmp(host, "localhost.") == 0 || strcmp(host, ".") == 0;
}

static void check_host(struct check *c, struct dg_check_mx *mx, struct addresses *ret_all)
{
	struct addresses found = {.n4 = 0};

	mx->a = check_ask_quietly(c, mx->host, DG_TYPE_A);
	mx->aaaa = check_ask_quietly(c, mx->host, DG_TYPE_AAAA);
	if (mx->a->state == DG_FACT_PENDING || mx->aaaa->state == DG_FACT_PENDING) {
		return;
	}
	look_at(c, mx->a, &found);
	look_at(c, mx->aaaa, &found);
	check_addresses(c, mx, &found);
	if (mx->a->alias || mx->aaaa->alias) {
		const char *to = mx->a->alias ? mx->a->alias : mx->aaaa->alias;

		check_find(c, "mx-alias", c->in->domain, evidence_at(c, mx),
			"the MX host %s is an alias of %s", check_shown(c, mx->host),
			check_shown(c, to))
			->remedy = dg_printf(
			c->arena, "%s MX %u %s", c->in->domain, (unsigned)mx->preference, to);
	}
	ret_all->n4 += found.n4;
	ret_all->n6 += found.n6;
}

static void check_all_hosts(struct check *c)
{
	struct addresses all = {.n4 = 0};
	bool is_known = true;
	size_t n = c->out->n_mx < HOSTS_MAX ? c->out->n_mx : HOSTS_MAX;

	for (size_t i = 0; i < n; i++) {
		struct dg_check_mx *mx = &c->out->mx[i];

		if (is_no_host(mx->host)) {
			continue;
		}
		check_host(c, mx, &all);
		is_known = is_known && mx->a->state != DG_FACT_UNKNOWN &&
			   mx->a->state != DG_FACT_PENDING;
	}
	if (is_known && all.n4 == 0 && all.n6 > 0 && n == c->out->n_mx) {
		check_find(c, "mx-no-ipv4", c->in->domain, evidence(c),
			"no MX host of %s has an IPv4 address", check_shown(c, c->in->domain));
	}
	if (is_known && c->out->n_mx == 1 && all.n4 <= 1 && all.n6 <= 1 && all.n4 + all.n6 > 0) {
		check_find(c, "mx-single", c->in->domain, evidence(c),
			"%s is the only MX host, with one address",
			check_shown(c, c->out->mx[0].host));
	}
}

static void read_hosts(struct check *c)
{
	struct dg_check *out = c->out;

	out->mx = dg_newn(c->arena, struct dg_check_mx, c->mx->set.n);
	for (size_t i = 0; i < c->mx->set.n; i++) {
		struct dg_check_mx *mx = &out->mx[out->n_mx];

		out->n_mx +=
			dg_mx_read(c->arena, &c->mx->set.rdata[i], &mx->preference, &mx->host) == 0;
	}
}

/* --- all --------------------------------------------------------------------------------------------- */
static bool permits_hosts(const struct check *c)
{
	return c->out->n_spf_records == 1 && c->spf_lints.n_errors == 0 && c->sends == KNOWN_YES;
}

static void check_records(struct check *c)
{
	struct dg_lints lints;

	dg_lints_init(&lints, c->arena);
	dg_mx_lint(&c->mx->set, &lints);
	check_take_lints(c, &lints, c->in->domain, evidence(c));
	read_hosts(c);
	if (c->out->mx_state == DG_MX_NULL) {
		check_find(c, "mx-null", c->in->domain, evidence(c),
			"mail to %s is given up at the sender", check_shown(c, c->in->domain));
		if (permits_hosts(c)) {
			check_find(c, "mx-null-sends", c->in->domain, evidence(c),
				"%s has a null MX, but its SPF record lets hosts send from it",
				check_shown(c, c->in->domain));
		}
		return;
	}
	if (dg_name_n_labels(c->in->domain) <= 1) {
		check_find(c, "mx-top-level", c->in->domain, evidence(c), "%s has an MX",
			check_shown(c, c->in->domain));
	}
	if (c->sends == KNOWN_NO) {
		check_find(c, "mx-receive-only", c->in->domain, evidence(c),
			"nothing is sent from %s, but its MX takes mail",
			check_shown(c, c->in->domain))
			->remedy =
			dg_printf(c->arena, "if nobody needs mail there:\n%s", locked(c));
	}
	if (c->in->depth == DG_CHECK_FULL) {
		check_all_hosts(c);
	}
}

/* No MX: the addresses take the mail, or nothing does. */
static void check_implicit(struct check *c)
{
	const char *shown = check_shown(c, c->in->domain);
	const struct dg_fact *at = c->a->state == DG_FACT_FOUND ? c->a : c->aaaa;
	struct dg_finding *f = NULL;

	if (c->receives == KNOWN_NO && c->out->exists) {
		check_find(
			c, "mx-none", c->in->domain, NULL, "%s has neither MX nor address", shown);
	}
	if (c->receives != KNOWN_YES) {
		return;
	}
	f = check_find(c, "mx-implicit", c->in->domain, check_evidence_of(c, c->in->domain, at),
		"%s has no MX, so mail and bounces go to its own address", shown);
	if (c->sends == KNOWN_NO) {
		f->severity = DG_SEVERITY_ERROR;
		f->remedy = locked(c);
	} else if (c->out->n_spf_records == 0 && c->sends == KNOWN_YES) {
		f->severity = DG_SEVERITY_WARNING;
		f->remedy = dg_printf(c->arena,
			"if nothing is sent from %s and nobody needs mail there:\n%s", shown,
			locked(c));
	} else {
		f->remedy = dg_printf(c->arena, "to say where mail goes:\n%s",
			check_line(
				c, c->in->domain, dg_printf(c->arena, "MX 10 %s", c->in->domain)));
	}
}

void check_mx(struct check *c)
{
	if (c->mx->state == DG_FACT_FOUND) {
		check_records(c);
	} else if (dg_fact_is_none(c->mx)) {
		check_implicit(c);
	} else if (!c->out->is_unknown) {
		check_find_unknown(c, "mx-unknown", c->mx, c->in->domain, "the MX records");
	}
}
