/* Any message, read, judged and told: what a stranger writes may neither crash it nor reach a terminal. */
#include "controller/incident/print.h"
#include "controller/incident/words.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/bounce/bounce.h"
#include "zones/incident/beside.h"
#include "zones/incident/case.h"
#include "zones/incident/classify.h"
#include "zones/incident/evidence.h"
#include "zones/incident/infer.h"
#include "zones/incident/ledger.h"
#include "zones/incident/refuse.h"
#include "zones/incident/verdict.h"

#include <stdlib.h>

#define ARENA_MAX ((size_t)64 << 20)
#define TEXT_MAX  ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_safe(const struct dg_buf *b)
{
	for (size_t i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->data[i];
		if ((c < 0x20 && c != '\n') || c == 0x7f) {
			abort();
		}
	}
}

static void tell(const struct dg_case *c, const struct dg_evidence *e, const struct dg_ruling *r)
{
	struct dg_buf b;

	dg_buf_init(&b, TEXT_MAX);
	dg_case_print(&b, c, true);
	dg_case_explain(&b, 1, "a message", e, r);
	dg_case_json(&b, c);
	dg_case_bounce_json(&b, 1, "a message", e, r);
	expect_safe(&b);
	dg_buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a = dg_arena_new(ARENA_MAX);
	struct dg_ledger *l = dg_ledger_new(7);
	struct dg_infer *f = dg_new(a, struct dg_infer);
	struct dg_verdict *v = dg_new(a, struct dg_verdict);
	struct dg_owner o = {0};
	struct dg_beside beside = {0};
	struct dg_bounce x;
	struct dg_evidence e;
	struct dg_ruling r;

	dg_words_open(NULL);
	if (dg_bounce_read(a, (const char *)data, size, NULL, &x) == 0) {
		f->arena = a;
		dg_infer_add(f, &x);
		dg_infer_owner(f, &o);
		dg_evidence_of(a, &x, &o, DG_TOKEN_NONE, &e);
		dg_classify(&e, &o, &r);
		dg_ledger_add(l, &e, &r);
		struct dg_refuse *refuse = dg_refuse_new(&o);
		dg_refuse_add(refuse, &e, &l->refusals);
		refuse = dg_refuse_free(refuse);
		dg_verdict_of(l, &o, &beside, v);
		struct dg_case c = {.ledger = l, .owner = &o, .beside = &beside, .verdict = v};
		tell(&c, &e, &r);
	}
	l = dg_ledger_free(l);
	a = dg_arena_free(a);
	return 0;
}
