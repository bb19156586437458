/* What has to be out of zone.yaml before a sender is withdrawn or a key revoked: the line as it is, and as it should be. The file is its owner's:
 * nothing here writes it, so what is published and what the file says never differ. */
#include "controller/command/incident_run.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/engine/fleet.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"
#include "zones/mail/dkim_key.h"
#include "zones/mail/spf.h"
#include "zones/policy/amend.h"
#include "zones/policy/policy.h"

#include <string.h>

#define TERM_MAX 600u
#define SHOW_MAX ((size_t)64 << 10)

struct amending {
	struct dg_going *g;
	const char *about; /* a term as it is printed; a selector */
	bool is_quiet;
	size_t n_found;
};

struct place {
	struct dg_pos pos;
	size_t n_items; /* of the list that it stands in; 0: it is a key */
	const char *what;
};

/* --- the line ------------------------------------------------------------------------------------------------------ */
static const char *line_of(const struct dg_incident_body *file, unsigned number, size_t *ret_len)
{
	const char *p = file->p;
	const char *end = p + file->len;

	for (unsigned n = 1; n < number && p; n++) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	const char *stop = p ? memchr(p, '\n', (size_t)(end - p)) : NULL;
	*ret_len = !p ? 0 : stop ? (size_t)(stop - p) : (size_t)(end - p);
	*ret_len -= *ret_len > 0 && p[*ret_len - 1] == '\r';
	return p;
}

static void put_change(struct dg_buf *b, char sign, const char *text, size_t len)
{
	dg_buf_printf(b, "    %c ", sign);
	dg_buf_put_safe(b, text, len);
	dg_buf_putc(b, '\n');
}

static void show_json(
	struct dg_app *app, const struct place *p, const char *from, const char *to, bool is_gone)
{
	json_t *o =
		json_pack("{s:s, s:I}", "type", "incident-amend", "line", (json_int_t)p->pos.line);

	dg_json_set(o, "file", dg_json_text(p->pos.file));
	dg_json_set(o, "from", dg_json_text(from));
	dg_json_set(o, "to", is_gone ? json_null() : dg_json_text(to));
	dg_json_set(o, "what", dg_json_text(p->what));
	dg_report_json(app, o);
}

/* It was read a moment ago; what cannot be read again is named by its place alone. */
static void show(struct amending *x, const struct place *p)
{
	struct dg_app *app = x->g->app;
	struct dg_incident_body file = {0};
	struct dg_err err;
	struct dg_buf to;
	struct dg_buf b;
	size_t len = 0;
	bool is_gone = false;
	bool is_said = false;
	const char *line = "";

	dg_buf_init(&to, SHOW_MAX);
	dg_buf_init(&b, 4 * SHOW_MAX);
	if (dg_incident_slurp(x->g->arena, p->pos.file, &file, &err) == 0) {
		line = line_of(&file, p->pos.line, &len);
	}
	if (line && len > 0 && len < SHOW_MAX / 2) {
		is_said = p->n_items > 0 ? dg_amend_without(&to, line, len, p->pos.column,
						   p->n_items, &is_gone)
					 : dg_amend_value(&to, line, len, p->pos.column, "revoked");
	}
	if (app->args->is_json) {
		show_json(app, p, dg_strndup(x->g->arena, line ? line : "", len),
			is_said ? to.data : NULL, !is_said || is_gone);
	} else {
		dg_buf_puts(&b, "  ");
		dg_buf_put_safe(&b, p->pos.file, strlen(p->pos.file));
		dg_buf_printf(&b, ":%u: ", p->pos.line);
		dg_buf_put_safe(&b, p->what, strlen(p->what));
		dg_buf_putc(&b, '\n');
		put_change(&b, is_said ? '-' : ' ', line ? line : "", len);
		if (is_said && !is_gone) {
			put_change(&b, '+', to.data, to.len);
		}
		dg_app_out(app, &b);
	}
	dg_buf_done(&b);
	dg_buf_done(&to);
}

static void found(struct amending *x, const struct place *p)
{
	x->n_found++;
	if (!x->is_quiet) {
		show(x, p);
	}
}

/* --- what stands there ------------------------------------------------------------------------------------------------ */
static bool is_term(const struct dg_spf_term *t, const char *about)
{
	struct dg_buf b;

	dg_buf_init(&b, TERM_MAX);
	dg_spf_term_print(&b, t);
	bool is_it = strcmp(b.data + (b.data[0] == '+'), about) == 0;
	dg_buf_done(&b);
	return is_it;
}

static void find_term(struct amending *x, const struct dg_mail_spec *m)
{
	for (size_t i = 0; m->spf && i < m->spf->n; i++) {
		bool is_item = i < m->n_spf_terms;
		struct place p = {.pos = is_item ? m->spf_terms[i] : m->spf_pos,
			.n_items = is_item ? m->n_spf_terms : 1,
			.what = dg_incident_words(x->g->arena,
				DG_MESSAGE("take {text} out of spf:"), 0, 0, x->about)};

		if (is_term(&m->spf->terms[i], x->about)) {
			found(x, &p);
		}
	}
}

static void find_key(struct amending *x, const struct dg_mail_spec *m)
{
	for (size_t i = 0; i < m->n_dkim; i++) {
		struct place p = {.pos = m->dkim[i].pos,
			.what = dg_incident_words(x->g->arena,
				DG_MESSAGE("write `{text}: revoked` in dkim:"), 0, 0, x->about)};

		if (strcmp(m->dkim[i].selector, x->about) == 0 &&
			strcmp(m->dkim[i].text, DG_DKIM_REVOKED) != 0) {
			found(x, &p);
		}
	}
}

/* A term as a person writes it, as it is printed. NULL: it is none. */
static const char *term_of(struct dg_arena *a, const char *answer)
{
	struct dg_spf_term term = {0};
	struct dg_err err;
	struct dg_buf b;

	if (dg_spf_term_parse(a, answer, strlen(answer), &term, &err) < 0) {
		return NULL;
	}
	dg_buf_init(&b, TERM_MAX);
	dg_spf_term_print(&b, &term);
	const char *text = dg_strdup(a, b.data + (b.data[0] == '+'));
	dg_buf_done(&b);
	return text;
}

/* The policy is what is published, so what is to go has to be gone there; a fleet is looked at as a whole. */
static int find(struct amending *x, enum dg_playbook_verb verb, struct dg_err *err)
{
	struct dg_going *g = x->g;
	struct dg_policy *p = NULL;
	const char *document = NULL;
	int r = dg_app_open_fleet(g->app, &g->document, 1, err);

	while (r == 0) {
		r = dg_fleet_next(g->app->fleet, g->arena, &p, &document, err);
		for (size_t i = 0; r == 0 && i < p->n_mail; i++) {
			if (verb == DG_PLAYBOOK_WITHDRAW) {
				find_term(x, &p->mail[i]);
			} else {
				find_key(x, &p->mail[i]);
			}
		}
	}
	if (r < 0 && err->pos.file) {
		err->pos.file = dg_strdup(g->arena, err->pos.file); /* it was the fleet's */
	}
	g->app->fleet = dg_fleet_close(g->app->fleet);
	return r < 0 ? r : 0;
}

static int about_of(struct dg_going *g, enum dg_playbook_verb verb, const char *answer,
	const char **ret_about, struct dg_err *err)
{
	*ret_about = verb == DG_PLAYBOOK_WITHDRAW ? term_of(g->arena, answer) : answer;
	return *ret_about ? 0
			  : dg_fail(err, DG_EINPUT,
				    "%.60s is no term of SPF: expected what zone.yaml has, for "
				    "instance ip4:192.0.2.7 or include:_spf.provider.example",
				    answer);
}

int dg_amend_check(
	struct dg_going *g, enum dg_playbook_verb verb, const char *answer, struct dg_err *err)
{
	struct amending x = {.g = g, .is_quiet = true};
	int r = about_of(g, verb, answer, &x.about, err);

	r = r == 0 && g->document ? find(&x, verb, err) : r;
	if (r == 0 && g->document && x.n_found == 0) {
		dg_incident_tell(g->app,
			verb == DG_PLAYBOOK_WITHDRAW
				? DG_MESSAGE("  no spf: of zone.yaml names {text}: it is out "
					     "already, or meant otherwise")
				: DG_MESSAGE("  no dkim: of zone.yaml has a key {text} in force: "
					     "it is revoked already, or meant otherwise"),
			0, 0, x.about);
	}
	return r;
}

int dg_amend_look(struct dg_going *g, const struct dg_verb_order *o, struct dg_err *err)
{
	struct amending x = {.g = g};

	if ((o->verb != DG_PLAYBOOK_WITHDRAW && o->verb != DG_PLAYBOOK_REVOKE) || !o->about ||
		!g->document) {
		return 0;
	}
	int r = about_of(g, o->verb, o->about, &x.about, err);
	r = r == 0 ? find(&x, o->verb, err) : r;
	return r < 0 ? r : x.n_found > 0 ? 1 : 0;
}
