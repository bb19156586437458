#define ZLIB_CONST /* next_in is not written to */

#include "controller/watch/reports.h"
#include "controller/watch/reports_parts.h"
#include "zones/base/err.h"
#include "zones/watch/aggregate.h"

#include <string.h>
#include <zlib.h>

#define BLOCK      ((size_t)32 << 10)
#define MIB        ((uint64_t)1 << 20)
#define END_SIZE   22u /* of the end of the central directory, without its comment */
#define ENTRY_SIZE 46u
#define LOCAL_SIZE 30u
#define ENCRYPTED  1u
#define STORED     0u
#define DEFLATED   8u

/* --- deflate ---------------------------------------------------------------------------------- */
static int step(z_stream *z, struct dg_aggregate *g, bool *ret_is_end, struct dg_err *err)
{
	uint8_t out[BLOCK / 8];

	z->next_out = out;
	z->avail_out = sizeof(out);
	int code = inflate(z, Z_NO_FLUSH);
	if (code != Z_OK && code != Z_STREAM_END) {
		return dg_fail(err, DG_EREMOTE, "the compressed data is broken: %s",
			z->msg                ? z->msg
			: code == Z_BUF_ERROR ? "it ends too early"
					      : "not as zlib has it");
	}
	if (z->total_out > MIB && z->total_out / (z->total_in + 1) >= DG_REPORTS_RATIO_MAX) {
		return dg_fail(err, DG_ELIMIT,
			"more than %u octets come out of one: this is no report",
			DG_REPORTS_RATIO_MAX);
	}
	*ret_is_end = code == Z_STREAM_END;
	return dg_aggregate_feed(g, out, sizeof(out) - z->avail_out, err);
}

int dg_reports_inflate(struct dg_span s, int window_bits, struct dg_aggregate *g, size_t *ret_used,
	struct dg_err *err)
{
	z_stream z = {.next_in = s.p, .avail_in = (unsigned)s.n};
	bool is_end = false;
	int r = 0;

	if (inflateInit2(&z, window_bits) != Z_OK) {
		return dg_fail(err, DG_EIO, "no memory");
	}
	while (r == 0 && !is_end) {
		r = step(&z, g, &is_end, err);
	}
	*ret_used = z.total_in;
	(void)inflateEnd(&z);
	return r;
}

/* --- zip -------------------------------------------------------------------------------------- */
static unsigned get16(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static int broken(struct dg_err *err, const char *what)
{
	return dg_fail(err, DG_EREMOTE, "the zip archive is broken: %s", what);
}

/* The end of the central directory: the last one that reaches to the end of the file. */
static const uint8_t *find_end(struct dg_span s)
{
	size_t max = s.n < END_SIZE + UINT16_MAX ? s.n : END_SIZE + UINT16_MAX;

	for (size_t back = END_SIZE; back <= max; back++) {
		const uint8_t *p = s.p + s.n - back;
		if (memcmp(p, "PK\5\6", 4) == 0 && get16(p + 20) + END_SIZE <= back) {
			return p;
		}
	}
	return NULL;
}

/* NULL: err says why. */
static const uint8_t *find_entry(struct dg_span s, struct dg_err *err)
{
	const uint8_t *end = find_end(s);

	if (!end) {
		(void)broken(err, "it has no end of central directory: is it cut off?");
		return NULL;
	}
	if (get16(end + 10) != 1 || get16(end + 8) != 1) {
		(void)dg_fail(err, DG_ELIMIT, "the zip archive has %u entries, expected one report",
			get16(end + 10));
		return NULL;
	}
	size_t at = get32(end + 16);
	if (at > s.n || s.n - at < ENTRY_SIZE || memcmp(s.p + at, "PK\1\2", 4) != 0) {
		(void)broken(err, "its central directory is not where it says");
		return NULL;
	}
	return s.p + at;
}

static int find_data(
	struct dg_span s, const uint8_t *entry, struct dg_span *ret_data, struct dg_err *err)
{
	size_t at = get32(entry + 42);
	size_t len = get32(entry + 20);

	if (get16(entry + 8) & ENCRYPTED) {
		return dg_fail(err, DG_EREMOTE, "the zip archive is encrypted");
	}
	if (at > s.n || s.n - at < LOCAL_SIZE || memcmp(s.p + at, "PK\3\4", 4) != 0) {
		return broken(err, "its entry is not where it says");
	}
	size_t skip = LOCAL_SIZE + get16(s.p + at + 26) + get16(s.p + at + 28);
	if (s.n - at < skip || s.n - at - skip < len) {
		return broken(err, "its entry is longer than the file");
	}
	*ret_data = (struct dg_span){s.p + at + skip, len};
	return 0;
}

int dg_reports_unzip(struct dg_span s, struct dg_aggregate *g, struct dg_err *err)
{
	const uint8_t *entry = find_entry(s, err);
	struct dg_span data = {0};
	size_t used = 0;

	if (!entry) {
		return (int)err->rc;
	}
	int r = find_data(s, entry, &data, err);
	if (r < 0) {
		return r;
	}
	switch (get16(entry + 10)) {
	case STORED:
		return dg_aggregate_feed(g, data.p, data.n, err);
	case DEFLATED:
		return dg_reports_inflate(data, -MAX_WBITS, g, &used, err);
	default:
		return dg_fail(err, DG_EREMOTE,
			"the zip archive is packed by method %u, expected 0 (stored) or 8 "
			"(deflated)",
			get16(entry + 10));
	}
}
