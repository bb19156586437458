#include "providers/net/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "providers/net/http_connect.h"
#include "providers/net/http_headers.h"
#include "providers/net/loop.h"
#include "providers/net/url.h"
#include "zones/base/buf.h"

#define RETRY_AFTER_MAX 86400
#define REPLY_FIRST     4096u

/* One request on its way. */
struct transfer {
	struct dg_http *http;
	struct dg_http_request *request;
	struct transfer *prev, *next; /* in http->list, oldest first */
	CURL *easy;                   /* NULL: waits in line */
	struct curl_slist *headers;
	struct dg_connect connect;
	struct dg_timer *failure; /* reports what failed before it began */
	int64_t due_ms;
	size_t cap; /* of request->reply */
	size_t max;
	bool is_too_large;
	char host[DG_URL_HOST_MAX]; /* for messages */
	char why[CURL_ERROR_SIZE];
};

struct dg_http {
	struct dg_loop *loop;
	CURLM *multi;
	struct dg_timer *timer;
	struct transfer *first, *last;
	unsigned n_running;
	CURL *idle[DG_HTTP_INFLIGHT];
	unsigned n_idle;
	bool is_in_done;
};

/* --- what libcurl asks of the loop ------------------------------------------------------------ */
static void harvest(struct dg_http *h);
static void start_waiting(struct dg_http *h);

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct dg_http *h = arg;
	int n = 0;
	int bits = ((what & EV_READ) ? CURL_CSELECT_IN : 0) |
		   ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0);

	(void)curl_multi_socket_action(h->multi, fd, bits, &n);
	harvest(h);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *watch)
{
	struct dg_http *h = arg;
	struct event *event = watch;
	short bits = EV_PERSIST;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (event) {
			event_free(event);
			(void)curl_multi_assign(h->multi, fd, NULL);
		}
		return 0;
	}
	bits = (short)(bits | ((what & CURL_POLL_IN) ? EV_READ : 0) |
		       ((what & CURL_POLL_OUT) ? EV_WRITE : 0));
	if (event) {
		(void)event_del(event);
		(void)event_assign(event, dg_loop_base(h->loop), fd, bits, on_socket, h);
	} else {
		event = event_new(dg_loop_base(h->loop), fd, bits, on_socket, h);
		if (!event) {
			return -1;
		}
		(void)curl_multi_assign(h->multi, fd, event);
	}
	(void)event_add(event, NULL);
	return 0;
}

static void on_timer(void *arg)
{
	struct dg_http *h = arg;
	int n = 0;

	h->timer = NULL;
	(void)curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &n);
	harvest(h);
}

static int watch_time(CURLM *multi, long ms, void *arg)
{
	struct dg_http *h = arg;

	(void)multi;
	h->timer = dg_timer_cancel(h->timer);
	if (ms >= 0) {
		h->timer = dg_loop_after_ms(h->loop, ms, on_timer, h);
	}
	return 0;
}

/* --- one transfer ----------------------------------------------------------------------------- */
static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct dg_http_request *r = t->request;
	size_t len = size * n;

	if (len > t->max - r->reply_len) {
		t->is_too_large = true;
		return 0;
	}
	if (r->reply_len + len + 1 > t->cap) {
		size_t cap = t->cap ? t->cap : REPLY_FIRST;
		while (cap < r->reply_len + len + 1) {
			cap *= 2;
		}
		char *p = realloc(r->reply, cap);
		if (!p) {
			return 0;
		}
		r->reply = p;
		t->cap = cap;
	}
	memcpy(r->reply + r->reply_len, data, len);
	r->reply_len += len;
	r->reply[r->reply_len] = '\0';
	return len;
}

static void list_add(struct dg_http *h, struct transfer *t)
{
	t->prev = h->last;
	if (h->last) {
		h->last->next = t;
	} else {
		h->first = t;
	}
	h->last = t;
}

static void transfer_free(struct transfer *t)
{
	struct dg_http *h = t->http;

	if (t->prev) {
		t->prev->next = t->next;
	} else {
		h->first = t->next;
	}
	if (t->next) {
		t->next->prev = t->prev;
	} else {
		h->last = t->prev;
	}
	if (t->easy) {
		(void)curl_multi_remove_handle(h->multi, t->easy);
		dg_connect_done(&t->connect, t->easy);
		curl_easy_reset(t->easy); /* it keeps nothing of this request */
		if (h->n_idle < DG_HTTP_INFLIGHT) {
			h->idle[h->n_idle++] = t->easy;
		} else {
			curl_easy_cleanup(t->easy);
		}
		h->n_running--;
	}
	dg_connect_done(&t->connect, NULL);
	(void)dg_timer_cancel(t->failure);
	dg_headers_free(t->headers);
	free(t);
}

static void transfer_end(struct transfer *t, int rc)
{
	struct dg_http *h = t->http;
	struct dg_http_request *r = t->request;

	r->internal = NULL;
	transfer_free(t);
	h->is_in_done = true;
	r->done(r, rc);
	h->is_in_done = false;
}

static void on_failure(void *arg)
{
	struct transfer *t = arg;

	struct dg_http *h = t->http;

	t->failure = NULL;
	transfer_end(t, (int)t->request->err.rc);
	start_waiting(h);
}

/* What goes wrong before anything was sent is told later, from the loop. */
static void fail_later(struct transfer *t)
{
	t->failure = dg_loop_after_ms(t->http->loop, 0, on_failure, t);
}

/* --- results ---------------------------------------------------------------------------------- */
static bool is_bad_tls(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR ||
	       code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_INVALIDCERTSTATUS;
}

static enum dg_rc rc_of(CURLcode code)
{
	/* Everything that is not listed is a matter of reaching the other side. */
	if (is_bad_tls(code) || code == CURLE_WEIRD_SERVER_REPLY ||
		code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_HTTP2 ||
		code == CURLE_BAD_CONTENT_ENCODING) {
		return DG_EREMOTE;
	}
	return DG_EIO;
}

static int fail(struct transfer *t, CURLcode code)
{
	struct dg_http_request *r = t->request;

	if (t->is_too_large || code == CURLE_FILESIZE_EXCEEDED) {
		return dg_fail(&r->err, DG_ELIMIT, "%s %s: the answer is larger than %zu octets",
			r->method, t->host, t->max);
	}
	if (dg_connect_is_refused(&t->connect)) {
		return dg_fail(&r->err, DG_EPOLICY,
			"%s %s: %s is not an address of the public Internet (%s): not connected to",
			r->method, t->host, t->connect.refused, t->connect.why);
	}
	r->is_bad_tls = is_bad_tls(code);
	if (code == CURLE_OPERATION_TIMEDOUT) {
		return dg_fail(&r->err, DG_EIO, "%s %s: no %s within %lld ms", r->method, t->host,
			r->was_sent ? "complete answer" : "connection", (long long)r->timeout_ms);
	}
	struct dg_buf why;
	dg_buf_init(&why, CURL_ERROR_SIZE * 4);
	const char *text = t->why[0] ? t->why : curl_easy_strerror(code);
	dg_buf_put_safe(&why, text, strlen(text));
	int rc = dg_fail(&r->err, rc_of(code), "%s %s: %s", r->method, t->host, why.data);
	dg_buf_done(&why);
	return rc;
}

static void finish(struct transfer *t, CURLcode code)
{
	struct dg_http_request *r = t->request;
	curl_off_t wait = 0;
	long sent = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &r->status);
	(void)curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &wait);
	r->was_sent = sent > 0;
	dg_headers_type(t->easy, r);
	r->next = dg_headers_next(t->easy);
	r->kept = dg_headers_get(t->easy, r->kept_name);
	if (wait > 0) {
		r->retry_after_s = (unsigned)(wait > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : wait);
	}
	int rc = code == CURLE_OK ? 0 : fail(t, code);
	if (rc == 0 && !r->reply) {
		r->reply = calloc(1, 1);
		if (!r->reply) {
			rc = dg_fail(&r->err, DG_EIO, "out of memory");
		}
	}
	transfer_end(t, rc);
}

static void harvest(struct dg_http *h)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left))) {
		if (m->msg == CURLMSG_DONE) {
			char *t = NULL;
			(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
			CURLcode code = m->data.result;
			finish((struct transfer *)(void *)t, code);
		}
	}
	start_waiting(h);
}

/* --- start ------------------------------------------------------------------------------------ */
static void set_trust(CURL *e)
{
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(e, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	(void)curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	(void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	(void)curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
	(void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
}

static void set_request(struct transfer *t, int64_t left_ms)
{
	const struct dg_http_request *r = t->request;
	bool is_get = strcmp(r->method, "GET") == 0;
	CURL *e = t->easy;

	(void)curl_easy_setopt(e, CURLOPT_PRIVATE, (char *)t);
	(void)curl_easy_setopt(e, CURLOPT_URL, r->url);
	(void)curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers);
	(void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->why);
	(void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	(void)curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max);
	(void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)left_ms);
	if (!is_get) {
		(void)curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, r->method);
		(void)curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	}
	if (r->aws_scope) {
		(void)curl_easy_setopt(e, CURLOPT_AWS_SIGV4, r->aws_scope);
		(void)curl_easy_setopt(e, CURLOPT_USERPWD, r->aws_key);
	}
	if (r->body) {
		(void)curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
		(void)curl_easy_setopt(e, CURLOPT_POSTFIELDS, r->body);
	}
}

static void start(struct transfer *t)
{
	struct dg_http *h = t->http;
	int64_t left_ms = t->due_ms - dg_loop_mono_ms(h->loop);

	if (left_ms <= 0) {
		(void)dg_fail(&t->request->err, DG_EIO,
			"%s %s: no time left: it was not sent within its %lld ms",
			t->request->method, t->host, (long long)t->request->timeout_ms);
		fail_later(t);
		return;
	}
	t->easy = h->n_idle > 0 ? h->idle[--h->n_idle] : curl_easy_init();
	if (!t->easy) {
		(void)dg_fail(&t->request->err, DG_EIO, "out of memory");
		fail_later(t);
		return;
	}
	h->n_running++;
	set_trust(t->easy);
	set_request(t, left_ms);
	dg_connect_apply(&t->connect, t->easy, t->request);
	CURLMcode code = curl_multi_add_handle(h->multi, t->easy);
	if (code != CURLM_OK) {
		(void)dg_fail(&t->request->err, DG_EIO, "libcurl: %s", curl_multi_strerror(code));
		fail_later(t);
	}
}

static void start_waiting(struct dg_http *h)
{
	for (struct transfer *t = h->first; t && h->n_running < DG_HTTP_INFLIGHT; t = t->next) {
		if (!t->easy && !t->failure) {
			start(t);
		}
	}
}

void dg_http_send(struct dg_http *h, struct dg_http_request *r)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (!t) {
		abort();
	}
	t->http = h;
	t->request = r;
	t->max = r->reply_max ? r->reply_max : DG_HTTP_BODY_MAX;
	t->due_ms = dg_loop_mono_ms(h->loop) + r->timeout_ms;
	r->internal = t;
	r->status = 0;
	r->reply = NULL;
	r->reply_len = 0;
	r->retry_after_s = 0;
	r->was_sent = false;
	r->is_bad_tls = false;
	r->content_type[0] = '\0';
	r->next = NULL;
	r->err = (struct dg_err){0};
	list_add(h, t);
	if (dg_url_check(r->url, r->is_plain_ok, t->host, sizeof(t->host), &r->err) < 0 ||
		dg_connect_init(&t->connect, r, &r->err) < 0) {
		fail_later(t);
	} else if (dg_headers_make(r, &t->headers) != 0) {
		(void)dg_fail(&r->err, DG_EINPUT, "%s: a header holds a line break", t->host);
		fail_later(t);
	}
	start_waiting(h); /* the oldest first */
}

void dg_http_cancel(struct dg_http_request *r)
{
	struct transfer *t = r->internal;

	if (t) {
		struct dg_http *h = t->http;
		r->internal = NULL;
		transfer_free(t);
		dg_http_request_done(r);
		start_waiting(h);
	}
}

void dg_http_request_done(struct dg_http_request *r)
{
	free(r->reply);
	free(r->next);
	if (r->kept) {
		explicit_bzero(r->kept, strlen(r->kept)); /* a token, perhaps */
	}
	free(r->kept);
	r->reply = NULL;
	r->kept = NULL;
	r->next = NULL;
	r->reply_len = 0;
}

/* --- life ------------------------------------------------------------------------------------- */
int dg_http_new(struct dg_loop *l, struct dg_http **ret_http, struct dg_err *err)
{
	struct dg_http *h = calloc(1, sizeof(*h));

	if (!h || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(h);
		return dg_fail(err, DG_EIO, "cannot start libcurl");
	}
	h->loop = l;
	h->multi = curl_multi_init();
	if (!h->multi) {
		(void)dg_http_free(h);
		return dg_fail(err, DG_EIO, "cannot start libcurl: out of memory");
	}
	(void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	(void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	(void)curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, watch_time);
	(void)curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	(void)curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)DG_HTTP_INFLIGHT);
	*ret_http = h;
	return 0;
}

struct dg_http *dg_http_free(struct dg_http *h)
{
	if (!h) {
		return NULL;
	}
	assert(!h->is_in_done);
	while (h->first) {
		h->first->request->internal = NULL;
		dg_http_request_done(h->first->request);
		transfer_free(h->first);
	}
	for (unsigned i = 0; i < h->n_idle; i++) {
		curl_easy_cleanup(h->idle[i]);
	}
	if (h->multi) {
		(void)curl_multi_cleanup(h->multi);
	}
	(void)dg_timer_cancel(h->timer);
	free(h);
	curl_global_cleanup();
	return NULL;
}
