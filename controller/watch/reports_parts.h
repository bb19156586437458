/* controller/watch/reports_parts.h: what the files of reports.c share. Spans of octets; nothing is copied. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_aggregate;
struct dg_err;

struct dg_span {
	const uint8_t *p;
	size_t n;
};

bool dg_span_is_gzip(struct dg_span s);
bool dg_span_is_zip(struct dg_span s);
bool dg_span_is_report(struct dg_span s); /* XML that begins as a report does */

/* window_bits: as zlib has it (31: gzip, -15: raw). *ret_used: octets of s that it took. 0, or 1: on_report() did not want it. */
int dg_reports_inflate(struct dg_span s, int window_bits, struct dg_aggregate *g, size_t *ret_used,
	struct dg_err *err);
/* The only entry of a zip archive (APPNOTE 4.3). */
int dg_reports_unzip(struct dg_span s, struct dg_aggregate *g, struct dg_err *err);
/* The first part of a mail that looks like a report, decoded into memory that the caller frees. 0, DG_REPORTS_NONE, or negative. */
int dg_reports_find_part(struct dg_span mail, uint8_t **ret_p, size_t *ret_n, struct dg_err *err);
