/* controller/letters/reader.c: the process that reads: messages in, records out, nothing else. */
#include "controller/letters/charsets.h"
#include "controller/letters/frames.h"
#include "controller/letters/letters.h"
#include "controller/letters/library.h"
#include "controller/letters/shut.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/bounce/mime.h"
#include "zones/bounce/wire.h"
#include "zones/mail/dmarc_find.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IN_ROOM   (DG_BOUNCE_READ_MAX + DG_FRAME_HEAD)
#define KEPT      (32 << 20)
#define OUT_FLUSH ((size_t)64 << 10)

struct reader {
	int in, out;
	char *text; /* IN_ROOM octets */
	size_t n, at;
	struct dg_buf answers;
	struct dg_buf record;
	struct dg_bounce_charsets charsets;
};

static bool flush(struct reader *r)
{
	for (size_t at = 0; at < r->answers.len;) {
		ssize_t n = write(r->out, r->answers.data + at, r->answers.len - at);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return false;
		}
		at += (size_t)n;
	}
	dg_buf_clear(&r->answers);
	return true;
}

static void answer(struct reader *r, enum dg_frame_kind kind, const char *p, size_t n)
{
	char head[DG_FRAME_HEAD];

	dg_frame_put_length(head, (uint32_t)n);
	dg_buf_put(&r->answers, head, sizeof(head));
	dg_buf_putc(&r->answers, (char)kind);
	dg_buf_put(&r->answers, p, n);
}

static void answer_record(void *arg, const struct dg_bounce *b)
{
	struct reader *r = arg;

	dg_buf_clear(&r->record);
	dg_bounce_encode(b, &r->record);
	answer(r, DG_FRAME_RECORD, r->record.data, r->record.len);
	if (r->answers.len >= OUT_FLUSH && !flush(r)) {
		_exit(1);
	}
}

static void read_message(struct reader *r, const char *p, size_t n)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	struct dg_bounce b;

	if (dg_bounce_feed(p, n, answer_record, r) != 0) {
		if (dg_bounce_read(a, p, n, &r->charsets, &b) != 0) {
			struct dg_raw raw;
			struct dg_parts parts;

			dg_mime_prepare(a, p, n, &raw);
			dg_library_parse(a, &raw, &parts);
			dg_bounce_read_parts(a, &raw, &parts, &r->charsets, &b);
		}
		answer_record(r, &b);
	}
	answer(r, DG_FRAME_DONE, "", 0);
	(void)dg_arena_free(a);
}

/* Every whole message that is there. False: what came is no message. */
static bool read_messages(struct reader *r)
{
	while (r->n - r->at >= DG_FRAME_HEAD) {
		size_t len = dg_frame_length(r->text + r->at);

		if (len > DG_BOUNCE_READ_MAX) {
			return false;
		}
		if (r->n - r->at < DG_FRAME_HEAD + len) {
			break;
		}
		read_message(r, r->text + r->at + DG_FRAME_HEAD, len);
		r->at += DG_FRAME_HEAD + len;
	}
	memmove(r->text, r->text + r->at, r->n - r->at);
	r->n -= r->at;
	r->at = 0;
	return true;
}

static bool serve(struct reader *r)
{
	ssize_t n = 0;

	answer(r, DG_FRAME_READY, "", 0);
	do {
		if (!flush(r)) {
			return false;
		}
		n = read(r->in, r->text + r->n, IN_ROOM - r->n);
		if (n > 0) {
			r->n += (size_t)n;
			if (!read_messages(r)) {
				return false;
			}
		}
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n == 0 && r->n == 0;
}

/* Those that are loaded when they are used first, and that a message may need: no file can be opened once we are shut in. */
static bool load_libraries(void)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	bool has_list = dg_public_suffix(a, "www.example.") != NULL;

	(void)dg_arena_free(a);
	return dg_library_init() && has_list;
}

int dg_letters_read(int in, int out)
{
	struct reader r = {.in = in, .out = out, .text = malloc(IN_ROOM)};
	struct dg_charsets *charsets = dg_charsets_open();

	if (!r.text) {
		abort();
	}
	/* what a message took stays for the next one, rather than going back to the system each time */
	(void)mallopt(M_TRIM_THRESHOLD, KEPT); /* NOLINT(concurrency-mt-unsafe): one thread */
	(void)mallopt(M_MMAP_THRESHOLD, KEPT); /* NOLINT(concurrency-mt-unsafe): one thread */
	r.charsets = (struct dg_bounce_charsets){dg_charsets_to_utf8, charsets};
	dg_buf_init(&r.answers, DG_BOUNCE_WIRE_MAX + OUT_FLUSH * 2);
	dg_buf_init(&r.record, DG_BOUNCE_WIRE_MAX);
	bool is_sound = load_libraries() && dg_shut_in() && serve(&r);
	dg_buf_done(&r.record);
	dg_buf_done(&r.answers);
	free(r.text);
	(void)dg_charsets_free(charsets);
	return is_sound ? 0 : 1;
}
