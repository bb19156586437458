#include "providers/powerdns/powerdns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "providers/net/secret.h"
#include "providers/powerdns/internal.h"
#include "zones/base/err.h"
#include "zones/policy/schema.h"

#define TXT_MAX 60000u /* octets; the SQL back ends keep 64,000 characters */

static const struct dg_field fields[] = {
	DG_FIELD_STRING(struct dg_powerdns_options, url, 8, 300, .dflt = "http://127.0.0.1:8081",
		.help = "Where the API is. Plain http is taken for loopback only, unless "
			"`insecure-http` is set: the key would be readable on the way.",
		.example = "https://pdns.example.net:8443"),
	DG_FIELD_STRING(struct dg_powerdns_options, server, 1, 64, .dflt = "localhost",
		.help = "The server's id in the API; PowerDNS itself always says `localhost`."),
	DG_FIELD_SECRET(struct dg_powerdns_options, api_key_file, .is_required = true,
		.help = "File with the API key, and nothing else, that others cannot read.",
		.example = "pdns.key"),
	DG_FIELD_DURATION(struct dg_powerdns_options, timeout, 1, 600, .dflt = "10s",
		.help = "How long one request may take."),
	DG_FIELD_BOOL(struct dg_powerdns_options, insecure_http, .dflt = "false",
		.help = "Allow plain http to a host that is not this one."),
};

const struct dg_schema dg_schema_powerdns = {
	.name = "powerdns",
	.help = "The HTTP API of PowerDNS Authoritative.",
	.size = sizeof(struct dg_powerdns_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

/* --- the key ---------------------------------------------------------------------------------- */
static int load_key(struct dg_powerdns *p, struct dg_err *err)
{
	memcpy(p->header, DG_POWERDNS_HEADER, sizeof(DG_POWERDNS_HEADER));
	int r = dg_secret_read(
		p->opts->api_key_file, p->header + strlen(DG_POWERDNS_HEADER), DG_SECRET_MAX, err);
	return r < 0 ? dg_wrap(err, r, "api-key-file") : 0;
}

/* --- life ------------------------------------------------------------------------------------- */
static void powerdns_free(struct dg_powerdns *p)
{
	(void)dg_http_free(p->http);
	explicit_bzero(p->header, sizeof(p->header));
	free(p);
}

static int check_server(const char *server, struct dg_err *err)
{
	for (const char *c = server; *c; c++) {
		bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
				(*c >= '0' && *c <= '9') || strchr("._-", *c);
		if (!is_plain) {
			return dg_fail(err, DG_EINPUT,
				"server \"%s\": expected letters, digits, '.', '-' and '_' "
				"(PowerDNS "
				"itself is always \"localhost\")",
				server);
		}
	}
	return 0;
}

static int powerdns_open(struct dg_provider *provider, struct dg_err *err)
{
	struct dg_powerdns *p = calloc(1, sizeof(*p));

	if (!p) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	p->opts = provider->opts;
	p->loop = provider->loop;
	int r = check_server(p->opts->server, err);
	if (r == 0) {
		r = dg_url_check(
			p->opts->url, p->opts->insecure_http, p->host, sizeof(p->host), err);
	}
	if (r == 0) {
		r = load_key(p, err);
	}
	if (r == 0) {
		r = dg_http_new(p->loop, &p->http, err);
	}
	if (r < 0) {
		powerdns_free(p);
		return r;
	}
	provider->priv = p;
	return 0;
}

static void powerdns_close(struct dg_provider *provider)
{
	powerdns_free(provider->priv);
}

static const char *powerdns_describe(
	const struct dg_provider *provider, const char *zone, char *buf, size_t len)
{
	const struct dg_powerdns *p = provider->priv;

	(void)zone;
	(void)snprintf(buf, len, "powerdns %s", p->host);
	return buf;
}

static int powerdns_check(
	struct dg_provider *provider, const struct dg_swap *swaps, size_t n, struct dg_err *err)
{
	(void)provider;
	for (size_t i = 0; i < n; i++) {
		const struct dg_rrset *set = &swaps[i].after;
		char type[16];
		if (!dg_type_is_ours(set->type)) {
			return dg_fail(err, DG_EPOLICY, "%s %s: dnsguard writes MX and TXT only",
				set->owner, dg_type_text(set->type, type));
		}
		for (size_t k = 0; k < set->n; k++) {
			if (set->rdata[k].len > TXT_MAX) {
				return dg_fail(err, DG_EPOLICY,
					"%s %s: a record of %zu octets; PowerDNS keeps at most %u: "
					"make it shorter",
					set->owner, dg_type_text(set->type, type),
					set->rdata[k].len, TXT_MAX);
			}
		}
	}
	return 0;
}

const struct dg_provider_ops dg_provider_powerdns = {
	.name = "powerdns",
	.caps = DG_CAP_ATOMIC | DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 0,
			.ttl_max = DG_TTL_MAX,
			.txt_max = TXT_MAX,
			.null_mx = DG_NULL_MX_ACCEPTED,
			.transaction = DG_TRANSACTION_BATCH,
			.verified_on = "2026-11-22 (4.7.3)",
		},
	.schema = &dg_schema_powerdns,
	.open = powerdns_open,
	.close = powerdns_close,
	.read = dg_powerdns_read,
	.check = powerdns_check,
	.apply = dg_powerdns_apply,
	.describe = powerdns_describe,
};
