/* The flat image of an RRset: "R1", type, TTL, owner, records, and the first octets of the SHA-256
 * of all that, so that an image that was cut or altered on its way is not taken for another set.
 * Numbers are big-endian. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/digest.h"
#include "zones/base/err.h"
#include "zones/record/name.h"
#include "zones/record/rrset.h"

#include <string.h>

#define MAGIC     "R1"
#define MAGIC_LEN 2u
#define CHECK_LEN 8u

static void put_u16(struct dg_buf *b, size_t v)
{
	dg_buf_putc(b, (char)(v >> 8 & 0xff));
	dg_buf_putc(b, (char)(v & 0xff));
}

void dg_rrset_encode(struct dg_buf *b, const struct dg_rrset *set)
{
	uint8_t digest[DG_DIGEST_LEN];
	size_t start = b->len;
	uint32_t ttl = set->n > 0 ? set->ttl : 0; /* what is not there has no TTL */

	dg_buf_put(b, MAGIC, MAGIC_LEN);
	put_u16(b, set->type);
	put_u16(b, ttl >> 16);
	put_u16(b, ttl & 0xffff);
	put_u16(b, strlen(set->owner));
	dg_buf_puts(b, set->owner);
	put_u16(b, set->n);
	for (size_t i = 0; i < set->n; i++) {
		put_u16(b, set->rdata[i].len);
		dg_buf_put(b, set->rdata[i].wire, set->rdata[i].len);
	}
	if (!b->is_full) {
		dg_digest(b->data + start, b->len - start, digest);
		dg_buf_put(b, digest, CHECK_LEN);
	}
}

struct image {
	const uint8_t *p;
	size_t len;
	bool is_short;
};

static const uint8_t *take(struct image *im, size_t n)
{
	const uint8_t *p = im->p;

	if (im->is_short || n > im->len) {
		im->is_short = true;
		return NULL;
	}
	im->p += n;
	im->len -= n;
	return p;
}

static size_t take_u16(struct image *im)
{
	const uint8_t *p = take(im, 2);

	return p ? (size_t)p[0] << 8 | p[1] : 0;
}

static struct dg_rdata *take_records(struct dg_arena *a, struct image *im, size_t n)
{
	struct dg_rdata *rdata = dg_newn(a, struct dg_rdata, n);

	for (size_t i = 0; i < n && !im->is_short; i++) {
		size_t len = take_u16(im);
		const uint8_t *p = take(im, len);

		rdata[i] = (struct dg_rdata){.wire = p ? dg_memdup(a, p, len) : NULL, .len = len};
	}
	return rdata;
}

/* Owner canonical, records in order: what encode() would have made. */
static bool is_canonical(struct dg_arena *a, const struct dg_rrset *set)
{
	const char *name = NULL;
	struct dg_err err;

	if (dg_name_parse(a, set->owner, strlen(set->owner), NULL, &name, &err) != 0 ||
		strcmp(name, set->owner) != 0) {
		return false;
	}
	for (size_t i = 1; i < set->n; i++) {
		if (set->rdata[i].len > 0 &&
			dg_rdata_cmp(&set->rdata[i - 1], &set->rdata[i]) >= 0) {
			return false;
		}
	}
	return true;
}

int dg_rrset_decode(struct dg_arena *a, const void *image, size_t len, struct dg_rrset *ret_set)
{
	uint8_t digest[DG_DIGEST_LEN];
	struct image im = {.p = image, .len = len - CHECK_LEN};
	struct dg_rrset set = {0};

	if (len < MAGIC_LEN + CHECK_LEN || memcmp(image, MAGIC, MAGIC_LEN) != 0) {
		return 1;
	}
	dg_digest(image, len - CHECK_LEN, digest);
	if (memcmp(digest, im.p + im.len, CHECK_LEN) != 0) {
		return 1;
	}
	(void)take(&im, MAGIC_LEN);
	set.type = (uint16_t)take_u16(&im);
	set.ttl = (uint32_t)take_u16(&im) << 16;
	set.ttl |= (uint32_t)take_u16(&im);
	size_t n_owner = take_u16(&im);
	const uint8_t *owner = take(&im, n_owner);
	set.n = take_u16(&im);
	if (!owner || n_owner > DG_NAME_TEXT_MAX || set.n > DG_RDATA_MAX || set.ttl > DG_TTL_MAX) {
		return 1;
	}
	set.owner = dg_strndup(a, (const char *)owner, n_owner);
	set.rdata = take_records(a, &im, set.n);
	if (im.is_short || im.len > 0 || !is_canonical(a, &set)) {
		return 1;
	}
	*ret_set = set;
	return 0;
}
