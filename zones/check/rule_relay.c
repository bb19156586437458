/* What the MX hosts of the policy said to a stranger's recipient. */
#include "zones/base/arena.h"
#include "zones/check/relay.h"
#include "zones/check/rule.h"

const struct dg_kind dg_relay_kinds[] = {
	{"relay-open", "relay", DG_SEVERITY_ERROR, "the mail server accepts RCPT for a stranger",
		"RFC 2505 section 2.1",
		"From an address that it does not know, the server said yes to a recipient in a "
		"domain that is not its own. Most "
		"servers that do so pass the message on: spammers find such a server within days, "
		"and the bounces and complaints "
		"come to whoever runs it. A yes to RCPT is not the last proof, since a server may "
		"still refuse after DATA; nothing "
		"was sent to find out.\n"
		"Asked from inside, a server that relays for its own network gives the same "
		"answer: ask from an address outside.",
		"let the server take mail only for its own domains, and for others only from hosts "
		"and users that it knows "
		"(Postfix: smtpd_relay_restrictions; Exim: the relay_from_hosts list)"},
	{"relay-unsure", "relay", DG_SEVERITY_UNKNOWN,
		"whether the mail server relays could not be told", "RFC 2505 section 2.1",
		"The server did not answer, answered with a temporary refusal (greylisting, too "
		"many connections), or refused for "
		"another reason than relaying, for instance because it does not like the address "
		"that asked.",
		"ask again later, or from another address; the server's log tells why it refused"},
	{"relay-refused", "relay", DG_SEVERITY_GOOD, "the mail server refuses to relay",
		"RFC 2505 section 2.1",
		"All ways to name a recipient in a foreign domain that were tried were refused.",
		"nothing to do"},
	{0},
};

static const char *code_of(enum dg_relay_outcome outcome)
{
	switch (outcome) {
	case DG_RELAY_REFUSES:
		return "relay-refused";
	case DG_RELAY_ACCEPTS:
		return "relay-open";
	case DG_RELAY_UNSURE:
		break;
	}
	return "relay-unsure";
}

/* "MAIL FROM:<> RCPT TO:<x@example.org>: 250 2.1.5 Ok" */
static const char *dialogue(struct check *c, const struct dg_relay_form *f)
{
	if (!f) {
		return NULL;
	}
	return dg_printf(c->arena, "MAIL FROM:<%s> RCPT TO:<%s>: %d %s", f->mail_from, f->rcpt,
		f->rcpt_code ? f->rcpt_code : f->mail_code, f->reply ? f->reply : "");
}

static void judge(struct check *c, const struct dg_relay_host *h)
{
	const struct dg_relay_form *form = NULL;
	const char *why = NULL;
	enum dg_relay_outcome outcome = dg_relay_judge(h, &form, &why);
	const char *code = code_of(outcome);
	const char *evidence = dialogue(c, form);
	const char *host = check_shown(c, h->host);
	const char *address = h->address ? h->address : "no address";

	switch (outcome) {
	case DG_RELAY_ACCEPTS:
		check_find(c, code, h->host, evidence,
			"%s (%s) accepts RCPT for a stranger: %s (%s)", host, address, form->rcpt,
			form->name);
		break;
	case DG_RELAY_UNSURE:
		check_find(c, code, h->host, evidence,
			"whether %s (%s) relays could not be told: %s", host, address, why);
		break;
	case DG_RELAY_REFUSES:
		check_find(c, code, h->host, evidence, "%s (%s) refuses recipients of strangers",
			host, address);
		break;
	}
}

void check_relay(struct check *c)
{
	for (size_t i = 0; i < c->in->n_relays; i++) {
		judge(c, &c->in->relays[i]);
	}
}
