#include "zones/check/relay.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "zones/base/arena.h"

#define USER   "dnsguard-relay-test"
#define NOBODY "dnsguard-no-such-user"
#define GONE   USER "@dnsguard.invalid" /* a name that does not exist */
#define MUTE   USER "@example.org"      /* a name that takes no mail */

/* mail_from, rcpt: %D the domain, %A the server's address as a literal. */
static const struct form {
	const char *name;
	enum dg_relay_kind kind;
	unsigned connection;
	const char *mail_from, *rcpt;
} forms[] = {
	{"postmaster", DG_RELAY_OWN, 0, "postmaster@%D", "postmaster@%D"},
	{"nobody", DG_RELAY_NOBODY, 0, "postmaster@%D", NOBODY "@%D"},
	{"plain", DG_RELAY_PLAIN, 0, "postmaster@%D", MUTE},
	{"plain", DG_RELAY_PLAIN, 0, "postmaster@%D", GONE},
	{"null sender", DG_RELAY_PLAIN, 0, "", MUTE},
	{"foreign sender", DG_RELAY_PLAIN, 0, MUTE, GONE},
	/* Apart from the others: servers hang up after some errors. */
	{"nobody", DG_RELAY_NOBODY, 1, "postmaster@%D", NOBODY "@%D"},
	{"source route", DG_RELAY_ROUTED, 1, "postmaster@%D", "@%D:" MUTE},
	{"percent hack", DG_RELAY_LOCAL, 1, "postmaster@%D", USER "%example.org@%D"},
	{"percent hack", DG_RELAY_LOCAL, 1, "postmaster@%D", USER "%example.org@%A"},
	{"bang path", DG_RELAY_LOCAL, 1, "postmaster@%D", "example.org!" USER "@%D"},
	{"quoted", DG_RELAY_LOCAL, 1, "postmaster@%D", "\"" MUTE "\"@%D"},
	{"quoted, no domain", DG_RELAY_LOCAL, 1, "postmaster@%D", "\"" MUTE "\""},
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

/* --- what to ask ------------------------------------------------------------------------------ */
static const char *fill(
	struct dg_arena *a, const char *pattern, const char *domain, const char *address)
{
	const char *at = strstr(pattern, "%D");
	const char *literal = at ? NULL : strstr(pattern, "%A");

	if (literal) {
		return dg_printf(a, "%.*s[%s%s]", (int)(literal - pattern), pattern,
			strchr(address, ':') ? "IPv6:" : "", address);
	}
	if (!at) {
		return pattern;
	}
	size_t len = strlen(domain);
	len -= len > 1 && domain[len - 1] == '.';
	return dg_printf(a, "%.*s%.*s%s", (int)(at - pattern), pattern, (int)len, domain, at + 2);
}

size_t dg_relay_forms(struct dg_arena *a, const char *domain, const char *address,
	struct dg_relay_form **ret_forms)
{
	struct dg_relay_form *list = dg_newn(a, struct dg_relay_form, FORMS);

	for (size_t i = 0; i < FORMS; i++) {
		list[i] = (struct dg_relay_form){
			.name = forms[i].name,
			.kind = forms[i].kind,
			.connection = forms[i].connection,
			.mail_from = fill(a, forms[i].mail_from, domain, address),
			.rcpt = fill(a, forms[i].rcpt, domain, address),
		};
	}
	*ret_forms = list;
	return FORMS;
}

/* --- what it means ---------------------------------------------------------------------------- */
static bool is_status(const char *text, const char *status)
{
	size_t n = strlen(status);

	return strncmp(text, status, n) == 0 && (text[n] == ' ' || text[n] == '\0');
}

/* Refused because nobody gets mail there: bad destination system, null MX (RFC 3463 section 3.2, RFC 7504, RFC 7505 section 4). */
static bool is_about_name(const struct dg_relay_form *f)
{
	const char *text = f->reply ? f->reply : "";

	return f->rcpt_code == 556 || is_status(text, "5.1.2") || is_status(text, "5.1.10") ||
	       strcasestr(text, "unrouteable") != NULL;
}

static bool is_about_relaying(const struct dg_relay_form *f)
{
	return f->rcpt_code / 100 == 5 && f->reply && strcasestr(f->reply, "relay") != NULL;
}

enum answer {
	ANSWER_NONE, /* or one that says nothing about relaying */
	ANSWER_YES,
	ANSWER_NO,
	ANSWER_LATER,
};

static enum answer answer_of(const struct dg_relay_form *f)
{
	switch (f->rcpt_code / 100) {
	case 2:
		return ANSWER_YES;
	case 4:
		return ANSWER_LATER;
	case 5:
		return is_about_name(f) ? ANSWER_NONE : ANSWER_NO;
	default: /* the sender was refused: that way nothing is relayed */
		return f->mail_code / 100 == 4 ? ANSWER_LATER : ANSWER_NONE;
	}
}

static bool is_control(const struct dg_relay_form *f)
{
	return f->kind == DG_RELAY_OWN || f->kind == DG_RELAY_NOBODY;
}

struct controls {
	bool refuses_own;    /* postmaster */
	bool refuses_nobody; /* over each connection */
};

static struct controls controls_of(const struct dg_relay_host *h)
{
	struct controls c = {.refuses_nobody = true};

	for (size_t i = 0; i < h->n_forms; i++) {
		const struct dg_relay_form *f = &h->forms[i];
		bool is_refused = f->rcpt_code / 100 == 5 || f->mail_code / 100 == 5;
		c.refuses_own |= f->kind == DG_RELAY_OWN && is_refused;
		c.refuses_nobody &= f->kind != DG_RELAY_NOBODY || f->rcpt_code / 100 == 5;
	}
	return c;
}

/* The first form of interest with this answer. */
static const struct dg_relay_form *first(
	const struct dg_relay_host *h, struct controls c, enum answer answer)
{
	for (size_t i = 0; i < h->n_forms; i++) {
		const struct dg_relay_form *f = &h->forms[i];
		if (is_control(f) || (f->kind == DG_RELAY_LOCAL && !c.refuses_nobody)) {
			continue;
		}
		if (answer_of(f) == answer && (answer != ANSWER_NO || f->kind == DG_RELAY_PLAIN)) {
			return f;
		}
	}
	return NULL;
}

static bool says_relaying(const struct dg_relay_host *h)
{
	for (size_t i = 0; i < h->n_forms; i++) {
		if (!is_control(&h->forms[i]) && is_about_relaying(&h->forms[i])) {
			return true;
		}
	}
	return false;
}

enum dg_relay_outcome dg_relay_judge(
	const struct dg_relay_host *h, const struct dg_relay_form **ret_form, const char **ret_why)
{
	struct controls c = controls_of(h);
	const struct dg_relay_form *yes = first(h, c, ANSWER_YES);
	const struct dg_relay_form *later = first(h, c, ANSWER_LATER);
	const struct dg_relay_form *no = first(h, c, ANSWER_NO);

	*ret_why = NULL;
	*ret_form = yes ? yes : later ? later : no;
	if (yes) {
		return DG_RELAY_ACCEPTS;
	}
	if (h->why) {
		*ret_form = NULL;
		*ret_why = h->why;
	} else if (later) {
		*ret_why = "it puts a stranger's mail off instead of refusing it";
	} else if (!no) {
		*ret_why = "it refuses the names that were tried, since nobody gets mail there, or "
			   "the senders";
	} else if (c.refuses_own && !says_relaying(h)) {
		*ret_why = "it refuses mail for its own postmaster from here too";
	} else {
		return DG_RELAY_REFUSES;
	}
	return DG_RELAY_UNSURE;
}
