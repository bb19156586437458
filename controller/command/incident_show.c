/* incident list, show, evidence, report. */
#include "controller/command/incident.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/incident/words.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int fail(struct dg_app *app, const struct dg_err *err)
{
	dg_app_complain(app, err);
	return dg_app_exit_of(err);
}

/* --- list --------------------------------------------------------------------------------------------------------- */
static void put_row(struct dg_buf *b, const struct dg_record *r)
{
	size_t len = strlen(r->name);
	char when[32];

	dg_buf_printf(b, "%-5lld %s  ", (long long)r->id, dg_app_time(r->opened, when));
	dg_put_padded(b, dg_record_code(r, dg_record_state(r)), 16);
	dg_buf_putc(b, ' ');
	dg_buf_put_safe(b, r->name, len > 1 ? len - 1 : len);
	dg_buf_printf(b, "  %s",
		r->verdict ? dg_record_code(r, r->verdict) : dg_word(DG_MESSAGE("no verdict yet")));
	if (r->confidence) {
		dg_buf_printf(b, ", %s", dg_record_code(r, r->confidence));
	}
	if (dg_record_is_expired(r)) {
		dg_buf_printf(b, "  %s",
			dg_word(DG_MESSAGE("(kept long enough: `dnsguard incident forget "
					   "--expired` deletes it)")));
	}
	dg_buf_putc(b, '\n');
}

int dg_incident_word_list(struct dg_app *app, const struct dg_args *args)
{
	struct dg_incident_row *rows = NULL;
	struct dg_err err;
	struct dg_buf b;
	size_t n = 0;
	size_t n_open = 0;
	int r = dg_app_open(app, false, &err);

	r = r == 0 ? dg_incident_list(app->store, app->arena, &rows, &n, &err) : r;
	if (r < 0) {
		return fail(app, &err);
	}
	dg_buf_init(&b, DG_INCIDENT_OUT);
	for (size_t i = n; i > 0; i--) {
		struct dg_record record;

		dg_incident_record_of(&rows[i - 1], dg_loop_now(app->loop), &record);
		n_open += record.closed == 0 && record.forgotten == 0;
		if (args->is_json) {
			dg_json_put(&b, dg_record_json_short(&record));
			dg_buf_putc(&b, '\n');
		} else {
			put_row(&b, &record);
		}
	}
	dg_app_out(app, &b);
	dg_buf_done(&b);
	if (n == 0 && !args->is_json) {
		dg_incident_tell(app, DG_MESSAGE("no incident in {text}"), 0, 0, app->state_dir);
	}
	return n_open > 0 ? DG_EXIT_FINDINGS : DG_EXIT_OK;
}

/* --- show, report --------------------------------------------------------------------------------------------------- */
static int load(
	struct dg_app *app, struct dg_arena *a, struct dg_record *record, struct dg_err *err)
{
	struct dg_incident_row row = {0};
	int r = dg_app_open(app, false, err);

	r = r == 0 ? dg_incident_of(app, app->args->rest[0], &row, err) : r;
	return r == 0 ? dg_incident_load(app, a, &row, record, err) : r;
}

int dg_incident_word_show(struct dg_app *app, const struct dg_args *args)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(DG_INCIDENT_MEMORY);
	struct dg_record record = {0};
	struct dg_err err;
	struct dg_buf b;
	int r = load(app, a, &record, &err);

	if (r < 0) {
		return fail(app, &err);
	}
	dg_buf_init(&b, DG_INCIDENT_OUT);
	if (args->is_json) {
		dg_record_json(&b, &record);
		dg_buf_putc(&b, '\n');
	} else {
		dg_record_print(&b, &record, args->is_verbose);
	}
	dg_app_out(app, &b);
	dg_buf_done(&b);
	return record.broken > 0 ? DG_EXIT_FAILED : DG_EXIT_OK;
}

int dg_incident_write(struct dg_app *app, const struct dg_buf *b, struct dg_err *err)
{
	const char *path = app->args->output;
	FILE *f = path ? fopen(path, "wxe") : NULL;

	if (!path) {
		dg_app_out(app, b);
		return 0;
	}
	bool is_written = f && fwrite(b->data, 1, b->len, f) == b->len;
	is_written = f && fclose(f) == 0 && is_written;
	return is_written ? 0
			  : dg_fail(err, errno == EEXIST ? DG_EINPUT : DG_EIO, "%s: %s", path,
				    strerrordesc_np(errno));
}

static int render(
	struct dg_buf *b, const struct dg_record *record, const char *format, struct dg_err *err)
{
	if (!format || strcmp(format, "md") == 0) {
		dg_record_markdown(b, record);
	} else if (strcmp(format, "html") == 0) {
		dg_record_html(b, record);
	} else if (strcmp(format, "json") == 0) {
		dg_record_json(b, record);
		dg_buf_putc(b, '\n');
	} else {
		return dg_fail(
			err, DG_EINPUT, "--format of a report is md, html or json, not %s", format);
	}
	return b->is_full ? dg_fail(err, DG_ELIMIT, "the report is longer than %zu MiB",
				    DG_INCIDENT_OUT >> 20)
			  : 0;
}

int dg_incident_word_report(struct dg_app *app, const struct dg_args *args)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(DG_INCIDENT_MEMORY);
	struct dg_record record = {0};
	struct dg_err err;
	struct dg_buf b;
	int r = load(app, a, &record, &err);

	if (r < 0) {
		return fail(app, &err);
	}
	dg_buf_init(&b, DG_INCIDENT_OUT);
	r = render(&b, &record, args->is_json && !args->format ? "json" : args->format, &err);
	r = r == 0 ? dg_incident_write(app, &b, &err) : r;
	dg_buf_done(&b);
	return r < 0 ? fail(app, &err) : DG_EXIT_OK;
}

/* --- evidence --------------------------------------------------------------------------------------------------------- */
static int check_file(struct dg_app *app, struct dg_arena *a, const struct dg_record *record,
	const struct dg_record_file *f, bool *ret_is_whole, struct dg_err *err)
{
	struct dg_incident_body body = {0};
	char hex[DG_DIGEST_TEXT_MAX];
	uint8_t digest[DG_DIGEST_LEN];
	int r = dg_incident_body(app->store, a, record->id, f->entry, &body, err);

	if (r < 0) {
		return r;
	}
	dg_digest(body.p, body.len, digest);
	*ret_is_whole = r == 0 && body.len == f->size &&
			strcmp(dg_digest_text(digest, DG_DIGEST_LEN, hex), f->sha256) == 0;
	return 0;
}

static void put_file(
	struct dg_app *app, struct dg_buf *b, const struct dg_record_file *f, bool is_whole)
{
	if (app->args->is_json) {
		json_t *o = json_pack("{s:s, s:I, s:I, s:s, s:b}", "type", "evidence", "entry",
			(json_int_t)f->entry, "size", (json_int_t)f->size, "sha256", f->sha256,
			"whole", is_whole);

		dg_json_set(o, "name", dg_json_text(f->name));
		dg_json_set(o, "media", dg_json_text(f->media));
		dg_json_put(b, o);
	} else {
		dg_buf_printf(b, "%s  %-8s %9llu  ", f->sha256,
			is_whole ? dg_word(DG_MESSAGE("whole")) : dg_word(DG_MESSAGE("CHANGED")),
			(unsigned long long)f->size);
		dg_buf_put_safe(b, f->name, strlen(f->name));
	}
	dg_buf_putc(b, '\n');
}

int dg_incident_word_evidence(struct dg_app *app, const struct dg_args *args)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(DG_INCIDENT_MEMORY);
	struct dg_record record = {0};
	struct dg_err err;
	struct dg_buf b;
	size_t n_changed = 0;
	int r = load(app, a, &record, &err);

	dg_buf_init(&b, DG_INCIDENT_OUT);
	for (size_t i = 0; r == 0 && i < record.n_files; i++) {
		struct dg_arena *of_file dg_cleanup(dg_arena_freep) =
			dg_arena_new(2 * DG_INCIDENT_BODY_MAX);
		bool is_whole = false;

		r = check_file(app, of_file, &record, &record.files[i], &is_whole, &err);
		n_changed += !is_whole;
		put_file(app, &b, &record.files[i], is_whole);
	}
	if (r < 0) {
		dg_buf_done(&b);
		return fail(app, &err);
	}
	dg_app_out(app, &b);
	dg_buf_done(&b);
	bool is_sound = n_changed == 0 && record.broken == 0;
	if (!args->is_json) {
		dg_incident_tell(app,
			is_sound ? DG_MESSAGE("{n} files, all whole, and the record fits together")
			: record.broken > 0
				? DG_MESSAGE("{n} files, but the record was changed by other means")
				: DG_MESSAGE("{n} files, some were changed by other means"),
			record.n_files, 0, NULL);
	}
	return is_sound ? DG_EXIT_OK : DG_EXIT_FAILED;
}
