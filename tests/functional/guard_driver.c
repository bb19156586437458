/* guard_driver: the guard of one mail name alone, with events from standard input instead of a detector.
 *
 * guard_driver STATE PROGRAM DOCUMENT ZONE NAME MODE HOLD_MS [HOOK]
 * Lines in: alarm, notice, quiet, ready, abused. Lines out: what people are told. Ends with its input. */
#include "controller/guard/runner.h"
#include "controller/store/store.h"
#include "providers/net/loop.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_MS     20
#define COOLDOWN_MS 600000

struct driver {
	struct dg_loop *loop;
	struct dg_runner *runner;
	const char *name;
	char line[4096];
	size_t len;
};

static void tell(void *arg, const char *name, const char *text)
{
	(void)arg;
	(void)printf("%s %s\n", name, text);
	(void)fflush(stdout);
}

static void hand_in(struct driver *d, const char *word)
{
	static const struct {
		const char *word;
		enum dg_guard_event_kind kind;
	} kinds[] = {{"alarm", DG_GUARD_EV_ALARM}, {"notice", DG_GUARD_EV_NOTICE},
		{"quiet", DG_GUARD_EV_QUIET}, {"ready", DG_GUARD_EV_READY},
		{"abused", DG_GUARD_EV_ABUSED}};
	struct dg_runner_evidence e = {.text = "bounces of mail never sent",
		.n_foreign = 30,
		.n_reporters = 6,
		.has_floor = true};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].word, word) == 0) {
			dg_runner_event(d->runner, d->name, kinds[i].kind, &e);
		}
	}
}

static void on_input(void *arg)
{
	struct driver *d = arg;
	ssize_t n = read(STDIN_FILENO, d->line + d->len, sizeof(d->line) - 1 - d->len);

	if (n == 0) {
		dg_loop_stop(d->loop);
		return;
	}
	d->len += n > 0 ? (size_t)n : 0;
	d->line[d->len] = '\0';
	for (char *end = NULL; (end = strchr(d->line, '\n')) != NULL;) {
		*end = '\0';
		hand_in(d, d->line);
		d->len -= (size_t)(end + 1 - d->line);
		memmove(d->line, end + 1, d->len + 1);
	}
	(void)dg_loop_after_ms(d->loop, READ_MS, on_input, d);
}

static int run(struct driver *d, char **argv, struct dg_store *store, struct dg_err *err)
{
	const char *hooks[] = {argv[8], NULL};
	struct dg_runner_options o = {.loop = d->loop,
		.store = store,
		.program = argv[2],
		.state_dir = argv[1],
		.tell = tell};
	struct dg_runner_name n = {.zone = argv[4],
		.name = argv[5],
		.document = argv[3],
		.subdomain = "m.example.test.",
		.hooks = hooks};

	dg_guard_limits_init(&n.limits);
	n.limits.mode = strcmp(argv[6], "automatic") == 0 ? DG_GUARD_MODE_AUTOMATIC
							  : DG_GUARD_MODE_APPROVED;
	n.limits.hold_ms = strtoll(argv[7], NULL, 10);
	n.limits.cooldown_ms = COOLDOWN_MS;
	int r = dg_runner_new(&o, &d->runner, err);
	if (r == 0) {
		r = dg_runner_add(d->runner, &n, err);
	}
	if (r == 0) {
		tell(NULL, d->name, "ready");
		dg_loop_defer(d->loop, on_input, d);
		dg_loop_run(d->loop);
	}
	d->runner = dg_runner_free(d->runner);
	return r;
}

int main(int argc, char **argv)
{
	struct driver d = {0};
	struct dg_store *store = NULL;
	struct dg_err err;

	if (argc < 8) {
		return 2;
	}
	d.name = argv[5];
	(void)fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	int r = dg_loop_new(NULL, &d.loop, &err);
	if (r == 0) {
		r = dg_store_open(argv[1], false, &store, &err);
	}
	if (r == 0) {
		r = run(&d, argv, store, &err);
	}
	if (r < 0) {
		(void)fprintf(stderr, "guard_driver: %s\n", err.text);
	}
	store = dg_store_close(store);
	d.loop = dg_loop_free(d.loop);
	return r < 0;
}
