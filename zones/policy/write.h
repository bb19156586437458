/* zones/policy/write.h: a zone as it is to a first zone.yaml: the way back from want.h.
 *
 * Shape    The text declares every mail record that it can express exactly, so that its plan is empty; what it cannot (two SPF records,
 *          a broken DMARC record) stays unmanaged, and a comment says so. Comments also say what is weak (the lints of zones/mail), and which
 *          hosts with A or AAAA take mail without an MX (RFC 5321 section 5.1).
 * Safety   Everything that comes from the zone is written as a quoted YAML scalar or inside a comment without control characters.
 */
#pragma once

struct dg_buf;
struct dg_zone;

/* provider: the provider section as YAML flow text, "{zonefile: {path: \"...\"}}". zone: sealed. */
void dg_policy_write(struct dg_buf *b, const struct dg_zone *zone, const char *provider);
