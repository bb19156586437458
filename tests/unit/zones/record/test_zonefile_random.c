/* Random zone files, random edits. ldns reads the new text too, and must find the intended zone; and of the lines that hold
 * no managed record every one is still there, in its place. */
#include "tests/unit/unit.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/record/zone.h"
#include "zones/record/zonefile.h"

#define ROUNDS  3000
#define NOW     1795348800 /* 2026-11-22 12:00:00 UTC */
#define N_NAMES 6u

static const char *const names[N_NAMES] = {"example.com.", "www.example.com.", "a\\.b.example.com.",
	"*.x.example.com.", "sub.example.com.", "m.sub.example.com."};

struct dice {
	uint64_t s;
};

static unsigned roll(struct dice *d, unsigned n)
{
	d->s ^= d->s << 13;
	d->s ^= d->s >> 7;
	d->s ^= d->s << 17;
	return (unsigned)((d->s >> 20) % n);
}

#define PICK(d, ...)                              \
	((const char *const[]){__VA_ARGS__}[roll( \
		(d), sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))])

/* How far the generator is in the file it writes. */
struct writer {
	struct dice *d;
	struct dg_buf *b;
	const char *line_end;
	unsigned owner;  /* of the last record; N_NAMES: none */
	unsigned origin; /* 0: example.com., 4: sub.example.com. */
	bool has_ttl;    /* a $TTL, or any record's TTL, is in force */
	bool is_plain;   /* what ldns does not read is not used: a class before the TTL */
};

static void put_owner(struct writer *w, unsigned owner)
{
	static const char *const in_apex[N_NAMES] = {"@", "www", "a\\.b", "*.x", "sub", "m.sub"};
	static const char *const in_sub[N_NAMES] = {NULL, NULL, NULL, NULL, "@", "m"};
	const char *relative = w->origin == 0 ? in_apex[owner] : in_sub[owner];

	if (owner == w->owner && roll(w->d, 2) == 0) {
		dg_buf_puts(w->b, PICK(w->d, "  ", "\t", "          "));
		return;
	}
	dg_buf_puts(w->b, relative && roll(w->d, 4) > 0 ? relative : names[owner]);
	dg_buf_puts(w->b, PICK(w->d, " ", "\t", "   "));
}

static const char *data_of(struct dice *d, const char *type)
{
	if (strcmp(type, "MX") == 0) {
		return PICK(d, "10 mail.example.net.", "( 20 ; (second\n\tmail2.example.net. )",
			"0 .", "5 a.example.net.");
	}
	if (strcmp(type, "TXT") == 0) {
		return PICK(d, "\"v=spf1 ~all\"", "( \"two\"\n \"strings; \\\" here\" )", "plain",
			"\"\\; \\\\ \\200\" b", "\"k=1\"");
	}
	return strcmp(type, "A") == 0 ? PICK(d, "192.0.2.1", "192.0.2.2", "( 192.0.2.3\n )")
				      : PICK(d, "2001:db8::1", "2001:db8::2");
}

static void put_record(struct writer *w)
{
	unsigned owner = roll(w->d, N_NAMES);
	const char *type = PICK(w->d, "MX", "TXT", "A", "AAAA", "MX", "TXT");
	bool is_in = roll(w->d, 2) == 0;
	bool is_ttl = !w->has_ttl || roll(w->d, 4) == 0;

	put_owner(w, owner);
	if (is_in && !w->is_plain && roll(w->d, 2) == 0) {
		dg_buf_puts(w->b, "IN ");
		is_in = false;
	}
	if (is_ttl) {
		dg_buf_puts(w->b, PICK(w->d, "60 ", "1h\t", "3600 ", "1h30m "));
	}
	dg_buf_puts(w->b, is_in ? "IN\t" : "");
	dg_buf_printf(w->b, "%s%s%s%s%s", type, PICK(w->d, " ", "\t"), data_of(w->d, type),
		PICK(w->d, "", "", " ; it's a \"comment\" (", "\t;"), w->line_end);
	w->owner = owner;
	w->has_ttl = true;
}

static void put_other_line(struct writer *w)
{
	switch (roll(w->d, 6)) {
	case 0:
		w->origin = w->origin == 0 ? 4 : 0;
		dg_buf_printf(w->b, "$ORIGIN %s%s",
			w->origin == 0 ? "example.com." : "sub.example.com.", w->line_end);
		break;
	case 1:
		dg_buf_printf(w->b, "; -- \xc3\xbc \"( --%s", w->line_end);
		break;
	case 2:
		dg_buf_printf(w->b, "   ; indented%s", w->line_end);
		break;
	case 3:
		dg_buf_puts(w->b, w->line_end);
		break;
	default: /* a die, not an enum */
		break;
	}
}

/* has_default: $TTL stands in front, as ldns needs it to find the same TTLs. */
static void make_file(struct dice *d, struct dg_buf *b, bool has_default)
{
	struct writer w = {
		.d = d, .b = b, .line_end = roll(d, 4) == 0 ? "\r\n" : "\n", .owner = N_NAMES};
	unsigned n = 1 + roll(d, 14);

	if (has_default) {
		dg_buf_printf(b, "$TTL 2h%s", w.line_end);
		w.has_ttl = true;
	}
	dg_buf_printf(b,
		"@ %s IN SOA ns1.example.net. host.example.net. ( %s ; serial%s 2h 1h 2w 300 )%s",
		has_default || roll(d, 2) == 0 ? "7200" : "", PICK(d, "1", "2026112200"),
		w.line_end, w.line_end);
	w.owner = 0;
	w.has_ttl = true;
	w.is_plain = has_default;
	for (unsigned i = 0; i < n; i++) {
		put_other_line(&w);
		put_record(&w);
	}
	if (roll(d, 4) == 0) { /* no line end at the end */
		b->len -= strlen(w.line_end);
		b->data[b->len] = '\0';
	}
}

static struct dg_rrset make_set(
	struct dg_arena *a, struct dice *d, const char *owner, uint16_t type)
{
	struct dg_rdata *rdata = dg_newn(a, struct dg_rdata, 3);
	size_t n = roll(d, 4);
	struct dg_err err;

	for (size_t i = 0; i < n; i++) {
		const char *text = data_of(d, type == DG_TYPE_MX ? "MX" : "TXT");

		assert_int_equal(
			dg_rdata_parse(a, type, text, strlen(text), NULL, &rdata[i], &err), 0);
	}
	return dg_rrset_make(owner, type, PICK(d, "a", "b")[0] == 'a' ? 7200 : 42, rdata, n);
}

static struct dg_zone *read_zone(
	struct dg_arena *a, const char *text, size_t len, struct dg_zonefile **ret_file)
{
	struct dg_zone *z = NULL;
	struct dg_err err = {0};
	char line[DG_ERR_TEXT_MAX];

	if (dg_zonefile_scan(a, text, len, names[0], "x", ret_file, &err) != 0 ||
		dg_zonefile_read(*ret_file, &z, &err) != 0) {
		fail_msg("%s\n%s", dg_err_line(&err, line, sizeof(line)), text);
	}
	return z;
}

/* The zone that the edit should make, as lines; no SOA. */
static void put_intended(
	struct dg_buf *b, const struct dg_zone *z, const struct dg_rrset *sets, size_t n)
{
	struct dg_zone *want = dg_zone_new(z->arena, z->apex);

	for (size_t i = 0; i < z->n; i++) {
		bool is_set = z->sets[i].type == DG_TYPE_SOA;

		for (size_t k = 0; k < n; k++) {
			is_set = is_set || (sets[k].type == z->sets[i].type &&
						   strcmp(sets[k].owner, z->sets[i].owner) == 0);
		}
		if (!is_set) {
			dg_zone_add(want, &z->sets[i]);
		}
	}
	for (size_t k = 0; k < n; k++) {
		dg_zone_add(want, &sets[k]);
	}
	dg_zone_seal(want);
	for (size_t i = 0; i < want->n; i++) {
		dg_rrset_print(b, &want->sets[i]);
	}
}

/* What ldns reads, through the same struct so that order does not matter; no SOA. */
static void put_by_ldns(struct dg_arena *a, struct dg_buf *b, const char *text, size_t len)
{
	FILE *f = fmemopen((void *)(uintptr_t)text, len, "r");
	ldns_rdf *origin = ldns_dname_new_frm_str("example.com.");
	ldns_zone *z = NULL;
	int line = 0;
	struct dg_zone *got = dg_zone_new(a, names[0]);

	assert_non_null(f);
	ldns_status s = ldns_zone_new_frm_fp_l(&z, f, origin, 0, LDNS_RR_CLASS_IN, &line);
	if (s != LDNS_STATUS_OK) {
		fail_msg("ldns, line %d: %s\n%s", line, ldns_get_errorstr_by_id(s), text);
	}
	for (size_t i = 0; i < ldns_zone_rr_count(z); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(ldns_zone_rrs(z), i);
		struct dg_rdata *rd = dg_new(a, struct dg_rdata);
		const char *owner = NULL;
		uint8_t wire[2048];
		size_t n = 0;

		for (size_t k = 0; k < ldns_rr_rd_count(rr); k++) {
			memcpy(wire + n, ldns_rdf_data(ldns_rr_rdf(rr, k)),
				ldns_rdf_size(ldns_rr_rdf(rr, k)));
			n += ldns_rdf_size(ldns_rr_rdf(rr, k));
		}
		assert_int_equal(
			dg_rdata_canonical(a, (uint16_t)ldns_rr_get_type(rr), wire, n, rd), 0);
		char *name = ldns_rdf2str(ldns_rr_owner(rr));
		owner = dg_strdup(a, name);
		free(name);
		struct dg_rrset set = dg_rrset_make(
			owner, (uint16_t)ldns_rr_get_type(rr), ldns_rr_ttl(rr), rd, 1);
		dg_zone_add(got, &set);
	}
	dg_zone_seal(got);
	for (size_t i = 0; i < got->n; i++) {
		dg_rrset_print(b, &got->sets[i]);
	}
	ldns_zone_deep_free(z);
	ldns_rdf_deep_free(origin);
	(void)fclose(f);
}

static bool is_managed_line(const char *p, size_t n)
{
	static const char *const marks[] = {"MX", "TXT", "\"", "mail2", "serial", "strings"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (*p != ';' && memmem(p, n, marks[i], strlen(marks[i]))) {
			return true;
		}
	}
	return false;
}

/* Is the old line in the new one, but for an owner or TTL put into it? */
static bool is_line_kept(const char *old, size_t n_old, const char *now, size_t n_now)
{
	bool may_grow = *old == ' ' || *old == '\t' ||
			(memmem(old, n_old, "192.0.2", 7) && *old != ';') ||
			(memmem(old, n_old, "2001:", 5) && *old != ';');

	if (n_old == n_now && memcmp(old, now, n_old) == 0) {
		return true;
	}
	if (!may_grow) {
		return false;
	}
	while (n_old > 0 && n_now > 0) { /* the old words in order among the new */
		if (*old == ' ' || *old == '\t') {
			old++;
			n_old--;
		} else if (*old == *now) {
			old++;
			n_old--;
			now++;
			n_now--;
		} else {
			now++;
			n_now--;
		}
	}
	return n_old == 0;
}

static void check_lines(const char *old, const char *now)
{
	const char *p = old;
	const char *q = now;

	while (*p != '\0') {
		const char *p_end = strchrnul(p, '\n');
		size_t n = (size_t)(p_end - p);

		if (!is_managed_line(p, n)) {
			const char *q_end = strchrnul(q, '\n');

			while (!is_line_kept(p, n, q, (size_t)(q_end - q)) &&
				!(*p_end == '\0' && (size_t)(q_end - q) == n + 1 &&
					memcmp(p, q, n) == 0)) {
				if (*q == '\0') {
					fail_msg("lost: %.*s\nold:\n%s\nnew:\n%s", (int)n, p, old,
						now);
				}
				q = *q_end == '\0' ? q_end : q_end + 1;
				q_end = strchrnul(q, '\n');
			}
			q = *q_end == '\0' ? q_end : q_end + 1;
		}
		p = *p_end == '\0' ? p_end : p_end + 1;
	}
}

static void one_round(uint64_t seed, bool has_default)
{
	struct dice d = {.s = seed * 0x9e3779b97f4a7c15u + 1};
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(1u << 24);
	struct dg_buf old;
	struct dg_buf now;
	struct dg_buf want;
	struct dg_buf got;
	struct dg_rrset sets[4];
	struct dg_zonefile *f = NULL;
	struct dg_err err = {0};
	size_t n = 0;

	for (int i = 0; i < 20; i++) {
		(void)roll(&d, 2);
	}
	dg_buf_init(&old, 1u << 16);
	dg_buf_init(&now, 1u << 16);
	dg_buf_init(&want, 1u << 16);
	dg_buf_init(&got, 1u << 16);
	make_file(&d, &old, has_default);
	struct dg_zone *z = read_zone(a, old.data, old.len, &f);
	unsigned first = roll(&d, N_NAMES);
	for (n = 0; n < 1 + seed % 4; n++) {
		sets[n] = make_set(a, &d, names[(first + n / 2) % N_NAMES],
			n % 2 == 0 ? DG_TYPE_MX : DG_TYPE_TXT);
	}
	if (dg_zonefile_edit(f, sets, n, DG_SERIAL_AUTO, NOW, &now, &err) != 0) {
		fail_msg("%s\n%s", err.text, old.data);
	}
	put_intended(&want, z, sets, n);
	struct dg_zone *z_now = read_zone(a, now.data, now.len, &f);
	put_intended(&got, z_now, NULL, 0);
	if (strcmp(got.data, want.data) != 0) {
		fail_msg("seed %u\nold:\n%s\nnew:\n%s\nwant:\n%s\ngot:\n%s", (unsigned)seed,
			old.data, now.data, want.data, got.data);
	}
	if (has_default) {
		dg_buf_clear(&got);
		put_by_ldns(a, &got, now.data, now.len);
		assert_string_equal(got.data, want.data);
	}
	bool is_changed = strcmp(old.data, now.data) != 0;
	assert_int_equal(dg_zone_serial(z_now) != dg_zone_serial(z), is_changed);
	check_lines(old.data, now.data);
	dg_buf_done(&old);
	dg_buf_done(&now);
	dg_buf_done(&want);
	dg_buf_done(&got);
}

static void test_with_default_ttl(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		one_round(seed, true);
	}
}

static void test_without_default_ttl(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		one_round(seed, false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_with_default_ttl),
		cmocka_unit_test(test_without_default_ttl),
	};
	return cmocka_run_group_tests_name("zones/record/zonefile_random", tests, NULL, NULL);
}
