#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "tests/unit/zones/mail/world.h"

#define N_OF(list) (sizeof(list) / sizeof((list)[0]))

static const char example[] = "$ORIGIN example.com.\n"
			      "@ NS ns.example.com.\n"
			      "@ MX 10 mx\n"
			      "mx A 192.0.2.1\n"
			      "a.b.ent A 192.0.2.2\n"
			      "*.wild TXT \"wild\"\n"
			      "*.wild MX 10 mx\n"
			      "host.wild A 192.0.2.3\n"
			      "below.ent.wild A 192.0.2.4\n"
			      "a.*.odd A 192.0.2.5\n"
			      "*.alias CNAME mx\n"
			      "c1 CNAME c2\n"
			      "c2 CNAME mx\n"
			      "c3 CNAME nothing\n"
			      "c4 CNAME host.wild\n"
			      "c5 CNAME new.wild\n"
			      "out CNAME www.example.net.\n"
			      "loop CNAME pool\n"
			      "pool CNAME loop\n"
			      "self CNAME self\n"
			      "t1 CNAME t2\nt2 CNAME t3\nt3 CNAME t4\nt4 CNAME t5\nt5 CNAME t6\n"
			      "t6 CNAME t7\nt7 CNAME t8\nt8 CNAME t9\nt9 A 192.0.2.6\n"
			      "t0 CNAME t1\n"
			      "sub NS ns.sub\n"
			      "ns.sub A 192.0.2.7\n"
			      "gone NS ns.example.net.\n"
			      "dn DNAME ent.example.com.\n"
			      "under.dn A 192.0.2.8\n"
			      "dnloop DNAME x.dnloop.example.com.\n"
			      "far DNAME example.net.\n"
			      "\\046dot A 192.0.2.9\n";

static const char child[] = "$ORIGIN sub.example.com.\n"
			    "@ NS ns\n"
			    "@ TXT \"child\"\n"
			    "ns A 192.0.2.10\n";

struct question {
	const char *owner;
	uint16_t type;
	const char *expected; /* "state", and where it stands; "> alias" */
};

static const char *line(struct dg_arena *a, const struct dg_fact *f)
{
	const char *s = dg_fact_state_text(f->state);

	if (f->state == DG_FACT_FOUND) {
		s = dg_printf(a, "%s %s", s, f->set.owner);
	}
	return f->alias ? dg_printf(a, "%s > %s", s, f->alias) : s;
}

static const struct dg_facts *facts_of(
	struct dg_arena *a, const char *const *texts, size_t n, const struct dg_facts *other)
{
	static const char *const apexes[] = {"example.com.", "sub.example.com."};
	const struct dg_zone **zones = dg_newn(a, const struct dg_zone *, n);

	for (size_t i = 0; i < n; i++) {
		zones[i] = world_zone(a, apexes[i], texts[i]);
	}
	return dg_zone_facts(dg_zone_facts_new(a, zones, n, other));
}

static void check_questions(struct dg_arena *a, const struct dg_facts *facts,
	const struct question *questions, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct dg_fact *f = dg_fact(facts, questions[i].owner, questions[i].type);

		if (strcmp(line(a, f), questions[i].expected) != 0) {
			(void)fprintf(stderr, "%s %u:\n", questions[i].owner, questions[i].type);
		}
		assert_string_equal(line(a, f), questions[i].expected);
		assert_int_equal(
			f->set.type, f->state == DG_FACT_UNKNOWN ? f->set.type : questions[i].type);
		assert_int_equal(f->set.n > 0, f->state == DG_FACT_FOUND);
		assert_int_equal(f->why != NULL, f->state == DG_FACT_UNKNOWN);
		assert_int_equal(f->negative_ttl, dg_fact_is_none(f) ? 60 : 0);
		assert_ptr_equal(f, dg_fact(facts, questions[i].owner, questions[i].type));
	}
}

static void test_names(void **state)
{
	static const struct question questions[] = {
		{"example.com.", DG_TYPE_MX, "found example.com."},
		{"example.com.", DG_TYPE_NS, "found example.com."},
		{"example.com.", DG_TYPE_TXT, "nodata"},
		{"mx.example.com.", DG_TYPE_A, "found mx.example.com."},
		{"mx.example.com.", DG_TYPE_AAAA, "nodata"},
		{"no.example.com.", DG_TYPE_A, "nxdomain"},
		{"x.mx.example.com.", DG_TYPE_A, "nxdomain"},
		/* empty non-terminals */
		{"ent.example.com.", DG_TYPE_A, "nodata"},
		{"b.ent.example.com.", DG_TYPE_A, "nodata"},
		{"c.ent.example.com.", DG_TYPE_A, "nxdomain"},
		/* a label with a dot in it is one label */
		{"\\.dot.example.com.", DG_TYPE_A, "found \\.dot.example.com."},
		{"dot.example.com.", DG_TYPE_A, "nxdomain"},
		/* outside */
		{"com.", DG_TYPE_A, "unknown"},
		{"example.net.", DG_TYPE_A, "unknown"},
		{"notexample.com.", DG_TYPE_A, "unknown"},
		{".", DG_TYPE_A, "unknown"},
	};
	static const char *const texts[] = {example};
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);

	(void)state;
	check_questions(a, facts_of(a, texts, 1, NULL), questions, N_OF(questions));
}

/* RFC 4592 */
static void test_wildcards(void **state)
{
	static const struct question questions[] = {
		{"new.wild.example.com.", DG_TYPE_TXT, "found new.wild.example.com."},
		{"_dmarc.new.wild.example.com.", DG_TYPE_TXT, "found _dmarc.new.wild.example.com."},
		{"new.wild.example.com.", DG_TYPE_A, "nodata"},
		{"*.wild.example.com.", DG_TYPE_TXT, "found *.wild.example.com."},
		/* not the name above it, not a name that exists, not what is below one that exists */
		{"wild.example.com.", DG_TYPE_TXT, "nodata"},
		{"host.wild.example.com.", DG_TYPE_TXT, "nodata"},
		{"_dmarc.host.wild.example.com.", DG_TYPE_TXT, "nxdomain"},
		{"ent.wild.example.com.", DG_TYPE_TXT, "nodata"},
		{"x.ent.wild.example.com.", DG_TYPE_TXT, "nxdomain"},
		{"other.example.com.", DG_TYPE_TXT, "nxdomain"},
		/* a wildcard that is an empty non-terminal */
		{"x.odd.example.com.", DG_TYPE_A, "nodata"},
		{"a.x.odd.example.com.", DG_TYPE_A, "nodata"},
		{"x.alias.example.com.", DG_TYPE_A, "found mx.example.com. > mx.example.com."},
		{"x.alias.example.com.", DG_TYPE_CNAME, "found x.alias.example.com."},
	};
	static const char *const texts[] = {example};
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);

	(void)state;
	check_questions(a, facts_of(a, texts, 1, NULL), questions, N_OF(questions));
}

static void test_aliases(void **state)
{
	static const struct question questions[] = {
		{"c1.example.com.", DG_TYPE_A, "found mx.example.com. > mx.example.com."},
		{"c1.example.com.", DG_TYPE_CNAME, "found c1.example.com."},
		{"c1.example.com.", DG_TYPE_MX, "nodata > mx.example.com."},
		{"c3.example.com.", DG_TYPE_A, "nxdomain > nothing.example.com."},
		{"c4.example.com.", DG_TYPE_TXT, "nodata > host.wild.example.com."},
		{"c5.example.com.", DG_TYPE_TXT,
			"found new.wild.example.com. > new.wild.example.com."},
		{"out.example.com.", DG_TYPE_A, "unknown > www.example.net."},
		{"loop.example.com.", DG_TYPE_A, "unknown > pool.example.com."},
		{"self.example.com.", DG_TYPE_A, "unknown > self.example.com."},
		{"t1.example.com.", DG_TYPE_A, "found t9.example.com. > t9.example.com."},
		{"t0.example.com.", DG_TYPE_A, "unknown > t9.example.com."}, /* nine of them */
		/* DNAME (RFC 6672): what is below it, never itself */
		{"a.b.dn.example.com.", DG_TYPE_A,
			"found a.b.ent.example.com. > a.b.ent.example.com."},
		{"b.dn.example.com.", DG_TYPE_A, "nodata > b.ent.example.com."},
		{"under.dn.example.com.", DG_TYPE_A, "nxdomain > under.ent.example.com."},
		{"dn.example.com.", DG_TYPE_A, "nodata"},
		{"dn.example.com.", DG_TYPE_DNAME, "found dn.example.com."},
		{"b.dn.example.com.", DG_TYPE_CNAME, "unknown"},
		{"x.far.example.com.", DG_TYPE_A, "unknown > x.example.net."},
	};
	static const char *const texts[] = {example};
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	const struct dg_facts *facts = facts_of(a, texts, 1, NULL);

	(void)state;
	check_questions(a, facts, questions, N_OF(questions));
	assert_int_equal(
		dg_fact(facts, "x.dnloop.example.com.", DG_TYPE_A)->state, DG_FACT_UNKNOWN);
	assert_string_equal(dg_fact(facts, "loop.example.com.", DG_TYPE_A)->why,
		"its CNAMEs do not come to an end");
	assert_string_equal(dg_fact(facts, "out.example.com.", DG_TYPE_A)->why,
		"outside the zones that are known");
}

static void test_delegations(void **state)
{
	static const struct question with_child[] = {
		{"sub.example.com.", DG_TYPE_TXT, "found sub.example.com."},
		{"ns.sub.example.com.", DG_TYPE_A, "found ns.sub.example.com."},
		{"x.sub.example.com.", DG_TYPE_A, "nxdomain"},
		{"gone.example.com.", DG_TYPE_A, "unknown"},
		{"gone.example.com.", DG_TYPE_NS, "unknown"},
		{"x.gone.example.com.", DG_TYPE_A, "unknown"},
	};
	static const struct question without[] = {
		{"sub.example.com.", DG_TYPE_TXT, "unknown"},
		{"ns.sub.example.com.", DG_TYPE_A, "unknown"}, /* glue is not an answer */
		{"example.com.", DG_TYPE_NS, "found example.com."},
	};
	static const char *const texts[] = {example, child};
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	const struct dg_facts *facts = facts_of(a, texts, 2, NULL);

	(void)state;
	check_questions(a, facts, with_child, N_OF(with_child));
	facts = facts_of(a, texts, 1, NULL);
	check_questions(a, facts, without, N_OF(without));
	const struct dg_fact *f =
		dg_fact(facts_of(a, texts, 2, NULL), "ns.sub.example.com.", DG_TYPE_A);
	assert_int_equal(f->set.rdata[0].wire[3], 10); /* the child's own word */
}

static void test_other_facts(void **state)
{
	static const char *const texts[] = {example};
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct world *w = world_new(a,
		"www.example.net. CNAME web.example.net.\nweb.example.net. A 192.0.2.99\n"
		"x.gone.example.com. A 192.0.2.98\nx.example.net. A 192.0.2.96\nmx.example.com. A "
		"192.0.2.97\n");
	const struct dg_facts *facts = facts_of(a, texts, 1, &w->facts);
	const struct dg_fact *f;

	(void)state;
	w->pending = "*";
	f = dg_fact(facts, "out.example.com.", DG_TYPE_A);
	assert_int_equal(f->state, DG_FACT_PENDING);
	assert_int_equal(w->n_asked, 1);
	assert_string_equal(w->asked[0], "1 www.example.net.");
	assert_string_equal(
		line(a, dg_fact(facts, "mx.example.com.", DG_TYPE_A)), "found mx.example.com.");
	assert_int_equal(dg_fact(facts, "mx.example.com.", DG_TYPE_A)->set.rdata[0].wire[3], 1);
	w->pending = NULL;
	assert_ptr_equal(dg_fact(facts, "out.example.com.", DG_TYPE_A), f);
	assert_string_equal(line(a, f), "found web.example.net. > web.example.net.");
	assert_string_equal(line(a, dg_fact(facts, "x.gone.example.com.", DG_TYPE_A)),
		"found x.gone.example.com.");
	assert_string_equal(line(a, dg_fact(facts, "x.far.example.com.", DG_TYPE_A)),
		"found x.example.net. > x.example.net.");
	w->unknown = "*";
	assert_string_equal(line(a, f), "found web.example.net. > web.example.net.");
	assert_string_equal(dg_fact(facts, "new.invalid.", DG_TYPE_A)->why, "SERVFAIL");
	assert_int_equal(
		facts->fetch(facts->arg, "https://example.net/")->state, DG_FETCH_NOT_ASKED);
}

/* A zone that was not read whole proves only what is in it. */
static void test_incomplete(void **state)
{
	static const char *const texts[] = {"$GENERATE 1-9 host$ A 192.0.2.$\n"
					    "* IN TXT \"wild\"\n"
					    "mx IN A 192.0.2.1\n"};
	static const struct question questions[] = {
		{"mx.example.com.", DG_TYPE_A, "found mx.example.com."},
		{"mx.example.com.", DG_TYPE_AAAA, "unknown"},
		{"host1.example.com.", DG_TYPE_TXT, "unknown"},
	};
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);

	(void)state;
	check_questions(a, facts_of(a, texts, 1, NULL), questions, N_OF(questions));
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(dg_fact_state_text(DG_FACT_PENDING), "pending");
	assert_string_equal(dg_fetch_state_text(DG_FETCH_PENDING), "pending");
	assert_string_equal(dg_fetch_state_text(DG_FETCH_FOUND), "found");
	assert_string_equal(dg_fetch_state_text(DG_FETCH_STATUS), "status");
	assert_string_equal(dg_fetch_state_text(DG_FETCH_BAD_TLS), "bad-tls");
	assert_string_equal(dg_fetch_state_text(DG_FETCH_PRIVATE), "private");
	assert_string_equal(dg_fetch_state_text(DG_FETCH_TOO_LARGE), "too-large");
	assert_string_equal(dg_fetch_state_text(DG_FETCH_UNKNOWN), "unknown");
	assert_string_equal(dg_fetch_state_text(DG_FETCH_NOT_ASKED), "not-asked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_wildcards),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_delegations),
		cmocka_unit_test(test_other_facts),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
