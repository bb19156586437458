#include "controller/engine/marker.h"

#include "providers/provider.h"
#include "zones/base/arena.h"
#include "zones/base/digest.h"
#include "zones/base/err.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define NONCE_LEN 12u

int dg_marker_owner(
	struct dg_arena *a, const char *zone, const char **ret_owner, struct dg_err *err)
{
	return dg_name_join(a, DG_MARKER_LABEL, zone, ret_owner, err);
}

int dg_marker_new(struct dg_arena *a, const char **ret_text, struct dg_err *err)
{
	uint8_t nonce[NONCE_LEN];
	char hex[2 * NONCE_LEN + 1];

	if (getrandom(nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce)) {
		return dg_fail(err, DG_EIO, "no random numbers from the system: %s",
			strerrordesc_np(errno));
	}
	*ret_text = dg_printf(a, "v=dg1 x=%s", dg_digest_text(nonce, sizeof(nonce), hex));
	return 0;
}

struct dg_rrset dg_marker_rrset(
	struct dg_arena *a, const char *owner, const char *text, const struct dg_limits *limits)
{
	uint32_t ttl = limits->ttl_min > DG_MARKER_TTL ? limits->ttl_min : DG_MARKER_TTL;

	if (!text) {
		return dg_rrset_none(owner, DG_TYPE_TXT);
	}
	struct dg_rdata *rd = dg_new(a, struct dg_rdata);
	*rd = dg_txt_make(a, text, strlen(text));
	return dg_rrset_make(owner, DG_TYPE_TXT, ttl, rd, 1);
}

int dg_marker_read(struct dg_arena *a, const struct dg_zone *have, const char *owner,
	struct dg_rrset *ret_set, const char **ret_text)
{
	struct dg_rrset set;

	if (dg_zone_get(have, owner, DG_TYPE_TXT, &set) != 0) {
		return 1;
	}
	*ret_set = set;
	/* Several records are nobody's marker: the text of all of them compares equal to no nonce. */
	*ret_text = set.n == 0   ? NULL
		    : set.n == 1 ? dg_txt_join(a, &set.rdata[0])
				 : "(several records)";
	return 0;
}
