#include "zones/watch/opensmtpd.h"

#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX  12u
#define CLIENT_MAX  64u
#define SENDER_MAX  320u
#define SESSION_MAX 32u

enum sender {
	SENDER_NONE,
	SENDER_NULL,
	SENDER_NAMED
};

struct session {
	char id[SESSION_MAX];
	size_t n_id; /* 0: free */
	uint64_t used;
	enum sender sender;
	bool is_authenticated;
	char client[CLIENT_MAX], address[SENDER_MAX];
	size_t n_client, n_address;
	char *held; /* recipients, each ended by a NUL */
	size_t n_held;
};

struct dg_opensmtpd {
	void (*on_event)(void *arg, const struct dg_mail_event *e);
	void *arg;
	uint64_t clock;
	struct session sessions[DG_OPENSMTPD_SESSIONS];
};

struct report {
	struct dg_text field[FIELDS_MAX]; /* the last one holds the rest of the line */
	size_t n;
	int64_t at_ms;
	bool is_old;      /* tx-mail and tx-rcpt: the address comes before the result */
	bool is_auth_old; /* link-auth: the user comes before the result */
};

/* What follows EVENT in a report: SESSION is the first. */
enum {
	F_VERSION = 1,
	F_TIME,
	F_SUBSYSTEM,
	F_EVENT,
	F_SESSION,
	F_MORE
};

struct dg_opensmtpd *dg_opensmtpd_new(
	void (*on_event)(void *arg, const struct dg_mail_event *e), void *arg)
{
	struct dg_opensmtpd *o = calloc(1, sizeof(*o));

	if (!o) {
		abort();
	}
	o->on_event = on_event;
	o->arg = arg;
	return o;
}

struct dg_opensmtpd *dg_opensmtpd_free(struct dg_opensmtpd *o)
{
	for (size_t i = 0; o && i < DG_OPENSMTPD_SESSIONS; i++) {
		free(o->sessions[i].held);
	}
	free(o);
	return NULL;
}

/* --- fields ------------------------------------------------------------------------------------ */
static bool is_word(struct dg_text t, const char *word)
{
	return t.n == strlen(word) && memcmp(t.p, word, t.n) == 0;
}

/* "1795374567.901677"; anything else is 0. */
static int64_t milliseconds(struct dg_text t)
{
	int64_t ms = 0, unit = 100;
	size_t i = 0;

	for (; i < t.n && i < 12 && t.p[i] >= '0' && t.p[i] <= '9'; i++) {
		ms = ms * 10 + (t.p[i] - '0');
	}
	bool is_whole = i == t.n;
	if (i == 0 || (!is_whole && t.p[i] != '.')) {
		return 0;
	}
	ms *= 1000;
	for (i++; i < t.n && unit > 0 && t.p[i] >= '0' && t.p[i] <= '9'; i++, unit /= 10) {
		ms += (t.p[i] - '0') * unit;
	}
	return ms;
}

static bool split(const char *line, size_t len, struct report *r)
{
	size_t from = 0;

	r->n = 0;
	while (r->n < FIELDS_MAX) {
		const char *bar =
			r->n + 1 < FIELDS_MAX ? memchr(line + from, '|', len - from) : NULL;
		size_t to = bar ? (size_t)(bar - line) : len;

		r->field[r->n++] = (struct dg_text){line + from, to - from};
		if (!bar) {
			break;
		}
		from = to + 1;
	}
	if (r->n <= F_SESSION || !is_word(r->field[0], "report") ||
		!is_word(r->field[F_SUBSYSTEM], "smtp-in")) {
		return false;
	}
	struct dg_text v = r->field[F_VERSION];
	bool is_early = v.n == 3 && memcmp(v.p, "0.", 2) == 0;
	r->is_old = is_early && v.p[2] < '6';
	r->is_auth_old = is_early && v.p[2] < '7';
	r->at_ms = milliseconds(r->field[F_TIME]);
	return r->at_ms > 0;
}

/* The rest of the line from field i on: addresses may hold a bar. */
static struct dg_text rest(const struct report *r, size_t i)
{
	const struct dg_text *last = &r->field[r->n - 1];
	const char *p = r->field[i].p;

	return (struct dg_text){p, (size_t)(last->p + last->n - p)};
}

/* Of "...|MSGID|RESULT|ADDRESS", or "...|MSGID|ADDRESS|RESULT". False: another shape. */
static bool result_of(
	const struct report *r, struct dg_text *ret_address, struct dg_text *ret_result)
{
	if (r->n < F_MORE + 3) {
		return false;
	}
	if (!r->is_old) {
		*ret_result = r->field[F_MORE + 1];
		*ret_address = rest(r, F_MORE + 2);
		return true;
	}
	struct dg_text both = rest(r, F_MORE + 1);
	const char *bar = memrchr(both.p, '|', both.n);
	if (!bar) {
		return false;
	}
	*ret_address = (struct dg_text){both.p, (size_t)(bar - both.p)};
	*ret_result = (struct dg_text){bar + 1, (size_t)(both.p + both.n - bar - 1)};
	return true;
}

/* --- sessions ---------------------------------------------------------------------------------- */
static void end_message(struct session *s)
{
	s->sender = SENDER_NONE;
	s->n_held = 0;
}

static void end_session(struct session *s)
{
	free(s->held);
	*s = (struct session){.n_id = 0};
}

static struct session *find(struct dg_opensmtpd *o, struct dg_text id, bool can_make)
{
	struct session *oldest = &o->sessions[0];

	if (id.n == 0 || id.n > SESSION_MAX) {
		return NULL;
	}
	for (size_t i = 0; i < DG_OPENSMTPD_SESSIONS; i++) {
		struct session *s = &o->sessions[i];

		if (s->n_id == id.n && memcmp(s->id, id.p, id.n) == 0) {
			s->used = ++o->clock;
			return s;
		}
		oldest = s->used < oldest->used ? s : oldest; /* a free one is 0 */
	}
	if (!can_make) {
		return NULL;
	}
	end_session(oldest);
	memcpy(oldest->id, id.p, id.n);
	oldest->n_id = id.n;
	oldest->used = ++o->clock;
	return oldest;
}

static void tell(struct dg_opensmtpd *o, const struct session *s, enum dg_mail_kind kind,
	int64_t at_ms, struct dg_text address)
{
	struct dg_mail_event e = {.kind = kind,
		.at_ms = at_ms,
		.address = address,
		.client = {s->client, s->n_client}};

	if (address.n > 0) {
		o->on_event(o->arg, &e);
	}
}

static bool is_loopback(const struct session *s)
{
	return (s->n_client >= 4 && memcmp(s->client, "127.", 4) == 0) ||
	       (s->n_client == 3 && memcmp(s->client, "::1", 3) == 0);
}

static void tell_taken(
	struct dg_opensmtpd *o, const struct session *s, int64_t at_ms, struct dg_text recipient)
{
	if (s->sender == SENDER_NAMED && s->is_authenticated) {
		tell(o, s, DG_MAIL_SENT, at_ms, (struct dg_text){s->address, s->n_address});
	} else if (!is_loopback(s)) {
		tell(o, s, s->sender == SENDER_NULL ? DG_MAIL_TAKEN : DG_MAIL_RECEIVED, at_ms,
			recipient);
	}
}

/* --- events ------------------------------------------------------------------------------------ */
/* link-connect|SESSION|NAME|FCRDNS|"198.51.100.25:42921" or "[2001:db8::1]:25"|ours */
static void on_connect(struct dg_opensmtpd *o, const struct report *r)
{
	struct session *s = find(o, r->field[F_SESSION], true);

	if (!s || r->n < F_MORE + 3) {
		return;
	}
	struct dg_text a = r->field[F_MORE + 2];
	const char *colon = a.n > 0 ? memrchr(a.p, ':', a.n) : NULL;
	if (colon) {
		a.n = (size_t)(colon - a.p);
	}
	if (a.n > 2 && a.p[0] == '[' && a.p[a.n - 1] == ']') {
		a = (struct dg_text){a.p + 1, a.n - 2};
	}
	s->n_client = colon && a.n <= CLIENT_MAX ? a.n : 0;
	memcpy(s->client, a.p, s->n_client);
}

static void on_mail(struct dg_opensmtpd *o, const struct report *r)
{
	struct session *s = find(o, r->field[F_SESSION], true);
	struct dg_text address, result;

	if (!s) {
		return;
	}
	end_message(s);
	if (!result_of(r, &address, &result) || !is_word(result, "ok")) {
		return;
	}
	s->sender = address.n == 0 ? SENDER_NULL : SENDER_NAMED;
	s->n_address = address.n <= SENDER_MAX ? address.n : 0;
	memcpy(s->address, address.p, s->n_address);
}

static void hold(struct dg_opensmtpd *o, struct session *s, int64_t at_ms, struct dg_text recipient)
{
	if (!s->held) {
		s->held = calloc(1, DG_OPENSMTPD_HELD);
	}
	if (!s->held || recipient.n + 1 > DG_OPENSMTPD_HELD - s->n_held ||
		memchr(recipient.p, '\0', recipient.n)) {
		tell_taken(o, s, at_ms, recipient);
		return;
	}
	memcpy(s->held + s->n_held, recipient.p, recipient.n);
	s->n_held += recipient.n;
	s->held[s->n_held++] = '\0';
}

static void on_rcpt(struct dg_opensmtpd *o, const struct report *r)
{
	struct session *s = find(o, r->field[F_SESSION], false);
	struct dg_text address, result;

	if (!s || s->sender == SENDER_NONE || !result_of(r, &address, &result) || address.n == 0) {
		return;
	}
	if (is_word(result, "ok")) {
		hold(o, s, r->at_ms, address);
	} else if (s->sender == SENDER_NULL && !is_loopback(s)) {
		tell(o, s, is_word(result, "permfail") ? DG_MAIL_UNKNOWN : DG_MAIL_BARRED, r->at_ms,
			address);
	}
}

static void on_commit(struct dg_opensmtpd *o, const struct report *r)
{
	struct session *s = find(o, r->field[F_SESSION], false);

	for (size_t at = 0; s && at < s->n_held;) {
		size_t n = strlen(s->held + at);

		tell_taken(o, s, r->at_ms, (struct dg_text){s->held + at, n});
		at += n + 1;
	}
	if (s) {
		end_message(s);
	}
}

static void on_rollback(struct dg_opensmtpd *o, const struct report *r)
{
	struct session *s = find(o, r->field[F_SESSION], false);

	if (s) {
		end_message(s);
	}
}

/* link-auth|SESSION|USER|RESULT, since 0.7 RESULT|USER: a user may be called "pass". */
static void on_auth(struct dg_opensmtpd *o, const struct report *r)
{
	struct session *s = find(o, r->field[F_SESSION], false);

	if (s && r->n >= F_MORE + 2) {
		s->is_authenticated = is_word(r->field[r->is_auth_old ? r->n - 1 : F_MORE], "pass");
	}
}

static void on_disconnect(struct dg_opensmtpd *o, const struct report *r)
{
	struct session *s = find(o, r->field[F_SESSION], false);

	if (s) {
		end_session(s);
	}
}

static const struct {
	const char *name;
	void (*fn)(struct dg_opensmtpd *o, const struct report *r);
} events[] = {
	{"link-connect", on_connect},
	{"link-auth", on_auth},
	{"tx-mail", on_mail},
	{"tx-rcpt", on_rcpt},
	{"tx-commit", on_commit},
	{"tx-rollback", on_rollback},
	{"tx-reset", on_rollback},
	{"link-disconnect", on_disconnect},
};

int dg_opensmtpd_line(struct dg_opensmtpd *o, const char *line, size_t len)
{
	static const char ready[] = "config|ready";
	struct report r;

	if (len == sizeof(ready) - 1 && memcmp(line, ready, len) == 0) {
		return 1;
	}
	if (len > DG_OPENSMTPD_LINE_MAX || !split(line, len, &r)) {
		return 0;
	}
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (is_word(r.field[F_EVENT], events[i].name)) {
			events[i].fn(o, &r);
		}
	}
	return 0;
}

const char *dg_opensmtpd_register(void)
{
	return "register|report|smtp-in|link-connect\n"
	       "register|report|smtp-in|link-auth\n"
	       "register|report|smtp-in|link-disconnect\n"
	       "register|report|smtp-in|tx-reset\n"
	       "register|report|smtp-in|tx-mail\n"
	       "register|report|smtp-in|tx-rcpt\n"
	       "register|report|smtp-in|tx-commit\n"
	       "register|report|smtp-in|tx-rollback\n"
	       "register|ready\n";
}
