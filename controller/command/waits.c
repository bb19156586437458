#include "controller/command/waits.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"

#define LOOK_EVERY_MS 1000

struct sitting {
	struct dg_app *app;
	int64_t until;
	int64_t until_mono_ms; /* both clocks must agree: a leap of one does not shorten the wait */
	const char *why;
};

static void tick(void *arg)
{
	struct sitting *s = arg;
	struct dg_app *app = s->app;
	char span[32];
	int64_t left = s->until - dg_loop_now(app->loop);

	if (left <= 0 && dg_loop_mono_ms(app->loop) >= s->until_mono_ms) {
		dg_loop_stop(app->loop);
		return;
	}
	dg_app_progress(app, "%s for another %s", s->why, dg_app_span(left > 0 ? left : 0, span));
	(void)dg_loop_after_ms(app->loop, LOOK_EVERY_MS, tick, s);
}

void dg_waits_until(struct dg_app *app, int64_t until, const char *why)
{
	int64_t left = until - dg_loop_now(app->loop);
	struct sitting s = {.app = app,
		.until = until,
		.why = why,
		.until_mono_ms = dg_loop_mono_ms(app->loop) + left * 1000};
	char when[32];
	char span[32];

	if (left <= 0) {
		return;
	}
	if (!app->args->is_json) {
		dg_app_say(app, "waiting until %s (%s): %s", dg_app_time(until, when),
			dg_app_span(left, span), why);
		(void)fflush(stdout);
	}
	dg_loop_defer(app->loop, tick, &s);
	dg_loop_run(app->loop);
	dg_app_progress_end(app);
}

void dg_waits_sit_out(struct dg_app *app, const char *zone)
{
	struct dg_wait *waits = NULL;
	size_t n = 0;
	struct dg_err err;
	int64_t until = 0;

	if (dg_store_waits(app->store, app->arena, zone, dg_loop_now(app->loop), &waits, &n, &err) <
		0) {
		dg_app_complain(app, &err);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		until = waits[i].until > until ? waits[i].until : until;
	}
	dg_waits_until(app, until, "caches may still hold old answers");
}
