/* zones/policy/wanting.h: what the files of dg_want_make() share; nobody else includes it. */
#pragma once

#include "zones/base/map.h"
#include "zones/mail/lint.h"
#include "zones/mail/mx.h"
#include "zones/policy/policy.h"
#include "zones/policy/want.h"
#include "zones/record/zone.h"

struct dg_wanting {
	struct dg_arena *arena;
	const struct dg_policy *policy;
	const struct dg_zone *have;
	const struct dg_name_state *states;
	size_t n_states;
	bool is_sketch; /* only which RRsets: nothing is checked */
	struct dg_item *items;
	size_t n, cap;
	struct dg_note *notes;
	size_t n_notes, notes_cap;
	struct dg_lints lints; /* of the record at hand */
	struct dg_map by_name; /* mail names and silent names; used when there are many */
	bool has_map;
	struct dg_map hosts; /* MX and HELO hosts of this zone: name to struct dg_pos */
	struct dg_err *err;
};

/* What zone.yaml says of a name. */
struct dg_declared {
	const struct dg_mail_spec *mail;       /* NULL: no mail name */
	const struct dg_silent_spec *silent;   /* NULL: not silent */
	const struct dg_mail_spec *split_from; /* whose split moves here; NULL: none */
};

/* Where and why a record is wanted. */
struct dg_claim {
	const char *owner;
	uint32_t ttl;
	unsigned phase;
	const char *why;
	const char *rule;
	struct dg_pos pos;
};

/* want_item.c */
int dg_want_mx(
	struct dg_wanting *w, const struct dg_claim *c, const struct dg_mx_spec *mx, size_t n);
void dg_want_null_mx(struct dg_wanting *w, const struct dg_claim *c, bool is_mail_mx);
/* The whole RRset, or of TXT the records with tag: not there. */
void dg_want_none(struct dg_wanting *w, const struct dg_claim *c, uint16_t type, const char *tag);
/* One TXT record of ours, after our own lint; tag NULL: the whole RRset (DKIM keys). */
int dg_want_txt(struct dg_wanting *w, const struct dg_claim *c, const char *tag, const char *text);
/* The same for a text that is one for everybody and no policy, which the lint would judge as one. */
void dg_want_constant(
	struct dg_wanting *w, const struct dg_claim *c, const char *tag, const char *text);
int dg_want_spf(struct dg_wanting *w, const struct dg_claim *c, const struct dg_spf *spf);
/* At _dmarc of c->owner; as_written: the whole record, NULL: d printed. */
int dg_want_dmarc(struct dg_wanting *w, const struct dg_claim *c, const struct dg_dmarc *d,
	const char *as_written);
/* "label.name"; NULL: too long, w->err is set. */
const char *dg_want_below(
	struct dg_wanting *w, const char *label, const char *name, const struct dg_pos *pos);
void dg_want_note(struct dg_wanting *w, const struct dg_note *note);

/* want.c: finds names faster; before anything else. */
void dg_want_index(struct dg_wanting *w);
/* What zone.yaml and the zone say of a name. */
struct dg_declared dg_want_declared(const struct dg_wanting *w, const char *name);
/* The mail name whose split moves to name; NULL: none. */
const struct dg_mail_spec *dg_want_split_to(const struct dg_wanting *w, const char *name);
enum dg_name_stage dg_want_stage(const struct dg_wanting *w, const char *name);
/* The same with all that is on record; calm when nothing is. */
struct dg_name_state dg_want_state(const struct dg_wanting *w, const char *name);
/* The RRset of have; n == 0 when it is absent or not known. */
struct dg_rrset dg_want_have(const struct dg_wanting *w, const char *owner, uint16_t type);
bool dg_want_is_alias(const struct dg_wanting *w, const char *name);
/* The zone cut or DNAME that takes name out of this zone; NULL: none is known. */
const char *dg_want_cut_above(const struct dg_wanting *w, const char *name);

/* want_check.c: does the policy contradict itself or the zone? */
int dg_want_check(struct dg_wanting *w);
/* want_mail.c, want_names.c, want_hosts.c */
int dg_want_mail(struct dg_wanting *w, const struct dg_mail_spec *m);
int dg_want_silent(struct dg_wanting *w, const struct dg_silent_spec *s);
void dg_want_sending_hosts(struct dg_wanting *w);
int dg_want_report_for(struct dg_wanting *w);
int dg_want_hosts(struct dg_wanting *w);
