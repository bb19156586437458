/* tests/unit/zones/bounce/bounces.h: reading a message of a test. */
#pragma once

#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/bounce/bounce.h"
#include "zones/bounce/parts.h"

#include <stdio.h>
#include <string.h>

/* It is well-formed. */
static inline const struct dg_bounce *read_text(struct dg_arena *a, const char *text)
	__attribute__((returns_nonnull));
static inline const struct dg_bounce *read_text(struct dg_arena *a, const char *text)
{
	struct dg_bounce *b = dg_new(a, struct dg_bounce);

	assert_int_equal(dg_bounce_read(a, text, strlen(text), NULL, b), 0);
	return b;
}
