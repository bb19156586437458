#include "providers/powerdns/powerdns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "providers/net/http.h"
#include "providers/net/loop.h"
#include "providers/net/url.h"
#include "providers/powerdns/body.h"
#include "providers/provider.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/policy/schema.h"
#include "zones/record/name.h"

#define KEY_MAX  1024u
#define URL_MAX  512u
#define TXT_MAX  60000u /* octets; the SQL back ends keep 64,000 characters */
#define HEADER   "X-API-Key: "
#define API_PATH "/api/v1/servers/"

struct options {
	const char *url;
	const char *server;
	const char *api_key_file;
	uint32_t timeout;
	bool insecure_http;
};

static const struct dg_field fields[] = {
	DG_FIELD_STRING(struct options, url, 8, 300, .dflt = "http://127.0.0.1:8081",
		.help = "Where the API is. Plain http is taken for loopback only, unless "
			"`insecure-http` is set: the key would be readable on the way.",
		.example = "https://pdns.example.net:8443"),
	DG_FIELD_STRING(struct options, server, 1, 64, .dflt = "localhost",
		.help = "The server's id in the API; PowerDNS itself always says `localhost`."),
	DG_FIELD_SECRET(struct options, api_key_file, .is_required = true,
		.help = "File with the API key, and nothing else, that others cannot read.",
		.example = "pdns.key"),
	DG_FIELD_DURATION(struct options, timeout, 1, 600, .dflt = "10s",
		.help = "How long one request may take."),
	DG_FIELD_BOOL(struct options, insecure_http, .dflt = "false",
		.help = "Allow plain http to a host that is not this one."),
};

const struct dg_schema dg_schema_powerdns = {
	.name = "powerdns",
	.help = "The HTTP API of PowerDNS Authoritative.",
	.size = sizeof(struct options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

struct powerdns {
	const struct options *opts;
	struct dg_http *http;
	struct dg_loop *loop;
	char host[DG_URL_HOST_MAX];
	char header[sizeof(HEADER) + KEY_MAX]; /* "X-API-Key: ..." */
};

/* One read() or apply() on its way; in the arena of its request. */
struct work {
	struct powerdns *p;
	struct dg_read *read; /* or */
	struct dg_apply *apply;
	const char *zone;
	struct dg_arena *arena;
	struct dg_err *err;
	int64_t due_ms;
	struct dg_http_request request;
};

static const char *const headers[] = {
	"Accept: application/json", "Content-Type: application/json", NULL};

/* --- the key ---------------------------------------------------------------------------------- */
static int read_key(int fd, const char *path, char *key, struct dg_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		return dg_fail(err, DG_EINPUT, "%s: not a file", path);
	}
	if (st.st_mode & S_IRWXO) {
		return dg_fail(err, DG_EINPUT,
			"%s: others than owner and group can read or write this key (mode %04o); "
			"chmod 0600 it",
			path, (unsigned)(st.st_mode & 07777));
	}
	ssize_t n = read(fd, key, KEY_MAX);
	if (n < 0) {
		return dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
	}
	while (n > 0 && strchr(" \t\r\n", key[n - 1])) {
		n--;
	}
	key[n] = '\0';
	bool is_clean = n > 0 && (size_t)n < KEY_MAX;
	for (ssize_t i = 0; i < n; i++) {
		is_clean = is_clean && key[i] > 0x20 && key[i] < 0x7f;
	}
	if (!is_clean) {
		return dg_fail(err, DG_EINPUT,
			"%s: expected the API key alone on one line, up to %u printable ASCII "
			"characters "
			"without blanks",
			path, KEY_MAX - 1);
	}
	return 0;
}

static int load_key(struct powerdns *p, struct dg_err *err)
{
	const char *path = p->opts->api_key_file;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		return dg_fail(err, DG_EIO, "api-key-file %s: %s", path, strerrordesc_np(errno));
	}
	memcpy(p->header, HEADER, sizeof(HEADER));
	int r = read_key(fd, path, p->header + strlen(HEADER), err);
	(void)close(fd);
	return r < 0 ? dg_wrap(err, r, "api-key-file") : 0;
}

/* --- life ------------------------------------------------------------------------------------- */
static void powerdns_free(struct powerdns *p)
{
	(void)dg_http_free(p->http);
	explicit_bzero(p->header, sizeof(p->header));
	free(p);
}

static int check_server(const char *server, struct dg_err *err)
{
	for (const char *c = server; *c; c++) {
		bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
				(*c >= '0' && *c <= '9') || strchr("._-", *c);
		if (!is_plain) {
			return dg_fail(err, DG_EINPUT,
				"server \"%s\": expected letters, digits, '.', '-' and '_' "
				"(PowerDNS "
				"itself is always \"localhost\")",
				server);
		}
	}
	return 0;
}

static int powerdns_open(struct dg_provider *provider, struct dg_err *err)
{
	struct powerdns *p = calloc(1, sizeof(*p));

	if (!p) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	p->opts = provider->opts;
	p->loop = provider->loop;
	int r = check_server(p->opts->server, err);
	if (r == 0) {
		r = dg_url_check(
			p->opts->url, p->opts->insecure_http, p->host, sizeof(p->host), err);
	}
	if (r == 0) {
		r = load_key(p, err);
	}
	if (r == 0) {
		r = dg_http_new(p->loop, &p->http, err);
	}
	if (r < 0) {
		powerdns_free(p);
		return r;
	}
	provider->priv = p;
	return 0;
}

static void powerdns_close(struct dg_provider *provider)
{
	powerdns_free(provider->priv);
}

static const char *powerdns_describe(
	const struct dg_provider *provider, const char *zone, char *buf, size_t len)
{
	const struct powerdns *p = provider->priv;

	(void)zone;
	(void)snprintf(buf, len, "powerdns %s", p->host);
	return buf;
}

static int powerdns_check(
	struct dg_provider *provider, const struct dg_swap *swaps, size_t n, struct dg_err *err)
{
	(void)provider;
	for (size_t i = 0; i < n; i++) {
		const struct dg_rrset *set = &swaps[i].after;
		char type[16];
		if (!dg_type_is_ours(set->type)) {
			return dg_fail(err, DG_EPOLICY, "%s %s: dnsguard writes MX and TXT only",
				set->owner, dg_type_text(set->type, type));
		}
		for (size_t k = 0; k < set->n; k++) {
			if (set->rdata[k].len > TXT_MAX) {
				return dg_fail(err, DG_EPOLICY,
					"%s %s: a record of %zu octets; PowerDNS keeps at most %u: "
					"make it shorter",
					set->owner, dg_type_text(set->type, type),
					set->rdata[k].len, TXT_MAX);
			}
		}
	}
	return 0;
}

/* --- requests --------------------------------------------------------------------------------- */
/* The id of a zone in URLs: what is not a letter, digit, '.', '-' or '_' is written =HH. */
static const char *zone_url(const struct work *w)
{
	const struct options *o = w->p->opts;
	size_t len = strlen(o->url);
	struct dg_buf b;

	while (len > 0 && o->url[len - 1] == '/') {
		len--;
	}
	dg_buf_init(&b, (size_t)URL_MAX + 3 * DG_NAME_TEXT_MAX);
	dg_buf_put(&b, o->url, len);
	dg_buf_printf(&b, "%s%s/zones/", API_PATH, o->server);
	for (const char *c = w->zone; *c; c++) {
		bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ||
				(strchr("._-", *c) && strcmp(w->zone, ".") != 0);
		if (is_plain) {
			dg_buf_putc(&b, *c);
		} else {
			dg_buf_printf(&b, "=%02X", (unsigned)(unsigned char)*c);
		}
	}
	const char *url = dg_strdup(w->arena, b.data);
	dg_buf_done(&b);
	return url;
}

static void send_work(struct work *w, const char *method, const char *body,
	void (*done)(struct dg_http_request *r, int rc))
{
	w->request = (struct dg_http_request){
		.method = method,
		.url = zone_url(w),
		.headers = headers,
		.secret_header = w->p->header,
		.body = body,
		.body_len = body ? strlen(body) : 0,
		.timeout_ms = w->due_ms - dg_loop_mono_ms(w->p->loop),
		.reply_max = DG_POWERDNS_REPLY_MAX,
		.is_plain_ok = w->p->opts->insecure_http,
		.done = done,
		.arg = w,
	};
	dg_http_send(w->p->http, &w->request);
}

static struct work *work_new(
	struct dg_provider *provider, struct dg_arena *arena, const char *zone, int64_t deadline_ms)
{
	struct work *w = dg_new(arena, struct work);
	struct powerdns *p = provider->priv;
	int64_t ms = (int64_t)p->opts->timeout * 1000;

	w->p = p;
	w->arena = arena;
	w->zone = zone;
	w->due_ms =
		dg_loop_mono_ms(p->loop) + (deadline_ms > 0 && deadline_ms < ms ? deadline_ms : ms);
	return w;
}

/* What a status other than success means, in words. */
static int explain(const struct work *w)
{
	const struct dg_http_request *r = &w->request;
	const struct options *o = w->p->opts;
	const char *text = dg_powerdns_error_text(
		w->arena, r->reply, r->reply_len, w->p->header + strlen(HEADER));
	const char *quote = *text ? ": " : "";
	struct dg_err *err = w->err;
	int rc;

	if (r->status == 401 || r->status == 403) {
		rc = dg_fail(err, DG_EREMOTE,
			"%s refuses the API key (%ld): compare api-key-file %s with api-key in the "
			"server's "
			"configuration",
			w->p->host, r->status, o->api_key_file);
	} else if (r->status == 404) {
		rc = dg_fail(err, DG_EREMOTE,
			"%s does not know the zone %s, or has no server \"%s\" (404): create the "
			"zone there "
			"(pdnsutil create-zone %s), or correct url and server",
			w->p->host, w->zone, o->server, w->zone);
	} else if (r->status == 429 || r->status == 503) {
		rc = dg_fail(err, DG_EREMOTE, "%s is busy (%ld)%s%s: try again later", w->p->host,
			r->status, quote, text);
	} else if (r->status >= 500) {
		rc = dg_fail(err, DG_EREMOTE, "%s failed (%ld)%s%s: see the server's log",
			w->p->host, r->status, quote, text);
	} else if (r->status >= 300 && r->status < 400) {
		rc = dg_fail(err, DG_EREMOTE,
			"%s answers with a redirect (%ld), which is not followed: correct url",
			w->p->host, r->status);
	} else {
		rc = dg_fail(err, DG_EREMOTE, "%s says no (%ld)%s%s", w->p->host, r->status, quote,
			text);
	}
	err->retry_after_s = r->retry_after_s;
	return rc;
}

/* The answer to a GET of the zone: ret_zone, or why not in w->err. */
static int take_zone(struct work *w, int rc, const struct dg_powerdns_wish *wish,
	struct dg_powerdns_zone **ret_zone)
{
	struct dg_http_request *r = &w->request;

	if (rc < 0) {
		*w->err = r->err;
	} else if (r->status != 200) {
		rc = explain(w);
	} else {
		rc = dg_powerdns_zone_parse(
			w->arena, wish, r->reply, r->reply_len, ret_zone, w->err);
		if (rc < 0) {
			rc = dg_wrap(w->err, rc, "%s", w->p->host);
		}
	}
	dg_http_request_done(r);
	return rc;
}

/* --- read ------------------------------------------------------------------------------------- */
static void on_read(struct dg_http_request *request, int rc)
{
	struct work *w = request->arg;
	struct dg_read *r = w->read;
	struct dg_powerdns_zone *zone = NULL;
	const struct dg_powerdns_wish wish = {
		.zone = r->zone,
		.keys = r->whole ? NULL : r->keys,
		.n_keys = r->whole ? 0 : r->n_keys,
		.mail_only = r->mail_only,
	};

	rc = take_zone(w, rc, &wish, &zone);
	if (rc == 0) {
		zone->have->from = dg_printf(w->arena, "powerdns %s", w->p->host);
		r->have = zone->have;
	}
	r->done(r, rc);
}

static void powerdns_read(struct dg_provider *provider, struct dg_read *r)
{
	struct work *w = work_new(provider, r->arena, r->zone, r->deadline_ms);

	w->read = r;
	w->err = &r->err;
	send_work(w, "GET", NULL, on_read);
}

/* --- apply ------------------------------------------------------------------------------------ */
static void on_patch(struct dg_http_request *r, int rc)
{
	struct work *w = r->arg;
	struct dg_apply *a = w->apply;
	enum dg_outcome outcome;

	if (rc < 0) {
		a->err = r->err;
		outcome = r->was_sent ? DG_UNKNOWN : DG_NOT_APPLIED;
	} else if (r->status == 204 || r->status == 200) {
		outcome = DG_APPLIED;
	} else {
		(void)explain(w);
		outcome = r->status >= 300 && r->status < 500 ? DG_NOT_APPLIED : DG_UNKNOWN;
	}
	dg_http_request_done(r);
	a->done(a, outcome);
}

/* 0, or DG_ECONFLICT: what stands there is not before. */
static int compare(const struct dg_apply *a, const struct dg_powerdns_zone *now, struct dg_err *err)
{
	for (size_t i = 0; i < a->n_swaps; i++) {
		const struct dg_rrset *before = &a->swaps[i].before;
		struct dg_rrset is;
		char type[16];

		if (dg_zone_get(now->have, before->owner, before->type, &is) == 0 &&
			dg_rrset_same(&is, before)) {
			continue;
		}
		return dg_fail(err, DG_ECONFLICT,
			"%s %s is not what it was when the change was planned: somebody else "
			"edited it; "
			"look at a new plan",
			before->owner, dg_type_text(before->type, type));
	}
	return 0;
}

static int may_write(const struct work *w, const struct dg_powerdns_zone *now)
{
	if (now->is_secondary) {
		return dg_fail(w->err, DG_EPOLICY,
			"%s holds %s as a secondary: the next transfer would undo the change; "
			"publish at its "
			"primary",
			w->p->host, w->zone);
	}
	return 0;
}

static void on_reread(struct dg_http_request *request, int rc)
{
	struct work *w = request->arg;
	struct dg_apply *a = w->apply;
	struct dg_powerdns_zone *now = NULL;
	struct dg_rrkey *keys = dg_newn(w->arena, struct dg_rrkey, a->n_swaps);
	const struct dg_powerdns_wish wish = {.zone = a->zone, .keys = keys, .n_keys = a->n_swaps};

	for (size_t i = 0; i < a->n_swaps; i++) {
		keys[i] = (struct dg_rrkey){
			.owner = a->swaps[i].before.owner, .type = a->swaps[i].before.type};
	}
	rc = take_zone(w, rc, &wish, &now);
	if (rc == 0) {
		rc = may_write(w, now);
	}
	if (rc == 0) {
		rc = compare(a, now, &a->err);
	}
	if (rc < 0) {
		a->done(a, rc == DG_ECONFLICT ? DG_CONFLICT : DG_NOT_APPLIED);
		return;
	}
	if (a->is_dry_run) {
		a->done(a, DG_APPLIED);
		return;
	}
	const char *body =
		dg_powerdns_patch(w->arena, now, a->swaps, a->n_swaps, dg_loop_now(w->p->loop));
	send_work(w, "PATCH", body, on_patch);
}

static void powerdns_apply(struct dg_provider *provider, struct dg_apply *a)
{
	struct work *w = work_new(provider, a->arena, a->zone, a->deadline_ms);

	w->apply = a;
	w->err = &a->err;
	send_work(w, "GET", NULL, on_reread);
}

const struct dg_provider_ops dg_provider_powerdns = {
	.name = "powerdns",
	.caps = DG_CAP_ATOMIC | DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 0,
			.ttl_max = DG_TTL_MAX,
			.txt_max = TXT_MAX,
			.has_null_mx = true,
			.verified_on = "2026-11-22 (4.7.3)",
		},
	.schema = &dg_schema_powerdns,
	.open = powerdns_open,
	.close = powerdns_close,
	.read = powerdns_read,
	.check = powerdns_check,
	.apply = powerdns_apply,
	.describe = powerdns_describe,
};
