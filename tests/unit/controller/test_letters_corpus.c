/* Every message of tests/data/bounces, and of ../shared/data/bounces when that is there: taken apart by our scanner and by GMime alike it gives the
 * same record, and the records say what is expected of them.
 *
 *     test_letters_corpus DATA SHARED
 */
#include "tests/unit/unit.h"

#include "controller/letters/charsets.h"
#include "controller/letters/library.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/bounce/bounce.h"
#include "zones/bounce/mime.h"
#include "zones/bounce/wire.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct places {
	const char *data, *shared;
	struct dg_bounce_charsets charsets;
};

struct text {
	char *p;
	size_t n;
};

static struct text load(const char *folder, const char *name)
{
	char path[1024];
	struct text t = {.p = malloc(DG_BOUNCE_READ_MAX)};

	(void)snprintf(path, sizeof(path), "%s/messages/%s", folder, name);
	FILE *f = fopen(path, "re");
	if (!f || !t.p) {
		fail_msg("%s cannot be read", path);
		abort();
	}
	t.n = fread(t.p, 1, DG_BOUNCE_READ_MAX, f);
	(void)fclose(f);
	return t;
}

static void by_library(
	struct dg_arena *a, const struct places *p, const struct text *t, struct dg_bounce *b)
{
	struct dg_raw raw;
	struct dg_parts parts;

	dg_mime_prepare(a, t->p, t->n, &raw);
	dg_library_parse(a, &raw, &parts);
	dg_bounce_read_parts(a, &raw, &parts, &p->charsets, b);
}

/* As octets, without what only the scanner knows: where the original stands. */
static void encode(const struct dg_bounce *b, struct dg_buf *out)
{
	struct dg_bounce copy = *b;

	copy.by_library = false;
	copy.original_at = 0;
	copy.original_len = 0;
	dg_buf_init(out, DG_BOUNCE_WIRE_MAX);
	dg_bounce_encode(&copy, out);
}

/* Returns whether our scanner took it. */
static bool is_same(const struct places *p, const char *folder, const char *name)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX * 2);
	struct text t = load(folder, name);
	struct dg_bounce mine;
	struct dg_bounce theirs;
	struct dg_buf x;
	struct dg_buf y;
	bool is_mine = dg_bounce_read(a, t.p, t.n, &p->charsets, &mine) == 0;

	by_library(a, p, &t, &theirs);
	if (is_mine) {
		encode(&mine, &x);
		encode(&theirs, &y);
		if (x.len != y.len || memcmp(x.data, y.data, x.len) != 0) {
			fail_msg("%s: %s (%s) by the scanner, %s (%s) by the library", name,
				dg_bounce_kind_text(mine.kind), mine.original.message_id,
				dg_bounce_kind_text(theirs.kind), theirs.original.message_id);
		}
		dg_buf_done(&x);
		dg_buf_done(&y);
	}
	free(t.p);
	(void)dg_arena_free(a);
	return is_mine;
}

static void compare(const struct places *p, const char *folder)
{
	char path[1024];
	struct dirent *e = NULL;
	size_t n = 0;
	size_t n_mine = 0;

	(void)snprintf(path, sizeof(path), "%s/messages", folder);
	DIR *d = opendir(path);
	if (!d) {
		(void)fprintf(stderr, "%s: skipped, it is not there\n", path);
		return;
	}
	while ((e = readdir(d)) != NULL) { /* NOLINT(concurrency-mt-unsafe): one thread */
		if (e->d_name[0] != '.') {
			n++;
			n_mine += is_same(p, folder, e->d_name);
		}
	}
	(void)closedir(d);
	(void)fprintf(stderr, "%s: %zu messages, %zu of them well-formed\n", path, n, n_mine);
	assert_true(n_mine * 10 >= n * 9);
}

static void test_same_record(void **state)
{
	const struct places *p = *state;

	compare(p, p->data);
	compare(p, p->shared);
}

/* --- what is expected ------------------------------------------------------------------------------------ */
struct score {
	size_t n, n_right;
};

static void count(struct score *s, const char *expected, const char *got)
{
	char bare[1024];

	(void)snprintf(bare, sizeof(bare), "<%s>", got);
	if (expected[0] != '\0') {
		s->n++;
		s->n_right += strcasecmp(expected, got) == 0 || strcasecmp(expected, bare) == 0;
	}
}

static bool is_at_least(const struct score *s, size_t per_mille)
{
	return s->n > 0 && s->n_right * 1000 >= s->n * per_mille;
}

struct scores {
	struct score found, ordinary, sender, message_id, first_public;
};

static void score(const struct places *p, char *fields[6], struct scores *s)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX * 2);
	struct text t = load(p->data, fields[0]);
	char address[DG_ADDRESS_TEXT_MAX] = "";
	struct dg_bounce b;

	if (dg_bounce_read(a, t.p, t.n, &p->charsets, &b) != 0) {
		by_library(a, p, &t, &b);
	}
	if (strcmp(fields[1], "bounce") == 0 || strcmp(fields[1], "delay") == 0) {
		s->found.n++;
		s->found.n_right += b.kind == DG_BOUNCE_BOUNCE || b.kind == DG_BOUNCE_DELAY;
		count(&s->sender, fields[3],
			b.original.from[0] ? b.original.from : b.original.return_path);
		count(&s->message_id, fields[4], b.original.message_id);
		count(&s->first_public, fields[5],
			b.has_first_public ? dg_address_text(&b.first_public, address) : "");
	} else if (strcmp(fields[1], "not-bounce") == 0) {
		s->ordinary.n++;
		s->ordinary.n_right += b.kind == DG_BOUNCE_ORDINARY;
	}
	free(t.p);
	(void)dg_arena_free(a);
}

static void test_expected(void **state)
{
	const struct places *p = *state;
	char path[1024];
	char line[4096];
	struct scores s = {0};

	(void)snprintf(path, sizeof(path), "%s/expected.tsv", p->data);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f)) {
		char *fields[6] = {0};
		char *rest = line;

		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < 6; i++) {
			fields[i] = strsep(&rest, "\t");
			assert_non_null(fields[i]);
		}
		score(p, fields, &s);
	}
	(void)fclose(f);
	(void)fprintf(stderr,
		"found %zu of %zu, ordinary %zu of %zu, sender %zu of %zu, Message-ID %zu of %zu, "
		"first public address %zu of %zu\n",
		s.found.n_right, s.found.n, s.ordinary.n_right, s.ordinary.n, s.sender.n_right,
		s.sender.n, s.message_id.n_right, s.message_id.n, s.first_public.n_right,
		s.first_public.n);
	assert_true(is_at_least(&s.found, 985));
	assert_true(is_at_least(&s.ordinary, 990));
	assert_true(is_at_least(&s.sender, 980));
	assert_true(is_at_least(&s.message_id, 980));
	assert_true(is_at_least(&s.first_public, 980));
}

/* --- bombs that are not well-formed ------------------------------------------------------------------------ */
#define BOMB ((size_t)4 << 20)

static void explode(const char *begin, const char *more)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX * 2);
	char *text = malloc(BOMB);
	size_t n = strlen(begin);
	struct dg_raw raw;
	struct dg_parts parts;

	memcpy(text, begin, n);
	while (n + strlen(more) <= BOMB) {
		memcpy(text + n, more, strlen(more));
		n += strlen(more);
	}
	dg_mime_prepare(a, text, n, &raw);
	/* the library gets a few hundred of them, whatever comes */
	assert_true(dg_mime_bound(raw.text.p, raw.text.n) < (size_t)64 << 10);
	dg_library_parse(a, &raw, &parts);
	assert_true(parts.is_cut);
	assert_true(parts.n <= DG_BOUNCE_PARTS_MAX);
	assert_true(dg_arena_used(a) < (size_t)2 << 20);
	free(text);
	(void)dg_arena_free(a);
}

static void test_bombs(void **state)
{
	(void)state;
	explode("From: a\nno field\nContent-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n");
	explode("From: a\nno field\nContent-Type: message/rfc822\n\n",
		"Content-Type: message/rfc822\n\n");
	explode("From: a\nno field\n", "X: a\n");
}

int main(int argc, char **argv)
{
	struct dg_charsets *sets = dg_charsets_open();
	struct places p = {.data = argc > 1 ? argv[1] : "",
		.shared = argc > 2 ? argv[2] : "",
		.charsets = {dg_charsets_to_utf8, sets}};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_same_record, &p),
		cmocka_unit_test_prestate(test_expected, &p),
		cmocka_unit_test(test_bombs),
	};

	assert_true(dg_library_init());
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	(void)dg_charsets_free(sets);
	return r;
}
