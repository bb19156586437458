/* tests/unit/zones/mail/spf_suite.h: cases of the public suites of SPF: each at once, with a memo, and with every answer late. */
#pragma once

#include "tests/unit/zones/mail/spf_world.h"
#include "zones/mail/spf_eval.h"

#include <yaml.h>

#define SUITE_ARENA (512u << 20)
#define ROUNDS_MAX  30u

/* --- YAML ------------------------------------------------------------------------------------- */
struct doc {
	yaml_document_t *yaml;
	struct dg_arena *arena;
};

static inline yaml_node_t *node_at(const struct doc *d, int index)
{
	return yaml_document_get_node(d->yaml, index);
}

static inline const char *text_of(const struct doc *d, const yaml_node_t *n)
{
	assert_non_null(n);
	assert_int_equal(n->type, YAML_SCALAR_NODE);
	return dg_strndup(d->arena, (const char *)n->data.scalar.value, n->data.scalar.length);
}

static inline yaml_node_t *get(const struct doc *d, const yaml_node_t *map, const char *key)
{
	assert_int_equal(map->type, YAML_MAPPING_NODE);
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
		p++) {
		if (strcmp(text_of(d, node_at(d, p->key)), key) == 0) {
			return node_at(d, p->value);
		}
	}
	return NULL;
}

static inline yaml_node_t *need(const struct doc *d, const yaml_node_t *map, const char *key)
{
	yaml_node_t *n = get(d, map, key);

	if (!n) {
		abort();
	}
	return n;
}

static inline const char *get_text(const struct doc *d, const yaml_node_t *map, const char *key)
{
	const yaml_node_t *n = get(d, map, key);

	return n ? text_of(d, n) : NULL;
}

/* Runs fn on every document of a file. */
static inline void each_document(const char *path, void (*fn)(struct doc *d, void *arg), void *arg)
{
	yaml_parser_t parser;
	yaml_document_t yaml;
	FILE *f = fopen(path, "rbe");

	assert_non_null(f);
	assert_true(yaml_parser_initialize(&parser));
	yaml_parser_set_input_file(&parser, f);
	for (;;) {
		struct doc d = {.yaml = &yaml, .arena = dg_arena_new(SUITE_ARENA)};

		if (!yaml_parser_load(&parser, &yaml)) {
			fail_msg("%s: line %zu: %s", path, parser.problem_mark.line + 1,
				parser.problem);
		}
		const yaml_node_t *root = yaml_document_get_root_node(&yaml);
		if (root) {
			fn(&d, arg);
		}
		yaml_document_delete(&yaml);
		(void)dg_arena_free(d.arena);
		if (!root) {
			break;
		}
	}
	yaml_parser_delete(&parser);
	(void)fclose(f);
}

/* --- one case --------------------------------------------------------------------------------- */
struct tally {
	const char *part;         /* of the suite */
	const char *const *known; /* names of cases that differ from the RFC */
	struct dg_spf_memo *memo;
	unsigned n, n_bad, n_known;
	unsigned n_rounds_most;
};

static inline void take_ip(const char *text, struct dg_spf_query *q)
{
	q->is_ip6 = inet_pton(AF_INET, text, q->ip) != 1;
	if (q->is_ip6) {
		assert_int_equal(inet_pton(AF_INET6, text, q->ip), 1);
	}
}

static inline bool same(const char *x, const char *y)
{
	return x == y || (x && y && strcmp(x, y) == 0);
}

/* Late answers and parsed records that were kept change nothing. */
static inline struct dg_spf_outcome evaluate(
	struct world *w, struct dg_spf_query *q, struct tally *t)
{
	struct dg_spf_outcome plain;
	struct dg_spf_outcome other;
	unsigned n_rounds = 0;

	q->wants_trace = true;
	q->memo = NULL;
	w->is_slow = false;
	world_again(w);
	dg_spf_eval(w->arena, q, &w->facts, &plain);
	q->memo = t->memo;
	w->is_slow = true;
	dg_map_init(&w->asked, w->arena);
	do {
		world_again(w);
		dg_spf_eval(w->arena, q, &w->facts, &other);
		assert_true(other.result != DG_SPF_RESULT_PENDING || w->is_waiting);
		assert_true(++n_rounds < ROUNDS_MAX);
	} while (other.result == DG_SPF_RESULT_PENDING);
	t->n_rounds_most = n_rounds > t->n_rounds_most ? n_rounds : t->n_rounds_most;
	assert_int_equal(plain.result, other.result);
	assert_true(same(plain.explanation, other.explanation));
	assert_true(same(plain.mechanism, other.mechanism));
	assert_true(same(plain.problem, other.problem));
	assert_int_equal(plain.n_lookups, other.n_lookups);
	assert_int_equal(plain.n_voids, other.n_voids);
	assert_int_equal(plain.n_steps, other.n_steps);
	assert_true(plain.n_steps > 0);
	return plain;
}

static inline bool is_known(const struct tally *t, const char *name)
{
	for (size_t i = 0; t->known && t->known[i]; i++) {
		if (strcmp(t->known[i], name) == 0) {
			return true;
		}
	}
	return false;
}

static inline void judge(
	struct tally *t, const char *name, const struct dg_spf_outcome *o, bool is_good)
{
	t->n++;
	if (is_known(t, name)) {
		t->n_known++;
		is_good = !is_good; /* one that agrees is to be taken off the list */
	}
	if (!is_good) {
		t->n_bad++;
		(void)fprintf(stderr, "%s: %s: %s: %s (%s), \"%s\"\n", t->part, name,
			dg_spf_result_text(o->result), o->problem ? o->problem : "-",
			o->rule ? o->rule : "-", o->explanation ? o->explanation : "-");
	}
}
