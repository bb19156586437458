#include "controller/command/libraries.h"

#include "providers/net/dns.h"
#include "providers/net/loop.h"
#include "providers/net/tsig.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/mail/dmarc_find.h"
#include "zones/mail/idn.h"
#include "zones/watch/aggregate.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <ldns/ldns.h>
#include <string.h>

#define MEMORY_MAX ((size_t)1 << 20)

/* What each of these loads or begins at its first use stays, whatever it comes to. */
void dg_libraries_of_updates(void)
{
	static const uint8_t no_secret[16] = {0};
	struct dg_tsig_key *key = NULL;
	struct dg_err err;

	(void)ldns_version();
	if (dg_tsig_key_new("example.", "hmac-sha256", no_secret, sizeof(no_secret), &key, &err) ==
		0) {
		(void)dg_tsig_key_free(key);
	}
}

static void load_tls(void)
{
	struct dg_loop *loop = NULL;
	struct bufferevent *b = NULL;
	struct dg_err err;

	if (dg_loop_new(NULL, &loop, &err) == 0) {
		b = bufferevent_socket_new(dg_loop_base(loop), -1, 0);
	}
	if (b) {
		(void)bufferevent_openssl_get_ssl(b); /* none: it has no TLS */
		bufferevent_free(b);
	}
	(void)dg_loop_free(loop);
}

void dg_libraries_all(void)
{
	static const char name[] = "b\xc3\xbc\x63her.example"; /* not ASCII: libidn2's matter */
	const struct dg_aggregate_options o = {.arg = NULL};
	struct dg_arena *a = dg_arena_new(MEMORY_MAX);
	const char *ascii = NULL;
	struct dg_err err;

	dg_libraries_of_updates();
	(void)dg_public_suffix(a, "www.example.");
	(void)dg_idn_to_ascii(a, name, strlen(name), &ascii, &err);
	(void)dg_arena_free(a);
	(void)dg_aggregate_free(dg_aggregate_new(&o));
	load_tls();
}
