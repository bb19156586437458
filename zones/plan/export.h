/* zones/plan/export.h: what a plan comes to, in the words of other tools. Pure.
 *
 * Shape    zonefile: all RRsets that the policy names, as they should stand, lines with absolute names, without SOA and NS.
 *          nsupdate: the changes alone, with what stands there as prerequisites (RFC 2136 section 2.4), a message for each phase, absolute names.
 *          octodns: YAML of the zone's managed RRsets; semicolons in texts escaped. dnscontrol: D_EXTEND() for dnsconfig.js.
 *          terraform: resources of the hashicorp/dns provider (RFC 2136). external-dns: a DNSEndpoint, which cannot hold a null MX.
 * Safety   Each text is escaped for its sink: no record can end a string there or begin another statement.
 * Errors   DG_EPOLICY: the format cannot hold what the policy wants.
 */
#pragma once

struct dg_arena;
struct dg_buf;
struct dg_err;
struct dg_plan;

enum dg_export {
	DG_EXPORT_ZONEFILE,
	DG_EXPORT_NSUPDATE,
	DG_EXPORT_OCTODNS,
	DG_EXPORT_DNSCONTROL,
	DG_EXPORT_TERRAFORM,
	DG_EXPORT_EXTERNAL_DNS,
};

/* "zonefile", "external-dns". 1: no such. */
int dg_export_parse(const char *text, enum dg_export *ret_format);
/* "zonefile, nsupdate, ..." */
const char *dg_export_names(void);
int dg_export_write(struct dg_buf *b, struct dg_arena *a, const struct dg_plan *plan,
	enum dg_export format, struct dg_err *err);
