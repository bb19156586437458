/* controller/command/stand_by.h: the process that is ready before it is needed (providers/net/spare.h), seen from inside. */
#pragma once

#include <stdbool.h>

struct dg_arena;

/* Loads and begins what a split needs, and waits for the words. True: *argc and *argv are those of the command that we are from now
 * on, in the arena. False: they do not come, and *ret_status is what to exit with. */
bool dg_stand_by(struct dg_arena *a, int *argc, char ***argv, int *ret_status);
