#include "controller/watch/mail_judge.h"

#include "controller/watch/hub.h"
#include "controller/watch/own.h"
#include "zones/base/address.h"
#include "zones/base/arena.h"
#include "zones/bounce/bounce.h"
#include "zones/mail/chars.h"

#include <stdio.h>
#include <string.h>

#define DKIM_MEMORY ((size_t)8 << 20)

/* --- whose ---------------------------------------------------------------------------------------------------- */
/* In lower case, when its domain is watched. */
static const struct dg_watched *watched_of(
	const struct dg_hub *hub, const char *address, char ret_lower[DG_MAIL_JUDGED_ADDRESS])
{
	const char *at = strrchr(address, '@');
	size_t n = strlen(address);

	if (!at || at[1] == '\0' || n + 1 >= DG_MAIL_JUDGED_ADDRESS) {
		return NULL;
	}
	for (size_t i = 0; i <= n; i++) {
		ret_lower[i] = dg_lower(address[i]);
	}
	ret_lower[n] = '.'; /* as the hub has it */
	ret_lower[n + 1] = '\0';
	const struct dg_watched *w = dg_hub_find(hub, ret_lower + (at + 1 - address));
	ret_lower[n] = '\0';
	return w;
}

static const struct dg_watched *whose(
	const struct dg_hub *hub, const struct dg_bounce *b, char ret_lower[DG_MAIL_JUDGED_ADDRESS])
{
	const struct dg_bounce_head *o = b->innermost ? b->innermost : &b->original;
	const char *const places[] = {
		b->outer.delivered_to, b->outer.to, o->return_path, o->from, b->original_mail_from};
	const struct dg_watched *w = NULL;

	for (size_t i = 0; !w && i < sizeof(places) / sizeof(places[0]); i++) {
		w = places[i] ? watched_of(hub, places[i], ret_lower) : NULL;
	}
	return w;
}

/* Who handed the letter to us, as far as its own Received lines tell. */
static void client_of(const struct dg_bounce *b, char ret_text[64])
{
	ret_text[0] = '\0';
	for (size_t i = 0; i < b->outer.n_hops; i++) {
		const struct dg_bounce_hop *h = &b->outer.hops[i];

		if (h->has_address && !h->is_local) {
			(void)dg_address_text(&h->address, ret_text);
			const char *special = dg_address_special(&h->address);
			if (!special || strcmp(special, "documentation") == 0) {
				return;
			}
		}
	}
}

/* --- what proves it ---------------------------------------------------------------------------------------------- */
static bool is_signed(const struct dg_own_name *n, const struct dg_mail_whole *w)
{
	const struct dg_bounce *b = w->record;

	if (n->n_keys == 0 || b->original_is != DG_BOUNCE_ORIGINAL_MESSAGE ||
		b->original_len == 0 || b->original_at > w->n ||
		b->original_len > w->n - b->original_at) {
		return false;
	}
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(DKIM_MEMORY);
	return dg_dkim_verifies(
		a, w->octets + b->original_at, b->original_len, n->keys, n->n_keys, NULL);
}

/* Mail servers may take the tag off before they write Delivered-To. */
static enum dg_proof_tag tag_of(
	const struct dg_own_name *n, const struct dg_bounce *b, int64_t now_s)
{
	const char *const places[] = {b->outer.delivered_to, b->outer.to, b->original.return_path};

	if (!n->tags) {
		return DG_PROOF_NO_TAGS;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (dg_batv_check(n->tags, places[i], now_s) == DG_BATV_VALID) {
			return DG_PROOF_TAG_VALID;
		}
	}
	return DG_PROOF_TAG_MISSING;
}

static enum dg_mail_proof prove(struct dg_hub *hub, struct dg_own *own, const char *name,
	const char *address, const struct dg_mail_whole *w)
{
	const struct dg_bounce *b = w->record;
	const struct dg_bounce_head *o = b->innermost ? b->innermost : &b->original;
	const struct dg_own_name *n = own ? dg_own_find(own, name) : NULL;
	struct dg_proof_facts f = {
		.now_s = w->now_s, .is_sent = dg_hub_take_sent(hub, o->message_id)};

	if (n) {
		f.tag = tag_of(n, b, w->now_s);
		f.tags_since_s = n->tags_since_s;
		f.is_signed = is_signed(n, w);
		f.host = b->handoff.has_address ? dg_own_host(own, n, &b->handoff.address)
						: DG_PROOF_HOST_UNKNOWN;
		f.has_recipients = n->recipients != NULL;
		f.is_recipient = n->recipients && dg_own_is_recipient(n, address);
	}
	switch (dg_proof_of(b, &f).class) {
	case DG_ARRIVAL_OWN:
		return DG_MAIL_PROVED_OWN;
	case DG_ARRIVAL_FOREIGN:
		return DG_MAIL_PROVED_FOREIGN;
	case DG_ARRIVAL_UNKNOWN:
		break;
	}
	return DG_MAIL_UNPROVED;
}

/* --- the door ------------------------------------------------------------------------------------------------------ */
size_t dg_mail_judge(struct dg_hub *hub, struct dg_own *own, const struct dg_mail_whole *w,
	struct dg_mail_judged *ret_judged)
{
	const struct dg_bounce *b = w->record;
	struct dg_mail_judged j = {.event = {.at_ms = w->at_ms > 0 ? w->at_ms : w->now_s * 1000}};
	const struct dg_watched *name = whose(hub, b, j.address);

	if (!name) {
		return 0;
	}
	client_of(b, j.client);
	if (dg_proof_is_answer(b)) {
		j.event.kind = DG_MAIL_TAKEN;
		j.event.proof = prove(hub, own, name->name, j.address, w);
	} else if (b->kind == DG_BOUNCE_ORDINARY && !b->outer.is_null) {
		j.event.kind = DG_MAIL_RECEIVED;
	} else {
		return 0;
	}
	*ret_judged = j;
	return 1;
}

struct dg_mail_event dg_mail_judged_event(const struct dg_mail_judged *j)
{
	struct dg_mail_event e = j->event;

	e.address = (struct dg_text){j->address, strlen(j->address)};
	e.client = (struct dg_text){j->client, strlen(j->client)};
	return e;
}
