/* What goes into the record of an incident: what somebody says, files, the result of a triage with the bounces that stand for it. */
#include "controller/command/incident.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/triage.h"
#include "controller/command/world.h"
#include "controller/letters/source.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"
#include "zones/incident/case.h"
#include "zones/incident/classify.h"
#include "zones/incident/evidence.h"
#include "zones/incident/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHOSEN_MAX     24u /* bounces that stand for all */
#define CHOSEN_A_CLASS 4u
#define LETTER_MAX     ((size_t)1 << 20)

int dg_incident_say(struct dg_app *app, int64_t id, const char *kind, const char *text,
	json_t *take_data, struct dg_err *err)
{
	char *data = take_data ? json_dumps(take_data,
					 JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER)
			       : NULL;
	struct dg_record_entry e = {.at = dg_loop_now(app->loop),
		.who = dg_app_who(app),
		.kind = kind,
		.text = text,
		.data = data};
	int r = dg_incident_add(app->store, id, &e, NULL, -1, err);

	json_decref(take_data);
	free(data);
	return r;
}

/* NOLINTNEXTLINE(readability-function-size): what a file of the evidence is, and says */
int dg_incident_keep(struct dg_app *app, int64_t id, const char *base, const char *media,
	const struct dg_incident_body *body, const char *text, struct dg_err *err)
{
	struct dg_incident_row row = {0};
	char hex[DG_DIGEST_TEXT_MAX];
	uint8_t digest[DG_DIGEST_LEN];
	int r = dg_incident_get(app->store, app->arena, id, &row, err);

	if (r != 0) {
		return r < 0 ? r : dg_fail(err, DG_EINPUT, "no incident %lld", (long long)id);
	}
	dg_digest(body->p, body->len, digest);
	const char *name = dg_printf(app->arena, "%05lld-%s", (long long)row.n_entries + 1, base);
	json_t *o = json_pack("{s:s, s:s, s:I, s:s}", "name", name, "media", media, "size",
		(json_int_t)body->len, "sha256", dg_digest_text(digest, DG_DIGEST_LEN, hex));
	char *data = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
	struct dg_record_entry e = {.at = dg_loop_now(app->loop),
		.who = dg_app_who(app),
		.kind = DG_RECORD_EVIDENCE,
		.text = text,
		.data = data};
	r = dg_incident_add(app->store, id, &e, body, row.n_entries, err);
	json_decref(o);
	free(data);
	return r;
}

int dg_incident_slurp(
	struct dg_arena *a, const char *path, struct dg_incident_body *ret_body, struct dg_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		int r = dg_fail(err, DG_EINPUT, "%s: %s", path,
			fd < 0 ? strerrordesc_np(errno) : "it is no file");
		if (fd >= 0) {
			(void)close(fd);
		}
		return r;
	}
	if ((size_t)st.st_size > DG_INCIDENT_FILE) {
		(void)close(fd);
		return dg_fail(
			err, DG_ELIMIT, "%s: more than %zu MiB", path, DG_INCIDENT_FILE >> 20);
	}
	char *text = dg_get(a, (size_t)st.st_size + 1, 1);
	size_t n = 0;
	for (ssize_t got = 1; got > 0 && n<(size_t)st.st_size; n += got> 0 ? (size_t)got : 0) {
		got = read(fd, text + n, (size_t)st.st_size - n);
	}
	(void)close(fd);
	*ret_body = (struct dg_incident_body){text, n};
	return 0;
}

/* --- the result of a triage ------------------------------------------------------------------------------------ */
static bool is_verdict(const char *text)
{
	for (int k = DG_INCIDENT_UNDECIDED; k <= (int)DG_INCIDENT_LIST_LEAK; k++) {
		if (strcmp(text, dg_incident_text((enum dg_incident_kind)k)) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_level(const char *text)
{
	return strcmp(text, "undecided") == 0 || strcmp(text, "medium") == 0 ||
	       strcmp(text, "high") == 0;
}

/* Into the record, in one transaction with what is chosen for it. */
static int keep_triage(struct dg_app *app, int64_t id, const json_t *o, struct dg_err *err)
{
	const char *verdict = json_string_value(json_object_get(o, "verdict"));
	const char *level = json_string_value(json_object_get(o, "confidence"));
	json_int_t n =
		json_integer_value(json_object_get(json_object_get(o, "messages"), "counted"));

	if (!verdict || !level || !is_verdict(verdict) || !is_level(level)) {
		return dg_fail(err, DG_EINPUT,
			"that is not what `dnsguard triage --json` says: no known verdict with its "
			"confidence");
	}
	char *text = json_dumps(o, JSON_INDENT(1) | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
	const char *said = dg_printf(app->arena, "verdict %s, confidence %s, by %lld bounces",
		verdict, level, (long long)n);
	int r = dg_incident_keep(app, id, "triage.json", DG_MEDIA_TRIAGE,
		&(struct dg_incident_body){text, strlen(text)}, said, err);

	free(text);
	r = r == 0 ? dg_incident_verdict(app->store, id, verdict, level, err) : r;
	if (r < 0) {
		return r;
	}
	r = dg_incident_say(app, id, DG_RECORD_VERDICT, said,
		json_pack("{s:s, s:s, s:b}", "verdict", verdict, "confidence", level, "split",
			json_is_true(json_object_get(o, "split"))),
		err);
	if (r == 0 && !app->args->is_json) {
		dg_app_say(app, "incident %lld: %s", (long long)id, said);
	}
	return r;
}

/* One JSON object a line: the one that is a triage. */
static int from_file(struct dg_app *app, int64_t id, const char *path, struct dg_err *err)
{
	struct dg_incident_body body = {0};
	int r = dg_incident_slurp(app->arena, path, &body, err);
	json_t *found = NULL;

	for (size_t at = 0; r == 0 && !found && at < body.len;) {
		json_error_t e;
		json_t *o = json_loadb((const char *)body.p + at, body.len - at,
			JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &e);

		if (!o) {
			r = dg_fail(err, DG_EINPUT,
				"%s: not JSON as `dnsguard triage --json` writes it: line %d: %s",
				path, e.line, e.text);
			break;
		}
		const char *type = json_string_value(json_object_get(o, "type"));
		found = type && strcmp(type, "triage") == 0 ? json_incref(o) : NULL;
		json_decref(o);
		at += (size_t)e.position;
		at += strspn((const char *)body.p + at, " \t\r\n");
	}
	if (r == 0) {
		r = found ? keep_triage(app, id, found, err)
			  : dg_fail(err, DG_EINPUT, "%s: no result of a triage in it", path);
	}
	json_decref(found);
	return r;
}

/* --- mailboxes ---------------------------------------------------------------------------------------------------- */
struct taking {
	struct dg_app *app;
	int64_t id;
	struct {
		const char *name, *reporter;
		enum dg_class class;
		uint64_t number;
		bool is_kept;
	} chosen[CHOSEN_MAX];
	size_t n_chosen;
	size_t n_class[DG_CLASSES];
};

/* The first of each class, of different reporters. */
static void choose(void *arg, uint64_t number, const char *name, const struct dg_evidence *e,
	const struct dg_ruling *r)
{
	struct taking *t = arg;

	if (t->n_chosen == CHOSEN_MAX || t->n_class[r->class] == CHOSEN_A_CLASS) {
		return;
	}
	for (size_t i = 0; i < t->n_chosen; i++) {
		if (strcmp(t->chosen[i].name, name) == 0 ||
			(t->chosen[i].class == r->class &&
				strcmp(t->chosen[i].reporter, e->reporter) == 0)) {
			return;
		}
	}
	t->chosen[t->n_chosen].name = dg_strdup(t->app->arena, name);
	t->chosen[t->n_chosen].reporter = dg_strdup(t->app->arena, e->reporter);
	t->chosen[t->n_chosen].class = r->class;
	t->chosen[t->n_chosen++].number = number;
	t->n_class[r->class]++;
}

static int on_case(void *arg, const struct dg_case *c, struct dg_err *err)
{
	struct taking *t = arg;
	struct dg_buf b;

	dg_buf_init(&b, DG_INCIDENT_BODY_MAX);
	dg_case_json(&b, c);
	json_t *o = json_loadb(b.data, b.len, 0, NULL);
	dg_buf_done(&b);
	int r = o ? keep_triage(t->app, t->id, o, err)
		  : dg_fail(err, DG_ELIMIT, "the result is too large to be kept");
	json_decref(o);
	return r;
}

static int keep_letter(struct taking *t, const struct dg_letter *l, struct dg_err *err)
{
	for (size_t i = 0; i < t->n_chosen; i++) {
		if (t->chosen[i].is_kept || strcmp(t->chosen[i].name, l->name) != 0) {
			continue;
		}
		t->chosen[i].is_kept = true;
		const char *text = dg_printf(t->app->arena, "bounce %llu, %s%s%s%s",
			(unsigned long long)t->chosen[i].number, dg_class_text(t->chosen[i].class),
			t->chosen[i].reporter[0] ? ", reported by " : "", t->chosen[i].reporter,
			l->size > l->n ? " (cut)" : "");
		return dg_incident_keep(t->app, t->id, "bounce.eml", DG_MEDIA_BOUNCE,
			&(struct dg_incident_body){l->p, l->n}, text, err);
	}
	return 0;
}

/* Reads a source again, for the letters that were chosen; all of them when is_all. */
static int keep_letters(struct taking *t, const char *what, bool is_all, struct dg_err *err)
{
	struct dg_source_options o = {.letter_max = LETTER_MAX,
		.password_file = t->app->args->password_file,
		.ca_file = t->app->args->ca_file,
		.stop_fd = -1};
	struct dg_source *s = NULL;
	struct dg_letter letter;
	size_t n = 0;
	int r = dg_source_open(what, &o, &s, err);

	while (r == 0 && n < CHOSEN_MAX) {
		r = dg_source_next(s, &letter, err);
		if (r == DG_SOURCE_UNREADABLE) {
			r = 0; /* the triage said so */
		} else if (r == 0 && is_all) {
			n++;
			r = dg_incident_keep(t->app, t->id, "notice.eml", DG_MEDIA_BOUNCE,
				&(struct dg_incident_body){letter.p, letter.n},
				"a notice that mail of ours is spam", err);
		} else if (r == 0) {
			r = keep_letter(t, &letter, err);
		}
	}
	s = dg_source_close(s);
	return r < 0 ? r : 0;
}

static int from_mail(struct dg_app *app, int64_t id, size_t first, struct dg_err *err)
{
	const struct dg_args *args = app->args;
	struct taking *t = dg_new(app->arena, struct taking);
	const char *const *notices = NULL;
	size_t n_notices = args->notice ? dg_world_words(app->arena, args->notice, &notices) : 0;
	const struct dg_triage_take take = {.sources = args->rest + first,
		.n_sources = args->n_rest - first,
		.on_bounce = choose,
		.on_case = on_case,
		.arg = t};

	t->app = app;
	t->id = id;
	int r = dg_triage_take(app, &take, err);
	for (size_t i = first; r == 0 && i < args->n_rest; i++) {
		if (strcmp(args->rest[i], "-") != 0) { /* a stream is gone */
			r = keep_letters(t, args->rest[i], false, err);
		}
	}
	for (size_t i = 0; r == 0 && i < n_notices; i++) {
		r = strcmp(notices[i], "-") != 0 ? keep_letters(t, notices[i], true, err) : 0;
	}
	return r;
}

/* --- all of it ------------------------------------------------------------------------------------------------------ */
static int take(struct dg_app *app, int64_t id, size_t first, struct dg_err *err)
{
	const struct dg_args *args = app->args;
	int r = args->from_triage ? from_file(app, id, args->from_triage, err) : 0;

	return r == 0 && (args->n_rest > first || args->notice) ? from_mail(app, id, first, err)
								: r;
}

int dg_incident_take(struct dg_app *app, int64_t id, size_t first, struct dg_err *err)
{
	const struct dg_args *args = app->args;

	if (!args->from_triage && !args->notice && args->n_rest <= first) {
		return 1;
	}
	return take(app, id, first, err);
}
