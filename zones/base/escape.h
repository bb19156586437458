/* zones/base/escape.h: text from outside, safe where something else reads it: XML and HTML, Markdown.
 *
 * Shape    First as dg_buf_put_safe() makes it (no controls, no bidirectional or invisible characters, well-formed UTF-8), then what means
 *          something there is escaped. One line stays one line.
 * XML      & < > " ' as references: inside elements and inside quoted attributes (XML 1.0 section 2.4; HTML's too).
 * Markdown A backslash before each ASCII punctuation mark (CommonMark section 2.4): no emphasis, link, autolink, image, HTML, table cell or
 *          heading begins in it.
 */
#pragma once

#include <stddef.h>

struct dg_buf;

void dg_buf_put_xml(struct dg_buf *b, const void *p, size_t n);
void dg_buf_put_markdown(struct dg_buf *b, const void *p, size_t n);
