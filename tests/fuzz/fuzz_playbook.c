/* Any text as a playbook: read, walked through with every answer, and written for others. What is taken keeps its bounds, and ends. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/incident/playbook.h"
#include "zones/incident/record.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define ARENA_MAX ((size_t)256 << 20)
#define TEXT_MAX  ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* However one answers, it leads onwards. */
static void walk(const struct dg_playbook *p, size_t choice)
{
	size_t at = 0;

	for (size_t n = 0; at != DG_PLAYBOOK_END; n++) {
		const struct dg_playbook_step *s = &p->steps[at];
		const char *answer =
			s->choices.n > 0 ? s->choices.list[choice % s->choices.n] : "done";

		assert(n < p->n);
		assert(s->kind != DG_PLAYBOOK_ASK || s->is_free ||
			dg_playbook_is_answer(s, answer));
		assert(s->kind != DG_PLAYBOOK_DO || !dg_playbook_verb_changes(s->verb) ||
			s->n_approvals > 0);
		size_t next = dg_playbook_next(p, at, answer);
		assert(next == DG_PLAYBOOK_END || (next > at && next < p->n));
		at = next;
	}
}

static void write_out(const struct dg_playbook *p)
{
	struct dg_record r = {
		.id = 1, .name = "a.example.", .opened = 1, .now = 2, .verdict = "forged"};
	struct dg_playbook_place x = {0};
	struct dg_buf b;

	dg_buf_init(&b, TEXT_MAX);
	dg_cacao_json(&b, p, &x, &r);
	assert(!b.is_full);
	json_t *o = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	assert(o);
	json_decref(o);
	dg_buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a = dg_arena_new(ARENA_MAX);
	struct dg_playbook *p = NULL;
	struct dg_err err = {0};
	const struct dg_playbook_source source = {(const char *)data, size, "p.yaml", "ja"};
	int r = dg_playbook_parse(a, &source, &p, &err);

	if (r == 0) {
		assert(p->n > 0 && p->n <= DG_PLAYBOOK_STEPS);
		for (size_t i = 0; i < DG_PLAYBOOK_CHOICES; i++) {
			walk(p, i);
		}
		write_out(p);
	} else {
		assert(r == DG_EINPUT && err.text[0] != '\0' && err.pos.line > 0);
	}
	dg_arena_free(a);
	return 0;
}
