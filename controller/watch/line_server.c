#include "controller/watch/line_server.h"

#include "controller/watch/line.h"
#include "controller/watch/line_socket.h"
#include "controller/watch/shed.h"
#include "providers/net/loop.h"
#include "zones/base/err.h"

#include <errno.h>
#include <event2/event.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EPOCH_MAX    16u
#define IN_MAX       (16u * DG_LINE_MAX)
#define PAUSE_MS     1000
#define SHED_LOOK_MS 1000
#define KEY_PREFIX   "sensor "

struct connection;

/* A sensor by its name, connected or not. */
struct peer {
	char key[sizeof(KEY_PREFIX) + DG_LINE_NAME_MAX]; /* for the hub */
	char epoch[EPOCH_MAX + 1];
	uint64_t seq; /* the last that came */
	char position[DG_LINE_POSITION_MAX + 1];
	struct connection *at;
};

struct connection {
	struct dg_sensor *sensor;
	int fd;
	struct event *readable;
	struct dg_timer *deadline; /* of the handshake */
	char nonce[DG_LINE_NONCE_HEX + 1];
	struct dg_line_key session;
	struct peer *peer; /* NULL: it has not said who it is */
	uint64_t heard;    /* SEQ of its last line on this connection */
	uint64_t shed_at;  /* N of the last line of a set */
	bool is_deaf;      /* it does not read */
	size_t n_in;
	char in[IN_MAX];
};

struct dg_sensor {
	struct dg_sensor_host host;
	char *key;
	struct dg_line_place place;
	struct dg_line_key secret;
	int fd;
	struct event *readable;
	struct dg_timer *pause; /* without descriptors nobody is accepted for a while */
	struct dg_timer *shed_timer;
	uint64_t shed_told; /* generation of the set that was told last */
	int64_t shed_ms;    /* when */
	struct connection *connections[DG_LINES_CONNECTIONS];
	struct peer *peers[DG_LINES_PEERS];
	bool has_told_refusal;
};

static void hang_up(struct connection *c)
{
	struct dg_sensor *s = c->sensor;

	for (size_t i = 0; i < DG_LINES_CONNECTIONS; i++) {
		if (s->connections[i] == c) {
			s->connections[i] = NULL;
		}
	}
	if (c->peer && c->peer->at == c) {
		c->peer->at = NULL;
	}
	(void)dg_timer_cancel(c->deadline);
	if (c->readable) {
		event_free(c->readable);
	}
	(void)close(c->fd);
	OPENSSL_cleanse(&c->session, sizeof(c->session));
	free(c);
}

static void tell(struct dg_sensor *s, const char *text)
{
	if (s->host.tell) {
		s->host.tell(s->host.arg, s->key, text);
	}
}

/* --- peers ------------------------------------------------------------------------------------- */
/* "EPOCH SEQ TEXT", TEXT "-": none. What cannot be read is as if nothing were known. */
static void load(struct dg_sensor *s, struct peer *p)
{
	const char *kept = dg_hub_last_position(s->host.hub, p->key);
	char copy[DG_LINE_MAX + 1];
	char *text = copy;

	if (!kept || strlen(kept) > DG_LINE_MAX) {
		return;
	}
	memcpy(copy, kept, strlen(kept) + 1);
	const char *epoch = dg_line_word(&text);
	uint64_t seq = 0;
	if (!epoch || strlen(epoch) > EPOCH_MAX || dg_line_number(dg_line_word(&text), &seq) != 0 ||
		!text || strlen(text) > DG_LINE_POSITION_MAX) {
		return;
	}
	memcpy(p->epoch, epoch, strlen(epoch) + 1);
	p->seq = seq;
	memcpy(p->position, text, strlen(text) + 1);
}

static void keep(struct dg_sensor *s, const struct peer *p)
{
	char text[DG_LINE_MAX];

	(void)snprintf(text, sizeof(text), "%s %llu %s", p->epoch, (unsigned long long)p->seq,
		p->position);
	dg_hub_position(s->host.hub, p->key, text);
}

static struct peer *peer_of(struct dg_sensor *s, const char *name)
{
	size_t i = 0;

	for (; i < DG_LINES_PEERS && s->peers[i]; i++) {
		if (strcmp(s->peers[i]->key + sizeof(KEY_PREFIX) - 1, name) == 0) {
			return s->peers[i];
		}
	}
	struct peer *p = i < DG_LINES_PEERS ? calloc(1, sizeof(*p)) : NULL;
	if (p) {
		(void)snprintf(p->key, sizeof(p->key), KEY_PREFIX "%s", name);
		memcpy(p->position, "-", 2);
		load(s, p);
		s->peers[i] = p;
	}
	return p;
}

/* --- lines ------------------------------------------------------------------------------------- */
/* A few octets into an empty buffer: who leaves no room for them does not read, and is let go. */
static int say(struct connection *c, const char *line, size_t n)
{
	return send(c->fd, line, n, MSG_NOSIGNAL) == (ssize_t)n ? 0 : -1;
}

static int say_sealed(struct connection *c, char *line, int n)
{
	return say(c, line, dg_line_seal(&c->session, "c", line, (size_t)n));
}

static void say_entry(void *arg, const char *entry)
{
	struct connection *c = arg;
	char line[DG_LINE_MAX + 1];

	if (!c->is_deaf) {
		c->is_deaf = say_sealed(c, line,
				     snprintf(line, DG_LINE_MAX, "shed %llu %s",
					     (unsigned long long)++c->shed_at, entry)) != 0;
	}
}

/* 0; -1: it does not read. */
static int say_set(struct connection *c)
{
	if (c->sensor->host.shed) {
		dg_shed_list(c->sensor->host.shed, say_entry, c);
		say_entry(c, ".");
	}
	return c->is_deaf ? -1 : 0;
}

static void on_shed(void *arg)
{
	struct dg_sensor *s = arg;
	uint64_t generation = dg_shed_generation(s->host.shed);
	int64_t now_ms = dg_loop_mono_ms(s->host.loop);

	s->shed_timer = dg_loop_after_ms(s->host.loop, SHED_LOOK_MS, on_shed, s);
	if (generation == s->shed_told && now_ms - s->shed_ms < DG_SHED_AGAIN_MS) {
		return;
	}
	s->shed_told = generation;
	s->shed_ms = now_ms;
	for (size_t i = 0; i < DG_LINES_CONNECTIONS; i++) {
		struct connection *c = s->connections[i];

		if (c && c->peer && say_set(c) != 0) {
			hang_up(c);
		}
	}
}

/* hello NAME EPOCH NONCE */
static int on_hello(struct connection *c, char *line, size_t n)
{
	struct dg_sensor *s = c->sensor;
	char out[DG_LINE_MAX + 1];

	if (dg_line_open(&s->secret, c->nonce, line, &n) != 0) {
		return -1;
	}
	char *text = line, *verb = dg_line_word(&text), *name = dg_line_word(&text);
	char *epoch = dg_line_word(&text), *nonce = dg_line_word(&text);
	if (!nonce || text || strcmp(verb, "hello") != 0 || !dg_line_is_name(name) ||
		strlen(epoch) > EPOCH_MAX || !dg_line_is_name(epoch) ||
		strlen(nonce) != DG_LINE_NONCE_HEX) {
		return -1;
	}
	struct peer *p = peer_of(s, name);
	if (!p) {
		return -1;
	}
	if (p->at) {
		hang_up(p->at);
	}
	p->at = c;
	c->peer = p;
	c->deadline = dg_timer_cancel(c->deadline);
	dg_line_key_session(&s->secret, c->nonce, nonce, &c->session);
	if (strcmp(p->epoch, epoch) != 0) {
		memcpy(p->epoch, epoch, strlen(epoch) + 1);
		p->seq = 0;
	}
	int r = say_sealed(c, out,
		snprintf(out, DG_LINE_MAX, "welcome %llu %s", (unsigned long long)p->seq,
			p->position));
	return r == 0 ? say_set(c) : r;
}

static int on_line(struct connection *c, char *line, size_t n)
{
	struct peer *p = c->peer;
	struct dg_line_said said;

	if (!p) {
		return on_hello(c, line, n);
	}
	if (dg_line_open(&c->session, "s", line, &n) != 0 || dg_line_parse(line, n, &said) != 0 ||
		said.seq <= c->heard) {
		return -1;
	}
	c->heard = said.seq;
	if (said.seq <= p->seq) {
		return 0;
	}
	p->seq = said.seq;
	if (said.is_event) {
		dg_hub_event(c->sensor->host.hub, p->key, &said.event);
	} else {
		memcpy(p->position, said.position, strlen(said.position) + 1);
	}
	return 0;
}

/* All whole lines that are there, then one acknowledgement. 0; -1: hang up. */
static int take_lines(struct connection *c)
{
	uint64_t heard = c->heard;
	size_t at = 0;
	int r = 0;

	for (char *end; r == 0 && (end = memchr(c->in + at, '\n', c->n_in - at)) != NULL;) {
		size_t n = (size_t)(end - c->in) - at;

		*end = '\0';
		r = n <= DG_LINE_MAX ? on_line(c, c->in + at, n) : -1;
		at += n + 1;
	}
	c->n_in -= at;
	memmove(c->in, c->in + at, c->n_in);
	if (c->peer && c->heard > heard) {
		char out[DG_LINE_MAX + 1];

		keep(c->sensor, c->peer);
		if (r == 0) {
			r = say_sealed(c, out,
				snprintf(out, DG_LINE_MAX, "ack %llu",
					(unsigned long long)c->heard));
		}
	}
	return r == 0 && c->n_in > DG_LINE_MAX ? -1 : r;
}

static void refuse(struct connection *c)
{
	struct dg_sensor *s = c->sensor;

	if (!c->peer && !s->has_told_refusal) {
		s->has_told_refusal = true;
		tell(s, "somebody connected who is no sensor, or has another key");
	}
	hang_up(c);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;
	ssize_t n = recv(fd, c->in + c->n_in, sizeof(c->in) - c->n_in, 0);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (n <= 0) {
		hang_up(c);
		return;
	}
	c->n_in += (size_t)n;
	if (take_lines(c) != 0) {
		refuse(c);
	}
}

static void on_deadline(void *arg)
{
	struct connection *c = arg;

	c->deadline = NULL;
	hang_up(c);
}

/* --- connections ------------------------------------------------------------------------------- */
static void begin(struct dg_sensor *s, int fd)
{
	char line[DG_LINE_MAX];
	size_t i = 0;

	while (i < DG_LINES_CONNECTIONS && s->connections[i]) {
		i++;
	}
	struct connection *c = i < DG_LINES_CONNECTIONS ? calloc(1, sizeof(*c)) : NULL;
	if (!c) {
		(void)close(fd);
		return;
	}
	s->connections[i] = c;
	c->sensor = s;
	c->fd = fd;
	dg_line_nonce(c->nonce);
	c->readable =
		event_new(dg_loop_base(s->host.loop), fd, EV_READ | EV_PERSIST, on_readable, c);
	c->deadline = dg_loop_after_ms(s->host.loop, DG_LINES_HANDSHAKE_MS, on_deadline, c);
	int n = snprintf(line, sizeof(line), "dnsguard-sensors 1 %s\n", c->nonce);
	if (!c->readable || event_add(c->readable, NULL) != 0 || say(c, line, (size_t)n) != 0) {
		hang_up(c);
	}
}

static void end_pause(void *arg)
{
	struct dg_sensor *s = arg;

	s->pause = NULL;
	(void)event_add(s->readable, NULL);
}

static void on_connection(evutil_socket_t listener, short what, void *arg)
{
	struct dg_sensor *s = arg;
	int fd;

	(void)what;
	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (dg_line_peer_is_allowed(&s->place, fd)) {
			begin(s, fd);
		} else {
			(void)close(fd);
		}
	}
	if (errno == EMFILE || errno == ENFILE) {
		(void)event_del(s->readable);
		s->pause = dg_loop_after_ms(s->host.loop, PAUSE_MS, end_pause, s);
	}
}

static struct dg_sensor *lines_close(struct dg_sensor *s)
{
	if (!s) {
		return NULL;
	}
	for (size_t i = 0; i < DG_LINES_CONNECTIONS; i++) {
		if (s->connections[i]) {
			hang_up(s->connections[i]);
		}
	}
	for (size_t i = 0; i < DG_LINES_PEERS; i++) {
		free(s->peers[i]);
	}
	(void)dg_timer_cancel(s->pause);
	(void)dg_timer_cancel(s->shed_timer);
	if (s->readable) {
		event_free(s->readable);
	}
	dg_line_unlisten(&s->place, s->fd);
	OPENSSL_cleanse(&s->secret, sizeof(s->secret));
	free(s->key);
	free(s);
	return NULL;
}

static int start(struct dg_sensor *s, const char *what, struct dg_err *err)
{
	int r = dg_line_place_parse(what, &s->place, err);

	if (r == 0 && s->place.is_inet && !s->place.key_file[0]) {
		r = dg_fail(err, DG_EINPUT,
			"sensors over the network need a key: \"%.80s key-file=FILE\"", what);
	}
	if (r == 0 && s->place.key_file[0]) {
		r = dg_line_key_read(s->place.key_file, &s->secret, err);
	}
	r = r == 0 ? dg_line_listen(&s->place, &s->fd, err) : r;
	if (r < 0) {
		return r;
	}
	s->readable = event_new(
		dg_loop_base(s->host.loop), s->fd, EV_READ | EV_PERSIST, on_connection, s);
	if (!s->readable || event_add(s->readable, NULL) != 0) {
		return dg_fail(err, DG_EIO, "cannot wait for connections");
	}
	if (s->host.shed) {
		s->shed_timer = dg_loop_after_ms(s->host.loop, SHED_LOOK_MS, on_shed, s);
	}
	return 0;
}

static int lines_open(const struct dg_sensor_host *host, const char *key, const char *what,
	struct dg_sensor **ret_sensor, struct dg_err *err)
{
	struct dg_sensor *s = calloc(1, sizeof(*s));

	if (!s) {
		abort();
	}
	s->host = *host;
	s->fd = -1;
	s->key = strdup(key);
	int r = start(s, what, err);
	if (r < 0) {
		(void)lines_close(s);
		return r;
	}
	*ret_sensor = s;
	return 0;
}

const struct dg_sensor_ops dg_sensor_lines = {
	.name = "sensors",
	.summary = "sensors in other processes and on other hosts (dnsguard sensor)",
	.open = lines_open,
	.close = lines_close,
};
