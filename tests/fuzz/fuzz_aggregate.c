/* DMARC aggregate reports: the same rows however the text is cut; texts end and stay within their bounds. */
#include "zones/watch/aggregate.h"

#include "zones/base/err.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	uint64_t n, hash;
	int r;
};

static void mix(struct sum *s, const void *p, size_t n)
{
	const uint8_t *octet = p;

	for (size_t i = 0; i < n; i++) {
		s->hash = (s->hash ^ octet[i]) * UINT64_C(1099511628211);
	}
	s->hash ^= n;
}

static void mix_text(struct sum *s, const char *text)
{
	size_t n = strlen(text);

	if (n > DG_AGGREGATE_VALUE_MAX) {
		abort();
	}
	mix(s, text, n);
}

static int on_report(void *arg, const struct dg_aggregate_report *r)
{
	struct sum *s = arg;

	mix_text(s, r->org);
	mix_text(s, r->email);
	mix_text(s, r->id);
	mix_text(s, r->domain);
	mix_text(s, r->policy);
	mix_text(s, r->subdomain_policy);
	mix(s, &r->begin, sizeof(r->begin));
	mix(s, &r->end, sizeof(r->end));
	return strcmp(r->id, "known") == 0;
}

static void on_row(void *arg, const struct dg_aggregate_row *row)
{
	struct sum *s = arg;

	if (row->count == 0 || row->n_dkims > DG_AGGREGATE_DKIM_MAX ||
		row->n_spfs > DG_AGGREGATE_SPF_MAX || row->n_reasons > DG_AGGREGATE_REASONS_MAX) {
		abort();
	}
	s->n++;
	mix(s, row->source.octets, sizeof(row->source.octets));
	mix(s, &row->count, sizeof(row->count));
	mix_text(s, row->header_from);
	mix_text(s, row->envelope_from);
	mix_text(s, row->envelope_to);
	mix_text(s, dg_aggregate_disposition_text(row->disposition));
	mix_text(s, dg_aggregate_result_text(row->dkim));
	mix_text(s, dg_aggregate_result_text(row->spf));
	for (size_t i = 0; i < row->n_dkims; i++) {
		mix_text(s, row->dkims[i].domain);
		mix_text(s, row->dkims[i].selector);
	}
	for (size_t i = 0; i < row->n_spfs; i++) {
		mix_text(s, row->spfs[i].domain);
		mix_text(s, row->spfs[i].scope);
	}
	for (size_t i = 0; i < row->n_reasons; i++) {
		mix_text(s, row->reasons[i].comment);
	}
}

static struct sum read_all(const uint8_t *data, size_t size, size_t step)
{
	struct sum s = {0, UINT64_C(14695981039346656037), 0};
	struct dg_aggregate_options o = {.on_report = on_report, .on_row = on_row, .arg = &s};
	struct dg_aggregate *g = dg_aggregate_new(&o);
	struct dg_err err;

	for (size_t at = 0; s.r == 0 && at < size; at += step) {
		s.r = dg_aggregate_feed(g, data + at, size - at < step ? size - at : step, &err);
	}
	s.r = s.r == 0 ? dg_aggregate_end(g, &err) : s.r;
	(void)dg_aggregate_free(g);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > INPUT_MAX) {
		return 0;
	}
	struct sum whole = read_all(data, size, size);
	struct sum parts = read_all(data, size, 1 + data[size / 2] % 61);
	if (whole.n != parts.n || whole.hash != parts.hash || whole.r != parts.r) {
		abort();
	}
	return 0;
}
