/* controller/command/notices_send.c: drafts to their recipients by the user's own mail server (RFC 6409, libcurl): each after a yes. */
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/incident.h"
#include "controller/command/notices.h"
#include "controller/incident/words.h"
#include "providers/net/secret.h"
#include "zones/base/address.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/base/sink.h"
#include "zones/bounce/bounce.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONNECT_MS   30000L
#define TIMEOUT_MS   300000L
#define MEMORY_MAX   ((size_t)32 << 20)
#define QUESTION_MAX 2000u
#define SENT         ".sent"

struct letter {
	const char *path;
	char *text; /* as the file has it */
	size_t n;
	struct dg_notice_draft draft;
};

struct mailing {
	struct dg_app *app;
	struct dg_arena *arena;
	const char *url; /* "smtps://mail.example.com:465", without the user */
	const char *user;
	bool may_be_plain; /* loopback: no TLS needed */
	size_t n_sent, n_left;
};

/* --- where ------------------------------------------------------------------------------------ */
static const char *part_of(struct dg_arena *a, CURLU *u, CURLUPart part)
{
	char *text = NULL;
	const char *copy = curl_url_get(u, part, &text, CURLU_URLDECODE) == CURLUE_OK
				   ? dg_strdup(a, text)
				   : "";

	curl_free(text);
	return copy;
}

static bool is_loopback(const char *host)
{
	struct dg_address a;
	const char *what =
		dg_address_parse(host, strlen(host), &a) == 0 ? dg_address_special(&a) : NULL;

	return strcmp(host, "localhost") == 0 || (what && strcmp(what, "loopback") == 0);
}

static int take_url(struct mailing *m, struct dg_err *err)
{
	const char *text = m->app->args->smtp;
	CURLU *u = curl_url();
	bool is_good = text && u && curl_url_set(u, CURLUPART_URL, text, 0) == CURLUE_OK;
	const char *scheme = is_good ? part_of(m->arena, u, CURLUPART_SCHEME) : "";
	const char *host = is_good ? part_of(m->arena, u, CURLUPART_HOST) : "";
	const char *port = is_good ? part_of(m->arena, u, CURLUPART_PORT) : "";
	const char *password = is_good ? part_of(m->arena, u, CURLUPART_PASSWORD) : "";

	m->user = is_good ? part_of(m->arena, u, CURLUPART_USER) : "";
	curl_url_cleanup(u);
	if ((strcmp(scheme, "smtp") != 0 && strcmp(scheme, "smtps") != 0) || host[0] == '\0' ||
		password[0] != '\0') {
		return dg_fail(err, DG_EINPUT,
			"--send wants --smtp with your mail server, for example "
			"smtps://alice@mail.example.com or smtp://127.0.0.1; a password stands in "
			"--password-file");
	}
	m->may_be_plain = is_loopback(host) && m->user[0] == '\0';
	m->url =
		dg_printf(m->arena, "%s://%s%s%s/", scheme, host, port[0] != '\0' ? ":" : "", port);
	return m->user[0] != '\0' && !m->app->args->password_file
		       ? dg_fail(err, DG_EINPUT,
				 "--smtp names a user: its password stands in a file that others "
				 "cannot read, --password-file FILE")
		       : 0;
}

/* --- a draft ---------------------------------------------------------------------------------- */
static int load(struct dg_arena *a, struct letter *l, struct dg_err *err)
{
	struct stat st;
	int fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = -1;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		(size_t)st.st_size <= DG_NOTICE_LETTER_MAX) {
		l->text = dg_get(a, (size_t)st.st_size + 1, 1);
		n = read(fd, l->text, (size_t)st.st_size);
	}
	int why = fd < 0 ? errno : EINVAL;
	if (fd >= 0) {
		(void)close(fd);
	}
	if (n <= 0) {
		return dg_fail(err, DG_EINPUT, "%s: %s", l->path,
			fd < 0 ? strerrordesc_np(why) : "no draft: no file, empty, or too large");
	}
	l->n = (size_t)n;
	int r = dg_notice_draft_read(a, l->text, l->n, &l->draft, err);
	return r < 0 ? dg_wrap(err, r, "%s", l->path) : 0;
}

/* --- a yes for each --------------------------------------------------------------------------- */
/* Keeps those recipients that were said yes to. */
static int ask(struct mailing *m, struct letter *l, struct dg_err *err)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < l->draft.n_to; i++) {
		struct dg_buf b;

		dg_buf_init(&b, QUESTION_MAX);
		dg_message_put(&b, dg_word(DG_MESSAGE("send {text}")), 0, 0, l->path);
		dg_buf_puts(&b, "\n  \"");
		dg_buf_put_safe(&b, l->draft.subject,
			strlen(l->draft.subject) < 300 ? strlen(l->draft.subject) : 300);
		dg_buf_puts(&b, "\"\n  ");
		dg_message_put(&b, dg_word(DG_MESSAGE("to {text}?")), 0, 0, l->draft.to[i]);
		r = dg_app_ask(m->app, b.data, err);
		dg_buf_done(&b);
		if (r == 0) {
			l->draft.to[kept++] = l->draft.to[i];
		}
	}
	l->draft.n_to = kept;
	return r < 0 ? dg_fail(err, DG_EINPUT,
			       "each letter is sent only after a yes for each recipient, on a "
			       "terminal, and there is none")
		     : 0;
}

/* --- sending ---------------------------------------------------------------------------------- */
struct upload {
	struct dg_buf text;
	size_t at;
};

static size_t give(char *to, size_t size, size_t n, void *arg)
{
	struct upload *u = arg;
	size_t left = u->text.len - u->at;
	size_t some = size * n < left ? size * n : left;

	memcpy(to, u->text.data + u->at, some);
	u->at += some;
	return some;
}

static void set_up(CURL *h, const struct mailing *m, const struct letter *l, struct upload *u)
{
	const char *ca = m->app->args->ca_file;

	curl_easy_setopt(h, CURLOPT_URL, m->url);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(
		h, CURLOPT_USE_SSL, m->may_be_plain ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (ca) {
		curl_easy_setopt(h, CURLOPT_CAINFO, ca);
		curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_PROXY, "");
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	curl_easy_setopt(h, CURLOPT_MAIL_FROM, l->draft.from);
	curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(h, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(h, CURLOPT_READDATA, u);
}

static int log_in(CURL *h, const struct mailing *m, struct dg_err *err)
{
	char word[DG_SECRET_MAX];
	int r = 0;

	if (m->user[0] == '\0') {
		return 0;
	}
	r = dg_secret_read(m->app->args->password_file, word, sizeof(word), err);
	if (r == 0) {
		curl_easy_setopt(h, CURLOPT_USERNAME, m->user);
		curl_easy_setopt(h, CURLOPT_PASSWORD, word);
	}
	explicit_bzero(word, sizeof(word));
	return r;
}

/* Before anybody is asked. */
static int check_password(const struct mailing *m, struct dg_err *err)
{
	char word[DG_SECRET_MAX];
	int r = dg_secret_read(m->app->args->password_file, word, sizeof(word), err);

	explicit_bzero(word, sizeof(word));
	return r;
}

static int transmit(const struct mailing *m, const struct letter *l, struct dg_err *err)
{
	char why[CURL_ERROR_SIZE] = "";
	struct curl_slist *to = NULL;
	struct upload u = {.at = 0};
	CURL *h = curl_easy_init();
	int r = h ? log_in(h, m, err) : dg_fail(err, DG_EIO, "libcurl does not start");

	for (size_t i = 0; i < l->draft.n_to; i++) {
		to = curl_slist_append(to, l->draft.to[i]);
	}
	if (r == 0) {
		dg_buf_init(&u.text, 3 * DG_NOTICE_LETTER_MAX);
		dg_notice_draft_put(&u.text, l->text);
		set_up(h, m, l, &u);
		curl_easy_setopt(h, CURLOPT_MAIL_RCPT, to);
		curl_easy_setopt(h, CURLOPT_ERRORBUFFER, why);
		CURLcode rc = curl_easy_perform(h);
		if (rc != CURLE_OK) {
			long code = 0;
			(void)curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &code);
			r = dg_fail(err, code >= 400 ? DG_EREMOTE : DG_EIO,
				"%s: not sent by %s: %s (answer %ld)", l->path, m->url,
				why[0] != '\0' ? why : curl_easy_strerror(rc), code);
		}
		dg_buf_done(&u.text);
	}
	curl_slist_free_all(to);
	curl_easy_cleanup(h);
	return r;
}

/* --- one after the other ---------------------------------------------------------------------- */
static bool is_sent_already(const char *path)
{
	size_t n = strlen(path);

	return n > strlen(SENT) && strcmp(path + n - strlen(SENT), SENT) == 0;
}

/* What was sent gets another name, so that it is not sent twice. */
static int send_one(struct mailing *m, struct letter *l, struct dg_err *err)
{
	int r = ask(m, l, err);

	if (r < 0 || l->draft.n_to == 0) {
		m->n_left += r == 0;
		return r;
	}
	const char *done = dg_printf(m->arena, "%s" SENT, l->path);
	if (rename(l->path, done) != 0) {
		return dg_fail(err, DG_EIO, "%s cannot be marked as sent, so it is not sent: %s",
			l->path, strerrordesc_np(errno));
	}
	r = transmit(m, l, err);
	if (r < 0) {
		(void)rename(done, l->path);
		return r;
	}
	for (size_t i = 0; i < l->draft.n_to; i++) {
		dg_app_say(m->app, "%s: %s",
			dg_incident_words(
				m->arena, DG_MESSAGE("sent to {text}"), 0, 0, l->draft.to[i]),
			done);
	}
	m->n_sent++;
	return 0;
}

static int send_all(struct mailing *m, struct dg_err *err)
{
	const struct dg_args *args = m->app->args;
	struct letter *letters = dg_newn(m->arena, struct letter, args->n_rest);
	int r = take_url(m, err);

	r = r == 0 && m->user[0] != '\0' ? check_password(m, err) : r;
	for (size_t i = 0; r == 0 && i < args->n_rest; i++) { /* all are sound, or none is sent */
		letters[i].path = args->rest[i];
		r = is_sent_already(args->rest[i])
			    ? dg_fail(err, DG_EINPUT, "%s was sent already", args->rest[i])
			    : load(m->arena, &letters[i], err);
	}
	for (size_t i = 0; r == 0 && i < args->n_rest; i++) {
		r = send_one(m, &letters[i], err);
	}
	return r;
}

int dg_notices_send(struct dg_app *app)
{
	struct mailing m = {.app = app, .arena = dg_arena_new(MEMORY_MAX)};
	struct dg_err err;
	int status = DG_EXIT_OK;

	if (send_all(&m, &err) < 0) {
		dg_app_complain(app, &err);
		status = dg_app_exit_of(&err);
	}
	dg_incident_tell(app, DG_MESSAGE("{n} sent, {of} left"), m.n_sent,
		app->args->n_rest - m.n_sent, NULL);
	(void)dg_arena_free(m.arena);
	return status;
}
