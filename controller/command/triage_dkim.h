/* controller/command/triage_dkim.h: keys to verify our DKIM signatures on returned originals with: given, of a policy, or out of DNS.
 *
 * Shape    --dkim-key SELECTOR._domainkey.DOMAIN=FILE[,...]: a public key in PEM, or the record as the tools of OpenDKIM and rspamd write
 *          it. A policy's keys count too. With --dns the key of each signature of ours that neither names is looked up, once.
 * Limits   DG_TRIAGE_KEYS_MAX keys; of more nothing is known.
 * Memory   In the arena given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_app;
struct dg_arena;
struct dg_bounce_signature;
struct dg_dkim_public;
struct dg_err;
struct dg_mail_spec;
struct dg_triage_dkim;
struct dg_world;

#define DG_TRIAGE_KEYS_MAX 512u

struct dg_triage_dkim *dg_triage_dkim_new(struct dg_app *app, struct dg_arena *a);
/* The files of --dkim-key. text NULL: none. */
int dg_triage_dkim_files(struct dg_triage_dkim *d, const char *text, struct dg_err *err);
/* The keys of a mail name of the policy, there and at its subdomain. */
void dg_triage_dkim_policy(struct dg_triage_dkim *d, const struct dg_mail_spec *m);
/* From now on keys that are not there are looked up. world: borrowed. */
void dg_triage_dkim_ask(struct dg_triage_dkim *d, struct dg_world *world);
/* There is a key, or they can be looked up: signatures are worth a look. */
bool dg_triage_dkim_has_any(const struct dg_triage_dkim *d);
/* As struct dg_triage_options wants it of keys_of. */
void dg_triage_dkim_keys(struct dg_triage_dkim *d, const struct dg_bounce_signature *signatures,
	size_t n, const struct dg_dkim_public **ret_keys, size_t *ret_n);
