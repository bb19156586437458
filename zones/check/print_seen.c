/* What was seen: the SPF tree with what it costs, keys, the way to the DMARC policy, records as they are served. */
#include "zones/check/printing.h"

#include "zones/base/buf.h"
#include "zones/check/served.h"
#include "zones/check/wrap.h"
#include "zones/mail/spf.h"
#include "zones/record/view.h"

#include <string.h>

#define RDATA_MAX    ((size_t)512 << 10)
#define RDATA_SHOWN  20u /* records of one RRset */
#define RECORD_WIDTH 2048u
#define NODE_MAX     ((size_t)16384)

/* --- SPF ----------------------------------------------------------------------------------------------- */
/* One term: what it costs, who may send by it. */
static void print_node(const struct printer *p, const struct dg_spf_node *n)
{
	struct dg_buf line;
	int indent = 2 + 2 * (int)n->depth;

	dg_buf_init(&line, NODE_MAX);
	dg_spf_node_print(&line, n);
	dg_buf_printf(p->b, "%*s", indent, "");
	check_wrap(p->b, (size_t)indent, (size_t)indent + 2, line.data);
	dg_buf_done(&line);
}

static void print_tree(const struct printer *p, const char *record, const struct dg_spf_tree *t)
{
	dg_buf_puts(p->b, "  ");
	dg_spf_cost_print(p->b, t);
	dg_buf_puts(p->b, "\n  ");
	check_wrap(p->b, 2, 4, record);
	for (size_t i = 1; i < t->n_nodes; i++) { /* the first is the record itself */
		print_node(p, &t->nodes[i]);
	}
	if (t->n_hidden > 0) {
		dg_buf_printf(p->b, "  %zu further lines are not shown\n", t->n_hidden);
	}
}

void print_spf(const struct printer *p)
{
	size_t n_shown = p->c->n_spf_more + 1;

	if (!p->c->spf) {
		return;
	}
	print_title(p, p->c->n_spf_records > 1 ? "SPF, each record by itself" : "SPF");
	print_tree(p, p->c->spf_record, p->c->spf);
	for (size_t i = 0; i < p->c->n_spf_more; i++) {
		print_tree(p, p->c->spf_more[i].record, &p->c->spf_more[i].tree);
	}
	if (p->c->n_spf_records > n_shown) {
		dg_buf_printf(p->b, "  %zu further records are not shown\n",
			p->c->n_spf_records - n_shown);
	}
}

/* --- DKIM ------------------------------------------------------------------------------------------------ */
void print_keys(const struct printer *p)
{
	if (p->c->n_keys == 0) {
		return;
	}
	print_title(p, "DKIM keys");
	for (size_t i = 0; i < p->c->n_keys; i++) {
		const struct dg_check_key *k = &p->c->keys[i];

		dg_buf_puts(p->b, "  ");
		print_safe(p, k->selector);
		dg_buf_puts(p->b, ": ");
		print_safe(p, k->text);
		dg_buf_putc(p->b, '\n');
		if (p->style->is_verbose) {
			dg_buf_puts(p->b, "    ");
			check_wrap(p->b, 4, 4, k->record);
		}
	}
}

/* --- DMARC ----------------------------------------------------------------------------------------------- */
static void print_steps(const struct printer *p, const struct dg_dmarc_found *found)
{
	for (size_t i = 0; i < found->n_steps; i++) {
		const struct dg_dmarc_step *s = &found->steps[i];

		dg_buf_puts(p->b, s->is_used ? "  * " : "    ");
		print_name(p, s->at);
		dg_buf_puts(p->b, ": ");
		check_wrap(p->b, strlen(s->at) + 5, 6, s->text ? s->text : "");
		if (s->record) {
			dg_buf_puts(p->b, "      ");
			check_wrap(p->b, 6, 6, s->record);
		}
		for (size_t k = 0; k < s->n_more; k++) {
			dg_buf_puts(p->b, "      ");
			check_wrap(p->b, 6, 6, s->more[k]);
		}
	}
}

void print_walk(const struct printer *p)
{
	const struct dg_dmarc_found *walk = &p->c->walk;
	const struct dg_dmarc_found *psl = &p->c->psl;

	if (walk->n_steps > 0) {
		print_title(p, "DMARC by tree walk (RFC 9989 section 4.10)");
		print_steps(p, walk);
	}
	if (psl->n_steps > 0 && (psl->state != walk->state || psl->applied != walk->applied)) {
		print_title(p, "DMARC by public suffix list (RFC 7489), which differs");
		print_steps(p, psl);
	}
}

/* --- records --------------------------------------------------------------------------------------------- */
/* served: the TTL at the name servers. */
static void print_state(const struct printer *p, const struct dg_fact *fact, long served)
{
	switch (fact->state) {
	case DG_FACT_FOUND:
		dg_buf_printf(p->b, ", %u s", (unsigned)fact->set.ttl);
		if (served != SERVED_NOWHERE && !fact->alias) {
			dg_buf_printf(p->b, " left of %ld s", served);
		}
		break;
	case DG_FACT_NODATA:
		dg_buf_printf(p->b, ": none (%u s)", (unsigned)fact->negative_ttl);
		break;
	case DG_FACT_NXDOMAIN:
		dg_buf_printf(
			p->b, ": the name does not exist (%u s)", (unsigned)fact->negative_ttl);
		break;
	case DG_FACT_PENDING:
		dg_buf_puts(p->b, ": not asked yet");
		break;
	case DG_FACT_UNKNOWN:
		dg_buf_puts(p->b, ": could not tell");
		dg_buf_puts(p->b, fact->why ? " (" : "");
		print_safe(p, fact->why ? fact->why : "");
		dg_buf_puts(p->b, fact->why ? ")" : "");
		break;
	}
	if (fact->trust != DG_TRUST_NONE) {
		dg_buf_printf(p->b, ", DNSSEC %s", dg_trust_text(fact->trust));
	}
	if (fact->alias) {
		dg_buf_puts(p->b, ", by CNAME at ");
		print_name(p, fact->alias);
	}
	dg_buf_putc(p->b, '\n');
}

static void print_record(const struct printer *p, const struct dg_check_record *r)
{
	struct dg_buf text;
	char type[16];

	dg_buf_puts(p->b, "  ");
	print_name(p, r->owner);
	dg_buf_printf(p->b, " %s", dg_type_text(r->type, type));
	print_state(p, r->fact, check_served_ttl(p->c, r->owner, r->type));
	dg_buf_init(&text, RDATA_MAX);
	for (size_t i = 0; r->fact->state == DG_FACT_FOUND && i < r->fact->set.n; i++) {
		if (i == RDATA_SHOWN) {
			dg_buf_printf(p->b, "    and %zu more\n", r->fact->set.n - i);
			break;
		}
		dg_buf_clear(&text);
		dg_rdata_print(&text, r->fact->set.type, &r->fact->set.rdata[i]);
		dg_buf_puts(p->b, "    ");
		dg_buf_put_safe(p->b, text.data, text.len > RECORD_WIDTH ? RECORD_WIDTH : text.len);
		dg_buf_puts(p->b, text.len > RECORD_WIDTH ? "...\n" : "\n");
	}
	dg_buf_done(&text);
}

void print_records(const struct printer *p)
{
	if (p->c->n_records > 0) {
		print_title(p, "Records, as the resolver has them");
	}
	for (size_t i = 0; i < p->c->n_records; i++) {
		print_record(p, &p->c->records[i]);
	}
}

/* --- name servers ---------------------------------------------------------------------------------------- */
static void print_server(const struct printer *p, size_t i)
{
	const struct dg_view *v = &p->c->servers[i];
	int group = check_served_group(p->c, i);

	dg_buf_printf(p->b, "  %c  ", group == SERVED_NOWHERE ? '-' : 'A' + group % 26);
	print_safe(p, v->text ? v->text : "a name server");
	if (v->has_serial) {
		dg_buf_printf(p->b, ", serial %u", (unsigned)v->serial);
	}
	if (v->tcp_why) {
		dg_buf_puts(p->b, ", not over TCP: ");
		print_safe(p, v->tcp_why);
	}
	if (v->why) {
		dg_buf_puts(p->b, ": ");
		print_safe(p, v->why);
	}
	dg_buf_putc(p->b, '\n');
}

void print_servers(const struct printer *p)
{
	if (p->c->n_servers == 0) {
		return;
	}
	print_title(p, "Name servers (the same letter: the same answers)");
	for (size_t i = 0; i < p->c->n_servers; i++) {
		if (!p->c->servers[i].is_resolver) {
			print_server(p, i);
		}
	}
}
