/* zones/mail/tlspolicy.h: MTA-STS (RFC 8461) and TLSRPT (RFC 8460) records and the MTA-STS policy text.
 *
 * Memory   In the arena given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_buf;
struct dg_err;
struct dg_lints;

enum dg_sts_mode {
	DG_STS_NONE,
	DG_STS_TESTING,
	DG_STS_ENFORCE,
};

#define DG_STS_MAX_AGE_MAX 31557600u /* seconds */
#define DG_STS_MX_MAX      256u
#define DG_STS_POLICY_MAX  65536u /* octets */
#define DG_TLS_TEXT_MAX    16384u /* octets of a TXT record's text */
#define DG_TLSRPT_URIS_MAX 32u

struct dg_sts_policy {
	enum dg_sts_mode mode;
	uint32_t max_age;      /* seconds, at most DG_STS_MAX_AGE_MAX */
	const char *const *mx; /* "mx1.example.com", "*.example.net": no final dot, lower case */
	size_t n_mx;
};

/* "v=STSv1;", exactly so (RFC 8461 section 3.1). */
bool dg_sts_is_record(const char *text, size_t len);
/* id: 1 to 32 ASCII letters and digits. Returns NULL or why not. */
const char *dg_sts_id_fault(const char *id);
/* The id in a record; lints say what is wrong. *ret_id NULL: none. */
void dg_sts_parse(struct dg_arena *a, const char *text, size_t len, const char **ret_id,
	struct dg_lints *lints);
void dg_sts_print(struct dg_buf *b, const char *id); /* "v=STSv1; id=...;" */
/* The policy file (RFC 8461 section 3.2), at most 64 KiB. */
void dg_sts_policy_parse(struct dg_arena *a, const char *text, size_t len,
	struct dg_sts_policy *ret_policy, struct dg_lints *lints);
void dg_sts_policy_print(struct dg_buf *b, const struct dg_sts_policy *p);

bool dg_tlsrpt_is_record(const char *text, size_t len); /* "v=TLSRPTv1;" */
const char *dg_tlsrpt_uri_fault(const char *uri);       /* mailto: or https: (RFC 8460 section 3) */
void dg_tlsrpt_parse(struct dg_arena *a, const char *text, size_t len, const char *const **ret_rua,
	size_t *ret_n, struct dg_lints *lints);
void dg_tlsrpt_print(struct dg_buf *b, const char *const *rua, size_t n);
