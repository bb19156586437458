/* Mail logs: the same events however the log is cut; what an event points at is inside the line. */
#include "zones/watch/maillog.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	uint64_t n, hash;
};

static void mix(struct sum *s, const void *p, size_t n)
{
	const uint8_t *octet = p;

	for (size_t i = 0; i < n; i++) {
		s->hash = (s->hash ^ octet[i]) * UINT64_C(1099511628211);
	}
	s->hash ^= n;
}

static void on_event(void *arg, const struct dg_mail_event *e)
{
	struct sum *s = arg;

	if (e->address.n == 0 || e->address.n > DG_MAILLOG_LINE_MAX ||
		e->client.n > DG_MAILLOG_LINE_MAX) {
		abort();
	}
	s->n++;
	mix(s, &e->kind, sizeof(e->kind));
	mix(s, &e->at_ms, sizeof(e->at_ms));
	mix(s, e->address.p, e->address.n);
	mix(s, e->client.p, e->client.n);
}

static void on_passage(void *arg, const struct dg_mail_passage *p)
{
	struct sum *s = arg;

	if (p->message == 0 || p->recipient.n > DG_MAILLOG_LINE_MAX ||
		p->client.n > DG_MAILLOG_LINE_MAX || p->user.n > DG_MAILLOG_LINE_MAX) {
		abort();
	}
	s->n++;
	mix(s, &p->message, sizeof(p->message));
	mix(s, p->recipient.p, p->recipient.n);
	mix(s, p->client.p, p->client.n);
	mix(s, p->user.p, p->user.n);
}

static struct sum read_all(const char *data, size_t size, size_t step)
{
	struct sum s = {0, UINT64_C(14695981039346656037)};
	struct dg_maillog_options o = {.written_ms = 1795374567000,
		.on_event = on_event,
		.on_passage = on_passage,
		.arg = &s};
	struct dg_maillog *m = dg_maillog_new(&o);

	for (size_t at = 0; at < size; at += step) {
		dg_maillog_feed(m, data + at, size - at < step ? size - at : step);
	}
	dg_maillog_end(m);
	(void)dg_maillog_free(m);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > INPUT_MAX) {
		return 0;
	}
	struct sum whole = read_all((const char *)data, size, size);
	struct sum parts = read_all((const char *)data, size, 1 + data[0] % 61);
	if (whole.n != parts.n || whole.hash != parts.hash) {
		abort();
	}
	return 0;
}
