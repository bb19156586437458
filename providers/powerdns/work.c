/* read() and apply(): what is sent, in which order, and what the answers mean. */
#include <assert.h>
#include <string.h>

#include "providers/net/loop.h"
#include "providers/powerdns/body.h"
#include "providers/powerdns/internal.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/record/name.h"

#define URL_MAX 512u
/* PowerDNS listens with a backlog of 10: what comes on top waits a second for its SYN to be sent again. */
#define INFLIGHT 8u
#define API_PATH "/api/v1/servers/"

/* One read() or apply() on its way; in the arena of its request. */
struct dg_powerdns_work {
	struct dg_powerdns *p;
	struct dg_read *read; /* or */
	struct dg_apply *apply;
	struct dg_powerdns_work *next; /* in line */
	const char *zone;
	struct dg_arena *arena;
	struct dg_err *err;
	int64_t due_ms;
	struct dg_http_request request;
};

static const char *const headers[] = {
	"Accept: application/json", "Content-Type: application/json", NULL};

/* --- requests --------------------------------------------------------------------------------- */
/* The id of a zone in URLs: what is not a letter, digit, '.', '-' or '_' is written =HH. */
static const char *zone_url(const struct dg_powerdns_work *w)
{
	const struct dg_powerdns_options *o = w->p->opts;
	size_t len = strlen(o->url);
	struct dg_buf b;

	while (len > 0 && o->url[len - 1] == '/') {
		len--;
	}
	dg_buf_init(&b, URL_MAX + (size_t)3 * DG_NAME_TEXT_MAX);
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

static void send_work(struct dg_powerdns_work *w, const char *method, const char *body,
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

static void on_read(struct dg_http_request *request, int rc);
static void on_reread(struct dg_http_request *request, int rc);

static struct dg_powerdns_work *work_new(
	struct dg_provider *provider, struct dg_arena *arena, const char *zone, int64_t deadline_ms)
{
	struct dg_powerdns_work *w = dg_new(arena, struct dg_powerdns_work);
	struct dg_powerdns *p = provider->priv;
	int64_t ms = (int64_t)p->opts->timeout * 1000;

	w->p = p;
	w->arena = arena;
	w->zone = zone;
	w->due_ms =
		dg_loop_mono_ms(p->loop) + (deadline_ms > 0 && deadline_ms < ms ? deadline_ms : ms);
	return w;
}

/* --- the line ---------------------------------------------------------------------------------- */
/* Works begin in their order. The SQLite back end answers 500 to a PATCH that meets another request: from the first 500 on each
 * apply() has the server for itself. So its second look and its PATCH are never far apart either. */
static bool may_begin(const struct dg_powerdns *p, const struct dg_powerdns_work *w)
{
	if (!p->is_serial) {
		return p->n_reads + p->n_applies < INFLIGHT;
	}
	return p->n_applies == 0 && (w->apply ? p->n_reads == 0 : p->n_reads < INFLIGHT);
}

static void begin_waiting(struct dg_powerdns *p)
{
	while (p->line_first && may_begin(p, p->line_first)) {
		struct dg_powerdns_work *w = p->line_first;
		p->line_first = w->next;
		p->n_reads += w->read != NULL;
		p->n_applies += w->apply != NULL;
		send_work(w, "GET", NULL, w->apply ? on_reread : on_read);
	}
}

static void line_up(struct dg_powerdns_work *w)
{
	struct dg_powerdns *p = w->p;

	if (p->line_first) {
		p->line_last->next = w;
	} else {
		p->line_first = w;
	}
	p->line_last = w;
	begin_waiting(p);
}

static void leave(struct dg_powerdns_work *w)
{
	w->p->n_reads -= w->read != NULL;
	w->p->n_applies -= w->apply != NULL;
	begin_waiting(w->p);
}

static void end_apply(struct dg_powerdns_work *w, enum dg_outcome outcome)
{
	struct dg_apply *a = w->apply;

	leave(w);
	a->done(a, outcome);
}

/* What a status other than success means, in words. */
static int explain(const struct dg_powerdns_work *w)
{
	const struct dg_http_request *r = &w->request;
	const struct dg_powerdns_options *o = w->p->opts;
	const char *text = dg_powerdns_error_text(
		w->arena, r->reply, r->reply_len, w->p->header + strlen(DG_POWERDNS_HEADER));
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
static int take_zone(struct dg_powerdns_work *w, int rc, const struct dg_powerdns_wish *wish,
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
	struct dg_powerdns_work *w = request->arg;
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
		assert(zone);
		zone->have->from = dg_printf(w->arena, "powerdns %s", w->p->host);
		r->have = zone->have;
	}
	leave(w);
	r->done(r, rc);
}

void dg_powerdns_read(struct dg_provider *provider, struct dg_read *r)
{
	struct dg_powerdns_work *w = work_new(provider, r->arena, r->zone, r->deadline_ms);

	w->read = r;
	w->err = &r->err;
	line_up(w);
}

/* --- apply ------------------------------------------------------------------------------------ */
static void on_patch(struct dg_http_request *r, int rc)
{
	struct dg_powerdns_work *w = r->arg;
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
		w->p->is_serial = w->p->is_serial || r->status == 500;
	}
	dg_http_request_done(r);
	end_apply(w, outcome);
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

static int may_write(const struct dg_powerdns_work *w, const struct dg_powerdns_zone *now)
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
	struct dg_powerdns_work *w = request->arg;
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
		assert(now);
		rc = may_write(w, now);
	}
	if (rc == 0) {
		rc = compare(a, now, &a->err);
	}
	if (rc < 0) {
		end_apply(w, rc == DG_ECONFLICT ? DG_CONFLICT : DG_NOT_APPLIED);
		return;
	}
	if (a->is_dry_run) {
		end_apply(w, DG_APPLIED);
		return;
	}
	const char *body =
		dg_powerdns_patch(w->arena, now, a->swaps, a->n_swaps, dg_loop_now(w->p->loop));
	send_work(w, "PATCH", body, on_patch);
}

void dg_powerdns_apply(struct dg_provider *provider, struct dg_apply *a)
{
	struct dg_powerdns_work *w = work_new(provider, a->arena, a->zone, a->deadline_ms);

	w->apply = a;
	w->err = &a->err;
	line_up(w);
}
