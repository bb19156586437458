#include "zones/incident/sendlog.h"

#include "zones/base/arena.h"
#include "zones/base/map.h"
#include "zones/incident/evidence.h"
#include "zones/mail/chars.h"
#include "zones/watch/maillog.h"
#include "zones/watch/sentids.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_PLACES 1024u
#define DOMAINS      2u
#define DOMAIN_MAX   253u

struct sending {
	uint64_t key; /* 0: free */
	struct dg_address client;
	bool has_client;
	bool is_out;      /* it was handed on to another host */
	const char *user; /* NULL: nobody logged in */
	uint32_t credit;
	const char *domains[DOMAINS]; /* of the first recipients; NULL */
};

struct dg_sendlog {
	struct dg_arena *arena;
	struct dg_map texts; /* users and domains, each once */
	struct sending *places;
	size_t n, n_places; /* a power of two */
	uint64_t n_dropped;
};

struct dg_sendlog *dg_sendlog_new(struct dg_arena *a)
{
	struct dg_sendlog *l = calloc(1, sizeof(*l));

	if (!l) {
		abort();
	}
	l->arena = a;
	dg_map_init(&l->texts, a);
	return l;
}

struct dg_sendlog *dg_sendlog_free(struct dg_sendlog *l)
{
	if (l) {
		free(l->places);
		free(l);
	}
	return NULL;
}

size_t dg_sendlog_n(const struct dg_sendlog *l)
{
	return l->n;
}

uint64_t dg_sendlog_dropped(const struct dg_sendlog *l)
{
	return l->n_dropped;
}

/* --- the table -------------------------------------------------------------------------------- */
/* Where the key is, or would be. There is room. */
static struct sending *place_of(struct sending *places, size_t n_places, uint64_t key)
{
	size_t at = key & (n_places - 1);

	while (places[at].key != 0 && places[at].key != key) {
		at = (at + 1) & (n_places - 1);
	}
	return &places[at];
}

static void grow(struct dg_sendlog *l)
{
	size_t n_places = l->n_places > 0 ? 2 * l->n_places : FIRST_PLACES;
	struct sending *places = calloc(n_places, sizeof(*places));

	if (!places) {
		abort();
	}
	for (size_t i = 0; i < l->n_places; i++) {
		if (l->places[i].key != 0) {
			*place_of(places, n_places, l->places[i].key) = l->places[i];
		}
	}
	free(l->places);
	l->places = places;
	l->n_places = n_places;
}

/* NULL: it is new, and there is no room for it. */
static struct sending *make(struct dg_sendlog *l, uint64_t key)
{
	if (2 * l->n >= l->n_places) {
		grow(l);
	}
	struct sending *s = place_of(l->places, l->n_places, key);
	if (s->key == 0) {
		if (l->n == DG_SENDLOG_MAX) {
			l->n_dropped++;
			return NULL;
		}
		s->key = key;
		l->n++;
	}
	return s;
}

/* --- what a line says ------------------------------------------------------------------------- */
/* In lower case, one copy of each. */
static const char *text_of(struct dg_sendlog *l, const char *p, size_t n)
{
	char lower[DOMAIN_MAX + 1];

	n = n < sizeof(lower) ? n : sizeof(lower) - 1;
	for (size_t i = 0; i < n; i++) {
		lower[i] = dg_lower(p[i]);
	}
	lower[n] = '\0';
	char *text = dg_map_get(&l->texts, lower);
	if (!text) {
		text = dg_strdup(l->arena, lower);
		(void)dg_map_put(&l->texts, text, text);
	}
	return text;
}

static void add_domain(struct dg_sendlog *l, struct sending *s, struct dg_text recipient)
{
	const char *at = memrchr(recipient.p, '@', recipient.n);
	size_t n = at ? (size_t)(recipient.p + recipient.n - at - 1) : 0;

	if (n == 0 || n > DOMAIN_MAX || s->domains[DOMAINS - 1]) {
		return;
	}
	const char *domain = text_of(l, at + 1, n);
	for (size_t i = 0; i < DOMAINS; i++) {
		if (!s->domains[i] || s->domains[i] == domain) {
			s->domains[i] = domain;
			return;
		}
	}
}

/* Who came first from elsewhere; a filter on loopback is not who it was. */
static void add_client(struct sending *s, struct dg_text client)
{
	struct dg_address address;

	if (s->has_client) {
		return;
	}
	if (client.n == 0 || dg_address_parse(client.p, client.n, &address) != 0) {
		return;
	}
	const char *special = dg_address_special(&address);
	if (!special || strcmp(special, "loopback") != 0) {
		s->client = address;
		s->has_client = true;
	}
}

void dg_sendlog_add(struct dg_sendlog *l, const struct dg_mail_passage *p)
{
	struct sending *s = make(l, p->message);

	if (!s) {
		return;
	}
	add_client(s, p->client);
	if (p->user.n > 0 && !s->user) {
		s->user = text_of(l, p->user.p, p->user.n);
	}
	s->is_out = s->is_out || p->is_remote;
	s->credit += s->credit < UINT32_MAX - DG_SENDLOG_CREDIT ? DG_SENDLOG_CREDIT : 0;
	add_domain(l, s, p->recipient);
}

/* --- what it says of a bounce ----------------------------------------------------------------- */
static bool is_for_us(const struct sending *s, const struct dg_owner *o)
{
	for (size_t i = 0; i < DOMAINS && s->domains[i]; i++) {
		if (dg_owner_has_domain(o, s->domains[i])) {
			return true;
		}
	}
	return false;
}

static enum dg_entry entry_of(const struct sending *s, const struct dg_owner *o)
{
	const char *provider = NULL;

	if (s->user) {
		return DG_ENTRY_LOGIN;
	}
	if (!s->has_client) {
		return DG_ENTRY_LOCAL;
	}
	if (dg_evidence_is_private(&s->client) ||
		dg_owner_standing(o, &s->client, "", &provider) == DG_STANDING_OWN) {
		return DG_ENTRY_INSIDE;
	}
	return is_for_us(s, o) ? DG_ENTRY_FORWARD : DG_ENTRY_OUTSIDE;
}

bool dg_sendlog_take(struct dg_sendlog *l, const struct dg_owner *o, struct dg_evidence *e)
{
	const char *id = e->returned->message_id;
	uint64_t key = dg_sent_ids_key(id, strlen(id));

	if (key == 0 || l->n == 0) {
		return false;
	}
	struct sending *s = place_of(l->places, l->n_places, key);
	if (s->key == 0 || !s->is_out || s->credit == 0) {
		return false;
	}
	s->credit--;
	e->is_logged = true;
	e->entry = entry_of(s, o);
	if (e->entry != DG_ENTRY_LOCAL) { /* a line of the original may name the program */
		e->user = s->user ? s->user : "";
		e->script = "";
	}
	e->has_entry_client = s->has_client && !dg_evidence_is_private(&s->client);
	e->entry_client = s->client;
	return true;
}
