#include "zones/mail/spf_shared.h"

#include "zones/base/arena.h"
#include "zones/mail/chars.h"
#include "zones/mail/spf_eval.h"
#include "zones/record/name.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

struct service {
	const char *suffix;
	const char *name;
};

/* The names that the services' own setup guides tell customers to include, each with all that is below it. */
static const struct service services[] = {
	/* mailboxes */
	{"_spf.google.com.", "Google Workspace"},
	{"spf.protection.outlook.com.", "Microsoft 365"},
	{"spf.messaging.microsoft.com.", "Microsoft 365"},
	{"zoho.com.", "Zoho"},
	{"zoho.eu.", "Zoho"},
	{"zoho.in.", "Zoho"},
	{"zohomail.com.", "Zoho"},
	{"_spf.yandex.net.", "Yandex"},
	{"_spf.yandex.ru.", "Yandex"},
	{"_spf.mail.ru.", "VK Mail"},
	{"icloud.com.", "iCloud Mail"},
	{"_spf.protonmail.ch.", "Proton Mail"},
	{"spf.messagingengine.com.", "Fastmail"},
	{"emailsrvr.com.", "Rackspace Email"},
	{"spf.hostedemail.com.", "OpenSRS Hosted Email"},
	{"spf.privateemail.com.", "Namecheap"},
	{"spf.web-hosting.com.", "Namecheap"},
	{"spf.mail.qq.com.", "Tencent"},
	{"spf.163.com.", "NetEase"},
	{"spf.qiye.aliyun.com.", "Alibaba"},
	{"spf.mxhichina.com.", "Alibaba"},
	{"spf.worksmobile.com.", "LINE WORKS"},
	{"spf.securemx.jp.", "IIJ"},
	/* senders of newsletters, notices, tickets */
	{"amazonses.com.", "Amazon SES"},
	{"sendgrid.net.", "SendGrid"},
	{"mailgun.org.", "Mailgun"},
	{"mcsv.net.", "Mailchimp"},
	{"spf.mandrillapp.com.", "Mailchimp Transactional"},
	{"mail.zendesk.com.", "Zendesk"},
	{"_spf.salesforce.com.", "Salesforce"},
	{"exacttarget.com.", "Salesforce Marketing Cloud"},
	{"sparkpostmail.com.", "SparkPost"},
	{"spf.mailjet.com.", "Mailjet"},
	{"sendinblue.com.", "Brevo"},
	{"spf.brevo.com.", "Brevo"},
	{"mtasv.net.", "Postmark"},
	{"hubspotemail.net.", "HubSpot"},
	{"mktomail.com.", "Marketo"},
	{"createsend.com.", "Campaign Monitor"},
	{"elasticemail.com.", "Elastic Email"},
	{"mailersend.net.", "MailerSend"},
	{"mlsend.com.", "MailerLite"},
	{"smtp2go.com.", "SMTP2GO"},
	{"transmail.net.", "ZeptoMail"},
	{"email.freshdesk.com.", "Freshdesk"},
	{"helpscoutemail.com.", "Help Scout"},
	{"shops.shopify.com.", "Shopify"},
	{"_spf.atlassian.net.", "Atlassian"},
	{"spf.constantcontact.com.", "Constant Contact"},
	{"spf.unisender.com.", "Unisender"},
	/* filters in front of mailboxes */
	{"pphosted.com.", "Proofpoint"},
	{"mimecast.com.", "Mimecast"},
	{"messagelabs.com.", "Symantec Email Security"},
	{"barracudanetworks.com.", "Barracuda"},
	/* web hosts */
	{"mx.ovh.com.", "OVHcloud"},
	{"_spf.perfora.net.", "IONOS"},
	{"_spf.kundenserver.de.", "IONOS"},
	{"ionos.com.", "IONOS"},
	{"_spf.strato.com.", "STRATO"},
	{"secureserver.net.", "GoDaddy"},
	{"spf.mailspamprotection.com.", "SiteGround"},
	{"netblocks.dreamhost.com.", "DreamHost"},
	{"websitewelcome.com.", "HostGator"},
	{"_spf.mail.hostinger.com.", "Hostinger"},
	{"_mailcust.gandi.net.", "Gandi"},
	{"spf.infomaniak.ch.", "Infomaniak"},
	{"_custspf.one.com.", "one.com"},
	{"xserver.jp.", "Xserver"},
	{"sakura.ne.jp.", "SAKURA internet"},
	{"lolipop.jp.", "Lolipop"},
	{"heteml.jp.", "heteml"},
	{"gmoserver.jp.", "GMO"},
	{"kagoya.net.", "KAGOYA"},
};

const char *dg_spf_shared(const char *name)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		if (dg_name_is_at_or_under(name, services[i].suffix)) {
			return services[i].name;
		}
	}
	return NULL;
}

const char *dg_spf_provider(struct dg_arena *a, const struct dg_spf_outcome *o)
{
	const char *shared = o->mechanism_domain ? dg_spf_shared(o->mechanism_domain) : NULL;
	const char *colon = o->mechanism ? strchr(o->mechanism, ':') : NULL;

	if (shared || !colon || strncasecmp(o->mechanism, "ip", 2) == 0 ||
		strchr(o->mechanism, '%')) {
		return shared;
	}
	size_t n = strcspn(colon + 1, "/");
	char *name = dg_get(a, n + 2, 1);
	for (size_t i = 0; i < n; i++) {
		name[i] = dg_lower(colon[1 + i]);
	}
	name[n] = '.';
	return dg_spf_shared(name);
}
