/* zones/policy/want_hosts.c: names with an address that zone.yaml does not mention. Without an MX senders deliver to the
 * address (RFC 5321 section 5.1), so each of them is a way in for bounces. */
#include "zones/policy/wanting.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/name.h"

#include <string.h>

#define LINE_MAX 2000u /* bytes of a line to add to zone.yaml */

/* What stands at one owner. */
struct host {
	const char *name;
	bool has_address;
	const struct dg_rrset *mx; /* NULL: none */
};

struct walk {
	struct dg_wanting *w;
	const char *cut; /* zone cut that was passed; NULL: none */
	bool is_dname;   /* it is a DNAME: the name itself stays in the zone */
	size_t n_noted;
};

static bool is_at_cut(const struct walk *k, const char *name)
{
	return k->cut && dg_name_is_at_or_under(name, k->cut) &&
	       !(k->is_dname && strcmp(name, k->cut) == 0);
}

/* Reads the sets of one owner from i on. Returns the index after them. */
static size_t read_host(struct walk *k, size_t i, struct host *ret_host)
{
	const struct dg_zone *z = k->w->have;
	const char *owner = z->sets[i].owner;

	*ret_host = (struct host){.name = owner};
	for (; i < z->n && strcmp(z->sets[i].owner, owner) == 0; i++) {
		const struct dg_rrset *set = &z->sets[i];
		bool is_ns = set->type == DG_TYPE_NS && strcmp(owner, z->apex) != 0;

		if (set->n == 0 || is_at_cut(k, owner)) {
			continue;
		}
		if (is_ns || set->type == DG_TYPE_DNAME) {
			k->cut = owner;
			k->is_dname = !is_ns;
		} else if (set->type == DG_TYPE_MX) {
			ret_host->mx = set;
		} else if (set->type == DG_TYPE_A || set->type == DG_TYPE_AAAA) {
			ret_host->has_address = true;
		}
	}
	return i;
}

/* The line that declares the name's MX as it is. */
static const char *mail_line(struct dg_wanting *w, const struct host *h)
{
	struct dg_buf b;

	dg_buf_init(&b, LINE_MAX);
	dg_buf_printf(
		&b, "mail: {\"%s\": {mx: [", dg_name_relative(w->arena, h->name, w->policy->zone));
	for (size_t i = 0; i < h->mx->n; i++) {
		uint16_t preference = 0;
		const char *host = NULL;

		if (dg_mx_read(w->arena, &h->mx->rdata[i], &preference, &host) == 0) {
			dg_buf_printf(&b, "%s%u %.*s", i > 0 ? ", " : "", preference,
				(int)strlen(host) - 1, host);
		}
	}
	dg_buf_puts(&b, "]}}");
	const char *line = dg_strdup(w->arena, b.data);
	dg_buf_done(&b);
	return line;
}

static void note_host(struct walk *k, const struct host *h)
{
	struct dg_wanting *w = k->w;
	struct dg_note note = {
		.owner = h->name, .rule = "RFC 5321 section 5.1", .pos = w->policy->pos};

	if (k->n_noted++ >= DG_WANT_HOST_NOTES_MAX) {
		return;
	}
	if (h->mx) {
		note.code = "mail-name-not-declared";
		note.text = dg_printf(w->arena,
			"%s takes mail by its MX, and zone.yaml does not mention it; to manage it "
			"add: %s",
			dg_name_plain(w->arena, h->name), mail_line(w, h));
	} else {
		note.code = "host-takes-mail";
		note.text = dg_printf(w->arena,
			"%s has an address and no MX: mail and bounces are delivered to that "
			"address; if it "
			"takes no mail add: silent: [\"%s\"]",
			dg_name_plain(w->arena, h->name),
			dg_name_relative(w->arena, h->name, w->policy->zone));
	}
	dg_want_note(w, &note);
}

static void silence_host(struct dg_wanting *w, const struct host *h)
{
	struct dg_claim c = {.owner = h->name,
		.ttl = w->policy->ttl,
		.rule = "RFC 7505 section 3",
		.pos = w->policy->pos};

	c.why = dg_printf(w->arena, "%s has an address and is declared nowhere (hosts: silent)",
		dg_name_plain(w->arena, h->name));
	dg_want_null_mx(w, &c, false);
	c.rule = "RFC 7208 section 10.1.2";
	dg_want_constant(w, &c, "v=spf1", "v=spf1 -all");
}

static void take_host(struct walk *k, const struct host *h)
{
	struct dg_wanting *w = k->w;
	struct dg_declared d = dg_want_declared(w, h->name);
	enum dg_mx_state mx = dg_mx_state(h->mx);
	bool is_silent = w->policy->hosts == DG_HOSTS_SILENT;

	if (d.mail || d.silent || dg_map_get(&w->hosts, h->name) || dg_want_split_to(w, h->name) ||
		h->name[0] == '_') {
		return;
	}
	if (mx == DG_MX_NULL ? !is_silent : mx == DG_MX_ABSENT && !h->has_address) {
		return;
	}
	/* The zone's own name and wildcards lose mail only when they are named. */
	if (is_silent && (mx == DG_MX_ABSENT || mx == DG_MX_NULL) && h->has_address &&
		!dg_name_is_wildcard(h->name) && strcmp(h->name, w->policy->zone) != 0) {
		silence_host(w, h);
	} else if (mx != DG_MX_NULL) {
		note_host(k, h);
	}
}

static int cannot_tell(struct dg_wanting *w)
{
	if (w->policy->hosts == DG_HOSTS_SILENT) {
		return dg_fail_at(w->err, &w->policy->pos, DG_EPOLICY,
			"hosts: silent needs to see every name of zone %s, and the zone could not "
			"be read "
			"whole (no transfer): allow it, or write hosts: report and name the hosts "
			"in silent:",
			dg_name_plain(w->arena, w->policy->zone));
	}
	dg_want_note(w, &(struct dg_note){.code = "hosts-unknown",
				.owner = w->policy->zone,
				.text = dg_printf(w->arena,
					"zone %s could not be read whole: hosts that take mail at "
					"their address "
					"cannot be told",
					dg_name_plain(w->arena, w->policy->zone)),
				.rule = "RFC 5321 section 5.1",
				.pos = w->policy->pos});
	return 0;
}

int dg_want_hosts(struct dg_wanting *w)
{
	struct walk k = {.w = w};

	if (w->policy->hosts == DG_HOSTS_IGNORE || w->is_sketch) {
		return 0;
	}
	if (!w->have->is_complete) {
		return cannot_tell(w);
	}
	for (size_t i = 0; i < w->have->n;) {
		struct host h;

		i = read_host(&k, i, &h);
		if ((h.has_address || h.mx) && !is_at_cut(&k, h.name)) {
			take_host(&k, &h);
		}
	}
	if (k.n_noted > DG_WANT_HOST_NOTES_MAX) {
		dg_want_note(w, &(struct dg_note){.code = "more-hosts",
					.owner = w->policy->zone,
					.text = dg_printf(w->arena,
						"%zu more names of zone %s take mail and are not "
						"mentioned; hosts: "
						"silent closes those without an MX",
						k.n_noted - DG_WANT_HOST_NOTES_MAX,
						dg_name_plain(w->arena, w->policy->zone)),
					.rule = "RFC 5321 section 5.1",
					.pos = w->policy->pos});
	}
	return 0;
}
