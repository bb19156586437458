/* controller/store/incident.h: the records of incidents: one an episode, its entries, and the files of its evidence.
 *
 * Shape    incident: whose name, opened when and by whom, the newest verdict, closed when. entry: who did what when, sealed
 *          (zones/incident/chain.h); some have a body: a file of the evidence. Entries and bodies are only added: triggers refuse the rest.
 * One      At most one record of a name is open: what opens it a second time finds the first.
 * Hands    dg_incident_add() can say which entry it believes to be the newest: DG_ECONFLICT when somebody else was quicker.
 * Forget   Takes entries and bodies out of the file itself (secure_delete, VACUUM, the log cut to nothing). A line stays: that there was
 *          an incident of the name, from when to when, how many entries it had, and their last hash.
 * Errors   As in store.h. An older journal that is only read has no incidents. Memory: results in the arena given.
 */
#pragma once

#include "controller/store/store.h"
#include "zones/incident/chain.h"

#include <stdbool.h>

#define DG_INCIDENT_RETENTION \
	((int64_t)365 * 86400)                  /* s after it was closed, unless told otherwise */
#define DG_INCIDENT_BODY_MAX ((size_t)16 << 20) /* octets of one file */

struct dg_incident_row {
	int64_t id;
	const char *name; /* canonical mail name, or what else the incident is about */
	const char *zone; /* canonical; NULL: none of ours */
	int64_t opened;   /* Unix seconds, as all times here */
	const char *opened_by, *reason;   /* reason NULL: none */
	const char *verdict, *confidence; /* dg_incident_text(), dg_level_text(); NULL: none yet */
	int64_t retention;                /* s, from closed on */
	int64_t closed;                   /* 0: open */
	const char *closed_by;
	bool is_over;      /* closed, and its criterion was met */
	int64_t forgotten; /* 0: it is not */
	const char *forgotten_by;
	int64_t n_entries;
	uint8_t head[DG_DIGEST_LEN];
};

/* name, zone, opened, opened_by, reason and retention of row. 0: a new one. 1: one was open already. ret_id: which. */
int dg_incident_open(
	struct dg_store *s, const struct dg_incident_row *row, int64_t *ret_id, struct dg_err *err);
/* 1: no such. */
int dg_incident_get(struct dg_store *s, struct dg_arena *a, int64_t id,
	struct dg_incident_row *ret_row, struct dg_err *err);
/* The open one of a name. 1: none. */
int dg_incident_find(struct dg_store *s, struct dg_arena *a, const char *name,
	struct dg_incident_row *ret_row, struct dg_err *err);
int dg_incident_list(struct dg_store *s, struct dg_arena *a, struct dg_incident_row **ret_rows,
	size_t *ret_n, struct dg_err *err);

/* at, who, kind, text, data of e; sets n and hash. body NULL: none. newest: n of what should be the newest entry; -1: whatever it is. */
struct dg_incident_body {
	const void *p;
	size_t len;
};
int dg_incident_add(struct dg_store *s, int64_t id, struct dg_record_entry *e,
	const struct dg_incident_body *body, int64_t newest, struct dg_err *err);
int dg_incident_entries(struct dg_store *s, struct dg_arena *a, int64_t id,
	struct dg_record_entry **ret_entries, size_t *ret_n, struct dg_err *err);
/* 1: that entry has none. */
int dg_incident_body(struct dg_store *s, struct dg_arena *a, int64_t id, int64_t n,
	struct dg_incident_body *ret_body, struct dg_err *err);

int dg_incident_verdict(struct dg_store *s, int64_t id, const char *verdict, const char *confidence,
	struct dg_err *err);
int dg_incident_close(struct dg_store *s, int64_t id, int64_t now, const char *who, bool is_over,
	struct dg_err *err);
/* Not inside dg_store_begin(). 1: it is gone from the file, but another dnsguard keeps the log from being cut: again, when that is done. */
int dg_incident_forget(
	struct dg_store *s, int64_t id, int64_t now, const char *who, struct dg_err *err);
