#include "controller/letters/imap.h"

#include "controller/letters/source_parts.h"
#include "zones/base/err.h"
#include "zones/mail/chars.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK      16384u
#define CONNECT_MS 30000L
#define URL_MAX    600u

struct dg_imap {
	const struct dg_source *s;
	CURL *curl;
	char block[BLOCK];
	size_t from, end;
	unsigned tag;
	char line[DG_IMAP_LINE_MAX];
	char why[CURL_ERROR_SIZE];
};

/* --- where -------------------------------------------------------------------------------------------------- */
static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* False: too long, or with an octet that a command cannot have. */
static bool decode(const char *p, const char *end, char *out, size_t size)
{
	size_t n = 0;

	for (; p < end; p++) {
		char c = *p;

		if (c == '%' && end - p > 2 && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
			c = (char)(hex(p[1]) * 16 + hex(p[2]));
			p += 2;
		}
		if (n + 1 >= size || (unsigned char)c < 0x20 || c == 0x7f) {
			return false;
		}
		out[n++] = c;
	}
	out[n] = '\0';
	return n > 0;
}

static bool is_host(const char *p, const char *end)
{
	for (; p < end; p++) {
		if (!dg_is_alnum(*p) && !strchr(".-:[]", *p)) {
			return false;
		}
	}
	return true;
}

int dg_imap_place_parse(
	const char *path, bool is_tls, struct dg_imap_place *ret_place, struct dg_err *err)
{
	struct dg_imap_place p = {.is_tls = is_tls, .mailbox = "INBOX"};
	const char *start = path + 2;
	const char *slash = strncmp(path, "//", 2) == 0 ? strchrnul(start, '/') : NULL;
	const char *at = slash ? memrchr(start, '@', (size_t)(slash - start)) : NULL;

	if (!at || !is_host(at + 1, slash) || !decode(start, at, p.user, sizeof(p.user)) ||
		!decode(at + 1, slash, p.host, sizeof(p.host)) ||
		(*slash == '/' && slash[1] != '\0' &&
			!decode(slash + 1, slash + strlen(slash), p.mailbox, sizeof(p.mailbox)))) {
		return dg_fail(err, DG_EINPUT,
			"found '%s:%.200s', expected for example "
			"imaps://alice@mail.example.com/INBOX",
			is_tls ? "imaps" : "imap", path);
	}
	*ret_place = p;
	return 0;
}

static int read_password(const char *path, char ret_word[DG_IMAP_PASSWORD_MAX], struct dg_err *err)
{
	struct stat st;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;

	if (!path) {
		return dg_fail(err, DG_EINPUT,
			"an IMAP mailbox needs a password-file=FILE with the password on its first "
			"line");
	}
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		int why = fd < 0 ? errno : EINVAL;

		if (fd >= 0) {
			(void)close(fd);
		}
		return dg_fail(err, DG_EIO, "password file %.200s: %s", path, strerrordesc_np(why));
	}
	ssize_t n = read(fd, ret_word, DG_IMAP_PASSWORD_MAX - 1);
	(void)close(fd);
	if ((st.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
		explicit_bzero(ret_word, DG_IMAP_PASSWORD_MAX);
		return dg_fail(err, DG_EINPUT,
			"password file %.200s can be read by others or written by its group (mode "
			"%04o); chmod 0600 it",
			path, (unsigned)(st.st_mode & 07777));
	}
	ret_word[n > 0 ? n : 0] = '\0';
	ret_word[strcspn(ret_word, "\r\n")] = '\0';
	return ret_word[0] != '\0'
		       ? 0
		       : dg_fail(err, DG_EINPUT, "password file %.200s has no first line", path);
}

/* --- connecting ----------------------------------------------------------------------------------------------- */
static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct dg_imap *i = arg;
	struct pollfd p = {.fd = i->s->o.stop_fd, .events = POLLIN};

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return i->s->o.stop_fd >= 0 && poll(&p, 1, 0) > 0;
}

static void set_up(struct dg_imap *c, const struct dg_imap_place *p, const char *word)
{
	char url[URL_MAX];
	CURL *h = c->curl;

	(void)snprintf(url, sizeof(url), "%s://%s/", p->is_tls ? "imaps" : "imap", p->host);
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_USERNAME, p->user);
	curl_easy_setopt(h, CURLOPT_PASSWORD, word);
	curl_easy_setopt(h, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "imap,imaps");
	curl_easy_setopt(h, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
	if (c->s->o.ca_file) {
		curl_easy_setopt(h, CURLOPT_CAINFO, c->s->o.ca_file);
		curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_PROXY, "");
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)DG_SOURCE_TIMEOUT_MS);
	curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(h, CURLOPT_XFERINFODATA, c);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, c->why);
}

int dg_imap_open(const struct dg_source *s, const struct dg_imap_place *p,
	struct dg_imap **ret_imap, struct dg_err *err)
{
	char word[DG_IMAP_PASSWORD_MAX];
	int r = read_password(s->o.password_file, word, err);

	if (r < 0) {
		return r;
	}
	struct dg_imap *c = calloc(1, sizeof(*c));
	if (!c) {
		abort();
	}
	c->s = s;
	c->curl = curl_easy_init();
	if (!c->curl) {
		abort();
	}
	set_up(c, p, word);
	explicit_bzero(word, sizeof(word));
	CURLcode rc = curl_easy_perform(c->curl);
	if (rc != CURLE_OK) {
		r = dg_fail(err, rc == CURLE_LOGIN_DENIED ? DG_EREMOTE : DG_EIO, "%s@%s: %s",
			p->user, p->host, c->why[0] != '\0' ? c->why : curl_easy_strerror(rc));
		(void)dg_imap_close(c);
		return r;
	}
	*ret_imap = c;
	return 0;
}

struct dg_imap *dg_imap_close(struct dg_imap *c)
{
	if (c) {
		curl_easy_cleanup(c->curl);
		free(c);
	}
	return NULL;
}

/* --- octets ------------------------------------------------------------------------------------------------------ */
static int wait_for(struct dg_imap *c, short events, struct dg_err *err)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (curl_easy_getinfo(c->curl, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
		!dg_source_poll(c->s, fd, events, DG_SOURCE_TIMEOUT_MS)) {
		return dg_fail(err, DG_EIO, "the mail server is silent");
	}
	return 0;
}

static int more(struct dg_imap *c, struct dg_err *err)
{
	for (;;) {
		size_t n = 0;
		CURLcode rc = curl_easy_recv(c->curl, c->block, sizeof(c->block), &n);

		if (rc == CURLE_OK && n > 0) {
			c->from = 0;
			c->end = n;
			return 0;
		}
		if (rc != CURLE_AGAIN) {
			return dg_fail(err, DG_EIO, "the mail server has ended the connection");
		}
		int r = wait_for(c, POLLIN, err);
		if (r < 0) {
			return r;
		}
	}
}

static int send_all(struct dg_imap *c, const char *p, size_t n, struct dg_err *err)
{
	while (n > 0) {
		size_t sent = 0;
		CURLcode rc = curl_easy_send(c->curl, p, n, &sent);

		p += sent;
		n -= sent;
		if (rc != CURLE_OK && rc != CURLE_AGAIN) {
			return dg_fail(err, DG_EIO, "the mail server has ended the connection");
		}
		int r = rc == CURLE_AGAIN ? wait_for(c, POLLOUT, err) : 0;
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

int dg_imap_send(struct dg_imap *c, struct dg_err *err, const char *fmt, ...)
{
	char text[2 * DG_IMAP_MAILBOX_MAX + 256];
	va_list ap;
	int n = snprintf(text, sizeof(text), "dg%u ", ++c->tag);

	va_start(ap, fmt);
	n += vsnprintf(text + n, sizeof(text) - (size_t)n - 2, fmt, ap);
	va_end(ap);
	if ((size_t)n >= sizeof(text) - 3) {
		return dg_fail(err, DG_EINPUT, "the name of the mailbox is too long");
	}
	memcpy(text + n, "\r\n", 3);
	return send_all(c, text, (size_t)n + 2, err);
}

/* --- lines ------------------------------------------------------------------------------------------------------- */
/* Into c->line, without its end; the rest of a long one is passed over. */
static int read_line(struct dg_imap *c, struct dg_err *err)
{
	size_t n = 0;
	size_t passed = 0;
	char last = 0;

	for (;;) {
		int r = c->from == c->end ? more(c, err) : 0;

		if (r < 0) {
			return r;
		}
		last = c->block[c->from++];
		if (last == '\n') {
			break;
		}
		if (n + 1 < sizeof(c->line)) {
			c->line[n++] = last;
		} else if (++passed > DG_IMAP_PASSED_MAX) {
			return dg_fail(
				err, DG_ELIMIT, "the mail server sends a line without an end");
		}
	}
	n -= n > 0 && c->line[n - 1] == '\r';
	c->line[n] = '\0';
	return 0;
}

static int64_t literal_of(const char *line)
{
	size_t n = strlen(line);
	char *end = NULL;
	const char *open = n > 2 && line[n - 1] == '}' ? strrchr(line, '{') : NULL;

	if (!open || !dg_is_digit(open[1]) || strlen(open) > 14) {
		return -1;
	}
	int64_t size = strtoll(open + 1, &end, 10);
	return strcmp(end, "}") == 0 ? size : -1;
}

int dg_imap_rest(struct dg_imap *c, const char **ret_line, int64_t *ret_literal, struct dg_err *err)
{
	int r = read_line(c, err);

	if (r == 0) {
		*ret_line = c->line;
		*ret_literal = literal_of(c->line);
	}
	return r;
}

int dg_imap_line(struct dg_imap *c, const char **ret_line, int64_t *ret_literal, struct dg_err *err)
{
	char tag[24];
	int r = read_line(c, err);

	if (r < 0) {
		return r;
	}
	(void)snprintf(tag, sizeof(tag), "dg%u ", c->tag);
	if (strncmp(c->line, tag, strlen(tag)) == 0) {
		const char *said = c->line + strlen(tag);

		return strncasecmp(said, "OK", 2) == 0
			       ? DG_IMAP_DONE
			       : dg_fail(err, DG_EREMOTE, "the mail server says: %.200s", said);
	}
	if (strncmp(c->line, "* BYE", 5) == 0) {
		return dg_fail(err, DG_EIO, "the mail server says: %.200s", c->line + 2);
	}
	if (strncmp(c->line, "* ", 2) != 0 && c->line[0] != '+') {
		return dg_fail(
			err, DG_EREMOTE, "the mail server does not speak IMAP: %.80s", c->line);
	}
	*ret_line = c->line + (c->line[0] == '*' ? 2 : 1);
	*ret_literal = literal_of(c->line);
	return DG_IMAP_UNTAGGED;
}

int dg_imap_literal(struct dg_imap *c, uint64_t n,
	void (*on_octets)(void *arg, const char *p, size_t n), void *arg, struct dg_err *err)
{
	if (n > DG_IMAP_LITERAL_MAX) {
		return dg_fail(err, DG_ELIMIT, "the mail server sends more than was asked for");
	}
	while (n > 0) {
		int r = c->from == c->end ? more(c, err) : 0;

		if (r < 0) {
			return r;
		}
		size_t take = c->end - c->from < n ? c->end - c->from : (size_t)n;
		on_octets(arg, c->block + c->from, take);
		c->from += take;
		n -= take;
	}
	return 0;
}
