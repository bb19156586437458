/* tests/unit/zones/policy/want_unit.h: a policy and a zone file to what is wanted, as lines that are easy to compare. */
#pragma once

#include "tests/unit/zones/policy/policy_unit.h"

#include "zones/base/buf.h"
#include "zones/policy/want.h"
#include "zones/record/zone.h"
#include "zones/record/zonefile.h"

struct bench {
	struct dg_arena *a;
	struct dg_policy *policy;
	struct dg_zone *have;
	struct dg_want *want;
	struct dg_err err;
	int rc;
};

/* zone_text NULL: nothing of the zone is known. */
static inline struct bench bench_of(
	const char *yaml, const char *zone_text, const struct dg_name_state *state)
{
	struct bench b = {.a = dg_arena_new(1u << 28)};
	struct dg_zonefile *f = NULL;

	b.policy = load_ok(b.a, yaml);
	if (zone_text) {
		assert_int_equal(dg_zonefile_scan(b.a, zone_text, strlen(zone_text), b.policy->zone,
					 "zone", &f, &b.err),
			0);
		if (dg_zonefile_read(f, &b.have, &b.err) < 0) {
			fail_msg("%u: %s", b.err.pos.line, b.err.text);
		}
	} else {
		b.have = dg_zone_new(b.a, b.policy->zone);
		dg_zone_seal(b.have);
	}
	b.rc = dg_want_make(b.a, b.policy, b.have, state, state->name ? 1 : 0, &b.want, &b.err);
	return b;
}

static inline struct bench bench_new(
	const char *yaml, const char *zone_text, enum dg_name_stage stage, const char *name)
{
	struct dg_name_state state = {.name = name, .stage = stage};

	return bench_of(yaml, zone_text, &state);
}

static inline void bench_done(struct bench *b)
{
	b->a = dg_arena_free(b->a);
}

static inline const char *items_text(struct bench *b)
{
	struct dg_buf t;
	char type[16];

	if (b->rc < 0) {
		fail_msg("%u:%u: %s", b->err.pos.line, b->err.pos.column, b->err.text);
	}
	dg_buf_init(&t, 1u << 20);
	for (size_t i = 0; i < b->want->n; i++) {
		const struct dg_item *it = &b->want->items[i];

		dg_buf_printf(&t, "%u %s %u %s", it->phase, it->owner, it->ttl,
			dg_type_text(it->type, type));
		for (size_t k = 0; k < it->n; k++) {
			dg_buf_putc(&t, ' ');
			dg_rdata_print(&t, it->type, &it->rdata[k]);
		}
		dg_buf_puts(&t, it->is_mail_mx ? " mail\n" : "\n");
		assert_non_null(it->why);
		assert_non_null(it->rule);
		assert_int_not_equal(it->pos.line, 0);
		assert_int_equal(it->tag != NULL,
			it->type == DG_TYPE_TXT && !strstr(it->owner, "_domainkey"));
	}
	const char *text = dg_strdup(b->a, t.data);
	dg_buf_done(&t);
	return text;
}

static inline void assert_items(
	const char *yaml, const char *zone_text, enum dg_name_stage stage, const char *expected)
{
	struct bench b = bench_new(yaml, zone_text, stage, "example.com.");

	assert_string_equal(items_text(&b), expected);
	bench_done(&b);
}

/* "code owner;" for each note. */
static inline const char *notes_text(struct bench *b)
{
	struct dg_buf t;

	assert_int_equal(b->rc, 0);
	dg_buf_init(&t, 1u << 20);
	for (size_t i = 0; i < b->want->n_notes; i++) {
		dg_buf_printf(&t, "%s %s;", b->want->notes[i].code, b->want->notes[i].owner);
	}
	const char *text = dg_strdup(b->a, t.data);
	dg_buf_done(&t);
	return text;
}

static inline void assert_want_refused(const char *yaml, const char *zone_text,
	enum dg_name_stage stage, unsigned line, const char *piece)
{
	struct bench b = bench_new(yaml, zone_text, stage, "example.com.");

	assert_int_equal(b.rc, DG_EPOLICY);
	assert_null(b.want);
	if (b.err.pos.line != line || !strstr(b.err.text, piece)) {
		fail_msg("%u:%u: %s\nexpected line %u: %s", b.err.pos.line, b.err.pos.column,
			b.err.text, line, piece);
	}
	bench_done(&b);
}
