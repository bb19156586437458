/* controller/incident/print_parts.h: what print.c, print_seen.c and explain.c share. Inside controller/incident. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dg_buf;
struct dg_case;

/* A message with its numbers and text, wrapped behind `first`. message: translated. */
void dg_print_line(struct dg_buf *b, const char *first, const char *message, uint64_t n,
	uint64_t of, const char *text);
/* "   3. message", wrapped. */
void dg_print_numbered(struct dg_buf *b, size_t number, const char *message, const char *text);
/* An empty line and the heading. message: to be translated. */
void dg_print_heading(struct dg_buf *b, const char *message);
/* What was in the bounces: rows of each table. */
void dg_print_seen(struct dg_buf *b, const struct dg_case *c, size_t rows);
