/* controller/serve/desk.h: a request to its answer: who asks, may he, what is done about it.
 *
 * Shape    Jobs that come in one turn of the loop are written in one transaction, with one fsync, and then answered: 202 says that they
 *          are on disk. At most queue_max domains wait; more are answered with 503 and Retry-After.
 * Twice    The same Idempotency-Key of one caller, or the same webhook-id, is the same request: its job is told again, and another
 *          body with it is a conflict. Kept as long as jobs are.
 * Audit    Every request but health, and but what is turned away for asking too often, has its line.
 */
#pragma once

#include "controller/serve/audit.h"
#include "controller/serve/door.h"
#include "controller/serve/limit.h"
#include "controller/serve/route.h"
#include "controller/serve/token.h"
#include "providers/net/webhook.h"

#define DG_DESK_SKEW_S    300 /* of webhook-timestamp (Standard Webhooks) */
#define DG_DESK_QUEUE_MAX 200000u
#define DG_DESK_TRIES     20.0 /* that fail, at once; then one each DG_DESK_TRY_S */
#define DG_DESK_TRY_S     3.0

struct dg_desk_order;
struct dg_templates;
struct dg_work;

struct dg_desk {
	struct dg_loop *loop;
	struct dg_store *store;
	const struct dg_templates *templates;
	struct dg_audit *audit;
	const struct dg_work *work;
	const char *zones;               /* folder */
	struct dg_webhook_secret secret; /* n == 0: no events are taken */
	size_t n_waiting, queue_max;     /* domains */
	struct dg_limit rate, tries;
	void (*on_work)(void *arg); /* something waits to be done */
	void *on_work_arg;
	struct dg_desk_order *first, **last; /* came in this turn */
};

void dg_desk_init(struct dg_desk *d, uint32_t per_s);
/* n: how many wait on disk; those that came in this turn are added. */
void dg_desk_recount(struct dg_desk *d, size_t n);
void dg_desk_take(void *arg, struct dg_call *c);
void dg_desk_refuse(void *arg, struct dg_call *c, int status, const char *why);
