/* controller/command/waits.h: waiting until caches have let go of old answers. */
#pragma once

#include <stdint.h>

struct dg_app;

/* Sits until the last wait of zone (NULL: of all) on record is over, with a line about how long. */
void dg_waits_sit_out(struct dg_app *app, const char *zone);
/* Sits until this moment (Unix seconds). why: "caches may still hold the old MX". */
void dg_waits_until(struct dg_app *app, int64_t until, const char *why);
