/* maillog [LINES]: lines of a Postfix log a CPU second: zones/watch/maillog.h, beside the least that the same job costs (each line found,
 * null senders joined to their recipients by queue id) and beside looking for the letters "from=<>" alone. Two stamp forms;
 * 5 % of the lines are null senders; 64 messages interleave. The counts must be exact. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "zones/watch/maillog.h"

#define ACTIVE 64u
#define SENDER "someone@elsewhere.example"

static uint64_t state = 20250103;

static unsigned below(unsigned n)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state >> 33) % n;
}

struct message {
	char id[12];
	bool is_null, is_refused;
	unsigned step, pid, client, user;
};

struct made {
	char *text;
	size_t len, cap;
	long n_lines, n_null, n_refused, n_null_lines;
};

static void put(struct made *m, bool is_iso, const char *rest)
{
	long t = m->n_lines / 12;
	char stamp[64];
	struct tm tm;
	time_t at = 1735689600 + t;

	(void)gmtime_r(&at, &tm);
	(void)strftime(stamp, sizeof(stamp),
		is_iso ? "%Y-%m-%dT%H:%M:%S.123456+00:00" : "%b %e %H:%M:%S", &tm);
	m->len += (size_t)snprintf(m->text + m->len, m->cap - m->len, "%s mx1 %s\n", stamp, rest);
	m->n_lines++;
}

static void refuse(struct made *m, struct message *x, char *l, size_t size)
{
	(void)snprintf(l, size,
		"postfix/smtpd[%u]: NOQUEUE: reject: RCPT from mail.prov%u.example[198.51.%u.7]: "
		"550 5.1.1 <user%u@d.example>: Recipient address rejected: User unknown in virtual "
		"mailbox table; "
		"from=<%s> to=<user%u@d.example> proto=ESMTP helo=<mail.prov%u.example>",
		x->pid, x->client, x->client, x->user, x->is_null ? "" : SENDER, x->user,
		x->client);
	m->n_refused += x->is_null;
	x->step = 6;
}

/* The next line of a message; false: it was the last. */
static bool go_on(struct made *m, struct message *x, bool is_iso)
{
	char l[512];
	const char *sender = x->is_null ? "" : SENDER;

	switch (x->step++) {
	case 0:
		(void)snprintf(l, sizeof(l),
			"postfix/smtpd[%u]: connect from mail.prov%u.example[198.51.%u.7]", x->pid,
			x->client, x->client);
		break;
	case 1:
		if (x->is_refused) {
			refuse(m, x, l, sizeof(l));
			break;
		}
		(void)snprintf(l, sizeof(l),
			"postfix/smtpd[%u]: %s: client=mail.prov%u.example[198.51.%u.7]", x->pid,
			x->id, x->client, x->client);
		break;
	case 2:
		(void)snprintf(l, sizeof(l),
			"postfix/cleanup[%u]: %s: message-id=<%u.%u@mail.prov%u.example>", x->pid,
			x->id, x->user, x->pid, x->client);
		break;
	case 3:
		(void)snprintf(l, sizeof(l),
			"postfix/qmgr[812]: %s: from=<%s>, size=%u, nrcpt=1 (queue active)", x->id,
			sender, x->pid);
		m->n_null_lines += x->is_null;
		break;
	case 4:
		(void)snprintf(l, sizeof(l),
			"postfix/lmtp[%u]: %s: to=<user%u@d.example>, "
			"relay=mx1[private/dovecot-lmtp], delay=0.31, "
			"delays=0.2/0.01/0.01/0.1, dsn=2.0.0, status=sent (250 2.0.0 "
			"<user%u@d.example> saved)",
			x->pid, x->id, x->user, x->user);
		m->n_null += x->is_null;
		break;
	case 5:
		(void)snprintf(l, sizeof(l), "postfix/qmgr[812]: %s: removed", x->id);
		break;
	default:
		(void)snprintf(l, sizeof(l),
			"postfix/smtpd[%u]: disconnect from mail.prov%u.example[198.51.%u.7] "
			"ehlo=2 starttls=1 mail=1 rcpt=1 data=1 "
			"quit=1 commands=7",
			x->pid, x->client, x->client);
		put(m, is_iso, l);
		return false;
	}
	put(m, is_iso, l);
	return true;
}

static void make(struct made *m, long n_lines, bool is_iso)
{
	static struct message active[ACTIVE];

	*m = (struct made){.cap = (size_t)n_lines * 320};
	m->text = malloc(m->cap);
	memset(active, 0, sizeof(active));
	for (long n = 0; m->text && m->n_lines < n_lines; n++) {
		struct message *x = &active[below(ACTIVE)];
		if (x->id[0] == '\0') {
			*x = (struct message){.is_null = m->n_null_lines * 20 < m->n_lines,
				.pid = 1000 + below(50000),
				.client = below(200),
				.user = below(50)};
			x->is_refused = below(7) == 0;
			(void)snprintf(x->id, sizeof(x->id), "%010lX",
				(unsigned long)below(1u << 30) * 64 + (unsigned long)n % 64);
		}
		if (!go_on(m, x, is_iso)) {
			x->id[0] = '\0';
		}
	}
}

static double cpu_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- the floor -------------------------------------------------------------------------------- */
#define SLOTS (1u << 17)
static uint64_t pending[SLOTS];

static uint64_t hash(const char *p, size_t n)
{
	uint64_t h = UINT64_C(1469598103934665603);

	for (size_t i = 0; i < n; i++) {
		h = (h ^ (unsigned char)p[i]) * UINT64_C(1099511628211);
	}
	return h | 1;
}

static long floor_line(const char *s, const char *end)
{
	const char *p = memmem(s, (size_t)(end - s) < 80 ? (size_t)(end - s) : 80, " postfix/", 9);
	const char *colon = p ? memchr(p, ':', (size_t)(end - p)) : NULL;
	const char *id = colon && colon + 2 < end ? colon + 2 : NULL;
	const char *id_end = id ? memchr(id, ':', (size_t)(end - id)) : NULL;

	if (!id_end || id_end - id > 20 || end - id_end < 9) {
		return 0;
	}
	uint64_t h = hash(id, (size_t)(id_end - id));
	if (memcmp(p + 9, "qmgr[", 5) == 0 && memcmp(id_end + 2, "from=<>", 7) == 0) {
		pending[h >> 40 & (SLOTS - 1)] = h;
	} else if (memcmp(id_end + 2, "to=<", 4) == 0 && pending[h >> 40 & (SLOTS - 1)] == h) {
		return 1;
	}
	return 0;
}

static double floor_rate(const struct made *m, long *ret_n)
{
	double from = cpu_s();
	const char *end = m->text + m->len;
	const char *eol;

	*ret_n = 0;
	for (const char *p = m->text; p < end && (eol = memchr(p, '\n', (size_t)(end - p)));
		p = eol + 1) {
		*ret_n += floor_line(p, eol);
	}
	return (double)m->n_lines / (cpu_s() - from);
}

static double search_rate(const struct made *m)
{
	double from = cpu_s();
	const char *end = m->text + m->len;
	long n = 0;

	for (const char *p = m->text; (p = memmem(p, (size_t)(end - p), "from=<>", 7)) != NULL;
		p += 7) {
		n++;
	}
	return n > 0 ? (double)m->n_lines / (cpu_s() - from) : 0;
}

/* --- ours ------------------------------------------------------------------------------------- */
static void on_event(void *arg, const struct dg_mail_event *e)
{
	((long *)arg)[e->kind]++;
}

static double our_rate(const struct made *m, long counts[5])
{
	struct dg_maillog_options o = {
		.written_ms = INT64_C(1735689600000), .on_event = on_event, .arg = counts};
	struct dg_maillog *log = dg_maillog_new(&o);
	double from = cpu_s();

	for (size_t at = 0; at < m->len; at += 1u << 18) {
		dg_maillog_feed(log, m->text + at, m->len - at < 1u << 18 ? m->len - at : 1u << 18);
	}
	dg_maillog_end(log);
	double rate = (double)m->n_lines / (cpu_s() - from);
	(void)dg_maillog_free(log);
	return rate;
}

int main(int argc, char **argv)
{
	long n_lines = argc > 1 ? atol(argv[1]) : 1000000;
	int rc = 0;

	for (int iso = 0; iso < 2; iso++) {
		struct made m;
		long counts[5] = {0};
		long n_floor;
		make(&m, n_lines, iso);
		double ours = our_rate(&m, counts);
		double least = floor_rate(&m, &n_floor);
		double search = search_rate(&m);
		bool is_exact =
			counts[DG_MAIL_TAKEN] == m.n_null && counts[DG_MAIL_UNKNOWN] == m.n_refused;
		printf("%s stamps, %ld lines: %.1f million lines a CPU second; floor %.1f (ratio "
		       "%.2f), memmem alone %.1f; %ld taken and %ld unknown: %s\n",
			iso ? "RFC 3339" : "RFC 3164", m.n_lines, ours / 1e6, least / 1e6,
			least / ours, search / 1e6, counts[DG_MAIL_TAKEN], counts[DG_MAIL_UNKNOWN],
			is_exact ? "exact" : "WRONG");
		rc = is_exact ? rc : 1;
		free(m.text);
	}
	return rc;
}
