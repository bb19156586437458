/* notices: letters about an episode, as drafts; and drafts to whom they are for, after a yes. */
#include "controller/command/notices.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/incident/words.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/base/json.h"
#include "zones/base/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_MAX ((size_t)256 << 20)
#define MOST       20u /* origins, and reporters, when --limit does not say */
#define TEXT_MAX   ((size_t)4 << 20)

struct noticing {
	struct dg_app *app;
	struct dg_arena *arena;
	struct dg_notices_taken *taken; /* in the arena */
	const char *json;               /* what was seen; NULL: app->args->rest tells */
	size_t len;
	const char *from;
	enum dg_notice_form form;
	int folder; /* -1: nothing is written */
};

/* --- what is asked for ------------------------------------------------------------------------ */
static int check_address(const char *option, const char *text, struct dg_err *err)
{
	return !text || dg_is_plain_address(text)
		       ? 0
		       : dg_fail(err, DG_EINPUT,
				 "--%s wants a mail address such as abuse@example.com, not %s",
				 option, text);
}

static int check_options(struct noticing *x, struct dg_err *err)
{
	static const char *const forms[] = {
		[DG_NOTICE_TEXT] = "text", [DG_NOTICE_ARF] = "arf", [DG_NOTICE_XARF] = "xarf"};
	const struct dg_args *args = x->app->args;
	int r = check_address("from", args->from, err);

	r = r == 0 ? check_address("users", args->users, err) : r;
	r = r == 0 ? check_address("registrar", args->registrar, err) : r;
	r = r == 0 ? check_address("desk", args->desk, err) : r;
	if (r == 0 && args->smtp) {
		r = dg_fail(err, DG_EINPUT, "--smtp says nothing without --send");
	}
	x->form = DG_NOTICE_ARF;
	for (size_t i = 0; args->as && i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(args->as, forms[i]) == 0) {
			x->form = (enum dg_notice_form)i;
			return r;
		}
	}
	return r == 0 && args->as
		       ? dg_fail(err, DG_EINPUT, "--as wants text, arf or xarf, not %s", args->as)
		       : r;
}

/* Who writes: --from, or the postmaster of the domain in question. */
static int find_sender(struct noticing *x, struct dg_err *err)
{
	const struct dg_notice_seen *s = &x->taken->seen;

	x->from = x->app->args->from;
	if (!x->from && s->n_domains > 0) {
		x->from = dg_printf(x->arena, "postmaster@%s", s->domains[0]);
	}
	return x->from && dg_is_plain_address(x->from)
		       ? 0
		       : dg_fail(err, DG_EINPUT,
				 "whose letters these are is not known: give --from");
}

static int make_list(struct noticing *x, struct dg_err *err)
{
	const struct dg_args *args = x->app->args;
	struct dg_notices_taken *t = x->taken;
	const struct dg_notice_wish wish = {.users = args->users,
		.registrar = args->registrar,
		.desk = args->desk,
		.most = args->limit > 0 ? args->limit : MOST};
	int r = x->json ? dg_notice_seen_read(x->arena, x->json, x->len, &t->seen, err)
			: dg_notices_take(x->app, x->arena, &t->seen, err);

	if (r < 0) {
		return r;
	}
	t->n = dg_notice_plan(x->arena, &t->seen, &wish, t->list);
	r = t->n > 0 ? dg_notices_contacts(x->app, x->arena, t, err) : 0;
	t->n = dg_notice_join(x->arena, &t->seen, t->list, t->n);
	return r == 0 && t->n > 0 ? find_sender(x, err) : r;
}

/* --- writing ---------------------------------------------------------------------------------- */
static int open_folder(struct noticing *x, struct dg_err *err)
{
	const char *path = x->app->args->drafts;

	x->folder = -1;
	if (!path) {
		return 0;
	}
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		return dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
	}
	x->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return x->folder >= 0 ? 0 : dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
}

/* Never over one that is there: somebody may have written in it. */
static int write_file(
	const struct noticing *x, const char *name, const struct dg_buf *text, struct dg_err *err)
{
	const char *folder = x->app->args->drafts;
	int fd =
		openat(x->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0) {
		return errno == EEXIST
			       ? dg_fail(err, DG_EPOLICY,
					 "%s/%s is there already, and drafts are never written "
					 "over: name another folder",
					 folder, name)
			       : dg_fail(err, DG_EIO, "%s/%s: %s", folder, name,
					 strerrordesc_np(errno));
	}
	for (size_t at = 0; at < text->len;) {
		ssize_t n = write(fd, text->data + at, text->len - at);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			int why = errno;
			(void)close(fd);
			(void)unlinkat(x->folder, name, 0);
			return dg_fail(
				err, DG_EIO, "%s/%s: %s", folder, name, strerrordesc_np(why));
		}
		at += (size_t)n;
	}
	return close(fd) == 0
		       ? 0
		       : dg_fail(err, DG_EIO, "%s/%s: %s", folder, name, strerrordesc_np(errno));
}

static int make_letter(const struct noticing *x, const struct dg_notice *n, struct dg_buf *letter,
	struct dg_err *err)
{
	struct dg_notice_stamp stamp = {.from = x->from, .now = time(NULL), .form = x->form};

	if (getrandom(stamp.random, sizeof(stamp.random), 0) != (ssize_t)sizeof(stamp.random)) {
		return dg_fail(err, DG_EIO, "getrandom: %s", strerrordesc_np(errno));
	}
	dg_notice_put(letter, n, &x->taken->seen, &stamp);
	return letter->is_full ? dg_fail(err, DG_ELIMIT, "a letter of more than %zu octets",
					 DG_NOTICE_LETTER_MAX)
			       : 0;
}

/* --- showing ---------------------------------------------------------------------------------- */
static void put_json(struct dg_buf *b, const struct dg_notice *n, const char *file)
{
	json_t *o = json_object();
	json_t *to = json_array();
	json_t *places = json_array();

	for (size_t i = 0; i < n->n_to; i++) {
		(void)json_array_append_new(to, dg_json_text(n->to[i]));
	}
	for (size_t i = 0; i < n->n_places; i++) {
		(void)json_array_append_new(places, dg_json_text(n->places[i]->text));
	}
	dg_json_set(o, "type", json_string("notice"));
	dg_json_set(o, "kind", json_string(dg_notice_kind_text(n->kind)));
	dg_json_set(o, "organisation",
		dg_json_text(n->organisation[0] != '\0' ? n->organisation : NULL));
	dg_json_set(o, "to", to);
	dg_json_set(o, "basis", dg_json_text(n->basis[0] != '\0' ? n->basis : NULL));
	dg_json_set(o, "about", places);
	dg_json_set(o, "bounces", json_integer((json_int_t)n->n));
	dg_json_set(o, "file", dg_json_text(file));
	dg_json_put(b, o);
	dg_buf_putc(b, '\n');
}

static void put_safe(struct dg_buf *b, const char *text)
{
	dg_buf_put_safe(b, text, strlen(text));
}

static void put_line(struct dg_buf *b, const struct dg_notice *n, const char *file)
{
	dg_buf_printf(b, "%-9s ", dg_notice_kind_text(n->kind));
	put_safe(b, n->organisation[0] != '\0' ? n->organisation : "-");
	dg_buf_puts(b, ": ");
	for (size_t i = 0; i < n->n_to; i++) {
		dg_buf_puts(b, i > 0 ? ", " : "");
		dg_message_put(
			b, i > 0 ? "{text}" : dg_word(DG_MESSAGE("to {text}")), 0, 0, n->to[i]);
	}
	if (n->n_to == 0) {
		dg_buf_puts(b, dg_word(DG_MESSAGE("no address is known")));
	} else if (n->basis[0] != '\0') {
		dg_buf_printf(b, " (%s)", n->basis);
	}
	if (file) {
		dg_buf_puts(b, "\n          ");
		put_safe(b, file);
	}
	dg_buf_putc(b, '\n');
}

/* The letter as it would be sent, line by line: it holds texts from outside. */
static void put_letter(struct dg_buf *b, const struct dg_buf *letter)
{
	for (const char *p = letter->data; *p;) {
		size_t n = strcspn(p, "\r\n");
		dg_buf_puts(b, "    ");
		dg_buf_put_safe(b, p, n);
		dg_buf_putc(b, '\n');
		p += n;
		p += strncmp(p, "\r\n", 2) == 0 ? 2 : *p != '\0';
	}
	dg_buf_putc(b, '\n');
}

static int show_one(struct noticing *x, size_t i, struct dg_err *err)
{
	const struct dg_args *args = x->app->args;
	const struct dg_notice *n = &x->taken->list[i];
	const char *name = dg_notice_file(x->arena, n, i + 1);
	struct dg_buf letter;
	struct dg_buf b;

	dg_buf_init(&letter, DG_NOTICE_LETTER_MAX);
	dg_buf_init(&b, TEXT_MAX);
	int r = make_letter(x, n, &letter, err);
	r = r == 0 && x->folder >= 0 ? write_file(x, name, &letter, err) : r;
	const char *file = x->folder >= 0 ? dg_printf(x->arena, "%s/%s", args->drafts, name) : NULL;
	if (r == 0 && args->is_json) {
		put_json(&b, n, file);
	} else if (r == 0) {
		put_line(&b, n, file);
		if (args->is_verbose) {
			put_letter(&b, &letter);
		}
	}
	dg_app_out(x->app, &b);
	dg_buf_done(&b);
	dg_buf_done(&letter);
	return r;
}

static int draft(struct noticing *x, struct dg_err *err)
{
	int r = check_options(x, err);

	x->folder = -1;
	r = r == 0 ? make_list(x, err) : r;
	if (r == 0 && x->taken->n == 0) {
		bool is_own = x->taken->seen.kind == DG_INCIDENT_OWN;
		return is_own ? 0
			      : dg_fail(err, DG_EPOLICY,
					"who sent the mail is not known, so there is nobody to "
					"write to: `dnsguard triage` says what would decide it");
	}
	r = r == 0 ? open_folder(x, err) : r;
	for (size_t i = 0; r == 0 && i < x->taken->n; i++) {
		r = show_one(x, i, err);
	}
	if (x->folder >= 0) {
		(void)close(x->folder);
	}
	if (r == 0) {
		dg_app_say(x->app, "%s",
			dg_word(x->app->args->drafts
					? DG_MESSAGE("drafts: read them, change them, then "
						     "dnsguard notices --send FILE...")
					: DG_MESSAGE("nothing was written or sent: --drafts FOLDER "
						     "writes them")));
	}
	return r;
}

int dg_notices_run(struct dg_app *app, const char *json, size_t len)
{
	struct noticing x = {.app = app, .json = json, .len = len};
	struct dg_err err;
	int status = DG_EXIT_OK;

	x.arena = dg_arena_new(MEMORY_MAX);
	x.taken = dg_new(x.arena, struct dg_notices_taken);
	if (draft(&x, &err) < 0) {
		dg_app_complain(app, &err);
		status = dg_app_exit_of(&err);
	}
	(void)dg_arena_free(x.arena);
	return status;
}

int dg_cmd_notices(struct dg_app *app, const struct dg_args *args)
{
	if (!args->is_json) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
		dg_words_open(getenv("DNSGUARD_LOCALE"));
	}
	return args->does_send ? dg_notices_send(app) : dg_notices_run(app, NULL, 0);
}
