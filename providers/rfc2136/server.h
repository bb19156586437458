/* providers/rfc2136/server.h: what the parts of this provider share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/policy/schema.h"

struct dg_apply;
struct dg_dns_server;
struct dg_err;
struct dg_provider;
struct dg_read;
struct dg_swap;
struct dg_tsig_key;

#define DG_RFC2136_PROBE_MAX   500u /* RRsets in one test for wildcards */
#define DG_RFC2136_RETRY_AFTER 5u   /* seconds */

struct dg_rfc2136_tsig {
	const char *name;
	int algorithm;
	const char *secret_file;
};

struct dg_rfc2136_opts {
	struct dg_endpoint server;
	struct dg_rfc2136_tsig *tsig;
	bool transfer;
	uint32_t timeout;
};

struct dg_rfc2136 {
	const struct dg_rfc2136_opts *opts;
	struct dg_tsig_key *key;
	struct dg_dns_server *server;
};

/* Milliseconds for a request that may take asked_ms (0: as long as the options say). */
int64_t dg_rfc2136_deadline(const struct dg_rfc2136 *s, int64_t asked_ms);

void dg_rfc2136_read(struct dg_provider *p, struct dg_read *r);
int dg_rfc2136_check(
	struct dg_provider *p, const struct dg_swap *swaps, size_t n, struct dg_err *err);
void dg_rfc2136_apply(struct dg_provider *p, struct dg_apply *a);
