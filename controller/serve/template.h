/* controller/serve/template.h: policies of many domains from one text: NAME.yaml of the templates' folder.
 *
 * Shape    A zone.yaml of one zone in which {zone} stands for the domain: zone: "{zone}". A domain has only letters, digits, ".", "-" and
 *          "_", so what comes out is read as it was meant. Each template is tried out with a domain of its own when it is loaded.
 * Made     The policy of a domain is DOMAIN.yaml in the zones' folder; its first line says which template it came from. A file without
 *          that line is a person's, and is not replaced unasked.
 * Errors   DG_EINPUT with file, line and column, as of every zone.yaml. DG_ECONFLICT: a person's policy is there.
 */
#pragma once

#include "zones/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct dg_arena;
struct dg_templates;

#define DG_TEMPLATES_MAX 64u

/* folder NULL: there are none. */
int dg_templates_load(const char *folder, struct dg_templates **ret_templates, struct dg_err *err);
struct dg_templates *dg_templates_free(struct dg_templates *t);
bool dg_templates_has(const struct dg_templates *t, const char *name);

/* The path of the domain's policy. In the arena. */
const char *dg_template_path(struct dg_arena *a, const char *zones, const char *domain);
/* Name of the template that the policy at path came from; "" a person's; NULL: there is none. */
const char *dg_template_of(struct dg_arena *a, const char *path);
/* Writes the policy of domain, whole or not at all. replaces: a person's as well. */
int dg_template_write(const struct dg_templates *t, struct dg_arena *a, const char *name,
	const char *zones, const char *domain, bool replaces, struct dg_err *err);
/* Writes it to another path, to look at it: nobody's policy is touched. */
int dg_template_try(const struct dg_templates *t, struct dg_arena *a, const char *name,
	const char *domain, const char *path, struct dg_err *err);
