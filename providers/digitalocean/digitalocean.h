/* providers/digitalocean/digitalocean.h: the DNS of DigitalOcean (API v2).
 *
 * Shape    Records with ids, one call for each edit. Hosts are read without a final dot and written with one; TXT is the text itself.
 */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_provider_ops dg_provider_digitalocean;
extern const struct dg_schema dg_schema_digitalocean;
