/* libsystemd's journal, as far as it is used (providers/net/late.h). */
#include "providers/net/late.h"

#include <errno.h>
#include <systemd/sd-journal.h>

#define JOURNAL_LIBRARY "libsystemd.so.0"

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): shorter ones than in the header */
/* clang-format off */
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_open, (sd_journal **ret, int flags), (ret, flags), -ELIBACC)
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_open_directory, (sd_journal **ret, const char *path, int flags), (ret, path, flags), -ELIBACC)
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_open_files, (sd_journal **ret, const char **paths, int flags), (ret, paths, flags), -ELIBACC)
DG_LATE_VOID(JOURNAL_LIBRARY, sd_journal_close, (sd_journal *j), (j))
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_add_match, (sd_journal *j, const void *data, size_t n), (j, data, n), -ELIBACC)
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_add_disjunction, (sd_journal *j), (j), -ELIBACC)
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_seek_tail, (sd_journal *j), (j), -ELIBACC)
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_seek_cursor, (sd_journal *j, const char *cursor), (j, cursor), -ELIBACC)
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_test_cursor, (sd_journal *j, const char *cursor), (j, cursor), -ELIBACC)
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_get_cursor, (sd_journal *j, char **ret_cursor), (j, ret_cursor), -ELIBACC)
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_next, (sd_journal *j), (j), -ELIBACC)
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_previous, (sd_journal *j), (j), -ELIBACC)
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_previous_skip, (sd_journal *j, uint64_t n), (j, n), -ELIBACC)
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_get_data, (sd_journal *j, const char *field, const void **data, size_t *n), (j, field, data, n), -ELIBACC)
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_get_realtime_usec, (sd_journal *j, uint64_t *us), (j, us), -ELIBACC)
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_get_fd, (sd_journal *j), (j), -ELIBACC)
DG_LATE(JOURNAL_LIBRARY, int, sd_journal_process, (sd_journal *j), (j), -ELIBACC)
/* clang-format on */
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
