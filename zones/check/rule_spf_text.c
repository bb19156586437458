/* TXT records that are meant as SPF and are not, what older standards left behind, and strings that run together. */
#include "zones/base/arena.h"
#include "zones/check/rule.h"
#include "zones/check/rule_spf.h"
#include "zones/mail/chars.h"

#include <string.h>

#define OVERHEAD_HEADER 12u /* octets (RFC 1035 section 4.1) */
#define OVERHEAD_RR     12u /* a compressed owner, type, class, TTL, length */
#define ANSWER_MAX      512u

static bool begins(const char *text, const char *with)
{
	size_t n = strlen(with);

	return strlen(text) >= n && dg_is_word(text, n, with);
}

/* Where a record would begin if nothing stood in front of it. */
static const char *skip_front(const char *text)
{
	while (*text == ' ' || *text == '\t' || *text == '"' || *text == '\'' || *text == '\xc2' ||
		*text == '\xa0') {
		text++;
	}
	return text;
}

static const char *why_none(const char *text)
{
	const char *core = skip_front(text);

	if (begins(core, "v=spf1")) {
		return core != text     ? "something stands in front of v=spf1"
		       : core[6] == ';' ? "a semicolon stands behind v=spf1, where a space belongs"
					: "no space stands behind v=spf1";
	}
	if (begins(core, "v=spf ") || begins(core, "v=spf2") || begins(core, "v= spf1") ||
		begins(core, "v =spf1") || begins(core, "v:spf1") || begins(core, "spf1 ") ||
		begins(core, "spf=")) {
		return "it does not begin with v=spf1";
	}
	return NULL;
}

/* --- strings that meet ---------------------------------------------------------------------------- */
static size_t word_len(const uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < len && (dg_is_alnum((char)p[n]))) {
		n++;
	}
	return n;
}

/* Does a string begin with a whole term? */
static bool begins_term(const uint8_t *p, size_t len)
{
	static const struct {
		const char *name;
		const char *next; /* what follows the name; NUL stands for the end or a space */
		bool is_bare;
	} words[] = {
		{"all", "", true},
		{"a", ":/", false},
		{"mx", ":/", true},
		{"ptr", ":", false},
		{"include", ":", false},
		{"ip4", ":", false},
		{"ip6", ":", false},
		{"exists", ":", false},
		{"redirect", "=", false},
		{"exp", "=", false},
	};
	size_t at = len > 0 && strchr("+-~?", p[0]) && p[0] != '\0' ? 1 : 0;
	size_t n = word_len(p + at, len - at);
	size_t end = at + n;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!dg_is_word((const char *)p + at, n, words[i].name)) {
			continue;
		}
		return end == len || p[end] == ' '
			       ? words[i].is_bare
			       : p[end] != '\0' && strchr(words[i].next, p[end]) != NULL;
	}
	return false;
}

/* Can a term end in this octet? Not where a name or a macro goes on. */
static bool ends_term(uint8_t octet)
{
	return dg_is_alnum((char)octet) || octet == '}';
}

static void check_strings(struct check *c, const struct dg_rdata *rd)
{
	size_t column = 1;

	for (size_t i = 0; i < rd->len && rd->wire[i] < rd->len - i;) {
		size_t len = rd->wire[i];
		size_t next = i + 1 + len;
		size_t next_len = next < rd->len ? rd->wire[next] : 0;

		column += len;
		if (len > 0 && next_len > 0 && next_len < rd->len - next &&
			ends_term(rd->wire[next - 1]) &&
			begins_term(rd->wire + next + 1, next_len)) {
			check_find(c, "spf-joined", c->in->domain,
				check_evidence(c, c->in->domain, DG_TYPE_TXT, rd),
				"two strings meet at column %zu without a space: \"%.16s\" and "
				"\"%.16s\"",
				column,
				dg_lint_seen(&c->spf_lints,
					(const char *)rd->wire + next - (len < 16 ? len : 16),
					len < 16 ? len : 16),
				dg_lint_seen(&c->spf_lints, (const char *)rd->wire + next + 1,
					next_len < 16 ? next_len : 16))
				->column = column;
			return;
		}
		i = next;
	}
}

/* --- all ------------------------------------------------------------------------------------------- */
static void check_text(struct check *c, const struct dg_rdata *rd)
{
	const char *text = dg_txt_join(c->arena, rd);
	bool is_record = dg_spf_is_record(text, dg_txt_len(rd));
	const char *why = is_record ? NULL : why_none(text);

	if (is_record || why) {
		check_strings(c, rd);
	}
	if (begins(text, "spf2.0/")) {
		check_find(c, "spf-sender-id", c->in->domain,
			check_evidence(c, c->in->domain, DG_TYPE_TXT, rd),
			"a Sender ID record stands at %s", check_shown(c, c->in->domain));
	}
	if (why) {
		check_find(c, "spf-not-a-record", c->in->domain,
			check_evidence(c, c->in->domain, DG_TYPE_TXT, rd),
			"this is no SPF record: %s", why)
			->severity =
			c->out->n_spf_records == 0 ? DG_SEVERITY_ERROR : DG_SEVERITY_WARNING;
	}
}

void check_spf_texts(struct check *c)
{
	size_t size = OVERHEAD_HEADER + strlen(c->in->domain) + 5;

	if (c->txt->state != DG_FACT_FOUND) {
		return;
	}
	for (size_t i = 0; i < c->txt->set.n; i++) {
		size += OVERHEAD_RR + c->txt->set.rdata[i].len;
		check_text(c, &c->txt->set.rdata[i]);
	}
	if (size > ANSWER_MAX && c->out->n_spf_records > 0) {
		check_find(c, "spf-answer-large", c->in->domain, NULL,
			"%zu TXT record%s at %s make%s an answer of %zu octets", c->txt->set.n,
			c->txt->set.n == 1 ? "" : "s", check_shown(c, c->in->domain),
			c->txt->set.n == 1 ? "s" : "", size);
	}
}
