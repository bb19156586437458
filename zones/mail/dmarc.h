/* zones/mail/dmarc.h: DMARC policy records (RFC 9989 section 4): parse, print, lint.
 *
 * Shape    Fields hold what was written and is valid, letters in lower case; 0, UNSET and NULL: not written, or not valid, so that a
 *          receiver takes the default (r for adkim and aspf, "0" for fo, u for psd, n for t). Tag names in any letter case.
 * Errors   As in spf.h: faults are lints; n_errors > 0: receivers ignore the record or take it as p=none.
 * Memory   In the arena given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_arena;
struct dg_buf;
struct dg_err;
struct dg_lints;

#define DG_DMARC_TEXT_MAX \
	16384u /* octets of one that we publish; a longer one is an error, and read */
#define DG_DMARC_URIS_MAX 32u

enum dg_dmarc_policy {
	DG_DMARC_UNSET,
	DG_DMARC_NONE,
	DG_DMARC_QUARANTINE,
	DG_DMARC_REJECT,
};

struct dg_dmarc {
	enum dg_dmarc_policy p, sp, np; /* UNSET: not written (or not valid) */
	char adkim, aspf;               /* 'r' or 's'; 0: not written */
	char psd;                       /* 'y', 'n', 'u'; 0: not written */
	char t;                         /* 'y' or 'n'; 0: not written */
	const char *fo;                 /* as written ("1", "0:d:s"); NULL: not written */
	const char *const *rua;         /* URIs ("mailto:dmarc@example.net") */
	size_t n_rua;
	const char *const *ruf;
	size_t n_ruf;
	/* What a receiver asks that finds no valid p (section 4.10.1). */
	bool has_bad_p, has_bad_sp, has_bad_np; /* written and not valid */
	bool has_report_uri; /* rua holds a URI by RFC 3986, also one that we would not publish */
};

bool dg_dmarc_is_record(const char *text, size_t len); /* "v=DMARC1" first */
void dg_dmarc_parse(struct dg_arena *a, const char *text, size_t len, struct dg_dmarc *ret_dmarc,
	struct dg_lints *lints);
/* "v=DMARC1; p=reject; ..." with p second, as old receivers want it; nothing for what is not set. */
void dg_dmarc_print(struct dg_buf *b, const struct dg_dmarc *d);
const char *dg_dmarc_policy_text(enum dg_dmarc_policy p); /* "none", ...; UNSET: "" */
/* What the record means: weak policies, testing, no reports ... */
void dg_dmarc_lint(const struct dg_dmarc *d, struct dg_lints *lints);
/* The same for a record below a name that has one too, which therefore is the organizational domain. */
void dg_dmarc_lint_below(const struct dg_dmarc *d, struct dg_lints *lints);

/* The domain that a report URI sends to, canonical ("mailto:dmarc@example.net!10m" gives "example.net.").
 * 1: not a mailto URI with a domain. */
int dg_dmarc_uri_domain(struct dg_arena *a, const char *uri, const char **ret_domain);
/* Is this a report URI that may be published? NULL yes, else why not (static text). */
const char *dg_dmarc_uri_fault(const char *uri);
