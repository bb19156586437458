/* Answers: through evhttp's request, or past it. */
#include "controller/serve/door_parts.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/util.h>
#include <stdlib.h>

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {{200, "OK"}, {201, "Created"}, {202, "Accepted"}, {400, "Bad Request"},
		{401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
		{405, "Method Not Allowed"}, {408, "Request Timeout"}, {409, "Conflict"},
		{413, "Content Too Large"}, {414, "URI Too Long"}, {415, "Unsupported Media Type"},
		{417, "Expectation Failed"}, {422, "Unprocessable Content"},
		{429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"}, {501, "Not Implemented"},
		{503, "Service Unavailable"}, {505, "HTTP Version Not Supported"}};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status) {
			return reasons[i].text;
		}
	}
	return "Unknown";
}

static void put_header(struct evkeyvalq *headers, const char *name, const char *value)
{
	if (evhttp_add_header(headers, name, value) != 0) { /* no value of ours has a line break */
		abort();
	}
}

void dg_reply_put(struct dg_visitor *v, int status, const char *type, struct dg_door_header header,
	const char *body, size_t len)
{
	struct evhttp_request *q = v->request;
	struct evkeyvalq *headers = evhttp_request_get_output_headers(q);
	struct evbuffer *b = evbuffer_new();
	bool is_head = evhttp_request_get_command(q) == EVHTTP_REQ_HEAD;

	if (!b || (!is_head && evbuffer_add(b, body, len) != 0)) {
		abort();
	}
	v->request = NULL;
	put_header(headers, "Content-Type", type);
	put_header(headers, "Cache-Control", "no-store");
	put_header(headers, "X-Content-Type-Options", "nosniff");
	if (header.name) {
		put_header(headers, header.name, header.value);
	}
	if (v->is_last) {
		put_header(headers, "Connection", "close");
	}
	evhttp_request_set_on_complete_cb(q, dg_visitor_answered, v);
	evhttp_send_reply(q, status, reason(status), b);
	evbuffer_free(b);
	/* evhttp would take the end of what the client sends for the end of the connection. */
	(void)bufferevent_disable(v->bev, EV_READ);
}

void dg_reply_put_raw(
	struct dg_visitor *v, int status, const char *type, const char *body, size_t len)
{
	struct evbuffer *out = bufferevent_get_output(v->bev);
	char when[64];

	(void)evutil_date_rfc1123(when, sizeof(when), NULL);
	if (evbuffer_add_printf(out,
		    "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
		    "Connection: close\r\n\r\n",
		    status, reason(status), when, type, len) < 0 ||
		evbuffer_add(out, body, len) != 0) {
		abort();
	}
}
