#include "zones/incident/playbook.h"

#include <string.h>

static const struct {
	const char *text, *what;
	bool changes, is_refused;
} verbs[] = {
#define X(name, word, changes, refused, what) [DG_PLAYBOOK_##name] = {word, what, changes, refused},
	DG_PLAYBOOK_VERBS(X)
#undef X
};

const char *dg_playbook_verb_text(enum dg_playbook_verb v)
{
	return verbs[v].text;
}

const char *dg_playbook_verb_what(enum dg_playbook_verb v)
{
	return verbs[v].what;
}

bool dg_playbook_verb_changes(enum dg_playbook_verb v)
{
	return verbs[v].changes;
}

bool dg_playbook_verb_is_refused(enum dg_playbook_verb v)
{
	return verbs[v].is_refused;
}

size_t dg_playbook_find(const struct dg_playbook *p, const char *id)
{
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->steps[i].id, id) == 0) {
			return i;
		}
	}
	return DG_PLAYBOOK_END;
}
