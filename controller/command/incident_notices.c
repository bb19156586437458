/* incident notices: letters about an incident, from its newest triage; what was drafted and sent is on record. */
#include "controller/command/incident.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/notices.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(struct dg_app *app, const struct dg_err *err)
{
	dg_app_complain(app, err);
	return dg_app_exit_of(err);
}

/* The drafts that are gone under their name: each was renamed when it was sent. */
static int note_sent(struct dg_app *app, int64_t id, struct dg_err *err)
{
	const struct dg_args *args = app->args;
	int r = 0;

	for (size_t i = 0; i < args->n_rest && r == 0; i++) {
		const char *path = args->rest[i];

		if (access(path, F_OK) != 0) {
			r = dg_incident_say(app, id, DG_RECORD_NOTICE,
				dg_printf(app->arena, "letter sent: %s", path), NULL, err);
		}
	}
	return r;
}

static int send_drafts(struct dg_app *app, int64_t id)
{
	struct dg_args own = *app->args;
	const struct dg_args *before = app->args;
	struct dg_err err = {0};

	own.rest++;
	own.n_rest--;
	for (size_t i = 0; i < own.n_rest; i++) {
		if (access(own.rest[i], R_OK) != 0) {
			(void)dg_fail(&err, DG_EINPUT, "%s: there is no such draft", own.rest[i]);
			return fail(app, &err);
		}
	}
	app->args = &own;
	int status = dg_notices_send(app);
	int r = note_sent(app, id, &err);
	app->args = before;
	return r < 0 ? fail(app, &err) : status;
}

static int draft(struct dg_app *app, const struct dg_incident_row *row)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(DG_INCIDENT_MEMORY);
	struct dg_record record = {0};
	struct dg_err err = {0};
	int r = dg_incident_load(app, a, row, &record, &err);

	if (r == 0 && !record.triage) {
		r = dg_fail(&err, DG_EINPUT,
			"incident %lld holds no triage, so nobody is known to write to; "
			"`dnsguard incident add %lld SOURCE...` brings one",
			(long long)row->id, (long long)row->id);
	}
	if (r < 0) {
		return fail(app, &err);
	}
	char *line = json_dumps(record.triage, JSON_COMPACT);
	int status = dg_notices_run(app, line, line ? strlen(line) : 0);
	free(line);
	if (status == DG_EXIT_OK && app->args->drafts &&
		dg_incident_say(app, row->id, DG_RECORD_NOTICE,
			dg_printf(a, "letters drafted in %s", app->args->drafts), NULL, &err) < 0) {
		return fail(app, &err);
	}
	return status;
}

int dg_incident_word_notices(struct dg_app *app, const struct dg_args *args)
{
	struct dg_incident_row row = {0};
	struct dg_err err = {0};
	int r = dg_app_open(app, true, &err);

	r = r == 0 ? dg_incident_of(app, args->rest[0], &row, &err) : r;
	if (r == 0 && !args->does_send && args->n_rest > 1) {
		r = dg_fail(&err, DG_EINPUT,
			"drafts come with --send: dnsguard incident notices ID --send DRAFT...");
	}
	if (r < 0) {
		return fail(app, &err);
	}
	return args->does_send ? send_drafts(app, row.id) : draft(app, &row);
}
