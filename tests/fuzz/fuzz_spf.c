/* SPF records: whatever comes, what was read prints to a record that reads the same. */

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/mail/lint.h"
#include "zones/mail/spf.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true) {
		abort();
	}
}

static bool same_text(const char *x, const char *y)
{
	return x == y || (x && y && strcmp(x, y) == 0);
}

static void check_same(const struct dg_spf_term *x, const struct dg_spf_term *y)
{
	check(x->kind == y->kind && x->qualifier == y->qualifier && x->prefix4 == y->prefix4 &&
		x->prefix6 == y->prefix6 && x->has_macro == y->has_macro);
	check(same_text(x->name, y->name) && same_text(x->domain, y->domain));
	check(memcmp(x->address, y->address, sizeof(x->address)) == 0);
}

static void round_trip(struct dg_arena *a, const struct dg_spf *spf, bool is_sound)
{
	struct dg_lints lints;
	struct dg_spf again;
	struct dg_buf b;

	dg_lints_init(&lints, a);
	dg_buf_init(&b, 2 * DG_SPF_TEXT_MAX);
	dg_spf_print(&b, spf);
	check(!b.is_full);
	dg_spf_parse(a, b.data, b.len, &again, &lints);
	check(again.n == spf->n && (lints.n_errors == 0 || !is_sound));
	for (size_t i = 0; i < spf->n; i++) {
		check_same(&spf->terms[i], &again.terms[i]);
	}
	dg_buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(256u << 20);
	struct dg_lints lints;
	struct dg_spf_term term;
	struct dg_spf spf;
	struct dg_err err;

	if (size > INPUT_MAX) {
		return 0;
	}
	const char *text = dg_memdup(a, data, size); /* no NUL behind it: reading on is seen */
	dg_lints_init(&lints, a);
	dg_spf_parse(a, text, size, &spf, &lints);
	check(dg_spf_is_record(text, size) || lints.n_errors > 0);
	round_trip(a, &spf, lints.n_errors == 0);
	dg_spf_lint(&spf, "example.com.", size, &lints);
	(void)dg_spf_term_parse(a, text, size, &term, &err);
	return 0;
}
