/* relay LISTEN UPSTREAM MS: passes DNS questions over UDP on, and each answer back MS milliseconds after it came. For a kernel that
 * cannot delay packets itself. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define PORT    53
#define MESSAGE 1500
#define HELD    16384u /* answers; more are lost, as in a network */
#define BUFFER  (8 << 20)
#define AT_ONCE 64

struct client {
	struct sockaddr_in at;
	uint8_t id[2];
};

struct held {
	int64_t due_us;
	struct sockaddr_in to;
	size_t len;
	uint8_t data[MESSAGE];
};

struct relay {
	int front, back;
	int64_t delay_us;
	struct client clients[65536];
	uint16_t next;
	struct held held[HELD];
	size_t first, n;
};

static int64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int open_socket(const char *address, int is_listening)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int size = BUFFER;

	if (fd < 0 || inet_pton(AF_INET, address, &at.sin_addr) != 1) {
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (is_listening) {
		return bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 ? fd : -1;
	}
	return connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 ? fd : -1;
}

static void pass_on(struct relay *r)
{
	uint8_t data[MESSAGE];

	for (int i = 0; i < AT_ONCE; i++) {
		struct client *c = &r->clients[r->next];
		socklen_t len = sizeof(c->at);
		ssize_t n =
			recvfrom(r->front, data, sizeof(data), 0, (struct sockaddr *)&c->at, &len);

		if (n < 12) {
			return;
		}
		memcpy(c->id, data, 2);
		memcpy(data, &r->next, 2);
		r->next++;
		(void)send(r->back, data, (size_t)n, 0);
	}
}

static void take_back(struct relay *r)
{
	for (int i = 0; i < AT_ONCE && r->n < HELD; i++) {
		struct held *h = &r->held[(r->first + r->n) % HELD];
		ssize_t n = recv(r->back, h->data, sizeof(h->data), 0);
		uint16_t id = 0;

		if (n < 12) {
			return;
		}
		memcpy(&id, h->data, 2);
		memcpy(h->data, r->clients[id].id, 2);
		h->to = r->clients[id].at;
		h->len = (size_t)n;
		h->due_us = now_us() + r->delay_us;
		r->n++;
	}
}

static void give_back(struct relay *r)
{
	int64_t now = now_us();

	while (r->n > 0 && r->held[r->first].due_us <= now) {
		const struct held *h = &r->held[r->first];

		(void)sendto(r->front, h->data, h->len, 0, (const struct sockaddr *)&h->to,
			sizeof(h->to));
		r->first = (r->first + 1) % HELD;
		r->n--;
	}
}

int main(int argc, char **argv)
{
	struct relay *r = calloc(1, sizeof(*r));

	if (argc != 4 || !r) {
		(void)fputs("usage: relay LISTEN UPSTREAM MS\n", stderr);
		free(r);
		return 2;
	}
	r->front = open_socket(argv[1], 1);
	r->back = open_socket(argv[2], 0);
	r->delay_us = strtol(argv[3], NULL, 10) * 1000;
	if (r->front < 0 || r->back < 0) {
		perror("relay");
		free(r);
		return 1;
	}
	for (;;) {
		struct pollfd p[2] = {
			{.fd = r->front, .events = POLLIN}, {.fd = r->back, .events = POLLIN}};

		(void)poll(p, 2, r->n > 0 ? 1 : -1);
		give_back(r);
		take_back(r);
		pass_on(r);
	}
}
