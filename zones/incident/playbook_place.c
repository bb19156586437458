/* Where one is in a playbook. */
#include "zones/incident/playbook.h"
#include "zones/incident/record.h"

#include "zones/base/arena.h"

#include <string.h>

bool dg_playbook_is_answer(const struct dg_playbook_step *s, const char *answer)
{
	if (s->is_free) {
		size_t len = strlen(answer);

		return len > 0 && len <= DG_PLAYBOOK_TEXT;
	}
	for (size_t i = 0; i < s->choices.n; i++) {
		if (strcmp(s->choices.list[i], answer) == 0) {
			return true;
		}
	}
	return false;
}

size_t dg_playbook_next(const struct dg_playbook *p, size_t step, const char *answer)
{
	const struct dg_playbook_step *s = &p->steps[step];

	for (size_t i = 0; s->on && i < s->choices.n; i++) {
		if (strcmp(s->choices.list[i], answer) == 0) {
			return s->on[i];
		}
	}
	return s->then;
}

static bool has_word(const struct dg_playbook_words *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++) {
		if (strcmp(words->list[i], word) == 0) {
			return true;
		}
	}
	return false;
}

bool dg_playbook_holds(const struct dg_playbook *p, const struct dg_playbook_place *x, size_t step,
	const char *verdict, bool has_zone)
{
	const struct dg_playbook_step *s = &p->steps[step];
	bool is_so = (s->verdicts.n == 0 || has_word(&s->verdicts, verdict)) &&
		     (s->zone < 0 || (s->zone == 1) == has_zone);

	for (size_t i = 0; is_so && i < s->n_answers; i++) {
		const char *answer = x->done[s->answers[i].step].answer;

		is_so = answer && has_word(&s->answers[i].any, answer);
	}
	return is_so;
}

/* One entry of kind step: what it says goes before what was said of that step earlier. */
static void take(struct dg_arena *a, const struct dg_playbook *p, const struct dg_record_entry *e,
	struct dg_playbook_place *x)
{
	static const char *const ends[] = {"done", "answered", "skipped", "passed over"};
	json_t *o = NULL;
	size_t i = dg_playbook_find(p, dg_record_data(e, "step", &o));
	const char *outcome = dg_record_data(e, "outcome", &o);
	const char *answer = dg_record_data(e, "answer", &o);

	x->n_said++;
	if (i != DG_PLAYBOOK_END && i == x->at) {
		struct dg_playbook_done *d = &x->done[i];

		d->outcome = dg_strdup(a, outcome);
		d->answer = answer[0] != '\0' ? dg_strdup(a, answer) : NULL;
		d->who = e->who;
		d->at = e->at;
		x->approved_by = strcmp(outcome, "approved") == 0 ? e->who : x->approved_by;
		for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++) {
			if (strcmp(outcome, ends[k]) == 0) {
				x->at = k == 3 ? (i + 1 < p->n ? i + 1 : DG_PLAYBOOK_END)
					       : dg_playbook_next(p, i, answer);
				x->since = e->at;
				x->approved_by = NULL;
			}
		}
	}
	json_decref(o);
}

void dg_playbook_place(struct dg_arena *a, const struct dg_playbook *p,
	const struct dg_record_entry *entries, size_t n, size_t first, struct dg_playbook_place *x)
{
	memset(x, 0, sizeof(*x));
	x->since = first > 0 && first <= n ? entries[first - 1].at : 0;
	for (size_t i = first; i < n; i++) {
		if (strcmp(entries[i].kind, DG_RECORD_STEP) == 0) {
			take(a, p, &entries[i], x);
		}
	}
}
