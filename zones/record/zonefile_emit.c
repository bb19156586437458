/* Writes the edited text. It keeps account of what a reader of the new text would take for the owner and the TTL of a record
 * that names none, and writes them out where a change before it would have given it another one. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/rrset.h"
#include "zones/record/zonefile.h"
#include "zones/record/zonefile_parts.h"

#include <string.h>

struct emit {
	const struct dg_edit *e;
	const struct dg_zonefile *f;
	struct dg_buf *out;
	size_t pos;        /* of the old text: up to here all is written or left out */
	const char *owner; /* in force in the new text; NULL: none */
	const struct dg_statement
		*named; /* the last record whose owner was written in the old text */
	uint32_t default_ttl;
	uint32_t last_ttl;
	bool has_default_ttl;
	bool has_last_ttl;
};

static void copy_to(struct emit *m, size_t at)
{
	if (at > m->pos) {
		dg_buf_put(m->out, m->f->text + m->pos, at - m->pos);
		m->pos = at;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The blank that stands between the words of a statement: the one before its type. */
static const char *blank_of(const struct emit *m, const struct dg_statement *s)
{
	return s && s->type_at > s->start && m->f->text[s->type_at - 1] == '\t' ? "\t" : " ";
}

static const char *line_end_of(const struct emit *m, size_t end)
{
	return end >= 2 && m->f->text[end - 2] == '\r' && m->f->text[end - 1] == '\n' ? "\r\n"
										      : "\n";
}

/* The TTL that a record without one would get here. 1: none. */
static int ttl_in_force(const struct emit *m, uint32_t *ret_ttl)
{
	if (m->has_default_ttl || m->has_last_ttl) {
		*ret_ttl = m->has_default_ttl ? m->default_ttl : m->last_ttl;
		return 0;
	}
	return 1;
}

/* The owner of a record that had it from the record before, as that one wrote it where this still means the same. */
static void put_owner(struct emit *m, const struct dg_statement *s)
{
	const struct dg_statement *from = m->named;
	const char *text = s->owner;
	size_t len = strlen(s->owner);
	size_t n_blank = 0;

	if (from && from->origin == s->origin) {
		text = m->f->text + from->owner_at;
		len = from->owner_len;
	}
	while (m->f->text[s->start + n_blank] == ' ') {
		n_blank++;
	}
	dg_buf_put(m->out, text, len);
	if (n_blank > len) { /* the columns stay where they are */
		m->pos += len;
	}
}

/* TTL, behind what is written of the statement so far. */
static void put_ttl(struct emit *m, const struct dg_statement *s, uint32_t ttl)
{
	uint32_t given = 0;

	if (s->ttl_len > 0) {
		copy_to(m, s->ttl_at);
		if (s->ttl != ttl) {
			dg_buf_printf(m->out, "%u", (unsigned)ttl);
			m->pos = s->ttl_at + s->ttl_len;
		}
	} else if (ttl_in_force(m, &given) == 0 ? given != ttl : s->type != DG_TYPE_SOA) {
		copy_to(m, s->head_at);
		dg_buf_printf(m->out, "%u%s", (unsigned)ttl, blank_of(m, s));
	} else if (!m->has_default_ttl && !m->has_last_ttl) {
		m->default_ttl = ttl; /* the SOA's own MINIMUM, from here on for all */
		m->has_default_ttl = true;
	}
	m->last_ttl = ttl;
	m->has_last_ttl = true;
}

/* A whole record: absolute owner and explicit TTL mean the same wherever they stand. like: whose form it takes; NULL: none. */
static void put_record(
	struct emit *m, const struct dg_rrset *set, size_t k, const struct dg_statement *like)
{
	const char *blank = blank_of(m, like);
	char type[16];

	dg_buf_printf(m->out, "%s%s%u%s", set->owner, blank, (unsigned)set->ttl, blank);
	if (!like || like->has_class) {
		dg_buf_printf(m->out, "IN%s", blank);
	}
	dg_buf_printf(m->out, "%s%s", dg_type_text(set->type, type), blank);
	dg_rdata_print(m->out, set->type, &set->rdata[k]);
	m->owner = set->owner;
	m->last_ttl = set->ttl;
	m->has_last_ttl = true;
}

/* The serial's digits, when this is the SOA. */
static void put_serial(struct emit *m, const struct dg_statement *s)
{
	if (m->e->serial_len > 0 && s == &m->f->list[m->f->soa]) {
		copy_to(m, m->e->serial_at);
		dg_buf_printf(m->out, "%u", (unsigned)m->e->serial);
		m->pos = m->e->serial_at + m->e->serial_len;
	}
}

/* Statement i up to its comment. ret_head: what stands before its data in the new text, for records like it;
 * NULL: it cannot be repeated. */
static void emit_body(struct emit *m, size_t i, const char **ret_head)
{
	const struct dg_statement *s = &m->f->list[i];
	const struct dg_step *step = &m->e->steps[i];
	const struct dg_rrset *set = step->job ? step->job->set : NULL;
	size_t start = 0;

	*ret_head = NULL;
	copy_to(m, s->start);
	start = m->out->len;
	if (set && s->depth > 0 && step->deed == DG_DEED_REPLACE) {
		put_record(m, set, step->with, s);
		m->pos = s->body_end;
		return;
	}
	if (s->owner_len == 0 && (!m->owner || strcmp(m->owner, s->owner) != 0)) {
		put_owner(m, s);
	}
	m->owner = s->owner;
	put_ttl(m, s, set ? set->ttl : s->ttl);
	copy_to(m, s->type_end);
	if (set && s->depth == 0) {
		size_t at = s->type_end;

		while (is_blank(m->f->text[at])) {
			at++;
		}
		copy_to(m, at);
		/* MX(10 a) and TXT"x" have no blank: other data needs one */
		*ret_head = dg_printf(m->f->arena, "%.*s%s", (int)(m->out->len - start),
			m->out->data + start, at == s->type_end ? " " : "");
	}
	if (set && step->deed == DG_DEED_REPLACE) {
		bool is_apart = m->out->len > 0 && is_blank(m->out->data[m->out->len - 1]);

		dg_buf_puts(m->out, is_apart ? "" : " ");
		dg_rdata_print(m->out, set->type, &set->rdata[step->with]);
		m->pos = s->body_end;
	}
	put_serial(m, s);
	copy_to(m, s->body_end);
}

/* The records of job that have no line yet, each on one: beginning with head, or in full. */
static void put_rest(
	struct emit *m, struct dg_job *job, const char *head, const struct dg_statement *like)
{
	const char *line_end = line_end_of(m, like ? like->end : m->f->len);

	if (m->out->len > 0 && m->out->data[m->out->len - 1] != '\n') {
		dg_buf_puts(m->out, line_end);
	}
	for (size_t k = 0; k < job->set->n; k++) {
		if (job->is_there[k]) {
			continue;
		}
		if (head) {
			dg_buf_puts(m->out, head);
			dg_rdata_print(m->out, job->set->type, &job->set->rdata[k]);
		} else {
			put_record(m, job->set, k, like);
		}
		dg_buf_puts(m->out, line_end);
	}
	job->is_put = true;
}

static void emit_record(struct emit *m, size_t i)
{
	const struct dg_statement *s = &m->f->list[i];
	struct dg_job *job = m->e->steps[i].job;
	const char *head = NULL;

	m->named = s->owner_len > 0 ? s : m->named;
	if (m->e->steps[i].deed == DG_DEED_REMOVE) {
		copy_to(m, s->start);
		m->pos = s->end;
	} else {
		emit_body(m, i, &head);
		copy_to(m, s->end);
	}
	if (job && job->last == i && job->n_left > 0) {
		put_rest(m, job, head, s);
	}
}

void dg_edit_emit(const struct dg_edit *e, struct dg_buf *out)
{
	struct emit m = {.e = e, .f = e->f, .out = out};
	const struct dg_statement *last = NULL;

	for (size_t i = 0; i < e->f->n; i++) {
		const struct dg_statement *s = &e->f->list[i];

		if (s->kind == DG_STATEMENT_TTL) {
			m.default_ttl = s->ttl;
			m.has_default_ttl = true;
		}
		if (s->kind != DG_STATEMENT_RECORD) {
			continue;
		}
		last = s;
		emit_record(&m, i);
		for (size_t k = 0; e->steps[i].is_last && k < e->n_jobs; k++) {
			if (e->jobs[k].behind == i && e->jobs[k].n_left > 0 && !e->jobs[k].is_put) {
				put_rest(&m, &e->jobs[k], NULL, s);
			}
		}
	}
	copy_to(&m, e->f->len);
	for (size_t k = 0; k < e->n_jobs; k++) {
		if (e->jobs[k].n_left > 0 && !e->jobs[k].is_put) {
			put_rest(&m, &e->jobs[k], NULL, last);
		}
	}
}
