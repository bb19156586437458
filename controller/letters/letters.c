#include "controller/letters/letters.h"

#include "controller/letters/frames.h"
#include "controller/letters/process.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/base/message.h"
#include "zones/bounce/wire.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GENERATION    16384u /* messages that one reader reads: within its share of processor time */
#define STARTS_MAX    3u     /* readers in a row that do not even begin */
#define BATCH         32u    /* messages of one call */
#define ANSWERS_CHUNK ((size_t)256 << 10)
#define RECORD_MEMORY ((size_t)4 << 20)

struct letter {
	uint64_t tag;
	char *frame; /* length, then the message */
	size_t n;
};

struct dg_letters {
	struct dg_letters_options o;
	struct dg_loop *own_loop;
	struct dg_letters_counts counts;
	/* The letters that wait, in a ring: of n the first n_sent are with the reader, of the next one the first sent octets. */
	struct letter ring[DG_LETTERS_WAITING];
	size_t first, n, n_sent, sent;
	size_t octets;
	bool was_full;
	/* The reader. */
	struct dg_reader_process process;
	struct event *can_read, *can_write;
	struct dg_timer *soon, *late;
	int64_t heard_ms;
	bool is_ready;
	size_t n_given;      /* letters that this reader got */
	size_t n_starts;     /* readers that did not begin */
	size_t careful;      /* letters that are given one by one: a reader died of one of them */
	struct dg_err fault; /* fault.rc: no reader can be started */
	/* Its answers. */
	char *answers;
	size_t n_answers, room;
	size_t goal; /* of dg_letters_wait() */
};

static void send_some(struct dg_letters *l);
static void reader_died(struct dg_letters *l);

static struct letter *at(struct dg_letters *l, size_t i)
{
	return &l->ring[(l->first + i) % DG_LETTERS_WAITING];
}

/* --- the reader's beginning and end ---------------------------------------------------------------- */
static void forget_reader(struct dg_letters *l)
{
	if (l->can_read) {
		event_free(l->can_read);
		event_free(l->can_write);
		l->can_read = NULL;
		l->can_write = NULL;
	}
	dg_reader_end(&l->process);
	l->n_sent = 0;
	l->sent = 0;
	l->n_answers = 0;
	l->n_given = 0;
	l->is_ready = false;
}

static void on_readable(evutil_socket_t fd, short what, void *arg);

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	send_some(arg);
}

static int start_reader(struct dg_letters *l, struct dg_err *err)
{
	struct event_base *base = dg_loop_base(l->o.loop);
	int r = dg_reader_start(l->o.program, NULL, &l->process, err);

	if (r < 0) {
		return r;
	}
	l->can_read = event_new(base, l->process.fd, EV_READ | EV_PERSIST, on_readable, l);
	l->can_write = event_new(base, l->process.fd, EV_WRITE, on_writable, l);
	if (!l->can_read || !l->can_write) {
		abort();
	}
	l->heard_ms = dg_loop_mono_ms(l->o.loop);
	l->counts.n_readers++;
	return 0;
}

/* --- answers ----------------------------------------------------------------------------------------- */
static void done_with_first(struct dg_letters *l)
{
	struct letter *letter = at(l, 0);
	uint64_t tag = letter->tag;

	l->octets -= letter->n;
	free(letter->frame);
	letter->frame = NULL;
	l->first = (l->first + 1) % DG_LETTERS_WAITING;
	l->n--;
	l->n_sent -= l->n_sent > 0;
	l->careful -= l->careful > 0;
	l->counts.n_messages++;
	if (l->o.on_done) {
		l->o.on_done(l->o.arg, tag);
	}
	if (l->n <= l->goal && l->own_loop) {
		dg_loop_stop(l->own_loop);
	}
	if (l->was_full && l->n <= DG_LETTERS_WAITING / 2 && l->o.on_room) {
		l->was_full = false;
		l->o.on_room(l->o.arg);
	}
}

static void answer_unreadable(struct dg_letters *l, const char *why)
{
	struct dg_bounce b;

	dg_bounce_unreadable(&b, why);
	l->counts.n_unreadable++;
	l->counts.n_records++;
	l->o.on_record(l->o.arg, at(l, 0)->tag, &b);
	done_with_first(l);
}

static bool take_record(struct dg_letters *l, const char *p, size_t n)
{
	struct dg_arena *a = dg_arena_new(RECORD_MEMORY);
	struct dg_bounce b;
	bool is_sound = dg_bounce_decode(a, p, n, &b) == 0;

	if (is_sound) {
		l->counts.n_records++;
		l->counts.n_by_library += b.by_library;
		l->o.on_record(l->o.arg, at(l, 0)->tag, &b);
	}
	(void)dg_arena_free(a);
	return is_sound;
}

/* False: that is nothing a reader says. */
static bool take_frame(struct dg_letters *l, unsigned kind, const char *p, size_t n)
{
	if (kind == DG_FRAME_READY && !l->is_ready && n == 0) {
		l->is_ready = true;
		l->n_starts = 0;
		return true;
	}
	if (!l->is_ready || l->n_sent == 0) {
		return false;
	}
	if (kind == DG_FRAME_DONE && n == 0) {
		done_with_first(l);
		return true;
	}
	return kind == DG_FRAME_RECORD && take_record(l, p, n);
}

static bool take_answers(struct dg_letters *l)
{
	const size_t head = DG_FRAME_HEAD + DG_FRAME_KIND;
	size_t used = 0;

	while (l->n_answers - used >= head) {
		const char *p = l->answers + used;
		size_t n = dg_frame_length(p);

		if (n > DG_BOUNCE_WIRE_MAX) {
			return false;
		}
		if (l->n_answers - used < head + n) {
			break;
		}
		if (!take_frame(l, (unsigned char)p[DG_FRAME_HEAD], p + head, n)) {
			return false;
		}
		used += head + n;
	}
	memmove(l->answers, l->answers + used, l->n_answers - used);
	l->n_answers -= used;
	return true;
}

static void make_room(struct dg_letters *l)
{
	if (l->room - l->n_answers < ANSWERS_CHUNK) {
		l->room = l->n_answers + ANSWERS_CHUNK;
		l->answers = realloc(l->answers, l->room);
		if (!l->answers) {
			abort();
		}
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct dg_letters *l = arg;

	(void)what;
	make_room(l);
	ssize_t n = read(fd, l->answers + l->n_answers, l->room - l->n_answers);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (n > 0) {
		l->heard_ms = dg_loop_mono_ms(l->o.loop);
		l->n_answers += (size_t)n;
	}
	if (n <= 0 || !take_answers(l)) {
		reader_died(l);
	}
	send_some(l);
}

/* --- letters to the reader ---------------------------------------------------------------------------- */
/* How many more it may have: a whole generation, or, after one died, one at a time. */
static size_t may_send(const struct dg_letters *l)
{
	if (l->careful > 0) {
		return l->n_sent == 0 ? 1 : 0;
	}
	return GENERATION - l->n_given;
}

static size_t gather(struct dg_letters *l, struct iovec io[BATCH])
{
	size_t max = may_send(l);
	size_t n = 0;

	/* the one that is half sent counts as not sent */
	while (n < BATCH && n < max && l->n_sent + n < l->n) {
		const struct letter *letter = at(l, l->n_sent + n);
		size_t skip = n == 0 ? l->sent : 0;

		io[n++] = (struct iovec){letter->frame + skip, letter->n - skip};
	}
	return n;
}

static void count_sent(struct dg_letters *l, size_t octets)
{
	while (octets > 0) {
		size_t left = at(l, l->n_sent)->n - l->sent;

		if (octets < left) {
			l->sent += octets;
			return;
		}
		octets -= left;
		l->sent = 0;
		l->n_sent++;
		l->n_given++;
	}
}

static void on_late(void *arg)
{
	struct dg_letters *l = arg;
	int64_t left_ms = l->heard_ms + l->o.late_ms - dg_loop_mono_ms(l->o.loop);

	l->late = NULL;
	if (l->process.pid > 0 && left_ms <= 0) {
		reader_died(l);
		send_some(l);
	} else if (l->process.pid > 0) {
		l->late = dg_loop_after_ms(l->o.loop, left_ms, on_late, l);
	}
}

/* Events and timers only while something waits: a loop with nothing to do ends. */
static void listen_or_rest(struct dg_letters *l)
{
	if (l->process.pid > 0 && l->n > 0) {
		(void)event_add(l->can_read, NULL);
		if (!l->late) {
			l->heard_ms = dg_loop_mono_ms(l->o.loop);
			l->late = dg_loop_after_ms(l->o.loop, l->o.late_ms, on_late, l);
		}
		return;
	}
	l->late = dg_timer_cancel(l->late);
	if (l->can_read) {
		(void)event_del(l->can_read);
	}
}

/* 0, or 1: it takes no more for now; negative: it is dead. */
static int send_batch(struct dg_letters *l)
{
	struct iovec io[BATCH];
	size_t n = gather(l, io);
	const struct msghdr m = {.msg_iov = io, .msg_iovlen = n};

	if (n == 0) {
		return 1;
	}
	ssize_t sent = sendmsg(l->process.fd, &m, MSG_NOSIGNAL);
	if (sent >= 0) {
		count_sent(l, (size_t)sent);
		return 0;
	}
	if (errno == EAGAIN || errno == EINTR) {
		(void)event_add(l->can_write, NULL);
		return 1;
	}
	return -1;
}

static void give_up(struct dg_letters *l)
{
	while (l->n > 0) {
		answer_unreadable(l, DG_MESSAGE("no process could be started to read it"));
	}
}

static void send_some(struct dg_letters *l)
{
	int r = 0;

	if (l->n_given >= GENERATION && l->n_sent == 0) {
		forget_reader(l); /* the next one begins with its whole share of processor time */
	}
	while (r == 0 && l->n > l->n_sent) {
		if (l->process.pid == 0 &&
			(l->fault.rc != DG_OK || start_reader(l, &l->fault) < 0)) {
			give_up(l);
			break;
		}
		r = send_batch(l);
		if (r < 0) {
			reader_died(l);
			r = 0;
		}
	}
	listen_or_rest(l);
}

/* Of several that it had, one by one tells which it was. */
static void reader_died(struct dg_letters *l)
{
	size_t n_had = l->n_sent + (l->sent > 0);
	bool had_begun = l->is_ready;

	forget_reader(l);
	if (!had_begun) {
		if (++l->n_starts >= STARTS_MAX) {
			(void)dg_fail(&l->fault, DG_EIO,
				"%s, which reads messages, ends before it begins: it cannot shut "
				"itself in "
				"(seccomp, prctl, setrlimit)",
				l->o.program);
		}
		return;
	}
	if (n_had == 1) {
		answer_unreadable(l,
			DG_MESSAGE(
				"the process that read it died of it, or did not come to an end"));
	} else {
		l->careful = n_had;
	}
}

static void on_soon(void *arg)
{
	struct dg_letters *l = arg;

	l->soon = NULL;
	send_some(l);
}

/* --- what others call ----------------------------------------------------------------------------------- */
int dg_letters_new(
	const struct dg_letters_options *o, struct dg_letters **ret_letters, struct dg_err *err)
{
	struct dg_letters *l = calloc(1, sizeof(*l));

	if (!l) {
		abort();
	}
	l->o = *o;
	l->process.fd = -1;
	l->o.late_ms = o->late_ms > 0 ? o->late_ms : DG_LETTERS_LATE_MS;
	l->o.program = o->program ? o->program : "/proc/self/exe";
	if (!o->loop) {
		int r = dg_loop_new(NULL, &l->own_loop, err);

		if (r < 0) {
			free(l);
			return r;
		}
		l->o.loop = l->own_loop;
	}
	*ret_letters = l;
	return 0;
}

struct dg_letters *dg_letters_free(struct dg_letters *l)
{
	if (!l) {
		return NULL;
	}
	l->soon = dg_timer_cancel(l->soon);
	l->late = dg_timer_cancel(l->late);
	forget_reader(l);
	for (size_t i = 0; i < l->n; i++) {
		free(at(l, i)->frame);
	}
	free(l->answers);
	l->own_loop = dg_loop_free(l->own_loop);
	free(l);
	return NULL;
}

int dg_letters_push(
	struct dg_letters *l, uint64_t tag, const char *p, size_t len, struct dg_err *err)
{
	size_t n = len < DG_BOUNCE_READ_MAX ? len : DG_BOUNCE_READ_MAX;

	if (l->fault.rc != DG_OK) {
		*err = l->fault;
		return err->rc;
	}
	if (l->n == DG_LETTERS_WAITING || (l->n > 0 && l->octets + n > DG_LETTERS_BYTES)) {
		l->was_full = true;
		return 1;
	}
	struct letter *letter = at(l, l->n);
	*letter = (struct letter){tag, malloc(DG_FRAME_HEAD + n), DG_FRAME_HEAD + n};
	if (!letter->frame) {
		abort();
	}
	dg_frame_put_length(letter->frame, (uint32_t)n);
	if (n > 0) {
		memcpy(letter->frame + DG_FRAME_HEAD, p, n);
	}
	l->n++;
	l->octets += letter->n;
	if (!l->soon) {
		l->soon = dg_loop_after_ms(l->o.loop, 0, on_soon, l);
	}
	return 0;
}

int dg_letters_wait(struct dg_letters *l, size_t n, struct dg_err *err)
{
	l->goal = n;
	if (l->n > n) {
		dg_loop_run(l->o.loop);
	}
	l->goal = 0;
	if (l->fault.rc != DG_OK) {
		*err = l->fault;
		return err->rc;
	}
	return 0;
}

void dg_letters_counts(const struct dg_letters *l, struct dg_letters_counts *ret_counts)
{
	*ret_counts = l->counts;
}

void dg_letters_copy(
	struct dg_arena *a, const struct dg_bounce *record, struct dg_bounce *ret_record)
{
	struct dg_buf text;

	dg_buf_init(&text, DG_BOUNCE_WIRE_MAX);
	dg_bounce_encode(record, &text);
	const char *octets = dg_memdup(a, text.data, text.len);
	if (dg_bounce_decode(a, octets, text.len, ret_record) != 0) {
		dg_bounce_unreadable(ret_record, DG_MESSAGE("a record that cannot be copied"));
	}
	dg_buf_done(&text);
}
