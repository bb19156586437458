#include "providers/provider.h"

#include <stdlib.h>
#include <string.h>

#include "providers/powerdns/powerdns.h"
#include "providers/rfc2136/rfc2136.h"
#include "providers/zonefile/zonefile.h"

static const struct dg_provider_ops *const all[] = {
	&dg_provider_powerdns,
	&dg_provider_rfc2136,
	&dg_provider_zonefile,
	NULL,
};

static const struct dg_schema *const schemas[] = {
	&dg_schema_powerdns,
	&dg_schema_rfc2136,
	&dg_schema_zonefile,
	NULL,
};

const struct dg_provider_ops *const *dg_provider_all(void)
{
	return all;
}

const struct dg_schema *const *dg_provider_schemas_all(void)
{
	return schemas;
}

const struct dg_provider_ops *dg_provider_find(const char *name)
{
	for (size_t i = 0; all[i]; i++) {
		if (strcmp(all[i]->name, name) == 0) {
			return all[i];
		}
	}
	return NULL;
}

int dg_provider_open(const struct dg_provider_ops *ops, const void *opts, struct dg_loop *l,
	struct dg_provider **ret_provider, struct dg_err *err)
{
	struct dg_provider *p = calloc(1, sizeof(*p));

	if (!p) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	*p = (struct dg_provider){.ops = ops, .loop = l, .opts = opts};
	int r = ops->open(p, err);
	if (r < 0) {
		free(p);
		return dg_wrap(err, r, "provider %s", ops->name);
	}
	*ret_provider = p;
	return 0;
}

struct dg_provider *dg_provider_close(struct dg_provider *p)
{
	if (p) {
		p->ops->close(p);
		free(p);
	}
	return NULL;
}
