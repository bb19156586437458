/* controller/letters/frames.h: what goes through the pipes between a reader and who started it. Inside controller/letters.
 *
 * Shape    To the reader: length (4 octets, least first), then a message. Back: length, kind, then a record (zones/bounce/wire.h) or
 *          nothing. A message is answered by any number of RECORDs, and DONE at the end.
 */
#pragma once

#include "zones/bounce/bounce.h"

#include <stdint.h>

#define DG_FRAME_HEAD 4u
#define DG_FRAME_KIND 1u

enum dg_frame_kind {
	DG_FRAME_READY = 1, /* once, at the beginning: it has shut itself in */
	DG_FRAME_RECORD,
	DG_FRAME_DONE,
};

static inline uint32_t dg_frame_length(const char *p)
{
	const unsigned char *o = (const unsigned char *)p;

	return (uint32_t)o[0] | (uint32_t)o[1] << 8 | (uint32_t)o[2] << 16 | (uint32_t)o[3] << 24;
}

static inline void dg_frame_put_length(char *p, uint32_t n)
{
	for (unsigned i = 0; i < DG_FRAME_HEAD; i++) {
		p[i] = (char)(n >> (8 * i) & 0xff);
	}
}
