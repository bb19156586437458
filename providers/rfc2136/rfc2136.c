#include "providers/rfc2136/rfc2136.h"

#include <stdio.h>
#include <stdlib.h>

#include "providers/net/dns.h"
#include "providers/provider.h"
#include "providers/rfc2136/server.h"

#define DNS_PORT 53u

static const char *const algorithm_words[] = {"as-in-file", "hmac-sha256", "hmac-sha512", NULL};

static const struct dg_field tsig_fields[] = {
	DG_FIELD_STRING(struct dg_rfc2136_tsig, name, 1, 255,
		.help = "Name of the key. Needed when the file holds several keys or the bare "
			"secret.",
		.example = "dnsguard"),
	DG_FIELD_ENUM(struct dg_rfc2136_tsig, algorithm, algorithm_words, .dflt = "as-in-file",
		.help = "Algorithm of the key. Needed when the file does not tell it.",
		.example = "hmac-sha256"),
	DG_FIELD_SECRET(struct dg_rfc2136_tsig, secret_file, .is_required = true,
		.help = "File with the key: BIND's key statement, Knot's key list, "
			"[algorithm:]name:secret, "
			"or the base64 secret alone. Not readable for others; "
			"$CREDENTIALS_DIRECTORY/ at its "
			"beginning is systemd's folder of credentials.",
		.example = "/etc/dnsguard/tsig.key"),
};

static const struct dg_schema tsig_schema = {
	.name = "tsig",
	.help = "The key that signs what is asked and checks what is answered (RFC 8945).",
	.size = sizeof(struct dg_rfc2136_tsig),
	.fields = tsig_fields,
	.n_fields = sizeof(tsig_fields) / sizeof(tsig_fields[0]),
};

static const struct dg_field fields[] = {
	DG_FIELD_HOST(struct dg_rfc2136_opts, server, .is_required = true,
		.help = "The primary name server, where changes go. Port 53 unless it is given.",
		.example = "192.0.2.1:53"),
	DG_FIELD_STRUCT(struct dg_rfc2136_opts, tsig, struct dg_rfc2136_tsig, &tsig_schema,
		.help = "The key. Without it the zone can be looked at, but changed only at a "
			"server "
			"on the loopback address."),
	DG_FIELD_BOOL(struct dg_rfc2136_opts, transfer, .dflt = "true",
		.help = "Read whole zones by transfer (AXFR). When false, or when the server "
			"refuses it, RRset by RRset."),
	DG_FIELD_DURATION(struct dg_rfc2136_opts, timeout, 1, 600, .dflt = "10s",
		.help = "How long an answer may take.", .example = "10s"),
};

const struct dg_schema dg_schema_rfc2136 = {
	.name = "rfc2136",
	.help = "A primary name server that takes dynamic updates: BIND, Knot, PowerDNS and others "
		"(RFC 2136).",
	.size = sizeof(struct dg_rfc2136_opts),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

int64_t dg_rfc2136_deadline(const struct dg_rfc2136 *s, int64_t asked_ms)
{
	int64_t own_ms = (int64_t)s->opts->timeout * 1000;

	return asked_ms > 0 && asked_ms < own_ms ? asked_ms : own_ms;
}

static int open_key(struct dg_rfc2136 *s, struct dg_err *err)
{
	const struct dg_rfc2136_tsig *t = s->opts->tsig;

	if (!t) {
		return 0;
	}
	return dg_tsig_key_load(t->secret_file, t->name,
		t->algorithm > 0 ? algorithm_words[t->algorithm] : NULL, &s->key, err);
}

static int open_server(struct dg_provider *p, struct dg_rfc2136 *s, struct dg_err *err)
{
	return dg_dns_server_new(p->loop, &s->opts->server, DNS_PORT, s->key, &s->server, err);
}

static void rfc2136_close(struct dg_provider *p)
{
	struct dg_rfc2136 *s = p->priv;

	if (s) {
		s->server = dg_dns_server_free(s->server);
		s->key = dg_tsig_key_free(s->key);
		free(s);
		p->priv = NULL;
	}
}

static int rfc2136_open(struct dg_provider *p, struct dg_err *err)
{
	struct dg_rfc2136 *s = calloc(1, sizeof(*s));

	if (!s) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	p->priv = s;
	s->opts = p->opts;
	int r = open_key(s, err);
	if (r == 0) {
		r = open_server(p, s, err);
	}
	if (r < 0) {
		rfc2136_close(p);
	}
	return r;
}

static const char *rfc2136_describe(
	const struct dg_provider *p, const char *zone, char *buf, size_t len)
{
	const struct dg_rfc2136 *s = p->priv;

	(void)zone;
	(void)snprintf(buf, len, "rfc2136 %s", dg_dns_server_text(s->server));
	return buf;
}

const struct dg_provider_ops dg_provider_rfc2136 = {
	.name = "rfc2136",
	.caps = DG_CAP_ATOMIC | DG_CAP_CAS | DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED |
		DG_CAP_SOA,
	.limits =
		{
			.ttl_min = 0,
			.ttl_max = DG_TTL_MAX,
			.txt_max = 65000,
			.null_mx = DG_NULL_MX_ACCEPTED,
			.transaction = DG_TRANSACTION_SWAP,
			.verified_on = "2026-11-22 (Knot 3.2.6, BIND 9.18.49, PowerDNS 4.7.3)",
		},
	.schema = &dg_schema_rfc2136,
	.open = rfc2136_open,
	.close = rfc2136_close,
	.read = dg_rfc2136_read,
	.check = dg_rfc2136_check,
	.apply = dg_rfc2136_apply,
	.describe = rfc2136_describe,
};
