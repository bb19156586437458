#include "controller/command/world.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/lookup/authority.h"
#include "controller/lookup/inquiry.h"
#include "controller/lookup/resolver.h"
#include "providers/net/http.h"
#include "providers/net/loop.h"
#include "zones/base/address.h"
#include "zones/base/arena.h"
#include "zones/mail/idn.h"
#include "zones/policy/policy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE_S 20u
#define TRUST_MS   3000
#define PORT_MAX   65535u
#define MEMORY_MAX ((size_t)256 << 20)

int64_t dg_world_deadline_ms(const struct dg_app *app)
{
	uint32_t s = app->args->timeout;

	return (int64_t)(s > 0 ? s : DEADLINE_S) * 1000;
}

/* --- words ------------------------------------------------------------------------------------ */
static int bad_endpoint(const char *text, struct dg_err *err)
{
	return dg_fail(err, DG_EINPUT,
		"--resolver wants an address, with a port or without (192.0.2.53, "
		"192.0.2.53:5353, [2001:db8::53]:53), not %s",
		text);
}

int dg_world_endpoint(
	struct dg_arena *a, const char *text, struct dg_endpoint *ret_endpoint, struct dg_err *err)
{
	const char *colon = strrchr(text, ':');
	const char *bracket = text[0] == '[' ? strchr(text, ']') : NULL;
	bool has_port = colon && (bracket ? colon == bracket + 1 : strchr(text, ':') == colon);
	size_t len = has_port ? (size_t)(colon - text) : strlen(text);
	struct dg_address address;
	unsigned long port = 0;

	if (has_port) {
		char *end = NULL;
		port = strtoul(colon + 1, &end, 10);
		if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port == 0 ||
			port > PORT_MAX) {
			return bad_endpoint(text, err);
		}
	}
	if (text[0] == '[') {
		if (!bracket || bracket[1] != (has_port ? ':' : '\0')) {
			return bad_endpoint(text, err);
		}
		text++;
		len = (size_t)(bracket - text);
	}
	if (dg_address_parse(text, len, &address) != 0) {
		return bad_endpoint(text, err);
	}
	*ret_endpoint =
		(struct dg_endpoint){.host = dg_strndup(a, text, len), .port = (uint16_t)port};
	return 0;
}

size_t dg_world_words(struct dg_arena *a, const char *text, const char *const **ret_words)
{
	const char **words = dg_newn(a, const char *, text ? strlen(text) + 1 : 1);
	size_t n = 0;

	for (const char *p = text; p && *p != '\0';) {
		size_t len = strcspn(p, ",");
		if (len > 0) {
			words[n++] = dg_strndup(a, p, len);
		}
		p += len + (p[len] == ',' ? 1 : 0);
	}
	*ret_words = words;
	return n;
}

const char *dg_world_shown(struct dg_arena *a, const char *name)
{
	const char *unicode = dg_name_to_unicode(a, name);
	size_t len = strlen(name);
	const char *plain = len > 1 ? dg_strndup(a, name, len - 1) : name;

	return unicode ? dg_printf(a, "%s (%s)", plain, unicode) : plain;
}

/* --- trust ------------------------------------------------------------------------------------ */
static void on_resolved(struct dg_resolve *q)
{
	dg_loop_stop(q->arg);
}

/* Does validating lead to anything through this resolver? NULL: yes; else why not. */
static const char *try_trust(struct dg_app *app, struct dg_resolver *resolver)
{
	struct dg_resolve *q = dg_new(app->arena, struct dg_resolve);

	*q = (struct dg_resolve){
		.name = ".",
		.type = DG_TYPE_SOA,
		.deadline_ms = TRUST_MS,
		.arena = app->arena,
		.done = on_resolved,
		.arg = app->loop,
	};
	dg_resolver_ask(resolver, q);
	dg_loop_run(app->loop);
	if (q->result == DG_RESOLVED_FOUND && q->trust == DG_TRUST_SECURE) {
		return NULL;
	}
	return dg_printf(app->arena,
		"DNSSEC is not validated: the %s does not hand on what that needs (%s)",
		dg_resolver_text(resolver), q->why ? q->why : "the root is not signed there");
}

static int open_default(
	struct dg_app *app, struct dg_resolver_options *o, struct dg_world *w, struct dg_err *err)
{
	o->trust_anchor = access(DG_WORLD_ROOT_KEY, R_OK) == 0 ? DG_WORLD_ROOT_KEY : NULL;
	int r = dg_resolver_new(app->loop, o, &w->resolver, err);

	if (r < 0 || !o->trust_anchor) {
		w->unvalidated_why = "DNSSEC is not validated: there is no " DG_WORLD_ROOT_KEY;
		return r;
	}
	w->unvalidated_why = try_trust(app, w->resolver);
	if (!w->unvalidated_why) {
		return 0;
	}
	w->resolver = dg_resolver_free(w->resolver);
	o->trust_anchor = NULL;
	return dg_resolver_new(app->loop, o, &w->resolver, err);
}

static int open_resolver(struct dg_app *app, const struct dg_verify_spec *spec, struct dg_world *w,
	struct dg_err *err)
{
	const struct dg_args *args = app->args;
	struct dg_endpoint at = {0};
	struct dg_resolver_options o = {.at = spec ? &spec->resolver : NULL,
		.trust_anchor = spec ? spec->trust_anchor : NULL};

	if (args->resolver) {
		int r = dg_world_endpoint(app->arena, args->resolver, &at, err);
		if (r < 0) {
			return r;
		}
		o.at = &at;
	}
	if (args->trust_anchor) {
		bool is_none = strcmp(args->trust_anchor, "none") == 0;
		o.trust_anchor = is_none ? NULL : args->trust_anchor;
	} else if (!o.trust_anchor) {
		return open_default(app, &o, w, err);
	}
	return dg_resolver_new(app->loop, &o, &w->resolver, err);
}

/* --- life ------------------------------------------------------------------------------------- */
int dg_world_open(struct dg_app *app, const struct dg_verify_spec *spec, struct dg_world *ret_world,
	struct dg_err *err)
{
	struct dg_world w = {0};
	int r = app->loop ? 0 : dg_loop_new(NULL, &app->loop, err);

	w.loop = app->loop;
	if (r == 0) {
		r = open_resolver(app, spec, &w, err);
	}
	if (r == 0) {
		r = dg_authority_new(app->loop, w.resolver, &w.authority, err);
	}
	if (r == 0) {
		r = dg_http_new(app->loop, &w.http, err);
	}
	if (r < 0) {
		dg_world_close(&w);
		return r;
	}
	*ret_world = w;
	return 0;
}

void dg_world_close(struct dg_world *w)
{
	w->http = dg_http_free(w->http);
	w->authority = dg_authority_free(w->authority);
	w->resolver = dg_resolver_free(w->resolver);
}

/* --- one rule --------------------------------------------------------------------------------- */
struct asking {
	struct dg_inquiry inquiry;
	struct dg_arena *facts, *round;
	void (*rule)(void *arg, struct dg_arena *a, const struct dg_facts *facts);
	void *arg;
};

static void on_round(struct dg_inquiry *q)
{
	struct asking *x = q->arg;

	x->round = dg_arena_free(x->round);
	x->round = dg_arena_new(MEMORY_MAX);
	x->rule(x->arg, x->round, &q->facts);
}

static void on_done(struct dg_inquiry *q)
{
	dg_loop_stop(q->loop);
}

static void free_arenas(void *arg)
{
	struct asking *x = arg;

	x->round = dg_arena_free(x->round);
	x->facts = dg_arena_free(x->facts);
}

void dg_world_inquire(struct dg_app *app, struct dg_world *w,
	void (*rule)(void *arg, struct dg_arena *a, const struct dg_facts *facts), void *arg)
{
	struct asking *x = dg_new(app->arena, struct asking);

	*x = (struct asking){.facts = dg_arena_new(MEMORY_MAX), .rule = rule, .arg = arg};
	dg_arena_defer(app->arena, free_arenas, x);
	x->inquiry = (struct dg_inquiry){
		.loop = app->loop,
		.resolver = w->resolver,
		.http = w->http, /* for rules that fetch documents */
		.arena = x->facts,
		.deadline_ms = dg_world_deadline_ms(app),
		.again_ms = DG_INQUIRY_AGAIN_MS,
		.round = on_round,
		.done = on_done,
		.arg = x,
	};
	dg_inquiry_start(&x->inquiry);
	dg_loop_run(app->loop);
}
