/* What name servers say against what they should say: verdicts, groups, words, JSON. */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <string.h>

#include "controller/lookup/verify.h"
#include "providers/net/dns.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/record/zone.h"

struct scene {
	struct dg_arena *arena;
	struct dg_view views[6];
	struct dg_swap swaps[2];
	struct dg_verify_input in;
	struct dg_verify *v;
};

static struct dg_rrset set_of(
	struct dg_arena *a, const char *owner, uint16_t type, uint32_t ttl, const char *content)
{
	struct dg_rdata *rd = dg_newn(a, struct dg_rdata, 1);
	struct dg_err err;

	if (!content) {
		return dg_rrset_none(owner, type);
	}
	assert_int_equal(dg_rdata_parse(a, type, content, strlen(content), ".", rd, &err), 0);
	return dg_rrset_make(owner, type, ttl, rd, 1);
}

/* A server with an SOA of serial, refresh 1 h, minimum 300. */
static struct dg_view *add_view(struct scene *s, const char *name, uint32_t serial)
{
	struct dg_view *v = &s->views[s->in.n_views++];
	struct dg_rrset soa = set_of(s->arena, "example.test.", DG_TYPE_SOA, 3600,
		dg_printf(s->arena, "ns1.example.test. h.example.test. %u 3600 600 86400 300",
			serial));

	*v = (struct dg_view){
		.name = name,
		.address = "192.0.2.1@53",
		.text = dg_printf(s->arena, "%s 192.0.2.1@53", name),
		.has_serial = true,
		.serial = serial,
		.refresh = 3600,
		.says = dg_zone_new(s->arena, "example.test."),
	};
	dg_zone_add(v->says, &soa);
	return v;
}

static void says(struct scene *s, struct dg_view *v, const char *owner, uint16_t type, uint32_t ttl,
	const char *content)
{
	struct dg_rrset set = set_of(s->arena, owner, type, ttl, content);

	dg_zone_add(v->says, &set);
	dg_zone_seal(v->says);
}

/* example.test. MX 300 "10 mail" to 60 "0 ."; _dmarc TXT new. */
static struct scene *scene_new(size_t n_swaps)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->arena = dg_arena_new(16u << 20);
	s->swaps[0] = (struct dg_swap){
		.before =
			set_of(s->arena, "example.test.", DG_TYPE_MX, 300, "10 mail.example.test."),
		.after = set_of(s->arena, "example.test.", DG_TYPE_MX, 60, "0 ."),
	};
	s->swaps[1] = (struct dg_swap){
		.before = dg_rrset_none("_dmarc.example.test.", DG_TYPE_TXT),
		.after = set_of(s->arena, "_dmarc.example.test.", DG_TYPE_TXT, 60,
			"\"v=DMARC1; \" \"p=reject\""),
	};
	s->in = (struct dg_verify_input){
		.zone = "example.test.", .swaps = s->swaps, .n_swaps = n_swaps, .views = s->views};
	return s;
}

static void make(struct scene *s)
{
	for (size_t i = 0; i < s->in.n_views; i++) {
		dg_zone_seal(s->views[i].says);
	}
	dg_verify_make(s->arena, &s->in, &s->v);
}

static void scene_free(struct scene *s)
{
	(void)dg_arena_free(s->arena);
	free(s);
}

static const char *print(struct scene *s, bool is_verbose)
{
	struct dg_buf b;

	dg_buf_init(&b, 1u << 16);
	dg_verify_print(&b, s->v, is_verbose);
	const char *text = dg_strdup(s->arena, b.data);
	dg_buf_done(&b);
	return text;
}

static void check_has(const char *text, const char *words)
{
	if (!strstr(text, words)) {
		fail_msg("expected: %s\nin: %s", words, text);
	}
}

static void test_in_force(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct dg_view *v = add_view(s, "ns1.example.test", 7);
		says(s, v, "example.test.", DG_TYPE_MX, 60, "0 .");
		says(s, v, "_dmarc.example.test.", DG_TYPE_TXT, 60,
			"\"v=DMARC1; p=reject\""); /* other strings, same text */
	}
	make(s);
	assert_true(s->v->is_in_force);
	assert_int_equal(s->v->n_in_force, 2);
	assert_int_equal(s->v->old_ttl, 0);
	assert_int_equal(s->v->n_groups, 1);
	assert_string_equal(print(s, false), "all 2 name servers have it (serial 7)\n");
	check_has(print(s, true), "ns1.example.test 192.0.2.1@53: has it, serial 7\n");
	scene_free(s);
}

static void test_lagging(void **state)
{
	struct scene *s = scene_new(1);

	(void)state;
	says(s, add_view(s, "ns1.example.test", 2026112203), "example.test.", DG_TYPE_MX, 60,
		"0 .");
	says(s, add_view(s, "ns2.example.test", 2026112201), "example.test.", DG_TYPE_MX, 300,
		"10 mail.example.test.");
	says(s, add_view(s, "ns3.example.test", 2026112203), "example.test.", DG_TYPE_MX, 60,
		"0 .");
	make(s);
	assert_false(s->v->is_in_force);
	assert_int_equal(s->v->servers[1].verdict, DG_VERDICT_OLD);
	assert_int_equal(s->v->servers[1].n_behind, 2);
	assert_int_equal(s->v->serial, 2026112203);
	assert_int_equal(s->v->old_ttl, 300);
	assert_int_equal(s->v->n_groups, 2);
	assert_int_equal(s->v->groups[0].n_servers, 2);
	assert_int_equal(s->v->servers[0].group, 0);
	assert_int_equal(s->v->servers[1].group, 1);
	assert_int_equal(s->v->servers[2].group, 0);
	const char *text = print(s, false);
	check_has(text, "2 of 3 name servers have it\n");
	check_has(text, "ns2.example.test 192.0.2.1@53: still serves serial 2026112201, 2 behind "
			"2026112203: the old example.test. MX\n");
	check_has(text, "nsd-control transfer example.test.");
	check_has(text, "every 1h (SOA refresh)");
	scene_free(s);
}

static void test_serials_wrap(void **state)
{
	struct scene *s = scene_new(1);

	(void)state;
	says(s, add_view(s, "ns1.example.test", 4294967295u), "example.test.", DG_TYPE_MX, 300,
		"10 mail.example.test.");
	says(s, add_view(s, "ns2.example.test", 1), "example.test.", DG_TYPE_MX, 60, "0 .");
	make(s);
	assert_int_equal(s->v->serial, 1);
	assert_int_equal(s->v->servers[0].n_behind, 2);
	assert_int_equal(s->v->servers[1].n_behind, 0);
	s->in.has_serial = true; /* the primary's own */
	s->in.serial = 5;
	dg_verify_make(s->arena, &s->in, &s->v);
	assert_int_equal(s->v->serial, 5);
	assert_int_equal(s->v->servers[1].n_behind, 4);
	scene_free(s);
}

static void test_old_is_absent(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	struct dg_view *v = add_view(s, "ns1.example.test", 7);
	says(s, v, "example.test.", DG_TYPE_MX, 60, "0 .");
	says(s, v, "_dmarc.example.test.", DG_TYPE_TXT, 0, NULL);
	make(s);
	assert_int_equal(s->v->servers[0].verdict, DG_VERDICT_OLD);
	assert_int_equal(s->v->servers[0].n_in_force, 1);
	assert_int_equal(s->v->old_ttl, 300); /* of the negative answer */
	check_has(s->v->servers[0].text, "1 of 2 RRsets (_dmarc.example.test. TXT)");
	scene_free(s);
}

static void check_one(const char *content, uint32_t ttl, enum dg_verdict verdict, const char *words)
{
	struct scene *s = scene_new(1);

	says(s, add_view(s, "ns1.example.test", 7), "example.test.", DG_TYPE_MX, ttl, content);
	make(s);
	assert_int_equal(s->v->servers[0].verdict, verdict);
	check_has(s->v->servers[0].text, words);
	assert_non_null(s->v->servers[0].remedy);
	scene_free(s);
}

static void test_other(void **state)
{
	(void)state;
	check_one("5 else.example.net.", 60, DG_VERDICT_OTHER,
		"serves something else for example.test. MX: 5 else.example.net.");
	check_one(NULL, 0, DG_VERDICT_OTHER, "serves something else for example.test. MX: nothing");
	check_one("0 .", 61, DG_VERDICT_OTHER, "with TTL 61 in place of 60");
	check_one("10 mail.example.test.", 299, DG_VERDICT_OTHER, "something else");
	check_one("10 mail.example.test.", 300, DG_VERDICT_OLD,
		"still serves the old example.test. MX, with serial 7");
}

static void test_before_not_known(void **state)
{
	struct scene *s = scene_new(1);

	(void)state;
	s->swaps[0].before = (struct dg_rrset){0};
	says(s, add_view(s, "ns1.example.test", 7), "example.test.", DG_TYPE_MX, 300,
		"10 mail.example.test.");
	make(s);
	assert_int_equal(s->v->servers[0].verdict, DG_VERDICT_OTHER);
	scene_free(s);
}

static void test_cname(void **state)
{
	struct scene *s = scene_new(1);

	(void)state;
	struct dg_view *v = add_view(s, "ns1.example.test", 7);
	says(s, v, "example.test.", DG_TYPE_MX, 60, "0 .");
	says(s, v, "example.test.", DG_TYPE_CNAME, 60, "x.example.net.");
	v = add_view(s, "ns2.example.test", 7);
	says(s, v, "example.test.", DG_TYPE_MX, 60, NULL);
	says(s, v, "example.test.", DG_TYPE_CNAME, 60, "x.example.net.");
	make(s);
	assert_int_equal(s->v->servers[0].verdict, DG_VERDICT_OTHER);
	check_has(s->v->servers[0].text, "a CNAME beside example.test. MX");
	check_has(s->v->servers[1].text, "a CNAME in place of example.test. MX");
	scene_free(s);
}

static void test_could_not_tell(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	struct dg_view *v = add_view(s, "ns1.example.test", 7); /* OK, one RRset missing */
	says(s, v, "example.test.", DG_TYPE_MX, 60, "0 .");
	v->n_unknown = 1;
	v->why = "answers SERVFAIL for _dmarc.example.test. TXT";
	static const enum dg_view_state states[] = {
		DG_VIEW_TIMEOUT, DG_VIEW_REFUSED, DG_VIEW_LAME, DG_VIEW_ERROR};
	for (unsigned i = 0; i < 4; i++) {
		v = add_view(s, "ns2.example.test", 7);
		v->has_serial = false;
		v->state = states[i];
		v->why = "the why";
	}
	make(s);
	assert_false(s->v->is_in_force);
	assert_int_equal(s->v->n_unknown, 5);
	check_has(s->v->servers[0].text, "could not tell 1 of 2 RRsets: answers SERVFAIL");
	for (unsigned i = 1; i < 5; i++) {
		check_has(s->v->servers[i].text, "could not tell: the why");
		assert_non_null(s->v->servers[i].remedy);
	}
	check_has(print(s, false), "0 of 5 name servers have it\n");
	scene_free(s);
}

static void test_no_route(void **state)
{
	struct scene *s = scene_new(1);

	(void)state;
	says(s, add_view(s, "ns1.example.test", 7), "example.test.", DG_TYPE_MX, 60, "0 .");
	struct dg_view *v = add_view(s, "ns1.example.test", 0);
	v->has_serial = false;
	v->state = DG_VIEW_NO_ROUTE;
	v->why = "no IPv6 here";
	make(s);
	assert_true(s->v->is_in_force); /* what cannot be asked proves nothing */
	assert_int_equal(s->v->n_no_route, 1);
	check_has(print(s, false), "the name server has it (serial 7)\n");
	s->in.views = &s->views[1];
	s->in.n_views = 1;
	dg_verify_make(s->arena, &s->in, &s->v);
	assert_false(s->v->is_in_force);
	check_has(print(s, false), "no name server could be asked\n");
	s->in.n_views = 0;
	dg_verify_make(s->arena, &s->in, &s->v);
	assert_false(s->v->is_in_force);
	scene_free(s);
}

static void test_resolver(void **state)
{
	struct scene *s = scene_new(1);

	(void)state;
	struct dg_view *v = add_view(s, "resolver", 0);
	v->has_serial = false;
	v->is_resolver = true;
	says(s, v, "example.test.", DG_TYPE_MX, 17, "0 .");
	make(s);
	assert_true(s->v->is_in_force);
	assert_string_equal(print(s, false), "the resolver sees it\n");
	v->says = dg_zone_new(s->arena, "example.test.");
	says(s, v, "example.test.", DG_TYPE_MX, 240, "10 mail.example.test.");
	make(s);
	assert_int_equal(s->v->servers[0].verdict, DG_VERDICT_OLD);
	assert_int_equal(s->v->old_ttl, 240);
	check_has(
		print(s, false), "still holds the old answer for example.test. MX, for at most 4m");
	v->state = DG_VIEW_BOGUS;
	v->why = "DNSSEC validation failed";
	make(s);
	assert_int_equal(s->v->servers[0].verdict, DG_VERDICT_UNKNOWN);
	check_has(s->v->servers[0].remedy, "DS records");
	scene_free(s);
}

static void test_json(void **state)
{
	struct scene *s = scene_new(1);
	struct dg_buf b;

	(void)state;
	says(s, add_view(s, "ns1.example.test", 7), "example.test.", DG_TYPE_MX, 60, "0 .");
	struct dg_view *v = add_view(s, "n\"s\\2", 0);
	v->state = DG_VIEW_ERROR;
	v->has_serial = false;
	v->address = NULL;
	v->why = "quote \" backslash \\ escape \x1b[31m and \xff";
	v->tcp_why = "closed";
	make(s);
	dg_buf_init(&b, 1u << 16);
	dg_verify_json(&b, s->v);
	json_t *root = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_true(json_is_false(json_object_get(root, "is_in_force")));
	assert_int_equal(json_integer_value(json_object_get(root, "serial")), 7);
	const json_t *servers = json_object_get(root, "servers");
	assert_int_equal(json_array_size(servers), 2);
	const json_t *second = json_array_get(servers, 1);
	assert_string_equal(json_string_value(json_object_get(second, "name")), "n\"s\\2");
	assert_true(json_is_null(json_object_get(second, "address")));
	assert_true(json_is_null(json_object_get(second, "serial")));
	assert_string_equal(json_string_value(json_object_get(second, "verdict")), "unknown");
	assert_string_equal(json_string_value(json_object_get(second, "tcp")), "closed");
	const char *text = json_string_value(json_object_get(second, "text"));
	assert_null(strchr(text, '\x1b'));
	check_has(text, "quote \" backslash \\");
	assert_int_equal(json_array_size(json_object_get(root, "groups")), 2);
	json_decref(root);
	check_has(print(s, false), "over TCP it does not answer (RFC 7766): closed");
	assert_null(strchr(print(s, false), '\x1b'));
	dg_buf_done(&b);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_force),
		cmocka_unit_test(test_lagging),
		cmocka_unit_test(test_serials_wrap),
		cmocka_unit_test(test_old_is_absent),
		cmocka_unit_test(test_other),
		cmocka_unit_test(test_before_not_known),
		cmocka_unit_test(test_cname),
		cmocka_unit_test(test_could_not_tell),
		cmocka_unit_test(test_no_route),
		cmocka_unit_test(test_resolver),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
