#include "controller/engine/soa.h"

#include "controller/engine/job.h"
#include "zones/record/zone.h"

static void take(struct dg_job *j, const struct dg_zone *z)
{
	j->has_soa = (j->provider->ops->caps & DG_CAP_SOA) &&
		     dg_zone_get(z, z->apex, DG_TYPE_SOA, &j->soa) == 0 && j->soa.n > 0;
}

void dg_soa_begin(struct dg_job *job, const struct dg_zone *now)
{
	job->n_soa_tries = 0;
	take(job, now);
}

/* Either something that is not ours changed meanwhile, or this server compares another SOA than it serves (inline-signing of
 * BIND, SOA-EDIT of PowerDNS): then it has to go without. */
bool dg_soa_was_all(struct dg_job *job, const struct dg_zone *now)
{
	const struct dg_rrset was = job->soa;

	if (job->outcome != DG_CONFLICT || !job->has_soa) {
		return false;
	}
	take(job, now);
	job->n_soa_tries++;
	job->has_soa = job->has_soa && job->n_soa_tries < DG_SOA_ATTEMPTS &&
		       !dg_rrset_same(&was, &job->soa);
	return true;
}
