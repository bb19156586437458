/* controller/letters/library.h: messages that are not well-formed, taken apart by GMime. Inside controller/letters. */
#pragma once

#include <stdbool.h>

struct dg_arena;
struct dg_parts;
struct dg_raw;

/* Reads files: before the process shuts itself in. false: GMime is not there. */
bool dg_library_init(void);
/* The tree of a message that was made ready (dg_mime_prepare), in the arena. Within the limits of bounce.h, and of dg_mime_bound(). */
void dg_library_parse(struct dg_arena *a, const struct dg_raw *raw, struct dg_parts *ret_parts);
