/* A call goes out: when it is its turn, with the headers of its dialect. */
#include <assert.h>
#include <string.h>

#include "providers/api/api.h"
#include "providers/net/loop.h"
#include "providers/net/pace.h"
#include "zones/base/arena.h"

static const char *url_of(struct dg_api_work *w)
{
	const char *base = dg_api_options(w->api)->url;
	size_t len = base ? strlen(base) : 0;

	while (len > 0 && base[len - 1] == '/') {
		len--;
	}
	return w->call.url
		       ? w->call.url
		       : dg_printf(w->arena, "%.*s%s", (int)len, base ? base : "", w->call.path);
}

static void put_headers(struct dg_api_work *w)
{
	const char *const *lists[] = {w->api->dialect->headers, w->call.headers};
	size_t n = 0;

	for (unsigned k = 0; k < 2; k++) {
		for (size_t i = 0; lists[k] && lists[k][i]; i++) {
			assert(n + 1 < sizeof(w->headers) / sizeof(w->headers[0]));
			w->headers[n++] = lists[k][i];
		}
	}
	w->headers[n] = NULL;
}

static void send_now(struct dg_api_work *w)
{
	struct dg_api *p = w->api;
	int64_t left_ms = w->due_ms - dg_loop_mono_ms(p->loop);
	int64_t ms = (int64_t)dg_api_options(p)->timeout * 1000;

	put_headers(w);
	w->request = (struct dg_http_request){
		.method = w->call.method ? w->call.method : "GET",
		.url = url_of(w),
		.headers = w->headers,
		.secret_header = p->dialect->auth && !w->call.is_unsigned ? p->header : NULL,
		.body = w->call.body,
		.body_len = w->call.body ? strlen(w->call.body) : 0,
		.kept_name = p->dialect->kept_name,
		.timeout_ms = ms < left_ms ? ms : left_ms,
		.reply_max = DG_API_REPLY_MAX,
		.is_plain_ok = dg_api_options(p)->insecure_http,
		.done = dg_api_on_reply,
		.arg = w,
	};
	if (p->dialect->sign && !w->call.is_unsigned) {
		p->dialect->sign(w, &w->call, &w->request);
	}
	if (p->dialect->send) {
		p->dialect->send(w, &w->request);
	} else {
		dg_http_send(p->http, &w->request);
	}
}

/* Waiting for a turn is no slowness of the other side, and does not count; waiting because it wants quiet does. */
void dg_api_send(void *arg)
{
	struct dg_api_work *w = arg;
	struct dg_api *p = w->api;
	int64_t now_ms = dg_loop_mono_ms(p->loop);
	int64_t shut_ms = dg_net_pace_shut_ms(p->pace, now_ms);

	if (shut_ms >= w->due_ms - now_ms) {
		dg_loop_defer(p->loop, dg_api_held_back, w);
		return;
	}
	int64_t wait_ms = w->has_turn && shut_ms == 0 ? 0 : dg_net_pace_take(p->pace, now_ms);
	w->has_turn = wait_ms > 0;
	if (wait_ms > 0) {
		w->due_ms += wait_ms - shut_ms;
		(void)dg_loop_after_ms(p->loop, wait_ms, dg_api_send, w);
		return;
	}
	send_now(w);
}
