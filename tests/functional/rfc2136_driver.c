/* The rfc2136 provider by hand, for functional tests: reads zones, swaps RRsets, counts time.
 *
 *   rfc2136_driver [-k KEYFILE] [-n KEYNAME] [-q] [-d] [-t MS] [-s SECONDS] HOST PORT read ZONE [OWNER TYPE]...
 *   rfc2136_driver ... apply ZONE          swaps on stdin: "- OWNER TTL TYPE RDATA" was there, "+ ..." comes, "0 OWNER TYPE" nothing was there
 *   rfc2136_driver ... axfrs | updates     zones on stdin, all at once: read each, or write _bench.ZONE TXT into each
 *
 * -q: no transfers; -d: dry run; -s: our clock is wrong by that much.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "providers/net/loop.h"
#include "providers/provider.h"
#include "providers/rfc2136/rfc2136.h"
#include "providers/rfc2136/server.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#define ARENA_MAX     (1u << 30)
#define SWAPS_MAX     256u
#define SWAP_LINE_MAX 70000u

struct run {
	struct dg_arena *arena;
	struct dg_loop *loop;
	struct dg_provider *provider;
	int64_t shift_s;
	int64_t deadline_ms;
	bool is_dry_run;
	bool is_questions;
	int rc;
	size_t n_ok;
	size_t n_bad;
	char last[DG_ERR_TEXT_MAX];
};

static int64_t shifted_now(void *arg)
{
	return time(NULL) + ((struct run *)arg)->shift_s;
}

static int64_t mono_ms(void *arg)
{
	struct timespec ts;

	(void)arg;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void die(const struct dg_err *err)
{
	(void)fprintf(stderr, "%s\n", err->text);
	exit(2);
}

static const char *name_of(struct run *run, const char *text)
{
	struct dg_err err;
	const char *name = NULL;

	if (dg_name_parse(run->arena, text, strlen(text), NULL, &name, &err) < 0) {
		die(&err);
	}
	return name;
}

static void on_read(struct dg_read *r, int rc)
{
	struct run *run = r->arg;
	struct dg_buf b;
	char type[16];
	struct dg_rrset set;

	if (rc < 0) {
		(void)printf("failed %d retry %u\n%s\n", rc, r->err.retry_after_s, r->err.text);
		run->rc = 1;
		return;
	}
	dg_buf_init(&b, 1u << 26);
	for (size_t i = 0; i < r->have->n; i++) {
		dg_rrset_print(&b, &r->have->sets[i]);
	}
	(void)printf("from %s version %s complete %d\n%s", r->have->from, r->have->version,
		r->have->is_complete, b.data);
	for (size_t i = 0; i < r->n_keys; i++) {
		int known = dg_zone_get(r->have, r->keys[i].owner, r->keys[i].type, &set);
		(void)printf("key %s %s %s\n", r->keys[i].owner,
			dg_type_text(r->keys[i].type, type),
			known != 0   ? "unknown"
			: set.n == 0 ? "absent"
				     : "present");
	}
	dg_buf_done(&b);
}

static void do_read(struct run *run, char **args, int n)
{
	struct dg_rrkey *keys = dg_newn(run->arena, struct dg_rrkey, (size_t)n);
	struct dg_read *r = dg_new(run->arena, struct dg_read);

	*r = (struct dg_read){.zone = name_of(run, args[0]),
		.keys = keys,
		.whole = !run->is_questions,
		.deadline_ms = run->deadline_ms,
		.arena = run->arena,
		.done = on_read,
		.arg = run};
	for (int i = 1; i + 1 < n; i += 2) {
		keys[r->n_keys].owner = name_of(run, args[i]);
		if (dg_type_parse(args[i + 1], strlen(args[i + 1]), &keys[r->n_keys].type) != 0) {
			exit(2);
		}
		r->n_keys++;
	}
	run->provider->ops->read(run->provider, r);
	dg_loop_run(run->loop);
}

static void on_apply(struct dg_apply *a, enum dg_outcome outcome)
{
	static const char *const words[] = {
		"applied", "not-applied", "conflict", "partial", "unknown"};
	struct run *run = a->arg;

	(void)printf("%s rc %d retry %u\n%s\n", words[outcome],
		outcome == DG_APPLIED ? 0 : (int)a->err.rc,
		outcome == DG_APPLIED ? 0 : a->err.retry_after_s,
		outcome == DG_APPLIED ? "" : a->err.text);
	run->rc = outcome == DG_APPLIED ? 0 : 1;
}

static struct dg_swap *swap_of(struct dg_swap *swaps, size_t *n, const char *owner, uint16_t type)
{
	for (size_t i = 0; i < *n; i++) {
		if (swaps[i].before.type == type && strcmp(swaps[i].before.owner, owner) == 0) {
			return &swaps[i];
		}
	}
	swaps[*n].before = dg_rrset_none(owner, type);
	swaps[*n].after = dg_rrset_none(owner, type);
	return &swaps[(*n)++];
}

static void add_record(struct run *run, struct dg_rrset *set, uint32_t ttl, const char *text)
{
	struct dg_err err;
	struct dg_rdata *rdata = dg_newn(run->arena, struct dg_rdata, set->n + 1);

	if (set->n > 0) {
		memcpy(rdata, set->rdata, set->n * sizeof(*rdata));
	}
	if (dg_rdata_parse(run->arena, set->type, text, strlen(text), ".", &rdata[set->n], &err) <
		0) {
		die(&err);
	}
	*set = dg_rrset_make(set->owner, set->type, ttl, rdata, set->n + 1);
}

static size_t read_swaps(struct run *run, struct dg_swap *swaps)
{
	char *line = malloc(SWAP_LINE_MAX);
	size_t n = 0;

	while (line && fgets(line, SWAP_LINE_MAX, stdin) && n < SWAPS_MAX) {
		char *save = NULL;
		char *sign = strtok_r(line, " \n", &save);
		char *owner = strtok_r(NULL, " \n", &save);
		char *ttl = sign && *sign != '0' ? strtok_r(NULL, " \n", &save) : NULL;
		char *type_text = strtok_r(NULL, " \n", &save);
		char *data = strtok_r(NULL, "\n", &save);
		uint16_t type = 0;
		if (!owner || !type_text ||
			dg_type_parse(type_text, strlen(type_text), &type) != 0) {
			continue;
		}
		struct dg_swap *s = swap_of(swaps, &n, name_of(run, owner), type);
		if (*sign != '0' && data) {
			add_record(run, *sign == '-' ? &s->before : &s->after,
				(uint32_t)strtoul(ttl, NULL, 10), data);
		}
	}
	free(line);
	return n;
}

static void do_apply(struct run *run, char **args)
{
	struct dg_swap *swaps = dg_newn(run->arena, struct dg_swap, SWAPS_MAX + 1);
	struct dg_apply *a = dg_new(run->arena, struct dg_apply);
	struct dg_err err;

	*a = (struct dg_apply){.zone = name_of(run, args[0]),
		.swaps = swaps,
		.n_swaps = read_swaps(run, swaps),
		.is_dry_run = run->is_dry_run,
		.deadline_ms = run->deadline_ms,
		.arena = run->arena,
		.done = on_apply,
		.arg = run};
	if (run->provider->ops->check(run->provider, swaps, a->n_swaps, &err) < 0) {
		(void)printf("check %d\n%s\n", err.rc, err.text);
		run->rc = 1;
		return;
	}
	run->provider->ops->apply(run->provider, a);
	dg_loop_run(run->loop);
}

static void count(struct run *run, bool is_ok, const struct dg_err *err)
{
	*(is_ok ? &run->n_ok : &run->n_bad) += 1;
	if (!is_ok) {
		(void)snprintf(run->last, sizeof(run->last), "%s", err->text);
	}
}

static void on_bench_read(struct dg_read *r, int rc)
{
	count(r->arg, rc == 0 && r->have->n > 0, &r->err);
}

static void on_bench_apply(struct dg_apply *a, enum dg_outcome outcome)
{
	count(a->arg, outcome == DG_APPLIED, &a->err);
}

static void start_axfr(struct run *run, const char *zone)
{
	struct dg_read *r = dg_new(run->arena, struct dg_read);

	*r = (struct dg_read){.zone = zone,
		.whole = true,
		.mail_only = true,
		.deadline_ms = run->deadline_ms,
		.arena = run->arena,
		.done = on_bench_read,
		.arg = run};
	run->provider->ops->read(run->provider, r);
}

static void start_update(struct run *run, const char *zone)
{
	struct dg_apply *a = dg_new(run->arena, struct dg_apply);
	struct dg_swap *s = dg_new(run->arena, struct dg_swap);
	const char *owner = dg_printf(run->arena, "_bench.%s", zone);

	s->before = dg_rrset_none(owner, DG_TYPE_TXT);
	s->after = s->before;
	add_record(run, &s->after, 60, "\"v=spf1 mx -all\"");
	*a = (struct dg_apply){.zone = zone,
		.swaps = s,
		.n_swaps = 1,
		.deadline_ms = run->deadline_ms,
		.arena = run->arena,
		.done = on_bench_apply,
		.arg = run};
	run->provider->ops->apply(run->provider, a);
}

static void do_bench(struct run *run, void (*start)(struct run *run, const char *zone))
{
	char line[1024];
	struct rusage u;
	int64_t begin = mono_ms(NULL);

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		start(run, name_of(run, line));
	}
	dg_loop_run(run->loop);
	(void)getrusage(RUSAGE_SELF, &u);
	(void)printf("ok %zu bad %zu wall %.3f cpu %.3f rss %ld\n%s\n", run->n_ok, run->n_bad,
		(double)(mono_ms(NULL) - begin) / 1000,
		(double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
			(double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6,
		u.ru_maxrss, run->last);
	run->rc = run->n_bad > 0;
}

static int act(struct run *run, char **args, int n)
{
	if (n > 1 && strcmp(args[0], "read") == 0) {
		do_read(run, args + 1, n - 1);
	} else if (n > 1 && strcmp(args[0], "apply") == 0) {
		do_apply(run, args + 1);
	} else if (n > 0 && strcmp(args[0], "axfrs") == 0) {
		do_bench(run, start_axfr);
	} else if (n > 0 && strcmp(args[0], "updates") == 0) {
		do_bench(run, start_update);
	} else {
		return 2;
	}
	return run->rc;
}

static void parse_options(int argc, char **argv, struct run *run, struct dg_rfc2136_opts *opts,
	struct dg_rfc2136_tsig *tsig)
{
	for (int c = 0; (c = getopt(argc, argv, "+k:n:qdt:s:")) != -1;) {
		switch (c) {
		case 'k':
			tsig->secret_file = optarg;
			opts->tsig = tsig;
			break;
		case 'n':
			tsig->name = optarg;
			break;
		case 'q':
			run->is_questions = true;
			break;
		case 'd':
			run->is_dry_run = true;
			break;
		case 't':
			run->deadline_ms = strtoll(optarg, NULL, 10);
			break;
		case 's':
			run->shift_s = strtoll(optarg, NULL, 10);
			break;
		default:
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct dg_provider provider = {.ops = &dg_provider_rfc2136};
	struct run run = {
		.arena = dg_arena_new(ARENA_MAX), .provider = &provider, .deadline_ms = 5000};
	struct dg_rfc2136_tsig tsig = {0};
	struct dg_rfc2136_opts opts = {.transfer = true, .timeout = 10};
	const struct dg_clock clock = {.now = shifted_now, .mono_ms = mono_ms, .arg = &run};
	struct dg_err err;

	parse_options(argc, argv, &run, &opts, &tsig);
	if (argc - optind < 3) {
		return 2;
	}
	opts.server = (struct dg_endpoint){
		.host = argv[optind], .port = (uint16_t)strtoul(argv[optind + 1], NULL, 10)};
	provider.opts = &opts;
	int r = dg_loop_new(&clock, &run.loop, &err);
	provider.loop = run.loop;
	if (r < 0 || provider.ops->open(&provider, &err) < 0) {
		die(&err);
	}
	int rc = act(&run, argv + optind + 2, argc - optind - 2);
	provider.ops->close(&provider);
	run.loop = dg_loop_free(run.loop);
	run.arena = dg_arena_free(run.arena);
	return rc;
}
