/* controller/letters/source_parts.h: what the kinds of sources share. Inside controller/letters. */
#pragma once

#include "controller/letters/source.h"

#define DG_SOURCE_NAME_MAX   400u
#define DG_SOURCE_NOTICE_MAX 300u

struct dg_source_ops {
	const char *name; /* before the ':' */
	int (*open)(struct dg_source *s, struct dg_err *err);
	int (*next)(struct dg_source *s, struct dg_letter *ret_letter, struct dg_err *err);
	void (*position)(struct dg_source *s); /* into s->position; NULL: cannot be followed */
	void (*wait)(struct dg_source *s, int timeout_ms);
	void (*close)(struct dg_source *s);
};

/* Growing octets with a limit; what comes beyond is counted. */
struct dg_octets {
	char *p;
	size_t n, cap, max;
	uint64_t size;
};
void dg_octets_add(struct dg_octets *o, const char *p, size_t n);
void dg_octets_clear(struct dg_octets *o);

struct dg_source {
	const struct dg_source_ops *ops;
	struct dg_source_options o;
	char *path; /* what the text names, without its kind */
	struct dg_octets letter;
	char name[DG_SOURCE_NAME_MAX];
	char notice[DG_SOURCE_NOTICE_MAX];
	char *position;
	void *own; /* of the kind */
};

extern const struct dg_source_ops dg_source_maildir, dg_source_mbox, dg_source_file,
	dg_source_folder, dg_source_imap, dg_source_imaps;

int64_t dg_source_now_ms(void);
/* One file, at most letter_max of it, into s->letter. 0, 1: it is not there; DG_EIO. at_ms: when it came. */
int dg_source_read_file(
	struct dg_source *s, int dir_fd, const char *name, int64_t *ret_at_ms, struct dg_err *err);
/* s->letter as the letter with this name. */
void dg_source_give(struct dg_source *s, int64_t at_ms, struct dg_letter *ret_letter);
/* Without its folder. */
const char *dg_source_base(const char *path);
/* Waits for fd (-1: none), stop_fd or the timeout. True: fd has something. */
bool dg_source_poll(const struct dg_source *s, int fd, short events, int timeout_ms);
