/* zones/bounce/handoff.c: the trust boundary: which address handed the message to the organisation that reports. */
#include "zones/base/arena.h"
#include "zones/base/message.h"
#include "zones/bounce/parts.h"
#include "zones/mail/dmarc_find.h"
#include "zones/record/name.h"

/* Who filters or relays mail for others: behind their name may stand anybody, their own Received lines are as good as the reporter's. */
static const char *const relays[] = {
	"antispamcloud.com",
	"barracudanetworks.com",
	"cloudflare.net",
	"cloudfilter.net",
	"cudamail.com",
	"emailsrvr.com",
	"exclaimer.net",
	"fireeyecloud.com",
	"forcepoint.com",
	"hornetsecurity.com",
	"iphmx.com",
	"ironport.com",
	"mailcontrol.com",
	"mailroute.net",
	"messagelabs.com",
	"mimecast.com",
	"mxlogic.net",
	"outlook.com",
	"postini.com",
	"ppe-hosted.com",
	"pphosted.com",
	"psmtp.com",
	"reflexion.net",
	"securence.com",
	"sophos.com",
	"spamhero.com",
	"trendmicro.com",
	"trendmicro.eu",
};

static bool is_relay(const char *organisation)
{
	for (size_t i = 0; i < sizeof(relays) / sizeof(relays[0]); i++) {
		if (strcmp(relays[i], organisation) == 0) {
			return true;
		}
	}
	return false;
}

const char *dg_organisation(struct dg_reading *r, const char *host)
{
	struct dg_span s = {host, strlen(host)};
	struct dg_address address;
	size_t n_dots = 0;

	while (s.n > 0 && s.p[s.n - 1] == '.') {
		s.n--;
	}
	if (s.n == 0 || s.n > 253 || dg_address_parse(s.p, s.n, &address) == 0) {
		return "";
	}
	char *name = dg_get(r->arena, 1, s.n + 2);
	for (size_t i = 0; i < s.n; i++) {
		name[i] = dg_lower(s.p[i]);
		n_dots += s.p[i] == '.';
		if (!dg_is_alnum(s.p[i]) && !strchr(".-_", s.p[i])) {
			return "";
		}
		if (s.p[i] == '.' && (i == 0 || s.p[i - 1] == '.')) {
			return "";
		}
	}
	name[s.n] = '.';
	if (n_dots == 0) {
		return "";
	}
	const char *suffix = dg_public_suffix(r->arena, name);
	size_t n_labels = dg_name_n_labels(suffix);
	const char *at = name;
	while (dg_name_n_labels(at) > n_labels + 1) {
		at = dg_name_parent(at);
	}
	return dg_name_n_labels(at) == n_labels + 1 ? dg_name_plain(r->arena, at) : "";
}

/* Addresses of the documentation prefixes stand in for public ones wherever mail was made anonymous. */
static bool is_public(const struct dg_address *a)
{
	const char *what = dg_address_special(a);

	return !what || strcmp(what, "documentation") == 0;
}

/* A registrable domain holds what ends in it. */
static bool is_in(const char *host, const char *organisation)
{
	size_t n = strlen(host);
	size_t len = strlen(organisation);

	while (n > 0 && host[n - 1] == '.') {
		n--;
	}
	return len > 0 && n >= len && strncasecmp(host + n - len, organisation, len) == 0 &&
	       (n == len || host[n - len - 1] == '.');
}

/* The organisation that wrote the report: by its Reporting-MTA, else by the host that brought it, else by its From. */
static const char *reporter(struct dg_reading *r)
{
	const struct dg_bounce *b = r->bounce;
	const char *org = dg_organisation(r, b->reporting_mta);

	for (size_t i = 0; org[0] == '\0' && i < b->outer.n_hops; i++) {
		const struct dg_bounce_hop *h = &b->outer.hops[i];
		if (h->has_address && is_public(&h->address) && h->name[0] != '\0') {
			org = dg_organisation(r, h->name);
		}
	}
	if (org[0] == '\0') {
		const char *at = strrchr(b->outer.from, '@');
		org = dg_organisation(r, at ? at + 1 : "");
	}
	return org;
}

/* Is the line i of the hops still written inside org? The newest is: the reporter had it before it wrote the report. */
static bool is_inside(const struct dg_bounce_head *h, size_t i, const char *org)
{
	if (i == 0 || is_in(h->hops[i].by, org)) {
		return true;
	}
	const struct dg_bounce_hop *newer = &h->hops[i - 1];
	/* handed over inside of a host or a network: without an address there was no connection to tell of */
	if (!newer->has_address || !is_public(&newer->address)) {
		return true;
	}
	return newer->name[0] != '\0' && strcasecmp(h->hops[i].by, newer->name) == 0;
}

static void walk(struct dg_reading *r, const struct dg_bounce_head *h, const char *org)
{
	struct dg_bounce_handoff *out = &r->bounce->handoff;

	out->why = DG_MESSAGE("no Received line of it names a public address");
	for (size_t i = 0; i < h->n_hops; i++) {
		const struct dg_bounce_hop *hop = &h->hops[i];

		if (!is_inside(h, i, org)) {
			out->why = out->has_address
					   ? out->why
					   : DG_MESSAGE("the next line was written outside of "
							"the organisation that reports");
			return;
		}
		if (!hop->has_address || !is_public(&hop->address)) {
			continue;
		}
		out->has_address = true;
		out->address = hop->address;
		out->hop = i;
		if (is_in(hop->name, org)) {
			out->why = DG_MESSAGE("the oldest line of the organisation that reports");
			continue;
		}
		const char *next = i + 1 < h->n_hops ? dg_organisation(r, hop->name) : "";
		if (is_relay(next) && i + 1 < h->n_hops && is_in(h->hops[i + 1].by, next)) {
			out->via = next;
			out->why = DG_MESSAGE("the oldest line of the service that filters for it");
			org = next;
			continue;
		}
		out->why = DG_MESSAGE("the first address outside of the organisation that reports");
		return;
	}
}

static void first_public(struct dg_bounce *b, const struct dg_bounce_head *h)
{
	for (size_t i = 0; i < h->n_hops && !b->has_first_public; i++) {
		if (h->hops[i].has_address && is_public(&h->hops[i].address)) {
			b->has_first_public = true;
			b->first_public = h->hops[i].address;
		}
	}
}

void dg_handoff_find(struct dg_reading *r)
{
	struct dg_bounce *b = r->bounce;
	const struct dg_bounce_head *h = b->innermost ? b->innermost : &b->original;

	b->reporting_organisation = reporter(r);
	b->handoff.organisation = b->reporting_organisation;
	if (b->original_is == DG_BOUNCE_ORIGINAL_NONE) {
		b->handoff.why = DG_MESSAGE("nothing of the original was returned");
		return;
	}
	walk(r, h, b->handoff.organisation);
	first_public(b, h);
}
