/* SOA serials (RFC 1982). */
#include "zones/record/zonefile.h"

#define DAY        86400
#define TEN_YEARS  (3653 * (int64_t)DAY)
#define FIRST_YEAR 1980 /* serials that read as an earlier or later date are counters */
#define LAST_YEAR  2100

static bool is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_of(unsigned year, unsigned month)
{
	static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

/* YYYYMMDD00 of the day of now. */
static uint32_t date_serial(int64_t now)
{
	int64_t days = now / DAY;
	unsigned year = 1970;
	unsigned month = 1;

	while (days >= (is_leap(year) ? 366 : 365)) {
		days -= is_leap(year) ? 366 : 365;
		year++;
	}
	while (days >= (int64_t)days_of(year, month)) {
		days -= days_of(year, month);
		month++;
	}
	return ((year * 100 + month) * 100 + (unsigned)days + 1) * 100;
}

static bool is_date(uint32_t serial)
{
	unsigned year = serial / 1000000;
	unsigned month = serial / 10000 % 100;
	unsigned day = serial / 100 % 100;

	return year >= FIRST_YEAR && year <= LAST_YEAR && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days_of(year, month);
}

static bool is_ahead(uint32_t serial, uint32_t old)
{
	uint32_t d = serial - old;

	return d > 0 && d < 1u << 31;
}

static enum dg_serial_scheme scheme_of(uint32_t old, int64_t now)
{
	int64_t away = now > (int64_t)old ? now - old : old - now;

	if (is_date(old)) {
		return DG_SERIAL_DATE;
	}
	return away <= TEN_YEARS ? DG_SERIAL_UNIX : DG_SERIAL_INCREMENT;
}

uint32_t dg_serial_next(uint32_t old, enum dg_serial_scheme scheme, int64_t now)
{
	uint32_t serial = old;

	now = now > 0 ? now : 0;
	switch (scheme == DG_SERIAL_AUTO ? scheme_of(old, now) : scheme) {
	case DG_SERIAL_KEEP:
		return old;
	case DG_SERIAL_DATE:
		serial = now / DAY / 366 + 1970 <= LAST_YEAR ? date_serial(now) : old;
		break;
	case DG_SERIAL_UNIX:
		serial = (uint32_t)now;
		break;
	case DG_SERIAL_AUTO:
	case DG_SERIAL_INCREMENT:
		break;
	}
	return is_ahead(serial, old) ? serial : old + 1;
}
