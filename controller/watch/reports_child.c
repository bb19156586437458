#include "controller/watch/reports_child.h"

#include "controller/letters/process.h"
#include "controller/letters/shut.h"
#include "controller/letters/source.h"
#include "controller/watch/reports.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/watch/aggregate.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BLOCK ((size_t)64 << 10)

/* --- in the child ------------------------------------------------------------------------------------------- */
static void put_text(struct dg_buf *b, const char *text)
{
	dg_buf_putc(b, '\t');
	for (const char *p = text; *p != '\0'; p++) {
		dg_buf_putc(b, (char)((unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p));
	}
}

static int on_report(void *arg, const struct dg_aggregate_report *r)
{
	struct dg_buf *b = arg;

	dg_buf_printf(b, "report\t%" PRId64 "\t%" PRId64, r->begin, r->end);
	put_text(b, r->id);
	put_text(b, r->org);
	dg_buf_putc(b, '\n');
	return 0;
}

static void on_row(void *arg, const struct dg_aggregate_row *row)
{
	struct dg_buf *b = arg;
	char address[DG_ADDRESS_TEXT_MAX];
	bool has_signature = false;
	bool is_passed_on = false;

	for (size_t i = 0; i < row->n_reasons; i++) {
		is_passed_on = is_passed_on ||
			       row->reasons[i].type == DG_AGGREGATE_REASON_FORWARDED ||
			       row->reasons[i].type == DG_AGGREGATE_REASON_LIST;
	}
	for (size_t i = 0; i < row->n_dkims; i++) {
		has_signature =
			has_signature || strcasecmp(row->dkims[i].domain, row->header_from) == 0;
	}
	dg_buf_printf(b, "row\t%s\t%" PRIu64 "\t-%s%s%s", dg_address_text(&row->source, address),
		row->count,
		row->dkim == DG_AGGREGATE_RESULT_PASS || row->spf == DG_AGGREGATE_RESULT_PASS ? "p"
											      : "",
		is_passed_on ? "f" : "", has_signature ? "s" : "");
	put_text(b, row->header_from);
	dg_buf_putc(b, '\n');
}

static char *read_all(int in, size_t *ret_n)
{
	size_t cap = BLOCK;
	size_t n = 0;
	char *p = malloc(cap);
	ssize_t got = 1;

	if (!p) {
		return NULL;
	}
	while (got > 0 && n <= DG_REPORTS_FILE_MAX) {
		if (n == cap) {
			cap *= 2;
			char *more = realloc(p, cap);
			if (!more) {
				free(p);
				return NULL;
			}
			p = more;
		}
		got = read(in, p + n, cap - n);
		n += got > 0 ? (size_t)got : 0;
	}
	*ret_n = n;
	return p;
}

int dg_reports_child(int in, int out)
{
	struct dg_buf b;
	struct dg_aggregate_options o = {.on_report = on_report, .on_row = on_row, .arg = &b};
	struct dg_err err;
	size_t n = 0;

	/* libexpat is loaded when it is used first, and no file can be opened any more when that is due. */
	(void)dg_aggregate_free(dg_aggregate_new(&o));
	if (!dg_shut_in()) {
		return 1;
	}
	char *p = read_all(in, &n);
	dg_buf_init(&b, DG_REPORTS_TEXT_MAX - BLOCK);
	int r = p ? dg_reports_parse((const uint8_t *)p, n, &o, &err) : -1;
	if (r == 0 && !b.is_full) {
		dg_buf_puts(&b, "end\n");
	}
	for (size_t at = 0; r == 0 && at < b.len;) {
		ssize_t sent = write(out, b.data + at, b.len - at);

		if (sent <= 0) {
			return 1;
		}
		at += (size_t)sent;
	}
	free(p);
	dg_buf_done(&b);
	return 0;
}

/* --- who asks ------------------------------------------------------------------------------------------------ */
static int64_t mono_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Sends what is left to send. False: the reader is gone. */
static bool send_some(int fd, const struct dg_letter *l, size_t *sent)
{
	ssize_t n = send(fd, l->p + *sent, l->n - *sent, MSG_NOSIGNAL);

	if (n > 0) {
		*sent += (size_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		return false;
	}
	if (*sent == l->n) {
		(void)shutdown(fd, SHUT_WR);
	}
	return true;
}

static void exchange(int fd, const struct dg_letter *l, struct dg_buf *answer)
{
	int64_t until = mono_ms() + DG_REPORTS_WAIT_MS;
	char block[4096];
	size_t sent = 0;

	for (int64_t left = DG_REPORTS_WAIT_MS; left > 0 && !answer->is_full;
		left = until - mono_ms()) {
		struct pollfd p = {
			.fd = fd, .events = (short)(POLLIN | (sent < l->n ? POLLOUT : 0))};

		(void)poll(&p, 1, (int)left);
		if (sent < l->n && (p.revents & POLLOUT) != 0 && !send_some(fd, l, &sent)) {
			return;
		}
		ssize_t n = (p.revents & (POLLIN | POLLHUP)) != 0
				    ? recv(fd, block, sizeof(block), 0)
				    : -1;
		if (n == 0) {
			return;
		}
		if (n > 0) {
			dg_buf_put(answer, block, (size_t)n);
		}
	}
}

bool dg_reports_is_whole(const char *text, size_t n)
{
	static const char last[] = "\nend\n";

	return n >= strlen(last) && memcmp(text + n - strlen(last), last, strlen(last)) == 0;
}

char *dg_reports_ask(const struct dg_letter *l, size_t *ret_n)
{
	struct dg_reader_process p = {.fd = -1};
	struct dg_buf answer;
	struct dg_err err;
	char *text = NULL;

	if (l->n == 0 || l->size > l->n ||
		dg_reader_start("/proc/self/exe", "reports", &p, &err) < 0) {
		return NULL;
	}
	dg_buf_init(&answer, DG_REPORTS_TEXT_MAX);
	exchange(p.fd, l, &answer);
	dg_reader_end(&p);
	if (answer.len > 0 && dg_reports_is_whole(answer.data, answer.len)) {
		*ret_n = answer.len;
		text = strdup(answer.data);
	}
	dg_buf_done(&answer);
	return text;
}

/* --- the answer ------------------------------------------------------------------------------------------------ */
/* The next word, ended at a tab; the last one at the end of the line. */
static char *word(char **p)
{
	char *start = *p;
	size_t n = strcspn(start, "\t");

	*p = start + n + (start[n] == '\t');
	start[n] = '\0';
	return start;
}

bool dg_reports_line(char **text, struct dg_reports_line *ret_line)
{
	while (**text != '\0') {
		struct dg_reports_line l = {0};
		char *p = *text;
		size_t n = strcspn(p, "\n");

		*text = p + n + (p[n] == '\n');
		p[n] = '\0';
		const char *kind = word(&p);
		if (strcmp(kind, "report") == 0) {
			l.begin = strtoll(word(&p), NULL, 10);
			l.end = strtoll(word(&p), NULL, 10);
			l.id = word(&p);
			l.org = word(&p);
			*ret_line = l;
			return true;
		}
		const char *address = word(&p);
		if (strcmp(kind, "row") == 0 &&
			dg_address_parse(address, strlen(address), &l.source) == 0) {
			l.is_row = true;
			l.count = strtoull(word(&p), NULL, 10);
			const char *flags = word(&p);
			l.has_passed = strchr(flags, 'p') != NULL;
			l.is_passed_on = strchr(flags, 'f') != NULL;
			l.has_signature = strchr(flags, 's') != NULL;
			l.name = word(&p);
			*ret_line = l;
			return true;
		}
	}
	return false;
}
