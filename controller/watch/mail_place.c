#include "controller/watch/mail_place.h"

#include "zones/base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_MIN_S 1
#define POLL_MAX_S 86400

static int take_poll(const char *value, int *ret_ms, struct dg_err *err)
{
	char *end = NULL;
	long n = strtol(value, &end, 10);
	long unit = strcmp(end, "m") == 0 ? 60 : strcmp(end, "h") == 0 ? 3600 : 1;

	if (end == value || (unit == 1 && *end != '\0' && strcmp(end, "s") != 0) || n < 1 ||
		n > POLL_MAX_S || n * unit > POLL_MAX_S || n * unit < POLL_MIN_S) {
		return dg_fail(
			err, DG_EINPUT, "found 'poll=%.40s', expected for example poll=60s", value);
	}
	*ret_ms = (int)(n * unit * 1000);
	return 0;
}

static int take_word(struct dg_mail_place *p, const char *word, struct dg_err *err)
{
	const char *value = strchr(word, '=') + 1;
	size_t n = (size_t)(value - word);

	if (strncmp(word, "poll=", n) == 0) {
		return take_poll(value, &p->poll_ms, err);
	}
	if (*value != '/' || strlen(value) >= DG_MAIL_PLACE_WORD) {
		return dg_fail(
			err, DG_EINPUT, "found '%.200s', expected the whole path of a file", word);
	}
	(void)snprintf(
		*word == 'p' ? p->password_file : p->ca_file, DG_MAIL_PLACE_WORD, "%s", value);
	return 0;
}

/* Where the last word with an option begins; NULL: there is none. */
static char *last_option(char *text)
{
	static const char *const keys[] = {"poll=", "password-file=", "ca-file="};
	char *blank = strrchr(text, ' ');

	for (size_t i = 0; blank && i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strncmp(blank + 1, keys[i], strlen(keys[i])) == 0) {
			return blank;
		}
	}
	return NULL;
}

/* Is it of the kind, and what dg_source_open() calls it? */
static int name_it(
	const char *text, const char *kind, char ret_what[DG_SOURCE_PATH_MAX], struct dg_err *err)
{
	const char *said = dg_source_kind(text);
	bool is_imap = said && strncmp(said, "imap", 4) == 0;

	if (kind && strcmp(kind, "imap") == 0 ? !is_imap
		: kind                        ? text[0] != '/'
					      : !said && text[0] != '/') {
		return dg_fail(err, DG_EINPUT, "found '%.200s', expected %s", text,
			kind && strcmp(kind, "imap") == 0
				? "for example imaps://alice@mail.example.com/INBOX"
			: kind ? "its whole path, for example /home/alice/Maildir"
			       : "a whole path, or for example "
				 "imaps://alice@mail.example.com/INBOX");
	}
	(void)snprintf(ret_what, DG_SOURCE_PATH_MAX, "%s%s%s", kind && !is_imap ? kind : "",
		kind && !is_imap ? ":" : "", text);
	return 0;
}

int dg_mail_place_parse(
	const char *text, const char *kind, struct dg_mail_place *ret_place, struct dg_err *err)
{
	struct dg_mail_place *p = calloc(1, sizeof(*p));
	char *copy = strdup(text);
	int r = 0;

	if (!p || !copy) {
		abort();
	}
	p->poll_ms = DG_MAIL_PLACE_POLL_MS;
	for (char *at = last_option(copy); r == 0 && at; at = last_option(copy)) {
		r = take_word(p, at + 1, err);
		*at = '\0';
	}
	if (r == 0 && strlen(copy) >= DG_SOURCE_PATH_MAX - 512) {
		r = dg_fail(err, DG_EINPUT, "found '%.100s...', which is too long", copy);
	}
	r = r == 0 ? name_it(copy, kind, p->what, err) : r;
	if (r == 0 && strncmp(p->what, "imap", 4) == 0 && p->password_file[0] == '\0') {
		r = dg_fail(err, DG_EINPUT,
			"found '%.200s' without a password-file=FILE, expected one: a file with "
			"the "
			"password on its first line",
			copy);
	}
	if (r == 0) {
		*ret_place = *p;
	}
	free(p);
	free(copy);
	return r;
}

void dg_mail_place_apply(const struct dg_mail_place *p, struct dg_source_options *o)
{
	o->password_file = p->password_file[0] != '\0' ? p->password_file : NULL;
	o->ca_file = p->ca_file[0] != '\0' ? p->ca_file : NULL;
}
