/* controller/command/incident.h: what the words of `dnsguard incident` share: which incident, its record, adding to it.
 *
 * Shape    `dnsguard incident WORD ...`: each word is a function like a command's, with the word itself taken off args->rest (app->args too).
 */
#pragma once

#include "controller/store/incident.h"
#include "zones/incident/record.h"

struct dg_app;
struct dg_args;
struct dg_buf;

#define DG_INCIDENT_MEMORY ((size_t)512 << 20)
#define DG_INCIDENT_OUT    ((size_t)128 << 20)
#define DG_INCIDENT_FILE   ((size_t)16 << 20) /* octets of a file that is read */

struct dg_incident_word {
	const char *name, *args, *summary;
	size_t n_min, n_max; /* of rest */
	int (*run)(struct dg_app *app, const struct dg_args *args);
};

int dg_incident_word_add(struct dg_app *app, const struct dg_args *args);
int dg_incident_word_close(struct dg_app *app, const struct dg_args *args);
int dg_incident_word_evidence(struct dg_app *app, const struct dg_args *args);
int dg_incident_word_export(struct dg_app *app, const struct dg_args *args);
int dg_incident_word_forget(struct dg_app *app, const struct dg_args *args);
int dg_incident_word_list(struct dg_app *app, const struct dg_args *args);
int dg_incident_word_note(struct dg_app *app, const struct dg_args *args);
int dg_incident_word_notices(struct dg_app *app, const struct dg_args *args);
int dg_incident_word_open(struct dg_app *app, const struct dg_args *args);
int dg_incident_word_report(struct dg_app *app, const struct dg_args *args);
int dg_incident_word_run(struct dg_app *app, const struct dg_args *args);
int dg_incident_word_show(struct dg_app *app, const struct dg_args *args);

/* --- which one (incident_load.c) ---------------------------------------------------------------------------- */
/* "3", or a name: its open incident, else its newest. DG_EINPUT: no such. The store is open. */
int dg_incident_of(
	struct dg_app *app, const char *given, struct dg_incident_row *ret_row, struct dg_err *err);
/* The zone that the name lies in, as far as --zone or the state folder tells; NULL: it does not. */
int dg_incident_zone(
	struct dg_app *app, const char *name, const char **ret_zone, struct dg_err *err);
/* The whole record, with the changes of its zone from the journal. In the arena. */
int dg_incident_load(struct dg_app *app, struct dg_arena *a, const struct dg_incident_row *row,
	struct dg_record *ret_record, struct dg_err *err);
/* One line that says how many have been kept long enough and wait to be deleted; NULL: none. In the arena. */
int dg_incident_expired(
	struct dg_app *app, struct dg_arena *a, const char **ret_line, struct dg_err *err);
/* The newest of the bodies whose entry is evidence of this media type. 1: none. */
int dg_incident_newest(struct dg_app *app, struct dg_arena *a, const struct dg_record *r,
	const char *media, struct dg_incident_body *ret_body, struct dg_err *err);
/* Its row alone as a record, without entries. */
void dg_incident_record_of(
	const struct dg_incident_row *row, int64_t now, struct dg_record *ret_record);

/* --- words (incident_words.c) -------------------------------------------------------------------------------- */
/* In the reader's language, with its numbers and its text (controller/incident/words.h). In the arena. */
const char *dg_incident_words(
	struct dg_arena *a, const char *msgid, uint64_t n, uint64_t of, const char *text);
/* In the reader's language, as a line for people. */
void dg_incident_tell(
	struct dg_app *app, const char *msgid, uint64_t n, uint64_t of, const char *text);

/* To --output, a new file, else to standard output. */
int dg_incident_write(struct dg_app *app, const struct dg_buf *b, struct dg_err *err);

/* --- adding (incident_add.c) -------------------------------------------------------------------------------- */
/* One entry of whoever runs this, now. take_data: an object, released; NULL: none. */
int dg_incident_say(struct dg_app *app, int64_t id, const char *kind, const char *text,
	json_t *take_data, struct dg_err *err);
/* A file of the evidence; base: "triage.json", its entry's number goes in front. */
int dg_incident_keep(struct dg_app *app, int64_t id, const char *base, const char *media,
	const struct dg_incident_body *body, const char *text, struct dg_err *err);
/* What --from-triage, the sources of args->rest from first on, and --notice bring. 1: nothing was given. */
int dg_incident_take(struct dg_app *app, int64_t id, size_t first, struct dg_err *err);
/* A whole file of at most DG_INCIDENT_FILE octets, NUL-terminated. DG_EINPUT. */
int dg_incident_slurp(struct dg_arena *a, const char *path, struct dg_incident_body *ret_body,
	struct dg_err *err);

#define DG_MEDIA_TRIAGE   "application/vnd.dnsguard.triage+json"
#define DG_MEDIA_BOUNCE   "message/rfc822"
#define DG_MEDIA_PLAYBOOK "application/vnd.dnsguard.playbook+yaml"
