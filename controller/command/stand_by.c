#include "controller/command/stand_by.h"

#include "controller/command/command.h"
#include "controller/command/libraries.h"
#include "controller/lookup/resolver.h"
#include "providers/net/dns.h"
#include "providers/net/loop.h"
#include "providers/net/spare.h"
#include "zones/base/err.h"

#include <pwd.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

/* What libunbound gets ready once for the process. That it cannot (no resolv.conf) is told when somebody asks something. */
static void start_resolver(void)
{
	const struct dg_resolver_options o = {0};
	struct dg_loop *loop = NULL;
	struct dg_resolver *r = NULL;
	struct dg_err err;

	if (dg_loop_new(NULL, &loop, &err) == 0 && dg_resolver_new(loop, &o, &r, &err) == 0) {
		(void)dg_resolver_start(r, &err);
	}
	(void)dg_resolver_free(r);
	(void)dg_loop_free(loop);
}

static void get_ready(void)
{
	dg_libraries_of_updates();
	(void)sqlite3_initialize();
	start_resolver();
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
