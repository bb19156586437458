#include "providers/provider.h"

#include <stdlib.h>
#include <string.h>

#include "providers/azure/azure.h"
#include "providers/cloudflare/cloudflare.h"
#include "providers/conoha/conoha.h"
#include "providers/desec/desec.h"
#include "providers/digitalocean/digitalocean.h"
#include "providers/exec/exec.h"
#include "providers/externaldns/externaldns.h"
#include "providers/gandi/gandi.h"
#include "providers/gehirn/gehirn.h"
#include "providers/googlecloud/googlecloud.h"
#include "providers/hetzner/hetzner.h"
#include "providers/linode/linode.h"
#include "providers/ovh/ovh.h"
#include "providers/powerdns/powerdns.h"
#include "providers/rfc2136/rfc2136.h"
#include "providers/route53/route53.h"
#include "providers/sakuracloud/sakuracloud.h"
#include "providers/valuedomain/valuedomain.h"
#include "providers/webhook/webhook.h"
#include "providers/zonefile/zonefile.h"

static const struct dg_provider_ops *const all[] = {
	&dg_provider_azure,
	&dg_provider_cloudflare,
	&dg_provider_conoha,
	&dg_provider_desec,
	&dg_provider_digitalocean,
	&dg_provider_exec,
	&dg_provider_externaldns,
	&dg_provider_gandi,
	&dg_provider_gehirn,
	&dg_provider_googlecloud,
	&dg_provider_hetzner,
	&dg_provider_linode,
	&dg_provider_ovh,
	&dg_provider_powerdns,
	&dg_provider_rfc2136,
	&dg_provider_route53,
	&dg_provider_sakuracloud,
	&dg_provider_valuedomain,
	&dg_provider_webhook,
	&dg_provider_zonefile,
	NULL,
};

static const struct dg_schema *const schemas[] = {
	&dg_schema_azure,
	&dg_schema_cloudflare,
	&dg_schema_conoha,
	&dg_schema_desec,
	&dg_schema_digitalocean,
	&dg_schema_exec,
	&dg_schema_externaldns,
	&dg_schema_gandi,
	&dg_schema_gehirn,
	&dg_schema_googlecloud,
	&dg_schema_hetzner,
	&dg_schema_linode,
	&dg_schema_ovh,
	&dg_schema_powerdns,
	&dg_schema_rfc2136,
	&dg_schema_route53,
	&dg_schema_sakuracloud,
	&dg_schema_valuedomain,
	&dg_schema_webhooks,
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
	struct dg_net_paces *paces, struct dg_provider **ret_provider, struct dg_err *err)
{
	struct dg_provider *p = calloc(1, sizeof(*p));

	if (!p) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	*p = (struct dg_provider){.ops = ops, .loop = l, .opts = opts, .paces = paces};
	int r = ops->open(p, err);
	if (r < 0) {
		free(p);
		return dg_wrap(err, r, "provider %s", ops->name);
	}
	*ret_provider = p;
	return 0;
}

const struct dg_limits *dg_provider_limits(const struct dg_provider *p)
{
	return p->ops->limits_of ? p->ops->limits_of(p) : &p->ops->limits;
}

struct dg_provider *dg_provider_close(struct dg_provider *p)
{
	if (p) {
		p->ops->close(p);
		free(p);
	}
	return NULL;
}
