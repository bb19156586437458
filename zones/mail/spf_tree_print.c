#include "zones/base/buf.h"
#include "zones/mail/spf.h"
#include "zones/mail/spf_tree.h"

#include <string.h>

#define ALL_IPV4 4294967296.0
#define ALL_IPV6 18446744073709551616.0 /* networks of 64 bits */
#define BILLION  1000000000.0
#define MILLION  1000000.0

static void put_many(struct dg_buf *b, double n)
{
	if (n >= BILLION) {
		dg_buf_printf(b, "%.1f billion", n / BILLION);
	} else if (n >= MILLION) {
		dg_buf_printf(b, "%.1f million", n / MILLION);
	} else {
		dg_buf_printf(b, "%.0f", n);
	}
}

static void put_addresses(struct dg_buf *b, double n4, double n6_64)
{
	if (n4 >= ALL_IPV4 && n6_64 >= ALL_IPV6) {
		dg_buf_puts(b, "every address");
		return;
	}
	if (n4 >= ALL_IPV4) {
		dg_buf_puts(b, "every IPv4 address");
	} else if (n4 > 0.0 || n6_64 <= 0.0) {
		put_many(b, n4);
		dg_buf_puts(b, n4 > 0.0 && n4 <= 1.0 ? " IPv4 address" : " IPv4 addresses");
	}
	if (n6_64 >= ALL_IPV6) {
		dg_buf_puts(b, n4 > 0.0 ? " and every IPv6 address" : "every IPv6 address");
	} else if (n6_64 > 0.0) {
		dg_buf_puts(b, n4 > 0.0 ? " and " : "");
		put_many(b, n6_64);
		dg_buf_puts(
			b, n6_64 <= 1.0 ? " IPv6 network of 64 bits" : " IPv6 networks of 64 bits");
	}
}

void dg_spf_node_print(struct dg_buf *b, const struct dg_spf_node *n)
{
	dg_buf_puts(b, n->term);
	if (n->n_lookups > 0) {
		dg_buf_printf(b, ", %u look-up%s", n->n_lookups, n->n_lookups == 1 ? "" : "s");
	}
	if (n->n_voids > 0 && !(n->remark && strcmp(n->remark, "void") == 0)) {
		dg_buf_printf(b, ", %u void", n->n_voids);
	}
	if (n->n_addresses4 > 0.0 || n->n_addresses6_64 > 0.0) {
		dg_buf_puts(b, ", ");
		put_addresses(b, n->n_addresses4, n->n_addresses6_64);
	}
	dg_buf_printf(b, "%s%s%s%s", n->shared ? ", " : "", n->shared ? n->shared : "",
		n->remark ? ", " : "", n->remark ? n->remark : "");
}

void dg_spf_cost_print(struct dg_buf *b, const struct dg_spf_tree *t)
{
	dg_buf_printf(b, "%s%u of %u look-ups, %u of %u void, ", t->n_failed > 0 ? "at least " : "",
		t->n_lookups, DG_SPF_LOOKUPS_MAX, t->n_voids, DG_SPF_VOIDS_MAX);
	put_addresses(b, t->n_addresses4, t->n_addresses6_64);
	dg_buf_puts(b, t->n_macros > 0 ? ", not counting what depends on the mail" : "");
}

void dg_spf_tree_print(struct dg_buf *b, const struct dg_spf_tree *t)
{
	for (size_t i = 0; i < t->n_nodes; i++) {
		dg_buf_printf(b, "%*s", 2 * (int)t->nodes[i].depth, "");
		if (i == 0) { /* the record itself */
			dg_buf_printf(b, "%s: ", t->nodes[i].term);
			dg_spf_cost_print(b, t);
		} else {
			dg_spf_node_print(b, &t->nodes[i]);
		}
		dg_buf_putc(b, '\n');
	}
	if (t->n_hidden > 0) {
		dg_buf_printf(b, "%zu further lines are not shown\n", t->n_hidden);
	}
}
