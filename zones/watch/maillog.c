#include "zones/watch/maillog.h"

#include "zones/watch/maillog_parts.h"
#include "zones/watch/sketch.h"

#include <stdlib.h>

#define WAYS      4u
#define N_BUCKETS (DG_MAILLOG_IDS / WAYS)
#define DAY_S     86400

struct dg_maillog {
	struct dg_maillog_options options;
	struct dg_maillog_counts counts;
	uint32_t clock;
	bool is_skipping; /* the rest of an overlong line */
	size_t n_held;
	char held[DG_MAILLOG_LINE_MAX]; /* the beginning of a line that is not complete */
	struct dg_id ids[N_BUCKETS][WAYS];
};

struct dg_maillog *dg_maillog_new(const struct dg_maillog_options *o)
{
	struct dg_maillog *m = calloc(1, sizeof(*m));

	if (!m) {
		abort();
	}
	m->options = *o;
	return m;
}

struct dg_maillog *dg_maillog_free(struct dg_maillog *m)
{
	free(m);
	return NULL;
}

void dg_maillog_clock(struct dg_maillog *m, int64_t written_ms, int32_t utc_offset_s)
{
	m->options.written_ms = written_ms;
	m->options.utc_offset_s = utc_offset_s;
}

void dg_maillog_counts(const struct dg_maillog *m, struct dg_maillog_counts *ret_counts)
{
	*ret_counts = m->counts;
}

/* --- the join --------------------------------------------------------------------------------- */
static struct dg_id *bucket(struct dg_maillog *m, struct dg_text id, uint64_t *ret_key)
{
	*ret_key = dg_sketch_key(0, id.p, id.n) | 1;
	return m->ids[(*ret_key >> 32) % N_BUCKETS];
}

struct dg_id *dg_id_get(struct dg_maillog *m, struct dg_text id)
{
	uint64_t key;
	struct dg_id *b = bucket(m, id, &key);

	for (unsigned i = 0; i < WAYS; i++) {
		if (b[i].key == key) {
			b[i].used = ++m->clock;
			return &b[i];
		}
	}
	return NULL;
}

struct dg_id *dg_id_make(struct dg_maillog *m, struct dg_text id)
{
	uint64_t key;
	struct dg_id *b = bucket(m, id, &key);
	struct dg_id *oldest = b;

	for (unsigned i = 0; i < WAYS; i++) {
		if (b[i].key == key) {
			b[i].used = ++m->clock;
			return &b[i];
		}
		if (b[i].key == 0 || (oldest->key != 0 && b[i].used < oldest->used)) {
			oldest = &b[i];
		}
	}
	m->counts.n_forgotten += oldest->key != 0;
	*oldest = (struct dg_id){.key = key, .used = ++m->clock};
	return oldest;
}

void dg_id_drop(struct dg_maillog *m, struct dg_text id)
{
	struct dg_id *i = dg_id_get(m, id);

	if (i) {
		i->key = 0;
	}
}

void dg_id_client(struct dg_id *i, struct dg_text client)
{
	bool is_loopback = client.n == 0 || (client.n >= 4 && memcmp(client.p, "127.", 4) == 0) ||
			   (client.n == 3 && memcmp(client.p, "::1", 3) == 0);

	i->is_taken = true;
	i->is_outside = !is_loopback;
	i->client_len = (uint8_t)(client.n < sizeof(i->client) ? client.n : 0);
	memcpy(i->client, client.p, i->client_len);
}

void dg_id_sender(struct dg_id *i, struct dg_text sender)
{
	i->is_null = sender.n == 0;
	i->has_sender = true;
	i->text_len = (uint8_t)(sender.n < sizeof(i->text) ? sender.n : 0);
	memcpy(i->text, sender.p, i->text_len);
}

void dg_id_user(struct dg_id *i, struct dg_text user)
{
	i->user_len = (uint8_t)(user.n < sizeof(i->user) ? user.n : sizeof(i->user));
	memcpy(i->user, user.p, i->user_len);
}

/* --- stamps ----------------------------------------------------------------------------------- */
static bool digits(const char *p, size_t n, int64_t *ret_value)
{
	int64_t v = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9') {
			return false;
		}
		v = v * 10 + (p[i] - '0');
	}
	*ret_value = v;
	return true;
}

/* Days from 1970-01-01 of the proleptic Gregorian calendar. */
static int64_t days(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "18:52:16" */
static bool clock_s(const char *p, int64_t *ret_s)
{
	int64_t h;
	int64_t min;
	int64_t s;

	if (!digits(p, 2, &h) || p[2] != ':' || !digits(p + 3, 2, &min) || p[5] != ':' ||
		!digits(p + 6, 2, &s) || h > 23 || min > 59 || s > 60) {
		return false;
	}
	*ret_s = h * 3600 + min * 60 + s;
	return true;
}

/* ".251777" and "+02:00", "Z", " +0200"; the rest is not looked at. */
static void fraction_and_zone(
	const char *p, const char *end, int64_t *s, int64_t *ms, bool *has_zone)
{
	if (p < end && *p == '.') {
		int64_t unit = 100;
		for (p++; p < end && *p >= '0' && *p <= '9'; p++, unit /= 10) {
			*ms += (*p - '0') * unit;
		}
	}
	p += p < end && *p == ' ';
	if (p < end && *p == 'Z') {
		*has_zone = true;
		return;
	}
	int64_t h;
	int64_t min;
	if (end - p >= 5 && (*p == '+' || *p == '-') && digits(p + 1, 2, &h) &&
		digits(p + (p[3] == ':' && end - p >= 6 ? 4 : 3), 2, &min)) {
		int64_t off = h * 3600 + min * 60;
		*s -= *p == '-' ? -off : off;
		*has_zone = true;
	}
}

/* "2026-11-22T18:52:16.251777+00:00", "2026-11-22 18:53:48.300" */
static bool full_stamp(struct dg_text t, int32_t utc_offset_s, int64_t *ret_ms)
{
	int64_t year;
	int64_t month;
	int64_t day;
	int64_t s;
	int64_t ms = 0;
	bool has_zone = false;

	if (t.n < 19 || !digits(t.p, 4, &year) || t.p[4] != '-' || !digits(t.p + 5, 2, &month) ||
		t.p[7] != '-' || !digits(t.p + 8, 2, &day) || !clock_s(t.p + 11, &s) || month < 1 ||
		month > 12) {
		return false;
	}
	s += days(year, month, day) * DAY_S;
	fraction_and_zone(t.p + 19, t.p + t.n, &s, &ms, &has_zone);
	*ret_ms = (s - (has_zone ? 0 : utc_offset_s)) * 1000 + ms;
	return true;
}

/* "Nov 22 18:52:38": the year is the one that puts it last before the log was written. */
static bool short_stamp(struct dg_text t, const struct dg_maillog_options *o, int64_t *ret_ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t day;
	int64_t s;
	int64_t month = 0;

	for (int64_t m = 0; t.n >= 15 && m < 12; m++) {
		month = memcmp(t.p, months + 3 * m, 3) == 0 ? m + 1 : month;
	}
	if (month == 0 || !digits(t.p[4] == ' ' ? t.p + 5 : t.p + 4, t.p[4] == ' ' ? 1 : 2, &day) ||
		!clock_s(t.p + 7, &s)) {
		return false;
	}
	int64_t limit_s = o->written_ms / 1000 + DAY_S;
	int64_t year = 1971 + limit_s / (365 * DAY_S + DAY_S / 4);
	int64_t at_s;
	do {
		at_s = days(year--, month, day) * DAY_S + s - o->utc_offset_s;
	} while (at_s > limit_s && year > 1970);
	*ret_ms = at_s * 1000;
	return true;
}

void dg_line_event_of(struct dg_line *l, struct dg_mail_event *e)
{
	const struct dg_maillog_options *o = &l->log->options;

	if (e->address.n == 0 || !o->on_event) {
		return;
	}
	if (l->stamp.n >= 19 ? !full_stamp(l->stamp, o->utc_offset_s, &e->at_ms)
			     : !short_stamp(l->stamp, o, &e->at_ms)) {
		l->log->counts.n_undated++;
		return;
	}
	o->on_event(o->arg, e);
}

void dg_line_event(
	struct dg_line *l, enum dg_mail_kind kind, struct dg_text address, struct dg_text client)
{
	struct dg_mail_event e = {.kind = kind, .address = address, .client = client};

	dg_line_event_of(l, &e);
}

void dg_line_passed(struct dg_line *l, const struct dg_id *i, struct dg_text rcpt, bool is_remote)
{
	const struct dg_maillog_options *o = &l->log->options;

	if (o->on_passage && i->message != 0 && i->is_taken && i->has_sender && !i->is_null) {
		const struct dg_mail_passage p = {.message = i->message,
			.recipient = rcpt,
			.client = {i->client, i->client_len},
			.user = {i->user, i->user_len},
			.is_remote = is_remote};
		o->on_passage(o->arg, &p);
	}
}

void dg_line_delivered(struct dg_line *l, const struct dg_id *i, struct dg_text rcpt,
	bool is_bounced, bool is_remote)
{
	struct dg_text client = {i->client, i->client_len};

	dg_line_passed(l, i, rcpt, is_remote);
	if (i->is_null && i->is_outside) {
		dg_line_event(l, is_bounced ? DG_MAIL_UNKNOWN : DG_MAIL_TAKEN, rcpt, client);
	} else if (i->is_null || !i->has_sender || is_bounced) {
		return;
	} else if (is_remote) {
		struct dg_mail_event e = {.kind = DG_MAIL_SENT,
			.address = {i->text, i->text_len},
			.client = client,
			.user = {i->user, i->user_len},
			.message = i->message};
		dg_line_event_of(l, &e);
	} else if (i->is_outside) {
		dg_line_event(l, DG_MAIL_RECEIVED, rcpt, client);
	}
}

/* --- lines ------------------------------------------------------------------------------------ */
/* After "HOST TAG[PID]: ": whose line it is. */
static void syslog_line(struct dg_line *l)
{
	struct dg_text host;
	struct dg_text tag;

	if (!dg_until(l, ' ', &host)) {
		return;
	}
	if (dg_eat(l, DG_LITERAL("postfix"))) {
		const char *p = l->p;
		while (p < l->end && *p != '[' && *p != ':' && *p != ' ') {
			l->p = *p++ == '/' ? p : l->p;
		}
		dg_line_postfix(l);
		return;
	}
	struct dg_line at = *l;
	if (!dg_until(&at, '[', &tag) || tag.n > 32) {
		return;
	}
	if (!dg_find(&at, DG_LITERAL("]: "))) {
		return;
	}
	l->p = at.p;
	if (dg_text_has(tag, DG_LITERAL("sendmail")) || dg_text_has(tag, DG_LITERAL("sm-m"))) {
		dg_line_sendmail(l);
	} else if (dg_text_has(tag, DG_LITERAL("exim"))) {
		/* By syslog Exim may write its own stamp again. */
		l->p += l->end - l->p > 20 && l->p[4] == '-' && l->p[10] == ' ' ? 20 : 0;
		dg_line_exim(l);
	} else if (tag.n == 5 && memcmp(tag.p, "smtpd", 5) == 0) {
		dg_line_opensmtpd(l);
	}
}

/* Exim's main log: "2026-11-22 18:53:48.300 +0000 [73] " */
static void exim_line(struct dg_line *l)
{
	const char *line = l->p;
	const char *p = line + 19;
	struct dg_text pid;

	while (p < l->end && *p != ' ') {
		p++;
	}
	if (l->end - p > 7 && (p[1] == '+' || p[1] == '-')) {
		p += 6;
	}
	l->stamp = (struct dg_text){line, (size_t)(p - line)};
	l->p = p < l->end ? p + 1 : p;
	if (dg_eat(l, DG_LITERAL("["))) {
		(void)dg_until(l, ']', &pid);
		(void)dg_eat(l, DG_LITERAL(" "));
	}
	dg_line_exim(l);
}

void dg_maillog_line(struct dg_maillog *m, const char *line, size_t len)
{
	struct dg_line l = {.log = m, .p = line, .end = line + len};

	m->counts.n_lines++;
	if (len < 24) {
		return;
	}
	if (line[4] == '-' && line[10] == 'T') {
		const char *blank = memchr(line, ' ', len);
		l.stamp = (struct dg_text){line, blank ? (size_t)(blank - line) : 0};
		l.p = blank ? blank + 1 : l.end;
		syslog_line(&l);
	} else if (line[4] == '-' && line[10] == ' ') {
		exim_line(&l);
	} else if (line[3] == ' ' && line[6] == ' ' && line[15] == ' ') {
		l.stamp = (struct dg_text){line, 15};
		l.p = line + 16;
		syslog_line(&l);
	}
}

/* The end of a line whose beginning is held. */
static void complete(struct dg_maillog *m, const char *data, size_t n)
{
	if (m->is_skipping || m->n_held + n > sizeof(m->held)) {
		m->counts.n_long++;
		m->is_skipping = false;
	} else {
		memcpy(m->held + m->n_held, data, n);
		dg_maillog_line(m, m->held, m->n_held + n);
	}
	m->n_held = 0;
}

void dg_maillog_feed(struct dg_maillog *m, const char *data, size_t len)
{
	const char *end = data + len;
	const char *eol;

	for (; data < end && (eol = memchr(data, '\n', (size_t)(end - data))) != NULL;
		data = eol + 1) {
		size_t n = (size_t)(eol - data);

		if (m->n_held > 0 || m->is_skipping || n > sizeof(m->held)) {
			complete(m, data, n);
		} else {
			dg_maillog_line(m, data, n);
		}
	}
	size_t rest = (size_t)(end - data);
	if (m->is_skipping || m->n_held + rest > sizeof(m->held)) {
		m->is_skipping = true;
		m->n_held = 0;
		return;
	}
	if (rest > 0) {
		memcpy(m->held + m->n_held, data, rest);
	}
	m->n_held += rest;
}

void dg_maillog_end(struct dg_maillog *m)
{
	if (m->n_held > 0 || m->is_skipping) {
		complete(m, "", 0);
	}
}
