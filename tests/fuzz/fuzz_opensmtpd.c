/* The report stream of OpenSMTPD, line by line: no event without an address, none longer than its line. */
#include "zones/watch/opensmtpd.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_event(void *arg, const struct dg_mail_event *e)
{
	size_t *n_events = arg;

	if (e->address.n == 0 || e->address.n > DG_OPENSMTPD_LINE_MAX || e->at_ms <= 0 ||
		e->client.n > DG_OPENSMTPD_LINE_MAX) {
		abort();
	}
	char *copy = malloc(e->address.n + e->client.n + 1);
	memcpy(copy, e->address.p, e->address.n);
	if (e->client.n > 0) {
		memcpy(copy + e->address.n, e->client.p, e->client.n);
	}
	free(copy);
	(*n_events)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n_events = 0, n_lines = 0;

	if (size > INPUT_MAX) {
		return 0;
	}
	struct dg_opensmtpd *o = dg_opensmtpd_new(on_event, &n_events);
	for (size_t at = 0; at < size; n_lines++) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t n = end ? (size_t)(end - data) - at : size - at;
		char *line = malloc(n + 1);

		memcpy(line, data + at, n);
		(void)dg_opensmtpd_line(o, line, n);
		free(line);
		at += n + 1;
	}
	(void)dg_opensmtpd_free(o);
	if (n_events > n_lines) {
		abort();
	}
	return 0;
}
