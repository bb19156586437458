/* A mailbox at an IMAP server. EXAMINE and BODY.PEEK: nothing is marked as read.
 *
 * Letters are asked for by their number, which cannot change while nothing but FETCH is said (RFC 9051 section 7.5.1); which number is the
 * first with a UID above the last one is found by halving, so nothing as long as the mailbox is ever kept. */
#include "controller/letters/imap.h"
#include "controller/letters/source_parts.h"
#include "zones/base/err.h"
#include "zones/mail/chars.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WINDOW 32u /* letters asked for at once */

struct mailbox {
	struct dg_imap_place place;
	struct dg_imap *c;       /* NULL: not connected */
	uint64_t validity, last; /* UIDVALIDITY (0: not known), the last UID that was handed in */
	bool is_known;           /* where to begin */
	uint64_t n_exists,
		next; /* next: the number to be asked for next; 0: the mailbox is to be looked at */
	bool is_answering; /* a FETCH of letters is under way */
};

/* One FETCH response. */
struct answer {
	struct dg_source *s;
	uint64_t number, uid, size;
	int64_t at_ms;
	bool has_uid, has_body;
};

static void lose(struct dg_source *s)
{
	struct mailbox *m = s->own;

	m->c = dg_imap_close(m->c);
	m->next = 0;
	m->is_answering = false;
}

/* --- words of an answer ------------------------------------------------------------------------------------ */
/* The number behind a word that stands alone; false: not there. */
static bool number_of(const char *line, const char *word, uint64_t *ret_n)
{
	size_t n = strlen(word);

	for (const char *p = strstr(line, word); p; p = strstr(p + 1, word)) {
		if ((p == line || strchr(" ([", p[-1])) && p[n] == ' ' && dg_is_digit(p[n + 1])) {
			*ret_n = strtoull(p + n + 1, NULL, 10);
			return true;
		}
	}
	return false;
}

static bool fits(char shape, char c)
{
	return shape == 'd'   ? dg_is_digit(c)
	       : shape == 'm' ? dg_is_alpha(c)
	       : shape == 's' ? c == '+' || c == '-'
			      : c == shape;
}

/* "17-Jul-1996 02:44:25 -0700" */
static int64_t date_of(const char *line)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static const char shape[] = "dd-mmm-dddd dd:dd:dd sdddd";
	const char *p = strstr(line, "INTERNALDATE \"");
	int n[26] = {0};

	if (!p) {
		return 0;
	}
	p += strlen("INTERNALDATE \"");
	for (size_t i = 0; shape[i] != '\0'; i++) {
		if (!fits(shape[i], p[i]) && !(i == 0 && p[i] == ' ')) {
			return 0;
		}
		n[i] = dg_is_digit(p[i]) ? p[i] - '0' : 0;
	}
	const char *month = memmem(months, strlen(months), p + 3, 3);
	if (!month || (month - months) % 3 != 0) {
		return 0;
	}
	struct tm t = {.tm_mday = n[0] * 10 + n[1],
		.tm_mon = (int)((month - months) / 3),
		.tm_year = n[7] * 1000 + n[8] * 100 + n[9] * 10 + n[10] - 1900,
		.tm_hour = n[12] * 10 + n[13],
		.tm_min = n[15] * 10 + n[16],
		.tm_sec = n[18] * 10 + n[19]};
	int64_t hours = (int64_t)n[22] * 10 + n[23];
	int64_t minutes = (int64_t)n[24] * 10 + n[25];
	int64_t offset = (hours * 60 + minutes) * 60;
	return ((int64_t)timegm(&t) - (p[21] == '-' ? -offset : offset)) * 1000;
}

static void take_words(struct answer *a, const char *line)
{
	a->has_uid = number_of(line, "UID", &a->uid) || a->has_uid;
	(void)number_of(line, "RFC822.SIZE", &a->size);
	a->at_ms = a->at_ms ? a->at_ms : date_of(line);
}

static void on_body(void *arg, const char *p, size_t n)
{
	struct answer *a = arg;

	dg_octets_add(&a->s->letter, p, n);
}

static void on_nothing(void *arg, const char *p, size_t n)
{
	(void)arg;
	(void)p;
	(void)n;
}

/* The rest of a FETCH response whose first line was read. */
static int read_fetch(struct dg_source *s, const char *line, int64_t literal,
	struct answer *ret_answer, struct dg_err *err)
{
	struct mailbox *m = s->own;
	struct answer a = {.s = s};
	int r = 0;

	dg_octets_clear(&s->letter);
	for (a.number = strtoull(line, NULL, 10); r == 0;
		r = dg_imap_rest(m->c, &line, &literal, err)) {
		bool is_body = strstr(line, "BODY[]") != NULL;

		a.has_body = a.has_body || is_body; /* NIL and "" too: nothing is in it */
		take_words(&a, line);
		if (literal < 0) {
			break;
		}
		r = dg_imap_literal(
			m->c, (uint64_t)literal, is_body ? on_body : on_nothing, &a, err);
		if (r < 0) {
			return r;
		}
	}
	*ret_answer = a;
	return r;
}

static bool is_fetch(const char *line)
{
	size_t n = strspn(line, "0123456789");

	return n > 0 && strncasecmp(line + n, " FETCH ", 7) == 0;
}

/* --- looking ---------------------------------------------------------------------------------------------------- */
static const char *quoted(const char *text, char buf[2 * DG_IMAP_MAILBOX_MAX])
{
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\') {
			buf[n++] = '\\';
		}
		buf[n++] = *p;
	}
	buf[n] = '\0';
	return buf;
}

/* All other lines of an answer are passed over. */
static int examine(struct dg_source *s, uint64_t *ret_validity, struct dg_err *err)
{
	struct mailbox *m = s->own;
	char name[2 * DG_IMAP_MAILBOX_MAX];
	const char *line = NULL;
	int64_t literal = -1;
	uint64_t n = 0;
	int r = dg_imap_send(m->c, err, "EXAMINE \"%s\"", quoted(m->place.mailbox, name));

	*ret_validity = m->n_exists = 0;
	while (r == 0 && (r = dg_imap_line(m->c, &line, &literal, err)) == DG_IMAP_UNTAGGED) {
		size_t digits = strspn(line, "0123456789");

		if (digits > 0 && strcasecmp(line + digits, " EXISTS") == 0) {
			m->n_exists = strtoull(line, NULL, 10);
		} else if (number_of(line, "UIDVALIDITY", &n)) {
			*ret_validity = n;
		}
		if (literal >= 0) {
			r = dg_imap_literal(m->c, (uint64_t)literal, on_nothing, NULL, err);
		}
	}
	return r < 0 ? r : 0;
}

static int uid_of(struct dg_source *s, uint64_t number, uint64_t *ret_uid, struct dg_err *err)
{
	struct mailbox *m = s->own;
	struct answer a = {0};
	const char *line = NULL;
	int64_t literal = -1;
	bool has = false;
	int r = dg_imap_send(m->c, err, "FETCH %" PRIu64 " (UID)", number);

	while (r == 0 && (r = dg_imap_line(m->c, &line, &literal, err)) == DG_IMAP_UNTAGGED) {
		if (is_fetch(line)) {
			r = read_fetch(s, line, literal, &a, err);
			if (r == 0 && a.number == number && a.has_uid) {
				*ret_uid = a.uid;
				has = true;
			}
		}
	}
	return r < 0 ? r : has ? 0 : dg_fail(err, DG_EREMOTE, "the mail server does not tell UIDs");
}

/* The first number whose UID is above the last one, into m->next; above n_exists: none. */
static int find_next(struct dg_source *s, struct dg_err *err)
{
	struct mailbox *m = s->own;
	uint64_t low = 1;
	uint64_t high = m->n_exists + 1;
	uint64_t uid = 0;

	if (m->last == 0) {
		m->next = 1;
		return 0;
	}
	/* Mostly there is nothing new, or little. */
	for (uint64_t step = 1; low < high; step *= 2) {
		uint64_t at = high > step ? high - step : low;
		at = at < low ? low : at;
		int r = uid_of(s, at, &uid, err);
		if (r < 0) {
			return r;
		}
		if (uid <= m->last) {
			low = at + 1;
			break;
		}
		high = at;
	}
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		int r = uid_of(s, middle, &uid, err);
		if (r < 0) {
			return r;
		}
		if (uid <= m->last) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	m->next = high;
	return 0;
}

static int look(struct dg_source *s, struct dg_err *err)
{
	struct mailbox *m = s->own;
	uint64_t validity = 0;
	int r = m->c ? 0 : dg_imap_open(s, &m->place, &m->c, err);

	r = r == 0 ? examine(s, &validity, err) : r;
	if (r < 0) {
		return r;
	}
	if (m->is_known && m->validity != 0 && validity != m->validity) {
		(void)snprintf(s->notice, sizeof(s->notice),
			"the mailbox was made anew (UIDVALIDITY %" PRIu64 ", was %" PRIu64
			"): what is in it now is old",
			validity, m->validity);
		m->is_known = !s->o.is_followed;
		m->last = 0;
	}
	m->validity = validity;
	if (!m->is_known && m->n_exists > 0) {
		r = uid_of(s, m->n_exists, &m->last, err);
	}
	m->is_known = m->is_known || r == 0;
	return r == 0 ? find_next(s, err) : r;
}

/* --- letters ----------------------------------------------------------------------------------------------------- */
static int ask(struct dg_source *s, struct dg_err *err)
{
	struct mailbox *m = s->own;
	uint64_t last = m->n_exists - m->next < WINDOW ? m->n_exists : m->next + WINDOW - 1;
	int r = dg_imap_send(m->c, err,
		"FETCH %" PRIu64 ":%" PRIu64 " (UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.%zu>)",
		m->next, last, s->letter.max);

	m->next = last + 1;
	m->is_answering = r == 0;
	return r;
}

/* 0: a letter; 1: the command is done. */
static int read_letter(struct dg_source *s, struct answer *ret_answer, struct dg_err *err)
{
	struct mailbox *m = s->own;
	const char *line = NULL;
	int64_t literal = -1;
	int r = 0;

	while (r == 0 && (r = dg_imap_line(m->c, &line, &literal, err)) == DG_IMAP_UNTAGGED) {
		if (!is_fetch(line)) {
			continue;
		}
		r = read_fetch(s, line, literal, ret_answer, err);
		if (r == 0 && ret_answer->has_uid && ret_answer->has_body &&
			ret_answer->uid > m->last) {
			return 0;
		}
	}
	m->is_answering = false;
	return r < 0 ? r : 1;
}

static int imap_next(struct dg_source *s, struct dg_letter *ret_letter, struct dg_err *err)
{
	struct mailbox *m = s->own;
	struct answer a = {0};
	int r = 1;

	while (r == 1) {
		if (m->is_answering) {
			r = read_letter(s, &a, err);
			continue;
		}
		if (m->next == 0) {
			r = look(s, err);
		} else if (m->next > m->n_exists) {
			m->next = 0;
			return DG_SOURCE_END;
		} else {
			r = ask(s, err);
		}
		r = r == 0 ? 1 : r;
	}
	if (r < 0) {
		lose(s);
		return r;
	}
	m->last = a.uid;
	s->letter.size = a.size > s->letter.n ? a.size : s->letter.n;
	(void)snprintf(s->name, sizeof(s->name), "%.100s/%.200s uid %" PRIu64, m->place.host,
		m->place.mailbox, a.uid);
	dg_source_give(s, a.at_ms, ret_letter);
	return 0;
}

/* --- life -------------------------------------------------------------------------------------------------------- */
static bool parse_position(struct mailbox *m, const char *text)
{
	char *at = NULL;
	char *end = NULL;

	if (strncmp(text, "1 ", 2) != 0) {
		return false;
	}
	uint64_t validity = strtoull(text + 2, &at, 10);
	uint64_t last = strtoull(at, &end, 10);
	if (at == text + 2 || end == at || *end != '\0') {
		return false;
	}
	m->validity = validity;
	m->last = last;
	return true;
}

static int open_at(struct dg_source *s, bool is_tls, struct dg_err *err)
{
	struct mailbox *m = calloc(1, sizeof(*m));

	if (!m) {
		abort();
	}
	s->own = m;
	m->is_known = !s->o.is_followed;
	if (s->o.position) {
		m->is_known = parse_position(m, s->o.position);
	}
	return dg_imap_place_parse(s->path, is_tls, &m->place, err);
}

static int imap_open(struct dg_source *s, struct dg_err *err)
{
	return open_at(s, false, err);
}

static int imaps_open(struct dg_source *s, struct dg_err *err)
{
	return open_at(s, true, err);
}

static void imap_position(struct dg_source *s)
{
	const struct mailbox *m = s->own;
	char text[64];

	/* Not known yet: nothing may be taken for read that was not. */
	(void)snprintf(text, sizeof(text), "1 %" PRIu64 " %" PRIu64, m->validity, m->last);
	free(s->position);
	s->position = strdup(m->is_known ? text : "");
}

static void imap_wait(struct dg_source *s, int timeout_ms)
{
	(void)dg_source_poll(s, -1, POLLIN, timeout_ms);
}

static void imap_close(struct dg_source *s)
{
	if (s->own) {
		lose(s);
		free(s->own);
	}
}

const struct dg_source_ops dg_source_imap = {.name = "imap",
	.open = imap_open,
	.next = imap_next,
	.position = imap_position,
	.wait = imap_wait,
	.close = imap_close};

const struct dg_source_ops dg_source_imaps = {.name = "imaps",
	.open = imaps_open,
	.next = imap_next,
	.position = imap_position,
	.wait = imap_wait,
	.close = imap_close};
