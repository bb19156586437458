/* MTA-STS and TLSRPT records and MTA-STS policy files: what was read prints to what reads the same. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/lint.h"
#include "zones/mail/tlspolicy.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (80u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true) {
		abort();
	}
}

static void try_record(struct dg_arena *a, const char *text, size_t len)
{
	struct dg_lints lints;
	const char *id = NULL;

	dg_lints_init(&lints, a);
	dg_sts_parse(a, text, len, &id, &lints);
	check(id ? dg_sts_is_record(text, len) && !dg_sts_id_fault(id) : lints.n_errors > 0);
}

static void try_policy(struct dg_arena *a, const char *text, size_t len, struct dg_buf *b)
{
	struct dg_lints lints;
	struct dg_sts_policy p;
	struct dg_sts_policy again;

	dg_lints_init(&lints, a);
	dg_sts_policy_parse(a, text, len, &p, &lints);
	if (lints.n_errors > 0) {
		return;
	}
	dg_buf_clear(b);
	dg_sts_policy_print(b, &p);
	dg_sts_policy_parse(a, b->data, b->len, &again, &lints);
	check(lints.n_errors == 0 && again.mode == p.mode && again.max_age == p.max_age &&
		again.n_mx == p.n_mx);
	for (size_t i = 0; i < p.n_mx; i++) {
		check(strcmp(p.mx[i], again.mx[i]) == 0);
	}
}

static void try_report(struct dg_arena *a, const char *text, size_t len, struct dg_buf *b)
{
	struct dg_lints lints;
	const char *const *rua = NULL;
	const char *const *again = NULL;
	size_t n = 0;
	size_t n_again = 0;

	dg_lints_init(&lints, a);
	dg_tlsrpt_parse(a, text, len, &rua, &n, &lints);
	check(n > 0 || lints.n_errors > 0);
	if (lints.n_errors > 0) {
		return;
	}
	dg_buf_clear(b);
	dg_tlsrpt_print(b, rua, n);
	dg_tlsrpt_parse(a, b->data, b->len, &again, &n_again, &lints);
	check(lints.n_errors == 0 && n_again == n);
	for (size_t i = 0; i < n; i++) {
		check(strcmp(rua[i], again[i]) == 0 && !dg_tlsrpt_uri_fault(rua[i]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(64u << 20);
	struct dg_buf b;

	if (size > INPUT_MAX) {
		return 0;
	}
	const char *text = dg_memdup(a, data, size);
	dg_buf_init(&b, 2 * DG_STS_POLICY_MAX);
	try_record(a, text, size);
	try_policy(a, text, size, &b);
	try_report(a, text, size, &b);
	dg_buf_done(&b);
	return 0;
}
