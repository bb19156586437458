/* Requests of the API: a head, its path, the body. The same however it is cut; what is taken is what may stand in a file's name. */
#include "controller/serve/head.h"
#include "controller/serve/route.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a = dg_arena_new(MEMORY_MAX);
	const char *text = (const char *)data;
	const char *why = NULL;
	const char *allow = NULL;
	struct dg_head h = {0};
	struct dg_route r = {.verb = DG_ROUTE_EVENT};
	size_t n = size < DG_HEAD_MAX ? size : DG_HEAD_MAX;
	size_t n_head = n > 0 ? dg_head_end(text, n) : 0;

	if (n_head == 0) { /* a body alone, as each verb reads it */
		for (int v = DG_ROUTE_HEALTH; v <= (int)DG_ROUTE_RECORD; v++) {
			r.verb = (enum dg_route_verb)v;
			read_body(a, &r, text, size);
		}
		dg_arena_free(a);
		return 0;
	}
	char *head = dg_memdup(a, text, n_head);
	int status = dg_head_parse(head, n_head, &h, &why);
	check(status == 0 || (why && status >= 400 && status < 600));
	if (status == 0) {
		check(h.path[0] == '/' && !strstr(h.path, "..") && !strchr(h.path, '%'));
		status = dg_route_find(a, h.method, h.path, &r, &allow);
		check(status == 0 || status == 404 || (status == 405 && allow));
		if (status == 0 && r.domain) {
			check_domain(r.domain);
		}
		if (status == 0) {
			read_body(a, &r, text + n_head, size - n_head);
		}
	}
	dg_arena_free(a);
	return 0;
}
