/* Playbooks: what is taken, what is refused and where, where one is in one, and the shipped ones. */
#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/incident/playbook.h"
#include "zones/incident/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "playbook: p\nsteps:\n"

static struct dg_arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = dg_arena_new((size_t)64 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena = dg_arena_free(arena);
	return 0;
}

static struct dg_playbook *parse_in(const char *language, const char *text)
{
	struct dg_playbook *p = NULL;
	struct dg_err err;
	const struct dg_playbook_source source = {text, strlen(text), "p.yaml", language};

	if (dg_playbook_parse(arena, &source, &p, &err) != 0) {
		fail_msg("%u:%u: %s", err.pos.line, err.pos.column, err.text);
	}
	return p;
}

static struct dg_playbook *parse(const char *text)
{
	return parse_in("en", text);
}

static void refused(const char *text, unsigned line, const char *says)
{
	struct dg_playbook *p = NULL;
	struct dg_err err;
	const struct dg_playbook_source source = {text, strlen(text), "p.yaml", "en"};

	assert_int_equal(dg_playbook_parse(arena, &source, &p, &err), DG_EINPUT);
	assert_null(p);
	if (err.pos.line != line || !strstr(err.text, says)) {
		fail_msg("line %u: %s; expected line %u: %s", err.pos.line, err.text, line, says);
	}
}

static void test_languages(void **state)
{
	static const char text[] = "playbook: p\ntitle: {en: T, ja: \"\xe3\x81\x82\"}\nsteps:\n"
				   "  - {id: a, tell: {de: Tu, ja: \"\xe3\x81\x84\"}, expect: E}\n";

	(void)state;
	assert_string_equal(parse(text)->title, "T");
	assert_string_equal(parse(text)->steps[0].text, "Tu"); /* the first for the others */
	assert_string_equal(parse_in("ja", text)->title, "\xe3\x81\x82");
	assert_string_equal(parse_in("ja", text)->steps[0].text, "\xe3\x81\x84");
	assert_string_equal(parse_in("ja", text)->steps[0].expect, "E");
	refused("playbook: p\ntitle: {}\nsteps:\n  - {id: a, tell: x}\n", 2, "0 languages");
	refused("playbook: p\ntitle: {EN: x}\nsteps:\n  - {id: a, tell: x}\n", 2,
		"code of a language");
	refused("playbook: p\ntitle: {en: x, ja: [y]}\nsteps:\n  - {id: a, tell: x}\n", 2,
		"a text");
}

static void test_a_whole_one(void **state)
{
	struct dg_playbook *p = parse(
		"playbook: p\ntitle: T\npurpose: \"P: p\"\nverdicts: [forged, relay]\nsteps:\n"
		"  - {id: q, ask: \"Which?\", choices: [a, b], on: {b: end}, deadline: 4h}\n"
		"  - {id: f, ask: \"Name it\", free: true, when: {verdict: forged, zone: yes, "
		"answers: {q: [a]}}}\n"
		"  - {id: w, do: withdraw-sender, of: f, approval: two, expect: E, undo: U}\n"
		"  - {id: t, tell: \"Do it\", then: end}\n"
		"  - {id: c, do: check}\n");

	(void)state;
	assert_int_equal(p->n, 5);
	assert_int_equal(p->steps[0].deadline_s, 4 * 3600);
	assert_int_equal(dg_playbook_next(p, 0, "a"), 1);
	assert_true(dg_playbook_next(p, 0, "b") == DG_PLAYBOOK_END);
	assert_int_equal(p->steps[1].zone, 1);
	assert_int_equal(p->steps[2].of, 1);
	assert_int_equal(p->steps[2].n_approvals, 2);
	assert_true(p->steps[3].then == DG_PLAYBOOK_END && p->steps[4].then == DG_PLAYBOOK_END);
	assert_int_equal(p->steps[4].n_approvals, 0);
	assert_true(dg_playbook_is_answer(&p->steps[0], "b") &&
		    !dg_playbook_is_answer(&p->steps[0], "yes"));
	assert_true(dg_playbook_is_answer(&p->steps[1], "ip4:192.0.2.7, x") &&
		    !dg_playbook_is_answer(&p->steps[1], ""));
}

static void test_refused(void **state)
{
	(void)state;
	refused("", 1, "an empty file");
	refused("- a\n", 1, "a list");
	refused("steps: []\n", 1, "expected playbook:");
	refused("playbook: P!\nsteps: [{id: a, tell: x}]\n", 1, "small letters");
	refused("playbook: p\n", 1, "expected steps:");
	refused("playbook: p\nsteps: []\n", 2, "1 to 100 steps");
	refused("playbook: p\nstep: []\n", 2, "step");
	refused(HEAD "  - {tell: x}\n", 3, "with an id:");
	refused(HEAD "  - {id: a}\n", 3, "one of ask:, tell: and do:");
	refused(HEAD "  - {id: a, tell: x, do: check}\n", 3, "one of ask:, tell: and do:");
	refused(HEAD "  - {id: end, tell: x}\n", 3, "other than end");
	refused(HEAD "  - {id: a, tell: x}\n  - {id: a, tell: x}\n", 4, "a step a already");
	refused(HEAD "  - {id: a, do: \"rm -rf /\"}\n", 3, "one of harden");
	refused(HEAD "  - {id: a, run: \"rm -rf /\"}\n", 3, "one of ask:, tell: and do:");
	refused(HEAD "  - {id: a, tell: x, run: sh}\n", 3, "run");
	refused(HEAD "  - {id: a, do: split, approval: none}\n", 3, "needs approval");
	refused(HEAD "  - {id: a, do: withdraw-sender}\n", 3, "expected of:");
	refused(HEAD "  - {id: a, tell: x}\n  - {id: b, do: revoke-key, of: a}\n", 4,
		"names a question");
	refused(HEAD "  - {id: a, tell: x}\n  - {id: b, tell: x, then: a}\n", 4, "leads back");
	refused(HEAD "  - {id: a, tell: x, then: c}\n", 3, "the id of a step");
	refused(HEAD "  - {id: a, tell: x, on: {yes: end}}\n", 3, "goes with ask:");
	refused(HEAD "  - {id: a, ask: x, on: {perhaps: end}}\n", 3, "none of the choices");
	refused(HEAD "  - {id: a, ask: x, choices: [\"a b\"]}\n", 3, "a word of");
	refused(HEAD "  - {id: a, tell: x, when: {answers: {b: yes}}}\n  - {id: b, ask: x}\n", 3,
		"comes later");
	refused(HEAD "  - {id: a, tell: x, when: {zone: maybe}}\n", 3, "yes or no");
	refused(HEAD "  - {id: a, tell: x, deadline: soon}\n", 3, "a span of time");
	refused(HEAD "  - &x {id: a, tell: x}\n", 3, "anchors");
	refused(HEAD "  - !!x {id: a, tell: x}\n", 3, "tags");
	refused(HEAD "  - {id: a, tell: x}\n---\nplaybook: q\n", 4, "second document");
}

static void test_bounds(void **state)
{
	struct dg_buf b;

	(void)state;
	dg_buf_init(&b, (size_t)1 << 20);
	dg_buf_puts(&b, HEAD);
	for (unsigned i = 0; i < 101; i++) {
		dg_buf_printf(&b, "  - {id: s%u, tell: x}\n", i);
	}
	refused(b.data, 3, "1 to 100 steps");
	dg_buf_clear(&b);
	dg_buf_puts(&b, HEAD "  - {id: a, tell: ");
	for (unsigned i = 0; i <= DG_PLAYBOOK_TEXT; i++) {
		dg_buf_putc(&b, 'x');
	}
	dg_buf_puts(&b, "}\n");
	refused(b.data, 3, "octets, expected at most");
	dg_buf_clear(&b);
	for (unsigned i = 0; i < 200000; i++) {
		dg_buf_putc(&b, '[');
	}
	refused(b.data, 1, "a list");
	while (b.len <= DG_PLAYBOOK_BYTES) {
		dg_buf_puts(&b, "# ........................................\n");
	}
	refused(b.data, 1, "bytes, expected at most");
	dg_buf_done(&b);
}

/* --- where one is ---------------------------------------------------------------------------------------- */
static struct dg_record_entry said(const char *who, const char *data)
{
	return (struct dg_record_entry){
		.at = 100, .who = who, .kind = DG_RECORD_STEP, .text = "", .data = data};
}

static void test_place(void **state)
{
	struct dg_playbook *p = parse(HEAD "  - {id: q, ask: x, on: {no: t}}\n  - {id: s, do: "
					   "split, approval: two}\n  - {id: t, tell: x}\n");
	struct dg_record_entry list[] = {
		{.at = 50, .kind = DG_RECORD_RUN, .text = "", .who = "a"},
		said("a", "{\"step\":\"q\",\"outcome\":\"answered\",\"answer\":\"yes\"}"),
		said("a", "{\"step\":\"s\",\"outcome\":\"approved\",\"answer\":\"yes\"}"),
		{.at = 60, .kind = DG_RECORD_NOTE, .text = "", .who = "c"},
		said("b", "{\"step\":\"s\",\"outcome\":\"begun\"}"),
		said("b", "{\"step\":\"t\",\"outcome\":\"done\"}"), /* not its turn */
		said("b", "{\"step\":\"nowhere\",\"outcome\":\"done\"}"),
		said("b", "not JSON"),
		said("b", "{\"step\":\"s\",\"outcome\":\"done\",\"answer\":\"done\"}"),
		said("b", "{\"step\":\"t\",\"outcome\":\"skipped\"}"),
	};
	struct dg_playbook_place x;

	(void)state;
	dg_playbook_place(arena, p, list, 1, 1, &x);
	assert_int_equal(x.at, 0);
	assert_int_equal(x.since, 50);
	dg_playbook_place(arena, p, list, 3, 1, &x);
	assert_int_equal(x.at, 1);
	assert_string_equal(x.approved_by, "a");
	assert_int_equal(x.n_said, 2);
	dg_playbook_place(arena, p, list, 8, 1, &x);
	assert_int_equal(x.at, 1);
	assert_string_equal(x.done[1].outcome, "begun");
	assert_string_equal(x.approved_by, "a");
	dg_playbook_place(arena, p, list, 9, 1, &x);
	assert_int_equal(x.at, 2);
	assert_null(x.approved_by);
	dg_playbook_place(arena, p, list, 10, 1, &x);
	assert_true(x.at == DG_PLAYBOOK_END);
	assert_true(dg_playbook_holds(p, &x, 0, "", false));
}

static void test_conditions(void **state)
{
	struct dg_playbook *p =
		parse(HEAD "  - {id: q, ask: x}\n  - {id: a, tell: x, when: {verdict: [relay, "
			   "script], zone: no, answers: {q: yes}}}\n");
	struct dg_playbook_place x = {0};

	(void)state;
	assert_false(dg_playbook_holds(p, &x, 1, "relay", false)); /* not answered */
	x.done[0].answer = "yes";
	assert_true(dg_playbook_holds(p, &x, 1, "relay", false));
	assert_false(dg_playbook_holds(p, &x, 1, "relay", true));
	assert_false(dg_playbook_holds(p, &x, 1, "forged", false));
	x.done[0].answer = "no";
	assert_false(dg_playbook_holds(p, &x, 1, "relay", false));
}

/* --- the shipped ones, and as CACAO ------------------------------------------------------------------------ */
static char *slurp(const char *name)
{
	char path[512];
	char *text = calloc(1, DG_PLAYBOOK_BYTES);

	(void)snprintf(path, sizeof(path), "%s/%s.yaml", DG_TEST_PLAYBOOKS, name);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, DG_PLAYBOOK_BYTES - 1, f) > 0);
	(void)fclose(f);
	return text;
}

/* Every step that a workflow names is in it, and each can be come to. */
static void check_cacao(const struct dg_playbook *p)
{
	struct dg_record r = {.id = 1,
		.name = "good.example.",
		.opened = 1795000000,
		.now = 1795000001,
		.verdict = "forged"};
	static const char *const links[] = {"on_completion", "on_true"};
	struct dg_buf b;
	const char *id = NULL;
	json_t *step = NULL;
	size_t n_actions = 0;

	dg_buf_init(&b, (size_t)4 << 20);
	dg_cacao_json(&b, p, NULL, &r);
	json_t *o = json_loads(b.data, JSON_REJECT_DUPLICATES, NULL);
	json_t *workflow = json_object_get(o, "workflow");
	json_t *met = json_object();
	(void)json_object_set_new(
		met, json_string_value(json_object_get(o, "workflow_start")), json_true());
	json_object_foreach(workflow, id, step)
	{
		n_actions += strncmp(id, "action--", 8) == 0;
		for (size_t i = 0; i < 2; i++) {
			const char *to = json_string_value(json_object_get(step, links[i]));

			if (to) {
				assert_non_null(json_object_get(workflow, to));
				(void)json_object_set_new(met, to, json_true());
			}
		}
	}
	assert_int_equal(n_actions, p->n);
	assert_int_equal(json_object_size(met), json_object_size(workflow));
	json_decref(met);
	json_decref(o);
	dg_buf_done(&b);
}

static void test_shipped(void **state)
{
	static const char *const names[] = {
		"forged", "relay-abused", "account-compromised", "list-leak", "mailbox-only"};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		char *text = slurp(names[i]);
		struct dg_playbook *p = parse(text);

		assert_string_equal(p->name, names[i]);
		for (size_t k = 0; k < p->n; k++) {
			const struct dg_playbook_step *s = &p->steps[k];

			assert_true(s->purpose[0] != '\0');
			assert_true(s->kind != DG_PLAYBOOK_DO || s->expect[0] != '\0');
			assert_true(s->kind != DG_PLAYBOOK_DO ||
				    !dg_playbook_verb_changes(s->verb) || s->undo[0] != '\0');
			/* Where something of ours sends, no playbook even offers a split. */
			assert_false((i == 1 || i == 2) && s->kind == DG_PLAYBOOK_DO &&
				     dg_playbook_verb_is_refused(s->verb));
		}
		check_cacao(p);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_whole_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_languages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conditions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shipped, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
