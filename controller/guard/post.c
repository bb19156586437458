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

/* --- handing over ----------------------------------------------------------------------------- */
static bool is_url(const char *hook)
{
	return hook[0] != '/';
}

struct dg_post *dg_running_hook(struct dg_runner *r, const char *name, const struct dg_hook *known)
{
	struct dg_post *p = r->posts;

	while (p && strcmp(p->hook, name) != 0) {
		p = p->next;
	}
	if (!p) {
		p = dg_new(r->arena, struct dg_post);
		*p = (struct dg_post){
			.running = r, .hook = dg_strdup(r->arena, name), .next = r->posts};
		p->argv[0] = p->hook;
		r->posts = p;
	}
	p->known = known ? known : p->known;
	return p;
}

static void retry(struct dg_post *p)
{
	int64_t ms = RETRY_MS;

	for (unsigned i = 0; i < p->n_tries && ms < RETRY_MAX; i++) {
		ms *= 2;
	}
	ms = ms < RETRY_MAX ? ms : RETRY_MAX;
	p->retry_ms = dg_running_now(p->running) + (ms > p->wait_ms ? ms : p->wait_ms);
}

void dg_post_ended(struct dg_post *p, const char *why)
{
	struct dg_runner *r = p->running;
	struct dg_err err;
	char text[TEXT_MAX];
	bool is_over = !why || p->is_unwanted || p->n_tries + 1 >= DG_RUNNER_TRIES_MAX;

	p->is_running = false;
	free(p->body);
	p->body = NULL;
	p->retry_ms = 0;
	if (why) {
		(void)snprintf(text, sizeof(text), "hook %s, letter %lld: %s%s", p->hook,
			(long long)p->sequence, why, is_over ? "; given up" : "; tried again");
		dg_running_tell(r, "", text);
		retry(p);
	}
	if (dg_store_letter_tried(r->o.store, p->sequence, is_over, &err) < 0) {
		dg_running_tell(r, "", err.text);
		retry(p);
	}
	p->is_unwanted = false;
	p->wait_ms = 0;
	dg_running_post(r);
}

static void on_done(struct dg_child *c)
{
	struct dg_post *p = c->arg;
	char text[TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%s%.*s", c->is_late ? "too slow " : "",
		(int)strcspn(c->error, "\n"), c->error);
	bool is_good = c->status == 0;
	dg_child_done(c);
	dg_post_ended(p, is_good ? NULL : text);
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
	if (is_url(p->hook)) {
		dg_webhook_send(p, l);
		return;
	}
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
		struct dg_post *p = dg_running_hook(r, letters[i].hook, NULL);

		if (!p->is_served) {
			p->is_served = true; /* the oldest first, and no other before it */
			hand_over(p, &letters[i]);
		}
	}
}

void dg_running_post_forget(struct dg_runner *r)
{
	for (struct dg_post *p = r->posts; p; p = p->next) {
		if (p->is_running && is_url(p->hook)) {
			dg_webhook_forget(p);
		} else if (p->is_running) {
			r->children->forget(&p->child);
		}
		free(p->body);
	}
}
