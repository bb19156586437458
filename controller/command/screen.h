/* controller/command/screen.h: a picture on a terminal that is drawn again and again, as large as the terminal is each time.
 *
 * Shape    Lines of text with SGR sequences (colours) and no other control characters. What does not fit is cut: lines that are too
 *          long, and those beyond the last row, of which is said how many there are.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_buf;
struct dg_err;
struct dg_screen;

/* DG_EINPUT: standard input and output are no terminal. */
int dg_screen_new(struct dg_screen **ret_screen, struct dg_err *err);
struct dg_screen *dg_screen_free(struct dg_screen *s); /* as it was; NULL is fine; returns NULL */
void dg_screen_draw(struct dg_screen *s, const char *text);
/* True: q or Ctrl-C was pressed, or nobody is there any more. False after ms, or when the terminal has another size. */
bool dg_screen_wait(struct dg_screen *s, int ms);
/* text as it is drawn on rows of columns; for tests too. */
void dg_screen_fit(struct dg_buf *b, const char *text, size_t rows, size_t columns);
