#include "zones/base/json.h"
#include "zones/incident/advice.h"
#include "zones/incident/beside.h"
#include "zones/incident/case.h"
#include "zones/incident/evidence.h"
#include "zones/incident/ledger.h"
#include "zones/incident/owner.h"
#include "zones/incident/verdict.h"

#define ITEMS_MAX 50u

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *when(int64_t at)
{
	return at > 0 ? json_integer((json_int_t)at) : json_null();
}

static json_t *text_or_null(const char *s)
{
	return dg_json_text(s && s[0] != '\0' ? s : NULL);
}

/* --- verdict ---------------------------------------------------------------------------------- */
static json_t *reasons(const struct dg_reason *r, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();
		dg_json_set(o, "code", json_string(dg_reason_text(r[i].code)));
		dg_json_set(o, "n", number(r[i].n));
		dg_json_set(o, "of", number(r[i].of));
		dg_json_set(o, "text", text_or_null(r[i].text));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *incident(const struct dg_incident *i)
{
	json_t *o = json_object();
	json_t *decides = json_array();

	for (size_t d = 0; d < i->n_decides; d++) {
		(void)json_array_append_new(decides, json_string(dg_decide_text(i->decides[d])));
	}
	dg_json_set(o, "kind", json_string(dg_incident_text(i->kind)));
	dg_json_set(o, "confidence", json_string(dg_level_text(i->level)));
	dg_json_set(o, "bounces", number(i->n));
	dg_json_set(o, "of", number(i->of));
	dg_json_set(o, "share_at_least", json_real(i->low));
	dg_json_set(o, "reporters", number(i->n_reporters));
	dg_json_set(o, "who", text_or_null(i->who));
	dg_json_set(o, "for", reasons(i->reasons, i->n_reasons));
	dg_json_set(o, "against", reasons(i->doubts, i->n_doubts));
	dg_json_set(o, "would_decide", decides);
	return o;
}

static json_t *incidents(const struct dg_verdict *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->n; i++) {
		(void)json_array_append_new(list, incident(&v->incidents[i]));
	}
	return list;
}

static json_t *advice(const struct dg_case *c)
{
	struct dg_advice steps[DG_ADVICE_MAX];
	size_t n = dg_advise(c->verdict, c->ledger, c->has_zone, steps);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();
		dg_json_set(o, "step", json_string(dg_todo_text(steps[i].step)));
		dg_json_set(o, "who", text_or_null(steps[i].who));
		(void)json_array_append_new(list, o);
	}
	return list;
}

/* --- what was in them ------------------------------------------------------------------------- */
static json_t *by_class(const uint64_t n[DG_CLASSES])
{
	json_t *o = json_object();

	for (size_t i = 0; i < DG_CLASSES; i++) {
		dg_json_set(o, dg_class_text((enum dg_class)i), number(n[i]));
	}
	return o;
}

static json_t *item(const struct dg_top_item *i)
{
	json_t *o = json_object();

	dg_json_set(o, "text", dg_json_text(i->text));
	dg_json_set(o, "bounces", number(i->count));
	dg_json_set(o, "at_least", number(i->count - i->error));
	dg_json_set(o, "reporters", number(dg_top_reporters(i)));
	dg_json_set(o, "by_class", by_class(i->n_class));
	dg_json_set(o, "first", when(i->first));
	dg_json_set(o, "last", when(i->last));
	return o;
}

static json_t *top(const struct dg_top *t, bool is_by_score)
{
	const struct dg_top_item *items[ITEMS_MAX];
	size_t n = dg_top_order(t, is_by_score, items, ITEMS_MAX);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		(void)json_array_append_new(list, item(items[i]));
	}
	json_t *o = json_object();
	dg_json_set(o, "different", number(dg_top_distinct(t)));
	dg_json_set(o, "first", list);
	return o;
}

static json_t *timeline(const struct dg_timeline *t)
{
	size_t from = 0;
	size_t n = dg_timeline_span(t, &from);
	json_t *list = json_array();

	for (size_t i = from; i < from + n; i++) {
		json_t *o = json_object();
		dg_json_set(o, "at", when(t->start + (int64_t)i * t->width));
		dg_json_set(o, "by_class", by_class(t->n[i]));
		(void)json_array_append_new(list, o);
	}
	json_t *o = json_object();
	dg_json_set(o, "first", when(t->first));
	dg_json_set(o, "last", when(t->last));
	dg_json_set(o, "span", number(t->width));
	dg_json_set(o, "spans", list);
	return o;
}

static json_t *recipients(const struct dg_ledger *t)
{
	static const char *const names[DG_LEDGER_RECIPIENT_STEPS] = {
		"none", "one", "2-5", "6-15", "16-"};
	json_t *steps = json_object();
	json_t *o = json_object();

	for (size_t i = 0; i < DG_LEDGER_RECIPIENT_STEPS; i++) {
		dg_json_set(steps, names[i], number(t->n_recipients_step[i]));
	}
	dg_json_set(o, "all", number(t->n_recipients));
	dg_json_set(o, "most", number(t->n_recipients_max));
	dg_json_set(o, "bounces_with", steps);
	return o;
}

static json_t *refusals(const struct dg_ledger_refusals *r)
{
	json_t *o = json_object();

	dg_json_set(o, "asked", number(r->n_asked));
	dg_json_set(o, "spf", number(r->n_spf));
	dg_json_set(o, "dmarc", number(r->n_dmarc));
	dg_json_set(o, "either", number(r->n_either));
	dg_json_set(o, "passed", number(r->n_passed));
	dg_json_set(o, "unknown", number(r->n_unknown));
	return o;
}

static json_t *rules(const struct dg_ledger *t)
{
	json_t *o = json_object();

	for (size_t i = 0; i < DG_RULES; i++) {
		if (t->n_rule[i] > 0) {
			dg_json_set(o, dg_rule_text((enum dg_rule_code)i), number(t->n_rule[i]));
		}
	}
	return o;
}

static json_t *dkim(const struct dg_ledger *t)
{
	json_t *o = json_object();

	for (size_t i = 0; i < DG_SIGNED_STATES; i++) {
		dg_json_set(o, dg_signed_text((enum dg_signed)i), number(t->n_signed[i]));
	}
	return o;
}

static json_t *kinds(const struct dg_ledger *t)
{
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof(t->n_kind) / sizeof(t->n_kind[0]); i++) {
		if (t->n_kind[i] > 0) {
			dg_json_set(o, dg_bounce_kind_text((enum dg_bounce_kind)i),
				number(t->n_kind[i]));
		}
	}
	return o;
}

/* --- whose ------------------------------------------------------------------------------------ */
static json_t *names(const char *const *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		(void)json_array_append_new(array, dg_json_text(list[i]));
	}
	return array;
}

static json_t *owner(const struct dg_owner *own)
{
	json_t *networks = json_array();
	json_t *o = json_object();
	char text[DG_NETWORK_TEXT_MAX];

	for (size_t i = 0; i < own->n_networks; i++) {
		const struct dg_owner_network *n = &own->networks[i];
		(void)json_array_append_new(
			networks, json_string(dg_network_text(&n->network, text)));
	}
	dg_json_set(o, "domains", names(own->domains, own->n_domains));
	dg_json_set(o, "domains_inferred", json_boolean(own->are_domains_inferred));
	dg_json_set(o, "networks", networks);
	dg_json_set(o, "lists", names(own->lists, own->n_lists));
	dg_json_set(o, "hosts", names(own->hosts, own->n_hosts));
	dg_json_set(o, "providers", names(own->providers, own->n_providers));
	dg_json_set(o, "hosts_inferred", json_boolean(own->are_hosts_inferred));
	dg_json_set(o, "unresolved", text_or_null(own->unresolved));
	return o;
}

static json_t *counts(const struct dg_case_counts *c)
{
	json_t *o = json_object();

	dg_json_set(o, "read", number(c->n_messages));
	dg_json_set(o, "counted", number(c->n_counted));
	dg_json_set(o, "again", number(c->n_again));
	dg_json_set(o, "outside", number(c->n_outside));
	dg_json_set(o, "ordinary", number(c->n_ordinary));
	dg_json_set(o, "unreadable", number(c->n_unreadable));
	dg_json_set(o, "cut", number(c->n_cut));
	dg_json_set(o, "reports", number(c->n_reports));
	dg_json_set(o, "broken_reports", number(c->n_broken_reports));
	return o;
}

static json_t *reports(const struct dg_beside *b)
{
	json_t *o = json_object();

	dg_json_set(o, "messages", number(b->n_rows_all));
	dg_json_set(o, "forged", number(b->n_rows_forged));
	dg_json_set(o, "own", number(b->n_rows_own));
	dg_json_set(o, "provider", number(b->n_rows_provider));
	dg_json_set(o, "own_busiest_day", number(b->own_peak));
	dg_json_set(o, "own_usual_day", number(b->own_usual));
	return o;
}

void dg_case_json(struct dg_buf *b, const struct dg_case *c)
{
	const struct dg_ledger *t = c->ledger;
	json_t *o = json_object();
	json_t *locals = top(&t->locals, false);

	dg_json_set(locals, "look", json_string(dg_locals_text(dg_ledger_locals(t))));
	dg_json_set(o, "type", json_string("triage"));
	dg_json_set(o, "verdict", json_string(dg_incident_text(c->verdict->incidents[0].kind)));
	dg_json_set(o, "confidence", json_string(dg_level_text(c->verdict->incidents[0].level)));
	dg_json_set(o, "split", json_boolean(c->verdict->has_split));
	dg_json_set(o, "incidents", incidents(c->verdict));
	dg_json_set(o, "advice", advice(c));
	dg_json_set(o, "owner", owner(c->owner));
	dg_json_set(o, "messages", counts(&c->counts));
	dg_json_set(o, "kinds", kinds(t));
	dg_json_set(o, "by_class", by_class(t->n_class));
	dg_json_set(o, "rules", rules(t));
	dg_json_set(o, "origins", top(&t->origins, true));
	dg_json_set(o, "addresses", top(&t->addresses, true));
	dg_json_set(o, "reporters", top(&t->reporters, false));
	dg_json_set(o, "few_reporters", json_boolean(dg_has_few_reporters(t)));
	dg_json_set(o, "hosts", top(&t->hosts, false));
	dg_json_set(o, "users", top(&t->users, false));
	dg_json_set(o, "scripts", top(&t->scripts, false));
	dg_json_set(o, "providers", top(&t->providers, false));
	dg_json_set(o, "lists", top(&t->lists, false));
	dg_json_set(o, "locals", locals);
	dg_json_set(o, "recipients", recipients(t));
	dg_json_set(o, "subjects", top(&t->subjects, false));
	dg_json_set(o, "timeline", timeline(&t->timeline));
	dg_json_set(o, "refusals", refusals(&t->refusals));
	dg_json_set(o, "logged", number(t->n_logged));
	dg_json_set(o, "dkim", dkim(t));
	dg_json_set(o, "notices", number(c->beside->n_notices));
	dg_json_set(o, "reports", c->beside->has_rows ? reports(c->beside) : json_null());
	dg_json_put(b, o);
}

void dg_case_bounce_json(struct dg_buf *b, uint64_t n, const char *name,
	const struct dg_evidence *e, const struct dg_ruling *r)
{
	char text[DG_ADDRESS_TEXT_MAX];
	json_t *o = json_object();

	dg_json_set(o, "type", json_string("bounce"));
	dg_json_set(o, "number", number(n));
	dg_json_set(o, "name", dg_json_text(name));
	dg_json_set(o, "kind", json_string(dg_bounce_kind_text(e->bounce->kind)));
	dg_json_set(o, "class", json_string(dg_class_text(r->class)));
	dg_json_set(o, "rule", json_string(dg_rule_text(r->rule)));
	dg_json_set(o, "strength", json_string(dg_strength_text(r->strength)));
	dg_json_set(o, "list_leak", json_boolean(r->is_list_leak));
	dg_json_set(o, "at", when(e->at));
	dg_json_set(o, "reporter", text_or_null(e->reporter));
	dg_json_set(o, "recipient", text_or_null(e->recipient));
	dg_json_set(o, "handoff",
		e->has_handoff ? json_string(dg_address_text(&e->handoff, text)) : json_null());
	dg_json_set(o, "standing", json_string(dg_standing_text(e->standing)));
	dg_json_set(o, "entry", json_string(dg_entry_text(e->entry)));
	dg_json_set(o, "logged", json_boolean(e->is_logged));
	dg_json_set(o, "host", text_or_null(e->host));
	dg_json_set(o, "user", text_or_null(e->user));
	dg_json_set(o, "dkim", json_string(dg_signed_text(e->signed_by)));
	dg_json_set(o, "message_id", text_or_null(e->returned->message_id));
	dg_json_set(o, "subject", text_or_null(e->returned->subject));
	dg_json_put(b, o);
}
