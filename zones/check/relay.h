/* zones/check/relay.h: does a mail server relay for strangers: what to ask it, and what its answers mean. Pure.
 *
 * Shape    A form is one sender and one recipient that is not the server's business, written in one of the ways that servers
 *          have been fooled with. The recipients are at names where nobody gets mail: dnsguard.invalid (RFC 6761 section 6.4)
 *          and example.org (RFC 2606 section 3, it publishes a null MX). Some servers refuse the one, some the other for
 *          that reason alone: such a refusal says nothing about relaying.
 * Controls postmaster at the domain: a server that refuses that too refuses us, not the stranger. A local part that nobody has:
 *          where that is taken, "user%example.org" before the @ may be taken as a local part just as well, and proves nothing.
 * Meaning  A yes to RCPT is not yet a relayed message: some servers refuse after DATA, which is never sent.
 * Memory   In the arena given; names are borrowed.
 */
#pragma once

#include <stddef.h>

struct dg_arena;

enum dg_relay_kind {
	DG_RELAY_OWN,    /* control: postmaster at the domain */
	DG_RELAY_NOBODY, /* control: a local part that nobody has */
	DG_RELAY_PLAIN,
	DG_RELAY_ROUTED, /* "@example.com:user@example.org" */
	DG_RELAY_LOCAL, /* can be read as an address of the domain: "user%example.org@example.com" */
};

struct dg_relay_form {
	const char *name; /* "plain", "percent hack" ...; static text */
	enum dg_relay_kind kind;
	unsigned connection; /* forms of one number go over one connection, in their order */
	const char *mail_from, *rcpt; /* without <> */
	/* --- what came back --- */
	int mail_code, rcpt_code; /* 0: nothing, or not asked */
	const char *reply;        /* text of the last one, safe to show; NULL: none */
};

struct dg_relay_host {       /* one address of an MX host */
	const char *host;    /* canonical */
	const char *domain;  /* that it takes mail for, canonical */
	const char *address; /* NULL: it has none */
	struct dg_relay_form *forms;
	size_t n_forms;
	const char *why; /* why not all was answered, one line, safe to show; NULL: all was */
};

enum dg_relay_outcome {
	DG_RELAY_REFUSES,
	DG_RELAY_ACCEPTS,
	DG_RELAY_UNSURE,
};

/* Forms to ask of this address of an MX host of the domain (canonical). Returns how many. */
size_t dg_relay_forms(struct dg_arena *a, const char *domain, const char *address,
	struct dg_relay_form **ret_forms);

/* ret_form: the one that decides, NULL: none. ret_why: static text for UNSURE. */
enum dg_relay_outcome dg_relay_judge(
	const struct dg_relay_host *h, const struct dg_relay_form **ret_form, const char **ret_why);
