#include "zones/base/buf.h"
#include "zones/mail/spf.h"
#include "zones/mail/spf_tree.h"

static void print_addresses(struct dg_buf *b, double n4, double n6_64)
{
	if (n4 > 0) {
		dg_buf_printf(b, ", %.0f address%s", n4, n4 > 1 ? "es" : "");
	}
	if (n6_64 > 0) {
		dg_buf_printf(b, ", %.0f IPv6 network%s", n6_64, n6_64 > 1 ? "s" : "");
	}
}

void dg_spf_tree_print(struct dg_buf *b, const struct dg_spf_tree *t)
{
	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct dg_spf_node *n = &t->nodes[i];

		dg_buf_printf(b, "%*s%s:", 2 * (int)n->depth, "", n->term);
		if (i == 0) {
			dg_buf_printf(b, " %u of %u look-ups, %u of %u void ones", t->n_lookups,
				DG_SPF_LOOKUPS_MAX, t->n_voids, DG_SPF_VOIDS_MAX);
		} else {
			dg_buf_printf(b, " %u", n->n_lookups);
		}
		print_addresses(b, n->n_addresses4, n->n_addresses6_64);
		if (n->shared) {
			dg_buf_printf(b, ", %s", n->shared);
		}
		if (n->remark) {
			dg_buf_printf(b, ", %s", n->remark);
		}
		dg_buf_putc(b, '\n');
	}
	if (t->n_hidden > 0) {
		dg_buf_printf(b, "and %zu more\n", t->n_hidden);
	}
}
