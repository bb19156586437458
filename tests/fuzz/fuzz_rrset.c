/* Any text and any octets as the data of a record, and as the image of a set. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/record/name.h"
#include "zones/record/rrset.h"

#define SIZE_MAX_IN (1u << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds) {
		abort();
	}
}

/* What is printed is read again as the same octets. */
static void print_and_read(struct dg_arena *a, uint16_t type, const struct dg_rdata *rd)
{
	struct dg_rdata again;
	struct dg_err err;
	struct dg_buf b;

	dg_buf_init(&b, 8 * SIZE_MAX_IN);
	dg_rdata_print(&b, type, rd);
	must(!b.is_full && memchr(b.data, '\n', b.len) == NULL);
	if (dg_rdata_parse(a, type, b.data, b.len, NULL, &again, &err) == 0) {
		must(dg_rdata_cmp(rd, &again) == 0 || (type != DG_TYPE_MX && type != DG_TYPE_TXT));
	} else {
		must(type != DG_TYPE_MX && type != DG_TYPE_TXT && type != DG_TYPE_NS &&
			type != DG_TYPE_SOA && type != DG_TYPE_A && type != DG_TYPE_AAAA &&
			type != DG_TYPE_CNAME);
	}
	dg_buf_done(&b);
}

static void one_record(struct dg_arena *a, uint16_t type, const uint8_t *p, size_t n)
{
	struct dg_rdata rd;
	struct dg_err err;

	if (dg_rdata_parse(a, type, (const char *)p, n, "example.com.", &rd, &err) == 0) {
		struct dg_rdata same;

		must(dg_rdata_canonical(a, type, rd.wire, rd.len, &same) == 0 &&
			dg_rdata_cmp(&rd, &same) == 0);
		print_and_read(a, type, &rd);
	}
	if (dg_rdata_canonical(a, type, p, n, &rd) == 0) {
		print_and_read(a, type, &rd);
		(void)dg_txt_has_tag(&rd, "v=spf1");
		must(dg_txt_len(&rd) == 0 || dg_txt_join(a, &rd) != NULL);
	}
}

static void one_name(struct dg_arena *a, const uint8_t *p, size_t n)
{
	const char *name = NULL;
	const char *again = NULL;
	size_t len = 0;
	struct dg_err err;

	if (dg_name_parse(a, (const char *)p, n, "example.com.", &name, &err) == 0) {
		uint8_t wire[DG_NAME_WIRE_MAX];

		must(strlen(name) <= DG_NAME_TEXT_MAX);
		must(dg_name_from_wire(a, wire, dg_name_to_wire(name, wire), &again, &len) == 0);
		must(strcmp(name, again) == 0 && dg_name_cmp(name, again) == 0);
		must(dg_name_is_at_or_under(name, dg_name_parent(name)));
		must(strcmp(name, ".") == 0 || dg_name_cmp(name, dg_name_parent(name)) > 0);
		must(strcmp(name, ".") == 0 ||
			dg_name_n_labels(name) == dg_name_n_labels(dg_name_parent(name)) + 1);
	}
	if (dg_name_from_wire(a, p, n, &name, &len) == 0) {
		must(dg_name_parse(a, name, strlen(name), NULL, &again, &err) == 0 &&
			strcmp(name, again) == 0);
	}
}

static void one_image(struct dg_arena *a, const uint8_t *p, size_t n)
{
	struct dg_rrset set;
	struct dg_buf b;

	if (dg_rrset_decode(a, p, n, &set) == 0) {
		dg_buf_init(&b, 8 * SIZE_MAX_IN);
		dg_rrset_encode(&b, &set);
		must(b.len == n && memcmp(b.data, p, n) == 0);
		dg_buf_done(&b);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = {1, 2, 5, 6, 15, 16, 28, 33, 35, 39, 43, 44, 46, 47, 48, 50,
		51, 52, 53, 59, 60, 61, 62, 63, 64, 65, 108, 109, 29, 256, 257, 37, 65280};

	if (size < 1 || size > SIZE_MAX_IN) {
		return 0;
	}
	struct dg_arena *a = dg_arena_new((size_t)1 << 28);
	one_record(a, types[data[0] % (sizeof(types) / sizeof(types[0]))], data + 1, size - 1);
	one_name(a, data + 1, size - 1);
	one_image(a, data, size);
	dg_arena_free(a);
	return 0;
}
