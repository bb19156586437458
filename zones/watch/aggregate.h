/* zones/watch/aggregate.h: DMARC aggregate reports (RFC 7489 appendix C, RFC 9990), row by row as they are read. Pure.
 *
 * Shape    XML in blocks of any size; on_report() once, when report_metadata and policy_published are complete, then on_row() for
 *          each record. Namespaces and prefixes are accepted, attributes and unknown elements skipped, words are taken in any case
 *          of letters, values without the blanks around them. A value that is no value of its element (a disposition "hold") is
 *          DG_AGGREGATE_OTHER and the like; only what makes a row useless is an error: no source address, no count.
 *          Elements may stand in any order, but for records: they come after both of the others, as the schemas have it.
 * Limits   The constants below. A document type declaration is refused, so no entity is ever expanded. Tags are
 *          bounded too: give blocks of 4 KiB or more, since an unfinished tag is looked at again with each block.
 * Errors   DG_EREMOTE: not well-formed, or no report. DG_ELIMIT. Both with line and column. After an error nothing more is read.
 * Memory   Heap, about 50 KB and what expat needs; what callbacks get lives until they return.
 */
#pragma once

#include "zones/base/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_err;

#define DG_AGGREGATE_DEPTH_MAX   32u
#define DG_AGGREGATE_XML_MAX     ((size_t)64 << 20) /* octets of a document */
#define DG_AGGREGATE_TEXT_MAX    ((size_t)10 << 20) /* of all values in it */
#define DG_AGGREGATE_VALUE_MAX   4096u
#define DG_AGGREGATE_TAG_MAX     ((size_t)64 << 10) /* of one tag, comment or the like */
#define DG_AGGREGATE_RECORDS_MAX 100000u
#define DG_AGGREGATE_RECORD_MAX  ((size_t)32 << 10) /* of the values of one record */
#define DG_AGGREGATE_DKIM_MAX    16u                /* results of one record; more are counted */
#define DG_AGGREGATE_SPF_MAX     4u
#define DG_AGGREGATE_REASONS_MAX 4u

enum dg_aggregate_disposition {
	DG_AGGREGATE_OTHER, /* not said, or another word */
	DG_AGGREGATE_NONE,
	DG_AGGREGATE_PASS, /* RFC 9990: there was nothing to refuse */
	DG_AGGREGATE_QUARANTINE,
	DG_AGGREGATE_REJECT,
};

enum dg_aggregate_result {
	DG_AGGREGATE_RESULT_OTHER, /* not said, or another word */
	DG_AGGREGATE_RESULT_NONE,
	DG_AGGREGATE_RESULT_PASS,
	DG_AGGREGATE_RESULT_FAIL,
	DG_AGGREGATE_RESULT_POLICY,
	DG_AGGREGATE_RESULT_NEUTRAL,
	DG_AGGREGATE_RESULT_SOFTFAIL, /* "hardfail" of some reporters is FAIL */
	DG_AGGREGATE_RESULT_TEMPERROR,
	DG_AGGREGATE_RESULT_PERMERROR,
};

enum dg_aggregate_reason {
	DG_AGGREGATE_REASON_OTHER,
	DG_AGGREGATE_REASON_FORWARDED, /* forwarded, trusted_forwarder */
	DG_AGGREGATE_REASON_LIST,      /* mailing_list */
	DG_AGGREGATE_REASON_LOCAL,     /* local_policy */
	DG_AGGREGATE_REASON_SAMPLED,   /* sampled_out */
	DG_AGGREGATE_REASON_TESTING,   /* policy_test_mode */
};

/* Texts are UTF-8 as the reporter wrote them, NUL-terminated: not safe to show. "" where there is none. */
struct dg_aggregate_report {
	const char *org, *email, *id;
	int64_t begin, end;                    /* Unix seconds; 0: none */
	const char *domain;                    /* of the policy published */
	const char *policy, *subdomain_policy; /* "none", ... as written */
};

struct dg_aggregate_auth {
	const char *domain;
	const char *selector; /* of DKIM */
	const char *scope;    /* of SPF: "mfrom", "helo" */
	enum dg_aggregate_result result;
};

struct dg_aggregate_why {
	enum dg_aggregate_reason type;
	const char *comment;
};

struct dg_aggregate_row {
	struct dg_address source;
	uint64_t count; /* 1 and more, below 2^40 */
	enum dg_aggregate_disposition disposition;
	enum dg_aggregate_result dkim, spf; /* as evaluated: PASS is aligned */
	const char *header_from, *envelope_from, *envelope_to;
	struct dg_aggregate_auth dkims[DG_AGGREGATE_DKIM_MAX];
	size_t n_dkims, n_dkims_dropped;
	struct dg_aggregate_auth spfs[DG_AGGREGATE_SPF_MAX];
	size_t n_spfs, n_spfs_dropped;
	struct dg_aggregate_why reasons[DG_AGGREGATE_REASONS_MAX];
	size_t n_reasons, n_reasons_dropped;
};

struct dg_aggregate_options {
	/* 0: go on; 1: the rest of it is not wanted (it was read before): nothing more is called. */
	int (*on_report)(void *arg, const struct dg_aggregate_report *r);
	void (*on_row)(void *arg, const struct dg_aggregate_row *row);
	void *arg;
};

struct dg_aggregate;
struct dg_aggregate *dg_aggregate_new(const struct dg_aggregate_options *o);
struct dg_aggregate *dg_aggregate_free(struct dg_aggregate *g); /* NULL is fine; returns NULL */
/* 0, or 1: on_report() did not want the rest. */
int dg_aggregate_feed(struct dg_aggregate *g, const void *p, size_t n, struct dg_err *err);
/* All of it was fed. */
int dg_aggregate_end(struct dg_aggregate *g, struct dg_err *err);
/* An element was seen: it is XML, or begins as such. */
bool dg_aggregate_has_begun(const struct dg_aggregate *g);

const char *dg_aggregate_disposition_text(enum dg_aggregate_disposition d);
const char *dg_aggregate_result_text(enum dg_aggregate_result r);
