/* answer ADDRESS PORT: a name server for any number of domains: what it says of dNNN.example follows from the name alone. Each has an
 * A, an MX and an SPF record that includes one of 40 providers, three of four have a DMARC record; what else is asked for is not there.
 * For runs that no zone file would hold. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BUFFER    (8 << 20)
#define MESSAGE   512u
#define AT_ONCE   64
#define PROVIDERS 40u
#define LABELS    8u
#define TYPE_A    1u
#define TYPE_MX   15u
#define TYPE_TXT  16u
#define NXDOMAIN  3u

struct question {
	char labels[LABELS][64];
	size_t n;
	unsigned type;
	size_t end; /* of the question in the message */
};

struct reply {
	uint8_t *at;
	unsigned n_answers;
};

static bool read_question(const uint8_t *m, size_t len, struct question *q)
{
	size_t at = 12;

	q->n = 0;
	while (at < len && m[at] != 0 && m[at] < 64 && at + m[at] + 6 <= len && q->n < LABELS) {
		memcpy(q->labels[q->n], m + at + 1, m[at]);
		q->labels[q->n++][m[at]] = '\0';
		at += m[at] + 1u;
	}
	if (at + 5 > len || m[at] != 0) {
		return false;
	}
	q->type = (unsigned)m[at + 1] << 8 | m[at + 2];
	q->end = at + 5;
	return true;
}

static void put(struct reply *r, const void *data, size_t len)
{
	memcpy(r->at, data, len);
	r->at += len;
}

/* A record of the name asked for. */
static void put_record(struct reply *r, unsigned type, const void *data, size_t len)
{
	const uint8_t head[] = {0xc0, 12, 0, (uint8_t)type, 0, 1, 0, 0, 14, 16, 0, (uint8_t)len};

	put(r, head, sizeof(head));
	put(r, data, len);
	r->n_answers++;
}

static void put_text(struct reply *r, const char *text)
{
	uint8_t data[200];
	size_t len = strlen(text);

	data[0] = (uint8_t)len;
	memcpy(data + 1, text, len);
	put_record(r, TYPE_TXT, data, len + 1);
}

static void put_address(struct reply *r, unsigned long n)
{
	const uint8_t data[] = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	put_record(r, TYPE_A, data, sizeof(data));
}

static void put_mx(struct reply *r, unsigned long n)
{
	char host[32];
	uint8_t data[64] = {0, 10, 3, 'm', 'x', '1'};
	size_t len = (size_t)snprintf(host, sizeof(host), "prov%02lu", n % PROVIDERS);

	data[6] = (uint8_t)len;
	memcpy(data + 7, host, len);
	memcpy(data + 7 + len, "\7example", 9);
	put_record(r, TYPE_MX, data, 7 + len + 9);
}

/* False: there is no such name. */
static bool put_domain(struct reply *r, const struct question *q, unsigned long n)
{
	static const char *const policies[] = {NULL, "none", "quarantine", "reject"};
	const char *policy = policies[n / 3 % 4];
	char text[180];

	if (q->n == 2) {
		(void)snprintf(text, sizeof(text),
			"v=spf1 ip4:10.1.0.0/24 include:_spf.prov%02lu.example ~all",
			n % PROVIDERS);
		switch (q->type) {
		case TYPE_A:
			put_address(r, n);
			break;
		case TYPE_MX:
			put_mx(r, n);
			break;
		case TYPE_TXT:
			put_text(r, text);
			put_text(r, "verify=0123456789abcdef0123456789abcdef");
			break;
		}
		return true;
	}
	if (q->n == 3 && strcmp(q->labels[0], "_dmarc") == 0 && policy) {
		(void)snprintf(
			text, sizeof(text), "v=DMARC1; p=%s; rua=mailto:d@d%lu.example", policy, n);
		if (q->type == TYPE_TXT) {
			put_text(r, text);
		}
		return true;
	}
	return false;
}

static bool put_provider(struct reply *r, const struct question *q, unsigned long n)
{
	if (q->n == 3 && strcmp(q->labels[0], "_spf") == 0) {
		if (q->type == TYPE_TXT) {
			put_text(r, n % 2 ? "v=spf1 ip4:100.64.0.0/20 ip4:100.65.0.0/20 ~all"
					  : "v=spf1 ip4:100.66.0.0/16 ~all");
		}
		return true;
	}
	if (q->n == 3 && strcmp(q->labels[0], "mx1") == 0 && q->type == TYPE_A) {
		put_address(r, n);
	}
	return q->n == 2 || strcmp(q->labels[0], "mx1") == 0;
}

static void put_soa(struct reply *r)
{
	static const uint8_t soa[] = {7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 6, 0, 1, 0, 0, 1,
		44, 0, 22, 0, 0, 0, 0, 0, 1, 0, 0, 28, 32, 0, 0, 14, 16, 0, 18, 117, 0, 0, 0, 1,
		44};

	put(r, soa, sizeof(soa));
}

static size_t answer(uint8_t *m, size_t len)
{
	struct question q;

	if (len < 12 || !read_question(m, len, &q)) {
		return 0;
	}
	struct reply r = {.at = m + q.end};
	const char *name = q.n >= 2 ? q.labels[q.n - 2] : "";
	bool is_provider = strncmp(name, "prov", 4) == 0;
	unsigned long n = strtoul(name + (is_provider ? 4 : 1), NULL, 10);
	bool exists = q.n < 2 || (is_provider ? put_provider : put_domain)(&r, &q, n);

	memset(m + 2, 0, 10);
	m[2] = 0x85;
	m[3] = exists ? 0x80 : 0x80 | NXDOMAIN;
	m[5] = 1;
	m[7] = (uint8_t)r.n_answers;
	if (r.n_answers == 0) {
		put_soa(&r);
		m[9] = 1;
	}
	return (size_t)(r.at - m);
}

int main(int argc, char **argv)
{
	static uint8_t messages[AT_ONCE][MESSAGE * 4];
	struct sockaddr_in peers[AT_ONCE];
	struct mmsghdr m[AT_ONCE];
	struct iovec v[AT_ONCE];
	struct sockaddr_in at = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int size = BUFFER;

	if (argc != 3 || fd < 0 || inet_pton(AF_INET, argv[1], &at.sin_addr) != 1) {
		(void)fputs("usage: answer ADDRESS PORT\n", stderr);
		return 2;
	}
	at.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		perror("bind");
		return 1;
	}
	for (;;) {
		for (int i = 0; i < AT_ONCE; i++) {
			v[i] = (struct iovec){messages[i], MESSAGE};
			m[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
				.msg_namelen = sizeof(peers[i]),
				.msg_iov = &v[i],
				.msg_iovlen = 1};
		}
		int n = recvmmsg(fd, m, AT_ONCE, MSG_WAITFORONE, NULL);
		for (int i = 0; i < n; i++) {
			v[i].iov_len = answer(messages[i], m[i].msg_len);
		}
		if (n > 0) {
			(void)sendmmsg(fd, m, (unsigned)n, 0);
		}
	}
}
