#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/chars.h"
#include "zones/mail/lint.h"
#include "zones/mail/tags.h"
#include "zones/mail/tlspolicy.h"
#include "zones/mail/uri.h"

#include <string.h>

#define ID_MAX 32u

static const char record_rule[] = "RFC 8461 section 3.1";

bool dg_sts_is_record(const char *text, size_t len)
{
	static const char head[] = "v=STSv1;";

	return len >= sizeof(head) - 1 && memcmp(text, head, sizeof(head) - 1) == 0;
}

static const char *id_fault(const char *id, size_t len)
{
	if (len == 0 || len > ID_MAX) {
		return "it has not 1 to 32 characters";
	}
	for (size_t i = 0; i < len; i++) {
		if (!dg_is_alnum(id[i])) {
			return "it may hold letters and digits only";
		}
	}
	return NULL;
}

const char *dg_sts_id_fault(const char *id)
{
	return id_fault(id, strnlen(id, ID_MAX + 1));
}

static bool is_tight(const struct dg_tag *t)
{
	return t->value && t->name_len > 0 && t->value == t->name + t->name_len + 1;
}

static void read_id(
	struct dg_arena *a, const struct dg_tag *t, const char **ret_id, struct dg_lints *lints)
{
	const char *fault = id_fault(t->value, t->value_len);

	if (*ret_id) {
		dg_lint(lints, DG_LEVEL_ERROR, "sts-duplicate-id", record_rule, t->column,
			"id= stands twice");
	} else if (fault) {
		dg_lint(lints, DG_LEVEL_ERROR, "sts-bad-id", record_rule, t->column, "id=%s: %s",
			dg_lint_seen(lints, t->value, t->value_len), fault);
	} else {
		*ret_id = dg_strndup(a, t->value, t->value_len);
	}
}

void dg_sts_parse(struct dg_arena *a, const char *text, size_t len, const char **ret_id,
	struct dg_lints *lints)
{
	struct dg_tag t;
	size_t pos = 0;
	bool has_id = false;

	*ret_id = NULL;
	if (len > DG_TLS_TEXT_MAX || !dg_sts_is_record(text, len)) {
		dg_lint(lints, DG_LEVEL_ERROR, "sts-version", record_rule, 1,
			"\"%s\" is not an MTA-STS record of at most %u octets: it begins with "
			"\"v=STSv1;\", exactly so",
			dg_lint_seen(lints, text, len), DG_TLS_TEXT_MAX);
		return;
	}
	(void)dg_tag_next(text, len, &pos, &t);
	while (dg_tag_next(text, len, &pos, &t)) {
		if (!is_tight(&t)) {
			dg_lint(lints, DG_LEVEL_ERROR, "sts-syntax", record_rule, t.column,
				"\"%s\": expected name=value without spaces around '='",
				dg_lint_seen(lints, t.name, t.name_len));
		} else if (t.name_len == 2 && memcmp(t.name, "id", 2) == 0) {
			has_id = true;
			read_id(a, &t, ret_id, lints);
		} else {
			dg_lint(lints, DG_LEVEL_NOTE, "sts-unknown-field", record_rule, t.column,
				"the field \"%s\" is unknown and ignored",
				dg_lint_seen(lints, t.name, t.name_len));
		}
	}
	if (!has_id) {
		dg_lint(lints, DG_LEVEL_ERROR, "sts-no-id", record_rule, 0,
			"id= is missing: senders see by it that the policy changed");
	}
}

void dg_sts_print(struct dg_buf *b, const char *id)
{
	dg_buf_printf(b, "v=STSv1; id=%s;", id);
}

/* --- the policy file --------------------------------------------------------- */

static const char policy_rule[] = "RFC 8461 section 3.2";

struct policy_reader {
	struct dg_arena *arena;
	struct dg_lints *lints;
	struct dg_sts_policy *p;
	const char **mx;
	bool has_version;
	bool has_mode;
	bool has_max_age;
	size_t column;
};

static void read_version(struct policy_reader *r, const char *value, size_t len)
{
	if (len != 5 || memcmp(value, "STSv1", 5) != 0) {
		dg_lint(r->lints, DG_LEVEL_ERROR, "sts-policy-version", policy_rule, r->column,
			"version: %s: expected STSv1, exactly so",
			dg_lint_seen(r->lints, value, len));
	}
}

static void read_mode(struct policy_reader *r, const char *value, size_t len)
{
	static const char *const modes[] = {
		[DG_STS_NONE] = "none", [DG_STS_TESTING] = "testing", [DG_STS_ENFORCE] = "enforce"};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (len == strlen(modes[i]) && memcmp(value, modes[i], len) == 0) {
			r->p->mode = (enum dg_sts_mode)i;
			return;
		}
	}
	dg_lint(r->lints, DG_LEVEL_ERROR, "sts-policy-mode", policy_rule, r->column,
		"mode: %s: expected none, testing or enforce", dg_lint_seen(r->lints, value, len));
}

static void read_max_age(struct policy_reader *r, const char *value, size_t len)
{
	uint64_t seconds = 0;
	size_t i = 0;

	while (i < len && i < 10 && dg_is_digit(value[i])) {
		seconds = seconds * 10 + (uint64_t)(value[i++] - '0');
	}
	if (len == 0 || i < len || seconds > DG_STS_MAX_AGE_MAX) {
		dg_lint(r->lints, DG_LEVEL_ERROR, "sts-policy-max-age", policy_rule, r->column,
			"max_age: %s: expected seconds from 0 to %u",
			dg_lint_seen(r->lints, value, len), DG_STS_MAX_AGE_MAX);
		return;
	}
	r->p->max_age = (uint32_t)seconds;
}

static void read_mx(struct policy_reader *r, const char *value, size_t len)
{
	size_t skip = len > 2 && value[0] == '*' && value[1] == '.' ? 2 : 0;

	if (!dg_is_host_name(value + skip, len - skip)) {
		dg_lint(r->lints, DG_LEVEL_ERROR, "sts-policy-mx", policy_rule, r->column,
			"mx: %s: expected a host name, its first label may be *",
			dg_lint_seen(r->lints, value, len));
		return;
	}
	if (r->p->n_mx >= DG_STS_MX_MAX) {
		dg_lint(r->lints, DG_LEVEL_ERROR, "sts-policy-mx", policy_rule, r->column,
			"more than %u mx lines", DG_STS_MX_MAX);
		return;
	}
	if (!r->mx) {
		r->mx = dg_newn(r->arena, const char *, DG_STS_MX_MAX);
		r->p->mx = r->mx;
	}
	char *host = dg_strndup(r->arena, value, len);
	for (size_t i = 0; i < len; i++) {
		host[i] = dg_lower(host[i]);
	}
	r->mx[r->p->n_mx++] = host;
}

typedef void read_field(struct policy_reader *r, const char *value, size_t len);

/* Of a key that stands twice, the first one counts. */
static void read_once(
	struct policy_reader *r, bool *has, read_field *read, const char *value, size_t len)
{
	if (*has) {
		dg_lint(r->lints, DG_LEVEL_WARNING, "sts-policy-duplicate", policy_rule, r->column,
			"a key stands twice: the first one counts");
		return;
	}
	*has = true;
	read(r, value, len);
}

static void read_line(struct policy_reader *r, const char *line, size_t len)
{
	const char *colon = len > 0 ? memchr(line, ':', len) : NULL;

	if (!colon || colon == line) {
		dg_lint(r->lints, DG_LEVEL_WARNING, "sts-policy-syntax", policy_rule, r->column,
			"\"%s\" is not a line of the form key: value",
			dg_lint_seen(r->lints, line, len));
		return;
	}
	size_t key_len = (size_t)(colon - line);
	const char *value = colon + 1;
	size_t value_len = len - key_len - 1;
	while (value_len > 0 && dg_is_wsp(value[0])) {
		value++;
		value_len--;
	}
	if (key_len == 7 && memcmp(line, "version", 7) == 0) {
		read_once(r, &r->has_version, read_version, value, value_len);
	} else if (key_len == 4 && memcmp(line, "mode", 4) == 0) {
		read_once(r, &r->has_mode, read_mode, value, value_len);
	} else if (key_len == 7 && memcmp(line, "max_age", 7) == 0) {
		read_once(r, &r->has_max_age, read_max_age, value, value_len);
	} else if (key_len == 2 && memcmp(line, "mx", 2) == 0) {
		read_mx(r, value, value_len);
	}
}

static void check_complete(struct policy_reader *r)
{
	if (!r->has_version || !r->has_mode || !r->has_max_age) {
		dg_lint(r->lints, DG_LEVEL_ERROR, "sts-policy-incomplete", policy_rule, 0,
			"%s: is missing",
			!r->has_version ? "version"
			: !r->has_mode  ? "mode"
					: "max_age");
	} else if (r->p->mode != DG_STS_NONE && r->p->n_mx == 0) {
		dg_lint(r->lints, DG_LEVEL_ERROR, "sts-policy-no-mx", policy_rule, 0,
			"no mx: line: one or more are needed unless the mode is none");
	} else if (r->p->mode == DG_STS_ENFORCE && r->p->max_age < 86400) {
		dg_lint(r->lints, DG_LEVEL_WARNING, "sts-policy-short", "RFC 8461 section 10.2", 0,
			"max_age %u is below a day: an attacker who blocks the policy file need "
			"not wait long",
			(unsigned)r->p->max_age);
	}
}

void dg_sts_policy_parse(struct dg_arena *a, const char *text, size_t len,
	struct dg_sts_policy *ret_policy, struct dg_lints *lints)
{
	struct policy_reader r = {.arena = a, .lints = lints, .p = ret_policy};

	*ret_policy = (struct dg_sts_policy){.mode = DG_STS_NONE};
	if (len > DG_STS_POLICY_MAX) {
		dg_lint(lints, DG_LEVEL_ERROR, "sts-policy-too-long", policy_rule, 0,
			"the policy has %zu octets: more than %u", len, DG_STS_POLICY_MAX);
		return;
	}
	for (size_t i = 0; i < len;) {
		const char *end = memchr(text + i, '\n', len - i);
		size_t line_len = end ? (size_t)(end - text) - i : len - i;
		size_t shown = line_len - (line_len > 0 && text[i + line_len - 1] == '\r');

		r.column = i + 1;
		read_line(&r, text + i, shown);
		i += line_len + 1;
	}
	check_complete(&r);
}

void dg_sts_policy_print(struct dg_buf *b, const struct dg_sts_policy *p)
{
	static const char *const modes[] = {
		[DG_STS_NONE] = "none", [DG_STS_TESTING] = "testing", [DG_STS_ENFORCE] = "enforce"};

	dg_buf_printf(b, "version: STSv1\r\nmode: %s\r\n", modes[p->mode]);
	for (size_t i = 0; i < p->n_mx; i++) {
		size_t len = strlen(p->mx[i]);

		dg_buf_puts(b, "mx: ");
		dg_buf_put(b, p->mx[i], len - (len > 0 && p->mx[i][len - 1] == '.'));
		dg_buf_puts(b, "\r\n");
	}
	dg_buf_printf(b, "max_age: %u\r\n", (unsigned)p->max_age);
}
