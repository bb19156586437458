/* tests/unit/controller/store_unit.h: a journal in a folder of its own, and steps for it. */
#pragma once

#include "tests/unit/unit.h"

#include "controller/store/store.h"
#include "zones/base/arena.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZONE "example.com."

struct world {
	struct dg_arena *a;
	struct dg_store *s;
	struct dg_err err;
	char dir[64];
	char path[96];
};

static struct world t;

static inline void remove_all(void)
{
	static const char *const names[] = {
		"journal.db", "journal.db-wal", "journal.db-shm", "journal.lock"};

	(void)chmod(t.dir, 0700);
	for (size_t i = 0; i < 4; i++) {
		char path[96];

		(void)snprintf(path, sizeof(path), "%s/%s", t.dir, names[i]);
		(void)unlink(path);
	}
}

static inline int setup(void **state)
{
	(void)state;
	(void)snprintf(t.dir, sizeof(t.dir), "/tmp/dg-store-XXXXXX");
	assert_non_null(mkdtemp(t.dir));
	(void)snprintf(t.path, sizeof(t.path), "%s/journal.db", t.dir);
	t.a = dg_arena_new((size_t)64 << 20);
	t.s = NULL;
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	t.s = dg_store_close(t.s);
	remove_all();
	(void)rmdir(t.dir);
	t.a = dg_arena_free(t.a);
	return 0;
}

static inline void must(int rc)
{
	if (rc != 0) {
		fail_msg("%d: %s", rc, rc < 0 ? t.err.text : "");
	}
}

static inline void fails(int rc, int expected, const char *part)
{
	if (rc != expected || !strstr(t.err.text, part)) {
		fail_msg("%d (\"%s\"), not %d with \"%s\"", rc, t.err.text, expected, part);
	}
}

static inline void open_it(void)
{
	t.s = dg_store_close(t.s);
	must(dg_store_open(t.dir, false, &t.s, &t.err));
}

static inline struct dg_rrset mx(const char *owner, uint32_t ttl, const char *host)
{
	struct dg_rdata *rd = dg_new(t.a, struct dg_rdata);

	*rd = dg_mx_make(t.a, 10, host);
	return dg_rrset_make(owner, DG_TYPE_MX, ttl, rd, 1);
}

static inline int64_t start_run(void)
{
	int64_t run = 0;

	must(dg_store_run_start(t.s, 1000, "op@host", "dnsguard apply zone.yaml", &run, &t.err));
	return run;
}

/* A step of two changes: the MX from mx1 to mx2, and a new RRset. */
static inline struct dg_step make_step(int64_t run, const char *zone)
{
	struct dg_step_change *c = dg_newn(t.a, struct dg_step_change, 2);
	struct dg_step step = {.run = run,
		.zone = zone,
		.provider = "zonefile /etc/nsd/example.com.zone",
		.document = "/etc/dnsguard/zone.yaml",
		.marker_before = "v=dg1 x=0",
		.marker_after = "v=dg1 x=1",
		.changes = c,
		.n_changes = 2,
		.intended_at = 1001,
		.restores = 7};

	memset(step.digest, 0xab, sizeof(step.digest));
	c[0] = (struct dg_step_change){.before = mx(ZONE, 3600, "mx1.example.com."),
		.after = mx(ZONE, 60, "mx2.example.com."),
		.why = "because"};
	c[1] = (struct dg_step_change){.before = dg_rrset_none("m.example.com.", DG_TYPE_MX),
		.after = mx("m.example.com.", 300, "mx1.example.com.")};
	return step;
}

static inline void assert_owned(const char *owner, const struct dg_rrset *expected)
{
	struct dg_rrset set;
	int rc = dg_store_owned(t.s, t.a, ZONE, owner, DG_TYPE_MX, &set, &t.err);

	if (!expected) {
		assert_int_equal(rc, 1);
	} else {
		must(rc);
		assert_true(dg_rrset_same(&set, expected));
	}
}
