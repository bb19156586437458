/* controller/watch/sensor_log.h: one log file on disk, whatever its name is by now.
 *
 * Shape    A file is known by its inode and by the digest of its first octets (at most DG_LOGPLACE_HEAD): a copy, a compressed
 *          copy and a file that got the inode of another one are told apart by that. As text: "1 INODE OFFSET LENGTH DIGEST", where the
 *          offset counts octets as they were before compression.
 * Rotated  NAME.1, NAME.1.gz, NAME-20261122, NAME-20261122.gz and the like beside NAME; at most DG_LOGPLACE_ROTATED of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;

#define DG_LOGPLACE_HEAD     1024u
#define DG_LOGPLACE_TEXT_MAX 128u
#define DG_LOGPLACE_ROTATED  1000u

struct dg_logplace {
	uint64_t inode;
	uint64_t offset;   /* of the first line that was not handed in */
	uint32_t head_len; /* 0: the file was empty */
	uint8_t head[8];
};

void dg_logplace_print(const struct dg_logplace *p, char ret_text[DG_LOGPLACE_TEXT_MAX]);
bool dg_logplace_parse(const char *text, struct dg_logplace *ret_place);
/* inode and head of an open file (plain or gzip; its offset is left anywhere). */
void dg_logplace_look(int fd, bool is_gzip, struct dg_logplace *ret_place);
/* Is the open file the one of p, with all that p has seen of it? */
bool dg_logplace_is(const struct dg_logplace *p, int fd, bool is_gzip);

struct dg_logfile_found {
	const char *path;
	bool is_gzip;
};
/* What stands beside path: the one that is p first (when ret_has), then those that are newer, the oldest first.
 * !ret_has: it is not there, and the list is empty. */
void dg_logplace_rotated(struct dg_arena *a, const char *path, const struct dg_logplace *p,
	struct dg_logfile_found **ret_list, size_t *ret_n, bool *ret_has);
