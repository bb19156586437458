/* A check as a person reads it: the verdict first, then what was found, the worst first, then what was seen. */
#include "zones/check/printing.h"

#include "zones/base/buf.h"
#include "zones/check/wrap.h"

#include <string.h>

#define RULINGS     ((size_t)DG_IDENTITIES * DG_CLASSES)
#define LABEL_WIDTH 16u
#define CELL_WIDTH  18u
#define INDENT      10u
#define FIELD       18u /* column of what follows "seen:" */

void print_safe(const struct printer *p, const char *s)
{
	dg_buf_put_safe(p->b, s, strlen(s));
}

void print_name(const struct printer *p, const char *name)
{
	size_t len = strlen(name);

	dg_buf_put_safe(p->b, name, len - (len > 1 && name[len - 1] == '.'));
}

void print_coloured(const struct printer *p, const char *colour, size_t width, const char *text)
{
	size_t len = strlen(text);

	if (p->style->has_colour && colour) {
		dg_buf_printf(p->b, "%s%s\033[0m", colour, text);
	} else {
		dg_buf_puts(p->b, text);
	}
	if (len < width) {
		dg_buf_printf(p->b, "%*s", (int)(width - len), "");
	}
}

void print_title(const struct printer *p, const char *title)
{
	dg_buf_putc(p->b, '\n');
	print_coloured(p, PRINT_BOLD, 0, title);
	dg_buf_putc(p->b, '\n');
}

/* --- the verdict ----------------------------------------------------------------------------------- */
static const char *const identities[DG_IDENTITIES] = {
	[DG_IDENTITY_FROM] = "header From",
	[DG_IDENTITY_MAIL_FROM] = "MAIL FROM",
	[DG_IDENTITY_HELO] = "HELO",
};

static const char *const classes[DG_CLASSES] = {
	[DG_CLASS_DOMAIN] = "the domain",
	[DG_CLASS_SUBDOMAIN] = "subdomains",
	[DG_CLASS_MISSING] = "missing names",
	[DG_CLASS_HOST] = "hosts",
};

static const char *forgery_words(enum dg_forgery f)
{
	switch (f) {
	case DG_FORGEABLE:
		return "forgeable";
	case DG_FORGEABLE_LENIENT:
		return "forgeable at some"; /* receivers */
	case DG_PROTECTED:
		return "protected";
	case DG_FORGERY_UNKNOWN:
		break;
	}
	return "could not tell";
}

static const char *forgery_colour(enum dg_forgery f)
{
	switch (f) {
	case DG_FORGEABLE:
		return PRINT_RED;
	case DG_FORGEABLE_LENIENT:
		return PRINT_YELLOW;
	case DG_PROTECTED:
		return PRINT_GREEN;
	case DG_FORGERY_UNKNOWN:
		break;
	}
	return PRINT_MAGENTA;
}

static const struct dg_ruling *ruling_at(const struct printer *p, size_t i)
{
	return &p->c->rulings[i / DG_CLASSES][i % DG_CLASSES];
}

static void print_table(const struct printer *p)
{
	dg_buf_printf(p->b, "\n%*s", (int)LABEL_WIDTH, "");
	for (size_t class = 0; class < DG_CLASSES; class ++) {
		bool is_last = class + 1 == DG_CLASSES;

		dg_buf_printf(p->b, "%-*s", is_last ? 0 : (int)CELL_WIDTH, classes[class]);
	}
	dg_buf_putc(p->b, '\n');
	for (size_t i = 0; i < RULINGS; i++) {
		const struct dg_ruling *r = ruling_at(p, i);
		bool is_last = i % DG_CLASSES + 1 == DG_CLASSES;

		if (i % DG_CLASSES == 0) {
			dg_buf_printf(
				p->b, "  %-*s", (int)LABEL_WIDTH - 2, identities[i / DG_CLASSES]);
		}
		print_coloured(p, r->name ? forgery_colour(r->forgery) : NULL,
			is_last ? 0 : CELL_WIDTH, r->name ? forgery_words(r->forgery) : "-");
		dg_buf_puts(p->b, is_last ? "\n" : "");
	}
}

static bool is_text_same(const char *x, const char *y)
{
	return x && y ? strcmp(x, y) == 0 : x == y;
}

static bool is_ruled_alike(const struct dg_ruling *x, const struct dg_ruling *y)
{
	return x->name && y->name && x->forgery == y->forgery &&
	       is_text_same(x->record, y->record) && is_text_same(x->why, y->why);
}

/* One reason, with all the places in the table that it stands for. */
static void print_reason(const struct printer *p, size_t at)
{
	const struct dg_ruling *r = ruling_at(p, at);
	struct dg_buf line;
	size_t last = DG_IDENTITIES;

	dg_buf_init(&line, 4096);
	for (size_t i = at; i < RULINGS; i++) {
		if (!is_ruled_alike(r, ruling_at(p, i))) {
			continue;
		}
		if (i / DG_CLASSES == last) {
			dg_buf_printf(&line, ", %s", classes[i % DG_CLASSES]);
		} else {
			dg_buf_printf(&line, "%s%s of %s", last < DG_IDENTITIES ? "; " : "",
				identities[i / DG_CLASSES], classes[i % DG_CLASSES]);
		}
		last = i / DG_CLASSES;
	}
	dg_buf_puts(p->b, "  ");
	print_coloured(p, forgery_colour(r->forgery), CELL_WIDTH + 1, forgery_words(r->forgery));
	check_wrap(p->b, CELL_WIDTH + 3, CELL_WIDTH + 3, line.data);
	dg_buf_done(&line);
	dg_buf_printf(p->b, "%*s", (int)CELL_WIDTH + 3, "");
	check_wrap(p->b, CELL_WIDTH + 3, CELL_WIDTH + 3, r->why ? r->why : "");
	if (r->record) {
		dg_buf_printf(p->b, "%*s", (int)CELL_WIDTH + 3, "");
		check_wrap(p->b, CELL_WIDTH + 3, CELL_WIDTH + 5, r->record);
	}
}

static bool is_told_before(const struct printer *p, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (is_ruled_alike(ruling_at(p, i), ruling_at(p, at))) {
			return true;
		}
	}
	return false;
}

static const char *headline(const struct dg_check *c)
{
	if (c->is_unknown) {
		return "nothing could be looked up";
	}
	switch (c->rulings[DG_IDENTITY_FROM][DG_CLASS_DOMAIN].forgery) {
	case DG_FORGEABLE:
		return "can be forged";
	case DG_FORGEABLE_LENIENT:
		return "can be forged at some receivers";
	case DG_PROTECTED:
		return "is protected";
	case DG_FORGERY_UNKNOWN:
		break;
	}
	return "could not tell whether it can be forged";
}

static const char *backscatter_words(enum dg_backscatter backscatter)
{
	switch (backscatter) {
	case DG_BACKSCATTER_YES:
		return "Backscatter can reach it";
	case DG_BACKSCATTER_NO:
		return "Backscatter cannot reach it";
	case DG_BACKSCATTER_UNKNOWN:
		break;
	}
	return "Could not tell whether backscatter can reach it";
}

void print_verdict(const struct printer *p)
{
	const struct dg_check *c = p->c;
	const struct dg_ruling *domain = &c->rulings[DG_IDENTITY_FROM][DG_CLASS_DOMAIN];
	const char *words = backscatter_words(c->backscatter);

	print_name(p, c->domain);
	dg_buf_puts(p->b, ": ");
	print_coloured(
		p, c->is_unknown ? PRINT_MAGENTA : forgery_colour(domain->forgery), 0, headline(c));
	dg_buf_puts(p->b, c->exists ? "" : " (the name does not exist)");
	dg_buf_puts(p->b, c->n_pending > 0 ? " (not finished)\n" : "\n");
	if (c->is_unknown) {
		return;
	}
	print_table(p);
	dg_buf_putc(p->b, '\n');
	for (size_t i = 0; i < RULINGS; i++) {
		if (ruling_at(p, i)->name && !is_told_before(p, i)) {
			print_reason(p, i);
		}
	}
	dg_buf_printf(p->b, "\n%s%s", words, c->backscatter_why ? ": " : "");
	check_wrap(p->b, strlen(words) + 2, 2, c->backscatter_why ? c->backscatter_why : "");
}

/* --- findings -------------------------------------------------------------------------------------------- */
static const char *severity_colour(enum dg_severity s)
{
	switch (s) {
	case DG_SEVERITY_ERROR:
		return PRINT_RED;
	case DG_SEVERITY_WARNING:
		return PRINT_YELLOW;
	case DG_SEVERITY_UNKNOWN:
		return PRINT_MAGENTA;
	case DG_SEVERITY_GOOD:
		return PRINT_GREEN;
	case DG_SEVERITY_NOTE:
		break;
	}
	return NULL;
}

static void print_field(const struct printer *p, const char *label, const char *text)
{
	dg_buf_printf(p->b, "%*s%-*s", (int)INDENT, "", (int)(FIELD - INDENT), label);
	check_wrap(p->b, FIELD, FIELD, text);
}

/* Lines to be copied: each one whole, whatever its length. */
static void print_lines(const struct printer *p, const char *lines)
{
	const char *label = "do:";

	while (*lines) {
		size_t len = strcspn(lines, "\n");

		dg_buf_printf(p->b, "%*s%-*s", (int)INDENT, "", (int)(FIELD - INDENT), label);
		dg_buf_put_safe(p->b, lines, len);
		dg_buf_putc(p->b, '\n');
		lines += len + (lines[len] == '\n');
		label = "";
	}
}

static void print_finding(const struct printer *p, const struct dg_finding *f)
{
	dg_buf_putc(p->b, '\n');
	print_coloured(p, severity_colour(f->severity), INDENT, dg_severity_text(f->severity));
	print_coloured(p, PRINT_BOLD, 0, f->kind->code);
	dg_buf_puts(p->b, "  ");
	print_name(p, f->owner ? f->owner : p->c->domain);
	dg_buf_printf(p->b, "\n%*s", (int)INDENT, "");
	check_wrap(p->b, INDENT, INDENT, f->text);
	if (f->evidence) {
		print_field(p, "seen:", f->evidence);
	}
	if (f->evidence && f->column > 0) {
		dg_buf_printf(p->b, "%*sat column %zu of the record\n", (int)FIELD, "", f->column);
	}
	if (f->server) {
		print_field(p, "at:", f->server);
	}
	print_field(p, "rule:", f->kind->rule);
	if (f->severity == DG_SEVERITY_GOOD) {
		return;
	}
	if (f->remedy) {
		print_lines(p, f->remedy);
	} else {
		print_field(p, "do:", f->kind->remedy);
	}
}

static void print_count(const struct printer *p, enum dg_severity s, const char *one,
	const char *many, bool *is_any)
{
	size_t n = p->c->n_by_severity[s];

	if (n > 0) {
		dg_buf_printf(p->b, "%s%zu %s", *is_any ? ", " : "", n, n == 1 ? one : many);
		*is_any = true;
	}
}

static void print_counts(const struct printer *p)
{
	bool is_any = false;

	dg_buf_putc(p->b, '\n');
	print_count(p, DG_SEVERITY_ERROR, "error", "errors", &is_any);
	print_count(p, DG_SEVERITY_WARNING, "warning", "warnings", &is_any);
	print_count(p, DG_SEVERITY_UNKNOWN, "thing that could not be told",
		"things that could not be told", &is_any);
	print_count(p, DG_SEVERITY_NOTE, "note", "notes", &is_any);
	dg_buf_puts(p->b, is_any ? "" : "nothing to complain about");
	if (p->c->n_by_severity[DG_SEVERITY_GOOD] > 0) {
		dg_buf_printf(p->b, "; %zu good%s", p->c->n_by_severity[DG_SEVERITY_GOOD],
			p->style->is_verbose ? "" : " (--verbose shows them)");
	}
	dg_buf_putc(p->b, '\n');
	if (p->c->n_findings_dropped > 0) {
		dg_buf_printf(p->b, "%zu more findings are not shown\n", p->c->n_findings_dropped);
	}
}

void print_findings(const struct printer *p)
{
	print_counts(p);
	for (size_t i = 0; i < p->c->n_findings; i++) {
		if (p->c->findings[i].severity != DG_SEVERITY_GOOD || p->style->is_verbose) {
			print_finding(p, &p->c->findings[i]);
		}
	}
}

void dg_check_print(struct dg_buf *b, const struct dg_check *c, const struct dg_check_style *style)
{
	struct printer p = {.b = b, .c = c, .style = style};

	print_verdict(&p);
	print_findings(&p);
	print_spf(&p);
	print_keys(&p);
	if (style->is_verbose) {
		print_walk(&p);
		print_servers(&p);
		print_records(&p);
	}
}
