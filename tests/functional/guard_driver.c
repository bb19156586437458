/* guard_driver: the guard of one mail name alone, with events from standard input instead of a detector.
 *
 * guard_driver STATE PROGRAM DOCUMENT ZONE NAME MODE HOLD_MS HOOK|- [LISTEN_MS [LABEL...]]
 * With LISTEN_MS there is a sink; LABEL: names that mail can live at, m.example.test. without.
 * Lines in: alarm, notice, quiet, ready, abused; loud, mail (bounces, a letter at the name); followed N, letter N (at a label). Lines out: what people are told. Ends with its input. */
#include "controller/guard/runner.h"
#include "controller/store/store.h"
#include "controller/watch/wake.h"
#include "providers/net/loop.h"
#include "zones/policy/policy.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_MS     5
#define COOLDOWN_MS 600000
#define OVERLAP_MS  3000

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
	const char *blank = strchr(word, ' ');
	unsigned label = blank ? (unsigned)strtoul(blank + 1, NULL, 10) : 0;
	struct dg_runner_mail m = {.at_ms = dg_loop_now(d->loop) * 1000,
		.is_at_label = blank != NULL,
		.label = label,
		.is_genuine = strcmp(word, "loud") != 0,
		.weight = 1};
	if (strncmp(word, "followed ", 9) == 0) {
		dg_runner_followed(d->runner, d->name, label, &e);
	} else if (strcmp(word, "loud") == 0 || strcmp(word, "mail") == 0 ||
		   strncmp(word, "letter ", 7) == 0) {
		dg_runner_heard(d->runner, d->name, &m);
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

static void on_wake(void *arg)
{
	const struct driver *d = arg;

	dg_runner_look(d->runner);
}

static int run(struct driver *d, char **argv, struct dg_store *store, struct dg_err *err)
{
	static const char *const first[] = {"m.example.test."};
	struct dg_hook_spec hook = {.path = argv[8]};
	unsigned n_labels = 0;
	struct dg_runner_options o = {.loop = d->loop,
		.store = store,
		.program = argv[2],
		.state_dir = argv[1],
		.max_moves = 100,
		.max_share = 100, /* of one name: a hundred moves an hour */
		.tell = tell};
	struct dg_runner_name n = {.zone = argv[4],
		.name = argv[5],
		.document = argv[3],
		.labels = first,
		.drain_ms = 1000,
		.hooks = &hook,
		.n_hooks = strcmp(argv[8], "-") != 0 ? 1 : 0};

	dg_guard_limits_init(&n.limits);
	n.limits.mode = strcmp(argv[6], "automatic") == 0 ? DG_GUARD_MODE_AUTOMATIC
							  : DG_GUARD_MODE_APPROVED;
	n.limits.hold_ms = strtoll(argv[7], NULL, 10);
	n.limits.cooldown_ms = COOLDOWN_MS;
	if (argv[9]) {
		const char *const *labels = (const char *const *)argv + 10;

		n.limits.has_sink = true;
		n.listen_ms = strtoll(argv[9], NULL, 10);
		while (labels[n_labels]) {
			n_labels++;
		}
		n.labels = n_labels > 0 ? labels : n.labels;
		n.limits.n_labels = n_labels > 0 ? n_labels : 1;
		n.overlap_ms = OVERLAP_MS;
	}
	int r = dg_runner_new(&o, &d->runner, err);
	if (r == 0) {
		r = dg_runner_add(d->runner, &n, err);
	}
	struct dg_wake *wake = r == 0 ? dg_wake_new(d->loop, argv[1], on_wake, d) : NULL;
	if (r == 0) {
		tell(NULL, d->name, "ready");
		dg_loop_defer(d->loop, on_input, d);
		dg_loop_run(d->loop);
	}
	(void)dg_wake_free(wake);
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
