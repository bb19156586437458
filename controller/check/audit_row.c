#include "controller/check/audit_row.h"

#include "controller/check/audit_belt.h"
#include "zones/base/buf.h"
#include "zones/base/sink.h"
#include "zones/check/check.h"

#include <string.h>

#define CODES_MAX   64u
#define DOMAIN      "{\"type\":\"domain\",\"line\":"
#define ERROR       "{\"type\":\"error\",\"line\":"
#define SUMMARY     "{\"type\":\"summary\","
#define LINE_DIGITS 18u

/* --- writing ---------------------------------------------------------------------------------- */
void dg_row_put_string(struct dg_buf *b, const char *text, size_t len)
{
	dg_buf_putc(b, '"');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\') {
			dg_buf_putc(b, '\\');
		}
		dg_buf_putc(b, text[i]);
	}
	dg_buf_putc(b, '"');
}

static void put_text(struct dg_buf *b, const char *text, bool is_csv)
{
	struct dg_buf safe;
	size_t len = text ? strnlen(text, DG_ROW_MAX / 16) : 0;

	dg_buf_init(&safe, DG_ROW_MAX / 2);
	dg_buf_put_safe(&safe, text ? text : "", len);
	(is_csv ? dg_buf_put_cell : dg_row_put_string)(b, safe.data, safe.len);
	dg_buf_done(&safe);
}

static void put_input(struct dg_buf *b, const struct dg_belt_line *line, bool is_csv)
{
	struct dg_buf safe;

	dg_buf_init(&safe, (size_t)DG_BELT_LINE_MAX * 16);
	dg_buf_put_safe(&safe, line->text, line->len);
	if (line->is_cut) {
		dg_buf_puts(&safe, "...");
	}
	(is_csv ? dg_buf_put_cell : dg_row_put_string)(b, safe.data, safe.len);
	dg_buf_done(&safe);
}

/* A domain, without the final dot. */
static void put_name(struct dg_buf *b, const char *name)
{
	size_t len = strlen(name);

	dg_buf_put_cell(b, name, len > 1 && name[len - 1] == '.' ? len - 1 : len);
}

static bool is_cause(const struct dg_finding *f)
{
	return f->severity == DG_SEVERITY_WARNING || f->severity == DG_SEVERITY_ERROR;
}

static void put_codes(struct dg_buf *b, const struct dg_check *c, bool is_csv)
{
	const char *seen[CODES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < c->n_findings && n < CODES_MAX; i++) {
		const char *code = c->findings[i].kind->code;
		bool is_new = is_cause(&c->findings[i]);

		for (size_t k = 0; k < n && is_new; k++) {
			is_new = strcmp(seen[k], code) != 0;
		}
		if (is_new) {
			dg_buf_printf(b, is_csv ? "%s%s" : "%s\"%s\"",
				n == 0   ? ""
				: is_csv ? " "
					 : ",",
				code);
			seen[n++] = code;
		}
	}
}

static const char *verdict_of(const struct dg_check *c)
{
	return dg_forgery_text(c->rulings[DG_IDENTITY_FROM][DG_CLASS_DOMAIN].forgery);
}

static void put_json(struct dg_buf *b, const struct dg_belt_line *line, const struct dg_check *c)
{
	dg_buf_printf(b, DOMAIN "%llu,\"input\":", (unsigned long long)line->no);
	put_input(b, line, false);
	dg_buf_printf(b, ",\"verdict\":\"%s\",\"codes\":[", verdict_of(c));
	put_codes(b, c, false);
	dg_buf_putc(b, ']');
	size_t at = b->len;
	dg_check_json(b, c, true);
	if (b->len > at) {
		b->data[at] = ','; /* where its brace was */
	}
	dg_buf_putc(b, '\n');
}

static const char *yes(bool is)
{
	return is ? "yes" : "no";
}

static const char *yes_if_known(bool is_known, bool is)
{
	return is_known ? yes(is) : "unknown";
}

static const char *backscatter_text(enum dg_backscatter b)
{
	switch (b) {
	case DG_BACKSCATTER_YES:
		return "yes";
	case DG_BACKSCATTER_NO:
		return "no";
	case DG_BACKSCATTER_UNKNOWN:
		break;
	}
	return "unknown";
}

void dg_row_put_header(struct dg_buf *b)
{
	dg_buf_puts(b, "line,input,verdict,codes,domain,exists,backscatter,sends,receives,parked");
	for (unsigned i = 0; i < DG_IDENTITIES; i++) {
		for (unsigned k = 0; k < DG_CLASSES; k++) {
			dg_buf_printf(b, ",%s/%s", dg_identity_text((enum dg_identity)i),
				dg_name_class_text((enum dg_name_class)k));
		}
	}
	dg_buf_puts(b, ",spf,record,why,error\r\n");
}

static void put_csv(struct dg_buf *b, const struct dg_belt_line *line, const struct dg_check *c)
{
	const struct dg_ruling *r = &c->rulings[DG_IDENTITY_FROM][DG_CLASS_DOMAIN];

	dg_buf_printf(b, "%llu,", (unsigned long long)line->no);
	put_input(b, line, true);
	dg_buf_printf(b, ",%s,", verdict_of(c));
	put_codes(b, c, true);
	dg_buf_putc(b, ',');
	put_name(b, c->domain);
	dg_buf_printf(b, ",%s,%s,%s,%s,%s", yes_if_known(!c->is_unknown, c->exists),
		backscatter_text(c->backscatter), yes_if_known(c->is_sends_known, c->sends),
		yes_if_known(c->is_receives_known, c->receives), yes(c->is_parked));
	for (unsigned i = 0; i < DG_IDENTITIES; i++) {
		for (unsigned k = 0; k < DG_CLASSES; k++) {
			dg_buf_printf(b, ",%s", dg_forgery_text(c->rulings[i][k].forgery));
		}
	}
	dg_buf_putc(b, ',');
	put_text(b, c->spf_record, true);
	dg_buf_putc(b, ',');
	put_text(b, r->record, true);
	dg_buf_putc(b, ',');
	put_text(b, r->why, true);
	dg_buf_puts(b, ",\r\n");
}

void dg_row_put_check(
	struct dg_buf *b, const struct dg_belt_line *line, const struct dg_check *c, bool is_csv)
{
	(is_csv ? put_csv : put_json)(b, line, c);
}

void dg_row_put_error(
	struct dg_buf *b, const struct dg_belt_line *line, const char *why, bool is_csv)
{
	dg_buf_printf(b, is_csv ? "%llu," : ERROR "%llu,\"input\":", (unsigned long long)line->no);
	put_input(b, line, is_csv);
	if (is_csv) {
		dg_buf_puts(b, ",error,,,,,,,");
		for (unsigned i = 0; i < DG_IDENTITIES * DG_CLASSES; i++) {
			dg_buf_putc(b, ',');
		}
		dg_buf_puts(b, ",,,,");
	} else {
		dg_buf_puts(b, ",\"error\":");
	}
	put_text(b, why, is_csv);
	dg_buf_puts(b, is_csv ? "\r\n" : "}\n");
}

/* --- reading ---------------------------------------------------------------------------------- */
/* FNV-1a. */
static uint32_t key_of(const char *p, size_t len)
{
	uint32_t h = 0x811c9dc5u;

	for (size_t i = 0; i < len; i++) {
		h = (h ^ (unsigned char)p[i]) * 0x01000193u;
	}
	return h ? h : 1;
}

uint32_t dg_row_key(struct dg_buf *b, const struct dg_belt_line *line, bool is_csv)
{
	dg_buf_clear(b);
	put_input(b, line, is_csv);
	return key_of(b->data, b->len);
}

struct scan {
	const char *at, *end;
};

static bool skip(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0) {
		return false;
	}
	s->at += len;
	return true;
}

static bool read_number(struct scan *s, uint64_t *ret)
{
	const char *begin = s->at;
	uint64_t n = 0;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9' && s->at - begin < LINE_DIGITS) {
		n = n * 10 + (uint64_t)(*s->at++ - '0');
	}
	*ret = n;
	return s->at > begin && n > 0;
}

/* From the opening quote to the one that ends it. */
static bool read_quoted(struct scan *s, bool is_csv, struct dg_row *row)
{
	const char *begin = s->at;

	if (!skip(s, "\"")) {
		return false;
	}
	while (s->at < s->end) {
		char c = *s->at++;

		bool has_more = s->at < s->end;
		bool is_escape =
			is_csv ? c == '"' && has_more && *s->at == '"' : c == '\\' && has_more;
		if (is_escape) {
			s->at++;
		} else if (c == '"') {
			row->key = key_of(begin, (size_t)(s->at - begin));
			return true;
		}
	}
	return false;
}

static bool read_until(struct scan *s, char end, const char **ret, size_t *ret_len)
{
	const char *p = memchr(s->at, end, (size_t)(s->end - s->at));

	if (!p) {
		return false;
	}
	*ret = s->at;
	*ret_len = (size_t)(p - s->at);
	s->at = p + 1;
	return true;
}

static int read_json(struct scan *s, struct dg_row *row)
{
	if (skip(s, SUMMARY)) {
		row->kind = DG_ROW_SUMMARY;
		return 0;
	}
	row->kind = skip(s, ERROR) ? DG_ROW_ERROR : DG_ROW_DOMAIN;
	if (row->kind == DG_ROW_DOMAIN && !skip(s, DOMAIN)) {
		return 1;
	}
	if (!read_number(s, &row->line) || !skip(s, ",\"input\":") || !read_quoted(s, false, row) ||
		s->end[-1] != '}') {
		return 1;
	}
	if (row->kind == DG_ROW_ERROR) {
		return !skip(s, ",\"error\":");
	}
	return !skip(s, ",\"verdict\":\"") ||
	       !read_until(s, '"', &row->verdict, &row->verdict_len) || !skip(s, ",\"codes\":[") ||
	       !read_until(s, ']', &row->codes, &row->codes_len);
}

static int read_csv(struct scan *s, struct dg_row *row)
{
	if (skip(s, "line,input,verdict,codes,")) {
		row->kind = DG_ROW_HEADER;
		return s->end[-1] != '\r';
	}
	if (!read_number(s, &row->line) || !skip(s, ",") || !read_quoted(s, true, row) ||
		!skip(s, ",") || s->end[-1] != '\r') {
		return 1;
	}
	row->kind = skip(s, "error,") ? DG_ROW_ERROR : DG_ROW_DOMAIN;
	if (row->kind == DG_ROW_ERROR) {
		return 0;
	}
	return !read_until(s, ',', &row->verdict, &row->verdict_len) ||
	       !read_until(s, ',', &row->codes, &row->codes_len);
}

int dg_row_read(const char *text, size_t len, bool is_csv, struct dg_row *ret_row)
{
	struct scan s = {text, text + len};

	*ret_row = (struct dg_row){.line = 0};
	return len == 0 ? 1 : (is_csv ? read_csv : read_json)(&s, ret_row);
}

bool dg_row_may_begin(const char *text, size_t len, bool is_csv)
{
	static const char json[] = "{\"type\":\"";
	static const char csv[] = "line,input,verdict,codes,";
	const char *word = is_csv ? csv : json;
	size_t n = is_csv ? sizeof(csv) - 1 : sizeof(json) - 1;

	if (is_csv && len > 0 && text[0] >= '1' && text[0] <= '9') {
		return true;
	}
	return memcmp(text, word, len < n ? len : n) == 0;
}

static bool is_code(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool dg_row_next_code(
	const struct dg_row *row, const char **at, const char **ret_code, size_t *ret_len)
{
	const char *end = row->codes + row->codes_len;
	const char *p = *at;

	while (p < end && !is_code(*p)) {
		p++;
	}
	*ret_code = p;
	while (p < end && is_code(*p)) {
		p++;
	}
	*ret_len = (size_t)(p - *ret_code);
	*at = p;
	return *ret_len > 0;
}
