/* The published scenarios of SPF served by name servers that disagree (tests/data/SOURCES.md): our findings for their tags.
 *
 * Not here: the three scenarios of the root, which nobody checks for mail.
 */
#include "tests/unit/zones/check/world.h"

#include "zones/record/zonefile.h"

#define FILES "/zonemaster/"

/* One scenario: who serves what, and the tag that is expected. */
struct scenario {
	const char *apex;
	const char *files[3]; /* of each server; NULL: no more */
	enum dg_view_state state;
	const char *tag;
};

static const struct scenario scenarios[] = {
#define BOTH(name)                         \
	{                                  \
		name ".zone", name ".zone" \
	}
	{"good-spf-1.zone11.xa.", BOTH("good-spf-1.zone11.xa"), DG_VIEW_OK, "SPF_SYNTAX_OK"},
	{"good-spf-2.zone11.xa.", BOTH("good-spf-2.zone11.xa"), DG_VIEW_OK, "SPF_SYNTAX_OK"},
	{"same-spf-different-txt.zone11.xa.",
		{"ns1.same-spf-different-txt.zone11.xa.zone",
			"ns2.same-spf-different-txt.zone11.xa.zone"},
		DG_VIEW_OK, "SPF_SYNTAX_OK"},
	{"no-txt.zone11.xa.", BOTH("no-txt.zone11.xa"), DG_VIEW_OK, "NO_SPF_FOUND"},
	{"no-spf-txt.zone11.xa.", BOTH("no-spf-txt.zone11.xa"), DG_VIEW_OK, "NO_SPF_FOUND"},
	{"no-spf-zone11.", BOTH("no-spf-zone11"), DG_VIEW_OK, "NO_SPF_NON_MAIL_DOMAIN"},
	{"no-spf-arpa-zone.zone11.arpa.", BOTH("no-spf-arpa-zone.zone11.arpa"), DG_VIEW_OK,
		"NO_SPF_NON_MAIL_DOMAIN"},
	{"null-spf-zone11.", BOTH("null-spf-zone11"), DG_VIEW_OK, "NULL_SPF_NON_MAIL_DOMAIN"},
	{"null-spf-arpa-zone.zone11.arpa.", BOTH("null-spf-arpa-zone.zone11.arpa"), DG_VIEW_OK,
		"NULL_SPF_NON_MAIL_DOMAIN"},
	{"non-null-spf-zone11.", BOTH("non-null-spf-zone11"), DG_VIEW_OK,
		"NON_NULL_SPF_NON_MAIL_DOMAIN"},
	{"non-null-spf-arpa-zone.zone11.arpa.", BOTH("non-null-spf-arpa-zone.zone11.arpa"),
		DG_VIEW_OK, "NON_NULL_SPF_NON_MAIL_DOMAIN"},
	{"invalid-syntax-1.zone11.xa.", BOTH("invalid-syntax-1.zone11.xa"), DG_VIEW_OK,
		"SPF_SYNTAX_ERROR"},
	{"invalid-syntax-2.zone11.xa.", BOTH("invalid-syntax-2.zone11.xa"), DG_VIEW_OK,
		"SPF_SYNTAX_ERROR"},
	{"invalid-syntax-3.zone11.xa.", BOTH("invalid-syntax-3.zone11.xa"), DG_VIEW_OK,
		"SPF_SYNTAX_ERROR"},
	{"non-auth-txt.zone11.xa.", BOTH("non-auth-txt.zone11.xa"), DG_VIEW_LAME,
		"UNABLE_TO_CHECK_FOR_SPF"},
	{"servfail.zone11.xa.", BOTH("servfail.zone11.xa"), DG_VIEW_ERROR,
		"UNABLE_TO_CHECK_FOR_SPF"},
	{"inconsistent-spf.zone11.xa.",
		{"ns1.inconsistent-spf.zone11.xa.zone", "ns2.inconsistent-spf.zone11.xa.zone"},
		DG_VIEW_OK, "INCONSISTENT_SPF_POLICIES"},
	{"spf-missing-on-one.zone11.xa.",
		{"ns1.spf-missing-on-one.zone11.xa.zone", "ns2-3.spf-missing-on-one.zone11.xa.zone",
			"ns2-3.spf-missing-on-one.zone11.xa.zone"},
		DG_VIEW_OK, "INCONSISTENT_SPF_POLICIES"},
	{"all-different-spf.zone11.xa.",
		{"ns1.all-different-spf.zone11.xa.zone", "ns2.all-different-spf.zone11.xa.zone",
			"ns3.all-different-spf.zone11.xa.zone"},
		DG_VIEW_OK, "INCONSISTENT_SPF_POLICIES"},
	{"multiple-spf-records.zone11.xa.", BOTH("multiple-spf-records.zone11.xa"), DG_VIEW_OK,
		"SPF_MULTIPLE_RECORDS"},
};

/* What stands for a tag of theirs here. */
static const struct {
	const char *tag;
	const char *code;
} map[] = {
	{"INCONSISTENT_SPF_POLICIES", "servers-spf-differ"},
	{"UNABLE_TO_CHECK_FOR_SPF", "servers-none"},
	{"NO_SPF_FOUND", "spf-none"},
	{"NO_SPF_NON_MAIL_DOMAIN", "spf-none"},
	{"SPF_MULTIPLE_RECORDS", "spf-several"},
};

/* The last two are told by what the resolver sees, which is nothing sure where servers disagree or do not answer. */
static const char *const codes[] = {
	"servers-spf-differ", "servers-none", "spf-none", "spf-several"};

static const char *code_for(const char *tag)
{
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		if (strcmp(map[i].tag, tag) == 0) {
			return map[i].code;
		}
	}
	return "";
}

static char *read_text(struct world *w, const char *name)
{
	char *data = dg_get(w->arena, 1u << 14, 1);
	FILE *f = fopen(dg_printf(w->arena, "%s" FILES "%s", DG_TEST_DATA, name), "re");

	if (!f) {
		fail_msg("no file %s", name);
		return data;
	}
	data[fread(data, 1, (1u << 14) - 1, f)] = '\0';
	(void)fclose(f);
	return data;
}

/* The zone file with what it includes. */
static struct dg_zone *read_zone(struct world *w, const char *name, const char *apex)
{
	static const char include[] = "$INCLUDE ";
	char *text = read_text(w, name);
	char *at = strstr(text, include);
	struct dg_zonefile *file = NULL;
	struct dg_zone *zone = NULL;
	struct dg_err err;

	if (at) {
		char *end = at + strcspn(at, "\r\n");
		char *included = read_text(w, dg_strndup(w->arena, at + sizeof(include) - 1,
						      (size_t)(end - at) - sizeof(include) + 1));

		char *glue = strstr(included, "\nns1.zone11.xa. "); /* of another zone */
		if (glue) {
			*glue = '\0';
		}
		text = dg_printf(w->arena, "%.*s\n%s\n%s", (int)(at - text), text, included, end);
	}
	if (dg_zonefile_scan(w->arena, text, strlen(text), apex, name, &file, &err) != 0 ||
		dg_zonefile_read(file, &zone, &err) != 0) {
		fail_msg("%s: %s", name, err.text);
	}
	return zone;
}

static void play(struct world *w, const struct scenario *s)
{
	struct dg_arena *a = dg_arena_new(WORLD_ARENA);
	const struct dg_zone **zones = NULL;

	*w = (struct world){.arena = a};
	zones = dg_newn(a, const struct dg_zone *, 1);
	for (size_t i = 0; i < 3 && s->files[i]; i++) {
		struct dg_view *v = &w->servers[i];

		world_server(w, dg_printf(a, "ns%zu.test", i + 1),
			dg_printf(a, "192.0.2.%zu", i + 1), dg_view_state_text(s->state), "1");
		v->says = s->state == DG_VIEW_OK ? read_zone(w, s->files[i], s->apex) : v->says;
		dg_zone_seal(v->says);
	}
	zones[0] = read_zone(w, s->files[0], s->apex);
	w->in.domain = s->apex;
	w->in.facts = dg_zone_facts(dg_zone_facts_new(a, zones, 1, NULL));
	w->in.depth = DG_CHECK_AUDIT;
	dg_check_make(a, &w->in, &w->check);
}

static bool has_syntax_error(const struct dg_check *c)
{
	for (size_t i = 0; i < c->n_findings; i++) {
		const struct dg_finding *f = &c->findings[i];

		if (strcmp(f->kind->area, "spf") == 0 && f->severity == DG_SEVERITY_ERROR &&
			f->column > 0) {
			return true;
		}
	}
	return false;
}

static void test_scenarios(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		const struct scenario *s = &scenarios[i];
		struct world w;

		play(&w, s);
		bool is_sure = s->state == DG_VIEW_OK && !s->files[2] &&
			       strcmp(s->tag, "INCONSISTENT_SPF_POLICIES") != 0;
		for (size_t k = 0; k < (is_sure ? 4u : 2u); k++) {
			bool is_wanted = strcmp(code_for(s->tag), codes[k]) == 0;

			if (is_wanted != (finding_with(&w.check, codes[k]) != NULL)) {
				print_findings(&w.check);
				fail_msg("%s: %s is %sthere", s->apex, codes[k],
					is_wanted ? "not " : "");
			}
		}
		if (s->state == DG_VIEW_OK &&
			has_syntax_error(&w.check) != (strcmp(s->tag, "SPF_SYNTAX_ERROR") == 0)) {
			print_findings(&w.check);
			fail_msg("%s: syntax", s->apex);
		}
		world_done(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios),
	};

	return cmocka_run_group_tests_name("zonemaster", tests, NULL, NULL);
}
