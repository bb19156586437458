/* guard_promela: the guard's table as Promela, for guard.pml. */
#include "zones/watch/guard_table.h"

#include <stdio.h>

static const char *const states[] = {
#define X(name, text, meaning) #name,
	DG_GUARD_STATES(X)
#undef X
};
static const char *const events[] = {
#define X(name, meaning) #name,
	DG_GUARD_EVENTS(X)
#undef X
};
static const char *const actions[] = {
#define X(name, text, meaning) #name,
	DG_GUARD_ACTIONS(X)
#undef X
};
static const char *const conditions[] = {
#define X(name, text) #name,
	DG_GUARD_CONDITIONS(X)
#undef X
};

#define N(list) (sizeof(list) / sizeof((list)[0]))

static void put_row(size_t i)
{
	const struct dg_guard_row_of_table *r = &dg_guard_rows[i];
	const char *separator = "";

	printf("\t:: row == NO_ROW && ev == EV_%s && ", events[r->event]);
	if (r->from == DG_GUARD_ANY) {
		printf("g.state != S_HELD");
	} else {
		printf("g.state == S_%s", states[r->from]);
	}
	printf(" && (IF_%s) -> row = %zu; to = S_%s; acts = ", conditions[r->condition], i,
		states[r->to]);
	for (size_t k = 0; k < N(actions); k++) {
		if (r->actions & (1u << k)) {
			printf("%sDO_%s", separator, actions[k]);
			separator = " | ";
		}
	}
	puts(*separator ? "" : "0");
}

int main(void)
{
	for (size_t i = 0; i < N(states); i++) {
		printf("#define S_%s %zu\n", states[i], i);
	}
	for (size_t i = 0; i < N(events); i++) {
		printf("#define EV_%s %zu\n", events[i], i);
	}
	for (size_t i = 0; i < N(actions); i++) {
		printf("#define DO_%s %u\n", actions[i], 1u << i);
	}
	printf("#define NO_EVENT %zu\n", N(events));
	printf("#define NO_ROW %zu\n", dg_guard_n_rows);
	printf("#define row_is_last_label(n) (false");
	for (size_t i = 0; i < dg_guard_n_rows; i++) {
		if (dg_guard_rows[i].condition == DG_GUARD_IF_LAST_LABEL) {
			printf(" || n == %zu", i);
		}
	}
	puts(")\ninline find_row()\n{\n\trow = NO_ROW; to = g.state; acts = 0;");
	for (size_t i = 0; i < dg_guard_n_rows; i++) {
		puts("\tif");
		put_row(i);
		puts("\t:: else\n\tfi;");
	}
	puts("\tskip\n}");
	return 0;
}
