/* controller/command/watching.h: what watch and status share: how a watched mail name reads. */
#pragma once

#include "zones/watch/watched.h"

#include <jansson.h>

struct dg_buf;

const char *dg_watching_level_text(enum dg_alarm level); /* "calm", "notice", "alarm": stable */
/* "40 bounces of mail that was not sent from here, ..., score 17.2"; of a quiet one "". */
void dg_watching_evidence(struct dg_buf *b, const struct dg_watched *w, int64_t now_ms);
/* Why our own relay or an account seems to be abused: a sentence. */
void dg_watching_abuse(struct dg_buf *b, const struct dg_watched *w, enum dg_abuse_kind kind);
/* level, score, and an object evidence (null: quiet) into o. */
void dg_watching_json(json_t *o, const struct dg_watched *w, int64_t now_ms);
