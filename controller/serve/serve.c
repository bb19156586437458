#include "controller/serve/serve.h"

#include "controller/serve/desk.h"
#include "controller/serve/template.h"
#include "controller/serve/work.h"
#include "providers/net/loop.h"
#include "providers/net/pace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PRUNE_EVERY_S 86400
#define AGAIN_MS      5000

struct dg_serve {
	struct dg_serve_options options;
	struct dg_desk desk;
	struct dg_work work;
	struct dg_templates *templates, *next_templates;
	struct dg_audit *audit;
	struct dg_door *door;
	struct dg_timer *due;
	int64_t pruned_at;
	bool is_idle, is_ending;
};

/* From inside the loop that runs while there is nothing to do. */
static void wake(void *arg)
{
	struct dg_serve *s = arg;

	if (s->is_idle) {
		dg_loop_stop(s->options.loop);
	}
}

static void on_due(void *arg)
{
	struct dg_serve *s = arg;

	s->due = NULL;
	wake(s);
}

static int check_folder(const char *path, struct dg_err *err)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		return dg_fail(err, DG_EINPUT, "%s: %s", path, strerrordesc_np(errno));
	}
	return S_ISDIR(st.st_mode)
		       ? 0
		       : dg_fail(err, DG_EINPUT, "%s: expected the folder of the domains' policies",
				 path);
}

static int read_secret(
	const struct dg_serve *s, struct dg_webhook_secret *ret_secret, struct dg_err *err)
{
	*ret_secret = (struct dg_webhook_secret){.n = 0};
	return s->options.webhook_secret
		       ? dg_webhook_secret_read(s->options.webhook_secret, ret_secret, err)
		       : 0;
}

static int open_parts(struct dg_serve *s, struct dg_err *err)
{
	const struct dg_serve_options *o = &s->options;
	struct dg_door_options door = {.loop = o->loop,
		.place = o->place,
		.body_max = DG_ROUTE_BODY_MAX,
		.take = dg_desk_take,
		.refuse = dg_desk_refuse,
		.arg = &s->desk};
	int64_t due = 0;
	size_t n = 0;
	int r = check_folder(o->zones, err);

	r = r == 0 ? dg_templates_load(o->templates, &s->templates, err) : r;
	r = r == 0 ? read_secret(s, &s->desk.secret, err) : r;
	r = r == 0 ? dg_tls_load(&o->tls, dg_loop_now(o->loop), &door.tls, err) : r;
	r = r == 0 ? dg_audit_open(o->state_dir, &s->audit, err) : r;
	r = r == 0 ? dg_store_orders_waiting(o->store, &n, &due, err) : r;
	s->desk.templates = s->templates;
	s->work.templates = s->templates;
	s->desk.audit = s->audit;
	s->desk.n_waiting = n;
	r = r == 0 ? dg_door_open(&door, &s->door, err) : r;
	(void)dg_tls_free(door.tls);
	return r;
}

int dg_serve_open(const struct dg_serve_options *o, struct dg_serve **ret_serve, struct dg_err *err)
{
	struct dg_serve *s = calloc(1, sizeof(*s));

	if (!s) {
		abort();
	}
	s->options = *o;
	s->work = (struct dg_work){.loop = o->loop,
		.store = o->store,
		.zones = o->zones,
		.verify_ms = o->verify_ms,
		.paces = dg_net_paces_new(),
		.tell = o->tell,
		.tell_arg = o->tell_arg};
	s->desk = (struct dg_desk){.loop = o->loop,
		.store = o->store,
		.work = &s->work,
		.zones = o->zones,
		.queue_max = o->queue_max > 0 ? o->queue_max : DG_DESK_QUEUE_MAX,
		.on_work = wake,
		.on_work_arg = s};
	dg_desk_init(&s->desk, o->rate > 0 ? o->rate : DG_SERVE_RATE);
	int r = open_parts(s, err);
	if (r < 0) {
		(void)dg_serve_close(s);
		return r;
	}
	*ret_serve = s;
	return 0;
}

struct dg_serve *dg_serve_close(struct dg_serve *s)
{
	if (s) {
		(void)dg_timer_cancel(s->due);
		(void)dg_door_close(s->door);
		(void)dg_net_paces_free(s->work.paces);
		(void)dg_audit_close(s->audit);
		(void)dg_templates_free(s->templates);
		(void)dg_templates_free(s->next_templates);
		dg_webhook_secret_forget(&s->desk.secret);
		free(s);
	}
	return NULL;
}

void dg_serve_end(struct dg_serve *s)
{
	s->is_ending = true;
	wake(s);
}

int dg_serve_reload(struct dg_serve *s, struct dg_err *err)
{
	struct dg_templates *t = NULL;
	struct dg_webhook_secret secret;
	struct ssl_ctx_st *tls = NULL;
	int r = dg_audit_reopen(s->audit, err);

	r = r == 0 ? read_secret(s, &secret, err) : r;
	r = r == 0 ? dg_tls_load(&s->options.tls, dg_loop_now(s->options.loop), &tls, err) : r;
	r = r == 0 ? dg_templates_load(s->options.templates, &t, err) : r;
	if (r < 0) {
		(void)dg_tls_free(tls);
		return r;
	}
	dg_door_set_tls(s->door, tls);
	(void)dg_tls_free(tls);
	s->desk.secret = secret;
	dg_webhook_secret_forget(&secret);
	(void)dg_templates_free(s->next_templates); /* the batch at hand still reads the old ones */
	s->next_templates = t;
	wake(s);
	return 0;
}

static void take_templates(struct dg_serve *s)
{
	if (s->next_templates) {
		(void)dg_templates_free(s->templates);
		s->templates = s->next_templates;
		s->next_templates = NULL;
		s->desk.templates = s->templates;
		s->work.templates = s->templates;
	}
}

static int prune(struct dg_serve *s, struct dg_err *err)
{
	int64_t now = dg_loop_now(s->options.loop);

	if (now - s->pruned_at < PRUNE_EVERY_S) {
		return 0;
	}
	s->pruned_at = now;
	return dg_store_orders_prune(s->options.store, now - DG_SERVE_KEEP_S, err);
}

static void idle(struct dg_serve *s, int64_t wait_ms)
{
	struct dg_loop *l = s->options.loop;

	if (wait_ms >= 0) {
		s->due = dg_timer_cancel(s->due);
		s->due = dg_loop_after_ms(l, wait_ms, on_due, s);
	}
	s->is_idle = true;
	dg_loop_run(l);
	s->is_idle = false;
}

/* What waits for its time is looked at when that has come. */
static int rest(struct dg_serve *s, struct dg_err *err)
{
	int64_t due = 0;
	size_t n = 0;
	int r = dg_store_orders_waiting(s->options.store, &n, &due, err);
	int64_t wait_ms = (due - dg_loop_now(s->options.loop)) * 1000;

	if (r < 0) {
		return r;
	}
	dg_desk_recount(&s->desk, n);
	idle(s, n == 0 ? -1 : wait_ms > AGAIN_MS ? AGAIN_MS : wait_ms > 0 ? wait_ms : 0);
	return 0;
}

int dg_serve_run(struct dg_serve *s, struct dg_err *err)
{
	while (!s->is_ending) {
		int64_t due = 0;
		size_t n = 0;

		take_templates(s);
		int r = prune(s, err);
		r = r == 0 ? dg_work_batch(&s->work, err) : r;
		if (r > 0) {
			r = rest(s, err);
		} else if (r == 0) {
			r = dg_store_orders_waiting(s->options.store, &n, &due, err);
			dg_desk_recount(&s->desk, n);
		}
		if (r < 0) { /* the disk is full, or another dnsguard has the journal: that passes */
			s->options.tell(s->options.tell_arg, err->text);
			idle(s, AGAIN_MS);
		}
	}
	return 0;
}
