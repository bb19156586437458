/* zones/policy/writing.h: what the files of the writer share; nobody else includes it. */
#pragma once

#include "zones/base/map.h"
#include "zones/policy/write.h"
#include "zones/record/zone.h"

struct dg_mail_name;

struct dg_writer {
	struct dg_arena *arena;
	struct dg_buf *b;
	const struct dg_zone *zone;
	struct dg_map by_name;
	struct dg_mail_name *first; /* in the order in which they were found */
	struct dg_mail_name **last;
};

/* write.c: YAML scalars in quotes, and comments, whatever octets the text has. */
void dg_write_quoted(struct dg_buf *b, const char *s);
void dg_write_comment(struct dg_buf *b, const char *indent, const char *text);
/* As the loader reads it: "@", a single label, also after "*.", else the whole name. */
void dg_write_name(struct dg_writer *w, const char *name);

/* write_zone.c: what is no mail name's. */
bool dg_write_is_delegated(
	const struct dg_writer *w, const char *name); /* at or below a zone cut */
void dg_write_report_for(struct dg_writer *w);
void dg_write_wildcards(struct dg_writer *w);
/* Hosts that take mail without an MX: one line each, to be put into silent:. */
void dg_write_hosts(struct dg_writer *w);
