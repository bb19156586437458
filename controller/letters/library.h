/* controller/letters/library.h: messages that are not well-formed, taken apart by GMime. Inside controller/letters. */
#pragma once

struct dg_arena;
struct dg_parts;
struct dg_raw;

void dg_library_init(void); /* reads files: before the process shuts itself in */
/* The tree of a message that was made ready (dg_mime_prepare), in the arena. Within the limits of bounce.h, and of dg_mime_bound(). */
void dg_library_parse(struct dg_arena *a, const struct dg_raw *raw, struct dg_parts *ret_parts);
