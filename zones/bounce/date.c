#include "zones/bounce/parts.h"

static bool number(struct dg_span s, int64_t *ret_n)
{
	int64_t n = 0;

	for (size_t i = 0; i < s.n && i < 6; i++) {
		if (!dg_is_digit(s.p[i])) {
			return false;
		}
		n = n * 10 + (s.p[i] - '0');
	}
	*ret_n = n;
	return s.n > 0 && s.n <= 5;
}

static int64_t month(struct dg_span s)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int64_t i = 0; s.n >= 3 && i < 12; i++) {
		if (dg_span_begins(s, (struct dg_span){names + i * 3, 3})) {
			return i + 1;
		}
	}
	return 0;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t days(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t era = y / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool clock_of(struct dg_span s, int64_t *ret_s)
{
	int64_t part[3] = {0};
	size_t n = 0;

	while (n < 3) {
		size_t colon = dg_span_char(s, ':');
		struct dg_span piece = colon == DG_NOWHERE ? s : dg_span_head(s, colon);

		if (!number(piece, &part[n++])) {
			return false;
		}
		if (colon == DG_NOWHERE) {
			break;
		}
		s = dg_span_cut(s, colon + 1);
	}
	*ret_s = part[0] * 3600 + part[1] * 60 + part[2];
	return n >= 2 && part[0] < 24 && part[1] < 60 && part[2] < 61;
}

/* "+0900", "-05:00", "EST", "GMT"; unknown words are UTC (RFC 5322 section 4.3). */
static int64_t zone_of(struct dg_span s)
{
	static const struct {
		char name[4];
		int64_t hours;
	} names[] = {{"est", -5}, {"edt", -4}, {"cst", -6}, {"cdt", -5}, {"mst", -7}, {"mdt", -6},
		{"pst", -8}, {"pdt", -7}, {"jst", 9}};
	int64_t n = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (dg_span_is(s, (struct dg_span){names[i].name, 3})) {
			return names[i].hours * 3600;
		}
	}
	if (s.n == 5 && (s.p[0] == '+' || s.p[0] == '-') && number(dg_span_cut(s, 1), &n)) {
		int64_t offset = n / 100 * 3600 + n % 100 * 60;
		return s.p[0] == '-' ? -offset : offset;
	}
	return 0;
}

int64_t dg_date_parse(struct dg_span value)
{
	struct dg_span words[8];
	size_t n = 0;
	int64_t day = 0;
	int64_t year = 0;
	int64_t second = 0;

	while (n < 8 && dg_word_next(&value, &words[n])) {
		n++;
	}
	for (size_t i = 0; i + 3 < n; i++) {
		int64_t m = month(words[i + 1]);

		if (m == 0 || !number(words[i], &day) || !number(words[i + 2], &year) ||
			!clock_of(words[i + 3], &second) || day < 1 || day > 31) {
			continue;
		}
		year += year < 50 ? 2000 : year < 100 ? 1900 : 0;
		if (year < 1970 || year > 9999) {
			return 0;
		}
		return days(year, m, day) * 86400 + second -
		       (i + 4 < n ? zone_of(words[i + 4]) : 0);
	}
	return 0;
}
