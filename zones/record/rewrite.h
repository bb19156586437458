/* zones/record/rewrite.h: from one RRset to another where the other side changes one record at a time. Pure.
 *
 * Shape    A list of edits: records that stay are not touched (unless the TTL changes), a record that goes is rewritten into one
 *          that comes, what is left over is added, then removed. The same before and after always give the same edits.
 * Order    At no time is the RRset empty when before and after are not, so that a mail name is never without an MX (RFC 5321
 *          section 5.1 would turn to its A and AAAA). At no time does a null MX stand beside another MX (RFC 7505 section 3), unless it
 *          did so before. Records of one kind (v=spf1, v=DMARC1) are rewritten into each other: never two at once (RFC 7208 section 4.5).
 * Gap      With needs_gap the null MX is refused beside anything else and cannot be made by rewriting: then everything goes first.
 * Memory   In the arena given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_arena;
struct dg_rrset;

enum dg_edit_kind {
	DG_EDIT_UPDATE, /* before->rdata[old] becomes after->rdata[new], with its TTL */
	DG_EDIT_CREATE, /* after->rdata[new] */
	DG_EDIT_DELETE, /* before->rdata[old] */
};

struct dg_edit {
	enum dg_edit_kind kind;
	size_t old, new;
};

/* Returns the number of edits, at most before->n + after->n. */
size_t dg_rewrite_make(struct dg_arena *a, const struct dg_rrset *before,
	const struct dg_rrset *after, bool needs_gap, struct dg_edit **ret_edits);

/* Is now what stands there after some, but not all, of the edits? Also where the TTL and the records are changed one after the
 * other. An RRset of several TTLs is read with the lowest of them. has_late_ttl: a record that was made may have any TTL at first. */
bool dg_rewrite_is_between(struct dg_arena *a, const struct dg_rrset *before,
	const struct dg_rrset *after, const struct dg_rrset *now, bool has_late_ttl);
