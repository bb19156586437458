#include "zones/bounce/phrases.h"

static const struct {
	const char *text;
	enum dg_phrase_is is;
	unsigned char weight;
} subjects[] = {
	{"undeliver", DG_PHRASE_FAILED, 2},
	{"not deliver", DG_PHRASE_FAILED, 2},
	{"non-deliver", DG_PHRASE_FAILED, 2},
	{"non deliver", DG_PHRASE_FAILED, 2},
	{"nondeliver", DG_PHRASE_FAILED, 2},
	{"returned mail", DG_PHRASE_FAILED, 2},
	{"mail returned", DG_PHRASE_FAILED, 2},
	{"returned to sender", DG_PHRASE_FAILED, 2},
	{"returning to sender", DG_PHRASE_FAILED, 2},
	{"return to sender", DG_PHRASE_FAILED, 2},
	{"returned message", DG_PHRASE_FAILED, 2},
	{"failure notice", DG_PHRASE_FAILED, 2},
	{"failure delivery", DG_PHRASE_FAILED, 2},
	{"failed delivery", DG_PHRASE_FAILED, 2},
	{"delivery fail", DG_PHRASE_FAILED, 2},
	{"delivery has failed", DG_PHRASE_FAILED, 2},
	{"delivery problem", DG_PHRASE_FAILED, 2},
	{"delivery error", DG_PHRASE_FAILED, 2},
	{"delivery status notification", DG_PHRASE_FAILED, 2},
	{"delivery notification: delivery has", DG_PHRASE_FAILED, 2},
	{"mail delivery", DG_PHRASE_FAILED, 1},
	{"mail fail", DG_PHRASE_FAILED, 2},
	{"mail error", DG_PHRASE_FAILED, 2},
	{"message delivery fail", DG_PHRASE_FAILED, 2},
	{"mail system error", DG_PHRASE_FAILED, 2},
	{"postmaster notify", DG_PHRASE_FAILED, 2},
	{"processing error", DG_PHRASE_FAILED, 1},
	{"could not be delivered", DG_PHRASE_FAILED, 2},
	{"can't be delivered", DG_PHRASE_FAILED, 2},
	{"cannot be delivered", DG_PHRASE_FAILED, 2},
	{"unable to deliver", DG_PHRASE_FAILED, 2},
	{"nondeliverable", DG_PHRASE_FAILED, 2},
	{"user unknown", DG_PHRASE_FAILED, 2},
	{"unknown user", DG_PHRASE_FAILED, 2},
	{"automatically rejected", DG_PHRASE_FAILED, 2},
	{"rejected mail", DG_PHRASE_FAILED, 2},
	{"message status", DG_PHRASE_FAILED, 1},
	{"smtp server: errors", DG_PHRASE_FAILED, 2},
	{"undelivered", DG_PHRASE_FAILED, 2},
	{"unzustellbar", DG_PHRASE_FAILED, 2},
	{"nicht zugestellt", DG_PHRASE_FAILED, 2},
	{"onbestelbaar", DG_PHRASE_FAILED, 2},
	{"non remis", DG_PHRASE_FAILED, 2},
	{"non distribu", DG_PHRASE_FAILED, 2},
	{"recapito", DG_PHRASE_FAILED, 1},
	{"mancato recapito", DG_PHRASE_FAILED, 2},
	{"no entregado", DG_PHRASE_FAILED, 2},
	{"no se puede entregar", DG_PHRASE_FAILED, 2},
	{"não entregue", DG_PHRASE_FAILED, 2},
	{"não é possível entregar", DG_PHRASE_FAILED, 2},
	{"niedostarczon", DG_PHRASE_FAILED, 2},
	{"nie można dostarczyć", DG_PHRASE_FAILED, 2},
	{"nedoručiteln", DG_PHRASE_FAILED, 2},
	{"kézbesíthetetlen", DG_PHRASE_FAILED, 2},
	{"går inte att leverera", DG_PHRASE_FAILED, 2},
	{"kan ikke leveres", DG_PHRASE_FAILED, 2},
	{"teslim edilemedi", DG_PHRASE_FAILED, 2},
	{"не доставлен", DG_PHRASE_FAILED, 2},
	{"недоставлен", DG_PHRASE_FAILED, 2},
	{"配信不能", DG_PHRASE_FAILED, 2},
	{"配信できません", DG_PHRASE_FAILED, 2},
	{"送信できません", DG_PHRASE_FAILED, 2},
	{"配達できません", DG_PHRASE_FAILED, 2},
	{"メールエラー", DG_PHRASE_FAILED, 2},
	{"エラー通知", DG_PHRASE_FAILED, 2},
	{"宛先不明", DG_PHRASE_FAILED, 2},
	{"退信", DG_PHRASE_FAILED, 2},
	{"无法投递", DG_PHRASE_FAILED, 2},
	{"無法傳遞", DG_PHRASE_FAILED, 2},
	{"投递失败", DG_PHRASE_FAILED, 2},
	{"배달되지 않음", DG_PHRASE_FAILED, 2},
	{"delayed", DG_PHRASE_DELAYED, 2},
	{"delivery warning", DG_PHRASE_DELAYED, 2},
	{"warning: message", DG_PHRASE_DELAYED, 2},
	{"warning: could not send", DG_PHRASE_DELAYED, 2},
	{"(delay)", DG_PHRASE_DELAYED, 2},
	{"delivery delay", DG_PHRASE_DELAYED, 2},
	{"out of office", DG_PHRASE_AWAY, 3},
	{"out of the office", DG_PHRASE_AWAY, 3},
	{"automatic reply", DG_PHRASE_AWAY, 3},
	{"auto reply", DG_PHRASE_AWAY, 3},
	{"auto-reply", DG_PHRASE_AWAY, 3},
	{"autoreply", DG_PHRASE_AWAY, 3},
	{"auto response", DG_PHRASE_AWAY, 3},
	{"autoresponse", DG_PHRASE_AWAY, 3},
	{"auto-response", DG_PHRASE_AWAY, 3},
	{"vacation", DG_PHRASE_AWAY, 2},
	{"abwesenheit", DG_PHRASE_AWAY, 3},
	{"automatische antwort", DG_PHRASE_AWAY, 3},
	{"réponse automatique", DG_PHRASE_AWAY, 3},
	{"respuesta automática", DG_PHRASE_AWAY, 3},
	{"risposta automatica", DG_PHRASE_AWAY, 3},
	{"automatyczna odpowied", DG_PHRASE_AWAY, 3},
	{"autorespons", DG_PHRASE_AWAY, 3},
	{"automatic response", DG_PHRASE_AWAY, 3},
	{"автоответ", DG_PHRASE_AWAY, 3},
	{"自動応答", DG_PHRASE_AWAY, 3},
	{"自動返信", DG_PHRASE_AWAY, 3},
	{"自动回复", DG_PHRASE_AWAY, 3},
	{"please confirm", DG_PHRASE_CHALLENGE, 2},
	{"verify your", DG_PHRASE_CHALLENGE, 2},
	{"sender verification", DG_PHRASE_CHALLENGE, 3},
	{"confirmation required", DG_PHRASE_CHALLENGE, 2},
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
	*heard = (struct dg_heard){.shape = ""};
	if (is_answer(subject)) {
		heard->weight[DG_PHRASE_FORWARD] = 3;
	}
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		if (dg_span_has(subject,
			    (struct dg_span){subjects[i].text, strlen(subjects[i].text)})) {
			heard->weight[subjects[i].is] += subjects[i].weight;
		}
	}
}
