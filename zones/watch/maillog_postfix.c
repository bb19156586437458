#include "zones/watch/maillog_parts.h"
#include "zones/watch/sentids.h"

/* "NAME[ADDRESS]" or "NAME[ADDRESS]:PORT": the name may hold brackets of its own only when it is a stranger's; the address ends the
 * first that is closed. */
static struct dg_text address_of(struct dg_text client)
{
	const char *open = memchr(client.p, '[', client.n);
	const char *close = open ? memchr(open, ']', (size_t)(client.p + client.n - open)) : NULL;

	return close ? (struct dg_text){open + 1, (size_t)(close - open - 1)}
		     : (struct dg_text){"", 0};
}

/* "RCPT from NAME[ADDR]: 550 5.1.1 <x@y>: Recipient address rejected: ...; from=<> to=<x@y> proto=... helo=<...>"
 * Addresses and HELO are a stranger's words and may look like the rest of the line: it counts only for the recipient
 * that the server names at both places, or where it refuses the null sender itself ("<>: Sender address rejected"). */
static void on_reject(struct dg_line *l)
{
	struct dg_text client;
	struct dg_text code;
	struct dg_text rcpt;

	if (!dg_eat(l, DG_LITERAL("RCPT from ")) || !dg_until(l, ' ', &client) ||
		!dg_until(l, '<', &code)) {
		return;
	}
	struct dg_text first = dg_rest(l);
	while (dg_find(l, DG_LITERAL("; from=<> to=<"))) {
		struct dg_line at = *l;
		const char *end = memmem(at.p, (size_t)(at.end - at.p), "> proto=", 8);
		rcpt = (struct dg_text){at.p, end ? (size_t)(end - at.p) : 0};
		bool is_named = first.n > rcpt.n + 3 && memcmp(first.p, rcpt.p, rcpt.n) == 0 &&
				memcmp(first.p + rcpt.n, ">: ", 3) == 0;
		bool is_null_refused = first.n > 3 && memcmp(first.p, ">: ", 3) == 0;
		if (is_named || is_null_refused) {
			struct dg_text reason = {first.p, (size_t)(l->p - first.p)};
			bool is_unknown =
				is_named && (dg_text_has(reason, DG_LITERAL("User unknown")) ||
						    dg_text_has(code, DG_LITERAL(" 5.1.1 ")));
			dg_line_event(l, is_unknown ? DG_MAIL_UNKNOWN : DG_MAIL_BARRED, rcpt,
				address_of(client));
			return;
		}
	}
}

/* "client=NAME[ADDR], sasl_method=PLAIN, sasl_username=alice": the name of a client is what DNS says, without commas or blanks. */
static void on_client(struct dg_line *l, struct dg_text id)
{
	struct dg_id *i = dg_id_make(l->log, id);
	struct dg_text client;

	dg_id_client(i, address_of(dg_rest(l)));
	if (dg_until(l, ',', &client) && dg_find(l, DG_LITERAL(" sasl_username="))) {
		struct dg_text user = dg_rest(l);
		const char *comma = memchr(user.p, ',', user.n);

		dg_id_user(i, (struct dg_text){user.p, comma ? (size_t)(comma - user.p) : user.n});
	}
}

/* "message-id=<...>" */
static void on_cleanup(struct dg_line *l, struct dg_text id)
{
	if (dg_eat(l, DG_LITERAL("message-id="))) {
		struct dg_text rest = dg_rest(l);

		dg_id_make(l->log, id)->message = dg_sent_ids_key(rest.p, rest.n);
	}
}

static void on_smtpd(struct dg_line *l, struct dg_text id)
{
	if (dg_eat(l, DG_LITERAL("client="))) {
		on_client(l, id);
	} else if (dg_eat(l, DG_LITERAL("reject: "))) {
		on_reject(l);
	}
}

static void on_qmgr(struct dg_line *l, struct dg_text id)
{
	struct dg_text sender;

	if (dg_eat(l, DG_LITERAL("from=<"))) {
		struct dg_text rest = dg_rest(l);
		const char *end = memmem(rest.p, rest.n, ">, size=", 8);
		sender = (struct dg_text){rest.p, end ? (size_t)(end - rest.p) : 0};
		if (end) {
			dg_id_sender(dg_id_make(l->log, id), sender);
		}
	} else if (dg_eat(l, DG_LITERAL("removed"))) {
		dg_id_drop(l->log, id);
	}
}

/* "to=<x@y>, orig_to=<z>, relay=HOST[ADDR]:25, ..., dsn=2.0.0, status=sent (...)" */
static void on_delivery(struct dg_line *l, struct dg_text id, bool is_smtp)
{
	struct dg_text rcpt;
	struct dg_text relay;

	if (!dg_eat(l, DG_LITERAL("to=<"))) {
		return;
	}
	const struct dg_id *i = dg_id_get(l->log, id);
	if (!i || !dg_until(l, '>', &rcpt)) {
		return;
	}
	/* The address that the client gave, not what an alias made of it. */
	if (dg_eat(l, DG_LITERAL(", orig_to=<"))) {
		struct dg_text given;
		if (dg_until(l, '>', &given) && memchr(given.p, '@', given.n)) {
			rcpt = given;
		}
	}
	if (!dg_eat(l, DG_LITERAL(", relay=")) || !dg_until(l, ',', &relay) ||
		!dg_find(l, DG_LITERAL(" dsn="))) {
		return;
	}
	bool is_51 = dg_eat(l, DG_LITERAL("5.1."));
	if (!dg_find(l, DG_LITERAL(" status="))) {
		return;
	}
	bool is_sent = dg_eat(l, DG_LITERAL("sent "));
	bool is_bounced = !is_sent && dg_eat(l, DG_LITERAL("bounced "));
	bool is_remote = is_smtp && !dg_text_has(relay, DG_LITERAL("[127.")) &&
			 !dg_text_has(relay, DG_LITERAL("[::1]"));
	if (is_sent || (is_bounced && is_51)) {
		dg_line_delivered(l, i, rcpt, is_bounced, is_remote);
	} else {
		dg_line_passed(l, i, rcpt, is_remote);
	}
}

/* "uid=33 from=<www-data>": a program on this host. */
static void on_pickup(struct dg_line *l, struct dg_text id)
{
	if (dg_eat(l, DG_LITERAL("uid="))) {
		dg_id_client(dg_id_make(l->log, id), DG_LITERAL(""));
	}
}

/* The programs whose lines count. */
enum program {
	SMTPD,
	PICKUP,
	CLEANUP,
	QMGR,
	SMTP,
	AGENT
};
static const struct {
	struct dg_text name;
	enum program program;
} programs[] = {
	{DG_WORD("smtpd["), SMTPD},
	{DG_WORD("pickup["), PICKUP},
	{DG_WORD("cleanup["), CLEANUP},
	{DG_WORD("qmgr["), QMGR},
	{DG_WORD("smtp["), SMTP},
	{DG_WORD("local["), AGENT},
	{DG_WORD("lmtp["), AGENT},
	{DG_WORD("virtual["), AGENT},
	{DG_WORD("pipe["), AGENT},
	{DG_WORD("discard["), AGENT},
	{DG_WORD("error["), AGENT},
	{DG_WORD("nqmgr["), QMGR},
};

void dg_line_postfix(struct dg_line *l)
{
	struct dg_text id;
	size_t at = 0;

	while (at < sizeof(programs) / sizeof(programs[0]) && !dg_eat(l, programs[at].name)) {
		at++;
	}
	if (at == sizeof(programs) / sizeof(programs[0]) || !dg_until(l, ' ', &id) ||
		!dg_until(l, ':', &id) || id.n > 24 || !dg_eat(l, DG_LITERAL(" "))) {
		return;
	}
	switch (programs[at].program) {
	case SMTPD:
		on_smtpd(l, id);
		break;
	case PICKUP:
		on_pickup(l, id);
		break;
	case CLEANUP:
		on_cleanup(l, id);
		break;
	case QMGR:
		on_qmgr(l, id);
		break;
	case SMTP:
	case AGENT:
		on_delivery(l, id, programs[at].program == SMTP);
		break;
	}
}
