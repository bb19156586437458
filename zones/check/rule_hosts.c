/* Names under the domain that have an address: without an MX of their own they take mail, without SPF they can be forged. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/check/rule.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <string.h>

#define NAMED_MAX  8u  /* hosts that a sentence names */
#define REMEDY_MAX 50u /* hosts that a remedy has lines for */
#define LINES_MAX  ((size_t)1 << 20)

const struct dg_kind dg_hosts_kinds[] = {
	{
		"hosts-implicit-mx",
		"hosts",
		DG_SEVERITY_WARNING,
		"hosts without an MX take mail at their own address",
		"RFC 5321 section 5.1",
		"A name with an address and no MX takes mail: senders deliver to the address "
		"itself. Whoever forges "
		"www.example.com as a sender directs the bounces to your web server. A wildcard "
		"does not help, because it "
		"does not reach names that exist.",
		"Give each host from which nothing is sent a null MX and \"v=spf1 -all\".",
	},
	{
		"hosts-no-spf",
		"hosts",
		DG_SEVERITY_WARNING,
		"hosts have no SPF record",
		"RFC 7208 section 3.5",
		"SPF is not inherited. A name that has an address and no SPF record of its own can "
		"be used as a sender of "
		"the envelope, however strict the record of the domain is.",
		"Publish \"v=spf1 -all\" at each host from which nothing is sent.",
	},
	{
		"hosts-broken-spf",
		"hosts",
		DG_SEVERITY_WARNING,
		"hosts have a broken SPF record",
		"RFC 7208 section 4.6",
		"Several records at one name, or one with a fault, count as none.",
		"Publish one sound record at each of them: \"v=spf1 -all\", or \"v=spf1 a -all\" "
		"where the host sends.",
	},
	{
		"helo-no-spf",
		"hosts",
		DG_SEVERITY_NOTE,
		"mail servers have no SPF record for their own name",
		"RFC 7208 section 10.1.3",
		"A mail server says its name in HELO, and receivers check SPF for that name, too: "
		"for bounces, which have "
		"no other sender, it is all there is. Without a record anybody can say the name.",
		"Publish \"v=spf1 a -all\" at each mail server.",
	},
	{
		"hosts-closed",
		"hosts",
		DG_SEVERITY_GOOD,
		"all hosts that were looked at are closed",
		"RFC 7505 section 4.1",
		"Each has a null MX, or an MX of its own, and an SPF record.",
		"Nothing is to be done.",
	},
	{
		"hosts-unknown",
		"hosts",
		DG_SEVERITY_UNKNOWN,
		"hosts could not be looked up",
		"RFC 5321 section 5.1",
		"Questions about some of the names got no answer that can be trusted.",
		"Try again later.",
	},
	{
		"hosts-many",
		"hosts",
		DG_SEVERITY_NOTE,
		"the zone has more hosts than are looked at one by one",
		"dnsguard",
		"All are counted, the first of them are named.",
		"Name those that matter with --host, or publish for all of them by zone.yaml.",
	},
	{.code = NULL},
};

/* --- which hosts ------------------------------------------------------------------------------------ */
static bool is_listed(const struct check *c, const char *name)
{
	for (size_t i = 0; i < c->n_hosts; i++) {
		if (strcmp(c->hosts[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

static void add(struct check *c, const char *name, bool is_mx)
{
	if (c->n_hosts < DG_CHECK_HOSTS_MAX && strcmp(name, c->in->domain) != 0 &&
		dg_name_is_at_or_under(name, c->in->domain) && !dg_name_is_wildcard(name) &&
		!is_listed(c, name)) {
		c->hosts[c->n_hosts++] =
			(struct host){.name = dg_strdup(c->arena, name), .is_mx = is_mx};
	}
}

static bool is_for_mail(const struct dg_rrset *set)
{
	return set->n > 0 &&
	       (set->type == DG_TYPE_A || set->type == DG_TYPE_AAAA || set->type == DG_TYPE_MX);
}

/* From the zone, all of them. Returns how many there are; names at and under a cut belong to somebody else. */
static size_t add_zone(struct check *c, size_t *ret_n_open)
{
	const struct dg_zone *z = c->in->zone;
	const char *cut = NULL;
	const char *last = "";
	size_t n = 0;

	for (size_t i = dg_zone_lower_bound(z, c->in->domain);
		i < z->n && dg_name_is_at_or_under(z->sets[i].owner, c->in->domain); i++) {
		const struct dg_rrset *set = &z->sets[i];
		struct dg_rrset mx;

		if (set->type == DG_TYPE_NS && set->n > 0 && strcmp(set->owner, z->apex) != 0 &&
			(!cut || !dg_name_is_at_or_under(set->owner, cut))) {
			cut = set->owner;
		}
		if (!is_for_mail(set) || strcmp(set->owner, last) == 0 ||
			strcmp(set->owner, c->in->domain) == 0 || dg_name_is_wildcard(set->owner)) {
			continue;
		}
		struct dg_rrset ns;
		bool is_cut = dg_zone_get(z, set->owner, DG_TYPE_NS, &ns) == 0 && ns.n > 0;

		last = set->owner;
		if (is_cut || (cut && dg_name_is_at_or_under(set->owner, cut))) {
			continue;
		}
		n++;
		*ret_n_open += dg_zone_get(z, set->owner, DG_TYPE_MX, &mx) == 0 && mx.n == 0;
		add(c, set->owner, false);
	}
	return n;
}

static void add_likely(struct check *c)
{
	const struct dg_fact *ns = check_ask(c, c->in->domain, DG_TYPE_NS);
	const char *www = check_under(c, "www", c->in->domain);

	for (size_t i = 0; ns->state == DG_FACT_FOUND && i < ns->set.n; i++) {
		const char *name = NULL;
		size_t len = 0;

		if (dg_name_from_wire(c->arena, ns->set.rdata[i].wire, ns->set.rdata[i].len, &name,
			    &len) == 0) {
			add(c, name, false);
		}
	}
	if (www) {
		add(c, www, false);
	}
}

/* --- what is known of them ---------------------------------------------------------------------------- */

static bool is_unsure(const struct dg_fact *fact)
{
	return fact->state == DG_FACT_UNKNOWN || fact->state == DG_FACT_PENDING;
}

static void look_at(struct check *c, struct host *h)
{
	const char *const *texts = NULL;

	h->a = check_ask_quietly(c, h->name, DG_TYPE_A);
	h->aaaa = check_ask_quietly(c, h->name, DG_TYPE_AAAA);
	h->mx = check_ask_quietly(c, h->name, DG_TYPE_MX);
	h->txt = check_ask_quietly(c, h->name, DG_TYPE_TXT);
	h->n_spf = check_texts(c, h->txt, dg_spf_is_record, &texts);
	h->spf = h->n_spf == 1 ? texts[0] : NULL;
}

/* Keeps the names that have an address or an MX. */
static void look_at_all(struct check *c)
{
	size_t n_unsure = 0;
	size_t n = 0;

	for (size_t i = 0; i < c->n_hosts; i++) {
		struct host *h = &c->hosts[i];

		look_at(c, h);
		bool is_there = check_has_address(h) || h->mx->state == DG_FACT_FOUND;

		n_unsure += (!check_has_address(h) && (is_unsure(h->a) || is_unsure(h->aaaa))) ||
			    (is_there && (is_unsure(h->mx) || is_unsure(h->txt)));
		if (is_there) {
			c->hosts[n++] = *h;
		}
	}
	c->n_hosts = n;
	c->are_hosts_known = n_unsure == 0;
	if (n_unsure > 0) {
		check_find(c, "hosts-unknown", c->in->domain, NULL,
			"%zu name%s could not be looked up", n_unsure, n_unsure == 1 ? "" : "s");
	}
}

/* --- findings ----------------------------------------------------------------------------------------- */
struct list {
	const struct host *hosts[DG_CHECK_HOSTS_MAX];
	size_t n;
};

static const char *named(struct check *c, const struct list *l, size_t n_all)
{
	struct dg_buf b;

	dg_buf_init(&b, LINES_MAX);
	for (size_t i = 0; i < l->n && i < NAMED_MAX; i++) {
		dg_buf_printf(&b, "%s%s", i > 0 ? ", " : "", check_shown(c, l->hosts[i]->name));
	}
	if (n_all > NAMED_MAX) {
		dg_buf_printf(&b, " and %zu more", n_all - NAMED_MAX);
	}
	const char *text = dg_strndup(c->arena, b.data, b.len);
	dg_buf_done(&b);
	return text;
}

static const char *remedy(struct check *c, const struct list *l, const char *spf, bool has_mx)
{
	struct dg_buf b;
	size_t n = l->n < REMEDY_MAX ? l->n : REMEDY_MAX;

	dg_buf_init(&b, LINES_MAX);
	if (has_mx) {
		dg_buf_puts(&b, "in zone.yaml: silent: [");
		for (size_t i = 0; i < n; i++) {
			dg_buf_printf(&b, "%s\"%s\"", i > 0 ? ", " : "",
				check_yaml_name(c, l->hosts[i]->name));
		}
		dg_buf_printf(&b, "]\n%s",
			l->n > NAMED_MAX ? "or, for all of them: hosts: silent\n" : "");
	}
	for (size_t i = 0; i < n; i++) {
		const struct host *h = l->hosts[i];

		if (has_mx) {
			dg_buf_printf(&b, "%s\n", check_line(c, h->name, "MX 0 ."));
		}
		if (h->n_spf == 0) {
			dg_buf_printf(&b, "%s\n", check_line_txt(c, h->name, spf));
		}
	}
	if (l->n > n) {
		dg_buf_printf(&b, "and so on for %zu more", l->n - n);
	}
	b.len -= b.len > 0 && b.data[b.len - 1] == '\n';
	const char *text = dg_strndup(c->arena, b.data, b.len);
	dg_buf_done(&b);
	return text;
}

static bool is_broken(struct check *c, const struct host *h)
{
	struct dg_lints lints;
	struct dg_spf spf;

	if (h->n_spf != 1) {
		return h->n_spf > 1;
	}
	dg_lints_init(&lints, c->arena);
	dg_spf_parse(c->arena, h->spf, strlen(h->spf), &spf, &lints);
	dg_spf_lint(&spf, h->name, strlen(h->spf), &lints);
	return lints.n_errors > 0;
}

/* Nothing is sent from it, as far as its SPF record tells: a null MX hurts nobody (RFC 7505 section 4.2). */
static bool may_close(struct check *c, const struct host *h)
{
	return !h->is_mx && !is_unsure(h->txt) &&
	       (h->n_spf == 0 || (h->spf && check_who_sends(c, h->spf) == KNOWN_NO));
}

/* One list for each finding. */
struct lists {
	struct list open;    /* without an MX */
	struct list bare;    /* without SPF */
	struct list servers; /* of the domain's MX, without SPF */
	struct list broken;
};

static void put(struct list *l, const struct host *h)
{
	l->hosts[l->n++] = h;
}

static struct lists *sort_out(struct check *c)
{
	struct lists *ls = dg_new(c->arena, struct lists);

	for (size_t i = 0; i < c->n_hosts; i++) {
		const struct host *h = &c->hosts[i];

		if (check_has_address(h) && dg_fact_is_none(h->mx) && may_close(c, h)) {
			put(&ls->open, h);
		}
		if (h->n_spf == 0 && !is_unsure(h->txt)) {
			put(h->is_mx ? &ls->servers : &ls->bare, h);
		}
		if (is_broken(c, h)) {
			put(&ls->broken, h);
		}
	}
	return ls;
}

static void find_list(struct check *c, const char *code, const struct list *l, size_t n_all,
	const char *what, const char *advice)
{
	if (n_all > 0) {
		check_find(c, code, c->in->domain, NULL, "%zu host%s under %s %s: %s", n_all,
			n_all == 1 ? "" : "s", check_shown(c, c->in->domain), what,
			named(c, l, n_all))
			->remedy = advice;
	}
}

static void judge(struct check *c, size_t n_unseen)
{
	const struct lists *ls = sort_out(c);

	find_list(c, "hosts-implicit-mx", &ls->open, ls->open.n + n_unseen, "without an MX",
		dg_printf(c->arena, "for those from which nothing is sent:\n%s",
			remedy(c, &ls->open, "v=spf1 -all", true)));
	find_list(
		c, "hosts-broken-spf", &ls->broken, ls->broken.n, "with a broken SPF record", NULL);
	find_list(c, "hosts-no-spf", &ls->bare, ls->bare.n, "without an SPF record",
		dg_printf(c->arena, "for those from which nothing is sent:\n%s",
			remedy(c, &ls->bare, "v=spf1 -all", false)));
	find_list(c, "helo-no-spf", &ls->servers, ls->servers.n,
		"that the MX names, without an SPF record",
		remedy(c, &ls->servers, "v=spf1 a -all", false));
	if (c->n_hosts > 0 && c->are_hosts_known && n_unseen == 0 &&
		ls->open.n + ls->bare.n + ls->broken.n + ls->servers.n == 0) {
		check_find(c, "hosts-closed", c->in->domain, NULL,
			"none of the %zu hosts that were looked at takes mail by accident or lacks "
			"SPF",
			c->n_hosts);
	}
}

void check_hosts(struct check *c)
{
	size_t n_open = 0;
	size_t n_open_seen = 0;
	size_t n_all = 0;

	if (c->in->depth != DG_CHECK_FULL || !c->out->exists) {
		return;
	}
	c->hosts = dg_newn(c->arena, struct host, DG_CHECK_HOSTS_MAX);
	for (size_t i = 0; i < c->out->n_mx; i++) {
		add(c, c->out->mx[i].host, true);
	}
	for (size_t i = 0; i < c->in->n_hosts; i++) {
		add(c, c->in->hosts[i], false);
	}
	if (c->in->zone) {
		n_all = add_zone(c, &n_open);
	} else {
		add_likely(c);
	}
	bool is_full = c->n_hosts == DG_CHECK_HOSTS_MAX;
	look_at_all(c);
	if (is_full && n_all > c->n_hosts) {
		for (size_t i = 0; i < c->n_hosts; i++) {
			n_open_seen += dg_fact_is_none(c->hosts[i].mx);
		}
		check_find(c, "hosts-many", c->in->domain, NULL,
			"the zone has %zu hosts: the first %zu are looked at one by one", n_all,
			c->n_hosts);
	}
	judge(c, is_full && n_open > n_open_seen ? n_open - n_open_seen : 0);
}
