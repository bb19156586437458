/* providers/powerdns/internal.h: between powerdns.c (options, key, life) and work.c (requests). */
#pragma once

#include "providers/net/http.h"
#include "providers/net/secret.h"
#include "providers/net/url.h"
#include "providers/provider.h"

struct dg_powerdns_work;

#define DG_POWERDNS_HEADER "X-API-Key: "

struct dg_powerdns_options {
	const char *url;
	const char *server;
	const char *api_key_file;
	uint32_t timeout;
	bool insecure_http;
};

struct dg_powerdns {
	const struct dg_powerdns_options *opts;
	struct dg_http *http;
	struct dg_loop *loop;
	char host[DG_URL_HOST_MAX];
	char header[sizeof(DG_POWERDNS_HEADER) + DG_SECRET_MAX]; /* "X-API-Key: ..." */
	/* Reads and applies on their way, and those that wait, in order (work.c). */
	unsigned n_reads, n_applies;
	struct dg_powerdns_work *line_first, *line_last;
	bool is_serial; /* the server failed under several requests at once: one apply() at a time, alone */
};

void dg_powerdns_read(struct dg_provider *provider, struct dg_read *r);
void dg_powerdns_apply(struct dg_provider *provider, struct dg_apply *a);
