/* Evaluations of SPF per CPU second, with all DNS answers in memory: with parsed records kept, without, and libspf2 beside it
 * where it is there. Prints one JSON line a row. */
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/mail/facts.h"
#include "zones/mail/spf_eval.h"
#include "zones/mail/spf_tree.h"
#include "zones/record/rrset.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef DG_HAVE_SPF2
#include <arpa/nameser.h>
#include <spf2/spf.h>
#include <spf2/spf_dns_cache.h>
#include <spf2/spf_dns_zone.h>
#endif

#define DOMAINS     64u
#define NAMES       256u
#define SLOTS       1024u
#define EVALUATIONS 400000u
#define EVAL_ARENA  (8u << 20)

struct name {
	const char *owner;
	uint16_t type;
	const char *text; /* of one record; addresses and hosts separated by spaces */
};

/* What large providers publish, with documentation addresses. */
static const struct name shared[] = {
	{"_spf.mailbox.example.", DG_TYPE_TXT,
		"v=spf1 include:_n1.mailbox.example include:_n2.mailbox.example "
		"include:_n3.mailbox.example ~all"},
	{"_n1.mailbox.example.", DG_TYPE_TXT,
		"v=spf1 ip4:35.190.247.0/24 ip4:64.233.160.0/19 ip4:66.102.0.0/20 "
		"ip4:66.249.80.0/20 "
		"ip4:72.14.192.0/18 ip4:74.125.0.0/16 ip4:108.177.8.0/21 ip4:173.194.0.0/16 "
		"ip4:209.85.128.0/17 ip4:216.58.192.0/19 ip4:216.239.32.0/19 ~all"},
	{"_n2.mailbox.example.", DG_TYPE_TXT,
		"v=spf1 ip6:2001:4860:4000::/36 ip6:2404:6800:4000::/36 ip6:2607:f8b0:4000::/36 "
		"ip6:2800:3f0:4000::/36 ip6:2a00:1450:4000::/36 ip6:2c0f:fb50:4000::/36 ~all"},
	{"_n3.mailbox.example.", DG_TYPE_TXT,
		"v=spf1 ip4:172.217.0.0/19 ip4:172.217.32.0/20 ip4:172.217.128.0/19 "
		"ip4:172.217.160.0/20 ip4:172.217.192.0/19 ip4:172.253.56.0/21 "
		"ip4:172.253.112.0/20 "
		"ip4:108.177.96.0/19 ip4:35.191.0.0/16 ip4:130.211.0.0/22 ~all"},
	{"office.example.", DG_TYPE_TXT,
		"v=spf1 ip4:40.92.0.0/15 ip4:40.107.0.0/16 ip4:52.100.0.0/15 ip4:52.102.0.0/16 "
		"ip4:52.103.0.0/17 ip4:104.47.0.0/17 ip6:2a01:111:f400::/48 ip6:2a01:111:f403::/49 "
		"-all"},
	{"bulk.example.", DG_TYPE_TXT,
		"v=spf1 ip4:167.89.0.0/17 ip4:208.117.48.0/20 ip4:50.31.32.0/19 "
		"ip4:198.37.144.0/20 "
		"ip4:198.21.0.0/21 ip4:192.254.112.0/20 ip4:168.245.0.0/17 ip4:149.72.0.0/16 ~all"},
};

static const char *const records[] = {
	"v=spf1 include:_spf.mailbox.example ~all",
	"v=spf1 include:office.example -all",
	"v=spf1 mx a ip4:192.0.2.0/24 -all",
	"v=spf1 ip4:198.51.100.17 include:bulk.example include:office.example ~all",
	"v=spf1 -all",
};

#define N_RECORDS (sizeof(records) / sizeof(records[0]))
#define N_SHARED  (sizeof(shared) / sizeof(shared[0]))

static const char *const clients[] = {
	"74.125.7.9", "40.107.1.2", "192.0.2.77", "149.72.3.4", "203.0.113.9"};

#define N_CLIENTS (sizeof(clients) / sizeof(clients[0]))

struct slot {
	const char *owner;
	uint16_t type;
	struct dg_fact fact;
};

struct bench {
	struct dg_arena *arena;
	struct name names[NAMES];
	size_t n_names;
	struct slot slots[SLOTS];
	struct dg_spf_query queries[DOMAINS * N_CLIENTS];
	size_t n_queries;
};

static void must(bool is_true, const char *what)
{
	if (!is_true) {
		(void)fprintf(stderr, "bench_spf: %s\n", what);
		abort();
	}
}

/* --- the facts -------------------------------------------------------------------------------- */
static struct slot *slot_of(struct bench *b, const char *owner, uint16_t type)
{
	uint32_t h = 2166136261u ^ type;

	for (const char *p = owner; *p; p++) {
		h = (h ^ (unsigned char)*p) * 16777619u;
	}
	for (uint32_t i = h;; i++) {
		struct slot *s = &b->slots[i % SLOTS];
		if (!s->owner || (s->type == type && strcmp(s->owner, owner) == 0)) {
			return s;
		}
	}
}

static const struct dg_fact *on_dns(void *arg, const char *owner, uint16_t type)
{
	static const struct dg_fact none = {.state = DG_FACT_NXDOMAIN};
	const struct slot *s = slot_of(arg, owner, type);

	return s->owner ? &s->fact : &none;
}

static void add_fact(struct bench *b, const struct name *n)
{
	struct dg_rdata *rd = dg_new(b->arena, struct dg_rdata);
	struct slot *s = slot_of(b, n->owner, n->type);
	struct dg_err err;

	if (n->type == DG_TYPE_TXT) {
		*rd = dg_txt_make(b->arena, n->text, strlen(n->text));
	} else {
		must(dg_rdata_parse(b->arena, n->type, n->text, strlen(n->text), ".", rd, &err) ==
				0,
			n->text);
	}
	*s = (struct slot){.owner = n->owner,
		.type = n->type,
		.fact = {.state = DG_FACT_FOUND,
			.set = dg_rrset_make(n->owner, n->type, 300, rd, 1)}};
}

static void add_name(struct bench *b, const char *owner, uint16_t type, const char *text)
{
	must(b->n_names < NAMES, "too many names");
	b->names[b->n_names] = (struct name){owner, type, text};
	add_fact(b, &b->names[b->n_names++]);
}

static void prepare(struct bench *b)
{
	for (size_t i = 0; i < N_SHARED; i++) {
		add_name(b, shared[i].owner, shared[i].type, shared[i].text);
	}
	for (unsigned i = 0; i < DOMAINS; i++) {
		const char *owner = dg_printf(b->arena, "d%u.customer.example.", i);
		const char *host = dg_printf(b->arena, "mail.%s", owner);

		add_name(b, owner, DG_TYPE_TXT, records[i % N_RECORDS]);
		if (i % N_RECORDS == 2) {
			add_name(b, owner, DG_TYPE_A, "198.51.100.5");
			add_name(b, owner, DG_TYPE_MX, dg_printf(b->arena, "10 %s", host));
			add_name(b, host, DG_TYPE_A, "198.51.100.6");
		}
		for (size_t k = 0; k < N_CLIENTS; k++) {
			struct dg_spf_query *q = &b->queries[b->n_queries++];

			q->mail_from = dg_printf(b->arena, "bounce@d%u.customer.example", i);
			q->helo = "relay.example";
			must(inet_pton(AF_INET, clients[k], q->ip) == 1, clients[k]);
		}
	}
}

/* --- measuring -------------------------------------------------------------------------------- */
static double cpu_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void row(const char *what, size_t n, double cpu, const size_t results[8])
{
	(void)printf("{\"what\": \"%s\", \"evaluations\": %zu, \"cpu_s\": %.3f, \"per_s\": %.0f, "
		     "\"pass\": %zu, \"fail\": %zu, \"softfail\": %zu, \"other\": %zu}\n",
		what, n, cpu, (double)n / cpu, results[DG_SPF_RESULT_PASS],
		results[DG_SPF_RESULT_FAIL], results[DG_SPF_RESULT_SOFTFAIL],
		n - results[DG_SPF_RESULT_PASS] - results[DG_SPF_RESULT_FAIL] -
			results[DG_SPF_RESULT_SOFTFAIL]);
}

static void measure(struct bench *b, const char *what, struct dg_spf_memo *memo, size_t n)
{
	const struct dg_facts facts = {.dns = on_dns, .arg = b};
	size_t results[8] = {0};
	double start = cpu_seconds();

	for (size_t i = 0; i < n; i++) {
		struct dg_arena *a = dg_arena_new(EVAL_ARENA);
		struct dg_spf_query *q = &b->queries[i % b->n_queries];
		struct dg_spf_outcome o;

		q->memo = memo;
		dg_spf_eval(a, q, &facts, &o);
		results[o.result]++;
		(void)dg_arena_free(a);
	}
	row(what, n, cpu_seconds() - start, results);
}

/* The record of each domain with all that it includes: no result, every branch. */
static void measure_trees(struct bench *b, size_t n)
{
	const struct dg_facts facts = {.dns = on_dns, .arg = b};
	size_t results[8] = {0};
	double start = cpu_seconds();

	for (size_t i = 0; i < n; i++) {
		struct dg_arena *a = dg_arena_new(EVAL_ARENA);
		struct dg_spf_tree tree;

		dg_spf_tree(a, "d0.customer.example.", records[i % N_RECORDS], &facts, &tree);
		(void)dg_arena_free(a);
	}
	row("trees", n, cpu_seconds() - start, results);
}

#ifdef DG_HAVE_SPF2
static ns_type spf2_type(uint16_t type)
{
	return (ns_type)type;
}

static const char *bare(struct bench *b, const char *name)
{
	return dg_strndup(b->arena, name, strlen(name) - 1);
}

static size_t spf2_result(SPF_result_t r)
{
	switch ((int)r) {
	case SPF_RESULT_PASS:
		return DG_SPF_RESULT_PASS;
	case SPF_RESULT_FAIL:
		return DG_SPF_RESULT_FAIL;
	case SPF_RESULT_SOFTFAIL:
		return DG_SPF_RESULT_SOFTFAIL;
	default:
		return DG_SPF_RESULT_NONE;
	}
}

static void measure_spf2(struct bench *b, size_t n)
{
	SPF_dns_server_t *zone = SPF_dns_zone_new(NULL, "zone", 0);
	SPF_dns_server_t *cache = SPF_dns_cache_new(zone, "cache", 0, 10);
	SPF_server_t *server = SPF_server_new_dns(cache, 0);
	size_t results[8] = {0};

	must(zone && cache && server, "libspf2 does not start");
	for (size_t i = 0; i < b->n_names; i++) {
		const struct name *name = &b->names[i];
		const char *text = name->text;

		if (name->type == DG_TYPE_MX) { /* "10 host." */
			text = bare(b, strchr(text, ' ') + 1);
		}
		must(SPF_dns_zone_add_str(zone, bare(b, name->owner), spf2_type(name->type),
			     NETDB_SUCCESS, text) == SPF_E_SUCCESS,
			"a record that libspf2 does not take");
	}
	double start = cpu_seconds();
	for (size_t i = 0; i < n; i++) {
		const struct dg_spf_query *q = &b->queries[i % b->n_queries];
		SPF_request_t *request = SPF_request_new(server);
		SPF_response_t *response = NULL;
		struct in_addr ip;

		memcpy(&ip, q->ip, sizeof(ip));
		(void)SPF_request_set_ipv4(request, ip);
		(void)SPF_request_set_helo_dom(request, q->helo);
		(void)SPF_request_set_env_from(request, q->mail_from);
		(void)SPF_request_query_mailfrom(request, &response);
		results[spf2_result(SPF_response_result(response))]++;
		SPF_response_free(response);
		SPF_request_free(request);
	}
	row("libspf2", n, cpu_seconds() - start, results);
	SPF_server_free(server);
}
#endif

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : EVALUATIONS;
	struct bench *b = calloc(1, sizeof(*b));

	must(b && n > 0, "usage: bench_spf [EVALUATIONS]");
	b->arena = dg_arena_new(64u << 20);
	prepare(b);
	struct dg_spf_memo *memo = dg_spf_memo_new();
	measure(b, "parsed records kept", memo, n);
	memo = dg_spf_memo_free(memo);
	measure(b, "parsed each time", memo, n / 4 + 1);
	measure_trees(b, n / 4 + 1);
#ifdef DG_HAVE_SPF2
	measure_spf2(b, n / 8 + 1);
#endif
	b->arena = dg_arena_free(b->arena);
	free(b);
	return 0;
}
