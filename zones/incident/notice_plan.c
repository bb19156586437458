/* zones/incident/notice_plan.c: who is written to, and once. */
#include "zones/base/arena.h"
#include "zones/base/network.h"
#include "zones/base/sink.h"
#include "zones/incident/notice.h"
#include "zones/incident/owner.h"

#include <string.h>

struct planning {
	struct dg_arena *arena;
	const struct dg_notice_seen *seen;
	struct dg_notice *list;
	size_t n;
};

static void add(struct planning *x, enum dg_notice_kind kind, const char *organisation,
	const struct dg_notice_item *item)
{
	if (x->n == DG_NOTICE_PARTIES_MAX) {
		return;
	}
	struct dg_notice *n = &x->list[x->n++];
	*n = (struct dg_notice){.kind = kind, .organisation = organisation, .basis = ""};
	if (item) {
		n->places[n->n_places++] = item;
		n->n = item->n;
	}
}

static void add_to(struct planning *x, enum dg_notice_kind kind, const char *address)
{
	size_t before = x->n;

	add(x, kind, "", NULL);
	if (x->n > before && address) {
		struct dg_notice *n = &x->list[before];
		n->to[n->n_to++] = address;
		n->basis = "named by you";
	}
}

/* --- by verdict ------------------------------------------------------------------------------- */
static bool is_address(const char *text)
{
	struct dg_address a;

	return dg_address_parse(text, strlen(text), &a) == 0;
}

/* A host name by which somebody can be found; "": none. */
static const char *host_of(const struct dg_notice_item *item)
{
	const char *name = item->name[0] != '\0' ? item->name : item->text;

	return is_address(name) || !strchr(name, '.') ? "" : name;
}

static const char *organisation_of(struct dg_arena *a, const struct dg_notice_item *item)
{
	const char *name = host_of(item);
	char text[DG_NETWORK_TEXT_MAX];
	struct dg_address address;

	if (name[0] != '\0') {
		return dg_registrable(a, name);
	}
	if (dg_address_parse(item->text, strlen(item->text), &address) != 0) {
		return item->text;
	}
	struct dg_network n = dg_network_around(&address);
	return dg_strdup(a, dg_network_text(&n, text));
}

static void add_list(struct planning *x, enum dg_notice_kind kind,
	const struct dg_notice_list *list, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n && n < most; i++) {
		const struct dg_notice_item *item = &list->items[i];

		if (kind != DG_NOTICE_ORIGIN || item->is_forged) {
			add(x, kind, organisation_of(x->arena, item), item);
			n++;
		}
	}
}

static void add_parties(struct planning *x, const struct dg_notice_wish *wish)
{
	const struct dg_notice_seen *s = x->seen;

	switch (s->kind) {
	case DG_INCIDENT_FORGED:
	case DG_INCIDENT_LIST_LEAK:
		add_list(x, DG_NOTICE_ORIGIN, &s->origins, wish->most);
		add_list(x, DG_NOTICE_REPORTER, &s->reporters, wish->most);
		break;
	case DG_INCIDENT_RELAY:
	case DG_INCIDENT_PROVIDER:
	case DG_INCIDENT_THROUGH_OWN:
		add_list(x, DG_NOTICE_RELAY, &s->hosts, wish->most);
		break;
	case DG_INCIDENT_ACCOUNT:
	case DG_INCIDENT_SCRIPT:
		break;
	case DG_INCIDENT_UNDECIDED:
	case DG_INCIDENT_OWN:
	case DG_INCIDENT_KINDS:
		return; /* there is nobody to write to */
	}
	add_to(x, DG_NOTICE_USERS, wish->users);
	if (wish->registrar || s->kind == DG_INCIDENT_ACCOUNT || s->kind == DG_INCIDENT_SCRIPT ||
		s->kind == DG_INCIDENT_RELAY) {
		add_to(x, DG_NOTICE_REGISTRAR, wish->registrar);
	}
	add_to(x, DG_NOTICE_DESK, wish->desk);
}

size_t dg_notice_plan(struct dg_arena *a, const struct dg_notice_seen *seen,
	const struct dg_notice_wish *wish, struct dg_notice ret[DG_NOTICE_PARTIES_MAX])
{
	struct planning x = {.arena = a, .seen = seen, .list = ret};

	add_parties(&x, wish);
	return x.n;
}

const char *dg_notice_name(struct dg_arena *a, const struct dg_notice *n)
{
	if (n->n_places == 0) {
		return "";
	}
	const char *host = host_of(n->places[0]);
	return host[0] != '\0' ? dg_registrable(a, host) : "";
}

/* --- once ------------------------------------------------------------------------------------- */
static bool is_for_organisations(enum dg_notice_kind k)
{
	return k == DG_NOTICE_ORIGIN || k == DG_NOTICE_RELAY || k == DG_NOTICE_REPORTER;
}

/* By the contact's domain, which is who reads it, else by name. */
static const char *key_of(struct dg_arena *a, const struct dg_notice *n)
{
	return n->n_to > 0 ? dg_registrable(a, strrchr(n->to[0], '@') + 1) : n->organisation;
}

static bool is_ours(struct dg_arena *a, const struct dg_notice_seen *s, const char *key)
{
	for (size_t i = 0; i < s->n_domains; i++) {
		if (strcmp(dg_registrable(a, s->domains[i]), key) == 0) {
			return true;
		}
	}
	return false;
}

static void merge(struct dg_notice *into, const struct dg_notice *from)
{
	if (into->kind != from->kind) {
		return; /* who hands forged mail over is not told off for bouncing, too */
	}
	for (size_t i = 0; i < from->n_places; i++) {
		into->n += from->places[i]->n;
		if (into->n_places < DG_NOTICE_PLACES_MAX) {
			into->places[into->n_places++] = from->places[i];
		}
	}
}

/* An address that is not plain would not be one where it is used. */
static void drop_odd(struct dg_notice *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->n_to; i++) {
		if (dg_is_plain_address(n->to[i])) {
			n->to[kept++] = n->to[i];
		}
	}
	n->n_to = kept;
}

size_t dg_notice_join(struct dg_arena *a, const struct dg_notice_seen *seen,
	struct dg_notice list[DG_NOTICE_PARTIES_MAX], size_t n)
{
	const char *keys[DG_NOTICE_PARTIES_MAX];
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		size_t same = 0;

		drop_odd(&list[i]);
		const char *key = key_of(a, &list[i]);
		if (!is_for_organisations(list[i].kind)) {
			keys[kept] = "";
			list[kept++] = list[i];
			continue;
		}
		while (same < kept && strcmp(keys[same], key) != 0) {
			same++;
		}
		if (is_ours(a, seen, key)) {
			continue;
		}
		if (same < kept) {
			merge(&list[same], &list[i]);
			continue;
		}
		keys[kept] = key;
		list[kept] = list[i];
		list[kept++].organisation = key;
	}
	return kept;
}

const char *dg_notice_file(struct dg_arena *a, const struct dg_notice *n, size_t number)
{
	const char *kind = dg_notice_kind_text(n->kind);
	char *text = NULL;

	if (n->organisation[0] == '\0') {
		return dg_printf(a, "%02zu-%s.eml", number, kind);
	}
	text = dg_printf(a, "%02zu-%s-%.100s", number, kind, n->organisation);
	for (char *p = text; *p; p++) {
		bool is_plain = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '.' ||
				*p == '-';
		if (!is_plain) {
			*p = '-';
		}
	}
	return dg_printf(a, "%s.eml", text);
}

const char *dg_notice_kind_text(enum dg_notice_kind k)
{
	static const char *const texts[DG_NOTICE_KINDS] = {
		[DG_NOTICE_ORIGIN] = "origin",
		[DG_NOTICE_RELAY] = "relay",
		[DG_NOTICE_REPORTER] = "reporter",
		[DG_NOTICE_USERS] = "users",
		[DG_NOTICE_REGISTRAR] = "registrar",
		[DG_NOTICE_DESK] = "desk",
	};

	return texts[k];
}
