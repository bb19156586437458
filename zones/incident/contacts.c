#include "zones/incident/contacts.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/base/sink.h"
#include "zones/mail/facts.h"
#include "zones/record/name.h"

#include <string.h>

#define ABUSIX    "abuse-contacts.abusix.zone."
#define ABUSE_NET "contacts.abuse.net."

/* --- DNS -------------------------------------------------------------------------------------- */
/* The octets of IPv4, the nibbles of IPv6, the last first. */
static const char *reversed(struct dg_arena *a, const struct dg_address *address)
{
	const uint8_t *o = address->octets;
	char text[80];
	size_t n = 0;

	if (!address->is_ip6) {
		return dg_printf(a, "%u.%u.%u.%u.", o[3], o[2], o[1], o[0]);
	}
	for (size_t i = 16; i > 0; i--) {
		static const char hex[] = "0123456789abcdef";
		text[n++] = hex[o[i - 1] & 15];
		text[n++] = '.';
		text[n++] = hex[o[i - 1] >> 4];
		text[n++] = '.';
	}
	return dg_strndup(a, text, n);
}

/* The first plain address in a text: several are separated by commas or blanks. */
static const char *address_in(struct dg_arena *a, const char *text)
{
	static const char between[] = ", \t;<>\"";

	for (const char *p = text + strspn(text, between); *p;) {
		size_t n = strcspn(p, between);
		const char *word = dg_strndup(a, p, n);

		if (dg_is_plain_address(word)) {
			return word;
		}
		p += n + strspn(p + n, between);
	}
	return NULL;
}

/* False: pending. */
static bool by_txt(struct dg_arena *a, const struct dg_facts *facts, const char *name,
	const char **ret_address)
{
	const struct dg_fact *fact = dg_fact(facts, name, DG_TYPE_TXT);

	for (size_t i = 0; fact->state == DG_FACT_FOUND && i < fact->set.n && !*ret_address; i++) {
		*ret_address = address_in(a, dg_txt_join(a, &fact->set.rdata[i]));
	}
	return fact->state != DG_FACT_PENDING;
}

/* --- RDAP ------------------------------------------------------------------------------------- */
static const struct dg_fetch *fetched(const struct dg_facts *facts, const char *url)
{
	static const struct dg_fetch none = {.state = DG_FETCH_NOT_ASKED, .content_type = ""};

	return facts->fetch ? facts->fetch(facts->arg, url) : &none;
}

static bool by_rdap(struct dg_arena *a, const struct dg_contact_question *q,
	const struct dg_facts *facts, const char **ret_address)
{
	const char *list = q->address.is_ip6 ? q->list6 : q->list4;
	size_t n = list ? strlen(list) : 0;
	char text[DG_ADDRESS_TEXT_MAX];

	if (!list) {
		const struct dg_fetch *f = fetched(
			facts, q->address.is_ip6 ? DG_CONTACT_IPV6_LIST : DG_CONTACT_IPV4_LIST);
		if (f->state != DG_FETCH_FOUND) {
			return f->state != DG_FETCH_PENDING;
		}
		list = f->body;
		n = f->len;
	}
	const char *base = dg_rdap_base(a, list, n, &q->address);
	if (!base) {
		return true;
	}
	const struct dg_fetch *f =
		fetched(facts, dg_printf(a, "%sip/%s", base, dg_address_text(&q->address, text)));
	if (f->state == DG_FETCH_FOUND) {
		*ret_address = dg_rdap_abuse(a, f->body, f->len);
	}
	return f->state != DG_FETCH_PENDING;
}

/* --- in order --------------------------------------------------------------------------------- */
static bool found(struct dg_contact *ret, const char *address, const char *basis)
{
	if (address) {
		*ret = (struct dg_contact){address, basis};
	}
	return address != NULL;
}

/* False: pending, or nothing found; ret says which. */
static bool by_registries(struct dg_arena *a, const struct dg_contact_question *q,
	const struct dg_facts *facts, struct dg_contact *ret, bool *ret_pending)
{
	const char *address = NULL;

	if (q->has_address && q->asks_dns && !q->wants_postmaster) {
		const char *name = dg_printf(a, "%s" ABUSIX, reversed(a, &q->address));
		*ret_pending = !by_txt(a, facts, name, &address);
		if (*ret_pending || found(ret, address, "abusix")) {
			return !*ret_pending;
		}
	}
	if (q->has_address && q->asks_rdap && !q->wants_postmaster) {
		*ret_pending = !by_rdap(a, q, facts, &address);
		if (*ret_pending || found(ret, address, "RDAP")) {
			return !*ret_pending;
		}
	}
	return false;
}

static bool is_name(struct dg_arena *a, const char *domain, const char **ret_name)
{
	struct dg_err err;

	return domain[0] != '\0' &&
	       dg_name_parse(a, domain, strlen(domain), NULL, ret_name, &err) == 0;
}

bool dg_contact_find(struct dg_arena *a, const struct dg_contact_question *q,
	const struct dg_facts *facts, struct dg_contact *ret)
{
	const char *address = NULL;
	const char *name = NULL;
	bool is_pending = false;

	*ret = (struct dg_contact){"", ""};
	if (by_registries(a, q, facts, ret, &is_pending) || is_pending) {
		return !is_pending;
	}
	if (!is_name(a, q->domain, &name)) {
		return true;
	}
	if (q->asks_dns && strlen(name) + sizeof(ABUSE_NET) < DG_NAME_WIRE_MAX) {
		if (!by_txt(a, facts, dg_printf(a, "%s" ABUSE_NET, name), &address)) {
			return false;
		}
		if (!q->wants_postmaster && found(ret, address, "abuse.net")) {
			return true;
		}
	}
	const char *guess = dg_printf(
		a, "%s@%s", q->wants_postmaster ? "postmaster" : "abuse", dg_name_plain(a, name));
	if (dg_is_plain_address(guess)) {
		*ret = (struct dg_contact){guess, "RFC 2142"};
	}
	return true;
}
