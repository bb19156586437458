#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/lex.h"
#include "zones/record/name.h"
#include "zones/record/rrset.h"
#include "zones/record/zonefile.h"
#include "zones/record/zonefile_parts.h"

#include <string.h>
#include <strings.h>

#define SHOWN_MAX ((size_t)60) /* bytes of a bad word that a message quotes */

struct scan {
	struct dg_zonefile *f;
	struct dg_lex lex;
	struct dg_token token;
	const char *origin;
	const char *owner;                /* of the last record; NULL: none yet */
	const struct dg_statement *named; /* the last record that had its owner written */
	uint32_t default_ttl;
	uint32_t last_ttl;
	bool has_default_ttl;
	bool has_last_ttl;
	struct dg_err *err;
};

struct dg_pos dg_zonefile_pos(const struct dg_zonefile *f, size_t at)
{
	struct dg_pos pos = {.file = f->file, .line = 1};
	size_t start = 0;

	for (size_t i = 0; i < at && i < f->len; i++) {
		if (f->text[i] == '\n') {
			pos.line++;
			start = i + 1;
		}
	}
	pos.column = (unsigned)(at - start + 1);
	return pos;
}

int dg_zonefile_place(const struct dg_zonefile *f, size_t at, int rc, struct dg_err *err)
{
	err->pos = dg_zonefile_pos(f, at);
	return rc;
}

static int fail(struct scan *s, size_t at, const char *why)
{
	struct dg_pos pos = dg_zonefile_pos(s->f, at);

	return dg_fail_at(s->err, &pos, DG_EINPUT, "%s", why);
}

/* The same with the word at s->token. */
static int fail_word(struct scan *s, const char *why)
{
	struct dg_pos pos = dg_zonefile_pos(s->f, s->token.at);
	size_t n = s->token.len < SHOWN_MAX ? s->token.len : SHOWN_MAX;
	struct dg_buf shown;

	dg_buf_init(&shown, 8 * SHOWN_MAX);
	dg_buf_put_safe(&shown, s->f->text + s->token.at, n);
	(void)dg_fail_at(s->err, &pos, DG_EINPUT, "\"%s\": %s", shown.data, why);
	dg_buf_done(&shown);
	return DG_EINPUT;
}

static int next(struct scan *s)
{
	const char *why = dg_lex_next(&s->lex, &s->token);

	return why ? fail(s, s->token.at, why) : 0;
}

static const char *text_of(const struct scan *s)
{
	return s->f->text + s->token.at;
}

static bool is_end(const struct scan *s)
{
	return s->token.kind == DG_TOKEN_NEWLINE || s->token.kind == DG_TOKEN_END;
}

static bool is_word(const struct scan *s, const char *word)
{
	return s->token.kind == DG_TOKEN_WORD && strlen(word) == s->token.len &&
	       strncasecmp(text_of(s), word, s->token.len) == 0;
}

/* Passes over the rest of the statement. ret_n: how many tokens. */
static int skip(struct scan *s, size_t *ret_n)
{
	size_t n = 0;
	int r = next(s);

	while (r == 0 && !is_end(s)) {
		n++;
		r = next(s);
	}
	*ret_n = n;
	return r;
}

static int name_here(struct scan *s, const char **ret_name)
{
	if (s->token.kind == DG_TOKEN_STRING) {
		return fail_word(s, "a name in quotes; write it without them");
	}
	if (s->token.kind != DG_TOKEN_WORD) {
		return fail(s, s->token.at, "a name was expected here");
	}
	int r = dg_name_parse(s->f->arena, text_of(s), s->token.len, s->origin, ret_name, s->err);
	return r < 0 ? dg_zonefile_place(s->f, s->token.at, r, s->err) : 0;
}

/* 0: an IN. 1: not a class. */
static int class_here(struct scan *s)
{
	if (is_word(s, "IN") || is_word(s, "CLASS1")) {
		return 0;
	}
	if (is_word(s, "CH") || is_word(s, "HS") || is_word(s, "CS") || is_word(s, "ANY") ||
		is_word(s, "NONE") ||
		(s->token.len > 5 && strncasecmp(text_of(s), "CLASS", 5) == 0)) {
		return fail_word(s, "only class IN is known here");
	}
	return 1;
}

static int ttl_here(struct scan *s, uint32_t *ret_ttl)
{
	if (s->token.kind != DG_TOKEN_WORD ||
		dg_seconds_parse(text_of(s), s->token.len, DG_TTL_MAX, ret_ttl) != 0) {
		return fail_word(s, "expected a TTL: seconds up to 2147483647, or with units as "
				    "1h30m (RFC 2181 section 8)");
	}
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* TTL and class in either order, then the type: fills st. The token is the one before all these. */
static int head(struct scan *s, struct dg_statement *st)
{
	for (;;) {
		int r = next(s);
		if (r < 0) {
			return r;
		}
		if (s->token.kind != DG_TOKEN_WORD) {
			return fail(s, s->token.at,
				"a record without type: expected TTL, class or type here");
		}
		if (is_digit(*text_of(s)) && st->ttl_len == 0) {
			r = ttl_here(s, &st->ttl);
			if (r < 0) {
				return r;
			}
			st->ttl_at = (uint32_t)s->token.at;
			st->ttl_len = (uint32_t)s->token.len;
			continue;
		}
		r = st->has_class ? 1 : class_here(s);
		if (r < 0) {
			return r;
		}
		if (!st->has_class) {
			st->head_at = (uint32_t)s->token.at;
		}
		if (r == 1) {
			break;
		}
		st->has_class = true;
	}
	if (dg_type_parse(text_of(s), s->token.len, &st->type) != 0) {
		return fail_word(s, "not a known record type; an unknown one is written as "
				    "TYPE65280 (RFC 3597)");
	}
	st->type_at = (uint32_t)s->token.at;
	st->type_end = (uint32_t)(s->token.at + s->token.len);
	st->depth = (uint8_t)s->lex.depth;
	return 0;
}

/* The TTL of a record that has none written (RFC 1035 section 5.1, RFC 2308 section 4, as BIND reads them). */
static int inherit_ttl(struct scan *s, struct dg_statement *st)
{
	struct dg_rdata rd;

	if (s->has_default_ttl) {
		st->ttl = s->default_ttl;
		return 0;
	}
	if (s->has_last_ttl) {
		st->ttl = s->last_ttl;
		return 0;
	}
	if (st->type != DG_TYPE_SOA) {
		return fail(s, st->type_at,
			"no TTL: neither on the line, nor before it, nor as $TTL (RFC 2308 section "
			"4)");
	}
	int r = dg_statement_rdata(s->f, st, &rd, s->err);
	if (r < 0) {
		return r;
	}
	const uint8_t *p = rd.wire + rd.len - 4; /* MINIMUM */
	uint32_t minimum = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	st->ttl = minimum < DG_TTL_MAX ? minimum : DG_TTL_MAX;
	s->default_ttl = st->ttl;
	s->has_default_ttl = true;
	return 0;
}

/* The owner, written or that of the record before. */
static int owner_here(struct scan *s, struct dg_statement *st)
{
	const struct dg_zonefile *f = s->f;
	const struct dg_statement *was = s->named;

	st->owner_at = (uint32_t)s->token.at;
	st->owner_len = (uint32_t)s->token.len;
	if (s->token.kind == DG_TOKEN_WORD && st->owner_len == 1 && *text_of(s) == '@') {
		st->owner = s->origin;
	} else if (was && was->origin == s->origin && was->owner_len == st->owner_len &&
		   s->token.kind == DG_TOKEN_WORD &&
		   memcmp(f->text + was->owner_at, text_of(s), st->owner_len) == 0) {
		st->owner = was->owner;
		return 0;
	} else {
		int r = name_here(s, &st->owner);
		if (r < 0) {
			return r;
		}
	}
	if (!dg_name_is_at_or_under(st->owner, f->apex)) {
		struct dg_pos pos = dg_zonefile_pos(f, s->token.at);
		return dg_fail_at(s->err, &pos, DG_EINPUT,
			"%s is not in zone %s (a name without final dot is completed by $ORIGIN "
			"%s)",
			st->owner, f->apex, s->origin);
	}
	return 0;
}

static int soa_here(struct scan *s, const struct dg_statement *st)
{
	if (st->type != DG_TYPE_SOA) {
		return 0;
	}
	if (strcmp(st->owner, s->f->apex) != 0) {
		return fail(s, st->type_at,
			"a SOA that is not at the top of the zone (RFC 1034 section 4.2.1)");
	}
	if (s->f->soa != SIZE_MAX) {
		return fail(s, st->type_at, "a second SOA (RFC 1035 section 5.2)");
	}
	s->f->soa = s->f->n;
	return 0;
}

/* s->token is the first of the statement. */
static int record(struct scan *s, struct dg_statement *st, bool is_indented)
{
	size_t n = 0;
	int r = 0;

	if (is_indented) {
		if (!s->owner) {
			return fail(s, s->token.at,
				"a record without owner: no record before it names one (RFC 1035 "
				"section 5.1)");
		}
		st->owner = s->owner;
		s->lex.pos = st->start; /* head() begins with the token that was looked at */
		s->lex.depth = 0;
	} else {
		r = owner_here(s, st);
	}
	r = r < 0 ? r : head(s, st);
	r = r < 0 ? r : skip(s, &n);
	if (r < 0) {
		return r;
	}
	if (n == 0) {
		return fail(s, st->type_at, "a record without data");
	}
	st->body_end = (uint32_t)s->lex.end;
	st->end = (uint32_t)s->lex.pos;
	r = soa_here(s, st);
	if (r == 0 && st->ttl_len == 0) {
		r = inherit_ttl(s, st);
	}
	s->owner = st->owner;
	s->last_ttl = st->ttl;
	s->has_last_ttl = true;
	s->f->n_records++;
	return r;
}

/* What type a $GENERATE adds: "range lhs [ttl] [class] type rhs". 0: cannot tell. */
static int generated_type(struct scan *s, uint16_t *ret_type)
{
	uint16_t type = 0;
	bool is_found = false;
	int r = 0;

	for (size_t i = 0; r == 0 && !is_end(s); i++) {
		if (i > 2 && !is_found && s->token.kind == DG_TOKEN_WORD &&
			!is_digit(*text_of(s)) && !is_word(s, "IN")) {
			is_found = true;
			if (dg_type_parse(text_of(s), s->token.len, &type) != 0) {
				type = 0;
			}
		}
		r = next(s);
	}
	*ret_type = type;
	return r;
}

static int directive(struct scan *s, struct dg_statement *st)
{
	size_t n = 0;
	int r = 0;

	if (is_word(s, "$ORIGIN")) {
		st->kind = DG_STATEMENT_ORIGIN;
		r = next(s);
		r = r < 0 ? r : name_here(s, &s->origin);
	} else if (is_word(s, "$TTL")) {
		st->kind = DG_STATEMENT_TTL;
		r = next(s);
		r = r < 0 ? r : ttl_here(s, &s->default_ttl);
		s->has_default_ttl = true;
		st->ttl = s->default_ttl;
	} else if (is_word(s, "$INCLUDE") || is_word(s, "$GENERATE")) {
		st->kind = DG_STATEMENT_FOREIGN;
		s->f->has_foreign = true;
		bool is_include = is_word(s, "$INCLUDE");
		r = generated_type(s, &st->type);
		st->type = is_include ? 0 : st->type;
	} else {
		return fail_word(s, "not a directive that is known; they are $ORIGIN, $TTL, "
				    "$INCLUDE and $GENERATE");
	}
	if (r == 0 && !is_end(s)) {
		r = skip(s, &n);
	}
	if (r == 0 && n > 0) {
		return fail(s, st->start, "a directive with more words than it takes");
	}
	st->body_end = (uint32_t)s->lex.end;
	st->end = (uint32_t)s->lex.pos;
	return r;
}

/* 0: went on by one statement or blank line. 1: the end. */
static int statement(struct scan *s)
{
	struct dg_zonefile *f = s->f;
	size_t start = s->lex.pos;
	int r = next(s);

	if (r < 0 || is_end(s)) {
		return r < 0 ? r : s->token.kind == DG_TOKEN_END ? 1 : 0;
	}
	if (f->n == DG_ZONEFILE_STATEMENTS_MAX) {
		(void)fail(s, start, "more than 10 million statements");
		return s->err->rc = DG_ELIMIT;
	}
	bool is_indented =
		f->text[start] == ' ' || f->text[start] == '\t' || f->text[start] == '\r';
	struct dg_statement *st = &f->list[f->n];
	st->start = (uint32_t)start;
	st->origin = s->origin;
	if (!is_indented && s->token.kind == DG_TOKEN_WORD && *text_of(s) == '$') {
		r = directive(s, st);
	} else {
		r = record(s, st, is_indented);
	}
	if (r == 0 && st->owner_len > 0) {
		s->named = st;
	}
	f->n++;
	return r;
}

static size_t n_lines(const char *text, size_t len)
{
	const char *end = text + len;
	size_t n = 1;

	for (const char *p = text; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++) {
		n++;
	}
	return n;
}

/* What no zone file in text form begins with or holds. */
static int check_text(const struct dg_zonefile *f, struct dg_err *err)
{
	const char *nul = f->len > 0 ? memchr(f->text, '\0', f->len) : NULL;

	if (f->len > DG_ZONEFILE_MAX) {
		return dg_fail(err, DG_ELIMIT, "%s: larger than 256 MiB", f->file);
	}
	if (nul) {
		struct dg_pos pos = dg_zonefile_pos(f, (size_t)(nul - f->text));
		return dg_fail_at(err, &pos, DG_EINPUT,
			"a NUL byte: not a zone file in text form (named-checkzone -f raw -F text "
			"converts BIND's raw form)");
	}
	if (f->len >= 3 && memcmp(f->text, "\xef\xbb\xbf", 3) == 0) {
		struct dg_pos pos = dg_zonefile_pos(f, 0);
		return dg_fail_at(err, &pos, DG_EINPUT,
			"a byte order mark in front: save the file without it");
	}
	return 0;
}

/* NOLINTNEXTLINE(readability-function-size): text and length are one thing */
int dg_zonefile_scan(struct dg_arena *a, const char *text, size_t len, const char *apex,
	const char *file, struct dg_zonefile **ret_file, struct dg_err *err)
{
	struct dg_zonefile *f = dg_new(a, struct dg_zonefile);
	struct scan s = {.f = f, .lex = {.text = text, .len = len}, .err = err};
	int r = 0;

	*f = (struct dg_zonefile){.arena = a,
		.text = text,
		.len = len,
		.apex = dg_strdup(a, apex),
		.file = dg_strdup(a, file ? file : "zone file"),
		.soa = SIZE_MAX};
	r = check_text(f, err);
	if (r < 0) {
		return r;
	}
	f->list = dg_newn(
		a, struct dg_statement, n_lines(text, len)); /* a statement takes a line at least */
	s.origin = f->apex;
	do {
		r = statement(&s);
	} while (r == 0);
	if (r < 0) {
		return r;
	}
	*ret_file = f;
	return 0;
}

bool dg_zonefile_has_foreign(const struct dg_zonefile *f)
{
	return f->has_foreign;
}

bool dg_zonefile_may_hide(const struct dg_zonefile *f, uint16_t type)
{
	for (size_t i = 0; f->has_foreign && i < f->n; i++) {
		if (f->list[i].kind == DG_STATEMENT_FOREIGN &&
			(f->list[i].type == 0 || f->list[i].type == type)) {
			return true;
		}
	}
	return false;
}
