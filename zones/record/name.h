/* zones/record/name.h: domain names (RFC 1035 section 3.1, RFC 4343).
 *
 * Shape    Everywhere in the house a name is text in one canonical form, so that equal names
 *          are equal strings: absolute (final dot), ASCII letters in lower case, a byte outside
 *          0x21..0x7e and the characters . ; \ " ( ) @ $ inside a label escaped ("\." for the special
 *          characters, "\032" for the rest). The root is ".". "_dmarc.example.com." has three labels.
 * Limits   63 octets a label, 255 octets in wire form; 1004 bytes of text.
 * Memory   Results live in the arena given, or in the caller's array.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_err;

#define DG_NAME_TEXT_MAX 1004u /* bytes, without the NUL */
#define DG_NAME_WIRE_MAX 255u
#define DG_LABEL_MAX     63u

/* Reads presentation form. "@" and names without a final dot are relative to origin (canonical;
 * NULL: everything is taken as absolute). DG_EINPUT: empty label, too long, bad escape, a byte
 * outside printable ASCII (the text says to use the A-label, RFC 5890). */
int dg_name_parse(struct dg_arena *a, const char *text, size_t len, const char *origin,
	const char **ret_name, struct dg_err *err);

/* Wire form of a canonical name. Returns its length, 1..255. */
size_t dg_name_to_wire(const char *name, uint8_t wire[DG_NAME_WIRE_MAX]);

/* The uncompressed name at wire. ret_len: octets it took. 1: not a name. */
int dg_name_from_wire(struct dg_arena *a, const uint8_t *wire, size_t len, const char **ret_name,
	size_t *ret_len);

bool dg_name_is_at_or_under(const char *name, const char *zone);
bool dg_name_is_wildcard(const char *name); /* leftmost label is "*" */
size_t dg_name_n_labels(const char *name);  /* the root has 0 */
/* Points into name; the root's parent is the root. */
const char *dg_name_parent(const char *name) __attribute__((returns_nonnull));
/* The name as people write it: without the final dot. In the arena. */
const char *dg_name_plain(struct dg_arena *a, const char *name);

/* Order of RFC 4034 section 6.1: a parent right before what is under it. <0, 0, >0 */
int dg_name_cmp(const char *x, const char *y);

/* "label.name"; label is canonical text without a final dot ("_dmarc", "s1._domainkey", "*"). DG_ELIMIT: too long. */
int dg_name_join(struct dg_arena *a, const char *label, const char *name, const char **ret_name,
	struct dg_err *err);

/* As a person writes it inside zone: "@", "lists", "*.lists", or the whole name without its final dot
 * when it is outside. In the arena. */
const char *dg_name_relative(struct dg_arena *a, const char *name, const char *zone);
