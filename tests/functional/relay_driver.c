/* relay_driver: asks mail servers whether they relay for strangers, without a policy around it.
 *
 * relay_driver DOMAIN HOST ADDRESS...    canonical names. One line a finding: code, text and evidence between tabs. */
#include <stdio.h>
#include <stdlib.h>

#include "controller/check/relay.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/check/check.h"

#include <string.h>

#define ARENA_MAX  (64u << 20)
#define TIMEOUT_MS 120000

static const struct dg_fact *no_fact(void *arg, const char *owner, uint16_t type)
{
	static const struct dg_fact fact = {.state = DG_FACT_UNKNOWN, .why = "not asked"};

	(void)arg;
	(void)owner;
	(void)type;
	return &fact;
}

static void on_done(struct dg_relay_test *t)
{
	dg_loop_stop(t->loop);
}

static void print(struct dg_arena *a, const char *domain, const struct dg_relay_test *t)
{
	const struct dg_facts facts = {.dns = no_fact};
	const struct dg_check_input in = {
		.domain = domain, .facts = &facts, .relays = t->seen, .n_relays = t->n_seen};
	struct dg_check check;

	dg_check_make(a, &in, &check);
	for (size_t i = 0; i < check.n_findings; i++) {
		const struct dg_finding *f = &check.findings[i];
		if (strcmp(f->kind->area, "relay") == 0) {
			(void)printf("%s\t%s\t%s\n", f->kind->code, f->text,
				f->evidence ? f->evidence : "");
		}
	}
}

int main(int argc, char **argv)
{
	struct dg_arena *a = dg_arena_new(ARENA_MAX);
	struct dg_loop *loop;
	struct dg_err err;

	if (argc < 4 || dg_loop_new(NULL, &loop, &err) < 0) {
		return 2;
	}
	const char **addresses = dg_newn(a, const char *, (size_t)argc);
	for (int i = 3; i < argc; i++) {
		addresses[i - 3] = argv[i];
	}
	const struct dg_relay_target target = {.host = argv[2],
		.domain = argv[1],
		.addresses = addresses,
		.n_addresses = (size_t)argc - 3};
	struct dg_relay_test test = {.loop = loop,
		.targets = &target,
		.n_targets = 1,
		.timeout_ms = TIMEOUT_MS,
		.arena = a,
		.done = on_done};
	dg_relay_start(&test);
	dg_loop_run(loop);
	print(a, argv[1], &test);
	(void)dg_loop_free(loop);
	(void)dg_arena_free(a);
	return 0;
}
