#include "controller/lookup/smtp.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controller/lookup/smtp_reply.h"
#include "providers/net/loop.h"
#include "zones/base/address.h"
#include "zones/base/arena.h"

#define PORT_SMTP    25u
#define COMMAND_MAX  (DG_SMTP_PATH_MAX + 32u)
#define READ_CHUNK   4096u
#define QUIT_WAIT_MS 2000 /* all is known then */
#define CODE_CLOSING 421

enum step {
	STEP_CONNECT,
	STEP_BANNER,
	STEP_EHLO,
	STEP_HELO,
	STEP_MAIL,
	STEP_RCPT,
	STEP_RSET,
	STEP_QUIT,
};

static const char *const step_text[] = {
	[STEP_CONNECT] = "connecting",
	[STEP_BANNER] = "greeting",
	[STEP_EHLO] = "reply to EHLO",
	[STEP_HELO] = "reply to HELO",
	[STEP_MAIL] = "reply to MAIL FROM",
	[STEP_RCPT] = "reply to RCPT TO",
	[STEP_RSET] = "reply to RSET",
	[STEP_QUIT] = "reply to QUIT",
};

struct dialogue {
	struct dg_smtp_talk *talk;
	struct dg_loop *loop;
	int fd;
	struct event *readable, *writable;
	struct dg_timer *deadline;
	enum step step;
	size_t try, rcpt; /* the ones in question */
	struct dg_smtp_reader in;
	char literal[DG_ADDRESS_TEXT_MAX + sizeof("[IPv6:]")];
	char out[COMMAND_MAX + 1];
	size_t out_len, out_sent;
};

static void dialogue_free(struct dialogue *d)
{
	d->talk->internal = NULL;
	if (d->readable) {
		event_free(d->readable);
	}
	if (d->writable) {
		event_free(d->writable);
	}
	if (d->fd >= 0) {
		(void)close(d->fd);
	}
	(void)dg_timer_cancel(d->deadline);
	dg_smtp_reader_done(&d->in);
	free(d);
}

/* Nothing of d may be touched afterwards. */
static void finish(struct dialogue *d, int rc)
{
	struct dg_smtp_talk *t = d->talk;

	if (rc < 0) {
		rc = dg_wrap(&t->err, rc, "%s port %u", t->address, t->port ? t->port : PORT_SMTP);
	}
	dialogue_free(d);
	t->done(t, rc);
}

/* What ends the connection after QUIT does not matter any more. */
static void lose(struct dialogue *d, const char *why)
{
	if (d->step == STEP_QUIT) {
		finish(d, 0);
	} else if (d->step == STEP_CONNECT) {
		finish(d, dg_fail(&d->talk->err, DG_EIO, "cannot connect: %s", why));
	} else {
		finish(d, dg_fail(&d->talk->err, DG_EIO, "no %s: %s", step_text[d->step], why));
	}
}

static void on_deadline(void *arg)
{
	struct dialogue *d = arg;
	char why[64];

	d->deadline = NULL;
	(void)snprintf(why, sizeof(why), "given up after %lld ms", (long long)d->talk->timeout_ms);
	lose(d, why);
}

/* --- what we say ------------------------------------------------------------------------------ */

/* Returns whether the dialogue still lives. */
static bool flush(struct dialogue *d)
{
	while (d->out_sent < d->out_len) {
		ssize_t n =
			send(d->fd, d->out + d->out_sent, d->out_len - d->out_sent, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			(void)event_add(d->writable, NULL);
			return true;
		}
		if (n < 0) {
			lose(d, strerrordesc_np(errno));
			return false;
		}
		d->out_sent += (size_t)n;
	}
	(void)event_del(d->writable);
	return true;
}

static void say(
	struct dialogue *d, enum step step, const char *before, const char *text, const char *after)
{
	d->step = step;
	/* What is said was measured by is_sayable(). */
	d->out_len = (size_t)snprintf(d->out, sizeof(d->out), "%s%s%s\r\n", before, text, after);
	d->out_sent = 0;
	(void)flush(d);
}

static void quit(struct dialogue *d)
{
	(void)dg_timer_cancel(d->deadline);
	d->deadline = dg_loop_after_ms(d->loop, QUIT_WAIT_MS, on_deadline, d);
	say(d, STEP_QUIT, "QUIT", "", "");
}

static void next_try(struct dialogue *d)
{
	if (d->try >= d->talk->n_tries) {
		quit(d);
		return;
	}
	d->rcpt = 0;
	say(d, STEP_MAIL, "MAIL FROM:<", d->talk->tries[d->try].mail_from, ">");
}

static void next_rcpt(struct dialogue *d)
{
	const struct dg_smtp_try *y = &d->talk->tries[d->try];

	if (d->rcpt < y->n_rcpt) {
		say(d, STEP_RCPT, "RCPT TO:<", y->rcpt[d->rcpt], ">");
	} else {
		say(d, STEP_RSET, "RSET", "", "");
	}
}

/* --- what we hear ----------------------------------------------------------------------------- */
static void keep(struct dialogue *d, const struct dg_smtp_reply *reply)
{
	struct dg_smtp_talk *t = d->talk;

	if (d->step == STEP_BANNER) {
		t->banner = *reply;
	} else if (d->step == STEP_EHLO || d->step == STEP_HELO) {
		t->ehlo = *reply;
	} else if (d->step == STEP_MAIL) {
		t->tries[d->try].mail = *reply;
	} else if (d->step == STEP_RCPT) {
		t->tries[d->try].rcpts[d->rcpt] = *reply;
	}
}

/* Who has no name says its address (RFC 5321 section 4.1.4). */
static const char *helo_of(struct dialogue *d)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t len = sizeof(at);
	char text[DG_ADDRESS_TEXT_MAX];
	struct dg_address a;

	if (d->talk->helo) {
		return d->talk->helo;
	}
	at.sa.sa_family = AF_UNSPEC;
	(void)getsockname(d->fd, &at.sa, &len);
	bool is_ip6 = at.sa.sa_family == AF_INET6;
	const void *octets =
		is_ip6 ? (const void *)&at.v6.sin6_addr : (const void *)&at.v4.sin_addr;
	(void)dg_address_of(octets, is_ip6 ? 16 : 4, &a);
	(void)snprintf(d->literal, sizeof(d->literal), "[%s%s]", a.is_ip6 ? "IPv6:" : "",
		dg_address_text(&a, text));
	return d->literal;
}

static void go_on(struct dialogue *d, int code)
{
	bool is_good = code / 100 == 2;

	switch (d->step) {
	case STEP_BANNER:
		if (is_good) {
			say(d, STEP_EHLO, "EHLO ", helo_of(d), "");
		} else {
			quit(d);
		}
		break;
	case STEP_EHLO:
		if (code / 100 == 5) {
			say(d, STEP_HELO, "HELO ", helo_of(d), "");
			break;
		}
		__attribute__((fallthrough));
	case STEP_HELO:
		if (is_good) {
			next_try(d);
		} else {
			quit(d);
		}
		break;
	case STEP_MAIL:
		d->rcpt = is_good ? 0 : d->talk->tries[d->try].n_rcpt;
		next_rcpt(d);
		break;
	case STEP_RCPT:
		d->rcpt++;
		next_rcpt(d);
		break;
	case STEP_RSET:
		d->try++;
		next_try(d);
		break;
	case STEP_CONNECT:
	case STEP_QUIT:
		finish(d, 0);
		break;
	}
}

static void on_data(struct dialogue *d, const char *data, size_t len)
{
	struct dg_smtp_reply reply;
	size_t used = 0;
	int rc = dg_smtp_reader_put(&d->in, data, len, &used, &d->talk->err);

	if (rc < 0) {
		finish(d, rc);
	} else if (rc > 0) {
		d->talk->has_starttls |= d->step == STEP_EHLO && d->in.has_starttls;
		dg_smtp_reader_take(&d->in, d->talk->arena, &reply);
		keep(d, &reply);
		if (reply.code == CODE_CLOSING) {
			finish(d, 0);
		} else if (used < len) {
			finish(d, dg_fail(&d->talk->err, DG_EREMOTE,
					  "talks on after its %s: which reply belongs to "
					  "which "
					  "command cannot be told any more",
					  step_text[d->step]));
		} else {
			go_on(d, reply.code);
		}
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct dialogue *d = arg;
	char data[READ_CHUNK];
	ssize_t n = recv(fd, data, sizeof(data), 0);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (n < 0) {
		lose(d, strerrordesc_np(errno));
	} else if (n == 0) {
		lose(d, "the server closed the connection");
	} else {
		on_data(d, data, (size_t)n);
	}
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct dialogue *d = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)what;
	if (d->step != STEP_CONNECT) {
		(void)flush(d);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
		error = errno;
	}
	if (error != 0) {
		lose(d, strerrordesc_np(error));
		return;
	}
	d->step = STEP_BANNER;
	(void)event_del(d->writable);
	(void)event_add(d->readable, NULL);
}

/* --- life ------------------------------------------------------------------------------------- */

/* Goes into a command as it is: no line break may be in it. */
static bool is_sayable(const char *text)
{
	size_t n = strnlen(text, DG_SMTP_PATH_MAX + 1);

	for (size_t i = 0; i < n; i++) {
		if (text[i] < ' ' || text[i] > '~') {
			return false;
		}
	}
	return n <= DG_SMTP_PATH_MAX;
}

static bool are_sayable(const struct dg_smtp_talk *t)
{
	bool are = !t->helo || (t->helo[0] != '\0' && is_sayable(t->helo));

	for (size_t i = 0; i < t->n_tries && are; i++) {
		are = is_sayable(t->tries[i].mail_from);
		for (size_t j = 0; j < t->tries[i].n_rcpt && are; j++) {
			are = is_sayable(t->tries[i].rcpt[j]);
		}
	}
	return are;
}

static int open_socket(struct dialogue *d)
{
	struct dg_smtp_talk *t = d->talk;
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(t->port ? t->port : 25)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = v4.sin_port};
	struct dg_address a;

	if (dg_address_parse(t->address, strlen(t->address), &a) != 0) {
		return dg_fail(&t->err, DG_EINPUT, "not an IP address");
	}
	if (!are_sayable(t)) {
		return dg_fail(&t->err, DG_EINPUT,
			"a name or an address does not fit into an SMTP command (RFC 5321 section "
			"4.5.3.1)");
	}
	memcpy(&v4.sin_addr, a.octets, 4);
	memcpy(&v6.sin6_addr, a.octets, 16);
	d->fd = socket(
		a.is_ip6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r = d->fd < 0  ? -1
		: a.is_ip6 ? connect(d->fd, (const struct sockaddr *)&v6, sizeof(v6))
			   : connect(d->fd, (const struct sockaddr *)&v4, sizeof(v4));
	if (r != 0 && (d->fd < 0 || errno != EINPROGRESS)) {
		return dg_fail(&t->err, DG_EIO, "cannot connect: %s", strerrordesc_np(errno));
	}
	struct event_base *base = dg_loop_base(d->loop);
	d->readable = event_new(base, d->fd, EV_READ | EV_PERSIST, on_readable, d);
	d->writable = event_new(base, d->fd, EV_WRITE | EV_PERSIST, on_writable, d);
	if (!d->readable || !d->writable) {
		return dg_fail(&t->err, DG_EIO, "out of memory");
	}
	(void)event_add(d->writable, NULL);
	return 0;
}

/* What went wrong at once is told from the loop. */
static void on_failure(void *arg)
{
	struct dialogue *d = arg;

	d->deadline = NULL;
	finish(d, (int)d->talk->err.rc);
}

void dg_smtp_start(struct dg_loop *l, struct dg_smtp_talk *t)
{
	struct dialogue *d = calloc(1, sizeof(*d));

	if (!d) {
		abort();
	}
	d->talk = t;
	d->loop = l;
	d->fd = -1;
	dg_smtp_reader_init(&d->in);
	t->internal = d;
	t->banner = t->ehlo = (struct dg_smtp_reply){0};
	t->has_starttls = false;
	t->err = (struct dg_err){0};
	for (size_t i = 0; i < t->n_tries; i++) {
		t->tries[i].mail = (struct dg_smtp_reply){0};
		t->tries[i].rcpts = dg_newn(t->arena, struct dg_smtp_reply, t->tries[i].n_rcpt);
	}
	if (open_socket(d) < 0) {
		d->deadline = dg_loop_after_ms(l, 0, on_failure, d);
	} else {
		d->deadline = dg_loop_after_ms(l, t->timeout_ms, on_deadline, d);
	}
}

void dg_smtp_cancel(struct dg_smtp_talk *t)
{
	if (t->internal) {
		dialogue_free(t->internal);
	}
}
