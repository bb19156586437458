#include "zones/bounce/phrases.h"

#define S(is, weight, text)                                        \
	{                                                          \
		text, "", sizeof(text) - 1, DG_PHRASE_##is, weight \
	}

static const struct dg_phrase subjects[] = {
	S(FAILED, 2, "undeliver"),
	S(FAILED, 2, "not deliver"),
	S(FAILED, 2, "non-deliver"),
	S(FAILED, 2, "non deliver"),
	S(FAILED, 2, "nondeliver"),
	S(FAILED, 2, "returned mail"),
	S(FAILED, 2, "mail returned"),
	S(FAILED, 2, "returned to sender"),
	S(FAILED, 2, "returning to sender"),
	S(FAILED, 2, "return to sender"),
	S(FAILED, 2, "returned message"),
	S(FAILED, 2, "failure notice"),
	S(FAILED, 2, "failure delivery"),
	S(FAILED, 2, "failed delivery"),
	S(FAILED, 2, "delivery fail"),
	S(FAILED, 2, "delivery has failed"),
	S(FAILED, 2, "delivery problem"),
	S(FAILED, 2, "delivery error"),
	S(FAILED, 2, "delivery status notification"),
	S(FAILED, 2, "delivery notification: delivery has"),
	S(FAILED, 1, "mail delivery"),
	S(FAILED, 2, "mail fail"),
	S(FAILED, 2, "mail error"),
	S(FAILED, 2, "message delivery fail"),
	S(FAILED, 2, "mail system error"),
	S(FAILED, 2, "postmaster notify"),
	S(FAILED, 1, "processing error"),
	S(FAILED, 2, "could not be delivered"),
	S(FAILED, 2, "can't be delivered"),
	S(FAILED, 2, "cannot be delivered"),
	S(FAILED, 2, "unable to deliver"),
	S(FAILED, 2, "nondeliverable"),
	S(FAILED, 2, "user unknown"),
	S(FAILED, 2, "unknown user"),
	S(FAILED, 2, "automatically rejected"),
	S(FAILED, 2, "rejected mail"),
	S(FAILED, 1, "message status"),
	S(FAILED, 2, "smtp server: errors"),
	S(FAILED, 2, "undelivered"),
	S(FAILED, 2, "unzustellbar"),
	S(FAILED, 2, "nicht zugestellt"),
	S(FAILED, 2, "onbestelbaar"),
	S(FAILED, 2, "non remis"),
	S(FAILED, 2, "non distribu"),
	S(FAILED, 1, "recapito"),
	S(FAILED, 2, "mancato recapito"),
	S(FAILED, 2, "no entregado"),
	S(FAILED, 2, "no se puede entregar"),
	S(FAILED, 2, "não entregue"),
	S(FAILED, 2, "não é possível entregar"),
	S(FAILED, 2, "niedostarczon"),
	S(FAILED, 2, "nie można dostarczyć"),
	S(FAILED, 2, "nedoručiteln"),
	S(FAILED, 2, "kézbesíthetetlen"),
	S(FAILED, 2, "går inte att leverera"),
	S(FAILED, 2, "kan ikke leveres"),
	S(FAILED, 2, "teslim edilemedi"),
	S(FAILED, 2, "не доставлен"),
	S(FAILED, 2, "недоставлен"),
	S(FAILED, 2, "配信不能"),
	S(FAILED, 2, "配信できません"),
	S(FAILED, 2, "送信できません"),
	S(FAILED, 2, "配達できません"),
	S(FAILED, 2, "メールエラー"),
	S(FAILED, 2, "エラー通知"),
	S(FAILED, 2, "宛先不明"),
	S(FAILED, 2, "退信"),
	S(FAILED, 2, "无法投递"),
	S(FAILED, 2, "無法傳遞"),
	S(FAILED, 2, "投递失败"),
	S(FAILED, 2, "배달되지 않음"),
	S(DELAYED, 2, "delayed"),
	S(DELAYED, 2, "delivery warning"),
	S(DELAYED, 2, "warning: message"),
	S(DELAYED, 2, "warning: could not send"),
	S(DELAYED, 2, "(delay)"),
	S(DELAYED, 2, "delivery delay"),
	S(AWAY, 3, "out of office"),
	S(AWAY, 3, "out of the office"),
	S(AWAY, 3, "automatic reply"),
	S(AWAY, 3, "auto reply"),
	S(AWAY, 3, "auto-reply"),
	S(AWAY, 3, "autoreply"),
	S(AWAY, 3, "auto response"),
	S(AWAY, 3, "autoresponse"),
	S(AWAY, 3, "auto-response"),
	S(AWAY, 2, "vacation"),
	S(AWAY, 3, "abwesenheit"),
	S(AWAY, 3, "automatische antwort"),
	S(AWAY, 3, "réponse automatique"),
	S(AWAY, 3, "respuesta automática"),
	S(AWAY, 3, "risposta automatica"),
	S(AWAY, 3, "automatyczna odpowied"),
	S(AWAY, 3, "autorespons"),
	S(AWAY, 3, "automatic response"),
	S(AWAY, 3, "автоответ"),
	S(AWAY, 3, "自動応答"),
	S(AWAY, 3, "自動返信"),
	S(AWAY, 3, "自动回复"),
	S(CHALLENGE, 2, "please confirm"),
	S(CHALLENGE, 2, "verify your"),
	S(CHALLENGE, 3, "sender verification"),
	S(CHALLENGE, 2, "confirmation required"),
};

/* A person's answer to a bounce, or a bounce passed on, has its subject. */
static bool is_answer(struct dg_span subject)
{
	static const struct dg_span words[] = {{"re:", 3}, {"fw:", 3}, {"fwd:", 4}, {"aw:", 3},
		{"wg:", 3}, {"tr:", 3}, {"rv:", 3}, {"sv:", 3}, {"vs:", 3}, {"antw:", 5},
		{"odp:", 4}, {"i:", 2}, {"enc:", 4}, {"doorst:", 7}, {"转发:", 7}, {"回复:", 7},
		{"答复:", 7}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (dg_span_begins(subject, words[i])) {
			return true;
		}
	}
	return dg_span_begins(subject, DG_SPAN("re[")) || dg_span_begins(subject, DG_SPAN("re("));
}

void dg_subject_hear(struct dg_span subject, struct dg_heard *heard)
{
	dg_phrases_hear_of(subjects, sizeof(subjects) / sizeof(subjects[0]), subject, heard);
	if (is_answer(subject)) {
		heard->weight[DG_PHRASE_FORWARD] = 3;
	}
}
