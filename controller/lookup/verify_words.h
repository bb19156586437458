/* controller/lookup/verify_words.h: a server's verdict as a sentence and a remedy. */
#pragma once

#include "controller/lookup/verify.h"

/* Sets s->text and s->remedy; all else in s is set. */
void dg_verify_say(struct dg_arena *a, const struct dg_verify *v, struct dg_verify_server *s);
