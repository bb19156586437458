/* The SPF cases of Stalwart's mail-auth. */
#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/spf_suite.h"

/* "mx: example.com 192.0.2.1, 192.0.2.2": hosts are made up, one an address. */
static void add_listed(struct world *w, const char *type, const char *owner, char *list)
{
	unsigned n = 0;

	for (char *rest = list, *item = NULL; (item = strsep(&rest, ", ")) != NULL;) {
		if (*item == '\0') {
			continue;
		}
		if (strcmp(type, "mx") == 0) {
			const char *host = dg_printf(w->arena, "mx%u.%s", n, owner);

			world_host(w, owner, DG_TYPE_MX, (uint16_t)n++, host);
			world_address(w, host, item);
		} else if (strcmp(type, "ptr") == 0) {
			world_host(w, owner, DG_TYPE_PTR, 0, item);
		} else {
			world_address(w, owner, item);
		}
	}
}

static const char *reverse(struct dg_arena *a, const char *address)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t o[16];
	struct dg_buf b;

	if (inet_pton(AF_INET, address, o) == 1) {
		return dg_printf(a, "%u.%u.%u.%u.in-addr.arpa", o[3], o[2], o[1], o[0]);
	}
	assert_int_equal(inet_pton(AF_INET6, address, o), 1);
	dg_buf_init(&b, 128);
	for (int i = 15; i >= 0; i--) {
		dg_buf_printf(&b, "%c.%c.", hex[o[i] & 15], hex[o[i] >> 4]);
	}
	dg_buf_puts(&b, "ip6.arpa");
	const char *name = dg_strdup(a, b.data);
	dg_buf_done(&b);
	return name;
}

static void add_line(struct world *w, const char *type, const char *line)
{
	char *rest = dg_strdup(w->arena, line);
	const char *owner = strsep(&rest, " ");

	rest = rest ? rest : dg_strdup(w->arena, "");
	if (strcmp(type, "spf") == 0 || strcmp(type, "exp") == 0) {
		world_text(w, owner, rest);
		return;
	}
	add_listed(w, type, strcmp(type, "ptr") == 0 ? reverse(w->arena, owner) : owner, rest);
}

static bool is_record_type(const char *key)
{
	return strcmp(key, "a") == 0 || strcmp(key, "aaaa") == 0 || strcmp(key, "mx") == 0 ||
	       strcmp(key, "ptr") == 0 || strcmp(key, "spf") == 0 || strcmp(key, "exp") == 0;
}

/* HELO first; where it does not stop the mail, the reverse-path. */
static struct dg_spf_outcome both(
	struct world *w, struct tally *t, const char *domain, const char *sender, const char *ip)
{
	struct dg_spf_query q = {.helo = domain};

	take_ip(ip, &q);
	struct dg_spf_outcome o = evaluate(w, &q, t);
	if (sender[0] == '\0' ||
		(o.result != DG_SPF_RESULT_PASS && o.result != DG_SPF_RESULT_NONE)) {
		return o;
	}
	q.mail_from = sender;
	return evaluate(w, &q, t);
}

static struct world *world_of(
	const struct doc *d, const yaml_node_t *records, const yaml_node_t *own)
{
	const yaml_node_t *maps[] = {records, own};
	struct world *w = world_new(d->arena);

	for (size_t i = 0; i < 2; i++) {
		if (!maps[i] || maps[i]->type != YAML_MAPPING_NODE) {
			continue;
		}
		for (yaml_node_pair_t *p = maps[i]->data.mapping.pairs.start;
			p < maps[i]->data.mapping.pairs.top; p++) {
			const char *key = text_of(d, node_at(d, p->key));
			const yaml_node_t *v = node_at(d, p->value);

			if (is_record_type(key)) {
				add_line(w, key, text_of(d, v));
			}
		}
	}
	world_silent(w, "_dns_error.org");
	world_silent(w, "_dns_error.test.org");
	return w;
}

struct place {
	const char *domain, *sender, *ip;
};

/* ip and expect may stand several times in one test; domain and sender go on to those after it. */
static void run_checks(const struct doc *d, const yaml_node_t *records, const yaml_node_t *test,
	struct place *at, struct tally *t)
{
	struct world *w = world_of(d, records, test);

	for (yaml_node_pair_t *p = test->data.mapping.pairs.start; p < test->data.mapping.pairs.top;
		p++) {
		const char *key = text_of(d, node_at(d, p->key));
		const char *value = text_of(d, node_at(d, p->value));

		if (strcmp(key, "domain") == 0) {
			at->domain = value;
		} else if (strcmp(key, "sender") == 0) {
			at->sender = value;
		} else if (strcmp(key, "ip") == 0) {
			at->ip = value;
		} else if (strcmp(key, "expect") == 0) {
			const char *space = strchr(value, ' ');
			struct dg_spf_outcome o = both(w, t, at->domain, at->sender, at->ip);
			const char *result = dg_spf_result_text(o.result);
			size_t len = space ? (size_t)(space - value) : strlen(value);

			bool is_good = strlen(result) == len && strncmp(result, value, len) == 0 &&
				       (!space || same(space + 1, o.explanation));

			judge(t, dg_printf(d->arena, "%s: %s at %s", t->part, at->domain, at->ip),
				&o, is_good);
		}
	}
}

static void run_stalwart(struct doc *d, void *arg)
{
	const yaml_node_t *root = yaml_document_get_root_node(d->yaml);
	const yaml_node_t *tests = need(d, root, "tests");
	struct place at = {.domain = "", .sender = ""};
	struct tally *t = arg;

	t->part = get_text(d, root, "name");
	for (yaml_node_item_t *i = tests->data.sequence.items.start;
		i < tests->data.sequence.items.top; i++) {
		run_checks(d, get(d, root, "records"), node_at(d, *i), &at, t);
	}
}

/* Where those files leave RFC 7208: they count no void look-ups (ten names that do not exist: section 4.6.4), let exists
 * match on AAAA alone (it is always A: section 5.7), let ip6 match an IPv4 client (section 5.6), and pass over what is no
 * mechanism behind all (section 4.6). */
static void test_stalwart(void **state)
{
	static const char *const known[] = {
		"DNS Lookup Limits: ok.test.org at 172.168.0.1",
		"Exists: ip6.test.org at 167.1.2.3",
		"Macro expansion 2: mx.example.org at 2001:db8::cb01",
		"IPv6 match: test.org at 10.1.2.3",
		"All test: test.org at 10.0.0.1",
		NULL,
	};
	static const char *const files[] = {"a", "all", "basic", "examples", "exists", "exp",
		"include", "ip", "macro", "mx", "ptr", "redirect"};
	struct tally t = {.known = known, .memo = dg_spf_memo_new()};
	char path[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		t.part = files[i];
		(void)snprintf(path, sizeof(path), DG_TEST_DATA "/spf/stalwart/%s.yml", files[i]);
		each_document(path, run_stalwart, &t);
	}
	assert_int_equal(t.n_bad, 0);
	assert_int_equal(t.n, 163);
	assert_int_equal(t.n_known, 5);
	t.memo = dg_spf_memo_free(t.memo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stalwart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
