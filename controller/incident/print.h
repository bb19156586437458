/* controller/incident/print.h: a case for a person: one screen; and one bounce line by line.
 *
 * Shape    The verdict first, with what speaks for and against it; then what was in the bounces; then what to do, in order.
 * Words    words.h: dg_words_open() comes before. Texts from outside are safe to show.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct dg_buf;
struct dg_case;
struct dg_evidence;
struct dg_ruling;

#define DG_PRINT_ROWS     5u /* of each table */
#define DG_PRINT_ROWS_ALL 50u

/* is_verbose: longer tables. */
void dg_case_print(struct dg_buf *b, const struct dg_case *c, bool is_verbose);
/* Who wrote each Received line, which of them can be believed, and where the trust boundary runs. */
void dg_case_explain(struct dg_buf *b, uint64_t number, const char *name,
	const struct dg_evidence *e, const struct dg_ruling *r);
/* "2026-11-22 20:13"; "-" of 0. UTC. In buf, returned. */
const char *dg_print_time(int64_t at, char buf[24]);
