/* lookups ADDRESS WINDOW <FILE: asks dnsguard's resolver what floor asks libunbound, and says it in the same words. Each answer is read
 * into an RRset. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "controller/lookup/resolver.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/policy/schema.h"

#define LINE_MAX_LEN 600
#define ARENA_MAX    (1u << 20)

struct run {
	struct dg_loop *loop;
	struct dg_resolver *resolver;
	unsigned long n_open, n_done, n_found, n_failed, window;
	bool has_more;
};

static void ask_more(struct run *r);

static void on_done(struct dg_resolve *q)
{
	struct run *r = q->arg;

	r->n_open--;
	r->n_done++;
	r->n_found += q->result == DG_RESOLVED_FOUND;
	r->n_failed += q->result == DG_RESOLVED_UNKNOWN;
	(void)dg_arena_free(q->arena);
	ask_more(r);
	if (!r->has_more && r->n_open == 0) {
		dg_loop_stop(r->loop);
	}
}

static void ask(struct run *r, char *line)
{
	char *type = strchr(line, ' ');

	if (!type) {
		return;
	}
	struct dg_arena *a = dg_arena_new(ARENA_MAX);
	struct dg_resolve *q = dg_new(a, struct dg_resolve);
	*q = (struct dg_resolve){
		.name = dg_printf(a, "%.*s.", (int)(type - line), line),
		.deadline_ms = 10000,
		.arena = a,
		.done = on_done,
		.arg = r,
	};
	(void)dg_type_parse(type + 1, strlen(type + 1), &q->type);
	r->n_open++;
	dg_resolver_ask(r->resolver, q);
}

static void ask_more(struct run *r)
{
	char line[LINE_MAX_LEN];

	while (r->has_more && r->n_open < r->window) {
		r->has_more = fgets(line, sizeof(line), stdin) != NULL;
		if (r->has_more) {
			line[strcspn(line, "\n")] = '\0';
			ask(r, line);
		}
	}
}

static double cpu_us(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

int main(int argc, char **argv)
{
	struct run r = {.has_more = true};
	struct dg_err err;

	if (argc != 3) {
		(void)fputs("usage: lookups ADDRESS WINDOW <LOOKUPS\n", stderr);
		return 2;
	}
	const struct dg_endpoint at = {.host = argv[1]};
	r.window = strtoul(argv[2], NULL, 10);
	const struct dg_resolver_options o = {
		.at = &at, .n_window = (uint32_t)r.window, .n_sockets = 800};
	if (dg_loop_new(NULL, &r.loop, &err) < 0 ||
		dg_resolver_new(r.loop, &o, &r.resolver, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	ask_more(&r);
	if (r.n_open > 0) {
		dg_loop_run(r.loop);
	}
	(void)printf("done %lu found %lu failed %lu cpu_us %.2f\n", r.n_done, r.n_found, r.n_failed,
		cpu_us() / (double)(r.n_done ? r.n_done : 1));
	(void)dg_resolver_free(r.resolver);
	(void)dg_loop_free(r.loop);
	return 0;
}
