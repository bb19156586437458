#include "controller/letters/mbox_line.h"

#include "zones/mail/chars.h"
#include "zones/watch/sketch.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#define FROM_LINE_MAX 1000u

/* Two digits (the first may be a blank) below limit; -1: not such. */
static int two_digits(const char *p, int limit)
{
	if (!(dg_is_digit(p[0]) || p[0] == ' ') || !dg_is_digit(p[1])) {
		return -1;
	}
	int n = (p[0] == ' ' ? 0 : p[0] - '0') * 10 + p[1] - '0';
	return n < limit ? n : -1;
}

/* "Nov 26 10:00:00 2026", "Nov 26 10:00:00 +0100 2026", "Nov 26 10:00 2026" */
static bool read_date(const char *p, const char *end, int64_t *ret_at_ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm t = {.tm_isdst = -1};
	int month = 0;

	while (month < 12 && strncmp(months + 3 * (size_t)month, p, 3) != 0) {
		month++;
	}
	t.tm_mon = month;
	t.tm_mday = two_digits(p + 4, 32);
	t.tm_hour = two_digits(p + 7, 24);
	t.tm_min = two_digits(p + 10, 60);
	p += 12;
	if (month == 12 || t.tm_mday < 1 || t.tm_hour < 0 || t.tm_min < 0 || p[-3] != ':') {
		return false;
	}
	if (end - p >= 3 && p[0] == ':') {
		t.tm_sec = two_digits(p + 1, 61);
		p += 3;
	}
	/* The year is the last word, or before "remote from". */
	for (; end - p >= 5; p++) {
		if (p[0] == ' ' && dg_is_digit(p[1]) && dg_is_digit(p[2]) && dg_is_digit(p[3]) &&
			dg_is_digit(p[4]) && (end - p == 5 || p[5] == ' ')) {
			t.tm_year = (p[1] - '0') * 1000 + (p[2] - '0') * 100 + (p[3] - '0') * 10 +
				    p[4] - '0' - 1900;
			*ret_at_ms = t.tm_sec >= 0 ? (int64_t)mktime(&t) * 1000 : 0;
			return t.tm_year >= 70 && t.tm_sec >= 0;
		}
	}
	return false;
}

bool dg_mbox_is_from(const char *line, size_t n, int64_t *ret_at_ms)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	size_t shortest = strlen(" Nov 26 10:00 2026");

	if (n < 5 || n > FROM_LINE_MAX || memcmp(line, "From ", 5) != 0) {
		return false;
	}
	/* The sender may have blanks in it: the first weekday that a date follows. */
	for (size_t i = 4; i + 4 + shortest <= n; i++) {
		for (size_t day = 0; line[i] == ' ' && day < 7; day++) {
			if (memcmp(line + i + 1, days + 3 * day, 3) == 0 && line[i + 4] == ' ' &&
				read_date(line + i + 5, line + n, ret_at_ms)) {
				return true;
			}
		}
	}
	return false;
}

bool dg_mbox_is_quoted(const char *line, size_t n)
{
	size_t at = 0;

	while (at < n && line[at] == '>') {
		at++;
	}
	return at > 0 && n - at >= 5 && memcmp(line + at, "From ", 5) == 0;
}

static bool changes(const char *line, size_t n)
{
	static const char *const fields[] = {"status:", "x-status:", "x-keywords:", "x-uid:",
		"x-imap:", "x-imapbase:", "content-length:", "lines:", "x-mozilla-status:",
		"x-mozilla-status2:", "x-mozilla-keys:", "x-evolution:", "x-label:"};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t len = strlen(fields[i]);

		if (n >= len && strncasecmp(line, fields[i], len) == 0) {
			return true;
		}
	}
	return false;
}

void dg_mbox_key_start(struct dg_mbox_key *k, const char *from_line, size_t n)
{
	*k = (struct dg_mbox_key){.key = dg_sketch_key(0, from_line, n)};
}

void dg_mbox_key_line(struct dg_mbox_key *k, const char *line, size_t n)
{
	if (n == 0) { /* how many empty lines there are at the end may change */
		k->is_body = true;
		k->is_left_out = false;
		return;
	}
	if (!k->is_body && !dg_is_wsp(line[0])) {
		k->is_left_out = changes(line, n);
	}
	if (!k->is_left_out) {
		k->key = dg_sketch_key(k->key, line, n);
	}
}
