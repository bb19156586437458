/* A plan as a person reads it, RRset by RRset: from what to what, why, at what cost, what is in the way. */
#include "zones/plan/build.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/name.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS     80u
#define TEXT_INDENT 16u
#define SCRATCH_MAX ((size_t)256 << 20)

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define BOLD   "\033[1m"
#define ALARM  "\033[1;31m"

struct printer {
	struct dg_buf *b;
	struct dg_arena *arena;
	const struct dg_plan *plan;
	const struct dg_plan_style *style;
};

static void put_safe(const struct printer *p, const char *s)
{
	dg_buf_put_safe(p->b, s, strlen(s));
}

static void set_colour(const struct printer *p, const char *colour)
{
	if (p->style->has_colour) {
		dg_buf_puts(p->b, colour);
	}
}

static void end_colour(const struct printer *p)
{
	set_colour(p, "\033[0m");
}

/* Text from column `at` on, broken at spaces before COLUMNS, further lines indented by `indent`; ends the line. */
static void put_wrapped(const struct printer *p, size_t at, size_t indent, const char *text)
{
	bool is_first = true;

	while (*text != '\0') {
		size_t gap = strspn(text, " ");
		size_t len = strcspn(text + gap, " ");

		if (!is_first && len > 0 && at + gap + len > COLUMNS) {
			dg_buf_printf(p->b, "\n%*s", (int)indent, "");
			at = indent;
		} else {
			dg_buf_put(p->b, text, gap);
			at += gap;
		}
		size_t before = p->b->len;
		dg_buf_put_safe(p->b, text + gap, len);
		at += p->b->len - before;
		text += gap + len;
		is_first = false;
	}
	dg_buf_putc(p->b, '\n');
}

static void put_field(
	const struct printer *p, const char *label, const char *colour, const char *text)
{
	set_colour(p, colour);
	dg_buf_printf(p->b, "      %-*s", (int)TEXT_INDENT - 6, label);
	end_colour(p);
	put_wrapped(p, TEXT_INDENT, TEXT_INDENT, text);
}

/* --- records ------------------------------------------------------------------------------------------------ */
/* Would it read like one of the other side's records? Then only the exact text shows the difference. */
static bool has_twin(const struct dg_rrset *other, const struct dg_rdata *rd)
{
	const struct dg_rrset one = {
		.type = other->type, .owner = other->owner, .rdata = rd, .n = 1};

	for (size_t i = 0; i < other->n; i++) {
		const struct dg_rrset two = {.type = other->type,
			.owner = other->owner,
			.rdata = &other->rdata[i],
			.n = 1};

		if (dg_rrset_same_meaning(&one, &two)) {
			return true;
		}
	}
	return false;
}

static void put_record(
	const struct printer *p, char sign, const struct dg_rdata *rd, const struct dg_rrset *other)
{
	bool in_full = p->style->is_verbose || has_twin(other, rd);

	set_colour(p, sign == '+' ? GREEN : sign == '-' ? RED : "");
	dg_buf_printf(p->b, "      %c ", sign);
	put_wrapped(p, 8, 10, dg_record_words(p->arena, other->type, rd, in_full));
	if (sign != ' ') {
		end_colour(p);
	}
}

/* The records of x that y does not have. */
static void put_missing(
	const struct printer *p, char sign, const struct dg_rrset *x, const struct dg_rrset *y)
{
	for (size_t i = 0; i < x->n; i++) {
		if (!dg_rrset_has(y, &x->rdata[i])) {
			put_record(p, sign, &x->rdata[i], y);
		}
	}
}

static void put_kept(const struct printer *p, const struct dg_change *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->before.n; i++) {
		if (!dg_rrset_has(&c->after, &c->before.rdata[i])) {
			continue;
		}
		n++;
		if (p->style->is_verbose) {
			put_record(p, ' ', &c->before.rdata[i], &c->after);
		}
	}
	if (n > 0 && !p->style->is_verbose) {
		dg_buf_printf(p->b, "        (%zu record%s as %s)\n", n,
			n > 1 ? "s stay" : " stays", n > 1 ? "they are" : "it is");
	}
}

/* --- one change --------------------------------------------------------------------------------------------- */
static void put_ttl(const struct printer *p, const struct dg_change *c)
{
	if (c->before.n == 0 || c->after.n == 0 || c->before.ttl == c->after.ttl) {
		dg_buf_printf(p->b, "  ttl %u", c->before.n > 0 ? c->before.ttl : c->after.ttl);
	} else {
		dg_buf_printf(p->b, "  ttl %u -> %u", c->before.ttl, c->after.ttl);
	}
}

static void put_title(const struct printer *p, const struct dg_change *c)
{
	static const struct {
		char sign;
		const char *colour, *word;
	} looks[] = {
		[DG_ACTION_CREATE] = {'+', GREEN, "new"},
		[DG_ACTION_CHANGE] = {'~', YELLOW, "changed"},
		[DG_ACTION_TTL] = {'~', YELLOW, "ttl only"},
		[DG_ACTION_DELETE] = {'-', RED, "removed"},
	};
	bool is_held = c->conflict != DG_CONFLICT_NONE;
	char type[16];

	set_colour(p, is_held ? ALARM : looks[c->action].colour);
	dg_buf_printf(p->b, "  %c ", is_held ? '!' : looks[c->action].sign);
	end_colour(p);
	set_colour(p, BOLD);
	put_safe(p, dg_name_plain(p->arena, c->after.owner));
	dg_buf_printf(p->b, "  %s", dg_type_text(c->after.type, type));
	end_colour(p);
	put_ttl(p, c);
	if (is_held) {
		set_colour(p, ALARM);
		dg_buf_printf(p->b, "  conflict: %s", dg_conflict_code(c->conflict));
		end_colour(p);
	} else {
		dg_buf_printf(p->b, "  (%s)", looks[c->action].word);
	}
	dg_buf_putc(p->b, '\n');
}

static void put_place(const struct printer *p, const struct dg_pos *pos)
{
	if (pos->line > 0) {
		put_field(p, "declared", "",
			dg_printf(p->arena, "%s:%u:%u", pos->file ? pos->file : "-", pos->line,
				pos->column));
	}
}

static void put_conflict(const struct printer *p, const struct dg_change *c, bool is_costly)
{
	bool is_settled_by_adopt =
		c->conflict != DG_CONFLICT_CNAME && c->conflict != DG_CONFLICT_UNKNOWN;

	if (c->last.owner && c->last.n == 0) {
		put_field(p, "last", "", "dnsguard left nothing here");
	} else if (c->last.owner) {
		put_field(p, "last", "",
			dg_printf(p->arena, "dnsguard applied, ttl %u:", c->last.ttl));
		for (size_t i = 0; i < c->last.n; i++) {
			put_record(p, '=', &c->last.rdata[i], &c->before);
		}
	}
	put_field(p, "conflict", ALARM, c->conflict_text);
	if (is_costly && is_settled_by_adopt) {
		put_field(p, "--adopt", YELLOW, c->cost);
	}
	put_place(p, &c->pos);
}

static void put_change(const struct printer *p, const struct dg_change *c)
{
	const char *cache = dg_change_cache_words(p->arena, c);
	/* The cache clause alone is said once, at the end, by the longest of them. */
	bool is_costly = c->cost && (!cache || strcmp(c->cost, cache) != 0);

	put_title(p, c);
	put_missing(p, '-', &c->before, &c->after);
	put_missing(p, '+', &c->after, &c->before);
	put_kept(p, c);
	if (c->why) {
		put_field(p, "why", "",
			c->rule ? dg_printf(p->arena, "%s (%s)", c->why, c->rule) : c->why);
	}
	if (c->conflict != DG_CONFLICT_NONE) {
		put_conflict(p, c, is_costly);
	} else {
		if (is_costly || (c->cost && p->style->is_verbose)) {
			put_field(p, "cost", YELLOW, c->cost);
		}
		if (p->style->is_verbose) {
			put_place(p, &c->pos);
		}
	}
	dg_buf_putc(p->b, '\n');
}

/* --- the whole ----------------------------------------------------------------------------------------------- */
static void put_steps(const struct printer *p)
{
	size_t n_steps = 0;
	size_t step = 0;

	for (size_t i = 0; i < p->plan->n; i++) {
		n_steps += i == 0 || p->plan->changes[i].phase != p->plan->changes[i - 1].phase ? 1
												: 0;
	}
	for (size_t i = 0; i < p->plan->n; i++) {
		bool is_new = i == 0 || p->plan->changes[i].phase != p->plan->changes[i - 1].phase;

		if (is_new && n_steps > 1) {
			step++;
			set_colour(p, BOLD);
			dg_buf_printf(p->b, "Step %zu of %zu", step, n_steps);
			end_colour(p);
			dg_buf_puts(p->b,
				step == 1 ? "\n\n"
					  : ", once every name server shows the step before\n\n");
		}
		put_change(p, &p->plan->changes[i]);
	}
}

static void put_notes(const struct printer *p)
{
	if (p->plan->n_notes == 0) {
		return;
	}
	set_colour(p, BOLD);
	dg_buf_puts(p->b, "Notes\n");
	end_colour(p);
	for (size_t i = 0; i < p->plan->n_notes; i++) {
		const struct dg_note *n = &p->plan->notes[i];
		const char *owner = dg_name_plain(p->arena, n->owner ? n->owner : "");

		dg_buf_puts(p->b, "  * ");
		put_wrapped(p, 4, 4,
			dg_printf(p->arena, "%s%s%s%s%s%s", owner, *owner != '\0' ? ": " : "",
				n->text, n->rule ? " (" : "", n->rule ? n->rule : "",
				n->rule ? ")" : ""));
	}
	dg_buf_putc(p->b, '\n');
}

static void put_summary(const struct printer *p)
{
	const struct dg_plan *plan = p->plan;
	size_t n[DG_ACTION_DELETE + 1] = {0};
	char id[DG_DIGEST_TEXT_MAX];
	uint32_t longest = 0;

	for (size_t i = 0; i < plan->n; i++) {
		n[plan->changes[i].action]++;
		longest = plan->changes[i].old_ttl > longest ? plan->changes[i].old_ttl : longest;
	}
	if (longest > 0) {
		dg_buf_printf(p->b, "Caches may hold old answers for up to %s after the change.\n",
			dg_duration_text(p->arena, longest));
	}
	dg_buf_printf(p->b, "%zu change%s: %zu new, %zu changed, ", plan->n,
		plan->n == 1 ? "" : "s", n[DG_ACTION_CREATE], n[DG_ACTION_CHANGE]);
	if (n[DG_ACTION_TTL] > 0) {
		dg_buf_printf(p->b, "%zu ttl, ", n[DG_ACTION_TTL]);
	}
	dg_buf_printf(p->b, "%zu removed; ", n[DG_ACTION_DELETE]);
	if (plan->n_conflicts > 0) {
		set_colour(p, ALARM);
		dg_buf_printf(p->b, "%zu conflict%s", plan->n_conflicts,
			plan->n_conflicts == 1 ? "" : "s");
		end_colour(p);
		dg_buf_puts(p->b, "; ");
	}
	(void)dg_digest_text(plan->digest, DG_PLAN_ID_LEN / 2, id);
	dg_buf_printf(p->b, "plan %s\n", id);
}

void dg_plan_print(struct dg_buf *b, const struct dg_plan *plan, const struct dg_plan_style *style)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(SCRATCH_MAX);
	const struct printer p = {.b = b, .arena = a, .plan = plan, .style = style};

	if (style->form == DG_FORM_DIFF) {
		dg_plan_print_diff(b, plan, style->has_colour);
		return;
	}
	set_colour(&p, BOLD);
	put_safe(&p, dg_name_plain(a, plan->zone));
	end_colour(&p);
	if (plan->from && *plan->from != '\0') {
		dg_buf_puts(b, "  as served by ");
		put_safe(&p, plan->from);
	}
	dg_buf_puts(b, "\n\n");
	put_steps(&p);
	put_notes(&p);
	if (plan->n == 0) {
		dg_buf_printf(b, "Nothing to change: %zu RRset%s as wanted.\n", plan->n_same,
			plan->n_same == 1 ? " is" : "s are");
		return;
	}
	put_summary(&p);
}
