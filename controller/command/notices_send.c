/* controller/command/notices_send.c: drafts to their recipients by the user's own mail server (RFC 6409, libcurl): each after a yes. */
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/notices.h"
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
#define RECIPIENTS   8u
#define HEADER_MAX   ((size_t)64 << 10)
#define QUESTION_MAX 2000u
#define SENT         ".sent"

struct letter {
	const char *path;
	char *text; /* as the file has it */
	size_t n;
	const char *from;
	const char *to[RECIPIENTS];
	size_t n_to;
	const char *subject; /* not safe to show */
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
	return memchr(l->text, '\0', l->n) ? dg_fail(err, DG_EINPUT, "%s: a NUL in it", l->path)
					   : 0;
}

/* The value of a header field, unfolded; NULL: not there. *ret_n: how many there are. */
static const char *field(struct dg_arena *a, const char *text, const char *name, size_t *ret_n)
{
	size_t len = strlen(name);
	const char *found = NULL;
	struct dg_buf b;

	*ret_n = 0;
	for (const char *p = text; *p != '\0' && *p != '\n' && *p != '\r';) {
		bool is_it = strncasecmp(p, name, len) == 0 && p[len] == ':';

		*ret_n += is_it;
		dg_buf_init(&b, HEADER_MAX);
		do {
			size_t n = strcspn(p, "\r\n");
			dg_buf_put(&b, p, n);
			p += n;
			p += *p == '\r';
			p += *p == '\n';
		} while (*p == ' ' || *p == '\t');
		if (is_it && !found) {
			found = dg_strndup(a, b.data + len + 1, b.len - len - 1);
		}
		dg_buf_done(&b);
	}
	return found;
}

/* "a@x.example, <b@y.example>": whatever is no plain address is refused, not guessed. */
static int take_addresses(
	struct dg_arena *a, const char *text, const char **list, size_t max, size_t *ret_n)
{
	size_t n = 0;

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, ",");
		const char *begin = p + strspn(p, " \t");
		const char *end = p + len;

		while (end > begin && (end[-1] == ' ' || end[-1] == '\t')) {
			end--;
		}
		if (end - begin > 2 && *begin == '<' && end[-1] == '>') {
			begin++;
			end--;
		}
		const char *word = dg_strndup(a, begin, end > begin ? (size_t)(end - begin) : 0);
		if (n == max || !dg_is_plain_address(word)) {
			return 1;
		}
		list[n++] = word;
		p += len + (p[len] == ',');
	}
	*ret_n = n;
	return n > 0 ? 0 : 1;
}

static int understand(struct dg_arena *a, struct letter *l, struct dg_err *err)
{
	static const char *const refused[] = {"Cc", "Bcc", "Sender", "Resent-To"};
	size_t n = 0;
	size_t n_from = 0;
	size_t n_to = 0;
	const char *from = field(a, l->text, "From", &n_from);
	const char *to = field(a, l->text, "To", &n_to);

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		(void)field(a, l->text, refused[i], &n);
		if (n > 0) {
			return dg_fail(err, DG_EINPUT,
				"%s: a field %s: a notice goes to those in To only", l->path,
				refused[i]);
		}
	}
	if (n_to == 0) {
		return dg_fail(err, DG_EINPUT,
			"%s: no To: nobody is known who reads this; write the address into it",
			l->path);
	}
	if (n_from != 1 || n_to != 1 || take_addresses(a, from, &l->from, 1, &n) != 0 ||
		take_addresses(a, to, l->to, RECIPIENTS, &l->n_to) != 0) {
		return dg_fail(err, DG_EINPUT,
			"%s: one From and one To with plain addresses are wanted "
			"(alice@example.com)",
			l->path);
	}
	struct dg_bounce record;
	bool is_read = dg_bounce_read(a, l->text, l->n, NULL, &record) == 0;
	l->subject = is_read ? record.outer.subject : "";
	return 0;
}

/* --- a yes for each --------------------------------------------------------------------------- */
/* Keeps those recipients that were said yes to. */
static int ask(struct mailing *m, struct letter *l, struct dg_err *err)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < l->n_to; i++) {
		struct dg_buf b;

		dg_buf_init(&b, QUESTION_MAX);
		dg_buf_puts(&b, "send ");
		dg_buf_put_safe(&b, l->path, strlen(l->path));
		dg_buf_puts(&b, "\n  \"");
		dg_buf_put_safe(
			&b, l->subject, strlen(l->subject) < 300 ? strlen(l->subject) : 300);
		dg_buf_puts(&b, "\"\n  to ");
		dg_buf_put_safe(&b, l->to[i], strlen(l->to[i]));
		dg_buf_putc(&b, '?');
		r = dg_app_ask(m->app, b.data, err);
		dg_buf_done(&b);
		if (r == 0) {
			l->to[kept++] = l->to[i];
		}
	}
	l->n_to = kept;
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

/* With CRLF, and without what marks a draft. */
static void make_upload(const struct letter *l, struct upload *u)
{
	static const char mark[] = "X-Unsent:";
	bool is_header = true;

	dg_buf_init(&u->text, 3 * DG_NOTICE_LETTER_MAX);
	for (const char *p = l->text; *p;) {
		size_t n = strcspn(p, "\n");
		size_t text = n > 0 && p[n - 1] == '\r' ? n - 1 : n;

		is_header = is_header && text > 0;
		if (!(is_header && strncasecmp(p, mark, strlen(mark)) == 0)) {
			for (size_t i = 0; i < text; i++) {
				dg_buf_putc(&u->text, p[i] == '\r' ? ' ' : p[i]);
			}
			dg_buf_puts(&u->text, "\r\n");
		}
		p += n + (p[n] == '\n');
	}
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
	curl_easy_setopt(h, CURLOPT_MAIL_FROM, l->from);
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

static int transmit(const struct mailing *m, const struct letter *l, struct dg_err *err)
{
	char why[CURL_ERROR_SIZE] = "";
	struct curl_slist *to = NULL;
	struct upload u = {.at = 0};
	CURL *h = curl_easy_init();
	int r = h ? log_in(h, m, err) : dg_fail(err, DG_EIO, "libcurl does not start");

	for (size_t i = 0; i < l->n_to; i++) {
		to = curl_slist_append(to, l->to[i]);
	}
	if (r == 0) {
		make_upload(l, &u);
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

	if (r < 0 || l->n_to == 0) {
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
	for (size_t i = 0; i < l->n_to; i++) {
		dg_app_say(m->app, "sent to %s: %s", l->to[i], done);
	}
	m->n_sent++;
	return 0;
}

static int send_all(struct mailing *m, struct dg_err *err)
{
	const struct dg_args *args = m->app->args;
	struct letter *letters = dg_newn(m->arena, struct letter, args->n_rest);
	int r = take_url(m, err);

	for (size_t i = 0; r == 0 && i < args->n_rest; i++) { /* all are sound, or none is sent */
		letters[i].path = args->rest[i];
		r = is_sent_already(args->rest[i])
			    ? dg_fail(err, DG_EINPUT, "%s was sent already", args->rest[i])
			    : load(m->arena, &letters[i], err);
		r = r == 0 ? understand(m->arena, &letters[i], err) : r;
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
	dg_app_say(app, "%zu sent, %zu left", m.n_sent, app->args->n_rest - m.n_sent);
	(void)dg_arena_free(m.arena);
	return status;
}
