/* Any bytes as the replies of a mail server. The first octet says in pieces of which size they come: that must not matter. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controller/lookup/smtp.h"
#include "controller/lookup/smtp_reply.h"
#include "zones/base/arena.h"

#define REPLIES_MAX 1000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct replies {
	struct dg_smtp_reply list[REPLIES_MAX];
	size_t n;
	int rc;
};

static void check(const struct dg_smtp_reply *r)
{
	if (r->code < 100 || r->code > 599 || strlen(r->text) > DG_SMTP_TEXT_MAX + 3) {
		abort();
	}
	for (const char *p = r->text; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f) {
			abort();
		}
	}
}

static void read_all(
	struct dg_arena *a, const char *data, size_t size, size_t piece, struct replies *all)
{
	struct dg_smtp_reader r;
	struct dg_err err;

	dg_smtp_reader_init(&r);
	while (size > 0 && all->n < REPLIES_MAX) {
		size_t used = 0;
		size_t len = size < piece ? size : piece;
		all->rc = dg_smtp_reader_put(&r, data, len, &used, &err);
		if (all->rc < 0) {
			break;
		}
		if (used > len || (all->rc == 0 && used != len)) {
			abort();
		}
		if (all->rc == 1) {
			dg_smtp_reader_take(&r, a, &all->list[all->n]);
			check(&all->list[all->n++]);
		}
		data += used;
		size -= used;
	}
	dg_smtp_reader_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2) {
		return 0;
	}
	struct dg_arena *a = dg_arena_new(64u << 20);
	struct replies *whole = dg_new(a, struct replies);
	struct replies *pieces = dg_new(a, struct replies);
	const char *text = (const char *)data + 1;

	read_all(a, text, size - 1, size, whole);
	read_all(a, text, size - 1, (size_t)data[0] + 1, pieces);
	if (whole->n != pieces->n || (whole->rc < 0) != (pieces->rc < 0)) {
		abort();
	}
	for (size_t i = 0; i < whole->n; i++) {
		if (whole->list[i].code != pieces->list[i].code ||
			strcmp(whole->list[i].text, pieces->list[i].text) != 0) {
			abort();
		}
	}
	(void)dg_arena_free(a);
	return 0;
}
