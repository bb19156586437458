/* spf: check_host() for one client, or what a domain's record costs. */
#include "zones/mail/spf.h"
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/command/world.h"
#include "providers/net/loop.h"
#include "zones/base/address.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"
#include "zones/check/parts.h"
#include "zones/mail/facts.h"
#include "zones/mail/idn.h"
#include "zones/mail/spf_eval.h"
#include "zones/mail/spf_tree.h"

#include <jansson.h>
#include <string.h>

#define TEXT_MAX  ((size_t)16 << 20)
#define TREES_MAX 4u /* of a domain with several records */

struct spf {
	struct dg_app *app;
	const char *domain; /* canonical; NULL: not given */
	struct dg_spf_query query;
	struct dg_spf_outcome outcome;
	/* without --ip */
	const struct dg_fact *fact;
	const char *records[TREES_MAX];
	size_t n_records, n_trees;
	struct dg_spf_tree trees[TREES_MAX];
};

static void put_field(struct dg_buf *b, const char *name, const char *value)
{
	if (value) {
		dg_buf_printf(b, "  %-9s ", name);
		dg_buf_put_safe(b, value, strlen(value));
		dg_buf_putc(b, '\n');
	}
}

/* --- one message ------------------------------------------------------------------------------ */
static void rule_eval(void *arg, struct dg_arena *a, const struct dg_facts *facts)
{
	struct spf *x = arg;

	dg_spf_eval(a, &x->query, facts, &x->outcome);
}

static void put_trace(struct dg_buf *b, struct dg_arena *a, const struct dg_spf_outcome *o)
{
	for (size_t i = 0; i < o->n_steps; i++) {
		const struct dg_spf_step *s = &o->steps[i];

		dg_buf_printf(b, "  %*s%s", (int)s->depth * 2, "", dg_world_shown(a, s->domain));
		if (s->term) {
			dg_buf_putc(b, ' ');
			dg_buf_put_safe(b, s->term, strlen(s->term));
		}
		dg_buf_puts(b, ": ");
		dg_buf_put_safe(b, s->text, strlen(s->text));
		dg_buf_printf(b, " [%u, %u]\n", s->n_lookups, s->n_voids);
	}
	if (o->n_steps_dropped > 0) {
		dg_buf_printf(b, "  and %zu steps more\n", o->n_steps_dropped);
	}
}

static const char *meaning(enum dg_spf_result r)
{
	switch (r) {
	case DG_SPF_RESULT_PENDING:
		break;
	case DG_SPF_RESULT_NONE:
		return "the domain says nothing about who may send";
	case DG_SPF_RESULT_NEUTRAL:
		return "the domain does not say whether this client may send";
	case DG_SPF_RESULT_PASS:
		return "the client may send mail from this domain";
	case DG_SPF_RESULT_FAIL:
		return "the client may not send mail from this domain";
	case DG_SPF_RESULT_SOFTFAIL:
		return "the client is probably not allowed to send, but the domain does not ask to "
		       "refuse it";
	case DG_SPF_RESULT_TEMPERROR:
		return "could not tell now: a look-up failed";
	case DG_SPF_RESULT_PERMERROR:
		return "the record is broken: receivers cannot use it";
	}
	return "could not tell";
}

static void print_eval(struct spf *x, struct dg_buf *b)
{
	struct dg_arena *a = x->app->arena;
	const struct dg_spf_outcome *o = &x->outcome;
	char client[DG_ADDRESS_TEXT_MAX];
	struct dg_address address = {.is_ip6 = x->query.is_ip6};

	memcpy(address.octets, x->query.ip, sizeof(address.octets));
	dg_buf_printf(b, "%s: %s\n", dg_spf_result_text(o->result), meaning(o->result));
	put_field(b, "client", dg_address_text(&address, client));
	put_field(b, "domain",
		o->domain ? dg_printf(a, "%s (%s)", dg_world_shown(a, o->domain),
				    strcmp(o->identity, "helo") == 0 ? "of HELO" : "of MAIL FROM")
			  : NULL);
	if (o->mechanism) {
		put_field(b, "decided",
			o->mechanism_domain ? dg_printf(a, "%s in the record of %s", o->mechanism,
						      dg_world_shown(a, o->mechanism_domain))
					    : o->mechanism);
	}
	put_field(b, "problem",
		o->problem ? dg_printf(a, "%s%s%s%s", o->problem, o->rule ? " (" : "",
				     o->rule ? o->rule : "", o->rule ? ")" : "")
			   : NULL);
	put_field(b, "says", o->explanation);
	put_field(b, "record", o->record);
	dg_buf_printf(b, "  %-9s %u of %u look-ups, %u of %u void look-ups\n", "cost", o->n_lookups,
		DG_SPF_LOOKUPS_MAX, o->n_voids, DG_SPF_VOIDS_MAX);
	if (x->app->args->is_verbose) {
		dg_buf_puts(b, "\nstep by step, with look-ups and void look-ups so far:\n");
		put_trace(b, a, o);
	}
}

static json_t *json_steps(const struct dg_spf_outcome *o)
{
	json_t *list = json_array();

	for (size_t i = 0; i < o->n_steps; i++) {
		const struct dg_spf_step *s = &o->steps[i];

		(void)json_array_append_new(
			list, json_pack("{s:i, s:o, s:o, s:o, s:i, s:i}", "depth", (int)s->depth,
				      "domain", dg_json_text(s->domain), "term",
				      dg_json_text(s->term), "text", dg_json_text(s->text),
				      "lookups", (int)s->n_lookups, "voids", (int)s->n_voids));
	}
	return list;
}

static void json_eval(struct spf *x)
{
	const struct dg_spf_outcome *o = &x->outcome;
	const char qualifier[2] = {o->qualifier, '\0'};
	json_t *out = json_pack("{s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o}", "type", "spf", "result",
		dg_spf_result_text(o->result), "identity", dg_json_text(o->identity), "domain",
		dg_json_text(o->domain), "ip", x->app->args->ip, "mail_from",
		dg_json_text(x->query.mail_from), "helo", dg_json_text(x->query.helo), "record",
		dg_json_text(o->record));

	(void)json_object_set_new(out, "mechanism", dg_json_text(o->mechanism));
	(void)json_object_set_new(out, "mechanism_domain", dg_json_text(o->mechanism_domain));
	(void)json_object_set_new(
		out, "qualifier", o->qualifier ? dg_json_text(qualifier) : json_null());
	(void)json_object_set_new(out, "explanation", dg_json_text(o->explanation));
	(void)json_object_set_new(out, "problem", dg_json_text(o->problem));
	(void)json_object_set_new(out, "rule", dg_json_text(o->rule));
	(void)json_object_set_new(out, "lookups", json_integer((json_int_t)o->n_lookups));
	(void)json_object_set_new(out, "voids", json_integer((json_int_t)o->n_voids));
	if (x->app->args->is_verbose) {
		(void)json_object_set_new(out, "trace", json_steps(o));
	}
	dg_report_json(x->app, out);
}

static int status_of_eval(enum dg_spf_result r)
{
	switch (r) {
	case DG_SPF_RESULT_NONE:
	case DG_SPF_RESULT_NEUTRAL:
	case DG_SPF_RESULT_PASS:
		return DG_EXIT_OK;
	case DG_SPF_RESULT_FAIL:
	case DG_SPF_RESULT_SOFTFAIL:
	case DG_SPF_RESULT_PERMERROR:
		return DG_EXIT_FINDINGS;
	case DG_SPF_RESULT_PENDING:
	case DG_SPF_RESULT_TEMPERROR:
		break;
	}
	return DG_EXIT_FAILED;
}

/* --- one record ------------------------------------------------------------------------------- */
static void rule_tree(void *arg, struct dg_arena *a, const struct dg_facts *facts)
{
	struct spf *x = arg;

	x->fact = dg_fact(facts, x->domain, DG_TYPE_TXT);
	x->n_records = x->n_trees = 0;
	for (size_t i = 0; x->fact->state == DG_FACT_FOUND && i < x->fact->set.n; i++) {
		const struct dg_rdata *rd = &x->fact->set.rdata[i];
		const char *text = dg_txt_join(a, rd);

		if (dg_spf_is_record(text, dg_txt_len(rd)) && x->n_records++ < TREES_MAX) {
			x->records[x->n_trees] = text;
			dg_spf_tree(a, x->domain, text, facts, &x->trees[x->n_trees++]);
		}
	}
}

static const char *tree_problem(const struct spf *x)
{
	struct dg_arena *a = x->app->arena;
	const struct dg_spf_tree *t = &x->trees[0];

	if (x->fact->state == DG_FACT_UNKNOWN) {
		return dg_printf(a, "could not tell: %s", x->fact->why);
	}
	if (x->n_records == 0) {
		return "it has no SPF record: every receiver comes to \"none\"";
	}
	if (x->n_records > 1) {
		return dg_printf(a,
			"it has %zu SPF records, not one: receivers come to permerror (RFC 7208 "
			"section 4.5)%s",
			x->n_records, x->n_records > TREES_MAX ? "; the first 4 are shown" : "");
	}
	if (t->loop) {
		return dg_printf(a, "%s includes itself: receivers come to permerror",
			dg_world_shown(a, t->loop));
	}
	if (t->broken) {
		return dg_printf(a, "%s cannot be used: %s: receivers come to permerror",
			dg_world_shown(a, t->broken), t->broken_why ? t->broken_why : "no record");
	}
	if (t->n_lookups > DG_SPF_LOOKUPS_MAX || t->n_voids > DG_SPF_VOIDS_MAX || t->many_mx) {
		return "it costs more than the limits allow: receivers come to permerror (RFC 7208 "
		       "section 4.6.4)";
	}
	return t->n_failed > 0 || t->n_pending > 0
		       ? dg_printf(a, "could not tell all: %s: the counts are lower bounds",
				 t->failed_why ? t->failed_why : "no answer in time")
		       : NULL;
}

static int status_of_tree(const struct spf *x)
{
	const struct dg_spf_tree *t = &x->trees[0];

	if (x->fact->state == DG_FACT_UNKNOWN) {
		return DG_EXIT_FAILED;
	}
	if (x->n_records != 1 || t->loop || t->broken || t->many_mx ||
		t->n_lookups > DG_SPF_LOOKUPS_MAX || t->n_voids > DG_SPF_VOIDS_MAX) {
		return DG_EXIT_FINDINGS;
	}
	return t->n_failed > 0 || t->n_pending > 0 ? DG_EXIT_FAILED : DG_EXIT_OK;
}

static void print_tree(const struct spf *x, struct dg_buf *b)
{
	const char *problem = tree_problem(x);

	if (problem) {
		dg_buf_printf(b, "%s: ", dg_world_shown(x->app->arena, x->domain));
		dg_buf_put_safe(b, problem, strlen(problem));
		dg_buf_puts(b, x->n_trees > 0 ? "\n\n" : "\n");
	}
	for (size_t i = 0; i < x->n_trees; i++) {
		if (x->n_trees > 1) {
			dg_buf_put_safe(b, x->records[i], strlen(x->records[i]));
			dg_buf_putc(b, '\n');
		}
		dg_spf_tree_print(b, &x->trees[i]);
	}
}

static void json_tree(const struct spf *x)
{
	json_t *more = json_array();
	json_t *out = json_pack("{s:s, s:o, s:s, s:I, s:o, s:o}", "type", "spf-tree", "domain",
		dg_json_text(x->domain), "state", dg_fact_state_text(x->fact->state), "records",
		(json_int_t)x->n_records, "record",
		dg_json_text(x->n_trees > 0 ? x->records[0] : NULL), "problem",
		dg_json_text(tree_problem(x)));

	for (size_t i = 0; i < x->n_trees; i++) {
		json_t *tree = dg_spf_tree_json(&x->trees[i]);

		if (i == 0) {
			(void)json_object_update(out, tree);
			json_decref(tree);
		} else {
			(void)json_object_set_new(tree, "record", dg_json_text(x->records[i]));
			(void)json_array_append_new(more, tree);
		}
	}
	(void)json_object_set_new(out, "more", more);
	dg_report_json(x->app, out);
}

/* --- the command ------------------------------------------------------------------------------ */
static int read_from(struct spf *x, const char *text, struct dg_err *err)
{
	struct dg_arena *a = x->app->arena;
	const char *local = NULL;
	const char *domain = NULL;

	int r = dg_mail_address_domain(a, text, strlen(text), &local, &domain, err);
	if (r < 0) {
		return dg_wrap(err, r, "--from");
	}
	if (r == 0) {
		x->query.mail_from =
			dg_printf(a, "%s@%.*s", local, (int)strlen(domain) - 1, domain);
	} else if (!x->app->args->helo) {
		return dg_fail(err, DG_EINPUT,
			"with the null reverse-path SPF is evaluated for the HELO name (RFC 7208 "
			"section 2.4): give --helo NAME too");
	}
	return 0;
}

static int read_query(struct spf *x, struct dg_err *err)
{
	const struct dg_args *args = x->app->args;
	struct dg_address ip;

	if (dg_address_parse(args->ip, strlen(args->ip), &ip) != 0) {
		return dg_fail(err, DG_EINPUT,
			"--ip wants an IPv4 or IPv6 address (192.0.2.1, 2001:db8::1), not %s",
			args->ip);
	}
	memcpy(x->query.ip, ip.octets, sizeof(x->query.ip));
	x->query.is_ip6 = ip.is_ip6;
	x->query.helo = args->helo;
	x->query.receiver = args->receiver;
	x->query.now = dg_loop_now(x->app->loop);
	x->query.wants_trace = args->is_verbose;
	if (args->from && x->domain) {
		return dg_fail(err, DG_EINPUT,
			"give either a DOMAIN (postmaster@DOMAIN is taken then) or --from ADDRESS");
	}
	if (args->from) {
		return read_from(x, args->from, err);
	}
	if (x->domain) {
		x->query.mail_from = dg_printf(
			x->app->arena, "postmaster@%.*s", (int)strlen(x->domain) - 1, x->domain);
		return 0;
	}
	return args->helo ? 0
			  : dg_fail(err, DG_EINPUT,
				    "whose mail? give a DOMAIN, --from ADDRESS, or --helo NAME for "
				    "the null reverse-path");
}

static int read_words(struct spf *x, struct dg_err *err)
{
	const struct dg_args *args = x->app->args;
	int r = 0;

	if (args->n_rest > 0) {
		r = dg_domain_parse(
			x->app->arena, args->rest[0], strlen(args->rest[0]), &x->domain, err);
	}
	if (r < 0 || args->ip) {
		return r < 0 ? r : read_query(x, err);
	}
	if (args->from || args->helo || args->receiver) {
		return dg_fail(err, DG_EINPUT,
			"which client sends the mail? give --ip ADDRESS beside --from, --helo and "
			"--receiver");
	}
	return x->domain ? 0
			 : dg_fail(err, DG_EINPUT,
				   "spf wants a domain, or --ip with --from: see `dnsguard help "
				   "spf`");
}

int dg_cmd_spf(struct dg_app *app, const struct dg_args *args)
{
	struct spf x = {.app = app};
	struct dg_world world = {0};
	struct dg_buf b;
	struct dg_err err;

	int r = dg_loop_new(NULL, &app->loop, &err);
	r = r < 0 ? r : read_words(&x, &err);
	r = r < 0 ? r : dg_world_open(app, NULL, &world, &err);
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	dg_world_inquire(app, &world, args->ip ? rule_eval : rule_tree, &x);
	dg_buf_init(&b, TEXT_MAX);
	if (args->is_json && args->ip) {
		json_eval(&x);
	} else if (args->is_json) {
		json_tree(&x);
	} else if (args->ip) {
		print_eval(&x, &b);
	} else {
		print_tree(&x, &b);
	}
	dg_app_out(app, &b);
	dg_buf_done(&b);
	dg_world_close(&world);
	return args->ip ? status_of_eval(x.outcome.result) : status_of_tree(&x);
}
