/* controller/serve/desk_parts.h: between the files of the desk. */
#pragma once

#include "controller/serve/answer.h"
#include "controller/serve/desk.h"
#include "controller/store/serve.h"

/* One request under way. */
struct dg_errand {
	struct dg_desk *desk;
	struct dg_call *call;
	struct dg_route route;
	struct dg_ask ask;
	struct dg_caller caller;
};

/* Who asks, and may he? 0: go on; 1: it was answered. */
int dg_errand_admit(struct dg_errand *e, enum dg_token_verb verb);
/* As a webhook: is it signed by who has our secret, and now? */
int dg_errand_admit_webhook(struct dg_errand *e);
/* The audit line, then the answer. */
void dg_errand_problem(struct dg_errand *e, int status, const char *code, const char *detail);
void dg_errand_fail(struct dg_errand *e, const struct dg_err *err);
void dg_errand_answer(struct dg_errand *e, int status, json_t *take_object, const char *location);
int dg_errand_audit(const struct dg_errand *e, int status, int64_t job, struct dg_err *err);

/* The job: written with those that come in the same turn, then answered. */
void dg_desk_order(struct dg_errand *e, const char *kind, const char *key,
	const struct dg_order_item *items, size_t n);
void dg_desk_event(struct dg_errand *e);

/* approve, stop, release: what the guard is told. */
void dg_desk_wish(struct dg_errand *e);
/* On every guarded name of the domain; *ret_n: how many there are. */
int dg_desk_put_wishes(struct dg_desk *d, struct dg_arena *a, const char *domain, const char *kind,
	const char *who, const char *why, size_t *ret_n, struct dg_err *err);
void dg_desk_status(struct dg_errand *e);
void dg_desk_job(struct dg_errand *e);

/* Incidents: one is opened, those of a domain, one whole (episode.c). */
void dg_desk_incident(struct dg_errand *e);
void dg_desk_incidents(struct dg_errand *e);
void dg_desk_record(struct dg_errand *e);
/* Inside a transaction. 0: a new one; 1: one was open, and why is written down in it. */
int dg_desk_open_incident(struct dg_desk *d, struct dg_arena *a, const char *domain,
	const char *who, const char *why, int64_t *ret_id, struct dg_err *err);
