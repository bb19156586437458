/* The public suite of RFC 7208 and the further cases of pyspf. */
#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/spf_suite.h"

static struct world_text octets_of(const yaml_node_t *n)
{
	return (struct world_text){(const char *)n->data.scalar.value, n->data.scalar.length};
}

static void add_strings(
	const struct doc *d, struct world *w, const char *owner, const yaml_node_t *v)
{
	struct world_text strings[16];
	size_t n = 0;

	if (v->type == YAML_SCALAR_NODE) {
		strings[n++] = octets_of(v);
	}
	for (yaml_node_item_t *i = v->data.sequence.items.start;
		v->type == YAML_SEQUENCE_NODE && i < v->data.sequence.items.top; i++) {
		assert_true(n < sizeof(strings) / sizeof(strings[0]));
		strings[n++] = octets_of(node_at(d, *i));
	}
	world_txt(w, owner, strings, n);
}

static void add_entry(const struct doc *d, struct world *w, const char *owner, const char *type,
	const yaml_node_t *v)
{
	if (strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0) {
		world_address(w, owner, text_of(d, v));
	} else if (strcmp(type, "PTR") == 0 || strcmp(type, "CNAME") == 0) {
		world_host(w, owner, strcmp(type, "PTR") == 0 ? DG_TYPE_PTR : DG_TYPE_CNAME, 0,
			text_of(d, v));
	} else if (strcmp(type, "MX") == 0) {
		const yaml_node_item_t *items = v->data.sequence.items.start;

		world_host(w, owner, DG_TYPE_MX,
			(uint16_t)strtol(text_of(d, node_at(d, items[0])), NULL, 10),
			text_of(d, node_at(d, items[1])));
	} else {
		fail_msg("type %s", type);
	}
}

/* SPF entries stand for TXT records where a name has no entry for TXT; "TXT: NONE" is one. */
static void add_name(
	const struct doc *d, struct world *w, const char *owner, const yaml_node_t *list)
{
	bool has_txt = false;

	for (yaml_node_item_t *i = list->data.sequence.items.start;
		i < list->data.sequence.items.top; i++) {
		const yaml_node_t *e = node_at(d, *i);
		has_txt = has_txt || (e->type == YAML_MAPPING_NODE && get(d, e, "TXT"));
	}
	for (yaml_node_item_t *i = list->data.sequence.items.start;
		i < list->data.sequence.items.top; i++) {
		const yaml_node_t *e = node_at(d, *i);

		if (e->type == YAML_SCALAR_NODE) {
			assert_string_equal(text_of(d, e), "TIMEOUT");
			world_silent(w, owner);
			continue;
		}
		yaml_node_pair_t *p = e->data.mapping.pairs.start;
		const char *type = text_of(d, node_at(d, p->key));
		const yaml_node_t *v = node_at(d, p->value);
		bool is_txt = strcmp(type, "TXT") == 0;

		if (is_txt || strcmp(type, "SPF") == 0) {
			bool is_none =
				v->type == YAML_SCALAR_NODE && strcmp(text_of(d, v), "NONE") == 0;
			if (is_txt == has_txt && !is_none) {
				add_strings(d, w, owner, v);
			}
			continue;
		}
		add_entry(d, w, owner, type, v);
	}
}

static bool is_expected(const struct doc *d, const yaml_node_t *expected, enum dg_spf_result got)
{
	const char *text = dg_spf_result_text(got);

	if (expected->type == YAML_SCALAR_NODE) {
		return strcmp(text_of(d, expected), text) == 0;
	}
	for (yaml_node_item_t *i = expected->data.sequence.items.start;
		i < expected->data.sequence.items.top; i++) {
		if (strcmp(text_of(d, node_at(d, *i)), text) == 0) {
			return true;
		}
	}
	return false;
}

static void run_scenario(struct doc *d, void *arg)
{
	struct tally *t = arg;
	const yaml_node_t *root = yaml_document_get_root_node(d->yaml);
	const yaml_node_t *zone = need(d, root, "zonedata");
	const yaml_node_t *tests = need(d, root, "tests");
	struct world *w = world_new(d->arena);

	for (yaml_node_pair_t *p = zone->data.mapping.pairs.start; p < zone->data.mapping.pairs.top;
		p++) {
		add_name(d, w, text_of(d, node_at(d, p->key)), node_at(d, p->value));
	}
	for (yaml_node_pair_t *p = tests->data.mapping.pairs.start;
		p < tests->data.mapping.pairs.top; p++) {
		const yaml_node_t *test = node_at(d, p->value);
		const char *explanation = get_text(d, test, "explanation");
		struct dg_spf_query q = {
			.mail_from = get_text(d, test, "mailfrom"),
			.helo = get_text(d, test, "helo"),
			.receiver = get_text(d, test, "receiver"),
		};

		take_ip(get_text(d, test, "host"), &q);
		struct dg_spf_outcome o = evaluate(w, &q, t);
		bool is_good = is_expected(d, need(d, test, "result"), o.result);
		if (explanation) {
			is_good = is_good && (strcmp(explanation, "DEFAULT") == 0
							     ? !o.explanation
							     : same(explanation, o.explanation));
		}
		judge(t, text_of(d, node_at(d, p->key)), &o, is_good);
	}
}

static void test_rfc7208(void **state)
{
	struct tally t = {.part = "rfc7208-tests.yml", .memo = dg_spf_memo_new()};

	(void)state;
	each_document(DG_TEST_DATA "/spf/rfc7208-tests.yml", run_scenario, &t);
	assert_int_equal(t.n_bad, 0);
	assert_int_equal(t.n, 203);
	assert_true(t.n_rounds_most <= 8);
	t.memo = dg_spf_memo_free(t.memo);
}

/* "default=" is a modifier of before RFC 4408: unknown, so neutral, as two cases of the RFC 7208 suite say. These two
 * are for modes of pyspf that take it up. */
static void test_pyspf(void **state)
{
	static const char *const known[] = {"default-modifier", "default-modifier-harsh", NULL};
	struct tally t = {
		.part = "pyspf-extra-tests.yml", .known = known, .memo = dg_spf_memo_new()};

	(void)state;
	each_document(DG_TEST_DATA "/spf/pyspf-extra-tests.yml", run_scenario, &t);
	assert_int_equal(t.n_bad, 0);
	assert_int_equal(t.n, 16);
	assert_int_equal(t.n_known, 2);
	t.memo = dg_spf_memo_free(t.memo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc7208),
		cmocka_unit_test(test_pyspf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
