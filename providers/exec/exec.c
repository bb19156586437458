#include "providers/exec/exec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "providers/api/plugin.h"
#include "providers/net/child.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

#define WORDS_MAX  32u
#define WORD_MAX   4095u
#define EXIT_LATER 75 /* EX_TEMPFAIL of sysexits(3): nothing was done, ask again later */
#define N_ENV      5u
#define VAR        "DNSGUARD_TOKEN="

struct exec_options {
	struct dg_api_options api;
	struct dg_strings command;
};

/* What is running for one work. */
struct running {
	struct running *next;
	struct dg_child child;
	struct dg_api_work *work;
	struct dg_http_request *request;
};

struct state {
	struct running *first;
	const char *env[N_ENV + 1];
	char token[sizeof(VAR) + DG_SECRET_MAX];
};

static const struct dg_field fields[] = {
	DG_FIELD_STRINGS(struct exec_options, command, 1, WORD_MAX, .is_required = true,
		.help = "The program with its arguments, as a list, without a shell; the first is "
			"an "
			"absolute path. The verb (describe, read, apply) is added as the last "
			"argument.",
		.example = "[/usr/local/lib/dnsguard/plug-in, --account, main]"),
	DG_FIELD_SECRET(struct dg_api_options, token_file,
		.help = "File with a token that the program gets as DNSGUARD_TOKEN in its "
			"environment.",
		.example = "api.token"),
	DG_FIELD_DURATION(struct dg_api_options, timeout, 1, 600, .dflt = "30s",
		.help = "How long the program may take for one request."),
	DG_FIELD_ENUM(struct dg_api_options, null_mx, dg_api_null_mx_words, .dflt = "as-known",
		.help = "What becomes of a null MX there, where you know better than the program: "
			"`accepted`, `refused`, or `with-a-gap`."),
};

const struct dg_schema dg_schema_exec = {
	.name = "exec",
	.help = "Any program that reads and changes the zone: JSON on its standard input and "
		"output.",
	.size = sizeof(struct exec_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static int open_state(struct dg_api *p, struct dg_err *err)
{
	const struct exec_options *o = p->opts;
	struct state *s = dg_new(p->arena, struct state);
	size_t n = 0;

	if (o->command.n == 0 || o->command.n > WORDS_MAX || o->command.list[0].text[0] != '/') {
		return dg_fail(err, DG_EINPUT,
			"command: expected a program with an absolute path, and at most %u words",
			WORDS_MAX);
	}
	s->env[n++] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	s->env[n++] = "LC_ALL=C.UTF-8";
	s->env[n++] = "HOME=/";
	s->env[n++] = "DNSGUARD_PROTOCOL=1";
	if (p->secrets[0]) {
		(void)snprintf(s->token, sizeof(s->token), VAR "%s", p->secrets[0]);
		s->env[n++] = s->token;
	}
	(void)snprintf(p->host, sizeof(p->host), "%s", o->command.list[0].text);
	p->priv = s;
	return 0;
}

static void close_state(struct dg_api *p)
{
	struct state *s = p->priv;

	while (s && s->first) {
		struct running *x = s->first;

		s->first = x->next;
		dg_child_end(&x->child);
		dg_child_forget(&x->child);
		free(x);
	}
	if (s) {
		explicit_bzero(s->token, sizeof(s->token));
	}
}

static void unlink_it(struct state *s, const struct running *x)
{
	struct running **at = &s->first;

	while (*at != x) {
		at = &(*at)->next;
	}
	*at = x->next;
}

/* What came of it, in the words of a request: 0, or < 0 with r->err. */
static int judge(struct running *x)
{
	struct dg_http_request *r = x->request;
	const struct dg_child *c = &x->child;
	const char *host = x->work->api->host;
	const struct dg_api_reply said = {.body = c->error, .len = strlen(c->error)};
	const char *words = dg_api_words(x->work, &said);
	const char *colon = *words ? ": " : "";

	r->was_sent = c->is_started && c->status != EXIT_LATER;
	if (!c->is_started) {
		return dg_fail(&r->err, DG_EINPUT, "%s", words);
	}
	if (c->is_late) {
		return dg_fail(&r->err, DG_EIO, "%s did not end within %lld seconds%s%s", host,
			(long long)(c->timeout_ms / 1000), colon, words);
	}
	if (c->status == EXIT_LATER) {
		return dg_fail(&r->err, DG_EIO, "%s asks to try again later (exit status %d)%s%s",
			host, EXIT_LATER, colon, words);
	}
	if (c->status != 0) {
		return dg_fail(&r->err, DG_EREMOTE, "%s failed (%s %d)%s%s", host,
			c->status < 0 ? "killed," : "exit status", c->status, colon, words);
	}
	if (c->is_cut) {
		return dg_fail(&r->err, DG_ELIMIT, "%s answers with more than %zu octets", host,
			c->out_max);
	}
	return 0;
}

static void on_end(struct dg_child *c)
{
	struct running *x = c->arg;
	struct dg_http_request *r = x->request;
	int rc = judge(x);

	unlink_it(x->work->api->priv, x);
	if (rc == 0) {
		r->status = 200;
		r->reply = c->out;
		r->reply_len = strlen(c->out);
		c->out = NULL;
	}
	dg_child_done(c);
	free(x);
	r->done(r, rc);
}

static void run(struct dg_api_work *w, struct dg_http_request *r)
{
	const struct exec_options *o = w->api->opts;
	struct state *s = w->api->priv;
	struct running *x = calloc(1, sizeof(*x));
	const char **argv = dg_newn(w->arena, const char *, o->command.n + 2);

	if (!x) {
		abort();
	}
	for (size_t i = 0; i < o->command.n; i++) {
		argv[i] = o->command.list[i].text;
	}
	argv[o->command.n] = dg_plugin_verb(w);
	*x = (struct running){.next = s->first, .work = w, .request = r};
	x->child = (struct dg_child){
		.loop = w->api->loop,
		.argv = argv,
		.env = s->env,
		.input = r->body,
		.timeout_ms = r->timeout_ms > 0 ? r->timeout_ms : 1,
		.out_max = r->reply_max,
		.done = on_end,
		.arg = x,
	};
	s->first = x;
	dg_child_start(&x->child);
}

static const struct dg_api_dialect dialect = {
	.auth = "",
	.open = open_state,
	.close = close_state,
	.send = run,
	DG_PLUGIN_DIALECT,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_exec = {
	.name = "exec",
	.caps = DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			DG_PLUGIN_LIMITS,
			.verified_on = "2026-11-30 (doc/plugin.md)",
			.doubts = "All that depends on the program: it says so itself, when it is "
				  "asked to describe itself.",
		},
	.schema = &dg_schema_exec,
	DG_API_OPS(open_it),
};
