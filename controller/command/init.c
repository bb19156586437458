#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/engine/files.h"
#include "controller/engine/pool.h"
#include "controller/lookup/resolver.h"
#include "providers/net/loop.h"
#include "providers/provider.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/policy/load.h"
#include "zones/policy/octodns.h"
#include "zones/policy/want.h"
#include "zones/policy/write.h"
#include "zones/record/name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)64 << 20)
#define ASK_MS   10000

/* Looked up when the zone cannot be transferred: DKIM selectors that mail services and manuals use. */
static const char *const usual_selectors[] = {"default", "dkim", "mail", "google", "selector1",
	"selector2", "s1", "s2", "k1", "k2", "k3", "mandrill", "smtp", "key1", "mx", "dk", "zoho",
	"fm1", "fm2", "fm3", "protonmail", "protonmail2", "protonmail3", "pm", "mailjet", NULL};
static const char *const usual_hosts[] = {"*", "www", "mail", "smtp", "mx", "mx1", "mx2", "ftp",
	"webmail", "imap", "pop", "ns1", "ns2", NULL};

struct reading {
	struct dg_app *app;
	struct dg_read read;
	int rc;
};

static void put_yaml(struct dg_buf *b, const char *s)
{
	dg_buf_putc(b, '\'');
	for (; *s != '\0'; s++) {
		dg_buf_puts(b, *s == '\'' ? "''" : (char[]){*s, '\0'});
	}
	dg_buf_putc(b, '\'');
}

struct asking {
	struct dg_app *app;
	struct dg_resolve q;
};

static void on_resolved(struct dg_resolve *q)
{
	struct asking *x = q->arg;

	dg_loop_stop(x->app->loop);
}

/* The name of a server of the zone, as the system's resolver tells: the primary that the SOA names, else any. */
static int find_server(
	struct dg_app *app, const char *zone, const char **ret_host, struct dg_err *err)
{
	struct dg_resolver *resolver = NULL;
	struct asking x = {.app = app};
	const char *host = NULL;
	size_t len = 0;

	int r = dg_resolver_new(app->loop, NULL, &resolver, err);
	if (r < 0) {
		return r;
	}
	x.q = (struct dg_resolve){.name = zone,
		.type = DG_TYPE_SOA,
		.deadline_ms = ASK_MS,
		.arena = app->arena,
		.done = on_resolved,
		.arg = &x};
	dg_resolver_ask(resolver, &x.q);
	dg_loop_run(app->loop);
	if (x.q.result == DG_RESOLVED_FOUND && x.q.set.n > 0) {
		const struct dg_rdata *soa = &x.q.set.rdata[0];

		(void)dg_name_from_wire(app->arena, soa->wire, soa->len, &host, &len);
	}
	dg_resolver_free(resolver);
	if (!host) {
		return dg_fail(err, DG_EREMOTE,
			"the resolver does not tell which server keeps %s (%s); give --server "
			"HOST, or "
			"--from FILE for a zone file",
			zone, x.q.why ? x.q.why : "no SOA record");
	}
	size_t n = strlen(host);
	*ret_host =
		n > 1 ? dg_strndup(app->arena, host, n - 1) : host; /* as zone.yaml writes hosts */
	return 0;
}

static int put_path(struct dg_buf *b, const char *given, struct dg_err *err)
{
	char *path = realpath(given, NULL);

	if (!path) {
		return dg_fail(err, DG_EIO, "%s: %s", given, strerrordesc_np(errno));
	}
	put_yaml(b, path);
	free(path);
	return 0;
}

static int put_tsig(const struct dg_args *args, struct dg_buf *b, struct dg_err *err)
{
	dg_buf_puts(b, ", tsig: {secret-file: ");
	int r = put_path(b, args->key_file, err);
	if (args->key_name) {
		dg_buf_puts(b, ", name: ");
		put_yaml(b, args->key_name);
	}
	if (args->algorithm) {
		dg_buf_puts(b, ", algorithm: ");
		put_yaml(b, args->algorithm);
	}
	dg_buf_putc(b, '}');
	return r;
}

/* The provider section that the options describe, as flow YAML: it is read by the same loader as any other, and stands
 * in the file that is written. */
static int provider_section(
	struct dg_app *app, const char *zone, struct dg_buf *b, struct dg_err *err)
{
	const struct dg_args *args = app->args;
	const char *server = args->server ? args->server : "";
	int r = 0;

	if (args->from) {
		dg_buf_puts(b, "{zonefile: {path: ");
		r = put_path(b, args->from, err);
		dg_buf_puts(b, "}}");
		return r;
	}
	if (!args->server) {
		r = find_server(app, zone, &server, err);
		if (r < 0) {
			return r;
		}
	}
	dg_buf_puts(b, "{rfc2136: {server: ");
	put_yaml(b, server);
	if (args->key_file) {
		r = put_tsig(args, b, err);
	}
	dg_buf_puts(b, "}}");
	return r;
}

static int load(
	struct dg_app *app, const char *provider, struct dg_policy **ret_policy, struct dg_err *err)
{
	struct dg_loader *loader = NULL;
	struct dg_buf b;

	dg_buf_init(&b, TEXT_MAX);
	dg_buf_puts(&b, "zone: ");
	put_yaml(&b, app->args->rest[0]);
	dg_buf_printf(&b, "\nprovider: %s\nmail: {\"@\": {}}\n", provider);
	int r = dg_loader_new(
		b.data, b.len, "(command line)", dg_provider_schemas_all(), NULL, &loader, err);
	if (r == 0) {
		r = dg_policy_next(loader, app->arena, ret_policy, err);
	}
	dg_loader_free(loader);
	dg_buf_done(&b);
	return r;
}

static void add_key(struct dg_arena *a, struct dg_rrkey *keys, size_t *n, const char *label,
	const char *zone, uint16_t type)
{
	struct dg_err err;
	const char *owner = NULL;

	if (dg_name_join(a, label, zone, &owner, &err) == 0) {
		keys[(*n)++] = (struct dg_rrkey){owner, type};
	}
}

/* What is asked for one by one when there is no transfer. */
static struct dg_rrkey *usual_keys(struct dg_arena *a, const struct dg_policy *p, size_t *ret_n)
{
	static const uint16_t host_types[] = {DG_TYPE_A, DG_TYPE_AAAA, DG_TYPE_MX, DG_TYPE_TXT};
	struct dg_rrkey *wanted = NULL;
	size_t n_wanted = 0;
	size_t n = 0;

	dg_want_keys(a, p, &wanted, &n_wanted);
	struct dg_rrkey *keys = dg_newn(a, struct dg_rrkey, n_wanted + 128);
	memcpy(keys, wanted, n_wanted * sizeof(*keys));
	n = n_wanted;
	keys[n++] = (struct dg_rrkey){p->zone, DG_TYPE_MX};
	keys[n++] = (struct dg_rrkey){p->zone, DG_TYPE_TXT};
	keys[n++] = (struct dg_rrkey){p->zone, DG_TYPE_A};
	keys[n++] = (struct dg_rrkey){p->zone, DG_TYPE_AAAA};
	add_key(a, keys, &n, "_dmarc", p->zone, DG_TYPE_TXT);
	add_key(a, keys, &n, "_mta-sts", p->zone, DG_TYPE_TXT);
	add_key(a, keys, &n, "_smtp._tls", p->zone, DG_TYPE_TXT);
	for (size_t i = 0; usual_selectors[i]; i++) {
		add_key(a, keys, &n, dg_printf(a, "%s._domainkey", usual_selectors[i]), p->zone,
			DG_TYPE_TXT);
	}
	for (size_t i = 0; usual_hosts[i]; i++) {
		for (size_t k = 0; k < sizeof(host_types) / sizeof(host_types[0]); k++) {
			add_key(a, keys, &n, usual_hosts[i], p->zone, host_types[k]);
		}
	}
	*ret_n = n;
	return keys;
}

static void on_read(struct dg_read *r, int rc)
{
	struct reading *x = r->arg;

	x->rc = rc;
	dg_loop_stop(x->app->loop);
}

static int read_zone(
	struct dg_app *app, const struct dg_policy *policy, struct reading *x, struct dg_err *err)
{
	struct dg_provider *provider = NULL;
	bool keeps = false;

	int r = dg_pool_get(app->pool, policy, NULL, &provider, &keeps, err);
	if (r < 0) {
		return r;
	}
	x->app = app;
	x->read = (struct dg_read){.zone = policy->zone,
		.whole = true,
		.only_looks = true,
		.deadline_ms = DG_READ_MS,
		.arena = app->arena,
		.done = on_read,
		.arg = x};
	x->read.keys = usual_keys(app->arena, policy, &x->read.n_keys);
	provider->ops->read(provider, &x->read);
	dg_loop_run(app->loop);
	if (x->rc < 0) {
		*err = x->read.err;
	}
	return x->rc;
}

/* A new file only: a zone.yaml that somebody wrote is not overwritten. */
static int write_new(const char *path, const struct dg_buf *b, struct dg_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	size_t at = 0;

	while (fd >= 0 && at < b->len) {
		ssize_t n = write(fd, b->data + at, b->len - at);

		if (n < 0 && errno != EINTR) {
			break;
		}
		at += n > 0 ? (size_t)n : 0;
	}
	bool is_written = fd >= 0 && at == b->len && fsync(fd) == 0;
	int why = errno;
	if (fd >= 0 && close(fd) != 0 && is_written) {
		is_written = false;
		why = errno;
	}
	if (is_written) {
		return 0;
	}
	if (fd >= 0) {
		(void)unlink(path);
	}
	return dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(why));
}

static int read_octodns(
	struct dg_app *app, const char *zone, struct dg_zone **ret_zone, struct dg_err *err)
{
	const struct dg_args *args = app->args;
	char *text = NULL;
	size_t len = 0;

	if (!args->from || !args->provider) {
		return dg_fail(err, DG_EINPUT,
			"octoDNS YAML needs --from FILE, and --provider with the place where the "
			"zone is kept: "
			"--provider '{cloudflare: {token-file: api.token}}'");
	}
	int r = dg_file_read(args->from, DG_OCTODNS_MAX, &text, &len, err);
	r = r == 0 ? dg_octodns_read(app->arena, text, len, zone, args->from, ret_zone, err) : r;
	free(text);
	return r;
}

/* The zone as it stands, and the provider section to write. */
static int read_it(struct dg_app *app, const char *zone, struct dg_buf *section,
	struct dg_zone **ret_zone, struct dg_err *err)
{
	const struct dg_args *args = app->args;
	struct dg_policy *policy = NULL;
	struct reading x = {0};
	int r = 0;

	if (args->provider) {
		r = load(app, args->provider, &policy, err);
	}
	if (r == 0 && args->format && strcmp(args->format, "octodns") == 0) {
		dg_buf_puts(section, args->provider ? args->provider : "");
		return read_octodns(app, zone, ret_zone, err);
	}
	if (r == 0 && args->format && strcmp(args->format, "zonefile") != 0) {
		return dg_fail(err, DG_EINPUT, "--format: expected zonefile or octodns");
	}
	r = r == 0 ? provider_section(app, zone, section, err) : r;
	r = r == 0 ? load(app, section->data, &policy, err) : r;
	r = r == 0 ? read_zone(app, policy, &x, err) : r;
	if (r == 0 && args->provider) {
		dg_buf_clear(section);
		dg_buf_puts(section, args->provider);
	}
	*ret_zone = r == 0 ? x.read.have : NULL;
	return r;
}

static int write_first(
	struct dg_app *app, struct dg_buf *section, struct dg_buf *text, struct dg_err *err)
{
	const char *name = app->args->rest[0];
	struct dg_zone *have = NULL;
	const char *zone = NULL;

	int r = dg_app_open(app, false, err);
	r = r == 0 ? dg_name_parse(app->arena, name, strlen(name), ".", &zone, err) : r;
	r = r == 0 ? read_it(app, zone, section, &have, err) : r;
	if (r < 0) {
		return r;
	}
	dg_policy_write(text, have, section->data);
	const char *path = app->args->output;
	if (!path) {
		dg_app_out(app, text);
		return 0;
	}
	r = write_new(path, text, err);
	if (r == 0 && !app->args->is_json) {
		(void)printf("%s is written; look it over, then `dnsguard plan %s`\n", path, path);
	}
	return r;
}

int dg_cmd_init(struct dg_app *app, const struct dg_args *args)
{
	struct dg_buf section;
	struct dg_buf text;
	struct dg_err err;

	(void)args;
	dg_buf_init(&section, TEXT_MAX);
	dg_buf_init(&text, TEXT_MAX);
	int r = write_first(app, &section, &text, &err);
	dg_buf_done(&section);
	dg_buf_done(&text);
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	return DG_EXIT_OK;
}

int dg_cmd_import(struct dg_app *app, const struct dg_args *args)
{
	return dg_cmd_init(app, args);
}
