/* What each authoritative address answers: who does not, who is behind, and where they disagree (RFC 1034 section 4.3, RFC 2182). */
#include "zones/check/servers.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/map.h"
#include "zones/record/zone.h"

#include <string.h>

#define LISTED_MAX 4u /* servers that are named in one sentence */
#define NAMES_MAX  ((size_t)2048)

/* --- who they are --------------------------------------------------------------------------------- */
const char *check_server_names(
	struct check *c, const struct dg_view *const *views, size_t n, const char **ret_first)
{
	struct dg_buf b;

	dg_buf_init(&b, NAMES_MAX);
	for (size_t i = 0; i < n && i < LISTED_MAX; i++) {
		const char *text = views[i]->text ? views[i]->text : "a name server";

		dg_buf_puts(&b, i > 0 ? ", " : "");
		dg_buf_put_safe(&b, text, strlen(text));
	}
	if (n > LISTED_MAX) {
		dg_buf_printf(&b, " and %zu more", n - LISTED_MAX);
	}
	const char *names = dg_strdup(c->arena, b.data);
	dg_buf_done(&b);
	*ret_first = n > 0 ? views[0]->text : NULL;
	return names;
}

struct chosen {
	const struct dg_view *views[CHECK_SERVERS_MAX];
	size_t n;
};

/* what: "refuse/refuses": of many and of one. */
static const char *said_of(struct servers *s, const char *what, size_t n)
{
	const char *slash = strchr(what, '/');
	size_t verb = strcspn(slash + 1, " ");

	return n == 1 ? slash + 1
		      : dg_printf(
				s->c->arena, "%.*s%s", (int)(slash - what), what, slash + 1 + verb);
}

static void find_chosen(struct servers *s, const struct chosen *set, const char *code,
	const char *what, const char *why)
{
	struct check *c = s->c;
	const char *first = NULL;
	const char *names = check_server_names(c, set->views, set->n, &first);

	if (set->n > 0) {
		check_find(c, code, c->in->domain, NULL,
			"%zu of %zu name server address%s %s: "
			"%s%s%s%s",
			set->n, s->n, s->n == 1 ? "" : "es", said_of(s, what, set->n), names,
			why ? " (" : "", why ? why : "", why ? ")" : "")
			->server = first;
	}
}

static void find_state(
	struct servers *s, enum dg_view_state state, const char *code, const char *what)
{
	struct chosen set = {.n = 0};

	for (size_t i = 0; i < s->n; i++) {
		if (s->views[i]->state == state) {
			set.views[set.n++] = s->views[i];
		}
	}
	find_chosen(s, &set, code, what, set.n > 0 ? set.views[0]->why : NULL);
}

static void find_partial(struct servers *s)
{
	struct chosen partial = {.n = 0};
	struct chosen no_tcp = {.n = 0};

	for (size_t i = 0; i < s->n; i++) {
		const struct dg_view *v = s->views[i];

		if (v->state == DG_VIEW_OK && v->n_unknown > 0) {
			partial.views[partial.n++] = v;
		}
		if (v->tcp_why) {
			no_tcp.views[no_tcp.n++] = v;
		}
	}
	find_chosen(s, &partial, "servers-partial",
		"leave/leaves a question without a sound answer",
		partial.n > 0 ? partial.views[0]->why : NULL);
	find_chosen(s, &no_tcp, "servers-no-tcp", "cannot/cannot be reached over TCP",
		no_tcp.n > 0 ? no_tcp.views[0]->tcp_why : NULL);
}

static void find_states(struct servers *s)
{
	find_state(s, DG_VIEW_LAME, "servers-lame", "answer/answers without authority");
	find_state(
		s, DG_VIEW_REFUSED, "servers-refused", "refuse/refuses to answer for the domain");
	find_state(s, DG_VIEW_TIMEOUT, "servers-silent", "did/did not answer in time");
	find_state(s, DG_VIEW_ERROR, "servers-failing", "give/gives no sound answer");
	find_state(s, DG_VIEW_NO_ROUTE, "servers-no-route", "cannot/cannot be reached from here");
	find_partial(s);
	if (s->n_ok == 0) {
		(void)check_find(s->c, "servers-none", s->c->in->domain, NULL,
			"none of %zu name server addresses gave an answer: could not tell whether "
			"they agree",
			s->n);
	}
}

/* --- how many there are ----------------------------------------------------------------------------- */
static bool is_address(const char *name)
{
	return name[strspn(name, "0123456789.:abcdefABCDEF[]@#%")] == '\0' &&
	       strpbrk(name, "0123456789:") != NULL;
}

static void find_few(struct servers *s)
{
	struct check *c = s->c;
	struct dg_map names;
	struct dg_map addresses;

	dg_map_init(&names, c->arena);
	dg_map_init(&addresses, c->arena);
	for (size_t i = 0; i < s->n; i++) {
		const struct dg_view *v = s->views[i];

		if (!v->name || is_address(v->name)) {
			return; /* they were named by a person, there may be others */
		}
		(void)dg_map_put(&names, v->name, s);
		if (v->address) {
			(void)dg_map_put(&addresses,
				dg_strndup(c->arena, v->address, strcspn(v->address, "@")), s);
		}
	}
	if (names.n == 1) {
		(void)check_find(c, "servers-one-name", c->in->domain, NULL,
			"the domain has one name server only: %s", s->views[0]->text);
	} else if (addresses.n == 1) {
		(void)check_find(c, "servers-one-address", c->in->domain, NULL,
			"all %zu name servers have one address: %s", names.n, s->views[0]->text);
	}
}

/* --- who is behind ------------------------------------------------------------------------------------ */
/* RFC 1982 */
static bool is_newer(uint32_t x, uint32_t y)
{
	return x != y && (uint32_t)(x - y) < 0x80000000u;
}

static void find_behind(struct servers *s)
{
	const struct dg_view *newest = NULL;
	struct chosen behind = {.n = 0};

	for (size_t i = 0; i < s->n; i++) {
		const struct dg_view *v = s->views[i];

		if (v->state == DG_VIEW_OK && v->has_serial &&
			(!newest || is_newer(v->serial, newest->serial))) {
			newest = v;
		}
	}
	for (size_t i = 0; newest && i < s->n; i++) {
		const struct dg_view *v = s->views[i];

		if (v->state == DG_VIEW_OK && v->has_serial && v->serial != newest->serial) {
			behind.views[behind.n++] = v;
		}
	}
	s->newest = newest;
	if (behind.n > 0) {
		find_chosen(s, &behind, "servers-behind", "are/is behind",
			dg_printf(s->c->arena, "serial %u, the newest is %u",
				(unsigned)behind.views[0]->serial, (unsigned)newest->serial));
	}
}

/* --- TXT beside CNAME --------------------------------------------------------------------------------- */
static bool serves(const struct dg_view *v, const char *owner, uint16_t type)
{
	struct dg_rrset set;

	return dg_zone_get(v->says, owner, type, &set) == 0 && set.n > 0;
}

static void find_cname_beside(struct servers *s, const struct dg_rrkey *key)
{
	struct check *c = s->c;
	struct chosen both = {.n = 0};
	const char *first = NULL;
	struct dg_rrset cname;
	struct dg_rrset set;
	char type[16];

	for (size_t i = 0; i < s->n; i++) {
		if (serves(s->views[i], key->owner, key->type) &&
			serves(s->views[i], key->owner, DG_TYPE_CNAME)) {
			both.views[both.n++] = s->views[i];
		}
	}
	if (both.n == 0) {
		return;
	}
	const char *names = check_server_names(c, both.views, both.n, &first);

	(void)dg_zone_get(both.views[0]->says, key->owner, DG_TYPE_CNAME, &cname);
	(void)dg_zone_get(both.views[0]->says, key->owner, key->type, &set);
	struct dg_finding *f = check_find(c, "servers-cname-beside", key->owner,
		dg_printf(c->arena, "%s; %s",
			check_evidence(c, key->owner, DG_TYPE_CNAME, &cname.rdata[0]),
			check_evidence(c, key->owner, key->type, &set.rdata[0])),
		"a CNAME and %s stand at %s: receivers see the one or the other (%s)",
		dg_type_text(key->type, type), check_shown(c, key->owner), names);
	f->server = first;
}

static void find_cnames(struct servers *s)
{
	for (size_t i = 0; i < s->n_keys; i++) {
		if (s->keys[i].type != DG_TYPE_CNAME && s->keys[i].type != DG_TYPE_SOA) {
			find_cname_beside(s, &s->keys[i]);
		}
	}
}

void check_servers(struct check *c)
{
	struct servers s = {.c = c};

	if (c->in->are_servers_pending) {
		return;
	}
	for (size_t i = 0; i < c->in->n_servers && s.n < CHECK_SERVERS_MAX; i++) {
		if (!c->in->servers[i].is_resolver) {
			s.views[s.n++] = &c->in->servers[i];
			s.n_ok += c->in->servers[i].state == DG_VIEW_OK;
		}
	}
	if (s.n == 0) {
		if (c->in->servers_why) {
			(void)check_find(c, "servers-unknown", c->in->domain, NULL,
				"the name servers were not asked: %s", c->in->servers_why);
		}
		return;
	}
	dg_check_keys(c->arena, c->in, &s.keys, &s.n_keys);
	find_states(&s);
	find_few(&s);
	find_behind(&s);
	find_cnames(&s);
	check_server_groups(&s);
}
