/* tests/unit/zones/check/world.h: a world for a check, written as text, and what the check finds in it.
 *
 * Shape    One line a record, "OWNER TYPE DATA", names absolute; TXT data is the bare text, of any length, or strings in
 *          quotation marks; @rsa2048.pem@ in it is the base64 text of that file. All else does not exist. Lines that begin with '!' change what is asked or known:
 *            !unknown OWNER TYPE          no answer
 *            !trust OWNER TYPE STATE      secure, insecure, bogus
 *            !fetch STATE [STATUS [TYPE]] what every HTTPS fetch brings; !body LINE: a line of its document
 *            !selector NAME   !depth fast|audit   !no-probe   !zone (the zone is known)   !no-servers WHY
 *            !server NAME ADDRESS STATE [SERIAL]   a name server; "=same" serves the world, else its own records, "=OWNER TYPE DATA"
 *            !tcp WHY   !partial          of the server above
 */
#pragma once

#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/base/map.h"
#include "zones/check/check.h"
#include "zones/record/name.h"
#include "zones/record/view.h"
#include "zones/record/zone.h"

#include <stdio.h>
#include <string.h>

#define WORLD_ARENA   ((size_t)64 << 20)
#define WORLD_SERVERS 8u

struct world {
	struct dg_arena *arena;
	struct dg_zone *zone;
	const struct dg_facts *below; /* of the zone */
	struct dg_map changed;        /* "TYPE OWNER" to struct dg_fact */
	struct dg_facts facts;
	struct dg_fetch fetch;
	const char *selectors[4];
	struct dg_view servers[WORLD_SERVERS];
	struct dg_check_input in;
	struct dg_check check;
};

/* The text with @FILE@ replaced by the key in tests/data/dkim/FILE. */
static inline char *world_text(struct world *w, const char *text)
{
	const char *from = strchr(text, '@');
	const char *to = from ? strchr(from + 1, '@') : NULL;
	char line[256];

	if (!to || !strstr(from, ".pem@")) {
		return dg_strdup(w->arena, text);
	}
	const char *file = dg_strndup(w->arena, from + 1, (size_t)(to - from) - 1);
	FILE *f = fopen(dg_printf(w->arena, "%s/dkim/%s", DG_TEST_DATA, file), "re");
	const char *key = "";

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		key = line[0] == '-' ? key : dg_printf(w->arena, "%s%s", key, line);
	}
	(void)fclose(f);
	if (strstr(file,
		    "ed25519")) { /* the 32 octets alone: the last 43 digits and their padding */
		key = key + strlen(key) - 44;
	}
	return dg_printf(w->arena, "%.*s%s%s", (int)(from - text), text, key, to + 1);
}

/* "OWNER TYPE DATA" */
static inline void world_record(struct world *w, struct dg_zone *zone, char *line)
{
	char *owner = line;
	char *type_text = strchr(owner, ' ');
	char *data = type_text ? strchr(type_text + 1, ' ') : NULL;
	struct dg_rdata rd;
	struct dg_err err;
	uint16_t type;

	if (!type_text || !data) {
		fail_msg("no record: %s", line);
		return;
	}
	*type_text++ = '\0';
	*data++ = '\0';
	assert_int_equal(dg_type_parse(type_text, strlen(type_text), &type), 0);
	if (type == DG_TYPE_TXT && data[0] != '"') {
		for (char *p = strchr(data, '\1'); p; p = strchr(p, '\1')) {
			*p = '\n';
		}
		rd = dg_txt_make(w->arena, data, strlen(data));
	} else if (dg_rdata_parse(w->arena, type, data, strlen(data), ".", &rd, &err) != 0) {
		fail_msg("%s %s %s: %s", owner, type_text, data, err.text);
	}
	struct dg_rdata *rdata = dg_memdup(w->arena, &rd, sizeof(rd));
	struct dg_rrset set = dg_rrset_make(owner, type, 300, rdata, 1);

	dg_zone_add(zone, &set);
}

static inline struct dg_fact *world_fact(struct world *w, const char *owner, const char *type_text)
{
	uint16_t type;

	assert_int_equal(dg_type_parse(type_text, strlen(type_text), &type), 0);
	const char *key = dg_printf(w->arena, "%u %s", type, owner);
	struct dg_fact *fact = dg_map_get(&w->changed, key);

	if (!fact) {
		fact = dg_new(w->arena, struct dg_fact);
		*fact = *dg_fact(w->below, owner, type);
		(void)dg_map_put(&w->changed, key, fact);
	}
	return fact;
}

static inline const struct dg_fact *world_dns(void *arg, const char *owner, uint16_t type)
{
	struct world *w = arg;
	const struct dg_fact *fact =
		dg_map_get(&w->changed, dg_printf(w->arena, "%u %s", type, owner));

	return fact ? fact : dg_fact(w->below, owner, type);
}

static inline const struct dg_fetch *world_fetch(void *arg, const char *url)
{
	struct world *w = arg;

	w->fetch.url = dg_strdup(w->arena, url);
	return &w->fetch;
}

static inline enum dg_trust world_trust(const char *text)
{
	return strcmp(text, "secure") == 0     ? DG_TRUST_SECURE
	       : strcmp(text, "insecure") == 0 ? DG_TRUST_INSECURE
					       : DG_TRUST_BOGUS;
}

static inline enum dg_fetch_state world_fetch_state(const char *text)
{
	for (int s = DG_FETCH_PENDING; s <= DG_FETCH_NOT_ASKED; s++) {
		if (strcmp(dg_fetch_state_text((enum dg_fetch_state)s), text) == 0) {
			return (enum dg_fetch_state)s;
		}
	}
	fail_msg("no such state of a fetch: %s", text);
	return DG_FETCH_UNKNOWN;
}

static inline enum dg_view_state world_view_state(const char *text)
{
	for (int s = DG_VIEW_OK; s <= DG_VIEW_NO_ROUTE; s++) {
		if (strcmp(dg_view_state_text((enum dg_view_state)s), text) == 0) {
			return (enum dg_view_state)s;
		}
	}
	fail_msg("no such state of a server: %s", text);
	return DG_VIEW_ERROR;
}

static inline void world_server(struct world *w, const char *name, const char *address,
	const char *state, const char *serial)
{
	struct dg_view *v = &w->servers[w->in.n_servers++];

	assert_true(w->in.n_servers <= WORLD_SERVERS);
	*v = (struct dg_view){.name = dg_strdup(w->arena, name),
		.address = dg_printf(w->arena, "%s@53", address),
		.text = dg_printf(w->arena, "%s %s@53", name, address),
		.state = world_view_state(state),
		.says = dg_zone_new(w->arena, "."),
		.has_serial = *serial != '\0',
		.serial = (uint32_t)strtoul(*serial ? serial : "0", NULL, 10)};
	v->why = v->state == DG_VIEW_OK ? NULL : "it was so";
	v->says->is_complete = v->state == DG_VIEW_OK;
	w->in.servers = w->servers;
}

static inline void world_server_order(struct world *w, char word[5][300], const char *rest)
{
	struct dg_view *server = w->in.n_servers > 0 ? &w->servers[w->in.n_servers - 1] : NULL;

	if (strcmp(word[0], "server") == 0) {
		world_server(w, word[1], word[2], word[3], word[4]);
	} else if (server && strcmp(word[0], "tcp") == 0) {
		server->tcp_why = rest;
	} else if (server && strcmp(word[0], "partial") == 0) {
		server->n_unknown = 1;
		server->why = "SERVFAIL";
	} else {
		fail_msg("no such order: %s", word[0]);
	}
}

static inline void world_order(struct world *w, const char *line)
{
	char word[5][300] = {"", "", "", "", ""};
	const char *rest = strchr(line, ' ') ? dg_strdup(w->arena, strchr(line, ' ') + 1) : "";

	(void)sscanf(
		line, "%299s %299s %299s %299s %299s", word[0], word[1], word[2], word[3], word[4]);
	if (strcmp(word[0], "unknown") == 0) {
		*world_fact(w, word[1], word[2]) =
			(struct dg_fact){.state = DG_FACT_UNKNOWN, .why = "no answer within 5 s"};
	} else if (strcmp(word[0], "trust") == 0) {
		world_fact(w, word[1], word[2])->trust = world_trust(word[3]);
	} else if (strcmp(word[0], "fetch") == 0) {
		w->fetch.state = world_fetch_state(word[1]);
		w->fetch.status = strtol(*word[2] ? word[2] : "200", NULL, 10);
		w->fetch.content_type = dg_strdup(w->arena, *word[3] ? word[3] : "text/plain");
	} else if (strcmp(word[0], "body") == 0) {
		w->fetch.body = dg_printf(w->arena, "%s%s\n", w->fetch.body, rest);
		w->fetch.len = strlen(w->fetch.body);
	} else if (strcmp(word[0], "selector") == 0) {
		w->selectors[w->in.n_selectors++] = rest;
		w->in.selectors = w->selectors;
	} else if (strcmp(word[0], "depth") == 0) {
		w->in.depth = word[1][0] == 'f' ? DG_CHECK_FAST : DG_CHECK_AUDIT;
	} else if (strcmp(word[0], "no-probe") == 0) {
		w->in.probe = NULL;
	} else if (strcmp(word[0], "zone") == 0) {
		w->in.zone = w->zone;
	} else if (strcmp(word[0], "no-servers") == 0) {
		w->in.servers_why = rest;
	} else {
		world_server_order(w, word, rest);
	}
}

static inline void world_served(struct world *w, char *line)
{
	struct dg_view *server = &w->servers[w->in.n_servers - 1];

	if (strcmp(line, "same") == 0) {
		server->says = w->zone;
	} else {
		world_record(w, server->says, line);
	}
}

/* Lines that begin with '!' or '=' (is_orders), or the others. */
static inline void world_lines(struct world *w, const char *text, bool is_orders)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = world_text(w, dg_strndup(w->arena, text, len));

		if ((line[0] == '!' || line[0] == '=') != is_orders || line[0] == '\0') {
			/* not now */
		} else if (line[0] == '!') {
			world_order(w, line + 1);
		} else if (line[0] == '=') {
			world_served(w, line + 1);
		} else {
			world_record(w, w->zone, line);
		}
		text += len + (text[len] == '\n');
	}
}

/* Checks example.com in that world. world_done() ends it. */
static inline struct dg_check *world_check(struct world *w, const char *text)
{
	struct dg_arena *a = dg_arena_new(WORLD_ARENA);

	*w = (struct world){.arena = a, .zone = dg_zone_new(a, ".")};
	w->fetch = (struct dg_fetch){
		.state = DG_FETCH_NOT_ASKED, .content_type = "", .body = "", .why = "it was so"};
	w->facts = (struct dg_facts){.dns = world_dns, .fetch = world_fetch, .arg = w};
	w->in = (struct dg_check_input){.domain = "example.com.",
		.depth = DG_CHECK_FULL,
		.facts = &w->facts,
		.probe = "dnsguard-q7x"};
	dg_map_init(&w->changed, a);
	world_lines(w, ". SOA ns1.test. host.test. 1 3600 600 86400 60", false);
	world_lines(w, text, false);
	w->zone->is_complete = true;
	dg_zone_seal(w->zone);
	const struct dg_zone **zones = dg_newn(a, const struct dg_zone *, 1);
	zones[0] = w->zone;
	w->below = dg_zone_facts(dg_zone_facts_new(a, zones, 1, NULL));
	world_lines(w, text, true);
	for (size_t i = 0; i < w->in.n_servers; i++) {
		if (!w->servers[i].says->is_sealed) {
			dg_zone_seal(w->servers[i].says);
		}
	}
	dg_check_make(a, &w->in, &w->check);
	return &w->check;
}

static inline void world_done(struct world *w)
{
	w->arena = dg_arena_free(w->arena);
}

static inline const struct dg_finding *finding_with(const struct dg_check *c, const char *code)
{
	for (size_t i = 0; i < c->n_findings; i++) {
		if (strcmp(c->findings[i].kind->code, code) == 0) {
			return &c->findings[i];
		}
	}
	return NULL;
}

/* One kind: a world where it is found, and one, as like as may be, where it is not. */
struct found_case {
	const char *code;
	enum dg_severity severity;
	const char *text; /* a part of what is said */
	const char *with;
	const char *without;
};

static inline void print_findings(const struct dg_check *c)
{
	for (size_t i = 0; i < c->n_findings; i++) {
		const struct dg_finding *f = &c->findings[i];

		(void)fprintf(stderr, "  %s %s: %s [%s]\n", dg_severity_text(f->severity),
			f->kind->code, f->text, f->evidence ? f->evidence : "");
	}
}

static inline void expect_found(const struct found_case *k)
{
	struct world w;
	const struct dg_check *c = world_check(&w, k->with);
	const struct dg_finding *f = finding_with(c, k->code);

	assert_int_equal(c->n_pending, 0);
	if (!f || f->severity != k->severity || !strstr(f->text, k->text)) {
		print_findings(c);
		fail_msg("%s is not there, or says something else", k->code);
	}
	world_done(&w);
	c = world_check(&w, k->without);
	if (finding_with(c, k->code)) {
		print_findings(c);
		fail_msg("%s is there without a reason", k->code);
	}
	world_done(&w);
}
