/* The least that a check can say of itself. */
#include "zones/base/buf.h"
#include "zones/check/check.h"

void dg_check_json(struct dg_buf *b, const struct dg_check *c, bool is_short)
{
	(void)is_short;
	dg_buf_printf(
		b, "{\"domain\":\"%s\",\"exists\":%s}", c->domain, c->exists ? "true" : "false");
}
