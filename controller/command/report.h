/* controller/command/report.h: how jobs and runs read, as text and as JSON lines.
 *
 * Shape    With --json every line of stdout is one object with a "type": plan, result, verify, summary, step, error,
 *          provider (doc/json.md).
 */
#pragma once

struct dg_app;
struct dg_engine_counts;
struct dg_err;
struct dg_job;
struct json_t;

void dg_report_plan(struct dg_app *app, const struct dg_job *j);    /* after planning */
void dg_report_result(struct dg_app *app, const struct dg_job *j);  /* after publishing */
void dg_report_verify(struct dg_app *app, const struct dg_job *j);  /* after verifying */
void dg_report_error(struct dg_app *app, const struct dg_err *err); /* as JSON */
/* what: "planned", "applied", "verified". */
void dg_report_summary(struct dg_app *app, const struct dg_engine_counts *c, const char *what);
void dg_report_json(struct dg_app *app, struct json_t *take_object); /* one line */
const char *dg_report_end_text(int end); /* "pending", "applied": stable */
