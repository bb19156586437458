/* tests/unit/providers/wire_unit.h: messages made by hand, record by record. */
#pragma once

#include "tests/unit/unit.h"

#include <string.h>

#include "providers/net/dns.h"
#include "providers/net/dns_answer.h"
#include "providers/net/dns_build.h"
#include "providers/net/dns_wire.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/rrset.h"
#include "zones/record/zone.h"

#define ID   0x4242
#define ZONE "example.org."

struct wire {
	struct dg_arena *a;
	uint8_t buf[4096];
	struct dg_wire_out o;
};

static inline void wire_init(struct wire *s)
{
	s->a = dg_arena_new(64u << 20);
	s->o = (struct dg_wire_out){.data = s->buf, .max = sizeof(s->buf)};
}

static inline struct dg_rdata wire_rdata(struct wire *s, uint16_t type, const char *text)
{
	struct dg_rdata rd = {0};
	struct dg_err err;

	assert_int_equal(0, dg_rdata_parse(s->a, type, text, strlen(text), ZONE, &rd, &err));
	return rd;
}

/* A set of up to two records. */
static inline struct dg_rrset wire_set(struct wire *s, const char *owner, uint16_t type,
	uint32_t ttl, const char *first, const char *second)
{
	struct dg_rdata *list = dg_newn(s->a, struct dg_rdata, 2);

	list[0] = wire_rdata(s, type, first);
	if (second) {
		list[1] = wire_rdata(s, type, second);
	}
	return dg_rrset_make(owner, type, ttl, list, second ? 2 : 1);
}

static inline void wire_begin(struct wire *s, unsigned flags, uint16_t type)
{
	s->o.len = 0;
	s->o.zone = ZONE;
	dg_query_build(&s->o, ID, ZONE, type, false, 0);
	s->buf[2] = (uint8_t)(0x80 | flags >> 8);
	s->buf[3] = (uint8_t)flags;
}

static inline void wire_add(
	struct wire *s, const char *owner, uint16_t type, uint32_t ttl, const char *text)
{
	struct dg_rdata rd = wire_rdata(s, type, text);

	dg_wire_put_record(&s->o, owner, type, DG_CLASS_IN, ttl, &rd);
}

static inline void wire_add_raw(
	struct wire *s, const char *owner, uint16_t type, const char *data, size_t len)
{
	const struct dg_rdata rd = {(const uint8_t *)data, len};

	dg_wire_put_record(&s->o, owner, type, DG_CLASS_IN, 5, &rd);
}
