/* dmarc: which policy is in force, by tree walk and by public suffix list, and what it means for a message. */
#include "controller/check/deep.h"
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/command/world.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"
#include "zones/check/parts.h"
#include "zones/mail/dmarc_find.h"
#include "zones/mail/facts.h"
#include "zones/mail/idn.h"
#include "zones/record/name.h"

#include <jansson.h>
#include <string.h>

#define TEXT_MAX ((size_t)16 << 20)
#define METHODS  2u

/* Whose policy is looked for. */
enum who {
	WHO_DOMAIN,
	WHO_SUBDOMAIN, /* one that exists and has no record of its own */
	WHO_MISSING,   /* one that nobody has made */
};
#define WHOS 3u

static const char *const who_keys[WHOS] = {"domain", "subdomain", "missing"};
static const char *const method_keys[METHODS] = {"walk", "psl"};

struct dmarc {
	struct dg_app *app;
	const char *names[WHOS]; /* NULL: too long to have names below it */
	struct dg_dmarc_found found[METHODS][WHOS];
	bool has_message;
	struct dg_dmarc_query query;
	struct dg_dmarc_outcome outcome;
};

/* --- facts ------------------------------------------------------------------------------------ */
/* The Internet with one more name in it, which exists and has no records. */
struct pretence {
	const struct dg_facts *real;
	const char *name;
	struct dg_fact there, not_there;
};

static const struct dg_fact *on_dns(void *arg, const char *owner, uint16_t type)
{
	const struct pretence *p = arg;

	if (strcmp(owner, p->name) == 0) {
		return &p->there;
	}
	return dg_name_is_at_or_under(owner, p->name) ? &p->not_there
						      : dg_fact(p->real, owner, type);
}

static void rule(void *arg, struct dg_arena *a, const struct dg_facts *facts)
{
	struct dmarc *x = arg;
	struct pretence pretence = {.real = facts,
		.name = x->names[WHO_SUBDOMAIN],
		.there = {.state = DG_FACT_NODATA},
		.not_there = {.state = DG_FACT_NXDOMAIN}};
	const struct dg_facts pretended = {.dns = on_dns, .arg = &pretence};

	for (unsigned m = 0; m < METHODS; m++) {
		for (unsigned who = 0; who < WHOS; who++) {
			if (x->names[who]) {
				dg_dmarc_find(a, x->names[who], (enum dg_dmarc_method)m,
					who == WHO_SUBDOMAIN ? &pretended : facts,
					&x->found[m][who]);
			}
		}
	}
	if (x->has_message) {
		dg_dmarc_eval(a, &x->query, facts, &x->outcome);
	}
}

/* --- text ------------------------------------------------------------------------------------- */
static const char *shown_who(struct dmarc *x, unsigned who)
{
	static const char *const texts[WHOS] = {
		NULL, "names under it without a record", "names under it that do not exist"};

	return who == WHO_DOMAIN ? dg_world_shown(x->app->arena, x->names[WHO_DOMAIN]) : texts[who];
}

static void put_policy(struct dg_buf *b, const struct dg_dmarc_found *f)
{
	switch (f->state) {
	case DG_DMARC_PENDING:
	case DG_DMARC_UNKNOWN:
		dg_buf_puts(b, "could not tell: ");
		dg_buf_put_safe(b, f->why ? f->why : "no answer in time",
			strlen(f->why ? f->why : "no answer in time"));
		return;
	case DG_DMARC_ABSENT:
		dg_buf_puts(b, "no policy");
		return;
	case DG_DMARC_FOUND:
		break;
	}
	dg_buf_puts(b, dg_dmarc_policy_text(f->policy));
	if (f->is_testing && f->applied != f->policy) {
		dg_buf_printf(b, ", but t=y: receivers apply %s", dg_dmarc_policy_text(f->applied));
	}
	dg_buf_printf(
		b, " (%s= at _dmarc.%.*s)", f->tag ? f->tag : "p", (int)strlen(f->at) - 1, f->at);
	if (f->is_repaired) {
		dg_buf_puts(b, "; p= is missing or not valid: taken as p=none for its rua=");
	}
}

static bool is_same(const struct dg_dmarc_found *p, const struct dg_dmarc_found *q)
{
	return p->state == q->state &&
	       (p->state != DG_DMARC_FOUND ||
		       (p->applied == q->applied && strcmp(p->at, q->at) == 0));
}

static bool do_differ(const struct dmarc *x)
{
	bool is_all_same = true;

	for (unsigned who = 0; who < WHOS; who++) {
		is_all_same = is_all_same &&
			      is_same(&x->found[DG_DMARC_WALK][who], &x->found[DG_DMARC_PSL][who]);
	}
	return !is_all_same;
}

static void put_policies(struct dmarc *x, struct dg_buf *b, enum dg_dmarc_method m)
{
	for (unsigned who = 0; who < WHOS; who++) {
		const struct dg_dmarc_found *f = &x->found[m][who];

		if (!x->names[who]) {
			continue;
		}
		dg_buf_printf(b, "  %s: ", shown_who(x, who));
		put_policy(b, f);
		if (who == WHO_MISSING && f->state == DG_DMARC_FOUND && !f->is_missing &&
			m == DG_DMARC_WALK) {
			dg_buf_puts(b, "; a wildcard makes every name exist, np= is never used");
		}
		dg_buf_putc(b, '\n');
	}
}

/* Several records at one name: receivers do one thing or the other. */
static void put_outcomes(struct dg_buf *b, const struct dg_dmarc_found *f)
{
	for (size_t i = 0; i < f->n_steps && !f->steps[i].is_used; i++) {
		const struct dg_dmarc_step *s = &f->steps[i];

		if (s->n_records < 2) {
			continue;
		}
		dg_buf_printf(b,
			"\n%.*s has %zu DMARC records, and receivers do one of two things:\n",
			(int)strlen(s->at) - 1, s->at, s->n_records);
		dg_buf_puts(b, "  those that discard all of them and go on to the domain above "
			       "(RFC 9989 section 4.10) find: ");
		put_policy(b, f);
		dg_buf_puts(b, "\n  those that stop there find: no policy\n");
		return;
	}
}

static void put_record(struct dg_buf *b, const char *record)
{
	dg_buf_puts(b, "      ");
	dg_buf_put_safe(b, record, strlen(record));
	dg_buf_putc(b, '\n');
}

static void put_steps(struct dmarc *x, struct dg_buf *b, const struct dg_dmarc_found *f)
{
	for (size_t i = 0; i < f->n_steps; i++) {
		const struct dg_dmarc_step *s = &f->steps[i];

		dg_buf_printf(b, "  %s %s: ", s->is_used ? "*" : " ",
			dg_world_shown(x->app->arena, s->at));
		dg_buf_put_safe(b, s->text, strlen(s->text));
		dg_buf_putc(b, '\n');
		if (s->record) {
			put_record(b, s->record);
		}
		for (size_t k = 0; k < s->n_more; k++) {
			put_record(b, s->more[k]);
		}
		if (s->n_records > s->n_more + 1) {
			dg_buf_printf(b, "      and %zu more\n", s->n_records - s->n_more - 1);
		}
	}
}

static void put_message(struct dmarc *x, struct dg_buf *b)
{
	const struct dg_dmarc_outcome *o = &x->outcome;

	dg_buf_printf(b, "%s: ", dg_dmarc_result_text(o->result));
	if (o->text) {
		dg_buf_put_safe(b, o->text, strlen(o->text));
	}
	dg_buf_printf(b, "\n  SPF   %s\n  DKIM  %s\n",
		o->is_spf_aligned ? "passes and is aligned" : "gives no aligned pass",
		o->is_dkim_aligned ? "passes and is aligned" : "gives no aligned pass");
	if (o->result == DG_DMARC_RESULT_FAIL) {
		dg_buf_printf(
			b, "  the policy asks for %s\n", dg_dmarc_policy_text(o->disposition));
	}
	dg_buf_putc(b, '\n');
}

static void print(struct dmarc *x, struct dg_buf *b)
{
	const struct dg_args *args = x->app->args;
	enum dg_dmarc_method first = args->is_psl ? DG_DMARC_PSL : DG_DMARC_WALK;
	static const char *const by[METHODS] = {
		"by tree walk (RFC 9989)", "by public suffix list (RFC 7489)"};

	if (x->has_message) {
		put_message(x, b);
	}
	dg_buf_printf(b, "policy in force %s:\n", by[first]);
	put_policies(x, b, first);
	if (do_differ(x)) {
		enum dg_dmarc_method other = first == DG_DMARC_WALK ? DG_DMARC_PSL : DG_DMARC_WALK;
		dg_buf_printf(b, "receivers differ: %s it is:\n", by[other]);
		put_policies(x, b, other);
	} else {
		dg_buf_printf(b, "%s it is the same\n",
			by[first == DG_DMARC_WALK ? DG_DMARC_PSL : DG_DMARC_WALK]);
	}
	put_outcomes(b, &x->found[first][WHO_DOMAIN]);
	dg_buf_puts(b, "\nhow it was found (* decides):\n");
	put_steps(x, b, &x->found[first][WHO_DOMAIN]);
	if (args->is_verbose) {
		dg_buf_printf(b,
			"\norganizational domain: %s by tree walk, %s by public suffix list\n",
			dg_world_shown(x->app->arena, x->found[DG_DMARC_WALK][0].org_domain),
			dg_world_shown(x->app->arena, x->found[DG_DMARC_PSL][0].org_domain));
	}
}

/* --- JSON ------------------------------------------------------------------------------------- */
static json_t *json_message(const struct dmarc *x)
{
	const struct dg_dmarc_outcome *o = &x->outcome;

	return json_pack("{s:s, s:b, s:b, s:o, s:o}", "result", dg_dmarc_result_text(o->result),
		"is_spf_aligned", (int)o->is_spf_aligned, "is_dkim_aligned",
		(int)o->is_dkim_aligned, "disposition",
		o->result == DG_DMARC_RESULT_FAIL
			? dg_json_text(dg_dmarc_policy_text(o->disposition))
			: json_null(),
		"text", dg_json_text(o->text));
}

static void print_json(const struct dmarc *x)
{
	json_t *o = json_pack("{s:s, s:o, s:b}", "type", "dmarc", "domain",
		dg_json_text(x->names[WHO_DOMAIN]), "do_methods_differ", (int)do_differ(x));

	for (unsigned m = 0; m < METHODS; m++) {
		json_t *views = json_object();

		for (unsigned who = 0; who < WHOS; who++) {
			(void)json_object_set_new(views, who_keys[who],
				x->names[who] ? dg_dmarc_found_json(&x->found[m][who])
					      : json_null());
		}
		(void)json_object_set_new(o, method_keys[m], views);
	}
	(void)json_object_set_new(o, "message", x->has_message ? json_message(x) : json_null());
	dg_report_json(x->app, o);
}

/* --- the command ------------------------------------------------------------------------------ */
static int read_spf(struct dmarc *x, const char *text, struct dg_err *err)
{
	size_t len = strcspn(text, ":");
	bool is_known = false;

	for (int r = DG_SPF_RESULT_NONE; r <= (int)DG_SPF_RESULT_PERMERROR && !is_known; r++) {
		const char *word = dg_spf_result_text((enum dg_spf_result)r);

		is_known = strlen(word) == len && strncmp(word, text, len) == 0;
		x->query.spf = (enum dg_spf_result)r;
	}
	if (!is_known) {
		return dg_fail(err, DG_EINPUT,
			"--spf wants pass, fail, softfail, neutral, none, temperror or permerror, "
			"and "
			"the MAIL FROM domain after a colon when it is another one "
			"(pass:m.example.com), "
			"not %s",
			text);
	}
	x->query.spf_domain = x->query.from;
	if (text[len] == ':') {
		int r = dg_domain_parse(x->app->arena, text + len + 1, strlen(text + len + 1),
			&x->query.spf_domain, err);
		return r < 0 ? dg_wrap(err, r, "--spf") : 0;
	}
	return 0;
}

static int read_dkim(struct dmarc *x, const char *text, struct dg_err *err)
{
	struct dg_arena *a = x->app->arena;
	const char *const *words = NULL;
	size_t n = dg_world_words(a, text, &words);
	struct dg_dmarc_dkim *dkim = dg_newn(a, struct dg_dmarc_dkim, n);

	for (size_t i = 0; i < n; i++) {
		int r = dg_domain_parse(a, words[i], strlen(words[i]), &dkim[i].domain, err);
		if (r < 0) {
			return dg_wrap(err, r, "--dkim");
		}
	}
	x->query.dkim = dkim;
	x->query.n_dkim = n;
	return 0;
}

static int read_words(struct dmarc *x, struct dg_err *err)
{
	const struct dg_args *args = x->app->args;
	struct dg_arena *a = x->app->arena;
	struct dg_err ignored;

	int r = dg_domain_parse(
		a, args->rest[0], strlen(args->rest[0]), &x->names[WHO_DOMAIN], err);
	if (r < 0) {
		return r;
	}
	for (unsigned who = WHO_SUBDOMAIN; who < WHOS; who++) {
		(void)dg_name_join(
			a, dg_probe_label(a), x->names[WHO_DOMAIN], &x->names[who], &ignored);
	}
	x->has_message = args->spf || args->dkim;
	x->query.from = x->names[WHO_DOMAIN];
	x->query.spf = DG_SPF_RESULT_NONE;
	x->query.method = args->is_psl ? DG_DMARC_PSL : DG_DMARC_WALK;
	r = args->spf ? read_spf(x, args->spf, err) : 0;
	return r == 0 && args->dkim ? read_dkim(x, args->dkim, err) : r;
}

static int status_of(const struct dmarc *x)
{
	if (x->has_message) {
		switch (x->outcome.result) {
		case DG_DMARC_RESULT_NONE:
		case DG_DMARC_RESULT_PASS:
			return DG_EXIT_OK;
		case DG_DMARC_RESULT_FAIL:
			return DG_EXIT_FINDINGS;
		case DG_DMARC_RESULT_PENDING:
		case DG_DMARC_RESULT_TEMPERROR:
			break;
		}
		return DG_EXIT_FAILED;
	}
	switch (x->found[x->query.method][WHO_DOMAIN].state) {
	case DG_DMARC_FOUND:
		return DG_EXIT_OK;
	case DG_DMARC_ABSENT:
		return DG_EXIT_FINDINGS;
	case DG_DMARC_PENDING:
	case DG_DMARC_UNKNOWN:
		break;
	}
	return DG_EXIT_FAILED;
}

int dg_cmd_dmarc(struct dg_app *app, const struct dg_args *args)
{
	struct dmarc *x = dg_new(app->arena, struct dmarc);
	struct dg_world world = {0};
	struct dg_buf b;
	struct dg_err err;

	x->app = app;
	int r = read_words(x, &err);
	r = r < 0 ? r : dg_world_open(app, NULL, &world, &err);
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	dg_world_inquire(app, &world, rule, x);
	if (args->is_json) {
		print_json(x);
	} else {
		dg_buf_init(&b, TEXT_MAX);
		print(x, &b);
		dg_app_out(app, &b);
		dg_buf_done(&b);
	}
	dg_world_close(&world);
	return status_of(x);
}
