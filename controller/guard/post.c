/* Letters to hooks: out of the store, one after the other for each hook. */
#include "controller/guard/running.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE    256u
#define MEMORY_MAX ((size_t)64 << 20)
#define RETRY_MS   ((int64_t)1000)
#define RETRY_MAX  ((int64_t)3600 * 1000)
#define TEXT_MAX   900u

/* --- writing ---------------------------------------------------------------------------------- */
static char *write_letter(const struct dg_ward *x, const char *event, const char *why)
{
	bool is_open = x->g.is_proposed && x->plan[0] != '\0';
	json_t *evidence = x->evidence ? json_loads(x->evidence, 0, NULL) : NULL;
	json_t *o = json_pack("{s:s, s:s, s:I, s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o}",
		"type", "event", "event", event, "at", (json_int_t)dg_loop_now(x->running->o.loop),
		"zone", x->zone, "name", x->name, "document", dg_json_text(x->document), "state",
		dg_guard_state_text(x->g.state), "why", why, "proposal",
		dg_json_text(is_open ? x->plan : NULL), "evidence",
		evidence ? evidence : json_null(), "subdomain", dg_json_text(x->subdomain),
		"restore", dg_json_text(x->restore));
	char *body =
		o ? json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER) : NULL;

	json_decref(o);
	return body;
}

int dg_ward_letter(struct dg_ward *x, const char *event, const char *why, struct dg_err *err)
{
	struct dg_runner *r = x->running;
	char *body = x->hooks[0] ? write_letter(x, event, why) : NULL;
	int rc = 0;

	for (size_t i = 0; body && x->hooks[i] && rc == 0; i++) {
		struct dg_letter l = {
			.hook = x->hooks[i], .body = body, .at = dg_loop_now(r->o.loop)};

		rc = dg_store_letter_put(r->o.store, &l, err);
		r->has_letters = true;
	}
	free(body);
	return rc;
}

/* --- handing over ----------------------------------------------------------------------------- */
static struct dg_post *post_of(struct dg_runner *r, const char *hook)
{
	for (struct dg_post *p = r->posts; p; p = p->next) {
		if (strcmp(p->hook, hook) == 0) {
			return p;
		}
	}
	struct dg_post *p = dg_new(r->arena, struct dg_post);
	*p = (struct dg_post){.running = r, .hook = dg_strdup(r->arena, hook), .next = r->posts};
	p->argv[0] = p->hook;
	r->posts = p;
	return p;
}

static void retry(struct dg_post *p)
{
	int64_t ms = RETRY_MS;

	for (unsigned i = 0; i < p->n_tries && ms < RETRY_MAX; i++) {
		ms *= 2;
	}
	p->retry_ms = dg_running_now(p->running) + (ms < RETRY_MAX ? ms : RETRY_MAX);
}

static void on_done(struct dg_child *c)
{
	struct dg_post *p = c->arg;
	struct dg_runner *r = p->running;
	struct dg_err err;
	char text[TEXT_MAX];
	bool is_over = c->status == 0 || p->n_tries + 1 >= DG_RUNNER_TRIES_MAX;

	p->is_running = false;
	free(p->body);
	p->body = NULL;
	p->retry_ms = 0;
	if (c->status != 0) {
		(void)snprintf(text, sizeof(text), "hook %s, letter %lld: %s%.*s%s", p->hook,
			(long long)p->sequence, c->is_late ? "too slow " : "",
			(int)strcspn(c->error, "\n"), c->error,
			is_over ? "; given up" : "; tried again");
		dg_running_tell(r, "", text);
		retry(p);
	}
	if (dg_store_letter_tried(r->o.store, p->sequence, is_over, &err) < 0) {
		dg_running_tell(r, "", err.text);
		retry(p);
	}
	dg_child_done(c);
	dg_running_post(r);
}

static const char *const plain_env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", NULL};

/* The number is part of the letter: hooks see a repetition by it. */
static void hand_over(struct dg_post *p, const struct dg_letter *l)
{
	struct dg_buf b;

	dg_buf_init(&b, DG_CHILD_OUT_MAX);
	dg_buf_printf(&b, "{\"sequence\":%lld,", (long long)l->sequence);
	dg_buf_puts(&b, l->body[0] == '{' ? l->body + 1 : "}");
	dg_buf_putc(&b, '\n');
	p->body = strdup(b.data);
	dg_buf_done(&b);
	p->sequence = l->sequence;
	p->n_tries = l->n_tries;
	p->is_running = true;
	p->child = (struct dg_child){.loop = p->running->o.loop,
		.argv = p->argv,
		.env = plain_env,
		.input = p->body,
		.timeout_ms = DG_RUNNER_HOOK_MS,
		.done = on_done,
		.arg = p};
	p->running->children->start(&p->child);
}

void dg_running_post(struct dg_runner *r)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	struct dg_letter *letters = NULL;
	struct dg_err err;
	size_t n = 0;

	if (!r->has_letters || dg_store_letters(r->o.store, a, AT_ONCE, &letters, &n, &err) < 0) {
		return;
	}
	r->has_letters = n > 0;
	for (struct dg_post *p = r->posts; p; p = p->next) {
		p->is_served = p->is_running || dg_running_now(r) < p->retry_ms;
	}
	for (size_t i = 0; i < n; i++) {
		struct dg_post *p = post_of(r, letters[i].hook);

		if (!p->is_served) {
			p->is_served = true; /* the oldest first, and no other before it */
			hand_over(p, &letters[i]);
		}
	}
}

void dg_running_post_forget(struct dg_runner *r)
{
	for (struct dg_post *p = r->posts; p; p = p->next) {
		if (p->is_running) {
			r->children->forget(&p->child);
			free(p->body);
		}
	}
}
