/* serve: the HTTP API that a registrar's platform calls; serve token: who may call it. */
#include "controller/serve/serve.h"
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/serve/door.h"
#include "controller/serve/token.h"
#include "controller/watch/service.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VERIFY_MS 15000

struct serving {
	struct dg_app *app;
	struct dg_serve *serve;
};

/* --- tokens ------------------------------------------------------------------------------------- */
static int token_new(struct dg_app *app, struct dg_err *err)
{
	const struct dg_args *args = app->args;
	char text[DG_TOKEN_TEXT_MAX] = "";
	char id[DG_TOKEN_ID_LEN + 1] = "";

	if (!args->name || !args->zones || !args->verbs) {
		return dg_fail(err, DG_EINPUT,
			"dnsguard serve token new needs --name, --zones and --verbs: a token is "
			"for "
			"somebody, for some zones and for some verbs");
	}
	int r = dg_token_new(app->store, args->name, args->zones, args->verbs,
		dg_loop_now(app->loop), text, id, err);
	if (r < 0) {
		return r;
	}
	if (args->is_json) {
		dg_report_json(app,
			json_pack("{s:s, s:s, s:s}", "type", "token", "id", id, "token", text));
	} else {
		(void)printf("%s\n", text);
	}
	(void)fprintf(stderr,
		"dnsguard: this is the only time that token %s is shown; keep it where only its "
		"user reads\n",
		id);
	explicit_bzero(text, sizeof(text));
	return 0;
}

static void say_token(struct dg_app *app, const struct dg_token_row *t)
{
	char made[32];
	char gone[32];

	if (app->args->is_json) {
		json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "type", "token", "id",
			t->id, "name", t->name, "zones", t->zones, "verbs", t->verbs, "created",
			(json_int_t)t->created);

		dg_json_set(o, "revoked", t->revoked > 0 ? json_integer(t->revoked) : json_null());
		dg_report_json(app, o);
		return;
	}
	dg_app_say(app, "%s  %s  verbs %s  zones %s  made %s%s%s", t->id, t->name, t->verbs,
		t->zones, dg_app_time(t->created, made), t->revoked > 0 ? "  revoked " : "",
		t->revoked > 0 ? dg_app_time(t->revoked, gone) : "");
}

static int token_list(struct dg_app *app, struct dg_err *err)
{
	struct dg_token_row *rows = NULL;
	size_t n = 0;
	int r = dg_store_tokens(app->store, app->arena, &rows, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		say_token(app, &rows[i]);
	}
	return r;
}

static int token_revoke(struct dg_app *app, const char *id, struct dg_err *err)
{
	int r = dg_store_token_revoke(app->store, id, dg_loop_now(app->loop), err);

	if (r > 0) {
		return dg_fail(err, DG_EINPUT,
			"there is no good token %s; `dnsguard serve token list` has them", id);
	}
	if (r == 0) {
		dg_app_say(app, "token %s is good for nothing from now on", id);
	}
	return r;
}

static int token(struct dg_app *app, const struct dg_args *args)
{
	const char *verb = args->n_rest > 1 ? args->rest[1] : "";
	bool is_list = strcmp(verb, "list") == 0 && args->n_rest == 2;
	struct dg_err err;
	int r = dg_app_open(app, !is_list, &err);

	if (r == 0 && is_list) {
		r = token_list(app, &err);
	} else if (r == 0 && strcmp(verb, "new") == 0 && args->n_rest == 2) {
		r = token_new(app, &err);
	} else if (r == 0 && strcmp(verb, "revoke") == 0 && args->n_rest == 3) {
		r = token_revoke(app, args->rest[2], &err);
	} else if (r == 0) {
		r = dg_fail(
			&err, DG_EINPUT, "expected dnsguard serve token new, list, or revoke ID");
	}
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	return DG_EXIT_OK;
}

/* --- the server --------------------------------------------------------------------------------- */
static void tell(void *arg, const char *text)
{
	struct dg_err err;

	(void)dg_fail(&err, DG_EIO, "%s", text);
	dg_app_complain(arg, &err);
}

static void on_end(void *arg)
{
	struct serving *v = arg;

	dg_service_notify("STOPPING=1");
	dg_serve_end(v->serve);
}

static void on_reload(void *arg)
{
	struct serving *v = arg;
	struct dg_err err;

	if (dg_serve_reload(v->serve, &err) < 0) {
		dg_app_complain(v->app, &err);
	}
}

static int open_serve(struct serving *v, struct dg_err *err)
{
	struct dg_app *app = v->app;
	const struct dg_args *args = app->args;
	struct dg_serve_options o = {.loop = app->loop,
		.store = app->store,
		.state_dir = app->state_dir,
		.zones = args->rest[0],
		.templates = args->templates,
		.webhook_secret = args->webhook_secret,
		.tls = {.certificate = args->tls_cert,
			.key = args->tls_key,
			.client_ca = args->client_ca,
			.client_crl = args->client_crl},
		.rate = args->rate == DG_ARG_NOT_GIVEN ? 0 : args->rate,
		.queue_max = args->limit,
		.verify_ms = args->timeout > 0 ? (int64_t)args->timeout * 1000 : VERIFY_MS,
		.tell = tell,
		.tell_arg = app};

	if (!args->socket) {
		return dg_fail(err, DG_EINPUT,
			"where to listen? --socket \"unix:/run/dnsguard/api group=registrar\", "
			"--socket inet:127.0.0.1:8053, or with --tls-cert an address of the "
			"network");
	}
	bool has_tls = args->tls_cert && args->tls_key && args->client_ca;
	int r = dg_door_place(args->socket, has_tls, &o.place, err);
	return r == 0 ? dg_serve_open(&o, &v->serve, err) : r;
}

int dg_cmd_serve(struct dg_app *app, const struct dg_args *args)
{
	struct serving v = {.app = app};
	struct dg_service *service = NULL;
	struct dg_err err;
	int lock_fd = -1;

	if (strcmp(args->rest[0], "token") == 0) {
		return token(app, args);
	}
	if (args->n_rest > 1) {
		(void)dg_fail(&err, DG_EINPUT, "expected one folder of policies");
		dg_app_complain(app, &err);
		return DG_EXIT_USAGE;
	}
	int r = dg_app_open(app, true, &err);
	r = r == 0 ? dg_service_lock(app->state_dir, "serve", &lock_fd, &err) : r;
	r = r == 0 ? open_serve(&v, &err) : r;
	if (r == 0) {
		service = dg_service_new(app->loop, on_end, on_reload, &v);
		dg_service_notify("READY=1");
		dg_app_say(app, "serving at %s", args->socket);
		(void)fflush(stdout);
		r = dg_serve_run(v.serve, &err);
	}
	if (r < 0) {
		dg_app_complain(app, &err);
	}
	(void)dg_serve_close(v.serve);
	(void)dg_service_free(service);
	if (lock_fd >= 0) {
		(void)close(lock_fd);
	}
	return r < 0 ? dg_app_exit_of(&err) : DG_EXIT_OK;
}
