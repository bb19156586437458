/* Seals: what a row says is what was written, or it is damaged. SQLite notices what breaks its own structure; a bit that turns in a
 * record or a TTL it does not, and the way back would publish it. */
#include "controller/store/db.h"

#include "zones/base/buf.h"
#include "zones/base/digest.h"

#include <assert.h>
#include <string.h>

#define N_BYTES_NUMBER 8u
#define ROW_MAX        ((size_t)2 * DG_DB_IMAGE_MAX + (1u << 20))

static void put_number(struct dg_buf *b, uint64_t n)
{
	for (unsigned i = 0; i < N_BYTES_NUMBER; i++) {
		dg_buf_putc(b, (char)(n >> (8 * i) & 0xff));
	}
}

static void put_arg(struct dg_buf *b, const struct dg_db_arg *arg)
{
	size_t len = arg->kind == DG_DB_TEXT && arg->data ? strlen(arg->data) : arg->len;

	dg_buf_puts(b, arg->kind == DG_DB_INT ? "i" : arg->data ? "b" : "0");
	if (arg->kind == DG_DB_INT) {
		put_number(b, (uint64_t)arg->number);
	} else if (arg->data) {
		put_number(b, len);
		dg_buf_put(b, arg->data, len);
	}
}

void dg_db_seal(uint8_t seal[DG_DB_SEAL_LEN], const struct dg_db_arg *args, size_t n)
{
	uint8_t digest[DG_DIGEST_LEN];
	struct dg_buf b;

	dg_buf_init(&b, ROW_MAX);
	dg_buf_put(&b, seal, DG_DB_SEAL_LEN);
	for (size_t i = 0; i < n; i++) {
		put_arg(&b, &args[i]);
	}
	assert(!b.is_full);
	dg_digest(b.data, b.len, digest);
	memcpy(seal, digest, DG_DB_SEAL_LEN);
	dg_buf_done(&b);
}

bool dg_db_is_sealed(
	struct dg_store *s, enum dg_db_sql id, int column, const uint8_t seal[DG_DB_SEAL_LEN])
{
	sqlite3_stmt *st = s->statements[id];
	const void *bytes = sqlite3_column_blob(st, column);

	if (sqlite3_column_type(st, column) == SQLITE_NULL) {
		return true; /* written by a dnsguard that made none */
	}
	return bytes && sqlite3_column_bytes(st, column) == (int)DG_DB_SEAL_LEN &&
	       memcmp(bytes, seal, DG_DB_SEAL_LEN) == 0;
}

struct dg_db_arg dg_db_column_arg(struct dg_store *s, enum dg_db_sql id, int column)
{
	sqlite3_stmt *st = s->statements[id];

	switch (sqlite3_column_type(st, column)) {
	case SQLITE_INTEGER:
		return dg_db_int(sqlite3_column_int64(st, column));
	case SQLITE_NULL:
		return dg_db_text(NULL);
	default: {
		const void *bytes = sqlite3_column_blob(st, column);

		return dg_db_blob(bytes ? bytes : "", (size_t)sqlite3_column_bytes(st, column));
	}
	}
}
