/* guard_replay MODE SINK LABELS: steps of guard.pml on standard input ("STEP ..."), each done by dg_guard_step() too; the states must be
 * the same. The times of the guard are set as the step says that they are. */
#include "zones/watch/guard_table.h"

#include <stdio.h>
#include <stdlib.h>

#define NOW  ((int64_t)1000000000)
#define LONG ((int64_t)1000000)

struct step {
	int event, row, state, label;
	char due[8], flags[16];
};

static void flags_of(const struct dg_guard *g, char *to)
{
	const bool bits[] = {g->is_armed, g->is_proposed, g->is_alarm, g->is_null, g->is_sink,
		g->is_listening, g->is_overlapping, g->is_retiring, g->asks_rotate, g->is_followed,
		g->is_abused, g->split_ms > 0};

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		*to++ = bits[i] ? '1' : '0';
	}
	*to = '\0';
}

/* Whether the same came of it; a restart of the daemon shows as a state that is not the last one's, never here. */
static bool replay(const struct dg_guard_limits *l, struct dg_guard *g, const struct step *s)
{
	struct dg_guard_event e = {.kind = (enum dg_guard_event_kind)s->event,
		.now_ms = NOW,
		.random = 500,
		.has_budget = s->due[3] == '1'};
	struct dg_guard_out out;
	char flags[16];

	g->due_ms = g->state == DG_GUARD_CALM ? INT64_MAX : s->due[0] == '1' ? NOW : NOW + 1;
	g->split_ms = g->split_ms == 0 ? 0 : s->due[1] == '1' ? NOW - l->expiry_ms : NOW;
	g->cooled_ms = s->due[2] == '1' ? NOW : NOW + 1;
	dg_guard_step(l, g, &e, &out);
	flags_of(g, flags);
	int row = out.row < 0 ? (int)dg_guard_n_rows : out.row;
	bool is_same = row == s->row && (int)g->state == s->state && (int)g->label == s->label;
	for (size_t i = 0; i < 12; i++) {
		is_same = is_same && flags[i] == s->flags[i];
	}
	const char *fault = dg_guard_fault(l, g);
	if (!is_same || fault) {
		printf("event %s: row %d, %s, label %u, %s; the model: row %d, %s, label %d, "
		       "%s%s%s\n",
			dg_guard_event_text(e.kind), row, dg_guard_state_text(g->state), g->label,
			flags, s->row, dg_guard_state_text((enum dg_guard_state)s->state), s->label,
			s->flags, fault ? ": " : "", fault ? fault : "");
	}
	return is_same && !fault;
}

int main(int argc, char **argv)
{
	struct dg_guard_limits l;
	struct dg_guard g;
	struct step s;
	static bool rows[256];
	unsigned n = 0;
	char line[200];

	if (argc != 4) {
		return 2;
	}
	dg_guard_limits_init(&l);
	l.mode = (enum dg_guard_mode)atoi(argv[1]);
	l.has_sink = atoi(argv[2]) != 0;
	l.n_labels = (unsigned)atoi(argv[3]);
	l.expiry_ms = LONG;
	dg_guard_init(&g, NOW);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, " STEP %d %7s row %d state %d label %d flags %15s", &s.event,
			    s.due, &s.row, &s.state, &s.label, s.flags) != 6) {
			continue;
		}
		if (!replay(&l, &g, &s)) {
			return 1;
		}
		rows[s.row] = true;
		n++;
	}
	printf("%u steps, rows", n);
	for (size_t i = 0; i < dg_guard_n_rows; i++) {
		if (rows[i]) {
			printf(" %zu", i);
		}
	}
	printf("\n");
	return 0;
}
