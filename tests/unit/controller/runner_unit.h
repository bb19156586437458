/* tests/unit/controller/runner_unit.h: the guard's runner on a clock of the test, with programs that only write down how they were called and
 * answer as told. The world they act on is one word a name: calm, armed, split.
 */
#pragma once

#include "tests/unit/controller/store_unit.h"

#include "controller/guard/runner.h"
#include "controller/store/watch.h"
#include "providers/net/child.h"
#include "providers/net/loop.h"
#include "zones/base/map.h"
#include "zones/policy/policy.h"

#include <stdlib.h>

#define MINUTE ((int64_t)60000)
#define HOUR   (60 * MINUTE)
#define NAME   "example.com."
#define WALL_0 ((int64_t)1795374567)
#define DIGEST "0123456789abcdef"

struct fake {
	int64_t wall_s, mono_ms;
	struct dg_loop *loop;
	struct dg_runner *runner;
	struct dg_child *running[64];
	struct dg_timer *timers[64];
	char words[64][24]; /* what those who wait for a word were told; "": nothing yet, or no */
	size_t n_running, most_running;
	char calls[1 << 16]; /* "arm example.com.\n" ... */
	const char *stage;   /* of all names */
	char label[40];      /* where mail lives */
	unsigned n_splits, n_backs, n_probes, n_renulls, n_rotates, n_retires;
	int probe_status, rotate_status, retire_status;
	const char *digest;
	int arm_status, split_status, back_status, hook_status;
	const char *split_out;
	int64_t old_mx_s; /* so long caches hold the old MX after arming */
	int64_t takes_ms; /* a command */
	bool is_dead;     /* what was called does what it does, and nobody hears of it */
	bool is_deaf;     /* nor does it do anything */
	unsigned n_calls, dies_at;
	char letters[1 << 15];
	char told[1 << 15];
	unsigned n_ended;
	const char *hook; /* a path; NULL: none */
	struct dg_guard_limits limits;
	struct dg_runner_options options;
};

static struct fake f;

static inline int64_t fake_wall(void *arg)
{
	(void)arg;
	return f.wall_s;
}

static inline int64_t fake_mono(void *arg)
{
	(void)arg;
	return f.mono_ms;
}

static inline void fake_advance(void *arg, int64_t ms)
{
	int64_t before = f.mono_ms / 1000;

	(void)arg;
	f.mono_ms += ms;
	f.wall_s += f.mono_ms / 1000 - before;
}

static inline void append(char *to, size_t size, const char *text)
{
	size_t len = strlen(to);

	(void)snprintf(to + len, size - len, "%s\n", text);
}

/* --- the programs ------------------------------------------------------------------------------ */
static inline const char *word_after(const char *const *argv, const char *word)
{
	for (size_t i = 0; argv[i] && argv[i + 1]; i++) {
		if (strcmp(argv[i], word) == 0) {
			return argv[i + 1];
		}
	}
	return NULL;
}

static inline bool has_word(const char *const *argv, const char *word)
{
	for (size_t i = 0; argv[i]; i++) {
		if (strcmp(argv[i], word) == 0) {
			return true;
		}
	}
	return false;
}

static inline size_t slot_of(const struct dg_child *c)
{
	for (size_t at = 0; at < 64; at++) {
		if (f.running[at] == c) {
			return at;
		}
	}
	abort();
}

/* --plan: what it names, or what was named when it asked. */
static inline const char *plan_of(const struct dg_child *c)
{
	return c->talks ? f.words[slot_of(c)] : word_after(c->argv, "--plan");
}

/* It shows its plan, and changes nothing. */
static inline bool only_looks(const struct dg_child *c)
{
	return has_word(c->argv, "--dry-run") || (c->talks && plan_of(c)[0] == '\0');
}

static inline char *plan_text(const char *digest)
{
	char text[700];

	(void)snprintf(text, sizeof(text),
		"{\"type\":\"plan\",\"end\":\"pending\",\"plan\":{\"digest\":\"%sffff\","
		"\"changes\":[{\"owner\":\"%s\","
		"\"type\":\"MX\",\"before\":{\"ttl\":60,\"records\":[\"10 "
		"mx1.%s\"]},\"after\":{\"ttl\":60,"
		"\"records\":[\"0 .\"]}}]}}\n",
		digest, NAME, NAME);
	return strdup(text);
}

static inline int fake_split(struct dg_child *c)
{
	const char *plan = plan_of(c);

	if (f.split_status != 0) {
		c->out = strdup(f.split_out ? f.split_out : "");
		return f.split_status;
	}
	if (plan && strcmp(plan, f.digest) != 0 && strcmp(f.stage, "split") != 0) {
		c->out = strdup("{\"type\":\"error\",\"error\":{\"code\":\"conflict\",\"text\":"
				"\"another\"}}\n");
		return 1;
	}
	f.n_renulls += strcmp(f.stage, "probing") == 0;
	f.n_splits += strcmp(f.stage, "split") != 0 && strcmp(f.stage, "probing") != 0;
	f.stage = "split";
	return 0;
}

static inline int fake_move(struct dg_child *c)
{
	const char *command = c->argv[3];
	size_t n = 0;

	while (c->argv[n]) {
		n++;
	}
	if (strcmp(command, "probe") == 0) {
		f.n_probes += f.probe_status == 0 && strcmp(f.stage, "probing") != 0;
		f.stage = f.probe_status == 0 ? "probing" : f.stage;
		return f.probe_status;
	}
	if (strcmp(command, "retire") == 0) {
		f.n_retires += f.retire_status == 0;
		return f.retire_status;
	}
	if (f.rotate_status == 0) {
		f.n_rotates += strcmp(f.label, c->argv[n - 1]) != 0;
		(void)snprintf(f.label, sizeof(f.label), "%s", c->argv[n - 1]);
	}
	return f.rotate_status;
}

static inline int fake_dnsguard(struct dg_child *c)
{
	const char *command = c->argv[3];
	char text[200];

	if (only_looks(c)) {
		c->out = plan_text(f.digest);
		return 3;
	}
	if (strcmp(command, "arm") == 0) {
		(void)snprintf(text, sizeof(text),
			"{\"type\":\"arm\",\"smtp\":\"takes\",\"old_mx_until\":%lld}\n",
			(long long)(f.old_mx_s > 0 ? f.wall_s + f.old_mx_s : 0));
		c->out = strdup(text);
		f.stage = f.arm_status == 0 ? "armed" : f.stage;
		return f.arm_status;
	}
	if (strcmp(command, "split") == 0) {
		return fake_split(c);
	}
	if (strcmp(command, "probe") == 0 || strcmp(command, "rotate") == 0 ||
		strcmp(command, "retire") == 0) {
		return fake_move(c);
	}
	if (f.back_status == 0) {
		f.n_backs += strcmp(f.stage, "split") == 0 || strcmp(f.stage, "probing") == 0;
		f.stage = "calm";
		f.label[0] = '\0';
	}
	return f.back_status;
}

static inline void fake_over(void *arg)
{
	struct dg_child *c = arg;
	bool is_hook = strcmp(c->argv[0], "dnsguard") != 0;

	c->out = NULL;
	if (is_hook) {
		append(f.letters, sizeof(f.letters), c->input);
		c->status = f.hook_status;
	} else if (c->internal) {
		c->status = -1; /* it was ended */
	} else {
		c->status = fake_dnsguard(c);
	}
	for (size_t i = 0; i < 64; i++) {
		f.timers[i] = f.running[i] == c ? NULL : f.timers[i];
		f.running[i] = f.running[i] == c ? NULL : f.running[i];
	}
	f.n_running--;
	c->internal = NULL;
	c->out = c->out ? c->out : strdup("");
	c->error = strdup(c->status ? "it said no" : "");
	c->done(c);
}

static inline void fake_note(const struct dg_child *c)
{
	char line[300] = "";
	size_t n = 0;

	while (c->argv[n]) {
		n++;
	}
	if (n < 6) {
		return; /* a hook */
	}
	bool is_look = only_looks(c);
	const char *plan = is_look ? NULL : plan_of(c);
	(void)snprintf(line, sizeof(line), "%s%s%s%s %s", c->argv[3], is_look ? " look" : "",
		plan ? " plan " : "", plan ? plan : "", c->argv[n - 1]);
	append(f.calls, sizeof(f.calls), line);
}

/* False: we died of it. */
static inline bool fake_begin(struct dg_child *c)
{
	fake_note(c);
	if (++f.n_calls == f.dies_at) {
		f.is_dead = true;
		if (!f.is_deaf && strcmp(c->argv[0], "dnsguard") == 0) {
			(void)fake_dnsguard(c);
			free(c->out);
		}
		dg_loop_stop(f.loop);
	}
	return !f.is_dead;
}

static inline void fake_speak(void *arg)
{
	struct dg_child *c = arg;
	char *said = plan_text(f.digest);

	f.timers[slot_of(c)] = NULL;
	if (c->internal) {
		fake_over(c);
	} else {
		c->so_far = said;
		c->heard(c);
	}
	free(said);
}

static inline void fake_say(struct dg_child *c, const char *text)
{
	size_t at = slot_of(c);

	(void)snprintf(f.words[at], sizeof(f.words[at]), "%.*s",
		text ? (int)strcspn(text, "\n") : 0, text ? text : "");
	if (!f.timers[at] && (!text || fake_begin(c))) {
		f.timers[at] = dg_loop_after_ms(f.loop, text ? f.takes_ms : 0, fake_over, c);
	}
}

static inline void fake_start(struct dg_child *c)
{
	size_t at = 0;

	while (f.running[at]) {
		at++;
	}
	f.words[at][0] = '\0';
	f.running[at] = c;
	if (!fake_begin(c)) {
		f.running[at] = NULL;
		return;
	}
	c->internal = NULL;
	c->is_busy = false;
	f.n_running++;
	f.most_running = f.n_running > f.most_running ? f.n_running : f.most_running;
	f.timers[at] = dg_loop_after_ms(f.loop, f.takes_ms, c->talks ? fake_speak : fake_over, c);
}

static inline void fake_end(struct dg_child *c)
{
	size_t at = slot_of(c);

	f.n_ended++;
	c->internal = &f;
	f.timers[at] = f.timers[at] ? f.timers[at] : dg_loop_after_ms(f.loop, 0, fake_over, c);
}

static inline void fake_forget(struct dg_child *c)
{
	for (size_t i = 0; i < 64; i++) {
		if (f.running[i] == c) {
			f.timers[i] = dg_timer_cancel(f.timers[i]);
			f.running[i] = NULL;
			f.n_running--;
		}
	}
}

static const struct dg_child_ops fake_children = {
	.start = fake_start, .say = fake_say, .end = fake_end, .forget = fake_forget};

/* --- the runner -------------------------------------------------------------------------------- */
static inline void fake_tell(void *arg, const char *name, const char *text)
{
	char line[900];

	(void)arg;
	(void)snprintf(line, sizeof(line), "%s %s", name, text);
	append(f.told, sizeof(f.told), line);
}

static inline void add_name(const char *name, const struct dg_guard_limits *limits)
{
	static const char *const labels[] = {
		"m.example.com.", "m2.example.com.", "m3.example.com."};
	struct dg_hook_spec hook = {.path = f.hook};
	struct dg_runner_name n = {.zone = name,
		.name = name,
		.document = "/etc/zone.yaml",
		.labels = labels,
		.limits = *limits,
		.drain_ms = 60000,
		.listen_ms = 30 * MINUTE,
		.overlap_ms = 20 * MINUTE,
		.hooks = &hook,
		.n_hooks = f.hook ? 1 : 0};

	must(dg_runner_add(f.runner, &n, &t.err));
}

static inline void begin_runner(void)
{
	f.options.loop = f.loop;
	f.options.store = t.s;
	f.options.program = "dnsguard";
	f.options.state_dir = t.dir;
	f.options.children = &fake_children;
	f.options.boot = f.options.boot ? f.options.boot : "boot-1";
	f.options.tell = fake_tell;
	must(dg_runner_new(&f.options, &f.runner, &t.err));
}

/* A crash, and a new one with the same disk. */
static inline void restart(void)
{
	f.runner = dg_runner_free(f.runner);
	f.is_dead = false;
	f.dies_at = 0;
	open_it();
	begin_runner();
	add_name(NAME, &f.limits);
}

static inline void stop_loop(void *arg)
{
	(void)arg;
	dg_loop_stop(f.loop);
}

static inline void run_ms(int64_t ms)
{
	struct dg_timer *end = dg_loop_after_ms(f.loop, ms, stop_loop, NULL);
	int64_t until = f.mono_ms + ms;

	dg_loop_run(f.loop);
	if (f.mono_ms < until) {
		(void)dg_timer_cancel(end); /* it died before */
	}
}

static inline void event(const char *name, enum dg_guard_event_kind kind)
{
	struct dg_runner_evidence e = {.text = "27 bounces of mail that was never sent",
		.n_foreign = 27,
		.n_reporters = 6,
		.score = 20,
		.has_floor = true};

	dg_runner_event(f.runner, name, kind, &e);
}

static inline const char *state_of(const char *name)
{
	return dg_guard_state_text(dg_runner_guard(f.runner, name)->state);
}

static inline void wish(const char *kind, const char *name, const char *proposal)
{
	struct dg_wish w = {
		.kind = kind, .name = name, .proposal = proposal, .who = "op@host", .at = f.wall_s};

	must(dg_store_wish_put(t.s, &w, &t.err));
}

static inline size_t n_wishes(void)
{
	struct dg_wish *wishes = NULL;
	size_t n = 0;

	must(dg_store_wishes(t.s, t.a, &wishes, &n, &t.err));
	return n;
}

static inline const char *proposal_of(const char *name)
{
	struct dg_guard_row row;

	must(dg_store_guard_get(t.s, t.a, name, &row, &t.err));
	return row.proposal;
}

static inline unsigned count(const char *text, const char *part)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, part)) != NULL; p += strlen(part)) {
		n++;
	}
	return n;
}

static inline int runner_setup(void **state)
{
	static const struct dg_clock clock = {
		.now = fake_wall, .mono_ms = fake_mono, .advance_ms = fake_advance};

	(void)setup(state);
	memset(&f, 0, sizeof(f));
	f.wall_s = WALL_0;
	f.mono_ms = 5000000;
	f.stage = "calm";
	f.digest = DIGEST;
	f.takes_ms = 2000;
	must(dg_loop_new(&clock, &f.loop, &t.err));
	open_it();
	dg_guard_limits_init(&f.limits);
	f.limits.mode = DG_GUARD_MODE_AUTOMATIC;
	f.limits.hold_ms = HOUR;
	f.limits.cooldown_ms = HOUR;
	begin_runner();
	return 0;
}

static inline int runner_teardown(void **state)
{
	char path[96];

	f.runner = dg_runner_free(f.runner);
	f.loop = dg_loop_free(f.loop);
	(void)snprintf(path, sizeof(path), "%s/stop", t.dir);
	(void)unlink(path);
	return teardown(state);
}
