#include "zones/incident/chain.h"

#include "zones/base/buf.h"

#include <string.h>

#define SEALED_MAX (4 * DG_RECORD_TEXT_MAX + 2 * DG_RECORD_DATA_MAX)

static void put_number(struct dg_buf *b, uint64_t n)
{
	unsigned char octets[8];

	for (size_t i = 0; i < 8; i++) {
		octets[i] = (unsigned char)(n >> (56 - 8 * i));
	}
	dg_buf_put(b, octets, sizeof(octets));
}

static void put_text(struct dg_buf *b, const char *text)
{
	put_number(b, text ? strlen(text) : UINT64_MAX);
	if (text) {
		dg_buf_puts(b, text);
	}
}

static void seal(
	const struct dg_record_entry *e, const uint8_t *before, uint8_t ret_hash[DG_DIGEST_LEN])
{
	static const uint8_t none[DG_DIGEST_LEN] = {0};
	struct dg_buf b;

	dg_buf_init(&b, SEALED_MAX);
	dg_buf_put(&b, before ? before : none, DG_DIGEST_LEN);
	put_number(&b, (uint64_t)e->n);
	put_number(&b, (uint64_t)e->at);
	put_text(&b, e->who);
	put_text(&b, e->kind);
	put_text(&b, e->text);
	put_text(&b, e->data);
	dg_digest(b.data, b.len, ret_hash);
	dg_buf_done(&b);
}

void dg_record_seal(struct dg_record_entry *e, const uint8_t *before)
{
	seal(e, before, e->hash);
}

int64_t dg_record_broken(
	const struct dg_record_entry *list, size_t n, int64_t n_all, const uint8_t *head)
{
	static const uint8_t none[DG_DIGEST_LEN] = {0};
	const uint8_t *before = none;
	uint8_t hash[DG_DIGEST_LEN];

	for (size_t i = 0; i < n; i++) {
		seal(&list[i], before, hash);
		if (list[i].n != (int64_t)i + 1 || memcmp(hash, list[i].hash, sizeof(hash)) != 0) {
			return (int64_t)i + 1;
		}
		before = list[i].hash;
	}
	bool is_whole = (int64_t)n == n_all && memcmp(before, head, DG_DIGEST_LEN) == 0;
	return is_whole ? 0 : (int64_t)n + 1;
}
