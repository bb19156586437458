/* zones/incident/notice_words.c: the letters, in English and Japanese. They go to others, so the locale does not choose. */
#include "zones/incident/notice_parts.h"

#include <string.h>

enum what {
	WHAT_FORGED,
	WHAT_OURS, /* something of ours sent it */
	WHATS,
};

/* NOLINTBEGIN(bugprone-suspicious-missing-comma): sentences are longer than lines */
static const struct dg_notice_words english[DG_NOTICE_KINDS][WHATS] = {
	[DG_NOTICE_ORIGIN][WHAT_FORGED] = {"Forged mail in the name of {domain} from your network",
		"Hosts of your network send mail that bears the forged sender domain\n"
		"{domain}. We did not send it, and nothing of ours handed it on. We know\n"
		"of it by the bounces that come back to us ({n} about these addresses,\n"
		"{span}).\n\n"
		"Each address is the one that the receiving mail server saw:\n\n{places}\n"
		"Please look at these hosts: most of them are infected, or have an account\n"
		"or a web form that others use. The Received line of the receiving server\n"
		"is in the attached header, where we have one. Addresses of third parties\n"
		"are masked.\n"},
	[DG_NOTICE_RELAY][WHAT_OURS] = {"Mail in the name of {domain} is abused through your "
					"server",
		"Mail that we did not mean to send leaves through your server in the name\n"
		"of {domain}, which lets it send by SPF. We know of it by {n} bounces\n"
		"({span}).\n\n{places}\n"
		"Please look in your log for the ids in the attached header, tell us which\n"
		"customer or login it was, and stop it: an open relay, a stolen password\n"
		"or a web form. Until then we may have to take your server out of our SPF\n"
		"record.\n"},
	[DG_NOTICE_REPORTER][WHAT_FORGED] = {"Bounces to {domain} for mail that it did not send",
		"Your mail servers accept mail with the forged sender domain {domain} and\n"
		"then return it to us, who did not send it: {n} bounces, {span}.\n\n{places}\n"
		"Please refuse such mail while the sending server is connected, instead of\n"
		"bouncing it: check recipients at RCPT TO, and check SPF and DMARC, which\n"
		"{domain} publishes for that. Until then your servers may be listed as\n"
		"sources of backscatter.\n"},
	[DG_NOTICE_USERS][WHAT_FORGED] = {"Strange returned mail: what it is, and what to do",
		"Some of you get \"undeliverable\" messages for mail that you did not send.\n\n"
		"What happened: a spammer somewhere else writes {domain} as the sender of\n"
		"his mail. Whoever cannot deliver it returns it to us.\n\n"
		"What did not happen: nobody broke into our mail servers, your mailbox or\n"
		"your address book. You need not change a password for this.\n\n"
		"What to do: delete these messages, or let your mail program put them into\n"
		"a folder. Open no attachment and follow no link in them. Do not answer.\n"
		"Tell us when somebody says that he got strange mail from you.\n"},
	[DG_NOTICE_USERS][WHAT_OURS] = {"Mail that was sent in our name: what happened, and what "
					"to do",
		"Somebody used a server, an account or a web form of ours to send mail in\n"
		"the name of {domain} ({n} bounces so far, {span}).\n\n"
		"What happened: the mail left through {who}. We are closing that.\n\n"
		"What did not happen: as far as we know now, your mail was not read. We\n"
		"write again if we learn otherwise.\n\n"
		"What to do: change your mail password, and change it everywhere else where\n"
		"you use the same one. Open no attachment of such mail. Tell us when you\n"
		"gave your password to a page or a caller lately: nobody will blame you,\n"
		"and it helps.\n"},
	[DG_NOTICE_REGISTRAR][WHAT_FORGED] = {"{domain}: forged mail in our name, not sent by us",
		"You may get complaints about mail with the sender domain {domain}. It is\n"
		"forged: it never passed a server of ours. We have {n} bounces that show\n"
		"who handed it over ({span}).\n\n"
		"We publish SPF and DMARC so that receivers can refuse it, and we write to\n"
		"the networks that it comes from. Please do not suspend the domain; ask us\n"
		"for the evidence.\n"},
	[DG_NOTICE_REGISTRAR][WHAT_OURS] = {"{domain}: abuse of our mail service, and what we did",
		"Mail that we did not mean to send left through {who} in the name of\n"
		"{domain} ({n} bounces, {span}). Thank you for any report of it.\n\n"
		"What we did (please complete before sending):\n\n"
		"  - closed the way in:\n"
		"  - emptied the queue:\n"
		"  - changed passwords and keys:\n"
		"  - looked at what else was reached:\n\n"
		"Please do not suspend the domain; we answer questions at this address.\n"},
	[DG_NOTICE_DESK][WHAT_FORGED] = {"Report: forged sender domain {domain}",
		"For your information: mail with the forged sender domain {domain} is sent\n"
		"from many networks. We see the bounces ({n}, {span}). SPF and DMARC of the\n"
		"domain are published. The networks with the most of it:\n\n{places}\n"
		"Headers and figures can be had on request.\n"},
	[DG_NOTICE_DESK][WHAT_OURS] = {"Report: abuse of the mail service of {domain}",
		"For your information: mail was sent in the name of {domain} through {who}\n"
		"by somebody who was not entitled to ({n} bounces, {span}). We are closing\n"
		"that, and write to those concerned. Headers and logs can be had on\n"
		"request.\n"},
};

static const struct dg_notice_words japanese[DG_NOTICE_KINDS][WHATS] = {
	[DG_NOTICE_ORIGIN][WHAT_FORGED] = {"貴ネットワークから送信されている {domain} "
					   "の詐称メールについて",
		"貴ネットワークのホストから、送信者ドメイン {domain} を詐称したメールが\n"
		"送信されています。当方が送信したものではなく、当方のサーバーも経由して\n"
		"いません。当方に戻ってきた不達通知（該当アドレス分 {n} 通、{span}）により\n"
		"判明しました。\n\n"
		"次の各アドレスは、受信側メールサーバーが記録した接続元です。\n\n{places}\n"
		"これらのホスト（マルウェア感染、アカウントやウェブフォームの悪用が\n"
		"多く見られます）のご確認をお願いいたします。受信側サーバーの Received 行を\n"
		"添付しました。第三者のアドレスは伏せてあります。\n"},
	[DG_NOTICE_RELAY][WHAT_OURS] = {"貴サーバーを経由した {domain} 名義のメールの悪用について",
		"貴サーバーを経由して、当方の意図しないメールが {domain} の名義で送信されて\n"
		"います。同ドメインの SPF は貴サーバーからの送信を許可しています。不達通知\n"
		"{n} 通（{span}）により判明しました。\n\n{places}\n"
		"添付のヘッダーにある ID を貴社のログでご確認のうえ、該当する契約者または\n"
		"ログイン名をお知らせいただき、送信の停止をお願いいたします。停止されるまで、\n"
		"SPF レコードから貴サーバーを外す場合があります。\n"},
	[DG_NOTICE_REPORTER][WHAT_FORGED] = {"{domain} が送信していないメールの不達通知について",
		"貴社のメールサーバーは、送信者ドメイン {domain} を詐称したメールをいったん\n"
		"受信したのち、送信していない当方に不達通知を返しています（{n} 通、{span}）。\n\n"
		"{places}\n"
		"このようなメールは、後から不達通知を返すのではなく、SMTP 接続中に拒否して\n"
		"いただくようお願いいたします。RCPT TO の時点での宛先の確認と、{domain} が\n"
		"公開している SPF および DMARC の検証が有効です。\n"},
	[DG_NOTICE_USERS][WHAT_FORGED] = {"身に覚えのない不達メールについて",
		"送った覚えのないメールの「配信不能」通知が届くことがあります。\n\n"
		"起きていること：外部の迷惑メール送信者が、差出人に {domain} をかたって\n"
		"います。配信できなかった相手のサーバーが、それを当方に返しています。\n\n"
		"起きていないこと：メールサーバー、皆さんのメールボックス、アドレス帳への\n"
		"侵入はありません。この件でパスワードを変える必要はありません。\n\n"
		"お願い：届いた通知は削除するか、振り分けてください。添付ファイルや\n"
		"リンクは開かないでください。返信もしないでください。「あなたから不審な\n"
		"メールが届いた」と言われたら、お知らせください。\n"},
	[DG_NOTICE_USERS][WHAT_OURS] = {"当方の名義で送信された不審なメールについて",
		"当方のサーバー、アカウント、またはウェブフォームが悪用され、{domain} の\n"
		"名義でメールが送信されました（不達通知 {n} 通、{span}）。\n\n"
		"起きたこと：メールは {who} を経由して送信されました。現在、遮断の作業を\n"
		"しています。\n\n"
		"起きていないこと：現時点で、皆さんのメールが読まれた形跡はありません。\n"
		"新しいことが分かれば改めてお知らせします。\n\n"
		"お願い：メールのパスワードを変更し、同じパスワードを使っているほかの\n"
		"サービスでも変更してください。不審なメールの添付ファイルは開かないで\n"
		"ください。最近、どこかのページや電話でパスワードを伝えた方は、責めません\n"
		"ので、お知らせください。\n"},
	[DG_NOTICE_REGISTRAR][WHAT_FORGED] = {"{domain}"
					      "：送信者詐称メールについて（当方は送信していません"
					      "）",
		"送信者ドメイン {domain} のメールについて苦情が届く場合がありますが、これは\n"
		"詐称されたもので、当方のサーバーを経由していません。経由元を示す不達通知が\n"
		"{n} 通あります（{span}）。\n\n"
		"受信側が拒否できるよう SPF と DMARC を公開し、送信元ネットワークにも連絡して\n"
		"います。ドメインの停止はなさらず、証拠が必要な場合はご連絡ください。\n"},
	[DG_NOTICE_REGISTRAR][WHAT_OURS] = {"{domain}：メールサービスの悪用と対応について",
		"当方の意図しないメールが、{who} を経由して {domain} の名義で送信されました\n"
		"（不達通知 {n} 通、{span}）。ご通報に感謝いたします。\n\n"
		"対応状況（送信前に記入してください）：\n\n"
		"  ・経路の遮断：\n"
		"  ・送信待ちメールの削除：\n"
		"  ・パスワードと鍵の変更：\n"
		"  ・ほかの被害の有無：\n\n"
		"ドメインの停止はなさらず、お問い合わせはこのアドレスにお願いいたします。\n"},
	[DG_NOTICE_DESK][WHAT_FORGED] = {"情報提供：送信者ドメイン {domain} の詐称",
		"送信者ドメイン {domain} を詐称したメールが多数のネットワークから送信されて\n"
		"いますので、情報を提供いたします（不達通知 {n} 通、{span}）。同ドメインの\n"
		"SPF と DMARC は公開済みです。件数の多い送信元は次のとおりです。\n\n{places}\n"
		"ヘッダーや集計は、ご要望に応じて提供できます。\n"},
	[DG_NOTICE_DESK][WHAT_OURS] = {"情報提供：{domain} のメールサービスの悪用",
		"権限のない第三者により、{who} を経由して {domain} の名義でメールが送信され\n"
		"ましたので、情報を提供いたします（不達通知 {n} 通、{span}）。遮断の作業と、\n"
		"関係者への連絡を進めています。ヘッダーやログは、ご要望に応じて提供できます。\n"},
};
/* NOLINTEND(bugprone-suspicious-missing-comma) */

const struct dg_notice_words *dg_notice_words(
	enum dg_notice_kind kind, enum dg_incident_kind what, bool is_japanese)
{
	bool is_forged = what == DG_INCIDENT_FORGED || what == DG_INCIDENT_LIST_LEAK;
	const struct dg_notice_words(*table)[WHATS] = is_japanese ? japanese : english;
	const struct dg_notice_words *w = &table[kind][is_forged ? WHAT_FORGED : WHAT_OURS];

	return w->subject ? w : &table[kind][is_forged ? WHAT_OURS : WHAT_FORGED];
}

bool dg_notice_wants_japanese(const struct dg_notice *n)
{
	size_t len = strlen(n->organisation);

	return n->kind == DG_NOTICE_USERS || n->kind == DG_NOTICE_REGISTRAR ||
	       n->kind == DG_NOTICE_DESK ||
	       (len > 3 && strcmp(n->organisation + len - 3, ".jp") == 0);
}
