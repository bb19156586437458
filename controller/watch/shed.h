/* controller/watch/shed.h: null-sender mail that is refused at RCPT now. Off by default: a policy asks for it (shed:).
 *
 * Shape    Entries: "@example.com", all addresses of a mail name but postmaster (RFC 5321 section 4.5.1 wants that one taken), and
 *          "list@lists.example.com", one address that never sends. The last whole set that was put counts, for DG_SHED_KEEP_MS: who
 *          hears nothing any more refuses nothing.
 * Threads  One puts, any ask. Nobody waits longer than for a set to be exchanged.
 * Limits   DG_SHED_MAX entries; those beyond are not refused.
 * Cost     A genuine bounce, a receipt or a call-out (sender verification) for mail from that name is refused too.
 */
#pragma once

#include "zones/watch/maillog.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DG_SHED_MAX       256u
#define DG_SHED_ENTRY_MAX 320u
#define DG_SHED_KEEP_MS   60000
#define DG_SHED_AGAIN_MS  20000 /* a set is put again after that, changed or not */

enum dg_shed_why {
	DG_SHED_NO,
	DG_SHED_FORGED, /* the mail name is under attack */
	DG_SHED_SILENT, /* the address never sends */
};

struct dg_shed;

struct dg_shed *dg_shed_new(void);
/* With a clock of one's own: milliseconds, never going back. */
struct dg_shed *dg_shed_new_on(int64_t (*clock)(void));
struct dg_shed *dg_shed_free(struct dg_shed *s); /* NULL is fine; returns NULL */
/* entries: lower case. */
void dg_shed_put(struct dg_shed *s, const char *const *entries, size_t n);
/* s NULL: nothing is refused. */
enum dg_shed_why dg_shed_ask(struct dg_shed *s, struct dg_text recipient);
/* What the other side is told, without its codes: static text. */
const char *dg_shed_text(enum dg_shed_why why);
/* Another number for another set. */
uint64_t dg_shed_generation(struct dg_shed *s);
/* The set as it is now: each(arg, entry) for each of them. */
void dg_shed_list(struct dg_shed *s, void (*each)(void *arg, const char *entry), void *arg);
