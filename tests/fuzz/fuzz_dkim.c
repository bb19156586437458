/* DKIM key records and key files: what a file gives is a record without faults. */
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/mail/dkim.h"
#include "zones/mail/lint.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(64u << 20);
	struct dg_lints lints;
	struct dg_dkim d;
	struct dg_err err;
	const char *made = NULL;

	if (size > INPUT_MAX) {
		return 0;
	}
	const char *text = dg_memdup(a, data, size);
	dg_lints_init(&lints, a);
	dg_dkim_parse(a, text, size, &d, &lints);
	check(dg_dkim_is_record(text, size) || lints.n_errors > 0);
	dg_dkim_lint(&d, &lints);
	if (dg_dkim_from_file(a, text, size, "key", &made, &err) == DG_OK) {
		check(strlen(made) <= DG_DKIM_TEXT_MAX && dg_dkim_is_record(made, strlen(made)));
		dg_lints_init(&lints, a);
		dg_dkim_parse(a, made, strlen(made), &d, &lints);
		check(lints.n_errors == 0);
	} else {
		check(err.rc == DG_EINPUT && strncmp(err.text, "key: ", 5) == 0);
	}
	return 0;
}
