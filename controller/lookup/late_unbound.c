/* libunbound, as far as it is used (providers/net/late.h). Where name servers stand in the zone itself no resolver is asked. */
#include "providers/net/late.h"

#include <unbound-event.h>
#include <unbound.h>

#define UNBOUND_LIBRARY "libunbound.so.8"
#define MISSING         UNBOUND_LIBRARY " cannot be loaded"

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name,readability-function-size): as in the header, with shorter names */
/* clang-format off */
DG_LATE(UNBOUND_LIBRARY, const char *, ub_version, (void), (), "missing")
DG_LATE(UNBOUND_LIBRARY, const char *, ub_strerror, (int code), (code), MISSING)
DG_LATE(UNBOUND_LIBRARY, struct ub_ctx *, ub_ctx_create_event, (struct event_base *base), (base), NULL)
DG_LATE_VOID(UNBOUND_LIBRARY, ub_ctx_delete, (struct ub_ctx *c), (c))
DG_LATE(UNBOUND_LIBRARY, int, ub_ctx_set_option, (struct ub_ctx *c, const char *key, const char *value), (c, key, value), UB_INITFAIL)
DG_LATE(UNBOUND_LIBRARY, int, ub_ctx_set_fwd, (struct ub_ctx *c, const char *address), (c, address), UB_INITFAIL)
DG_LATE(UNBOUND_LIBRARY, int, ub_ctx_resolvconf, (struct ub_ctx *c, const char *path), (c, path), UB_INITFAIL)
DG_LATE(UNBOUND_LIBRARY, int, ub_ctx_add_ta_file, (struct ub_ctx *c, const char *path), (c, path), UB_INITFAIL)
DG_LATE(UNBOUND_LIBRARY, int, ub_ctx_zone_remove, (struct ub_ctx *c, const char *name), (c, name), UB_INITFAIL)
DG_LATE(UNBOUND_LIBRARY, int, ub_ctx_debugout, (struct ub_ctx *c, void *out), (c, out), UB_INITFAIL)
DG_LATE(UNBOUND_LIBRARY, int, ub_resolve_event,
	(struct ub_ctx *c, const char *name, int type, int class_of, void *arg, ub_event_callback_type done, int *id),
	(c, name, type, class_of, arg, done, id), UB_INITFAIL)
DG_LATE(UNBOUND_LIBRARY, int, ub_cancel, (struct ub_ctx *c, int id), (c, id), UB_INITFAIL)
/* clang-format on */
/* NOLINTEND(readability-inconsistent-declaration-parameter-name,readability-function-size) */
