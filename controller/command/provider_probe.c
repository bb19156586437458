#include "controller/command/provider_probe.h"

#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <string.h>

#define MEMORY_MAX ((size_t)1 << 30) /* of one look: a whole zone */
#define CALL_MS    60000
#define TTL_USUAL  3600u

static const uint32_t ttls[] = {1, 30, 60, 120, 300, 600, 1800, 3600};
static const size_t lengths[] = {255, 256, 510, 1000, 2000, 4000};

const char *dg_probed_text(enum dg_probed probed)
{
	static const char *const words[] = {"not tried", "taken", "refused", "altered"};

	return words[probed];
}

/* --- calls ------------------------------------------------------------------------------------ */
static void on_read(struct dg_read *r, int rc)
{
	struct dg_probe *p = r->arg;

	p->rc = rc;
	dg_loop_stop(p->loop);
}

static void on_applied(struct dg_apply *a, enum dg_outcome outcome)
{
	struct dg_probe *p = a->arg;

	p->outcome = outcome;
	dg_loop_stop(p->loop);
}

static int look(struct dg_probe *p, struct dg_err *err)
{
	const struct dg_rrkey keys[] = {{p->scratch, DG_TYPE_TXT}, {p->scratch, DG_TYPE_MX},
		{p->scratch, DG_TYPE_A}, {p->scratch, DG_TYPE_CNAME}};
	struct dg_arena *a = dg_arena_new(MEMORY_MAX);

	p->read = (struct dg_read){
		.zone = p->zone,
		.keys = keys,
		.n_keys = sizeof(keys) / sizeof(keys[0]),
		.whole = true,
		.deadline_ms = CALL_MS,
		.arena = a,
		.done = on_read,
		.arg = p,
	};
	p->provider->ops->read(p->provider, &p->read);
	dg_loop_run(p->loop);
	(void)dg_arena_free(p->scratchpad);
	p->scratchpad = a;
	p->have = p->rc < 0 ? NULL : p->read.have;
	if (p->rc < 0) {
		*err = p->read.err;
	}
	return p->rc;
}

static struct dg_rrset there(const struct dg_probe *p, uint16_t type)
{
	struct dg_rrset set;

	return dg_zone_get(p->have, p->scratch, type, &set) == 0 && set.n > 0
		       ? set
		       : dg_rrset_none(p->scratch, type);
}

/* Puts after where p->have says what stands there, and looks. *ret_why: what the other side said, NULL: nothing. */
static int put(struct dg_probe *p, const struct dg_rrset *after, enum dg_probed *ret_probed,
	const char **ret_why, struct dg_err *err)
{
	const struct dg_swap swap = {
		.before = dg_rrset_dup(p->arena, (const struct dg_rrset[]){there(p, after->type)}),
		.after = *after};

	*ret_why = NULL;
	p->apply = (struct dg_apply){
		.zone = p->zone,
		.swaps = &swap,
		.n_swaps = 1,
		.version = p->have->version ? dg_strdup(p->arena, p->have->version) : NULL,
		.deadline_ms = CALL_MS,
		.arena = p->arena,
		.done = on_applied,
		.arg = p,
	};
	p->provider->ops->apply(p->provider, &p->apply);
	dg_loop_run(p->loop);
	const struct dg_err said = p->apply.err;
	bool is_told = p->outcome != DG_APPLIED;
	if (is_told && (said.retry_after_s > 0 || said.rc == DG_ELIMIT || said.rc == DG_EIO)) {
		*err = said; /* it is about the moment, not about the record */
		return (int)said.rc;
	}
	if (is_told) {
		*ret_why = dg_strdup(p->arena, said.text);
	}
	int r = look(p, err);
	if (r < 0) {
		return r;
	}
	struct dg_rrset is = there(p, after->type);
	*ret_probed = dg_rrset_same(&is, after)          ? DG_PROBED_TAKEN
		      : dg_rrset_same(&is, &swap.before) ? DG_PROBED_REFUSED
							 : DG_PROBED_ALTERED;
	return 0;
}

/* --- what is put ------------------------------------------------------------------------------ */
static uint32_t usual_ttl(const struct dg_probe *p)
{
	const struct dg_limits *l = dg_provider_limits(p->provider);

	return TTL_USUAL < l->ttl_min                 ? l->ttl_min
	       : l->ttl_max && TTL_USUAL > l->ttl_max ? l->ttl_max
						      : TTL_USUAL;
}

/* The mark, and with len > 0 a text of so many octets beside it. */
static struct dg_rrset texts(struct dg_probe *p, uint32_t ttl, size_t len)
{
	struct dg_rdata *rdata = dg_newn(p->arena, struct dg_rdata, 2);
	char *text = dg_newn(p->arena, char, len + 1);

	rdata[0] = dg_txt_make(p->arena, DG_PROBE_MARK, strlen(DG_PROBE_MARK));
	memset(text, 'x', len);
	rdata[1] = dg_txt_make(p->arena, text, len);
	return dg_rrset_make(p->scratch, DG_TYPE_TXT, ttl, rdata, len > 0 ? 2 : 1);
}

static struct dg_rrset mx(struct dg_probe *p, uint16_t preference, const char *host)
{
	struct dg_rdata *rdata = dg_new(p->arena, struct dg_rdata);

	*rdata = dg_mx_make(p->arena, preference, host);
	return dg_rrset_make(p->scratch, DG_TYPE_MX, usual_ttl(p), rdata, 1);
}

/* --- the tests -------------------------------------------------------------------------------- */
static int remove_set(struct dg_probe *p, uint16_t type, struct dg_err *err)
{
	const struct dg_rrset none = dg_rrset_none(p->scratch, type);
	enum dg_probed probed = DG_PROBED_TAKEN;
	const char *why = NULL;

	if (there(p, type).n == 0) {
		return 0;
	}
	int r = put(p, &none, &probed, &why, err);
	if (r == 0 && probed != DG_PROBED_TAKEN) {
		r = dg_fail(err, DG_EREMOTE, "%s cannot be taken away: %s", p->scratch,
			why ? why : "it still stands there");
	}
	return r;
}

/* The mark last: while it stands there the rest is known as ours. */
static int clean(struct dg_probe *p, struct dg_err *err)
{
	int r = p->have ? 0 : look(p, err);

	r = r < 0 ? r : remove_set(p, DG_TYPE_MX, err);
	r = r < 0 ? r : remove_set(p, DG_TYPE_TXT, err);
	p->is_clean = r == 0;
	return r;
}

static bool has_mark(const struct dg_probe *p)
{
	struct dg_rrset set = there(p, DG_TYPE_TXT);

	for (size_t i = 0; i < set.n; i++) {
		if (dg_txt_has_tag(&set.rdata[i], DG_PROBE_MARK)) {
			return true;
		}
	}
	return false;
}

static int begin(struct dg_probe *p, struct dg_err *err)
{
	const struct dg_rrset mark = texts(p, usual_ttl(p), 0);
	enum dg_probed probed = DG_PROBED_TAKEN;
	const char *why = NULL;
	int r = look(p, err);

	if (r < 0) {
		return r;
	}
	if (has_mark(p)) {
		p->was_left = true;
		r = clean(p, err);
	} else if (dg_zone_has_name(p->have, p->scratch) == 1) {
		p->is_clean = true;
		return dg_fail(err, DG_EPOLICY,
			"%s is somebody else's: a probe needs this name free", p->scratch);
	}
	p->is_clean = false;
	r = r < 0 ? r : put(p, &mark, &probed, &why, err);
	if (r == 0 && probed != DG_PROBED_TAKEN) {
		r = dg_fail(err, DG_EREMOTE, "not even a short TXT record is taken at %s: %s",
			p->scratch, why ? why : "something else stands there afterwards");
	}
	return r;
}

static int try_null_mx(struct dg_probe *p, struct dg_err *err)
{
	const struct dg_limits *l = dg_provider_limits(p->provider);
	const struct dg_rrset null = mx(p, 0, ".");
	const struct dg_rrset other = mx(p, 10, p->scratch);
	enum dg_probed probed = DG_PROBED_NOT_TRIED;
	const char *why = NULL;

	if (l->is_mx_apex_only || l->is_null_mx_apex_only) {
		p->null_mx_why = "it is taken at the zone's own name only, where mail would stop";
		return 0;
	}
	int r = put(p, &null, &p->null_mx, &p->null_mx_why, err);
	r = r < 0 ? r : remove_set(p, DG_TYPE_MX, err);
	if (r < 0 || p->null_mx != DG_PROBED_TAKEN) {
		return r;
	}
	r = put(p, &other, &probed, &why, err);
	if (r == 0 && probed == DG_PROBED_TAKEN) {
		r = put(p, &null, &p->null_mx_after, &p->null_mx_why, err);
	}
	return r < 0 ? r : remove_set(p, DG_TYPE_MX, err);
}

static int try_ttls(struct dg_probe *p, struct dg_err *err)
{
	enum dg_probed probed = DG_PROBED_NOT_TRIED;
	const char *why = NULL;
	int r = 0;

	for (size_t i = 0; i < sizeof(ttls) / sizeof(ttls[0]) && r == 0; i++) {
		const struct dg_rrset mark = texts(p, ttls[i], 0);

		r = put(p, &mark, &probed, &why, err);
		if (r == 0 && probed == DG_PROBED_TAKEN) {
			p->ttl_min = ttls[i];
			return 0;
		}
	}
	return r;
}

static int try_lengths(struct dg_probe *p, struct dg_err *err)
{
	enum dg_probed probed = DG_PROBED_NOT_TRIED;
	int r = 0;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]) && r == 0; i++) {
		const struct dg_rrset long_one = texts(p, usual_ttl(p), lengths[i]);

		r = put(p, &long_one, &probed, &p->txt_why, err);
		if (r == 0 && probed != DG_PROBED_TAKEN) {
			p->txt_why =
				p->txt_why ? p->txt_why : "something else stood there afterwards";
			return 0;
		}
		p->txt_max = r == 0 ? lengths[i] : p->txt_max;
	}
	return r;
}

int dg_probe_run(struct dg_probe *p, struct dg_err *err)
{
	struct dg_err cleaning = {0};

	int r = dg_name_join(p->arena, DG_PROBE_LABEL, p->zone, &p->scratch, err);
	p->is_clean = r < 0;
	r = r < 0 ? r : begin(p, err);
	r = r < 0 ? r : try_null_mx(p, err);
	r = r < 0 ? r : try_ttls(p, err);
	r = r < 0 ? r : try_lengths(p, err);
	if (!p->is_clean && (p->have || r < 0) && clean(p, &cleaning) < 0 && r == 0) {
		*err = cleaning;
		r = (int)cleaning.rc;
	}
	p->scratchpad = dg_arena_free(p->scratchpad);
	p->have = NULL;
	return r;
}
