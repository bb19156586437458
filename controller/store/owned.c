/* What was applied last, and the marker that it left. */
#include "controller/store/db.h"

#include "zones/base/arena.h"

#include <string.h>

/* The current row: an RRset in column 0, what it is filed under, its seal. */
static int read_owned(struct dg_store *s, enum dg_db_sql id, struct dg_arena *a,
	struct dg_rrset *ret_set, struct dg_err *err)
{
	uint8_t seal[DG_DB_SEAL_LEN] = {0};

	dg_db_seal(seal, DG_DB_ARGS(dg_db_column_arg(s, id, 1), dg_db_column_arg(s, id, 2),
				 dg_db_column_arg(s, id, 3), dg_db_column_arg(s, id, 0)));
	if (!dg_db_is_sealed(s, id, 4, seal)) {
		dg_db_stop(s, id);
		return dg_db_damaged(s, "an RRset in it is not what was written", err);
	}
	return dg_db_column_rrset(s, id, 0, a, ret_set, err);
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
int dg_store_owned(struct dg_store *s, struct dg_arena *a, const char *zone, const char *owner,
	uint16_t type, struct dg_rrset *ret_set, struct dg_err *err)
{
	int rc = dg_db_query(s, DG_SQL_OWNED_GET,
		DG_DB_ARGS(dg_db_text(zone), dg_db_text(owner), dg_db_int(type)), err);

	rc = rc < 0 ? rc : dg_db_next(s, DG_SQL_OWNED_GET, err);
	if (rc == 0) {
		rc = read_owned(s, DG_SQL_OWNED_GET, a, ret_set, err);
		dg_db_stop(s, DG_SQL_OWNED_GET);
	}
	return rc;
}

int dg_store_owned_all(struct dg_store *s, struct dg_arena *a, const char *zone,
	struct dg_rrset **ret_sets, size_t *ret_n, struct dg_err *err)
{
	struct dg_rrset *sets = NULL;
	size_t n = 0;
	size_t cap = 0;
	int rc = dg_db_query(s, DG_SQL_OWNED_ALL, DG_DB_ARGS(dg_db_text(zone)), err);

	while (rc == 0 && (rc = dg_db_next(s, DG_SQL_OWNED_ALL, err)) == 0) {
		if (n == cap) {
			struct dg_rrset *grown = NULL;

			cap = cap > 0 ? cap * 2 : 16;
			grown = dg_newn(a, struct dg_rrset, cap);
			if (n > 0) {
				memcpy(grown, sets, n * sizeof(*grown));
			}
			sets = grown;
		}
		rc = read_owned(s, DG_SQL_OWNED_ALL, a, &sets[n++], err);
	}
	if (rc < 0) {
		return rc;
	}
	*ret_sets = sets;
	*ret_n = n;
	return 0;
}

int dg_store_marker(struct dg_store *s, struct dg_arena *a, const char *zone,
	const char **ret_marker, struct dg_err *err)
{
	int rc = dg_db_query(s, DG_SQL_MARKER_GET, DG_DB_ARGS(dg_db_text(zone)), err);

	rc = rc < 0 ? rc : dg_db_next(s, DG_SQL_MARKER_GET, err);
	if (rc == 0) {
		*ret_marker = dg_db_column_text(s, DG_SQL_MARKER_GET, 0, a);
		dg_db_stop(s, DG_SQL_MARKER_GET);
	}
	return rc;
}
