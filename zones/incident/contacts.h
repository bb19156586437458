/* zones/incident/contacts.h: whom to write to about a host or an organisation: by DNS, by RDAP, by RFC 2142. Pure.
 *
 * Shape    dg_contact_find() asks facts (zones/mail/facts.h) and answers when it has them. In this order: the registry's contact of an address
 *          (TXT under abuse-contacts.abusix.zone; RDAP, RFC 9082, RFC 9083), the domain's (TXT under contacts.abuse.net), then
 *          abuse@ or postmaster@ the domain (RFC 2142), which is only a guess.
 * RDAP     The server is the one that IANA's list (RFC 9224) names for the address; the abuse entity's e-mail counts. Documents come by HTTPS
 *          from public addresses only, and redirects are not followed.
 * Trust    Whoever answers can name any address: it is checked to be a plain one, and shown to a person before anything is sent.
 * Memory   In the arena given.
 */
#pragma once

#include "zones/base/address.h"

#include <stdbool.h>
#include <stddef.h>

struct dg_arena;
struct dg_facts;

#define DG_CONTACT_IPV4_LIST "https://data.iana.org/rdap/ipv4.json"
#define DG_CONTACT_IPV6_LIST "https://data.iana.org/rdap/ipv6.json"

struct dg_contact_question {
	bool has_address;
	struct dg_address address;
	const char *domain;    /* registrable, without a final dot; "": none */
	bool wants_postmaster; /* who bounces: mail is his business, not abuse */
	bool asks_dns, asks_rdap;
	/* IANA's lists, when they were fetched before; NULL: fetch them. */
	const char *list4, *list6;
};

struct dg_contact {
	const char *address; /* ""; nobody is known */
	const char *basis;   /* static: "RDAP", "abusix", "abuse.net", "RFC 2142"; "" */
};

/* False: something is pending, ask again. */
bool dg_contact_find(struct dg_arena *a, const struct dg_contact_question *q,
	const struct dg_facts *facts, struct dg_contact *ret);

/* Out of IANA's list: the HTTPS base URL of the longest prefix that holds the address, with a final slash; NULL: none. */
const char *dg_rdap_base(
	struct dg_arena *a, const char *json, size_t n, const struct dg_address *address);
/* Out of an RDAP answer: the e-mail of the entity with the role abuse; NULL: none. */
const char *dg_rdap_abuse(struct dg_arena *a, const char *json, size_t n);
