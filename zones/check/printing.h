/* zones/check/printing.h: what the parts of dg_check_print() share. Inside zones/check only. */
#pragma once

#include "zones/check/check.h"

#define PRINT_RED     "\033[31m"
#define PRINT_GREEN   "\033[32m"
#define PRINT_YELLOW  "\033[33m"
#define PRINT_MAGENTA "\033[35m"
#define PRINT_BOLD    "\033[1m"

struct printer {
	struct dg_buf *b;
	const struct dg_check *c;
	const struct dg_check_style *style;
};

void print_safe(const struct printer *p, const char *s);
/* A name without its final dot. */
void print_name(const struct printer *p, const char *name);
/* Text in colour when colours are wanted, filled up with blanks to width. */
void print_coloured(const struct printer *p, const char *colour, size_t width, const char *text);
void print_title(const struct printer *p, const char *title);

void print_verdict(const struct printer *p);
void print_findings(const struct printer *p);
void print_spf(const struct printer *p);
void print_keys(const struct printer *p);
void print_walk(const struct printer *p);
void print_records(const struct printer *p);
void print_servers(const struct printer *p);
