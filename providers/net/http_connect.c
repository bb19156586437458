#include "providers/net/http_connect.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "providers/net/http.h"
#include "providers/net/url.h"
#include "zones/base/buf.h"

#define PINS_MAX ((size_t)DG_ADDRESS_TEXT_MAX * (DG_HTTP_ADDRESSES + 1))

static bool of_sockaddr(const struct sockaddr *at, struct dg_address *ret_address)
{
	uint8_t octets[16];
	size_t len = at->sa_family == AF_INET ? 4 : at->sa_family == AF_INET6 ? 16 : 0;

	if (len == 4) {
		struct sockaddr_in v4;
		memcpy(&v4, at, sizeof(v4));
		memcpy(octets, &v4.sin_addr, 4);
	} else if (len == 16) {
		struct sockaddr_in6 v6;
		memcpy(&v6, at, sizeof(v6));
		memcpy(octets, &v6.sin6_addr, 16);
	}
	return dg_address_of(octets, len, ret_address) == 0;
}

static curl_socket_t open_public(void *arg, curlsocktype purpose, struct curl_sockaddr *at)
{
	struct dg_connect *c = arg;
	struct dg_address a;

	(void)purpose;
	if (!of_sockaddr(&at->addr, &a)) {
		return CURL_SOCKET_BAD;
	}
	const char *special = dg_address_special(&a);
	if (special) {
		c->why = special;
		(void)dg_address_text(&a, c->refused);
		return CURL_SOCKET_BAD;
	}
	c->n_tried++;
	return socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
}

bool dg_connect_is_refused(const struct dg_connect *c)
{
	return c->why && c->n_tried == 0;
}

/* "*:443:192.0.2.1,2001:db8::1": whatever the URL's host is. */
static int make_pins(struct dg_connect *c, const struct dg_http_request *r, struct dg_err *err)
{
	struct dg_buf b;
	int rc = 0;

	dg_buf_init(&b, PINS_MAX);
	dg_buf_printf(&b, "*:%u:", dg_url_port(r->url));
	for (size_t i = 0; i < r->n_addresses && rc == 0; i++) {
		if (!dg_address_is_literal(r->addresses[i])) {
			rc = dg_fail(err, DG_EINPUT, "an address to connect to is none");
		}
		dg_buf_puts(&b, i ? "," : "");
		dg_buf_puts(&b, r->addresses[i]);
	}
	if (rc == 0) {
		c->pins = curl_slist_append(NULL, b.data);
		c->share = curl_share_init();
		if (!c->pins || !c->share || b.is_full) {
			rc = dg_fail(err, DG_EIO, "out of memory");
		}
	}
	dg_buf_done(&b);
	return rc;
}

int dg_connect_init(struct dg_connect *c, const struct dg_http_request *r, struct dg_err *err)
{
	*c = (struct dg_connect){0};
	if (r->n_addresses > DG_HTTP_ADDRESSES) {
		return dg_fail(err, DG_EINPUT, "%zu addresses to connect to, at most %u are taken",
			r->n_addresses, DG_HTTP_ADDRESSES);
	}
	return r->n_addresses > 0 ? make_pins(c, r, err) : 0;
}

void dg_connect_apply(struct dg_connect *c, CURL *e, const struct dg_http_request *r)
{
	if (c->share) {
		(void)curl_share_setopt(c->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
		(void)curl_easy_setopt(e, CURLOPT_SHARE, c->share);
		(void)curl_easy_setopt(e, CURLOPT_RESOLVE, c->pins);
	}
	if (r->is_public_only) {
		(void)curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_public);
		(void)curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, c);
	}
	if (c->share || r->is_public_only) {
		(void)curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
		(void)curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	}
}

void dg_connect_done(struct dg_connect *c, CURL *e)
{
	if (e) {
		(void)curl_easy_setopt(e, CURLOPT_SHARE, NULL); /* a reset leaves it */
	}
	if (c->share) {
		(void)curl_share_cleanup(c->share);
	}
	curl_slist_free_all(c->pins);
	*c = (struct dg_connect){0};
}
