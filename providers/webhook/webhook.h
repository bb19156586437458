/* providers/webhook/webhook.h: any HTTP endpoint that speaks our own format (doc/plugin.md).
 *
 * Calls    POST to url, for everything; each apply is signed with Standard Webhooks headers where secret-file is given.
 */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_schema dg_schema_webhooks;
extern const struct dg_provider_ops dg_provider_webhook;
