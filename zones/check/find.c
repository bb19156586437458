/* How a rule says what it found. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/check/rule.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX     1024u
#define EVIDENCE_MAX 4096u /* a longer record is cut */
#define REMEDY_MAX   60000u
#define RDATA_SHOWN  ((size_t)4 * 65535u + 1024u)

static const struct dg_kind *find_in(const struct rule *rule, const char *code, size_t *order)
{
	const struct dg_kind *k = rule->kinds;

	for (; k && k->code; k++, ++*order) {
		if (strcmp(k->code, code) == 0) {
			return k;
		}
	}
	return NULL;
}

static const struct dg_kind *find_kind(const char *code, size_t *ret_order)
{
	const struct dg_kind *k = NULL;

	*ret_order = 0;
	for (const struct rule *r = dg_rules; !k && (r->run || r->kinds); r++) {
		k = find_in(r, code, ret_order);
	}
	assert(k != NULL);
	return k;
}

static bool is_worse(const struct dg_kind *x, const struct kept *y)
{
	return x->severity == DG_SEVERITY_ERROR && y->finding.severity != DG_SEVERITY_ERROR;
}

/* Where the next finding goes. A flood of small ones must not hide an error: it takes the place of the last that is none. */
static struct kept **place(struct check *c, const struct dg_kind *kind)
{
	size_t i = c->n_kept;

	if (c->n_kept == c->cap_kept && c->cap_kept < DG_CHECK_FINDINGS_MAX) {
		size_t cap = c->cap_kept ? 4 * c->cap_kept : 16;
		struct kept **kept = dg_newn(c->arena, struct kept *, cap);

		if (c->n_kept > 0) {
			memcpy(kept, c->kept, c->n_kept * sizeof(struct kept *));
		}
		c->kept = kept;
		c->cap_kept = cap;
	}
	if (c->n_kept < c->cap_kept) {
		return &c->kept[c->n_kept++];
	}
	while (i > 0 && !is_worse(kind, c->kept[i - 1])) {
		i--;
	}
	return i > 0 ? &c->kept[i - 1] : NULL;
}

struct dg_finding *check_find(struct check *c, const char *code, const char *owner,
	const char *evidence, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	struct kept *k = dg_new(c->arena, struct kept);
	k->place = c->n_found++;
	k->finding = (struct dg_finding){.kind = find_kind(code, &k->order),
		.owner = owner,
		.evidence = evidence,
		.text = dg_strdup(c->arena, text)};
	k->finding.severity = k->finding.kind->severity;
	struct kept **at = place(c, k->finding.kind);
	if (at) {
		*at = k;
	}
	return &k->finding;
}

void check_find_unknown(struct check *c, const char *code, const struct dg_fact *fact,
	const char *owner, const char *what)
{
	if (fact->state == DG_FACT_UNKNOWN) {
		check_find(c, code, owner, NULL, "%s could not be looked up: %s", what,
			fact->why ? fact->why : "no answer")
			->severity = DG_SEVERITY_UNKNOWN;
	}
}

static enum dg_severity severity_of(enum dg_level level)
{
	switch (level) {
	case DG_LEVEL_ERROR:
		return DG_SEVERITY_ERROR;
	case DG_LEVEL_WARNING:
		return DG_SEVERITY_WARNING;
	case DG_LEVEL_NOTE:
		break;
	}
	return DG_SEVERITY_NOTE;
}

struct dg_finding *check_take_lint(
	struct check *c, const struct dg_lint *l, const char *owner, const char *evidence)
{
	struct dg_finding *f = check_find(c, l->code, owner, evidence, "%s", l->text);

	f->severity = severity_of(l->level);
	f->column = l->column;
	return f;
}

void check_take_lints(
	struct check *c, const struct dg_lints *lints, const char *owner, const char *evidence)
{
	for (size_t i = 0; i < lints->n; i++) {
		(void)check_take_lint(c, &lints->list[i], owner, evidence);
	}
}

/* --- evidence ----------------------------------------------------------------------------------- */
static void put_octet(struct dg_buf *b, uint8_t octet)
{
	if (octet == '"' || octet == '\\') {
		dg_buf_putc(b, '\\');
		dg_buf_putc(b, (char)octet);
	} else if (octet < 0x20 || octet >= 0x7f) {
		dg_buf_printf(b, "\\%03u", octet);
	} else {
		dg_buf_putc(b, (char)octet);
	}
}

static void put_txt(struct dg_buf *b, const struct dg_rdata *rd)
{
	for (size_t i = 0; i < rd->len && rd->wire[i] < rd->len - i; i += rd->wire[i] + 1u) {
		dg_buf_puts(b, i > 0 ? " \"" : "\"");
		for (size_t j = 1; j <= rd->wire[i]; j++) {
			put_octet(b, rd->wire[i + j]);
		}
		dg_buf_putc(b, '"');
	}
}

static const char *txt_text(struct check *c, const struct dg_rdata *rd)
{
	struct dg_buf b;

	dg_buf_init(&b, RDATA_SHOWN);
	put_txt(&b, rd);
	char *text = dg_strndup(c->arena, b.data, b.len);
	dg_buf_done(&b);
	return text;
}

const char *check_evidence(
	struct check *c, const char *owner, uint16_t type, const struct dg_rdata *rd)
{
	char type_text[16];
	struct dg_buf b;

	dg_buf_init(&b, RDATA_SHOWN);
	dg_buf_printf(&b, "%s %s ", check_shown(c, owner), dg_type_text(type, type_text));
	if (type == DG_TYPE_TXT) {
		put_txt(&b, rd);
	} else {
		dg_rdata_print(&b, type, rd);
	}
	char *text = b.len > EVIDENCE_MAX
			     ? dg_printf(c->arena, "%.*s...", (int)EVIDENCE_MAX, b.data)
			     : dg_strndup(c->arena, b.data, b.len);
	dg_buf_done(&b);
	return text;
}

const char *check_evidence_of(struct check *c, const char *owner, const struct dg_fact *fact)
{
	return fact->state == DG_FACT_FOUND && fact->set.n > 0
		       ? check_evidence(c, owner, fact->set.type, &fact->set.rdata[0])
		       : NULL;
}

static const char *joined(struct check *c, const struct dg_rdata *rd)
{
	size_t len = dg_txt_len(rd);
	const char *from = dg_txt_join(c->arena, rd);

	if (memchr(from, '\0', len) == NULL) {
		return from;
	}
	char *text = dg_memdup(c->arena, from, len + 1);
	for (size_t i = 0; i < len; i++) {
		text[i] = (char)(text[i] != '\0' ? text[i] : '\1');
	}
	return text;
}

size_t check_texts(struct check *c, const struct dg_fact *fact,
	bool (*is_record)(const char *text, size_t len), const char *const **ret_texts)
{
	const char **texts = NULL;
	size_t n = 0;

	*ret_texts = NULL;
	if (fact->state != DG_FACT_FOUND || fact->set.type != DG_TYPE_TXT) {
		return 0;
	}
	for (size_t i = 0; i < fact->set.n; i++) {
		const char *text = joined(c, &fact->set.rdata[i]);

		if (!is_record(text, strlen(text))) {
			continue;
		}
		if (!texts) {
			texts = dg_newn(c->arena, const char *, fact->set.n - i);
		}
		texts[n++] = text;
	}
	*ret_texts = texts;
	return n;
}

const char *check_evidence_txt(
	struct check *c, const char *owner, const struct dg_fact *fact, const char *text)
{
	for (size_t i = 0; fact->state == DG_FACT_FOUND && i < fact->set.n; i++) {
		const struct dg_rdata *rd = &fact->set.rdata[i];

		if (dg_txt_len(rd) == strlen(text) && strcmp(joined(c, rd), text) == 0) {
			return check_evidence(c, owner, DG_TYPE_TXT, rd);
		}
	}
	return NULL;
}

/* --- remedies ----------------------------------------------------------------------------------- */
const char *check_line(struct check *c, const char *owner, const char *rest)
{
	return dg_printf(c->arena, "%s %s", owner, rest);
}

const char *check_line_txt(struct check *c, const char *owner, const char *text)
{
	struct dg_rdata rd = dg_txt_make(c->arena, text, strnlen(text, REMEDY_MAX));

	return dg_printf(c->arena, "%s TXT %s", owner, txt_text(c, &rd));
}

const char *check_yaml_name(struct check *c, const char *owner)
{
	const char *zone = c->in->zone ? c->in->zone->apex : c->in->domain;

	return dg_name_relative(c->arena, owner, zone);
}
