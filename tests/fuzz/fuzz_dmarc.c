/* DMARC records: what was read prints to a record that reads the same. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/dmarc.h"
#include "zones/mail/lint.h"

#include <stdint.h>
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

static void check_uris(const char *const *x, const char *const *y, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		check(strcmp(x[i], y[i]) == 0);
	}
}

static void check_same(const struct dg_dmarc *x, const struct dg_dmarc *y)
{
	check(x->p == y->p && x->sp == y->sp && x->np == y->np);
	check(x->adkim == y->adkim && x->aspf == y->aspf && x->psd == y->psd && x->t == y->t);
	check(x->fo == y->fo || (x->fo && y->fo && strcmp(x->fo, y->fo) == 0));
	check(x->n_rua == y->n_rua && x->n_ruf == y->n_ruf);
	check_uris(x->rua, y->rua, x->n_rua);
	check_uris(x->ruf, y->ruf, x->n_ruf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(64u << 20);
	struct dg_lints lints;
	struct dg_dmarc d;
	struct dg_dmarc again;
	struct dg_buf b;
	const char *domain = NULL;

	if (size > INPUT_MAX) {
		return 0;
	}
	const char *text = dg_memdup(a, data, size);
	dg_lints_init(&lints, a);
	dg_dmarc_parse(a, text, size, &d, &lints);
	check(dg_dmarc_is_record(text, size) == (d.p != DG_DMARC_UNSET) || lints.n_errors > 0);
	dg_dmarc_lint(&d, &lints);
	dg_dmarc_lint_below(&d, &lints);
	dg_buf_init(&b, 4 * DG_DMARC_TEXT_MAX);
	dg_dmarc_print(&b, &d);
	dg_lints_init(&lints, a);
	dg_dmarc_parse(a, b.data, b.len, &again, &lints);
	check(!b.is_full &&
		(lints.n_errors == 0 || d.p == DG_DMARC_UNSET || b.len > DG_DMARC_TEXT_MAX));
	check_same(&d, &again);
	dg_buf_done(&b);
	for (size_t i = 0; i < d.n_rua; i++) {
		if (!dg_dmarc_uri_fault(d.rua[i])) {
			check(dg_dmarc_uri_domain(a, d.rua[i], &domain) == 0);
			check(domain[strlen(domain) - 1] == '.');
		}
	}
	(void)dg_dmarc_uri_fault(dg_strndup(a, text, size));
	return 0;
}
