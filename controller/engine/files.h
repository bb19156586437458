/* controller/engine/files.h: files of the user's, read whole and bounded.
 *
 * Errors   DG_EIO: cannot be read (with the system's reason). DG_ELIMIT: larger than max.
 */
#pragma once

#include <stddef.h>

struct dg_arena;
struct dg_err;
struct dg_file_reader;

/* Heap, NUL-terminated; the caller frees. "-" is standard input. */
int dg_file_read(
	const char *path, size_t max, char **ret_data, size_t *ret_len, struct dg_err *err);

/* How the loader of zone.yaml gets at key files (zones/policy/load.h). */
struct dg_file_reader dg_file_reader_real(void);

/* The state folder when none is given: $DNSGUARD_STATE, else /var/lib/dnsguard for root, else
 * $XDG_STATE_HOME/dnsguard, else ~/.local/state/dnsguard. In the arena. */
const char *dg_state_dir_default(struct dg_arena *a);
