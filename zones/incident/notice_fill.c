/* zones/incident/notice_fill.c: numbers, names and times of a letter. */
#include "zones/base/buf.h"
#include "zones/incident/notice_parts.h"

#include <string.h>

#define DAY      86400
#define CELL_MAX 200u /* octets of a text from outside in a letter */

struct civil {
	int64_t year;
	unsigned month, day, weekday, hour, minute, second;
};

/* Days since 1970-01-01 in the proleptic Gregorian calendar, counted in eras of 400 years from the first of March. */
static struct civil civil_of(int64_t at)
{
	int64_t days = at >= 0 ? at / DAY : -((DAY - 1 - at) / DAY);
	unsigned rest = (unsigned)(at - days * DAY);
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;
	unsigned month = mp < 10 ? mp + 3 : mp - 9;

	return (struct civil){.year = (int64_t)yoe + era * 400 + (month <= 2),
		.month = month,
		.day = doy - (153 * mp + 2) / 5 + 1,
		.weekday = (unsigned)(((days % 7) + 11) % 7),
		.hour = rest / 3600,
		.minute = rest / 60 % 60,
		.second = rest % 60};
}

void dg_notice_put_date(struct dg_buf *b, int64_t at)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct civil c = civil_of(at);

	dg_buf_printf(b, "%s, %u %s %lld %02u:%02u:%02u +0000", days[c.weekday], c.day,
		months[c.month - 1], (long long)c.year, c.hour, c.minute, c.second);
}

void dg_notice_put_time(struct dg_buf *b, int64_t at)
{
	struct civil c = civil_of(at);

	dg_buf_printf(b, "%04lld-%02u-%02uT%02u:%02u:%02uZ", (long long)c.year, c.month, c.day,
		c.hour, c.minute, c.second);
}

void dg_notice_put_uuid(struct dg_buf *b, const uint8_t random[16])
{
	for (size_t i = 0; i < 16; i++) {
		unsigned octet = random[i];

		octet = i == 6 ? (octet & 0x0f) | 0x40 : i == 8 ? (octet & 0x3f) | 0x80 : octet;
		dg_buf_printf(b, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", octet);
	}
}

/* --- places in a text ------------------------------------------------------------------------- */
static void put_text(struct dg_buf *b, const char *text)
{
	size_t n = strlen(text);

	dg_buf_put_safe(b, text, n < CELL_MAX ? n : CELL_MAX);
}

static void put_day(struct dg_buf *b, int64_t at)
{
	struct civil c = civil_of(at);

	dg_buf_printf(b, "%04lld-%02u-%02u %02u:%02u", (long long)c.year, c.month, c.day, c.hour,
		c.minute);
}

static void put_span(struct dg_buf *b, int64_t first, int64_t last)
{
	if (first <= 0 || last <= 0) {
		dg_buf_puts(b, "-");
		return;
	}
	put_day(b, first);
	dg_buf_puts(b, " .. ");
	put_day(b, last);
	dg_buf_puts(b, " UTC");
}

static void put_places(struct dg_buf *b, const struct dg_notice_item *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		dg_buf_puts(b, "  ");
		put_text(b, items[i]->text);
		if (items[i]->name[0] != '\0') {
			dg_buf_puts(b, " (");
			put_text(b, items[i]->name);
			dg_buf_putc(b, ')');
		}
		dg_buf_printf(b, "  %llu  ", (unsigned long long)items[i]->n);
		put_span(b, items[i]->first, items[i]->last);
		dg_buf_putc(b, '\n');
	}
}

static void put_origins(struct dg_buf *b, const struct dg_notice_seen *s)
{
	const struct dg_notice_item *top[DG_NOTICE_PLACES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < s->origins.n && n < DG_NOTICE_PLACES_MAX; i++) {
		if (s->origins.items[i].is_forged) {
			top[n++] = &s->origins.items[i];
		}
	}
	put_places(b, top, n);
}

static void put_place(struct dg_buf *b, const char *name, size_t len, const struct dg_notice *n,
	const struct dg_notice_seen *s)
{
	if (strncmp(name, "domain", len) == 0) {
		put_text(b, s->n_domains > 0 ? s->domains[0] : "?");
	} else if (strncmp(name, "who", len) == 0) {
		put_text(b, s->who[0] != '\0' ? s->who : "?");
	} else if (strncmp(name, "n", len) == 0) {
		uint64_t count = n->n_places > 0 ? n->n : s->n_bounces;
		dg_buf_printf(b, "%llu", (unsigned long long)count);
	} else if (strncmp(name, "span", len) == 0) {
		put_span(b, s->first, s->last);
	} else if (n->n_places > 0) {
		put_places(b, n->places, n->n_places);
	} else {
		put_origins(b, s);
	}
}

void dg_notice_fill(struct dg_buf *b, const char *message, const struct dg_notice *n,
	const struct dg_notice_seen *seen)
{
	for (const char *p = message; *p;) {
		const char *close = *p == '{' ? strchr(p, '}') : NULL;

		if (!close) {
			dg_buf_putc(b, *p++);
			continue;
		}
		put_place(b, p + 1, (size_t)(close - p) - 1, n, seen);
		p = close + 1;
	}
}
