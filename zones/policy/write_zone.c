/* The parts of a first zone.yaml that are about the zone and not about one mail name. */
#include "zones/policy/writing.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/mail/mx.h"
#include "zones/record/name.h"

#include <string.h>

#define REPORT_LABELS "._report._dmarc."
#define REPORT_RECORD "v=DMARC1;"

bool dg_write_is_delegated(const struct dg_writer *w, const char *name)
{
	struct dg_rrset ns;

	for (const char *at = name;
		dg_name_is_at_or_under(at, w->zone->apex) && strcmp(at, w->zone->apex) != 0;
		at = dg_name_parent(at)) {
		if (dg_zone_get(w->zone, at, DG_TYPE_NS, &ns) == 0 && ns.n > 0) {
			return true;
		}
	}
	return false;
}

/* The domain whose reports are taken here, when its record is exactly the one that report-for: publishes; else NULL. */
static const char *reporting_domain(const struct dg_writer *w, const struct dg_rrset *set)
{
	const char *end = dg_printf(w->arena, "%s%s", REPORT_LABELS, w->zone->apex);
	size_t len = strlen(set->owner);
	size_t n = strlen(end);

	if (set->type != DG_TYPE_TXT || set->n != 1 || len <= n || set->owner[0] == '*' ||
		strcmp(set->owner + len - n, end) != 0 ||
		strcmp(dg_txt_join(w->arena, &set->rdata[0]), REPORT_RECORD) != 0) {
		return NULL;
	}
	return dg_strndup(w->arena, set->owner, len - n);
}

void dg_write_report_for(struct dg_writer *w)
{
	bool is_first = true;

	for (size_t i = 0; i < w->zone->n; i++) {
		const char *domain = reporting_domain(w, &w->zone->sets[i]);

		if (domain) {
			dg_buf_puts(w->b, is_first ? "report-for: [" : ", ");
			dg_write_quoted(w->b, domain);
			is_first = false;
		}
	}
	if (!is_first) {
		dg_buf_puts(w->b, "]\n");
	}
}

void dg_write_wildcards(struct dg_writer *w)
{
	const char *before = "";

	for (size_t i = 0; i < w->zone->n; i++) {
		const struct dg_rrset *set = &w->zone->sets[i];
		bool is_mail = set->type == DG_TYPE_MX || set->type == DG_TYPE_TXT;

		if (set->n == 0 || !is_mail || !dg_name_is_wildcard(set->owner) ||
			strcmp(set->owner, before) == 0) {
			continue;
		}
		before = set->owner;
		dg_write_comment(w->b, "",
			dg_printf(w->arena,
				"%s: left alone: a wildcard with MX or TXT records reaches every "
				"name below it that does not exist (RFC 4592 section 2.2.1); if it "
				"should take and send no mail it belongs under silent:",
				set->owner));
	}
}

static bool has_address(const struct dg_writer *w, const char *name)
{
	struct dg_rrset set;

	return (dg_zone_get(w->zone, name, DG_TYPE_A, &set) == 0 && set.n > 0) ||
	       (dg_zone_get(w->zone, name, DG_TYPE_AAAA, &set) == 0 && set.n > 0);
}

/* The names that some MX of this zone points to: mail servers speak for themselves. */
static void collect_exchanges(const struct dg_writer *w, struct dg_map *hosts)
{
	const char *host = NULL;
	uint16_t preference = 0;

	for (size_t i = 0; i < w->zone->n; i++) {
		const struct dg_rrset *set = &w->zone->sets[i];

		for (size_t k = 0; set->type == DG_TYPE_MX && k < set->n; k++) {
			if (dg_mx_read(w->arena, &set->rdata[k], &preference, &host) == 0) {
				(void)dg_map_put(
					hosts, host, w->arena); /* a set: any value will do */
			}
		}
	}
}

static bool takes_mail_by_address(
	const struct dg_writer *w, const struct dg_map *exchanges, const char *owner)
{
	struct dg_rrset mx;
	bool has_mx = dg_zone_get(w->zone, owner, DG_TYPE_MX, &mx) == 0 && mx.n > 0;

	return has_address(w, owner) && !has_mx && strcmp(owner, w->zone->apex) != 0 &&
	       !dg_map_get(exchanges, owner) && !dg_write_is_delegated(w, owner);
}

void dg_write_hosts(struct dg_writer *w)
{
	struct dg_map exchanges;
	const char *before = "";
	bool is_first = true;

	dg_map_init(&exchanges, w->arena);
	collect_exchanges(w, &exchanges);
	for (size_t i = 0; i < w->zone->n; i++) {
		const char *owner = w->zone->sets[i].owner;

		if (strcmp(owner, before) == 0) {
			continue;
		}
		before = owner;
		if (!takes_mail_by_address(w, &exchanges, owner)) {
			continue;
		}
		if (is_first) {
			dg_buf_puts(w->b, "\n# These hosts have an address and no MX: mail for "
					  "them is delivered to the "
					  "address\n# (RFC 5321 section 5.1). A host that takes no "
					  "mail belongs here; one "
					  "that sends as\n# itself (HELO, cron) belongs under "
					  "helo: instead.\n# silent:\n");
			is_first = false;
		}
		dg_buf_puts(w->b, "#   - ");
		dg_write_name(w, owner);
		dg_buf_putc(w->b, '\n');
	}
}
