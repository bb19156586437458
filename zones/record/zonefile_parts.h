/* zones/record/zonefile_parts.h: a zone file cut into its statements. Between the zonefile_*.c files only.
 *
 * Shape    Offsets are from the start of the text, which has at most DG_ZONEFILE_MAX bytes. A statement reaches from the
 *          start of its line to behind its last line end; what lies between statements are comments and blank lines.
 */
#pragma once

#include "zones/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_buf;
struct dg_rdata;
struct dg_rrset;

enum dg_statement_kind {
	DG_STATEMENT_RECORD,
	DG_STATEMENT_TTL,
	DG_STATEMENT_ORIGIN,
	DG_STATEMENT_FOREIGN, /* $INCLUDE, $GENERATE */
};

struct dg_statement {
	const char *owner;  /* records */
	const char *origin; /* in force here */
	uint32_t start, end;
	uint32_t body_end; /* behind the last token or parenthesis: blanks and a comment follow */
	uint32_t owner_at, owner_len; /* length 0: the owner is that of the record before */
	uint32_t ttl_at, ttl_len;     /* length 0: no TTL is written */
	uint32_t head_at; /* of class or type, whichever is first: where a TTL can be put in */
	uint32_t type_at, type_end;
	uint32_t ttl;  /* in force; of a $TTL: its value */
	uint16_t type; /* of a FOREIGN: the type that it adds, 0: any */
	uint8_t kind;  /* enum dg_statement_kind */
	uint8_t depth; /* parentheses open behind the type */
	bool has_class;
};

struct dg_zonefile {
	struct dg_arena *arena;
	const char *text;
	size_t len;
	const char *apex;
	const char *file;
	struct dg_statement *list;
	size_t n;
	size_t n_records;
	size_t soa; /* index of the SOA; SIZE_MAX: none */
	bool has_foreign;
};

/* Line and column of an offset. */
struct dg_pos dg_zonefile_pos(const struct dg_zonefile *f, size_t at);
/* err's place becomes that of at. Returns rc. */
int dg_zonefile_place(const struct dg_zonefile *f, size_t at, int rc, struct dg_err *err);
/* The data of a record. */
int dg_statement_rdata(const struct dg_zonefile *f, const struct dg_statement *s,
	struct dg_rdata *ret_rdata, struct dg_err *err);

/* --- editing: zonefile_edit.c decides, zonefile_emit.c writes --------------------------------------------- */
enum dg_deed {
	DG_DEED_KEEP,
	DG_DEED_STALE,   /* a record that is not wanted; until the deeds are dealt out */
	DG_DEED_REPLACE, /* its data by that of job->set->rdata[with] */
	DG_DEED_REMOVE,
};

/* One RRset to put in. */
struct dg_job {
	const struct dg_rrset *set;
	bool *is_there; /* records of set that stand in the text already, or have got a line */
	size_t last;    /* its last statement; SIZE_MAX: it has none */
	size_t behind;  /* the last statement of the same owner; SIZE_MAX: none */
	size_t n_left;  /* records that need a line of their own */
	bool is_put;    /* they have got it */
};

/* What happens to one statement. */
struct dg_step {
	struct dg_job *job; /* NULL: not a record that we change */
	uint32_t with;
	uint8_t deed; /* enum dg_deed */
	bool is_last; /* of its owner, and a job looks for such a place */
};

struct dg_edit {
	struct dg_zonefile *f;
	struct dg_job *jobs; /* by owner, then type */
	size_t n_jobs;
	struct dg_step *steps; /* one a statement */
	size_t serial_at, serial_len;
	uint32_t serial; /* the new one; serial_len 0: it stays */
};

void dg_edit_emit(const struct dg_edit *e, struct dg_buf *out);
