/* zones/bounce/wire.h: a record as octets, from the process that reads to the one that judges. Pure.
 *
 * Shape    Fields in their order: numbers of fixed width, the least octet first; texts with their length before and a NUL behind them.
 * Trust    The reader may have been taken over by what it read: decoding believes nothing. What is read is a record with all its limits
 *          kept, or no record.
 * Memory   Texts of a decoded record point into the octets; its lists are in the arena.
 */
#pragma once

#include <stddef.h>

struct dg_arena;
struct dg_bounce;
struct dg_buf;

#define DG_BOUNCE_WIRE_MAX ((size_t)2 << 20) /* every text of every list at its limit */

void dg_bounce_encode(const struct dg_bounce *b, struct dg_buf *out);
/* 0, or 1: not a record. Texts may hold any octets but NUL. */
int dg_bounce_decode(struct dg_arena *a, const char *p, size_t len, struct dg_bounce *ret_bounce);
