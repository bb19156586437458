/* Documents by HTTPS for a rule: the host's addresses are facts like any other, and only public ones are gone to. */
#include "controller/lookup/inquiry_internal.h"
#include "providers/net/http.h"
#include "zones/base/address.h"
#include "zones/base/arena.h"
#include "zones/record/name.h"

#include <string.h>

#define SCHEME   "https://"
#define KEY_TEXT "url %s"

struct fetching {
	struct dg_fetch fetch;
	struct inquiry *inquiry;
	struct fetching *next;
	const char *host; /* canonical */
	const char *addresses[DG_HTTP_ADDRESSES];
	size_t n_addresses;
	const char
		*special; /* an address that is not gone to, and what it is; NULL: none was seen */
	bool is_sent;
	struct dg_http_request request;
};

static void end(struct fetching *f, enum dg_fetch_state state, const char *why)
{
	f->fetch.state = state;
	f->fetch.why = why;
}

/* --- the answer ------------------------------------------------------------------------------- */
static enum dg_fetch_state state_of(const struct dg_http_request *r, int rc)
{
	if (rc == 0) {
		return r->status == 200 ? DG_FETCH_FOUND : DG_FETCH_STATUS;
	}
	if (r->is_bad_tls) {
		return DG_FETCH_BAD_TLS;
	}
	return rc == DG_ELIMIT    ? DG_FETCH_TOO_LARGE
	       : rc == DG_EPOLICY ? DG_FETCH_PRIVATE
				  : DG_FETCH_UNKNOWN;
}

static void on_reply(struct dg_http_request *r, int rc)
{
	struct fetching *f = r->arg;
	struct inquiry *u = f->inquiry;
	struct dg_arena *a = u->q->arena;

	f->fetch.status = r->status;
	f->fetch.content_type = dg_strdup(a, r->content_type);
	end(f, state_of(r, rc), rc < 0 ? dg_strdup(a, r->err.text) : NULL);
	if (f->fetch.state == DG_FETCH_FOUND) {
		f->fetch.len = r->reply_len;
		f->fetch.body = dg_strndup(a, "", 0);
		if (r->reply_len > 0) {
			char *body = dg_newn(a, char, r->reply_len + 1);
			memcpy(body, r->reply, r->reply_len);
			f->fetch.body = body;
		}
	} else if (f->fetch.state == DG_FETCH_STATUS) {
		f->fetch.why = dg_printf(a, "the answer has status %ld, not 200", r->status);
	}
	dg_http_request_done(r);
	dg_inquiry_came(u);
}

static void send_request(struct fetching *f)
{
	struct inquiry *u = f->inquiry;
	struct dg_inquiry *q = u->q;
	int64_t left_ms = dg_inquiry_left_ms(u);

	if (left_ms <= 0) {
		end(f, DG_FETCH_UNKNOWN, "not asked: no time left");
		return;
	}
	f->request = (struct dg_http_request){
		.method = "GET",
		.url = f->fetch.url,
		.timeout_ms =
			q->question_ms > 0 && q->question_ms < left_ms ? q->question_ms : left_ms,
		.reply_max = DG_INQUIRY_FETCH_MAX,
		.addresses = f->addresses,
		.n_addresses = f->n_addresses,
		.is_public_only = true,
		.done = on_reply,
		.arg = f,
	};
	f->is_sent = true;
	u->n_open++;
	u->n_asked++;
	dg_http_send(q->http, &f->request);
}

/* --- the addresses ---------------------------------------------------------------------------- */
static void take_addresses(struct fetching *f, const struct dg_fact *fact)
{
	struct dg_arena *a = f->inquiry->q->arena;
	char text[DG_ADDRESS_TEXT_MAX];

	for (size_t i = 0; fact->state == DG_FACT_FOUND && i < fact->set.n; i++) {
		const struct dg_rdata *rd = &fact->set.rdata[i];
		struct dg_address address;

		if (dg_address_of(rd->wire, rd->len, &address) != 0) {
			continue;
		}
		(void)dg_address_text(&address, text);
		const char *special = dg_address_special(&address);
		if (special) {
			f->special = dg_printf(a, "%s (%s)", text, special);
		} else if (f->n_addresses < DG_HTTP_ADDRESSES) {
			f->addresses[f->n_addresses++] = dg_strdup(a, text);
		}
	}
}

static void find_addresses(struct fetching *f)
{
	struct inquiry *u = f->inquiry;
	struct dg_arena *a = u->q->arena;
	const struct dg_fact *a4 = dg_inquiry_dns(u, f->host, DG_TYPE_A);
	const struct dg_fact *a6 = dg_inquiry_dns(u, f->host, DG_TYPE_AAAA);

	if (a4->state == DG_FACT_PENDING || a6->state == DG_FACT_PENDING) {
		return;
	}
	take_addresses(f, a4);
	take_addresses(f, a6);
	if (f->n_addresses > 0) {
		send_request(f);
	} else if (f->special) {
		end(f, DG_FETCH_PRIVATE,
			dg_printf(a, "the host has no address on the Internet: %s", f->special));
	} else if (a4->state == DG_FACT_UNKNOWN || a6->state == DG_FACT_UNKNOWN) {
		end(f, DG_FETCH_UNKNOWN,
			dg_printf(a, "the host's address could not be looked up: %s",
				a4->state == DG_FACT_UNKNOWN ? a4->why : a6->why));
	} else {
		end(f, DG_FETCH_UNKNOWN, "the host has no address");
	}
}

/* --- the question ----------------------------------------------------------------------------- */
/* "https://HOST/...", no user, no port. NULL: not that. */
static const char *host_of(struct dg_arena *a, const char *url)
{
	const char *host = url + strlen(SCHEME);
	const char *name = NULL;
	struct dg_err err;

	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0) {
		return NULL;
	}
	size_t len = strcspn(host, "/?#");
	if (len == 0 || memchr(host, '@', len) || memchr(host, ':', len)) {
		return NULL;
	}
	return dg_name_parse(a, host, len, NULL, &name, &err) == 0 ? name : NULL;
}

static struct fetching *fetching_new(struct inquiry *u, const char *url)
{
	struct dg_arena *a = u->q->arena;
	struct fetching *f = dg_new(a, struct fetching);

	*f = (struct fetching){
		.fetch = {.url = dg_strdup(a, url), .content_type = ""},
		.inquiry = u,
		.host = host_of(a, url),
		.next = u->fetches,
	};
	u->fetches = f;
	if (!f->host) {
		end(f, DG_FETCH_UNKNOWN, "not an https URL without user and port");
	} else if (u->is_closed) {
		end(f, DG_FETCH_UNKNOWN, u->closed_why);
	} else if (u->n_fetches++ >= DG_INQUIRY_FETCHES) {
		end(f, DG_FETCH_UNKNOWN, "not asked: too many documents for one domain");
	}
	return f;
}

const struct dg_fetch *dg_inquiry_fetch(void *arg, const char *url)
{
	static const struct dg_fetch none = {
		.state = DG_FETCH_NOT_ASKED, .content_type = "", .why = "not asked for"};
	struct inquiry *u = arg;

	if (!u->q->http) {
		return &none;
	}
	const char *key = dg_printf(u->q->arena, KEY_TEXT, url);
	struct fetching *f = dg_map_get(&u->map, key);
	if (!f) {
		f = fetching_new(u, url);
		(void)dg_map_put(&u->map, key, f);
	}
	if (f->fetch.state == DG_FETCH_PENDING && !f->is_sent) {
		find_addresses(f);
	}
	return &f->fetch;
}

void dg_inquiry_drop_fetches(struct inquiry *u, const char *why)
{
	for (struct fetching *f = u->fetches; f; f = f->next) {
		if (f->fetch.state == DG_FETCH_PENDING) {
			if (f->is_sent) {
				dg_http_cancel(&f->request);
			}
			end(f, DG_FETCH_UNKNOWN, why ? why : "not asked");
		}
	}
}
