#include "zones/incident/evidence.h"

#include "zones/base/arena.h"
#include "zones/base/map.h"

#include <string.h>
#include <strings.h>

const struct dg_bounce_head *dg_evidence_returned(const struct dg_bounce *b)
{
	return b->innermost ? b->innermost : &b->original;
}

const char *dg_evidence_recipient(struct dg_arena *a, const struct dg_bounce *b)
{
	const char *to = b->outer.delivered_to;

	for (size_t i = 0; to[0] == '\0' && i < b->outer.n_hops; i++) {
		to = b->outer.hops[i].recipient;
	}
	return dg_text_lower(a, to[0] != '\0' ? to : b->outer.to);
}

/* --- who brought it --------------------------------------------------------------------------- */
/* The newest line with an address on the Internet: what stands above it are our own hops, what stands below anybody may have
 * written. */
static const struct dg_bounce_hop *outer_client(const struct dg_bounce *b, const struct dg_owner *o)
{
	for (size_t i = 0; i < b->outer.n_hops; i++) {
		const struct dg_bounce_hop *hop = &b->outer.hops[i];
		const char *what = hop->has_address ? dg_address_special(&hop->address) : "none";
		bool is_inside = what && strcmp(what, "documentation") != 0;
		const char *provider = NULL;

		if (is_inside) {
			continue;
		}
		enum dg_standing s = dg_owner_standing(o, &hop->address, hop->name, &provider);
		if (s != DG_STANDING_OWN && s != DG_STANDING_OWN_NAME) {
			return hop;
		}
	}
	return NULL;
}

static void who_reports(struct dg_arena *a, const struct dg_owner *o, struct dg_evidence *e)
{
	const struct dg_bounce *b = e->bounce;
	const struct dg_bounce_hop *hop = outer_client(b, o);
	const char *said = dg_text_lower(a, b->reporting_organisation);
	const char *named = hop ? dg_registrable(a, hop->name) : "";
	char text[DG_ADDRESS_TEXT_MAX];
	char network[DG_NETWORK_TEXT_MAX];

	e->has_client = hop != NULL;
	e->reporter = said[0] != '\0' ? said : named;
	e->reporter_key = e->reporter;
	e->is_plausible = named[0] == '\0' || said[0] == '\0' || strcmp(named, said) == 0;
	if (!hop) {
		return;
	}
	e->client = hop->address;
	if (e->reporter[0] == '\0') {
		e->reporter = dg_strdup(a, dg_address_text(&hop->address, text));
	}
	if (named[0] == '\0' || !e->is_plausible) {
		struct dg_network n = dg_network_around(&hop->address);
		e->reporter_key = dg_strdup(a, dg_network_text(&n, network));
	}
}

/* --- how it came into our host ---------------------------------------------------------------- */
bool dg_evidence_is_private(const struct dg_address *address)
{
	const char *what = dg_address_special(address);

	return what && strcmp(what, "documentation") != 0;
}

static enum dg_entry entry_by(
	const struct dg_bounce_hop *hop, const struct dg_owner *o, struct dg_arena *a)
{
	const char *provider = NULL;

	if (hop->is_authenticated) {
		return DG_ENTRY_LOGIN;
	}
	if (hop->user[0] != '\0') { /* "userid 33": no login, but named */
		return DG_ENTRY_LOCAL;
	}
	if (!hop->has_address || dg_evidence_is_private(&hop->address)) {
		return hop->is_local ? DG_ENTRY_LOCAL : DG_ENTRY_INSIDE;
	}
	enum dg_standing s = dg_owner_standing(o, &hop->address, hop->name, &provider);
	if (s == DG_STANDING_OWN || s == DG_STANDING_OWN_NAME) {
		return DG_ENTRY_INSIDE;
	}
	bool is_for_us = dg_owner_has_domain(o, dg_domain_of_address(a, hop->recipient));
	return is_for_us ? DG_ENTRY_FORWARD : DG_ENTRY_OUTSIDE;
}

/* The lines from `first` on were written by our host. As long as one says that a host of ours (or a private address, a filter on
 * loopback) brought it, the next one is ours too. */
static void how_it_entered(
	struct dg_arena *a, const struct dg_owner *o, size_t first, struct dg_evidence *e)
{
	const struct dg_bounce_head *h = e->returned;

	e->entry = DG_ENTRY_UNSEEN;
	for (size_t i = first; i < h->n_hops; i++) {
		const struct dg_bounce_hop *hop = &h->hops[i];

		e->entry = entry_by(hop, o, a);
		e->entry_hop = i;
		e->host = hop->by[0] != '\0' ? hop->by : e->host;
		e->user = hop->user;
		e->has_entry_client = hop->has_address && !dg_evidence_is_private(&hop->address);
		e->entry_client = hop->address;
		bool goes_on = e->entry == DG_ENTRY_INSIDE ||
			       (e->entry == DG_ENTRY_LOCAL && hop->user[0] == '\0');
		if (!goes_on) {
			break;
		}
	}
	e->script = h->x_php_script;
	if (e->script[0] != '\0' && (e->entry == DG_ENTRY_INSIDE || e->entry == DG_ENTRY_UNSEEN)) {
		e->entry = DG_ENTRY_LOCAL;
	}
}

/* Our own host wrote the report: no stranger brought it, and the newest line of the original is by a host of ours. Then there is
 * no handoff: that line already says who gave it to us. */
static bool is_own_report(const struct dg_owner *o, const struct dg_evidence *e)
{
	const struct dg_bounce_head *h = e->returned;

	return !e->has_client && h->n_hops > 0 && h->hops[0].by[0] != '\0' &&
	       dg_owner_has_host(o, h->hops[0].by);
}

static void find_handoff(const struct dg_owner *o, struct dg_evidence *e)
{
	const struct dg_bounce *b = e->bounce;
	const struct dg_bounce_head *h = e->returned;

	if (b->handoff.has_address) {
		const struct dg_bounce_hop *hop = &h->hops[b->handoff.hop];
		bool is_name = strcasecmp(hop->name, "unknown") != 0;

		e->has_handoff = true;
		e->handoff = b->handoff.address;
		e->handoff_hop = b->handoff.hop;
		e->handoff_name = is_name ? hop->name : "";
		e->claims_our_name = dg_owner_has_host(o, hop->helo);
	} else if (dg_address_parse(b->source_ip, strlen(b->source_ip), &e->handoff) == 0) {
		e->has_handoff = true; /* of a complaint: who handed it to the one that complains */
	}
}

static bool is_ours_or_shared(enum dg_standing s)
{
	return s == DG_STANDING_OWN || s == DG_STANDING_OWN_NAME || s == DG_STANDING_SHARED;
}

static void where_from(struct dg_arena *a, const struct dg_owner *o, struct dg_evidence *e)
{
	char text[DG_ADDRESS_TEXT_MAX];

	e->handoff_hop = DG_NO_HOP;
	e->entry_hop = DG_NO_HOP;
	e->handoff_name = "";
	if (is_own_report(o, e)) {
		e->is_own_report = true;
		e->standing = DG_STANDING_OWN;
		how_it_entered(a, o, 0, e);
		return;
	}
	find_handoff(o, e);
	if (!e->has_handoff) {
		return;
	}
	e->standing = dg_owner_standing(o, &e->handoff, e->handoff_name, &e->provider);
	e->claims_our_name = e->claims_our_name && !is_ours_or_shared(e->standing);
	if (is_ours_or_shared(e->standing)) {
		e->host = e->handoff_name[0] != '\0'
				  ? e->handoff_name
				  : dg_strdup(a, dg_address_text(&e->handoff, text));
		/* A complaint names the address alone: the lines then begin with our host's. */
		how_it_entered(a, o, e->handoff_hop == DG_NO_HOP ? 0 : e->handoff_hop + 1, e);
	}
}

/* --- the rest --------------------------------------------------------------------------------- */
static bool is_in(const struct dg_map *m, const char *key)
{
	return m && key[0] != '\0' && dg_map_get(m, key) != NULL;
}

static void what_we_know(const struct dg_owner *o, struct dg_evidence *e)
{
	const struct dg_bounce_head *h = e->returned;

	e->is_sent = is_in(o->sent, h->message_id);
	if (o->recipients && e->recipient[0] != '\0' && o->n_domains > 0 &&
		dg_owner_has_domain(
			o, strchr(e->recipient, '@') ? strrchr(e->recipient, '@') + 1 : "")) {
		e->existence = is_in(o->recipients, e->recipient) ? DG_EXISTENCE_EXISTS
								  : DG_EXISTENCE_NEVER;
	}
	e->is_bulk = h->list_id[0] != '\0' || strcasecmp(h->precedence, "bulk") == 0 ||
		     strcasecmp(h->precedence, "list") == 0;
	e->never_sends = dg_owner_has_list(o, e->recipient);
	e->is_list_leak = e->bounce->outer.list_id[0] != '\0' || e->never_sends;
}

void dg_evidence_of(struct dg_arena *a, const struct dg_bounce *b, const struct dg_owner *o,
	enum dg_token token, struct dg_evidence *ret_evidence)
{
	const struct dg_bounce_head *h = dg_evidence_returned(b);
	struct dg_evidence e = {
		.bounce = b, .returned = h, .token = token, .signed_by = DG_SIGNED_NONE};

	e.at = b->outer.n_hops > 0 && b->outer.hops[0].at > 0 ? b->outer.hops[0].at : b->outer.at;
	e.user = e.script = e.host = "";
	e.recipient = dg_evidence_recipient(a, b);
	const char *at = strrchr(e.recipient, '@');
	e.local = dg_strndup(a, e.recipient, at ? (size_t)(at - e.recipient) : 0);
	e.from_domain = dg_domain_of_address(a, h->from);
	bool has_sender = h->has_return_path && !h->is_null;
	e.sender_domain = dg_domain_of_address(a, has_sender ? h->return_path : e.recipient);
	e.n_recipients = b->n_recipients + b->n_recipients_dropped;
	who_reports(a, o, &e);
	where_from(a, o, &e);
	what_we_know(o, &e);
	*ret_evidence = e;
}

/* Of an original that came back whole: what a nested bounce brings back is not where the octets are. */
const struct dg_bounce_signature *dg_evidence_signature(
	const struct dg_bounce *b, const struct dg_owner *o)
{
	if (b->original_is != DG_BOUNCE_ORIGINAL_MESSAGE || b->original_len == 0 || b->innermost) {
		return NULL;
	}
	for (size_t i = 0; i < b->original.n_signatures; i++) {
		const struct dg_bounce_signature *s = &b->original.signatures[i];
		if (s->domain[0] != '\0' && dg_owner_has_domain(o, s->domain)) {
			return s;
		}
	}
	return NULL;
}

bool dg_evidence_is_passed_on(const struct dg_evidence *e)
{
	return e->standing == DG_STANDING_FOREIGN || e->standing == DG_STANDING_STRANGER;
}

const char *dg_signed_text(enum dg_signed s)
{
	static const char *const texts[DG_SIGNED_STATES] = {
		[DG_SIGNED_NOT_CHECKED] = "not-checked",
		[DG_SIGNED_NONE] = "none",
		[DG_SIGNED_NO_KEY] = "no-key",
		[DG_SIGNED_BROKEN] = "broken",
		[DG_SIGNED_OURS] = "ours",
		[DG_SIGNED_COPIED] = "copied",
	};

	return texts[s];
}

const char *dg_entry_text(enum dg_entry e)
{
	switch (e) {
	case DG_ENTRY_NONE:
		break;
	case DG_ENTRY_UNSEEN:
		return "unseen";
	case DG_ENTRY_LOGIN:
		return "login";
	case DG_ENTRY_LOCAL:
		return "local";
	case DG_ENTRY_INSIDE:
		return "inside";
	case DG_ENTRY_OUTSIDE:
		return "outside";
	case DG_ENTRY_FORWARD:
		return "forward";
	}
	return "none";
}
