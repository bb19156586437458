/* Requests of the API: the octets of a head, what stands in its lines, its path, the body. The same however it is cut; what is taken is
 * what may stand in a file's name. */
#include "controller/serve/request.h"
#include "controller/serve/route.h"
#include "controller/serve/sieve.h"
#include "zones/base/arena.h"

#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true) {
		abort();
	}
}

static void check_domain(const char *domain)
{
	size_t n = strlen(domain);

	check(n > 2 && n <= 253 && domain[0] != '.' && domain[n - 1] != '.');
	check(strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == n);
	check(!strstr(domain, "..") && strchr(domain, '.'));
}

static void check_ask(const struct dg_ask *k)
{
	check(k->n_domains <= DG_ROUTE_DOMAINS_MAX);
	for (size_t i = 0; i < k->n_domains; i++) {
		check_domain(k->domains[i]);
	}
	check(!k->template || dg_route_is_template(k->template));
	check(!k->plan || (strlen(k->plan) >= 8 && strlen(k->plan) <= 64));
	check(!k->why || strlen(k->why) <= DG_ROUTE_TEXT_MAX);
}

static void read_body(struct dg_arena *a, const struct dg_route *r, const char *body, size_t len)
{
	struct dg_err err;
	struct dg_ask k;

	if (len <= DG_ROUTE_BODY_MAX && dg_route_ask(a, r, body, len, &k, &err) == 0) {
		check_ask(&k);
	}
}

/* Whole, and an octet at a time. */
static size_t sift(const char *text, size_t size, struct dg_sieve *ret_sieve)
{
	struct dg_sieve whole = {.n = 0};
	struct dg_sieve cut = {.n = 0};
	size_t n = dg_sieve_put(&whole, text, size);
	size_t n_cut = 0;

	for (size_t i = 0; i < size; i++) {
		n_cut += dg_sieve_put(&cut, text + i, 1);
	}
	check(n == n_cut && whole.n == cut.n && whole.n_lines == cut.n_lines &&
		whole.is_foul == cut.is_foul && whole.is_whole == cut.is_whole);
	check(!whole.is_whole || whole.is_foul ||
		(n >= 2 && memcmp(text + n - 2, "\r\n", 2) == 0 && !memchr(text, '\0', n)));
	*ret_sieve = whole;
	return n;
}

/* As evhttp cuts a head that the sieve let through. 0, or a status. */
static int read_head(char *head, struct dg_request *q)
{
	const char *why = NULL;
	char *rest = head;
	const char *method = strsep(&rest, " ");
	const char *path = rest ? strsep(&rest, " ") : NULL;
	int status = 0;

	if (!path || !rest) {
		return 400;
	}
	(void)strsep(&rest, "\n");
	while (status == 0 && rest && rest[0] != '\r') {
		char *value = strsep(&rest, "\n");
		const char *name = strsep(&value, ":");

		if (!value) {
			return 400;
		}
		value[strcspn(value, "\r")] = '\0';
		status = dg_request_header(q, name, value, &why);
	}
	const char *said = q->of[DG_REQUEST_CONTENT_LENGTH];
	size_t body_len = said ? strtoul(said, NULL, 10) : 0;
	status = status == 0 ? dg_request_judge(q, method, path, body_len, &why) : status;
	check(status == 0 || (why && status >= 400 && status < 600));
	return status;
}

static void read_all(struct dg_arena *a, const char *text, size_t size, size_t n_head)
{
	struct dg_request q = {.method = NULL};
	struct dg_route r = {.verb = DG_ROUTE_EVENT};
	const char *allow = NULL;
	char *head = dg_strndup(a, text, n_head);

	if (read_head(head, &q) != 0) {
		return;
	}
	check(q.path[0] == '/' && !strstr(q.path, "..") && !strpbrk(q.path, "%?\\:"));
	check(!q.of[DG_REQUEST_TRANSFER_ENCODING] && q.of[DG_REQUEST_HOST]);
	int status = dg_route_find(a, q.method, q.path, &r, &allow);
	check(status == 0 || status == 404 || (status == 405 && allow));
	if (status == 0 && r.domain) {
		check_domain(r.domain);
	}
	if (status == 0) {
		read_body(a, &r, text + n_head, size - n_head);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a = dg_arena_new(MEMORY_MAX);
	const char *text = (const char *)data;
	struct dg_route r = {.verb = DG_ROUTE_EVENT};
	struct dg_sieve s;
	const char *why = NULL;
	size_t n_head = sift(text, size, &s);

	if (s.is_whole) {
		int status = dg_request_octets(&s, &why);

		check(status == 0 || (why && (status == 400 || status == 431)));
		if (status == 0) {
			read_all(a, text, size, n_head);
		}
	} else { /* a body alone, as each verb reads it */
		for (int v = DG_ROUTE_HEALTH; v <= (int)DG_ROUTE_RECORD; v++) {
			r.verb = (enum dg_route_verb)v;
			read_body(a, &r, text, size);
		}
	}
	dg_arena_free(a);
	return 0;
}
