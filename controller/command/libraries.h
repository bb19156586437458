/* controller/command/libraries.h: what is loaded with its first call (providers/net/late.h), loaded now.
 *
 * Why      A process that stays may have no file descriptor left for that later, when connections have taken them all; and one that
 *          stands by is to have all behind it.
 */
#pragma once

/* What an UPDATE needs: libldns, libcrypto. */
void dg_libraries_of_updates(void);
/* All that the program cannot do without (controller/late_*.c), but for those that only a process of its own uses. */
void dg_libraries_all(void);
