#include "zones/watch/aggregate.h"

#include "zones/base/err.h"
#include "zones/watch/aggregate_elements.h"
#include "zones/watch/aggregate_words.h"

#include <expat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SLICE     ((size_t)16 << 10)
#define COUNT_MAX ((uint64_t)1 << 40)
#define META_MAX  ((size_t)8 * (DG_AGGREGATE_VALUE_MAX + 1))

struct dg_aggregate {
	struct dg_aggregate_options options;
	XML_Parser xml;
	enum dg_element path[DG_AGGREGATE_DEPTH_MAX + 1];
	unsigned depth;   /* of path; path[depth] is where we are */
	unsigned n_below; /* elements that we are in and do not know */
	bool has_begun, has_metadata, has_policy, is_told, is_over;
	uint64_t n_fed, n_text, n_rows;
	struct dg_aggregate_report report;
	struct dg_aggregate_row row;
	bool has_source;
	int rc; /* < 0: err says why */
	struct dg_err err;
	size_t n_value, n_kept;
	char value[DG_AGGREGATE_VALUE_MAX + 1];
	char kept[DG_AGGREGATE_RECORD_MAX]; /* values of this record */
	size_t n_meta;
	char meta[META_MAX];
};

/* --- failing ---------------------------------------------------------------------------------- */
__attribute__((format(printf, 3, 4))) static void fail(
	struct dg_aggregate *g, enum dg_rc rc, const char *fmt, ...)
{
	char text[DG_ERR_TEXT_MAX];
	struct dg_pos pos = {.line = (unsigned)XML_GetCurrentLineNumber(g->xml),
		.column = (unsigned)XML_GetCurrentColumnNumber(g->xml) + 1};
	va_list ap;

	if (g->rc < 0) {
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	g->rc = dg_fail_at(&g->err, &pos, rc, "%s", text);
	(void)XML_StopParser(g->xml, XML_FALSE);
}

/* --- values ----------------------------------------------------------------------------------- */
/* The value without blanks around it; in g->value. */
static const char *trimmed(struct dg_aggregate *g)
{
	char *from = g->value;
	char *to = g->value + g->n_value;

	while (from < to && strchr(" \t\r\n", *from)) {
		from++;
	}
	while (to > from && strchr(" \t\r\n", to[-1])) {
		to--;
	}
	*to = '\0';
	g->n_value = (size_t)(to - from);
	return from;
}

static const char *keep(
	struct dg_aggregate *g, const char *value, char *room, size_t size, size_t *used)
{
	size_t n = g->n_value + 1;

	if (n == 1) {
		return "";
	}
	if (n > size - *used) {
		fail(g, DG_ELIMIT, "the values here are longer than %zu octets: this is no report",
			size);
		return "";
	}
	char *at = room + *used;
	memcpy(at, value, n);
	*used += n;
	return at;
}

static const char *keep_row(struct dg_aggregate *g, const char *value)
{
	return keep(g, value, g->kept, sizeof(g->kept), &g->n_kept);
}

static void take_source(struct dg_aggregate *g, const char *value)
{
	char buf[DG_AGGREGATE_SEEN];

	g->has_source = dg_address_parse(value, g->n_value, &g->row.source) == 0;
	if (!g->has_source) {
		fail(g, DG_EREMOTE,
			"source_ip is %s, expected an IPv4 or IPv6 address: the report's sender "
			"has to mend it",
			dg_aggregate_seen(value, buf));
	}
}

static void take_count(struct dg_aggregate *g, const char *value)
{
	char buf[DG_AGGREGATE_SEEN];

	if (!dg_aggregate_number(value, COUNT_MAX, &g->row.count) || g->row.count == 0) {
		fail(g, DG_EREMOTE,
			"count is %s, expected a whole number from 1 on: the report's sender has "
			"to mend it",
			dg_aggregate_seen(value, buf));
	}
}

static int64_t stamp(const char *value)
{
	uint64_t n = 0;

	return dg_aggregate_number(value, COUNT_MAX, &n) ? (int64_t)n : 0;
}

/* --- the end of an element -------------------------------------------------------------------- */
static void end_metadata(struct dg_aggregate *g, enum dg_element e, const char *value)
{
	struct dg_aggregate_report *r = &g->report;
	const char **const fields[DG_ELEMENTS] = {
		[DG_ELEMENT_ORG] = &r->org,
		[DG_ELEMENT_EMAIL] = &r->email,
		[DG_ELEMENT_ID] = &r->id,
		[DG_ELEMENT_DOMAIN] = &r->domain,
		[DG_ELEMENT_P] = &r->policy,
		[DG_ELEMENT_SP] = &r->subdomain_policy,
	};

	if (fields[e]) {
		*fields[e] = keep(g, value, g->meta, sizeof(g->meta), &g->n_meta);
	} else if (e == DG_ELEMENT_BEGIN) {
		r->begin = stamp(value);
	} else if (e == DG_ELEMENT_END) {
		r->end = stamp(value);
	}
}

static void end_result(struct dg_aggregate *g, enum dg_element e, const char *value)
{
	struct dg_aggregate_row *row = &g->row;
	bool is_dkim = e == DG_ELEMENT_DKIM_DOMAIN || e == DG_ELEMENT_DKIM_SELECTOR ||
		       e == DG_ELEMENT_DKIM_WORD;
	struct dg_aggregate_auth *list = is_dkim ? row->dkims : row->spfs;
	size_t n = is_dkim ? row->n_dkims : row->n_spfs;
	bool is_dropped = (is_dkim ? row->n_dkims_dropped : row->n_spfs_dropped) > 0;

	if (n == 0 || is_dropped) {
		return;
	}
	struct dg_aggregate_auth *auth = &list[n - 1];
	if (e == DG_ELEMENT_DKIM_WORD || e == DG_ELEMENT_SPF_WORD) {
		auth->result = dg_aggregate_result_of(value);
		return;
	}
	const char **field = e == DG_ELEMENT_DKIM_SELECTOR ? &auth->selector
			     : e == DG_ELEMENT_SPF_SCOPE   ? &auth->scope
							   : &auth->domain;
	*field = keep_row(g, value);
}

static void end_reason(struct dg_aggregate *g, enum dg_element e, const char *value)
{
	struct dg_aggregate_row *row = &g->row;

	if (row->n_reasons == 0 || row->n_reasons_dropped > 0) {
		return;
	}
	struct dg_aggregate_why *why = &row->reasons[row->n_reasons - 1];
	if (e == DG_ELEMENT_TYPE) {
		why->type = dg_aggregate_reason_of(value);
	} else {
		why->comment = keep_row(g, value);
	}
}

static void end_record(struct dg_aggregate *g)
{
	if (!g->has_source || g->row.count == 0) {
		fail(g, DG_EREMOTE, "this record has no %s: the report's sender has to mend it",
			g->has_source ? "count" : "source_ip");
		return;
	}
	g->options.on_row(g->options.arg, &g->row);
}

static void end_value(struct dg_aggregate *g, enum dg_element e)
{
	const char *value = trimmed(g);

	switch ((int)e) {
	case DG_ELEMENT_SOURCE:
		take_source(g, value);
		break;
	case DG_ELEMENT_COUNT:
		take_count(g, value);
		break;
	case DG_ELEMENT_DISPOSITION:
		g->row.disposition = dg_aggregate_disposition_of(value);
		break;
	case DG_ELEMENT_DKIM:
		g->row.dkim = dg_aggregate_result_of(value);
		break;
	case DG_ELEMENT_SPF:
		g->row.spf = dg_aggregate_result_of(value);
		break;
	case DG_ELEMENT_HEADER_FROM:
		g->row.header_from = keep_row(g, value);
		break;
	case DG_ELEMENT_ENVELOPE_FROM:
		g->row.envelope_from = keep_row(g, value);
		break;
	case DG_ELEMENT_ENVELOPE_TO:
		g->row.envelope_to = keep_row(g, value);
		break;
	case DG_ELEMENT_TYPE:
	case DG_ELEMENT_COMMENT:
		end_reason(g, e, value);
		break;
	default:
		if (e >= DG_ELEMENT_DKIM_DOMAIN) {
			end_result(g, e, value);
		} else {
			end_metadata(g, e, value);
		}
	}
}

static void on_end(void *arg, const XML_Char *name)
{
	struct dg_aggregate *g = arg;
	enum dg_element e = g->path[g->depth];

	(void)name;
	if (g->n_below > 0) {
		g->n_below--;
		return;
	}
	g->depth--;
	if (!dg_element_has_children(e)) {
		end_value(g, e);
	} else if (e == DG_ELEMENT_RECORD) {
		end_record(g);
	} else if (e == DG_ELEMENT_METADATA) {
		g->has_metadata = true;
	} else if (e == DG_ELEMENT_POLICY) {
		g->has_policy = true;
	}
}

/* --- the start of an element ------------------------------------------------------------------ */
static void start_record(struct dg_aggregate *g)
{
	struct dg_aggregate_row *row = &g->row;

	if (!g->is_told) {
		if (!g->has_metadata || !g->has_policy) {
			fail(g, DG_EREMOTE,
				"a record stands before %s: this is no report as RFC 9990 and RFC "
				"7489 have it",
				g->has_metadata ? "policy_published" : "report_metadata");
			return;
		}
		g->is_told = true;
		if (g->options.on_report(g->options.arg, &g->report) != 0) {
			g->is_over = true;
			(void)XML_StopParser(g->xml, XML_FALSE);
			return;
		}
	}
	if (++g->n_rows > DG_AGGREGATE_RECORDS_MAX) {
		fail(g, DG_ELIMIT, "more than %u records in one report", DG_AGGREGATE_RECORDS_MAX);
		return;
	}
	row->count = 0;
	row->disposition = DG_AGGREGATE_OTHER;
	row->dkim = row->spf = DG_AGGREGATE_RESULT_OTHER;
	row->header_from = row->envelope_from = row->envelope_to = "";
	row->n_dkims = row->n_dkims_dropped = row->n_spfs = row->n_spfs_dropped = 0;
	row->n_reasons = row->n_reasons_dropped = 0;
	g->has_source = false;
	g->n_kept = 0;
}

static void start_auth(struct dg_aggregate_auth *list, size_t max, size_t *n, size_t *n_dropped)
{
	if (*n == max) {
		(*n_dropped)++;
		return;
	}
	list[(*n)++] = (struct dg_aggregate_auth){.domain = "", .selector = "", .scope = ""};
}

static void start_known(struct dg_aggregate *g, enum dg_element e)
{
	struct dg_aggregate_row *row = &g->row;

	if (e == DG_ELEMENT_RECORD) {
		start_record(g);
	} else if (e == DG_ELEMENT_DKIM_RESULT) {
		start_auth(row->dkims, DG_AGGREGATE_DKIM_MAX, &row->n_dkims, &row->n_dkims_dropped);
	} else if (e == DG_ELEMENT_SPF_RESULT) {
		start_auth(row->spfs, DG_AGGREGATE_SPF_MAX, &row->n_spfs, &row->n_spfs_dropped);
	} else if (e == DG_ELEMENT_REASON && row->n_reasons == DG_AGGREGATE_REASONS_MAX) {
		row->n_reasons_dropped++;
	} else if (e == DG_ELEMENT_REASON) {
		row->reasons[row->n_reasons++] = (struct dg_aggregate_why){.comment = ""};
	}
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct dg_aggregate *g = arg;
	char buf[DG_AGGREGATE_SEEN];

	(void)attributes;
	g->has_begun = true;
	if (g->depth + g->n_below >= DG_AGGREGATE_DEPTH_MAX) {
		fail(g, DG_ELIMIT, "elements are more than %u deep: this is no report",
			DG_AGGREGATE_DEPTH_MAX);
		return;
	}
	if (g->n_below > 0) {
		g->n_below++;
		return;
	}
	enum dg_element e = dg_element_find(g->path[g->depth], name);
	if (e == DG_ELEMENT_DOCUMENT) {
		g->n_below = 1;
		if (g->depth == 0) {
			fail(g, DG_EREMOTE,
				"the outermost element is %s, expected feedback: this is no DMARC "
				"aggregate report",
				dg_aggregate_seen(name, buf));
		}
		return;
	}
	g->path[++g->depth] = e;
	g->n_value = 0;
	start_known(g, e);
}

static void on_text(void *arg, const XML_Char *text, int len)
{
	struct dg_aggregate *g = arg;
	size_t n = (size_t)len;

	if (g->n_below > 0 || dg_element_has_children(g->path[g->depth])) {
		return;
	}
	g->n_text += n;
	if (n > DG_AGGREGATE_VALUE_MAX - g->n_value) {
		fail(g, DG_ELIMIT, "a value is longer than %u octets: this is no report",
			DG_AGGREGATE_VALUE_MAX);
		return;
	}
	if (g->n_text > DG_AGGREGATE_TEXT_MAX) {
		fail(g, DG_ELIMIT, "the values are longer than %zu octets in all",
			DG_AGGREGATE_TEXT_MAX);
		return;
	}
	memcpy(g->value + g->n_value, text, n);
	g->n_value += n;
}

static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system,
	const XML_Char *public, int has_internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)has_internal;
	fail(arg, DG_EREMOTE,
		"there is a document type declaration (DOCTYPE): reports have none, and it could "
		"define entities; the report is not read");
}

/* expat knows UTF-8, UTF-16, ISO-8859-1 and US-ASCII. Of other sets of single octets the ASCII part is taken. */
static int on_encoding(void *arg, const XML_Char *name, XML_Encoding *info)
{
	(void)arg;
	if (strncasecmp(name, "windows-125", 11) != 0 && strncasecmp(name, "iso-8859-", 9) != 0) {
		return XML_STATUS_ERROR;
	}
	for (int i = 0; i < 256; i++) {
		info->map[i] = i < 128 ? i : 0xfffd;
	}
	return XML_STATUS_OK;
}

/* --- the reader ------------------------------------------------------------------------------- */
struct dg_aggregate *dg_aggregate_new(const struct dg_aggregate_options *o)
{
	struct dg_aggregate *g = calloc(1, sizeof(*g));
	XML_Parser xml = XML_ParserCreate(NULL);

	if (!g || !xml) {
		abort();
	}
	g->options = *o;
	g->xml = xml;
	g->report = (struct dg_aggregate_report){.org = "",
		.email = "",
		.id = "",
		.domain = "",
		.policy = "",
		.subdomain_policy = ""};
	XML_SetUserData(xml, g);
	XML_SetElementHandler(xml, on_start, on_end);
	XML_SetCharacterDataHandler(xml, on_text);
	XML_SetStartDoctypeDeclHandler(xml, on_doctype);
	XML_SetUnknownEncodingHandler(xml, on_encoding, NULL);
	return g;
}

struct dg_aggregate *dg_aggregate_free(struct dg_aggregate *g)
{
	if (g) {
		XML_ParserFree(g->xml);
		free(g);
	}
	return NULL;
}

static int parse(struct dg_aggregate *g, const char *p, size_t n, bool is_last)
{
	if (XML_Parse(g->xml, p, (int)n, is_last) == XML_STATUS_ERROR && g->rc == 0 &&
		!g->is_over) {
		fail(g, DG_EREMOTE, "the XML is broken: %s: the report's sender has to mend it",
			XML_ErrorString(XML_GetErrorCode(g->xml)));
	}
	XML_Index at = XML_GetCurrentByteIndex(g->xml);
	if (g->rc == 0 && !g->is_over && at >= 0 &&
		g->n_fed - (uint64_t)at > DG_AGGREGATE_TAG_MAX) {
		fail(g, DG_ELIMIT, "a tag is longer than %zu octets: this is no report",
			DG_AGGREGATE_TAG_MAX);
	}
	return g->rc;
}

static int result(const struct dg_aggregate *g, struct dg_err *err)
{
	if (g->rc < 0) {
		*err = g->err;
	}
	return g->rc < 0 ? g->rc : g->is_over ? 1 : 0;
}

int dg_aggregate_feed(struct dg_aggregate *g, const void *p, size_t n, struct dg_err *err)
{
	const char *at = p;

	while (n > 0 && g->rc == 0 && !g->is_over) {
		size_t step = n < SLICE ? n : SLICE;

		g->n_fed += step;
		if (g->n_fed > DG_AGGREGATE_XML_MAX) {
			fail(g, DG_ELIMIT, "the report is longer than %zu octets",
				DG_AGGREGATE_XML_MAX);
			break;
		}
		(void)parse(g, at, step, false);
		at += step;
		n -= step;
	}
	return result(g, err);
}

int dg_aggregate_end(struct dg_aggregate *g, struct dg_err *err)
{
	if (g->rc == 0 && !g->is_over) {
		(void)parse(g, "", 0, true);
	}
	if (g->rc == 0 && !g->is_over && !g->is_told) {
		g->is_told = true;
		g->is_over = g->options.on_report(g->options.arg, &g->report) != 0;
	}
	return result(g, err);
}

bool dg_aggregate_has_begun(const struct dg_aggregate *g)
{
	return g->has_begun;
}
