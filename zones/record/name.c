#include "zones/record/name.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/lex.h"
#include "zones/record/rdata.h"

#include <string.h>

#define LABELS_MAX 128u /* 255 octets of wire hold at most 127 labels */

/* Text and wire length of a name as it grows. */
struct maker {
	char text[DG_NAME_TEXT_MAX + 1];
	size_t len;
	size_t n_wire;  /* octets so far, length octets included, the root's not */
	size_t n_label; /* octets of the label at work */
};

static bool is_special(unsigned char c)
{
	return c == '.' || c == ';' || c == '\\' || c == '"' || c == '(' || c == ')' || c == '@' ||
	       c == '$';
}

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

static void put_octet(struct maker *m, unsigned char c)
{
	char *p = m->text + m->len;

	c = lower(c);
	if (c > 0x20 && c < 0x7f && !is_special(c)) {
		p[0] = (char)c;
		m->len += 1;
	} else if (is_special(c)) {
		p[0] = '\\';
		p[1] = (char)c;
		m->len += 2;
	} else {
		p[0] = '\\';
		p[1] = (char)('0' + c / 100);
		p[2] = (char)('0' + c / 10 % 10);
		p[3] = (char)('0' + c % 10);
		m->len += 4;
	}
	m->n_label++;
}

static void end_label(struct maker *m)
{
	m->text[m->len++] = '.';
	m->n_wire += m->n_label + 1;
	m->n_label = 0;
}

/* Octets of a canonical name's wire form, the root's octet not counted. */
static size_t wire_len(const char *name)
{
	size_t n = 0;

	if (strcmp(name, ".") == 0) {
		return 0;
	}
	for (const char *p = name; *p != '\0'; p++) {
		if (*p == '\\') {
			p += p[1] >= '0' && p[1] <= '9' ? 3 : 1;
		}
		n++;
	}
	return n; /* each label's dot stands for its length octet */
}

static int fail(struct dg_err *err, const char *text, size_t len, const char *why)
{
	return dg_fail(
		err, DG_EINPUT, "name \"%.*s\": %s", (int)(len > 200 ? 200 : len), text, why);
}

/* Takes one octet of text, or an escape. Returns the bytes read; 0: *ret_why says what is wrong. */
static size_t take(struct maker *m, const char *text, size_t len, const char **ret_why)
{
	unsigned char c = (unsigned char)*text;
	size_t n = 1;

	if (c == '.') {
		*ret_why =
			"empty label: two dots in a row or a dot in front (RFC 1035 section 3.1)";
		if (m->n_label == 0) {
			return 0;
		}
		end_label(m);
		return 1;
	}
	if (c == '\\') {
		n = dg_unescape(text + 1, len - 1, &c) + 1;
		*ret_why = "bad escape: expected \\. or three digits up to \\255 (RFC 1035 section "
			   "5.1)";
		if (n == 1) {
			return 0;
		}
	} else if (c >= 0x80) {
		*ret_why = "not ASCII: write an internationalised name as its A-label, xn--... "
			   "(RFC 5890)";
		return 0;
	} else if (c <= 0x20 || c == 0x7f || c == '"' || c == '(' || c == ')' || c == ';') {
		*ret_why = "space, control character or one of \" ( ) ; in a name: escape it (RFC "
			   "1035 section 5.1)";
		return 0;
	}
	*ret_why = "a label above 63 octets (RFC 1035 section 2.3.4)";
	if (m->n_label == DG_LABEL_MAX) {
		return 0;
	}
	*ret_why = "longer than 255 octets (RFC 1035 section 2.3.4)";
	if (m->n_wire + m->n_label + 3 > DG_NAME_WIRE_MAX) { /* its length, this octet, the root */
		return 0;
	}
	put_octet(m, c);
	return n;
}

int dg_name_parse(struct dg_arena *a, const char *text, size_t len, const char *origin,
	const char **ret_name, struct dg_err *err)
{
	struct maker m;
	const char *why = NULL;

	m.len = m.n_wire = m.n_label = 0;
	if (len == 0) {
		return fail(err, text, len, "empty; write @ for the zone itself or . for the root");
	}
	if (len == 1 && text[0] == '.') {
		*ret_name = dg_strdup(a, ".");
		return 0;
	}
	if (len == 1 && text[0] == '@') {
		*ret_name = dg_strdup(a, origin ? origin : ".");
		return 0;
	}
	for (size_t i = 0; i < len;) {
		size_t n = take(&m, text + i, len - i, &why);
		if (n == 0) {
			return fail(err, text, len, why);
		}
		i += n;
	}
	bool is_absolute = m.n_label == 0;
	if (!is_absolute) {
		end_label(&m);
	}
	if (!is_absolute && origin && strcmp(origin, ".") != 0) {
		if (m.n_wire + wire_len(origin) + 1 > DG_NAME_WIRE_MAX) {
			return fail(err, text, len,
				"longer than 255 octets with its origin (RFC 1035 section 2.3.4)");
		}
		size_t n = strlen(origin);
		memcpy(m.text + m.len, origin, n);
		m.len += n;
	}
	m.text[m.len] = '\0';
	*ret_name = dg_memdup(a, m.text, m.len + 1);
	return 0;
}

size_t dg_name_to_wire(const char *name, uint8_t wire[DG_NAME_WIRE_MAX])
{
	size_t label = 0; /* where this label's length octet is */
	size_t n = 1;

	if (strcmp(name, ".") == 0) {
		wire[0] = 0;
		return 1;
	}
	for (const char *p = name; *p != '\0' && n < DG_NAME_WIRE_MAX; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '.') {
			wire[label] = (uint8_t)(n - label - 1);
			label = n++;
			continue;
		}
		if (c == '\\') {
			p += dg_unescape(p + 1, strnlen(p + 1, 3), &c);
		}
		wire[n++] = c;
	}
	wire[label] = 0;
	return label + 1;
}

int dg_name_wire_text(
	const uint8_t *wire, size_t len, char *ret_text, size_t *ret_text_len, size_t *ret_len)
{
	struct maker m;
	size_t i = 0;

	m.len = m.n_wire = m.n_label = 0;
	while (i < len && wire[i] != 0) {
		size_t n = wire[i];

		if (n > DG_LABEL_MAX || n >= len - i || i + n + 2 > DG_NAME_WIRE_MAX) {
			return 1;
		}
		for (size_t k = 1; k <= n; k++) {
			put_octet(&m, wire[i + k]);
		}
		end_label(&m);
		i += n + 1;
	}
	if (i >= len) {
		return 1;
	}
	if (i == 0) {
		m.text[m.len++] = '.';
	}
	memcpy(ret_text, m.text, m.len);
	ret_text[m.len] = '\0';
	*ret_text_len = m.len;
	*ret_len = i + 1;
	return 0;
}

int dg_name_from_wire(
	struct dg_arena *a, const uint8_t *wire, size_t len, const char **ret_name, size_t *ret_len)
{
	char text[DG_NAME_TEXT_MAX + 1];
	size_t n = 0;

	if (dg_name_wire_text(wire, len, text, &n, ret_len) != 0) {
		return 1;
	}
	*ret_name = dg_memdup(a, text, n + 1);
	return 0;
}

bool dg_name_is_wildcard(const char *name)
{
	return name[0] == '*' && name[1] == '.';
}

/* Just behind the label that p is at: past its dot. p is at the start of a label. */
static const char *behind_label(const char *p)
{
	while (*p != '.' && *p != '\0') {
		p += *p == '\\' && p[1] != '\0' ? 2
						: 1; /* digits of \DDD are like other octets here */
	}
	return *p == '.' ? p + 1 : p;
}

bool dg_name_is_at_or_under(const char *name, const char *zone)
{
	size_t n = strlen(name);
	size_t n_zone = strlen(zone);

	if (strcmp(zone, ".") == 0) {
		return true;
	}
	if (n < n_zone || memcmp(name + n - n_zone, zone, n_zone) != 0) {
		return false;
	}
	const char *end = name + n - n_zone;
	const char *p = name;
	while (p <
		end) { /* the zone must begin where a label begins, and an escaped dot ends none */
		p = behind_label(p);
	}
	return p == end;
}

size_t dg_name_n_labels(const char *name)
{
	size_t n = 0;

	if (strcmp(name, ".") == 0) {
		return 0;
	}
	for (const char *p = name; *p != '\0'; p = behind_label(p)) {
		n++;
	}
	return n;
}

const char *dg_name_parent(const char *name)
{
	const char *p = strcmp(name, ".") == 0 ? name : behind_label(name);

	return *p == '\0' ? p - 1 : p;
}

static int label_cmp(const char *x, size_t n_x, const char *y, size_t n_y)
{
	int d = memcmp(x, y, n_x < n_y ? n_x : n_y);

	return d != 0 ? d : (n_x > n_y) - (n_x < n_y);
}

/* Labels of a wire form from the left: where each begins. */
static size_t labels_of(const uint8_t *wire, uint8_t starts[LABELS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; wire[i] != 0 && n < LABELS_MAX; i += wire[i] + 1u) {
		starts[n++] = (uint8_t)i;
	}
	return n;
}

static int cmp_escaped(const char *x, const char *y)
{
	uint8_t wire_x[DG_NAME_WIRE_MAX];
	uint8_t wire_y[DG_NAME_WIRE_MAX];
	uint8_t starts_x[LABELS_MAX];
	uint8_t starts_y[LABELS_MAX];

	(void)dg_name_to_wire(x, wire_x);
	(void)dg_name_to_wire(y, wire_y);
	size_t n_x = labels_of(wire_x, starts_x);
	size_t n_y = labels_of(wire_y, starts_y);
	while (n_x > 0 && n_y > 0) {
		const uint8_t *p = wire_x + starts_x[--n_x];
		const uint8_t *q = wire_y + starts_y[--n_y];
		int d = label_cmp((const char *)p + 1, *p, (const char *)q + 1, *q);

		if (d != 0) {
			return d;
		}
	}
	return (n_x > n_y) - (n_x < n_y);
}

/* The start of the label that ends at name + i; *ret_len its length. i is behind the label's last
 * octet or inside it. */
static const char *label_around(const char *name, size_t i, size_t *ret_len)
{
	size_t start = i;
	size_t end = i;

	while (start > 0 && name[start - 1] != '.') {
		start--;
	}
	while (name[end] != '.' && name[end] != '\0') {
		end++;
	}
	*ret_len = end - start;
	return name + start;
}

int dg_name_cmp(const char *x, const char *y)
{
	size_t i = strlen(x);
	size_t j = strlen(y);

	if (memchr(x, '\\', i) || memchr(y, '\\', j)) {
		return cmp_escaped(x, y);
	}
	i -= i > 0; /* without the final dot the root is empty */
	j -= j > 0;
	while (i > 0 && j > 0 && x[i - 1] == y[j - 1]) {
		i--;
		j--;
	}
	if (i == 0 && (j == 0 || y[j - 1] == '.')) {
		return j == 0 ? 0 : -1;
	}
	if (j == 0 && x[i - 1] == '.') {
		return 1;
	}
	size_t n_x = 0;
	size_t n_y = 0;
	const char *label_x = label_around(x, i, &n_x);
	const char *label_y = label_around(y, j, &n_y);
	return label_cmp(label_x, n_x, label_y, n_y);
}

int dg_name_join(struct dg_arena *a, const char *label, const char *name, const char **ret_name,
	struct dg_err *err)
{
	const char *joined = NULL;
	struct dg_err why;

	if (dg_name_parse(a, label, strlen(label), name, &joined, &why) < 0) {
		return dg_fail(err, DG_ELIMIT, "%s in front of %s: %s", label, name, why.text);
	}
	*ret_name = joined;
	return 0;
}

const char *dg_name_relative(struct dg_arena *a, const char *name, const char *zone)
{
	size_t n = strlen(name);

	if (strcmp(name, zone) == 0) {
		return dg_strdup(a, "@");
	}
	if (strcmp(name, ".") == 0) {
		return dg_strdup(a, ".");
	}
	if (dg_name_is_at_or_under(name, zone)) {
		n -= strcmp(zone, ".") == 0 ? 0 : strlen(zone);
	}
	return dg_strndup(a, name, n - 1);
}

const char *dg_name_plain(struct dg_arena *a, const char *name)
{
	size_t len = strlen(name);

	return len > 1 && name[len - 1] == '.' ? dg_strndup(a, name, len - 1) : name;
}
