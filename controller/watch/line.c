#include "controller/watch/line.h"

#include "zones/base/digest.h"
#include "zones/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const kinds[] = {
	[DG_MAIL_TAKEN] = "taken",
	[DG_MAIL_UNKNOWN] = "unknown",
	[DG_MAIL_BARRED] = "barred",
	[DG_MAIL_SENT] = "sent",
	[DG_MAIL_RECEIVED] = "received",
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* --- keys -------------------------------------------------------------------------------------- */
static int look_at(int fd, const char *path, struct dg_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		return dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return dg_fail(err, DG_EINPUT, "key file %s is not a file", path);
	}
	if ((st.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
		return dg_fail(err, DG_EINPUT,
			"key file %s can be read by others or written by its group (mode %04o); "
			"chmod 0600 it",
			path, (unsigned)(st.st_mode & 07777));
	}
	return 0;
}

int dg_line_key_read(const char *path, struct dg_line_key *ret_key, struct dg_err *err)
{
	char text[DG_LINE_KEY_MAX + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		return dg_fail(err, DG_EIO, "key file %s: %s", path, strerrordesc_np(errno));
	}
	int r = look_at(fd, path, err);
	ssize_t n = r == 0 ? read(fd, text, sizeof(text)) : 0;
	(void)close(fd);
	if (r < 0) {
		return r;
	}
	while (n > 0 && strchr(" \t\r\n", text[n - 1])) {
		n--;
	}
	if (n < (ssize_t)DG_LINE_KEY_MIN || n > (ssize_t)DG_LINE_KEY_MAX) {
		OPENSSL_cleanse(text, sizeof(text));
		return dg_fail(err, DG_EINPUT,
			"key file %s: expected a secret of %u to %u octets; `openssl rand -hex 32` "
			"makes one",
			path, DG_LINE_KEY_MIN, DG_LINE_KEY_MAX);
	}
	*ret_key = (struct dg_line_key){.n = (size_t)n};
	memcpy(ret_key->octets, text, (size_t)n);
	OPENSSL_cleanse(text, sizeof(text));
	return 0;
}

static void mac_of(const struct dg_line_key *key, const char *what, const char *line, size_t n,
	uint8_t ret_mac[DG_DIGEST_LEN])
{
	uint8_t text[2 * DG_LINE_MAX];
	size_t n_what = strlen(what) + 1;
	unsigned len = 0;

	if (n_what + n > sizeof(text)) {
		abort();
	}
	memcpy(text, what, n_what);
	memcpy(text + n_what, line, n);
	if (!HMAC(EVP_sha256(), key->octets, (int)key->n, text, n_what + n, ret_mac, &len)) {
		abort();
	}
}

void dg_line_key_session(const struct dg_line_key *key, const char *controller_nonce,
	const char *sensor_nonce, struct dg_line_key *ret_key)
{
	*ret_key = (struct dg_line_key){.n = 0};
	if (key->n > 0) {
		ret_key->n = DG_DIGEST_LEN;
		mac_of(key, controller_nonce, sensor_nonce, strlen(sensor_nonce), ret_key->octets);
	}
}

void dg_line_nonce(char ret_nonce[DG_LINE_NONCE_HEX + 1])
{
	uint8_t octets[DG_LINE_NONCE_HEX / 2];

	if (RAND_bytes(octets, sizeof(octets)) != 1) {
		abort();
	}
	(void)dg_digest_text(octets, sizeof(octets), ret_nonce);
}

/* --- lines ------------------------------------------------------------------------------------- */
size_t dg_line_seal(const struct dg_line_key *key, const char *what, char *line, size_t n)
{
	char hex[DG_LINE_MAC_HEX + 1] = "-";
	uint8_t mac[DG_DIGEST_LEN];

	if (key->n > 0) {
		mac_of(key, what, line, n, mac);
		(void)dg_digest_text(mac, DG_LINE_MAC_HEX / 2, hex);
	}
	int more = snprintf(line + n, DG_LINE_MAX + 1 - n, " %s\n", hex);
	if (more < 0 || n + (size_t)more > DG_LINE_MAX) {
		abort();
	}
	return n + (size_t)more;
}

int dg_line_open(const struct dg_line_key *key, const char *what, char *line, size_t *n)
{
	char hex[DG_LINE_MAC_HEX + 1] = "-";
	uint8_t mac[DG_DIGEST_LEN];
	char *blank = *n <= DG_LINE_MAX ? memrchr(line, ' ', *n) : NULL;

	if (!blank) {
		return 1;
	}
	size_t len = (size_t)(blank - line), n_mac = *n - len - 1;
	if (key->n > 0) {
		mac_of(key, what, line, len, mac);
		(void)dg_digest_text(mac, DG_LINE_MAC_HEX / 2, hex);
	}
	if (n_mac != strlen(hex) || CRYPTO_memcmp(blank + 1, hex, n_mac) != 0) {
		return 1;
	}
	*blank = '\0';
	*n = len;
	return 0;
}

static bool is_plain(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f) {
			return false;
		}
	}
	return true;
}

bool dg_line_can_carry(const struct dg_mail_event *e)
{
	return e->address.n > 0 && e->address.n <= DG_LINE_ADDRESS_MAX &&
	       e->client.n <= DG_LINE_CLIENT_MAX && is_plain(e->address.p, e->address.n) &&
	       is_plain(e->client.p, e->client.n) &&
	       (e->client.n == 0 || !memchr(e->client.p, ' ', e->client.n)) && e->at_ms >= 0;
}

int dg_line_put_event(char line[DG_LINE_MAX], uint64_t seq, const struct dg_mail_event *e)
{
	if (!dg_line_can_carry(e)) {
		return -1;
	}
	return snprintf(line, DG_LINE_MAX, "e %llu %s %lld %.*s %.*s", (unsigned long long)seq,
		kinds[e->kind], (long long)e->at_ms, e->client.n > 0 ? (int)e->client.n : 1,
		e->client.n > 0 ? e->client.p : "-", (int)e->address.n, e->address.p);
}

int dg_line_put_position(char line[DG_LINE_MAX], uint64_t seq, const char *position)
{
	size_t n = strnlen(position, DG_LINE_POSITION_MAX + 1);

	if (n == 0 || n > DG_LINE_POSITION_MAX || !is_plain(position, n)) {
		return -1;
	}
	return snprintf(line, DG_LINE_MAX, "p %llu %s", (unsigned long long)seq, position);
}

char *dg_line_word(char **text)
{
	char *word = *text;

	if (!word || !*word || *word == ' ') {
		return NULL;
	}
	char *end = strchr(word, ' ');
	*text = end ? end + 1 : NULL;
	if (end) {
		*end = '\0';
	}
	return word;
}

int dg_line_number(const char *word, uint64_t *ret_number)
{
	uint64_t n = 0;
	size_t i = 0;

	for (; word && word[i] >= '0' && word[i] <= '9' && i < 19; i++) {
		n = n * 10 + (uint64_t)(word[i] - '0');
	}
	if (i == 0 || word[i]) {
		return 1;
	}
	*ret_number = n;
	return 0;
}

/* One word: its length, up to a blank or the end. */
static struct dg_text word_at(const char **p, const char *end)
{
	const char *blank = memchr(*p, ' ', (size_t)(end - *p));
	struct dg_text t = {*p, (size_t)((blank ? blank : end) - *p)};

	*p = blank ? blank + 1 : end;
	return t;
}

static int number_of(struct dg_text t, uint64_t *ret_number)
{
	char word[24];

	if (t.n >= sizeof(word)) {
		return 1;
	}
	memcpy(word, t.p, t.n);
	word[t.n] = '\0';
	return dg_line_number(word, ret_number);
}

static int parse_event(const char *p, const char *end, struct dg_mail_event *e)
{
	struct dg_text kind = word_at(&p, end);
	uint64_t ms = 0;
	size_t k = 0;

	while (k < N_KINDS &&
		(kind.n != strlen(kinds[k]) || memcmp(kind.p, kinds[k], kind.n) != 0)) {
		k++;
	}
	if (k == N_KINDS || number_of(word_at(&p, end), &ms) != 0) {
		return 1;
	}
	*e = (struct dg_mail_event){.kind = (enum dg_mail_kind)k, .at_ms = (int64_t)ms};
	e->client = word_at(&p, end);
	if (e->client.n == 1 && e->client.p[0] == '-') {
		e->client.n = 0;
	}
	e->address = (struct dg_text){p, (size_t)(end - p)};
	return dg_line_can_carry(e) ? 0 : 1;
}

int dg_line_parse(const char *line, size_t n, struct dg_line_said *ret_said)
{
	struct dg_line_said s = {.seq = 0};
	const char *p = line, *end = line + n;
	struct dg_text verb = word_at(&p, end);

	if (verb.n != 1 || number_of(word_at(&p, end), &s.seq) != 0 || s.seq == 0) {
		return 1;
	}
	s.is_event = verb.p[0] == 'e';
	if (s.is_event) {
		if (parse_event(p, end, &s.event) != 0) {
			return 1;
		}
	} else if (verb.p[0] != 'p' || p == end || end - p > DG_LINE_POSITION_MAX ||
		   !is_plain(p, (size_t)(end - p))) {
		return 1;
	} else {
		s.position = p;
	}
	*ret_said = s;
	return 0;
}

bool dg_line_is_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && n <= DG_LINE_NAME_MAX && !name[n];
}
