#include "controller/command/stand_by.h"

#include "controller/command/command.h"
#include "providers/net/dns.h"
#include "providers/net/spare.h"
#include "providers/net/tsig.h"
#include "zones/base/err.h"

#include <pwd.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unbound.h>
#include <unistd.h>

/* What each of these loads or begins at its first use stays. */
static void get_ready(void)
{
	static const uint8_t no_secret[16] = {0};
	struct dg_tsig_key *key = NULL;
	struct dg_err err;

	(void)sqlite3_initialize();
	if (dg_tsig_key_new("example.", "hmac-sha256", no_secret, sizeof(no_secret), &key, &err) ==
		0) {
		(void)dg_tsig_key_free(key);
	}
	(void)ub_version();
	(void)getpwuid(getuid()); /* NOLINT(concurrency-mt-unsafe): one thread */
}

bool dg_stand_by(struct dg_arena *a, int *argc, char ***argv, int *ret_status)
{
	get_ready();
	int r = dg_spare_wait(a, argc, argv);

	if (r < 0) {
		(void)fprintf(
			stderr, "dnsguard: %s is for `dnsguard watch` alone\n", DG_SPARE_WORD);
	}
	*ret_status = r < 0 ? DG_EXIT_USAGE : DG_EXIT_OK;
	return r == 0;
}
