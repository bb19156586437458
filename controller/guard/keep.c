/* What is on disk of a name, and how its waits survive a restart. */
#include "controller/guard/running.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/digest.h"
#include "zones/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION    1
#define MEMORY_MAX ((size_t)64 << 20)
#define FOREVER    INT64_MAX

char *dg_evidence_json(struct dg_arena *a, const struct dg_runner_evidence *e)
{
	json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "text",
		e->text ? e->text : "", "foreign", (json_int_t)e->n_foreign, "unknown",
		(json_int_t)e->n_unknown, "own", (json_int_t)e->n_own, "reporters",
		(json_int_t)e->n_reporters, "recipients", (json_int_t)e->n_recipients, "genuine",
		(json_int_t)e->genuine, "score", e->score);
	char *text = o ? json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	char *own = dg_strdup(a, text ? text : "{}");

	free(text);
	json_decref(o);
	return own;
}

/* --- out -------------------------------------------------------------------------------------- */
static json_t *number(int64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *image_of(const struct dg_ward *x)
{
	const struct dg_runner *r = x->running;
	const struct dg_guard *g = &x->g;
	json_t *o = json_pack("{s:i, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:i}",
		"version", VERSION, "state", dg_guard_state_text(g->state), "back",
		dg_guard_state_text(g->back), "is_armed", g->is_armed, "is_proposed",
		g->is_proposed, "is_alarm", g->is_alarm, "is_null", g->is_null, "is_stopped",
		x->is_stopped, "was_armed", x->was_armed, "is_disarming", x->is_disarming,
		"is_arming", x->is_arming, "n_relapses", (int)g->n_relapses);
	const struct {
		const char *key;
		bool is_set;
	} flags[] = {{"is_sink", g->is_sink}, {"is_listening", g->is_listening},
		{"is_overlapping", g->is_overlapping}, {"is_retiring", g->is_retiring},
		{"asks_rotate", g->asks_rotate}, {"is_followed", g->is_followed},
		{"is_abused", g->is_abused}};
	const struct {
		const char *key;
		int64_t n;
	} times[] = {{"label", g->label}, {"listen_ms", x->ear.listen_ms},
		{"heard_milli", (int64_t)(x->ear.heard * 1000)},
		{"residue_split_ms", x->ear.split_ms}, {"n_residue", (int64_t)x->ear.n_residue},
		{"residue_ms", x->ear.residue_ms}, {"genuine_ms", x->ear.genuine_ms},
		{"since_ms", g->since_ms}, {"due_ms", g->due_ms}, {"split_ms", g->split_ms},
		{"cooled_ms", g->cooled_ms}, {"armed_ms", x->armed_ms}, {"moved_ms", x->moved_ms},
		{"saved_ms", dg_running_now(r)}, {"mono_ms", dg_loop_mono_ms(r->o.loop)}};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		(void)json_object_set_new(o, times[i].key, number(times[i].n));
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		(void)json_object_set_new(o, flags[i].key, json_boolean(flags[i].is_set));
	}
	(void)json_object_set_new(o, "abuse", dg_json_text(x->abuse));
	(void)json_object_set_new(o, "boot", dg_json_text(r->boot));
	(void)json_object_set_new(o, "plan", dg_json_text(x->plan));
	(void)json_object_set_new(o, "restore", dg_json_text(x->restore));
	return o;
}

/* "<digest> <JSON>" */
static char *seal(struct dg_arena *a, json_t *take_o)
{
	char hex[DG_DIGEST_TEXT_MAX];
	uint8_t digest[DG_DIGEST_LEN];
	char *json = json_dumps(take_o, JSON_COMPACT | JSON_ENSURE_ASCII);

	json_decref(take_o);
	if (!json) {
		abort();
	}
	dg_digest(json, strlen(json), digest);
	char *image = dg_printf(a, "%s %s", dg_digest_text(digest, DG_DIGEST_LEN, hex), json);
	free(json);
	return image;
}

/* For whoever looks at the store: what was told of the detector, and what is known here alone. */
static const char *evidence_of(struct dg_arena *a, struct dg_ward *x)
{
	json_t *o = x->evidence ? json_loads(x->evidence, 0, NULL) : json_object();

	dg_json_set(o, "abuse", dg_json_text(x->abuse));
	dg_json_set(o, "drain", dg_ward_drain_json(x));
	dg_json_set(o, "subdomain", dg_json_text(dg_ward_label(x)));
	dg_json_set(o, "relapses", json_integer(x->g.n_relapses));
	dg_json_set(o, "heard", x->g.is_listening ? json_real(x->ear.heard) : json_null());
	char *text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	const char *own = text ? dg_strdup(a, text) : NULL;

	free(text);
	json_decref(o);
	return own;
}

/* Without what evidence_of() put in. NULL: there is none. */
static char *evidence_from(const char *text)
{
	static const char *const ours[] = {"abuse", "drain", "subdomain", "relapses", "heard"};
	json_t *o = text ? json_loads(text, 0, NULL) : NULL;

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		(void)json_object_del(o, ours[i]);
	}
	char *own =
		json_object_size(o) > 0 ? json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	json_decref(o);
	return own;
}

static int put(struct dg_ward *x, const char *letter, const char *why, struct dg_err *err)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	struct dg_store *s = x->running->o.store;
	char *image = seal(a, image_of(x));
	struct dg_guard_row row = {.name = x->name,
		.zone = x->zone,
		.document = x->document,
		.state = dg_guard_state_text(x->g.state),
		.image = image,
		.len = strlen(image),
		.proposal = x->g.is_proposed && x->plan[0] ? x->plan : NULL,
		.evidence = evidence_of(a, x),
		.since = x->g.since_ms / 1000,
		.due = x->g.due_ms == FOREVER ? 0 : x->g.due_ms / 1000};

	int rc = dg_store_begin(s, err);
	if (rc < 0) {
		return rc;
	}
	rc = dg_store_guard_put(s, &row, err);
	if (rc == 0 && letter) {
		rc = dg_ward_letter(x, letter, why, err);
	}
	rc = rc == 0 ? dg_ward_episode(x, letter, why, err) : rc;
	if (rc == 0 && x->granted > 0) {
		rc = dg_store_wish_done(s, x->granted, err);
	}
	if (rc < 0) {
		dg_store_rollback(s);
		return rc;
	}
	rc = dg_store_commit(s, err);
	if (rc == 0) {
		x->granted = 0;
		dg_ward_episode_kept(x);
	}
	return rc;
}

void dg_ward_save(struct dg_ward *x, const char *letter, const char *why)
{
	struct dg_err err;
	bool was_unsaved = x->is_unsaved;

	x->ear.saved_ms = dg_running_now(x->running);

	x->is_unsaved = put(x, letter, why, &err) < 0;
	if (x->is_unsaved && !was_unsaved) {
		(void)dg_wrap(&err, (int)err.rc, "nothing is done before this can be kept");
		dg_running_tell(x->running, x->name, err.text);
	}
}

/* --- in --------------------------------------------------------------------------------------- */
static json_t *unseal(const struct dg_guard_row *row)
{
	uint8_t digest[DG_DIGEST_LEN];
	char hex[DG_DIGEST_TEXT_MAX];
	const char *image = row->image;
	size_t head = DG_DIGEST_TEXT_MAX; /* with the blank */

	if (!image || row->len <= head) {
		return NULL;
	}
	dg_digest(image + head, row->len - head, digest);
	if (memcmp(image, dg_digest_text(digest, DG_DIGEST_LEN, hex), head - 1) != 0) {
		return NULL;
	}
	json_t *o = json_loadb(image + head, row->len - head, JSON_REJECT_DUPLICATES, NULL);
	if (json_integer_value(json_object_get(o, "version")) != VERSION) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static int64_t number_at(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static bool flag_at(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

/* How much later it is by our clock than it would be if it had gone on since: what every time on disk is moved by, so that
 * what was left of a wait is left. */
static int64_t leap(const struct dg_runner *r, const json_t *o)
{
	const char *boot = json_string_value(json_object_get(o, "boot"));
	int64_t saved_ms = number_at(o, "saved_ms");
	int64_t now_ms = dg_running_now(r);
	int64_t gone_ms = dg_loop_mono_ms(r->o.loop) - number_at(o, "mono_ms");

	if (boot && r->boot[0] != '\0' && strcmp(boot, r->boot) == 0 && gone_ms >= 0) {
		return now_ms - (saved_ms + gone_ms);
	}
	return now_ms < saved_ms ? now_ms - saved_ms : 0;
}

static int64_t moved(int64_t t, int64_t by_ms)
{
	return t == 0 || t == FOREVER ? t : t + by_ms;
}

static void take_image(struct dg_ward *x, const json_t *o)
{
	int64_t by_ms = leap(x->running, o);
	const char *state = json_string_value(json_object_get(o, "state"));
	const char *back = json_string_value(json_object_get(o, "back"));
	const char *plan = json_string_value(json_object_get(o, "plan"));
	const char *restore = json_string_value(json_object_get(o, "restore"));
	const char *abuse = json_string_value(json_object_get(o, "abuse"));
	bool is_known = false;

	x->g = (struct dg_guard){
		.state = dg_guard_state_find(state ? state : "", &is_known),
		.back = dg_guard_state_find(back ? back : "", &is_known),
		.since_ms = moved(number_at(o, "since_ms"), by_ms),
		.due_ms = moved(number_at(o, "due_ms"), by_ms),
		.split_ms = moved(number_at(o, "split_ms"), by_ms),
		.cooled_ms = moved(number_at(o, "cooled_ms"), by_ms),
		.n_relapses = (unsigned)number_at(o, "n_relapses"),
		.is_armed = flag_at(o, "is_armed"),
		.is_proposed = flag_at(o, "is_proposed"),
		.is_alarm = flag_at(o, "is_alarm"),
		.is_null = flag_at(o, "is_null"),
		.label = (unsigned)number_at(o, "label"),
		.is_sink = flag_at(o, "is_sink"),
		.is_listening = flag_at(o, "is_listening"),
		.is_overlapping = flag_at(o, "is_overlapping"),
		.is_retiring = flag_at(o, "is_retiring"),
		.asks_rotate = flag_at(o, "asks_rotate"),
		.is_followed = flag_at(o, "is_followed"),
		.is_abused = flag_at(o, "is_abused"),
	};
	x->ear = (struct dg_ear){
		.listen_ms = moved(number_at(o, "listen_ms"), by_ms),
		.heard = (double)number_at(o, "heard_milli") / 1000,
		.split_ms = number_at(o, "residue_split_ms"),
		.n_residue = (uint64_t)number_at(o, "n_residue"),
		.residue_ms = number_at(o, "residue_ms"),
		.genuine_ms = moved(number_at(o, "genuine_ms"), by_ms),
	};
	x->armed_ms = moved(number_at(o, "armed_ms"), by_ms);
	x->moved_ms = moved(number_at(o, "moved_ms"), by_ms);
	x->is_stopped = flag_at(o, "is_stopped");
	x->was_armed = flag_at(o, "was_armed");
	x->is_disarming = flag_at(o, "is_disarming");
	x->is_arming = flag_at(o, "is_arming");
	(void)snprintf(x->plan, sizeof(x->plan), "%s", plan ? plan : "");
	x->restore = restore ? strdup(restore) : NULL;
	x->abuse = abuse ? strdup(abuse) : NULL;
}

/* No image: what the journal knows. A split that somebody made by hand is his: held, until he says go on. */
static int take_journal(struct dg_ward *x, struct dg_arena *a, bool was_there, struct dg_err *err)
{
	struct dg_name_state *states = NULL;
	int64_t now_ms = dg_running_now(x->running);
	size_t n = 0;

	dg_guard_init(&x->g, now_ms);
	int rc = dg_store_stages(x->running->o.store, a, x->zone, &states, &n, err);
	bool is_split = false;
	for (size_t i = 0; i < n && rc == 0; i++) {
		bool is_it = strcmp(states[i].name, x->name) == 0;

		is_split = is_split || (is_it && states[i].stage >= DG_STAGE_SPLIT);
		x->was_armed = x->was_armed || (is_it && states[i].stage == DG_STAGE_ARMED);
	}
	if (rc == 0 && (was_there || is_split)) {
		x->g.state = DG_GUARD_HELD;
		x->g.back = is_split ? DG_GUARD_SPLIT : DG_GUARD_COOLDOWN;
		x->g.is_null = is_split;
		x->g.is_armed = is_split;
		x->g.split_ms = is_split ? now_ms : 0;
		x->g.due_ms = now_ms + x->limits.remind_ms;
		dg_running_tell(x->running, x->name,
			was_there ? "held: what was kept of its guard cannot be read"
				  : "held: it was split by hand");
	}
	return rc;
}

static int load(struct dg_ward *x, struct dg_err *err)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	struct dg_guard_row row = {0};
	int rc = dg_store_guard_get(x->running->o.store, a, x->name, &row, err);
	json_t *o = rc == 0 ? unseal(&row) : NULL;

	if (rc < 0) {
		return rc;
	}
	if (o) {
		take_image(x, o);
		json_decref(o);
		x->evidence = evidence_from(row.evidence);
	}
	if (o && !dg_guard_fault(&x->limits, &x->g)) {
		return 0;
	}
	return take_journal(x, a, rc == 0, err);
}

int dg_ward_load(struct dg_ward *x, struct dg_err *err)
{
	int rc = load(x, err);

	dg_ward_episode_kept(x);
	return rc;
}
