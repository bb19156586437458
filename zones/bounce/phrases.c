#include "zones/bounce/phrases.h"

#define F(weight, shape, text)                        \
	{                                             \
		text, DG_PHRASE_FAILED, weight, shape \
	}
#define D(weight, shape, text)                         \
	{                                              \
		text, DG_PHRASE_DELAYED, weight, shape \
	}
#define O(is, weight, text)                      \
	{                                        \
		text, DG_PHRASE_##is, weight, "" \
	}

static const struct dg_phrase table[] = {
	/* --- whose words they are ---------------------------------------------------------------- */
	F(3, "qmail", "this is the qmail-send program"),
	F(3, "qmail", "i wasn't able to deliver your message to the following"),
	F(3, "qmail", "i wasn't able to deliver the following message"),
	F(2, "qmail", "this is a permanent error; i've given up"),
	F(2, "qmail", "sorry, no mailbox here by that name"),
	F(2, "qmail", "sorry, i couldn't find any host"),
	F(2, "qmail", "sorry, i wasn't able to establish an smtp connection"),
	F(2, "qmail", "i'm not going to try again; this message has been in the queue too long"),
	F(2, "qmail", "i was not able to deliver your message to the following"),
	F(2, "qmail", "your mail message to the following address(es) could not be delivered"),
	D(3, "qmail", "this is not a bounce message"),
	F(2, "Exim", "this message was created automatically by mail delivery software"),
	F(3, "Exim",
		"a message that you sent could not be delivered to one or more of its recipients"),
	F(2, "Exim", "could not be delivered to one or more of its recipients"),
	F(2, "Exim", "could not be delivered to all of its recipients"),
	F(3, "Exim",
		"a message that you sent contained one or more recipient addresses that were "
		"incorrectly"),
	F(2, "Exim", "a message that you sent contained no recipient addresses"),
	F(2, "Exim", "a message that you attempted to send"),
	F(2, "Exim", "this is a copy of the message, including all the headers"),
	F(2, "Exim", "this is a copy of your message, including all the headers"),
	F(2, "Exim", "this is a copy of the message's headers"),
	F(2, "Exim", "this is a copy of the headers that were received"),
	F(2, "Exim", "the following text was generated during the delivery attempt"),
	F(2, "Exim", "the following addresses failed"),
	F(2, "Exim", "the following address(es) failed"),
	D(3, "Exim", "has not yet been delivered to"),
	D(3, "Exim", "a message that you sent has not yet been delivered"),
	D(3, "Exim", "has not been delivered to all of its recipients after"),
	F(3, "Postfix", "i'm sorry to have to inform you that your message could not be delivered"),
	F(3, "Postfix",
		"i'm sorry to have to inform you that the message returned below could not be "
		"delivered"),
	F(2, "Postfix", "your message could not be delivered to one or more recipients"),
	F(2, "Postfix", "this is the mail system at host"),
	F(2, "Postfix", "this is the postfix program at host"),
	F(2, "Postfix", "transcript of session follows"),
	D(3, "Postfix", "this is a warning only. you do not need to resend your message"),
	D(3, "Postfix", "your message could not be delivered for more than"),
	F(2, "Sendmail", "----- the following addresses had permanent fatal errors"),
	F(2, "Sendmail", "the following addresses had permanent fatal errors"),
	F(2, "Sendmail", "the following addresses had permanent delivery errors"),
	F(2, "Sendmail", "the following addresses had delivery problems"),
	F(2, "Sendmail", "the following addresses have delivery notifications"),
	F(1, "Sendmail", "the original message was received at"),
	F(1, "Sendmail", "transcript of session follows"),
	F(2, "Sendmail", "unsent message follows"),
	F(2, "Sendmail", "original message lost"),
	F(2, "Sendmail", "message could not be delivered for"),
	D(3, "Sendmail", "this is a warning message only"),
	D(2, "Sendmail", "the following addresses had transient non-fatal errors"),
	D(2, "Sendmail", "warning: message still undelivered after"),
	D(2, "Sendmail", "warning: could not send message for past"),
	D(1, "Sendmail", "will keep trying until message is"),
	F(3, "OpenSMTPD", "this is the mailer-daemon, please do not reply to this e-mail"),
	F(2, "OpenSMTPD", "an error has occurred while attempting to deliver a message for"),
	D(2, "OpenSMTPD", "a message is delayed for more than"),
	F(3, "DragonFly", "this is the dragonfly mail agent"),
	F(2, "DragonFly", "there was an error delivering your mail to"),
	F(3, "Exchange", "did not reach the following recipient(s)"),
	F(3, "Exchange", "your message did not reach some or all of the intended recipients"),
	F(2, "Exchange", "the following recipient(s) could not be reached"),
	F(2, "Exchange", "the following recipient(s) cannot be reached"),
	F(3, "Exchange", "delivery has failed to these recipients or"),
	F(2, "Exchange", "delivery has failed to these recipients or distribution lists"),
	F(2, "Exchange", "diagnostic information for administrators"),
	F(2, "Exchange", "delivery to the following recipients failed"),
	D(3, "Exchange", "delivery is delayed to these recipients or"),
	D(2, "Exchange", "delivery to the following recipients has been delayed"),
	F(3, "Google", "delivery to the following recipient failed permanently"),
	F(3, "Google", "delivery to the following recipients failed permanently"),
	F(2, "Google", "technical details of permanent failure"),
	F(2, "Google", "google tried to deliver your message, but it was rejected"),
	F(2, "Google", "your message wasn't delivered to"),
	F(2, "Google", "your message wasn’t delivered to"),
	F(2, "Google", "your message has been blocked"),
	D(3, "Google", "delivery to the following recipient has been delayed"),
	D(2, "Google", "delivery incomplete"),
	F(3, "Google Groups", "we're writing to let you know that the group you tried to contact"),
	F(3, "Yahoo", "sorry, we were unable to deliver your message to the following"),
	F(3, "Yahoo", "unable to deliver message to the following address(es)"),
	F(2, "Yahoo", "this user doesn't have a"),
	F(3, "AOL", "your mail to the following recipients could not be delivered"),
	F(2, "Domino", "failure reasons"),
	F(2, "Domino", "your message was not delivered because"),
	F(2, "Domino", "was not delivered to:"),
	F(2, "Notes", "returned message"),
	F(2, "docomo", "the following addresses had delivery errors"),
	F(2, "KDDI", "each of the following recipients was rejected by a remote mail server"),
	F(2, "KDDI", "your message was not delivered within"),
	F(2, "KDDI", "could not be delivered to: <"),
	F(2, "KDDI", "the user(s) account is disabled"),
	F(2, "KDDI", "the user(s) account is temporarily over quota"),
	F(3, "m-FILTER", "このメールは「m-filter」"),
	F(2, "Courier", "this is a delivery status notification from"),
	F(2, "Courier", "undeliverable mail"),
	F(2, "Courier", "the original message was received on"),
	F(2, "Courier", "your message cannot be delivered to the following"),
	F(2, "IMail", "original message follows"),
	F(2, "IMail", "unknown user:"),
	F(2, "IMail", "undeliverable to"),
	F(2, "IMail", "user mailbox exceeds allowed size"),
	F(2, "IMail", "rcpt to generated following response"),
	F(2, "IMail", "invalid final delivery userid"),
	F(3, "MDaemon", "the attached message had permanent fatal delivery errors"),
	F(3, "MDaemon", "the following data may contain sections which represent bounced"),
	D(2, "MDaemon", "the attached message had transient non-fatal errors"),
	F(3, "Zoho",
		"this message was created automatically by mail delivery software. a message that "
		"you sent"),
	F(2, "GroupWise", "the message that you sent was undeliverable to the following"),
	F(3, "MailEnable", "mailenable: message could not be delivered"),
	F(2, "MailMarshal", "could not be delivered because of"),
	F(2, "MailFoundry", "delivery failed for the following reason"),
	F(2, "InterScan", "message from interscan"),
	F(3, "LISTSERV", "an error was detected while processing the enclosed message"),
	F(2, "Verizon", "message could not be delivered to mobile"),
	F(3, "Mail.Ru", "this message was created automatically by the mail.ru"),
	F(2, "Amazon",
		"an error occurred while trying to deliver the mail to the following recipients"),
	F(2, "Symantec", "could not be delivered to the following recipients"),
	F(2, "fml", "you are not a member of this mailing list"),
	F(2, "fml", "duplicated message-id in"),
	F(2, "MXLogic", "this message could not be delivered to one or more recipients"),
	F(2, "InterMail", "this message is undeliverable due to the following reason"),
	F(2, "InterMail", "the message could not be delivered because"),
	F(2, "SurfControl", "your message could not be sent"),
	F(3, "X4", "message log follows:"),
	F(2, "X4", "failed addresses follow:"),
	/* --- anybody's ------------------------------------------------------------------------------ */
	F(2, "", "could not be delivered"),
	F(2, "", "couldn't be delivered"),
	F(2, "", "cannot be delivered"),
	F(2, "", "can not be delivered"),
	F(2, "", "was not delivered"),
	F(2, "", "wasn't delivered"),
	F(2, "", "has not been delivered"),
	F(2, "", "not able to deliver your message"),
	F(2, "", "we were not able to deliver"),
	F(2, "", "unable to deliver"),
	F(2, "", "undeliverable address"),
	F(2, "", "was undeliverable"),
	F(2, "", "is undeliverable"),
	F(2, "", "could not deliver"),
	F(2, "", "message not delivered to the following"),
	F(2, "", "delivery failed"),
	F(2, "", "delivery failure"),
	F(2, "", "failed permanently"),
	F(2, "", "has been failed"),
	F(2, "", "automatically rejected"),
	F(2, "", "has been returned because"),
	F(2, "", "encountered delivery problems"),
	F(2, "", "unable to deliver mail"),
	F(2, "", "no such user"),
	F(2, "", "user unknown"),
	F(2, "", "unknown user"),
	F(2, "", "user not known"),
	F(2, "", "unknown recipient"),
	F(2, "", "recipient unknown"),
	F(2, "", "not a valid user here"),
	F(2, "", "no such recipient"),
	F(2, "", "no such mailbox"),
	F(2, "", "mailbox unavailable"),
	F(2, "", "mailbox is full"),
	F(2, "", "mailbox full"),
	F(2, "", "mailbox not found"),
	F(1, "", "over quota"),
	F(1, "", "quota exceeded"),
	F(1, "", "disk quota"),
	F(2, "", "does not exist"),
	F(2, "", "doesn't exist"),
	F(2, "", "has been rejected"),
	F(2, "", "was rejected"),
	F(1, "", "rejected by"),
	F(1, "", "message content rejected"),
	F(2, "", "host unknown"),
	F(2, "", "unknown host"),
	F(1, "", "relaying denied"),
	F(2, "", "remote host said:"),
	F(2, "", "final-recipient:"),
	F(2, "", "diagnostic-code:"),
	F(2, "", "intended recipient"),
	F(1, "", "delivery status notification"),
	F(1, "", "below this line is a copy of the message"),
	F(1, "", "returned to sender"),
	F(1, "", "permanent error"),
	D(2, "", "has been delayed"),
	D(2, "", "delivery delayed"),
	D(2, "", "has been postponed"),
	D(2, "", "delivery attempts will continue"),
	D(2, "", "will continue to try to deliver"),
	D(2, "", "you do not need to resend your message"),
	D(1, "", "still being attempted"),
	/* --- in other languages ----------------------------------------------------------------------- */
	F(2, "", "su mensaje no pudo ser entregado"),
	F(2, "", "no se pudo entregar"),
	F(2, "", "no se ha podido entregar"),
	F(2, "", "error al entregar"),
	F(2, "", "não pôde ser entregue"),
	F(2, "", "falha na entrega"),
	F(2, "", "n'a pas pu etre delivre"),
	F(2, "", "n'a pas pu être"),
	F(2, "", "n’a pas pu être"),
	F(2, "", "échec de la remise"),
	F(2, "", "konnte nicht zugestellt werden"),
	F(2, "", "konnten nicht zugestellt werden"),
	F(2, "", "konnte nicht ausgeliefert werden"),
	F(2, "", "nicht zustellbar"),
	F(2, "", "fehler bei der nachrichtenzustellung"),
	F(2, "", "kon niet worden afgeleverd"),
	F(2, "", "kon niet worden bezorgd"),
	F(2, "", "impossibile recapitare"),
	F(2, "", "non è stato possibile recapitare"),
	F(2, "", "non è stato recapitato"),
	F(2, "", "nie można dostarczyć"),
	F(2, "", "nie została dostarczona"),
	F(2, "", "det gick inte att leverera"),
	F(2, "", "kunde inte levereras"),
	F(2, "", "kunne ikke leveres"),
	F(2, "", "nelze doručit"),
	F(2, "", "nem kézbesíthető"),
	F(2, "", "teslim edilemedi"),
	F(2, "", "не может быть доставлено"),
	F(2, "", "невозможно доставить"),
	F(2, "", "не доставлено"),
	F(2, "", "送信できませんでした"),
	F(2, "", "配信できませんでした"),
	F(2, "", "配送できません"),
	F(2, "", "お届けできません"),
	F(2, "", "届かなかった"),
	F(2, "", "送信に失敗しました"),
	F(2, "", "宛先不明"),
	F(2, "", "无法投递"),
	F(2, "", "退信"),
	F(2, "", "無法傳送"),
	F(2, "", "無法傳遞"),
	F(2, "", "배달되지 않았"),
	F(2, "", "발송 실패"),
	/* --- no bounces ------------------------------------------------------------------------------- */
	O(AWAY, 3, "out of the office"),
	O(AWAY, 3, "out of office"),
	O(AWAY, 3, "on vacation"),
	O(AWAY, 2, "i am currently away"),
	O(AWAY, 2, "i'm currently away"),
	O(AWAY, 2, "i am away"),
	O(AWAY, 2, "i will be away"),
	O(AWAY, 2, "on holiday"),
	O(AWAY, 2, "thank you for contacting"),
	O(AWAY, 2, "we have received your"),
	O(AWAY, 2, "limited access to email"),
	O(AWAY, 2, "nicht im büro"),
	O(AWAY, 2, "abwesend"),
	O(AWAY, 2, "absent du bureau"),
	O(AWAY, 2, "fuera de la oficina"),
	O(AWAY, 2, "不在"),
	O(CHALLENGE, 3, "please confirm that you are a person"),
	O(CHALLENGE, 3, "added to my guest list"),
	O(CHALLENGE, 3, "sender verification"),
	O(CHALLENGE, 3, "to be delivered to me, please click"),
	O(CHALLENGE, 3, "verify that you are a human"),
	O(CHALLENGE, 3, "verify your email address to deliver"),
	O(CHALLENGE, 2, "white list"),
	O(CHALLENGE, 2, "whitelist"),
	O(CHALLENGE, 3, "waiting for your verification"),
	O(CHALLENGE, 3, "tmda"),
	O(CHALLENGE, 3, "boxbe"),
	O(CHALLENGE, 3, "spamarrest"),
	O(FORWARD, 3, "begin forwarded message"),
	O(FORWARD, 3, "forwarded message"),
	O(FORWARD, 3, "weitergeleitete nachricht"),
	O(FORWARD, 3, "message transféré"),
	O(FORWARD, 3, "mensaje reenviado"),
	O(FORWARD, 3, "messaggio inoltrato"),
	O(FORWARD, 3, "doorgestuurd bericht"),
	O(FORWARD, 3, "転送された"),
	O(FORWARD, 3, "-----original message-----"),
	O(FORWARD, 3, "-----original appointment-----"),
	O(FORWARD, 3, "-----ursprüngliche nachricht-----"),
	O(FORWARD, 3, "-----message d'origine-----"),
	O(FORWARD, 3, "-----mensaje original-----"),
	O(FORWARD, 3, "-----messaggio originale-----"),
};
#define N_PHRASES (sizeof(table) / sizeof(table[0]))
_Static_assert(N_PHRASES <= UINT16_MAX, "an index is 16 bits");

/* Phrases by their first octet: those of octet c are order[begin[c]] to order[begin[c + 1]]. */
struct index {
	uint16_t begin[257];
	uint16_t order[N_PHRASES];
};

static void make_index(struct index *x)
{
	uint16_t at[256] = {0};
	unsigned n = 0;

	for (size_t i = 0; i < N_PHRASES; i++) {
		at[(unsigned char)table[i].text[0]]++;
	}
	for (size_t c = 0; c < 256; c++) {
		x->begin[c] = (uint16_t)n;
		n += at[c];
		at[c] = x->begin[c];
	}
	x->begin[256] = (uint16_t)n;
	for (size_t i = 0; i < N_PHRASES; i++) {
		x->order[at[(unsigned char)table[i].text[0]]++] = (uint16_t)i;
	}
}

static void hear(struct dg_heard *heard, const struct dg_phrase *phrase)
{
	heard->weight[phrase->is] += phrase->weight;
	if (phrase->is <= DG_PHRASE_DELAYED && phrase->shape[0] != '\0' &&
		phrase->weight > heard->shape_weight) {
		heard->shape = phrase->shape;
		heard->shape_weight = phrase->weight;
	}
}

/* A word begins behind what is no letter or digit; in scripts without blanks anywhere. */
static bool is_start(struct dg_span s, size_t at)
{
	unsigned char c = (unsigned char)s.p[at];

	return at == 0 || c >= 0x80 || !dg_is_alnum(s.p[at - 1]) || !dg_is_alnum(s.p[at]);
}

void dg_phrases_hear(struct dg_span text, struct dg_heard *heard)
{
	struct index x;
	bool was_heard[N_PHRASES] = {false};

	*heard = (struct dg_heard){.shape = ""};
	make_index(&x);
	for (size_t at = 0; at < text.n; at++) {
		unsigned char c = (unsigned char)text.p[at];

		if (x.begin[c] == x.begin[c + 1] || !is_start(text, at)) {
			continue;
		}
		for (size_t i = x.begin[c]; i < x.begin[c + 1]; i++) {
			const struct dg_phrase *phrase = &table[x.order[i]];
			size_t len = strlen(phrase->text);

			if (!was_heard[x.order[i]] && len <= text.n - at &&
				memcmp(text.p + at, phrase->text, len) == 0) {
				was_heard[x.order[i]] = true;
				hear(heard, phrase);
			}
		}
	}
}
