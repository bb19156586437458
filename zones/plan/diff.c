/* A plan as a unified diff of zone file lines: exact text, for tools and for the record. */
#include "zones/plan/build.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/name.h"

#include <string.h>

#define LINE_MAX_BYTES \
	(400u << 10) /* a record of 65,535 octets, each escaped to four, quotes and owner */

struct differ {
	struct dg_buf *out;
	struct dg_buf line;
	bool has_colour;
	size_t old_line, new_line; /* lines already behind us */
};

static void put_line(struct differ *d, char sign, const struct dg_rrset *set, size_t i)
{
	const struct dg_rrset one = {.owner = set->owner,
		.type = set->type,
		.ttl = set->ttl,
		.rdata = &set->rdata[i],
		.n = 1};
	const char *colour = !d->has_colour || sign == ' ' ? ""
			     : sign == '+'                 ? "\033[32m"
							   : "\033[31m";

	dg_buf_clear(&d->line);
	dg_rrset_print(&d->line, &one);
	size_t len = d->line.len > 0 && d->line.data[d->line.len - 1] == '\n' ? d->line.len - 1
									      : d->line.len;
	dg_buf_puts(d->out, colour);
	dg_buf_putc(d->out, sign);
	dg_buf_put_safe(d->out, d->line.data, len);
	dg_buf_puts(d->out, *colour != '\0' ? "\033[0m\n" : "\n");
}

/* A range of a hunk's header: an empty one names the line before it. */
static void put_range(struct dg_buf *b, char sign, size_t behind, size_t n)
{
	dg_buf_printf(b, "%c%zu,%zu", sign, n > 0 ? behind + 1 : behind, n);
}

static void put_hunk(struct differ *d, const struct dg_change *c)
{
	const struct dg_rrset *x = &c->before;
	const struct dg_rrset *y = &c->after;
	bool has_same_ttl = x->ttl == y->ttl;
	char type[16];
	size_t i = 0;
	size_t k = 0;

	dg_buf_puts(d->out, d->has_colour ? "\033[36m@@ " : "@@ ");
	put_range(d->out, '-', d->old_line, x->n);
	dg_buf_putc(d->out, ' ');
	put_range(d->out, '+', d->new_line, y->n);
	dg_buf_puts(d->out, d->has_colour ? " @@\033[0m " : " @@ ");
	dg_buf_put_safe(d->out, y->owner, strlen(y->owner));
	dg_buf_printf(d->out, " %s\n", dg_type_text(y->type, type));
	while (i < x->n || k < y->n) {
		size_t gone = i;
		size_t come = k;

		/* Both are sorted: up to the next record that both have, one side leaves and the other comes. */
		while (gone < x->n && !(has_same_ttl && dg_rrset_has(y, &x->rdata[gone]))) {
			gone++;
		}
		while (come < y->n && !(has_same_ttl && dg_rrset_has(x, &y->rdata[come]))) {
			come++;
		}
		while (i < gone) {
			put_line(d, '-', x, i++);
		}
		while (k < come) {
			put_line(d, '+', y, k++);
		}
		if (i < x->n) {
			put_line(d, ' ', x, i++);
			k++;
		}
	}
	d->old_line += x->n;
	d->new_line += y->n;
}

static void put_conflict(struct dg_buf *b, const struct dg_change *c)
{
	char type[16];

	dg_buf_puts(b, "# conflict, not applied: ");
	dg_buf_put_safe(b, c->after.owner, strlen(c->after.owner));
	dg_buf_printf(
		b, " %s: %s: ", dg_type_text(c->after.type, type), dg_conflict_code(c->conflict));
	dg_buf_put_safe(b, c->conflict_text, strlen(c->conflict_text));
	dg_buf_putc(b, '\n');
}

void dg_plan_print_diff(struct dg_buf *b, const struct dg_plan *plan, bool has_colour)
{
	struct differ d = {.out = b, .has_colour = has_colour};
	char hex[DG_DIGEST_TEXT_MAX];

	if (plan->n == 0) {
		return;
	}
	for (size_t i = 0; i < plan->n; i++) {
		if (plan->changes[i].conflict != DG_CONFLICT_NONE) {
			put_conflict(b, &plan->changes[i]);
		}
	}
	dg_buf_init(&d.line, LINE_MAX_BYTES);
	dg_buf_puts(b, "--- ");
	dg_buf_put_safe(b, plan->zone, strlen(plan->zone));
	dg_buf_puts(b, "\tas served\n+++ ");
	dg_buf_put_safe(b, plan->zone, strlen(plan->zone));
	dg_buf_printf(b, "\tplan %s\n", dg_digest_text(plan->digest, DG_DIGEST_LEN, hex));
	for (size_t i = 0; i < plan->n; i++) {
		put_hunk(&d, &plan->changes[i]);
	}
	dg_buf_done(&d.line);
}
