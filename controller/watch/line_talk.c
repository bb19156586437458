#include "controller/watch/line_client_parts.h"

#include "zones/base/err.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS   5000
#define HANDSHAKE_MS 10000
#define BACKOFF_MS   1000
#define BACKOFF_MAX  30000

static bool is_over(struct dg_line_client *c)
{
	(void)pthread_mutex_lock(&c->lock);
	bool is_done =
		c->is_ending && (c->acknowledged + 1 >= c->next || dg_line_now_ms() >= c->end_ms);
	(void)pthread_mutex_unlock(&c->lock);
	return is_done;
}

static bool is_ending(struct dg_line_client *c)
{
	(void)pthread_mutex_lock(&c->lock);
	bool is_it = c->is_ending;
	(void)pthread_mutex_unlock(&c->lock);
	return is_it;
}

static void tell(struct dg_line_client *c, const char *text)
{
	c->o.tell(c->o.arg, text);
}

static void complain(struct dg_line_client *c, const char *text)
{
	if (!c->has_told) {
		c->has_told = true;
		tell(c, text);
	}
}

/* Puts the next lines into the buffer, sealed. */
static void take_lines(struct dg_line_client *c)
{
	if (c->n_sent < c->n_out) {
		return;
	}
	c->n_out = c->n_sent = 0;
	(void)pthread_mutex_lock(&c->lock);
	while (c->to_send < c->next && c->n_out + DG_LINE_MAX + 1 < DG_LINE_BATCH) {
		const char *line = c->ring[c->to_send++ % DG_LINE_RING];
		size_t n = strlen(line);

		memcpy(c->out + c->n_out, line, n);
		c->n_out += dg_line_seal(&c->session, "s", c->out + c->n_out, n);
	}
	(void)pthread_mutex_unlock(&c->lock);
}

/* 0; 1: the connection is at its end. */
static int send_some(struct dg_line_client *c)
{
	while (c->n_sent < c->n_out) {
		ssize_t n = send(c->fd, c->out + c->n_sent, c->n_out - c->n_sent, MSG_NOSIGNAL);

		if (n < 0) {
			return errno == EAGAIN || errno == EINTR ? 0 : 1;
		}
		c->n_sent += (size_t)n;
	}
	return 0;
}

static int wait_for(struct dg_line_client *c, short events, int64_t until)
{
	struct pollfd p[2] = {{.fd = c->fd, .events = events}, {.fd = c->wake, .events = POLLIN}};
	eventfd_t ignored;
	int64_t left = until - dg_line_now_ms();

	if (left <= 0) {
		return 1;
	}
	(void)poll(p, 2, left > 1000 ? 1000 : (int)left);
	if (p[1].revents) {
		(void)eventfd_read(c->wake, &ignored);
	}
	return 0;
}

/* The next whole line is at c->in, ended by a NUL, *ret_n its length; forget_line() afterwards. 0; 1: not yet; -1: over. */
static int next_line(struct dg_line_client *c, size_t *ret_n)
{
	char *end = memchr(c->in, '\n', c->n_in);

	if (!end) {
		ssize_t n = c->n_in < DG_LINE_MAX
				    ? recv(c->fd, c->in + c->n_in, DG_LINE_MAX - c->n_in, 0)
				    : 0;
		if (n <= 0) {
			return n < 0 && (errno == EAGAIN || errno == EINTR) ? 1 : -1;
		}
		c->n_in += (size_t)n;
		end = memchr(c->in, '\n', c->n_in);
	}
	if (!end) {
		return 1;
	}
	*end = '\0';
	*ret_n = (size_t)(end - c->in);
	return 0;
}

static void forget_line(struct dg_line_client *c, size_t n)
{
	c->n_in -= n + 1;
	memmove(c->in, c->in + n + 1, c->n_in);
}

static int await_line(struct dg_line_client *c, size_t *ret_n)
{
	int64_t until = dg_line_now_ms() + HANDSHAKE_MS;
	int r;

	while ((r = next_line(c, ret_n)) == 1) {
		if (is_over(c) || wait_for(c, POLLIN, until) != 0) {
			return -1;
		}
	}
	return r;
}

static int say_hello(struct dg_line_client *c, const char *nonce)
{
	char mine[DG_LINE_NONCE_HEX + 1];

	dg_line_nonce(mine);
	int n = snprintf(c->out, DG_LINE_MAX, "hello %s %s %s", c->name, c->epoch, mine);
	c->n_out = dg_line_seal(&c->o.key, nonce, c->out, (size_t)n);
	c->n_sent = 0;
	dg_line_key_session(&c->o.key, nonce, mine, &c->session);
	return send_some(c) == 0 && c->n_sent == c->n_out ? 0 : -1;
}

/* What the controller has of this epoch is not sent again; what it lost and is still kept is. */
static void begin_at(struct dg_line_client *c, uint64_t seq, const char *position)
{
	(void)pthread_mutex_lock(&c->lock);
	c->to_send = seq + 1 > c->first ? seq + 1 : c->first;
	c->to_send = c->to_send < c->next ? c->to_send : c->next;
	c->acknowledged = c->to_send - 1;
	c->counts.n_connects++;
	if (!c->was_welcome) {
		(void)snprintf(c->position, sizeof(c->position), "%s",
			strcmp(position, "-") == 0 ? "" : position);
		c->was_welcome = true;
		(void)pthread_cond_broadcast(&c->is_welcome);
	}
	(void)pthread_mutex_unlock(&c->lock);
}

static int handshake(struct dg_line_client *c)
{
	static const char greeting[] = "dnsguard-sensors 1 ";
	char nonce[DG_LINE_NONCE_HEX + 1];
	uint64_t seq = 0;
	size_t n = 0;

	c->n_in = 0;
	if (await_line(c, &n) != 0 || n != sizeof(greeting) - 1 + DG_LINE_NONCE_HEX ||
		strncmp(c->in, greeting, sizeof(greeting) - 1) != 0) {
		return -1;
	}
	memcpy(nonce, c->in + sizeof(greeting) - 1, sizeof(nonce));
	forget_line(c, n);
	if (say_hello(c, nonce) != 0 || await_line(c, &n) != 0) {
		return -1;
	}
	size_t len = n;
	if (dg_line_open(&c->session, "c", c->in, &len) != 0) {
		return -1;
	}
	char *text = c->in, *word = dg_line_word(&text);
	if (!word || strcmp(word, "welcome") != 0 ||
		dg_line_number(dg_line_word(&text), &seq) != 0 || !text) {
		return -1;
	}
	begin_at(c, seq, text);
	forget_line(c, n);
	c->n_out = c->n_sent = 0;
	return 0;
}

void dg_line_forget_shed(struct dg_line_client *c)
{
	while (c->n_shed > 0) {
		free(c->shed[--c->n_shed]);
	}
}

/* "N ENTRY". 0; -1 */
static int take_shed(struct dg_line_client *c, char *text)
{
	uint64_t at = 0;

	if (dg_line_number(dg_line_word(&text), &at) != 0 || at != c->shed_at + 1 || !text ||
		*text == '\0' || strlen(text) >= DG_SHED_ENTRY_MAX) {
		return -1;
	}
	c->shed_at = at;
	if (strcmp(text, ".") == 0) {
		if (c->o.shed) {
			dg_shed_put(c->o.shed, (const char *const *)c->shed, c->n_shed);
		}
		dg_line_forget_shed(c);
	} else if (c->n_shed < DG_SHED_MAX) {
		char *copy = strdup(text);

		if (!copy) {
			abort();
		}
		c->shed[c->n_shed++] = copy;
	}
	return 0;
}

/* "SEQ". 0; -1 */
static int take_ack(struct dg_line_client *c, char *text)
{
	uint64_t seq = 0;

	if (dg_line_number(dg_line_word(&text), &seq) != 0 || seq >= c->to_send) {
		return -1;
	}
	(void)pthread_mutex_lock(&c->lock);
	if (seq > c->acknowledged) {
		c->counts.n_acknowledged += seq - c->acknowledged;
		c->acknowledged = seq;
	}
	(void)pthread_mutex_unlock(&c->lock);
	c->heard_ms = dg_line_now_ms();
	return 0;
}

int dg_line_take(struct dg_line_client *c, size_t n)
{
	size_t len = n;
	char *text = c->in;
	int r = -1;

	if (memchr(c->in, '\0', n) || dg_line_open(&c->session, "c", c->in, &len) != 0) {
		return -1;
	}
	const char *word = dg_line_word(&text);
	if (word && strcmp(word, "ack") == 0) {
		r = take_ack(c, text);
	} else if (word && strcmp(word, "shed") == 0) {
		r = take_shed(c, text);
	}
	forget_line(c, n);
	return r;
}

static bool is_all_acknowledged(struct dg_line_client *c)
{
	(void)pthread_mutex_lock(&c->lock);
	bool is_it = c->acknowledged + 1 >= c->to_send;
	(void)pthread_mutex_unlock(&c->lock);
	return is_it;
}

/* Until the connection breaks or all is said. */
static void converse(struct dg_line_client *c)
{
	size_t n = 0;
	int r;

	c->heard_ms = dg_line_now_ms();
	while (!is_over(c)) {
		take_lines(c);
		if (send_some(c) != 0) {
			return;
		}
		while ((r = next_line(c, &n)) == 0) {
			if (dg_line_take(c, n) != 0) {
				return;
			}
		}
		if (r < 0) {
			return;
		}
		if (is_all_acknowledged(c)) {
			c->heard_ms = dg_line_now_ms();
		}
		short events = c->n_sent < c->n_out ? POLLIN | POLLOUT : POLLIN;
		if (wait_for(c, events, c->heard_ms + DG_LINE_ACK_TIMEOUT_MS) != 0) {
			return;
		}
	}
}

static void pause_for(struct dg_line_client *c, int64_t ms)
{
	int64_t until = dg_line_now_ms() + ms;

	while (!is_over(c) && dg_line_now_ms() < until) {
		struct pollfd p = {.fd = c->wake, .events = POLLIN};
		eventfd_t ignored;
		/* Each push wakes: while nobody listens that is not to be a busy loop. */
		(void)poll(NULL, 0, 20);
		if (poll(&p, 1, ms > 200 ? 200 : (int)ms) == 1) {
			(void)eventfd_read(c->wake, &ignored);
		}
	}
}

/* One connection, from greeting to end. True: it had come about. */
static bool visit(struct dg_line_client *c)
{
	if (handshake(c) != 0) {
		complain(c, "the controller does not take this sensor: another key, or no "
			    "permission");
		return false;
	}
	if (c->has_told) {
		c->has_told = false;
		tell(c, "the controller is there again");
	}
	c->shed_at = 0;
	converse(c);
	dg_line_forget_shed(c);
	if (c->o.shed) {
		dg_shed_put(c->o.shed, NULL, 0); /* who hears nothing refuses nothing */
	}
	if (!is_ending(c)) {
		complain(c, "the controller is gone; tries again");
	}
	return true;
}

void *dg_line_talk(void *client)
{
	struct dg_line_client *c = client;
	int64_t backoff = BACKOFF_MS;
	struct dg_err err;

	while (!is_over(c)) {
		if (dg_line_connect(&c->o.place, CONNECT_MS, &c->fd, &err) != 0) {
			complain(c, err.text);
		} else {
			backoff = visit(c) ? BACKOFF_MS : backoff;
			(void)close(c->fd);
		}
		c->fd = -1;
		pause_for(c, is_ending(c) ? 100 : backoff);
		backoff = backoff * 2 < BACKOFF_MAX ? backoff * 2 : BACKOFF_MAX;
	}
	return NULL;
}
