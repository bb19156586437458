#include "zones/watch/aggregate.h"

#include "zones/base/err.h"
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
#define WORD_SEEN 40u

enum element {
	DOCUMENT,
	FEEDBACK,
	METADATA,
	POLICY,
	RECORD,
	ORG,
	EMAIL,
	ID,
	RANGE,
	BEGIN,
	END,
	DOMAIN,
	P,
	SP,
	ROW,
	IDENTIFIERS,
	RESULTS,
	SOURCE,
	COUNT,
	EVALUATED,
	DISPOSITION,
	DKIM,
	SPF,
	REASON,
	TYPE,
	COMMENT,
	HEADER_FROM,
	ENVELOPE_FROM,
	ENVELOPE_TO,
	DKIM_RESULT,
	SPF_RESULT,
	DKIM_DOMAIN,
	DKIM_SELECTOR,
	DKIM_WORD,
	SPF_DOMAIN,
	SPF_SCOPE,
	SPF_WORD,
	N_ELEMENTS,
};

struct child {
	const char *name; /* NULL: no more */
	enum element is;
};

#define CHILDREN_MAX 6u
static const struct child children[N_ELEMENTS][CHILDREN_MAX] = {
	[DOCUMENT] = {{"feedback", FEEDBACK}},
	[FEEDBACK] = {{"record", RECORD}, {"report_metadata", METADATA},
		{"policy_published", POLICY}},
	[METADATA] = {{"org_name", ORG}, {"email", EMAIL}, {"report_id", ID},
		{"date_range", RANGE}},
	[RANGE] = {{"begin", BEGIN}, {"end", END}},
	[POLICY] = {{"domain", DOMAIN}, {"p", P}, {"sp", SP}},
	[RECORD] = {{"row", ROW}, {"identifiers", IDENTIFIERS}, {"auth_results", RESULTS}},
	[ROW] = {{"source_ip", SOURCE}, {"count", COUNT}, {"policy_evaluated", EVALUATED}},
	[EVALUATED] = {{"disposition", DISPOSITION}, {"dkim", DKIM}, {"spf", SPF},
		{"reason", REASON}},
	[REASON] = {{"type", TYPE}, {"comment", COMMENT}},
	[IDENTIFIERS] = {{"header_from", HEADER_FROM}, {"envelope_from", ENVELOPE_FROM},
		{"envelope_to", ENVELOPE_TO}},
	[RESULTS] = {{"dkim", DKIM_RESULT}, {"spf", SPF_RESULT}},
	[DKIM_RESULT] = {{"domain", DKIM_DOMAIN}, {"selector", DKIM_SELECTOR},
		{"result", DKIM_WORD}},
	[SPF_RESULT] = {{"domain", SPF_DOMAIN}, {"scope", SPF_SCOPE}, {"result", SPF_WORD}},
};

struct dg_aggregate {
	struct dg_aggregate_options options;
	XML_Parser xml;
	enum element path[DG_AGGREGATE_DEPTH_MAX + 1];
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
static void fail(struct dg_aggregate *g, enum dg_rc rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void fail(struct dg_aggregate *g, enum dg_rc rc, const char *fmt, ...)
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

/* A value as it may be shown: what is not printable ASCII is a question mark. */
static const char *seen(const char *value, char buf[WORD_SEEN])
{
	size_t n = 0;

	for (; value[n] && n < WORD_SEEN - 1; n++) {
		buf[n] = value[n] >= ' ' && value[n] <= '~' ? value[n] : '?';
	}
	buf[n] = '\0';
	return n > 0 ? buf : "nothing";
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

static const char *keep_meta(struct dg_aggregate *g, const char *value)
{
	return keep(g, value, g->meta, sizeof(g->meta), &g->n_meta);
}

static const char *keep_row(struct dg_aggregate *g, const char *value)
{
	return keep(g, value, g->kept, sizeof(g->kept), &g->n_kept);
}

/* Digits only; false: no number below the limit. */
static bool number(const char *value, uint64_t limit, uint64_t *ret_n)
{
	uint64_t n = 0;

	for (const char *p = value; *p; p++) {
		if (*p < '0' || *p > '9' || n >= limit / 10) {
			return false;
		}
		n = n * 10 + (uint64_t)(*p - '0');
	}
	*ret_n = n;
	return value[0] != '\0';
}

static void take_source(struct dg_aggregate *g, const char *value)
{
	char buf[WORD_SEEN];

	g->has_source = dg_address_parse(value, g->n_value, &g->row.source) == 0;
	if (!g->has_source) {
		fail(g, DG_EREMOTE,
			"source_ip is %s, expected an IPv4 or IPv6 address: the report's sender "
			"has to mend it",
			seen(value, buf));
	}
}

static void take_count(struct dg_aggregate *g, const char *value)
{
	char buf[WORD_SEEN];

	if (!number(value, COUNT_MAX, &g->row.count) || g->row.count == 0) {
		fail(g, DG_EREMOTE,
			"count is %s, expected a whole number from 1 on: the report's sender has "
			"to mend it",
			seen(value, buf));
	}
}

static int64_t stamp(const char *value)
{
	uint64_t n = 0;

	return number(value, COUNT_MAX, &n) ? (int64_t)n : 0;
}

/* --- the end of an element -------------------------------------------------------------------- */
static void end_metadata(struct dg_aggregate *g, enum element e, const char *value)
{
	struct dg_aggregate_report *r = &g->report;
	const char **field = e == ORG      ? &r->org
			     : e == EMAIL  ? &r->email
			     : e == ID     ? &r->id
			     : e == DOMAIN ? &r->domain
			     : e == P      ? &r->policy
			     : e == SP     ? &r->subdomain_policy
					   : NULL;

	if (field) {
		*field = keep_meta(g, value);
	} else if (e == BEGIN) {
		r->begin = stamp(value);
	} else if (e == END) {
		r->end = stamp(value);
	}
}

static void end_result(struct dg_aggregate *g, enum element e, const char *value)
{
	struct dg_aggregate_row *row = &g->row;
	bool is_dkim = e == DKIM_DOMAIN || e == DKIM_SELECTOR || e == DKIM_WORD;
	struct dg_aggregate_auth *list = is_dkim ? row->dkims : row->spfs;
	size_t n = is_dkim ? row->n_dkims : row->n_spfs;
	bool is_dropped = (is_dkim ? row->n_dkims_dropped : row->n_spfs_dropped) > 0;

	if (n == 0 || is_dropped) {
		return;
	}
	struct dg_aggregate_auth *auth = &list[n - 1];
	if (e == DKIM_WORD || e == SPF_WORD) {
		auth->result = dg_aggregate_result_of(value);
		return;
	}
	const char **field = e == DKIM_SELECTOR ? &auth->selector
			     : e == SPF_SCOPE   ? &auth->scope
						: &auth->domain;
	*field = keep_row(g, value);
}

static void end_reason(struct dg_aggregate *g, enum element e, const char *value)
{
	struct dg_aggregate_row *row = &g->row;

	if (row->n_reasons == 0 || row->n_reasons_dropped > 0) {
		return;
	}
	struct dg_aggregate_why *why = &row->reasons[row->n_reasons - 1];
	if (e == TYPE) {
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

static void end_value(struct dg_aggregate *g, enum element e)
{
	const char *value = trimmed(g);

	switch ((int)e) {
	case SOURCE:
		take_source(g, value);
		break;
	case COUNT:
		take_count(g, value);
		break;
	case DISPOSITION:
		g->row.disposition = dg_aggregate_disposition_of(value);
		break;
	case DKIM:
		g->row.dkim = dg_aggregate_result_of(value);
		break;
	case SPF:
		g->row.spf = dg_aggregate_result_of(value);
		break;
	case HEADER_FROM:
		g->row.header_from = keep_row(g, value);
		break;
	case ENVELOPE_FROM:
		g->row.envelope_from = keep_row(g, value);
		break;
	case ENVELOPE_TO:
		g->row.envelope_to = keep_row(g, value);
		break;
	case TYPE:
	case COMMENT:
		end_reason(g, e, value);
		break;
	default:
		if (e >= DKIM_DOMAIN) {
			end_result(g, e, value);
		} else {
			end_metadata(g, e, value);
		}
	}
}

static void on_end(void *arg, const XML_Char *name)
{
	struct dg_aggregate *g = arg;
	enum element e = g->path[g->depth];

	(void)name;
	if (g->n_below > 0) {
		g->n_below--;
		return;
	}
	g->depth--;
	if (!children[e][0].name) {
		end_value(g, e);
	} else if (e == RECORD) {
		end_record(g);
	} else if (e == METADATA) {
		g->has_metadata = true;
	} else if (e == POLICY) {
		g->has_policy = true;
	}
}

/* --- the start of an element ------------------------------------------------------------------ */
static enum element find_name(enum element parent, const char *name)
{
	const struct child *list = children[parent];

	for (size_t i = 0; i < CHILDREN_MAX && list[i].name; i++) {
		if (strcmp(list[i].name, name) == 0) {
			return list[i].is;
		}
	}
	return DOCUMENT;
}

/* DOCUMENT: not known there. */
static enum element find(enum element parent, const char *name)
{
	enum element e = find_name(parent, name);
	const char *colon = e == DOCUMENT ? strrchr(name, ':') : NULL;

	return colon ? find_name(parent, colon + 1) : e;
}

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

static void start_known(struct dg_aggregate *g, enum element e)
{
	struct dg_aggregate_row *row = &g->row;

	if (e == RECORD) {
		start_record(g);
	} else if (e == DKIM_RESULT) {
		start_auth(row->dkims, DG_AGGREGATE_DKIM_MAX, &row->n_dkims, &row->n_dkims_dropped);
	} else if (e == SPF_RESULT) {
		start_auth(row->spfs, DG_AGGREGATE_SPF_MAX, &row->n_spfs, &row->n_spfs_dropped);
	} else if (e == REASON && row->n_reasons == DG_AGGREGATE_REASONS_MAX) {
		row->n_reasons_dropped++;
	} else if (e == REASON) {
		row->reasons[row->n_reasons++] = (struct dg_aggregate_why){.comment = ""};
	}
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct dg_aggregate *g = arg;
	char buf[WORD_SEEN];

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
	enum element e = find(g->path[g->depth], name);
	if (e == DOCUMENT) {
		g->n_below = 1;
		if (g->depth == 0) {
			fail(g, DG_EREMOTE,
				"the outermost element is %s, expected feedback: this is no DMARC "
				"aggregate report",
				seen(name, buf));
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

	if (g->n_below > 0 || children[g->path[g->depth]][0].name) {
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
