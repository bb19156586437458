/* An mbox: letters one after the other, in a file that grows and that mail programs write anew. */
#include "controller/letters/mbox_file.h"
#include "controller/letters/mbox_line.h"
#include "controller/letters/source_parts.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/watch/letterset.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_LINE_MAX 998u /* octets of a line that tell letters apart */

enum mode {
	GIVE,      /* all that comes */
	GIVE_NEW,  /* the file was written anew: what is not known */
	GIVE_NONE, /* what is there when nothing is known yet */
};

struct mbox {
	struct dg_mbox_file file;
	struct dg_letterset seen;
	enum mode mode;
	uint64_t old_until;        /* GIVE_NONE: up to there */
	uint64_t n;                /* letters begun */
	struct dg_mbox_place done; /* before it all is handed in */
	/* the letter that is being read */
	bool is_open, is_bare; /* bare: one without a From_ line, up to the end */
	struct dg_mbox_key key;
	int64_t at_ms;
	uint64_t start;
	bool has_empty; /* an empty line that is not in the letter yet */
	/* the lines */
	bool is_begun, was_empty;
};

/* --- one letter --------------------------------------------------------------------------------------------- */
static void start_letter(struct dg_source *s, const char *line, size_t n, int64_t at_ms)
{
	struct mbox *m = s->own;

	dg_octets_clear(&s->letter);
	m->is_open = true;
	m->start = m->file.at;
	m->at_ms = at_ms;
	m->has_empty = false;
	m->n++;
	dg_mbox_key_start(&m->key, line, n < KEY_LINE_MAX ? n : KEY_LINE_MAX);
}

static void add_line(struct dg_source *s, const struct dg_mbox_line *l)
{
	struct mbox *m = s->own;
	size_t skipped = l->is_start && dg_mbox_is_quoted(l->p, l->n) ? 1 : 0;

	if (l->is_start) {
		dg_mbox_key_line(&m->key, l->p, l->n < KEY_LINE_MAX ? l->n : KEY_LINE_MAX);
	}
	if (m->has_empty) {
		dg_octets_add(&s->letter, "\n", 1);
	}
	m->has_empty = l->is_start && l->n == 0; /* it may be the one before the next From_ */
	if (m->has_empty) {
		return;
	}
	dg_octets_add(&s->letter, l->p + skipped, l->whole - skipped);
}

static bool wants(const struct mbox *m, int64_t at_ms)
{
	switch (m->mode) {
	case GIVE:
		break;
	case GIVE_NEW:
		return !dg_letterset_has(&m->seen, at_ms, m->key.key);
	case GIVE_NONE:
		return m->start >= m->old_until;
	}
	return true;
}

/* What was read is a letter; what follows begins at file.at. True: it is to be handed in. */
static bool end_letter(struct dg_source *s)
{
	struct mbox *m = s->own;
	int64_t now = dg_source_now_ms();
	int64_t at = m->at_ms < now ? m->at_ms : now;
	bool is_wanted = wants(m, at);

	m->is_open = false;
	if (s->o.is_followed) {
		dg_letterset_add(&m->seen, now, at, m->key.key);
		dg_mbox_file_place(&m->file, &m->done);
		(void)snprintf(s->name, sizeof(s->name), "%s octet %" PRIu64,
			dg_source_base(s->path), m->start);
	} else {
		(void)snprintf(s->name, sizeof(s->name), "%s message %" PRIu64,
			m->file.is_stream ? "standard input" : dg_source_base(s->path), m->n);
	}
	return is_wanted;
}

/* --- lines ----------------------------------------------------------------------------------------------------- */
/* 1: a letter is to be handed in, the line is left where it is. */
static int take_line(struct dg_source *s, const struct dg_mbox_line *l)
{
	struct mbox *m = s->own;
	int64_t at_ms = 0;
	bool is_from = l->is_start && !m->is_bare && (!m->is_begun || m->was_empty) &&
		       dg_mbox_is_from(l->p, l->n, &at_ms);

	if (is_from && m->is_open && end_letter(s)) {
		return 1;
	}
	if (is_from) {
		start_letter(s, l->p, l->n, at_ms);
	} else if (!m->is_begun && !s->o.is_followed) {
		m->is_bare = true;
		start_letter(s, "", 0, 0);
	}
	if (!is_from && m->is_open) {
		add_line(s, l);
	}
	m->is_begun = true;
	m->was_empty = l->is_start && l->n == 0;
	return 0;
}

static void give(struct dg_source *s, struct dg_letter *ret_letter)
{
	const struct mbox *m = s->own;

	dg_source_give(s, m->at_ms, ret_letter);
}

/* From the first letter on, without those that are known. */
static void begin_anew(struct dg_source *s)
{
	struct mbox *m = s->own;

	m->mode = m->mode == GIVE_NONE ? GIVE_NONE : GIVE_NEW;
	m->old_until = UINT64_MAX; /* where that is now cannot be told */
	m->is_open = m->is_begun = m->was_empty = false;
	m->n = 0;
	dg_mbox_file_rewind(&m->file);
	dg_mbox_file_place(&m->file, &m->done);
}

static int at_end(struct dg_source *s, struct dg_letter *ret_letter)
{
	struct mbox *m = s->own;
	bool is_old = m->mode == GIVE_NONE && m->start < m->old_until;
	bool is_whole = !s->o.is_followed || dg_mbox_file_rests(&m->file, is_old);

	if (m->is_open && is_whole) {
		bool is_wanted = end_letter(s);

		m->was_empty = true; /* also where the last letter has no empty line behind it */
		if (is_wanted) {
			give(s, ret_letter);
			return 0;
		}
	}
	if (!m->is_open) {
		m->mode = GIVE;
	}
	return DG_SOURCE_END;
}

static int mbox_next(struct dg_source *s, struct dg_letter *ret_letter, struct dg_err *err)
{
	struct mbox *m = s->own;
	struct dg_mbox_line line;

	for (;;) {
		int r = dg_mbox_file_line(&m->file, &line, err);

		if (r < 0) {
			return r;
		}
		switch ((enum dg_mbox_answer)r) {
		case DG_MBOX_LINE:
			if (take_line(s, &line) == 1) {
				give(s, ret_letter);
				return 0;
			}
			dg_mbox_file_skip(&m->file, &line);
			break;
		case DG_MBOX_END:
			return at_end(s, ret_letter);
		case DG_MBOX_BUSY:
			return DG_SOURCE_END;
		case DG_MBOX_CHANGED:
			begin_anew(s);
			break;
		}
	}
}

/* --- life ---------------------------------------------------------------------------------------------------------- */
/* "1 n INODE OFFSET LENGTH DIGEST SEEN": n, a: GIVE, or GIVE_NEW. */
static bool parse_position(struct mbox *m, const char *text)
{
	struct dg_mbox_place p = {0};
	char mode = 0;
	int at = 0;

	if (sscanf(text, "1 %c %" SCNu64 " %" SCNu64 " %" SCNu32 " %" SCNx64 " %n", &mode, &p.inode,
		    &p.offset, &p.n_before, &p.before, &at) != 5 ||
		at == 0 || (mode != 'g' && mode != 'n') || p.n_before > DG_MBOX_BEFORE ||
		!dg_letterset_parse(&m->seen, text + at)) {
		return false;
	}
	m->done = p;
	m->mode = mode == 'g' ? GIVE : GIVE_NEW;
	return true;
}

static void mbox_position(struct dg_source *s)
{
	const struct mbox *m = s->own;
	struct dg_buf b;

	dg_buf_init(&b, DG_LETTERSET_TEXT_MAX);
	dg_buf_printf(&b, "1 %c %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIx64 " ",
		m->mode == GIVE ? 'g' : 'n', m->done.inode, m->done.offset, m->done.n_before,
		m->done.before);
	dg_letterset_print(&m->seen, &b);
	free(s->position);
	s->position = strdup(b.data);
	dg_buf_done(&b);
}

static int mbox_open(struct dg_source *s, struct dg_err *err)
{
	struct mbox *m = calloc(1, sizeof(*m));

	if (!m) {
		abort();
	}
	s->own = m;
	bool is_known = s->o.position && parse_position(m, s->o.position);
	int r = dg_mbox_file_init(&m->file, s->path, s->o.is_followed, err);
	if (r < 0 || !s->o.is_followed) {
		return r;
	}
	if (s->o.position && !is_known) {
		(void)snprintf(s->notice, sizeof(s->notice),
			"how far it was read is not known any more: what is there now is old");
	}
	if (!is_known) {
		m->seen.floor_ms = dg_source_now_ms() - DG_LETTERSET_WINDOW_MS;
		m->mode = m->file.fd >= 0 ? GIVE_NONE : GIVE;
		m->old_until = dg_mbox_file_size(&m->file);
	} else if (dg_mbox_file_seek(&m->file, &m->done)) {
		m->is_begun = m->was_empty = true; /* the place is the beginning of a letter */
	} else {
		begin_anew(s);
	}
	return 0;
}

static void mbox_wait(struct dg_source *s, int timeout_ms)
{
	struct mbox *m = s->own;
	int rest_ms = dg_mbox_file_rest_ms(m->is_open);

	if (dg_source_poll(
		    s, m->file.watcher, POLLIN, rest_ms < timeout_ms ? rest_ms : timeout_ms)) {
		dg_mbox_file_told(&m->file);
	}
}

static void mbox_close(struct dg_source *s)
{
	struct mbox *m = s->own;

	if (m) {
		dg_letterset_done(&m->seen);
		dg_mbox_file_done(&m->file);
		free(m);
	}
}

const struct dg_source_ops dg_source_mbox = {.name = "mbox",
	.open = mbox_open,
	.next = mbox_next,
	.position = mbox_position,
	.wait = mbox_wait,
	.close = mbox_close};
