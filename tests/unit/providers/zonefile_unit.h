/* tests/unit/providers/zonefile_unit.h: the zone file provider, on real files in a folder of its own. */
#pragma once

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "providers/net/loop.h"
#include "providers/provider.h"
#include "providers/zonefile/zonefile.h"
#include "zones/base/arena.h"
#include "zones/policy/schema.h"

#define ZONE  "example.com."
#define PATHS 256

/* As the loader fills it from the schema: found by the fields' offsets, as it does. */
struct scene {
	struct dg_arena *arena;
	struct dg_loop *loop;
	struct dg_provider provider;
	void *opts;
	char folder[PATHS];
	char file[2 * PATHS];
	int rc;
	enum dg_outcome outcome;
	unsigned n_done;
	int64_t ms; /* of a clock that is played */
	struct dg_read read;
	struct dg_apply apply;
};

static inline void *option(struct scene *s, const char *key)
{
	for (size_t i = 0; i < dg_schema_zonefile.n_fields; i++) {
		if (strcmp(dg_schema_zonefile.fields[i].key, key) == 0) {
			return (char *)s->opts + dg_schema_zonefile.fields[i].offset;
		}
	}
	fail_msg("no option %s", key);
	abort(); /* fail_msg() does not come back, but the compiler cannot know */
}

static inline int64_t played_ms(void *arg)
{
	return ((struct scene *)arg)->ms;
}

static inline void advance_ms(void *arg, int64_t ms)
{
	((struct scene *)arg)->ms += ms;
}

static inline struct scene *scene_of(bool is_played)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct dg_clock clock = {
		.now = played_ms, .mono_ms = played_ms, .advance_ms = advance_ms, .arg = s};
	struct dg_err err;

	assert_non_null(s);
	s->arena = dg_arena_new(1u << 26);
	assert_int_equal(dg_loop_new(is_played ? &clock : NULL, &s->loop, &err), 0);
	(void)snprintf(s->folder, sizeof(s->folder), "%s/dg-zonefile-XXXXXX",
		getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(s->folder));
	(void)snprintf(s->file, sizeof(s->file), "%s/example.com.zone", s->folder);
	s->opts = calloc(1, dg_schema_zonefile.size);
	assert_non_null(s->opts);
	const char *path = dg_printf(s->arena, "%s/{zone}.zone", s->folder);
	memcpy(option(s, "path"), &path, sizeof(path));
	return s;
}

static inline void open_provider(struct scene *s)
{
	struct dg_err err = {0};

	if (!s->provider.ops) {
		s->provider = (struct dg_provider){
			.ops = &dg_provider_zonefile, .loop = s->loop, .opts = s->opts};
		assert_int_equal(s->provider.ops->open(&s->provider, &err), 0);
	}
}

static inline void set_reload(struct scene *s, size_t n, const char *const *words)
{
	struct dg_strings argv = {.list = dg_newn(s->arena, struct dg_string, n), .n = n};

	for (size_t i = 0; i < n; i++) {
		argv.list[i].text = words[i];
	}
	memcpy(option(s, "reload"), &argv, sizeof(argv));
}

static inline void scene_free(struct scene *s)
{
	if (s->provider.ops) {
		s->provider.ops->close(&s->provider);
	}
	dg_loop_free(s->loop);
	const char *line = dg_printf(s->arena, "rm -rf %s", s->folder);
	assert_int_equal(system(line), 0); /* NOLINT(cert-env33-c): a test's own words */
	dg_arena_free(s->arena);
	free(s->opts);
	free(s);
}

static inline void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

static inline const char *get(struct scene *s, const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = dg_get(s->arena, 1, 100000);

	assert_non_null(f);
	text[fread(text, 1, 99999, f)] = '\0';
	(void)fclose(f);
	return text;
}

static inline size_t n_files(const struct scene *s)
{
	char line[3 * PATHS];
	unsigned n = 0;

	(void)snprintf(line, sizeof(line), "ls -A %s | wc -l", s->folder);
	FILE *f = popen(line, "re"); /* NOLINT(cert-env33-c): a test's own words */
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%u", &n), 1);
	(void)pclose(f);
	return n;
}

static inline void on_read(struct dg_read *r, int rc)
{
	struct scene *s = r->arg;

	s->rc = rc;
	s->n_done++;
}

static inline void on_apply(struct dg_apply *a, enum dg_outcome outcome)
{
	struct scene *s = a->arg;

	s->outcome = outcome;
	s->n_done++;
}

static inline int read_zone(
	struct scene *s, const char *zone, const struct dg_rrkey *keys, size_t n)
{
	open_provider(s);
	s->n_done = 0;
	s->read = (struct dg_read){.zone = zone,
		.keys = keys,
		.n_keys = n,
		.whole = true,
		.arena = s->arena,
		.done = on_read,
		.arg = s};
	s->provider.ops->read(&s->provider, &s->read);
	assert_int_equal(s->n_done, 0);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 1);
	return s->rc;
}

static inline struct dg_rrset mx(
	struct scene *s, uint32_t ttl, uint16_t preference, const char *host)
{
	struct dg_rdata *rd = dg_new(s->arena, struct dg_rdata);

	*rd = dg_mx_make(s->arena, preference, host);
	return dg_rrset_make(ZONE, DG_TYPE_MX, ttl, rd, 1);
}

static inline enum dg_outcome apply(
	struct scene *s, struct dg_rrset before, struct dg_rrset after, bool is_dry)
{
	struct dg_swap *swap = dg_new(s->arena, struct dg_swap);

	open_provider(s);
	*swap = (struct dg_swap){before, after};
	s->n_done = 0;
	s->apply = (struct dg_apply){.zone = ZONE,
		.swaps = swap,
		.n_swaps = 1,
		.version = "",
		.is_dry_run = is_dry,
		.arena = s->arena,
		.done = on_apply,
		.arg = s};
	s->provider.ops->apply(&s->provider, &s->apply);
	assert_int_equal(s->n_done, 0);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 1);
	return s->outcome;
}

#define HEAD(serial) \
	"$TTL 60 ; short\n@ IN SOA ns1 host ( " serial " ; serial\n 2 3 4 5 )\n  NS ns1\n"
#define OLD     HEAD("7") "@ MX 10 mail ; our mail\nmail A 192.0.2.1\n"
#define NEW     HEAD("8") "@ MX 0 . ; our mail\nmail A 192.0.2.1\n"
#define HAVE    mx(s, 60, 10, "mail.example.com.")
#define NULL_MX mx(s, 60, 0, ".")
