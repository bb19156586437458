/* Key files: how name servers and people write a TSIG key down. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "providers/net/dns.h"
#include "providers/net/tsig.h"
#include "zones/base/arena.h"
#include "zones/record/name.h"

#define CREDENTIALS   "$CREDENTIALS_DIRECTORY/"
#define ARENA_MAX     (1u << 20)
#define ALGORITHM_MAX 32u

/* A piece of the file. */
struct span {
	const char *p;
	size_t n;
};

struct found {
	struct span name;
	struct span algorithm;
	struct span secret;
};

/* A systemd service finds its secrets in a folder whose path it is told. */
static int expand(const char *path, char *buf, size_t len, struct dg_err *err)
{
	const char *at = strstr(path, CREDENTIALS);
	int n = 0;

	if (!at || (at != path && at[-1] != '/')) {
		n = snprintf(buf, len, "%s", path);
	} else {
		const char *folder = secure_getenv("CREDENTIALS_DIRECTORY");
		if (!folder || folder[0] != '/') {
			return dg_fail(err, DG_EINPUT,
				"key file %s: CREDENTIALS_DIRECTORY is not set: it is there in a "
				"systemd service with LoadCredential=; else write the file's own "
				"path",
				path);
		}
		n = snprintf(buf, len, "%s/%s", folder, at + strlen(CREDENTIALS));
	}
	if (n < 0 || (size_t)n >= len) {
		return dg_fail(
			err, DG_EINPUT, "key file: the path is longer than %zu bytes", len - 1);
	}
	return 0;
}

static int check_file(const char *path, const struct stat *st, struct dg_err *err)
{
	if (!S_ISREG(st->st_mode)) {
		return dg_fail(err, DG_EINPUT, "key file %s: not a regular file", path);
	}
	if ((st->st_mode & (S_IRWXO | S_IWGRP)) != 0) {
		return dg_fail(err, DG_EINPUT,
			"key file %s: mode %04o lets others than its owner and group read it, or "
			"more than its owner write it: chmod 0640 (or 0600)",
			path, (unsigned)st->st_mode & 07777u);
	}
	if (st->st_uid != geteuid() && st->st_uid != 0) {
		return dg_fail(err, DG_EINPUT,
			"key file %s: belongs to user %u, who could change it: expected user %u or "
			"root",
			path, (unsigned)st->st_uid, (unsigned)geteuid());
	}
	if (st->st_size > (off_t)DG_TSIG_FILE_MAX) {
		return dg_fail(err, DG_EINPUT, "key file %s: %lld bytes, at most %u were expected",
			path, (long long)st->st_size, DG_TSIG_FILE_MAX);
	}
	return 0;
}

/* Reads the file into buf (of DG_TSIG_FILE_MAX + 1), NUL added. */
static int read_file(const char *path, char *buf, size_t *ret_len, struct dg_err *err)
{
	struct stat st;
	size_t n = 0;
	ssize_t k = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) != 0) {
		int error = errno;
		if (fd >= 0) {
			(void)close(fd);
		}
		return dg_fail(err, error == ENOENT || error == EACCES ? DG_EINPUT : DG_EIO,
			"key file %s: %s", path, strerrordesc_np(error));
	}
	int r = check_file(path, &st, err);
	while (r == 0 && k > 0 && n < DG_TSIG_FILE_MAX) {
		k = read(fd, buf + n, DG_TSIG_FILE_MAX - n);
		n += k > 0 ? (size_t)k : 0;
	}
	if (r == 0 && k < 0) {
		r = dg_fail(err, DG_EIO, "key file %s: cannot be read: %s", path,
			strerrordesc_np(errno));
	}
	(void)close(fd);
	if (r == 0) {
		buf[n] = '\0';
		*ret_len = n;
	}
	return r;
}

/* Comments of BIND and Knot become blanks, but not inside quotes. A base64 secret may begin with "//": as a comment that
 * counts only with a blank behind it. */
static void blank_comments(char *s)
{
	bool is_quoted = false;

	for (size_t i = 0; s[i]; i++) {
		bool is_start = i == 0 || strchr(" \t\r\n;{}", s[i - 1]) != NULL;
		if (s[i] == '"') {
			is_quoted = !is_quoted;
		}
		if (is_quoted || !is_start) {
			continue;
		}
		if (s[i] == '#' ||
			(s[i] == '/' && s[i + 1] == '/' && strchr(" \t\r\n", s[i + 2]))) {
			size_t n = strcspn(s + i, "\n");
			memset(s + i, ' ', n);
		} else if (s[i] == '/' && s[i + 1] == '*') {
			char *end = strstr(s + i + 2, "*/");
			size_t n = end ? (size_t)(end + 2 - (s + i)) : strlen(s + i);
			memset(s + i, ' ', n);
		}
	}
}

/* The next word: quoted text, one of the characters { } ; or what stands up to a blank or one of those. */
static bool next_word(const char **at, struct span *ret)
{
	const char *s = *at + strspn(*at, " \t\r\n");

	if (*s == '\0') {
		return false;
	}
	if (*s == '"') {
		size_t n = strcspn(s + 1, "\"\n");
		*ret = (struct span){s + 1, n};
		*at = s + 1 + n + (s[1 + n] == '"');
		return true;
	}
	size_t n = strchr("{};", *s) ? 1 : strcspn(s, " \t\r\n{};\"");
	*ret = (struct span){s, n};
	*at = s + n;
	return true;
}

static bool span_is(const struct span *s, const char *word)
{
	return s->n == strlen(word) && strncasecmp(s->p, word, s->n) == 0;
}

static void strip_dot(struct span *s)
{
	if (s->n > 1 && s->p[s->n - 1] == '.') {
		s->n--;
	}
}

/* Is this the key that was asked for (any, when none was)? */
static bool is_wanted(const struct span *name, const char *want)
{
	struct span x = *name;

	if (!want) {
		return true;
	}
	struct span y = {want, strlen(want)};
	strip_dot(&x);
	strip_dot(&y);
	return x.n == y.n && strncasecmp(x.p, y.p, x.n) == 0;
}

/* key "name" { algorithm hmac-sha256; secret "..."; }; */
static unsigned parse_bind(const char *text, const char *want, struct found *ret)
{
	const char *at = text;
	struct span w;
	unsigned n = 0;

	while (next_word(&at, &w)) {
		struct found f = {0};
		struct span open;
		if (!span_is(&w, "key") || !next_word(&at, &f.name) || !next_word(&at, &open) ||
			!span_is(&open, "{")) {
			continue;
		}
		while (next_word(&at, &w) && !span_is(&w, "}")) {
			if (span_is(&w, "algorithm") && !next_word(&at, &f.algorithm)) {
				break;
			}
			if (span_is(&w, "secret") && !next_word(&at, &f.secret)) {
				break;
			}
		}
		if (is_wanted(&f.name, want)) {
			*ret = f;
			n++;
		}
	}
	return n;
}

/* "key: value" of one line, quotes taken off. */
static bool yaml_value(const char *line, size_t n, const char *key, struct span *ret)
{
	struct span v = {line, n};

	while (v.n > 0 && strchr(" \t-", *v.p)) {
		v.p++;
		v.n--;
	}
	size_t k = strlen(key);
	if (v.n <= k || strncmp(v.p, key, k) != 0 || v.p[k] != ':') {
		return false;
	}
	v.p += k + 1;
	v.n -= k + 1;
	while (v.n > 0 && strchr(" \t\"'", *v.p)) {
		v.p++;
		v.n--;
	}
	while (v.n > 0 && strchr(" \t\r\"'", v.p[v.n - 1])) {
		v.n--;
	}
	*ret = v;
	return true;
}

/* Knot's configuration: a list "key:" of id, algorithm, secret. */
static unsigned parse_knot(const char *text, const char *want, struct found *ret)
{
	struct found f = {0};
	unsigned n = 0;

	for (const char *line = text; *line; line += *line == '\n') {
		size_t len = strcspn(line, "\n");
		struct span v;
		if (yaml_value(line, len, "id", &v)) {
			f = (struct found){.name = v};
		} else if (yaml_value(line, len, "algorithm", &v)) {
			f.algorithm = v;
		} else if (f.name.n > 0 && yaml_value(line, len, "secret", &v)) {
			f.secret = v;
			if (is_wanted(&f.name, want)) {
				*ret = f;
				n++;
			}
		}
		line += len;
	}
	return n;
}

/* "[algorithm:]name:secret" as nsupdate -y and kdig -y take it, or the secret alone. */
static unsigned parse_plain(const char *text, const char *want, struct found *ret)
{
	const char *at = text;
	struct span w;
	struct span more;

	if (!next_word(&at, &w) || next_word(&at, &more)) {
		return 0;
	}
	struct span part[3] = {{w.p, 0}};
	size_t n = 0;
	for (size_t i = 0; i < w.n; i++) {
		if (w.p[i] != ':') {
			part[n].n++;
		} else if (n == 2) {
			return 0;
		} else {
			part[++n] = (struct span){w.p + i + 1, 0};
		}
	}
	ret->secret = part[n];
	ret->name = n > 0 ? part[n - 1] : (struct span){0};
	ret->algorithm = n > 1 ? part[0] : (struct span){0};
	return n == 0 || is_wanted(&ret->name, want);
}

static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

/* RFC 4648 section 4, padded. Returns the octets, 0 when it is not base64. */
static size_t base64_read(const struct span *s, uint8_t *out, size_t max)
{
	size_t n = 0;
	size_t digits = s->n;
	uint32_t bits = 0;

	while (digits > 0 && s->n - digits < 2 && s->p[digits - 1] == '=') {
		digits--;
	}
	if (s->n % 4 != 0 || s->n / 4 * 3 > max) {
		return 0;
	}
	for (size_t i = 0; i < s->n; i++) {
		int d = i < digits ? base64_digit(s->p[i]) : 0;
		if (d < 0) {
			return 0;
		}
		bits = bits << 6 | (uint32_t)d;
		if (i % 4 == 3) {
			out[n++] = (uint8_t)(bits >> 16);
			out[n++] = (uint8_t)(bits >> 8);
			out[n++] = (uint8_t)bits;
		}
	}
	return n - (s->n - digits);
}

/* What stands in the file is never shown: whoever wrote name and secret in the wrong order would see the secret in a log. */

/* The algorithm as our table writes it: lower case, no final dot. */
static int settle_algorithm(const char *path, const struct span *in_file, const char *want,
	char buf[ALGORITHM_MAX], struct dg_err *err)
{
	struct span a = *in_file;

	strip_dot(&a);
	if (a.n == 0) {
		a = want ? (struct span){want, strlen(want)} : a;
	} else if (want && !span_is(&a, want)) {
		return dg_fail(err, DG_EINPUT, "key file %s: the key has another algorithm than %s",
			path, want);
	}
	if (a.n == 0 || a.n >= ALGORITHM_MAX) {
		return dg_fail(err, DG_EINPUT,
			"key file %s: no algorithm stands there: name it beside the file "
			"(hmac-sha256 or hmac-sha512)",
			path);
	}
	for (size_t i = 0; i < a.n; i++) {
		char c = a.p[i];
		buf[i] = c;
		if (c >= 'A' && c <= 'Z') {
			buf[i] = (char)(c + ('a' - 'A'));
		}
	}
	buf[a.n] = '\0';
	return 0;
}

static int make(const char *path, const struct found *f, const char *want_name,
	const char *want_algorithm, struct dg_tsig_key **ret_key, struct dg_err *err)
{
	uint8_t secret[DG_TSIG_SECRET_MAX + 3];
	char algorithm[ALGORITHM_MAX] = "";
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(ARENA_MAX);
	const char *name = NULL;
	int r = settle_algorithm(path, &f->algorithm, want_algorithm, algorithm, err);

	if (r < 0) {
		return r;
	}
	struct span n = f->name.n > 0 ? f->name
				      : (struct span){want_name, want_name ? strlen(want_name) : 0};
	if (n.n == 0) {
		return dg_fail(err, DG_EINPUT,
			"key file %s: the secret has no name: name the key beside the file", path);
	}
	if (dg_name_parse(a, n.p, n.n, NULL, &name, err) < 0) {
		return dg_fail(
			err, DG_EINPUT, "key file %s: the key's name is not a domain name", path);
	}
	size_t len = base64_read(&f->secret, secret, sizeof(secret));
	r = len == 0 ? dg_fail(err, DG_EINPUT,
			       "key file %s: the secret is not base64 (RFC 4648 section 4)", path)
		     : dg_tsig_key_new(name, algorithm, secret, len, ret_key, err);
	OPENSSL_cleanse(secret, sizeof(secret));
	if (r < 0 && len > 0) {
		return dg_wrap(err, r, "key file %s", path);
	}
	return r;
}

static int parse(const char *path, char *text, const char *name, const char *algorithm,
	struct dg_tsig_key **ret_key, struct dg_err *err)
{
	struct found f = {0};

	blank_comments(text);
	unsigned n = parse_bind(text, name, &f);
	if (n == 0) {
		n = parse_knot(text, name, &f);
	}
	if (n == 0) {
		n = parse_plain(text, name, &f);
	}
	if (n == 0) {
		return dg_fail(err, DG_EINPUT,
			"key file %s: no key%s%s found: expected BIND's key \"name\" { algorithm "
			"hmac-sha256; secret \"...\"; };, "
			"Knot's key: list, [algorithm:]name:secret, or the base64 secret alone",
			path, name ? " " : "", name ? name : "");
	}
	if (n > 1) {
		return dg_fail(err, DG_EINPUT,
			"key file %s: holds %u keys%s%s: name the one that is meant, once", path, n,
			name ? " named " : "", name ? name : "");
	}
	return make(path, &f, name, algorithm, ret_key, err);
}

int dg_tsig_key_load(const char *path, const char *name, const char *algorithm,
	struct dg_tsig_key **ret_key, struct dg_err *err)
{
	char real[4096];
	size_t len = 0;
	int r = expand(path, real, sizeof(real), err);

	if (r < 0) {
		return r;
	}
	char *text = calloc(1, DG_TSIG_FILE_MAX + 1);
	if (!text) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	r = read_file(real, text, &len, err);
	if (r == 0 && memchr(text, '\0', len)) {
		r = dg_fail(err, DG_EINPUT, "key file %s: holds a NUL byte: it is no text", real);
	}
	if (r == 0) {
		r = parse(real, text, name, algorithm, ret_key, err);
	}
	OPENSSL_cleanse(text, DG_TSIG_FILE_MAX + 1);
	free(text);
	return r;
}
