/* Any octets as what an IMAP server says, in place of libcurl. The first octet: 'a' all letters, 'n' those after UID 3 of UIDVALIDITY 17, else those
 * that come from now on. An octet 1 stands for the tag of the last command. */
#include "controller/letters/source.h"
#include "zones/base/err.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_MAX   (64u << 10)
#define LETTER_MAX  1000u
#define LETTERS_MAX 1000u
#define TAG_MAX     24u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true) {
		abort();
	}
}

/* --- libcurl, as far as it is used here --------------------------------------------------------------------- */
static struct {
	const char *p;
	size_t n, piece;
	char tag[TAG_MAX];
} server;

/* They look like functions in the header, too. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

CURL *curl_easy_init(void)
{
	return &server;
}

void curl_easy_cleanup(CURL *h)
{
	check(h == &server);
}

CURLcode curl_easy_setopt(CURL *h, CURLoption option, ...)
{
	(void)option;
	return h == &server ? CURLE_OK : CURLE_FAILED_INIT;
}

CURLcode curl_easy_getinfo(CURL *h, CURLINFO info, ...)
{
	(void)info;
	return h == &server ? CURLE_OK : CURLE_FAILED_INIT;
}

CURLcode curl_easy_perform(CURL *h)
{
	return h == &server ? CURLE_OK : CURLE_FAILED_INIT;
}

const char *curl_easy_strerror(CURLcode code)
{
	return code == CURLE_OK ? "well" : "not well";
}

/* Only what changes nothing is ever said, and no more than one command at once. */
CURLcode curl_easy_send(CURL *h, const void *octets, size_t n, size_t *ret_n)
{
	const char *text = octets;
	const char *blank = memchr(text, ' ', n);

	check(h == &server && blank && (size_t)(blank - text) + 2 < TAG_MAX && n > 2 &&
		memcmp(text + n - 2, "\r\n", 2) == 0 && !memchr(text, '\n', n - 1) &&
		(strncmp(blank, " EXAMINE ", 9) == 0 || strncmp(blank, " FETCH ", 7) == 0));
	(void)snprintf(server.tag, sizeof(server.tag), "%.*s ", (int)(blank - text), text);
	*ret_n = n;
	return CURLE_OK;
}

/* At most a piece of what is left; at its end the connection ends. */
CURLcode curl_easy_recv(CURL *h, void *octets, size_t room, size_t *ret_n)
{
	char *out = octets;
	size_t n = 0;

	check(h == &server && room > TAG_MAX);
	while (server.n > 0 && n < server.piece && n + TAG_MAX < room) {
		char c = *server.p++;

		server.n--;
		if (c == 1) {
			n += (size_t)snprintf(out + n, TAG_MAX, "%s", server.tag);
		} else {
			out[n++] = c;
		}
	}
	*ret_n = n;
	return CURLE_OK;
}

/* --- the mailbox ------------------------------------------------------------------------------------------------ */
static const char *password_file(void)
{
	static char path[64];

	if (path[0] == '\0') {
		int fd = memfd_create("password", MFD_CLOEXEC);

		check(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, "word\n", 5) == 5);
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	return path;
}

static uint64_t uid_of(const struct dg_letter *l)
{
	const char *at = strstr(l->name, " uid ");

	check(at != NULL);
	return strtoull(at + 5, NULL, 10);
}

/* UIDs rise, and the position says the last one. */
static void read_all(struct dg_source *s, bool is_followed)
{
	uint64_t validity = 0, last = 0, uid = 0;
	struct dg_letter l;
	struct dg_err err = {0};
	int r = 0;

	for (size_t i = 0; i < LETTERS_MAX && (r = dg_source_next(s, &l, &err)) == 0; i++) {
		check(l.n <= LETTER_MAX && l.size >= l.n && uid_of(&l) > uid);
		uid = uid_of(&l);
		if (is_followed) {
			check(sscanf(dg_source_position(s), "1 %" SCNu64 " %" SCNu64, &validity,
				      &last) == 2 &&
				last == uid);
		}
		(void)dg_source_notice(s);
	}
	check(r >= 0 || err.text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_source_options o = {
		.letter_max = LETTER_MAX, .password_file = password_file(), .stop_fd = -1};
	struct dg_source *s = NULL;
	struct dg_err err;

	if (size < 1 || size > INPUT_MAX) {
		return 0;
	}
	o.is_followed = data[0] != 'a';
	o.position = data[0] == 'n' ? "1 17 3" : NULL;
	char *text = malloc(size);
	memcpy(text, data, size);
	server.p = text + 1;
	server.n = size - 1;
	server.piece = 1 + size % 97;
	check(dg_source_open("imaps://a%40b@mail.example/IN\"BOX", &o, &s, &err) == 0);
	read_all(s, o.is_followed);
	dg_source_close(s);
	free(text);
	return 0;
}
