/* controller/letters/shut.h: a reader shuts itself in. */
#pragma once

#include <stdbool.h>

/* From here on this process can read and write what is open, use memory within DG_LETTERS_MEMORY and DG_LETTERS_CPU_S of processor, and
 * end: no new privileges, no core, no other call (seccomp; they fail with EPERM). False: that is not possible here. */
bool dg_shut_in(void);
