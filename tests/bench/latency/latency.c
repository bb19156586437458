/* latency watch ADDRESS NAME SUBDOMAIN   asks the server until NAME has the null MX and SUBDOMAIN an MX; prints when: CLOCK_MONOTONIC, nanoseconds
 * latency floor ADDRESS ZONE NAME SUBDOMAIN HOST KEY SECRET N
 *                                       the least that a split costs, N times in one process: one UPDATE with TSIG that takes NAME's MX for the
 *                                       null MX, and the first right answer; prints "SEND-TO-ACK SEND-TO-ANSWER", nanoseconds, a line each
 *
 * HOST is the MX that NAME has otherwise. By ldns, over UDP. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <ldns/ldns.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT     53
#define WAIT_MS  3000   /* for one answer */
#define GIVE_UP  20000  /* questions */
#define PAUSE_NS 300000 /* between two of them: who is asked needs the processor too */
#define TTL      1

static int fd;

static void die(const char *why)
{
	(void)fprintf(stderr, "latency: %s\n", why);
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void connect_to(const char *address)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
		connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		die("no such address");
	}
}

static ldns_rdf *name_of(const char *text)
{
	ldns_rdf *name = ldns_dname_new_frm_str(text);

	if (!name) {
		die("not a name");
	}
	return name;
}

/* NULL: nothing came, or nothing that is an answer to id. */
static ldns_pkt *receive(uint16_t id)
{
	static uint8_t wire[65535];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ldns_pkt *answer = NULL;

	while (poll(&p, 1, WAIT_MS) > 0) {
		ssize_t n = recv(fd, wire, sizeof(wire), 0);

		if (n < 12 || ldns_wire2pkt(&answer, wire, (size_t)n) != LDNS_STATUS_OK) {
			return NULL;
		}
		if (ldns_pkt_id(answer) == id) {
			return answer;
		}
		ldns_pkt_free(answer);
	}
	return NULL;
}

static void send_out(const ldns_pkt *p)
{
	uint8_t *wire = NULL;
	size_t n = 0;

	if (ldns_pkt2wire(&wire, p, &n) != LDNS_STATUS_OK || send(fd, wire, n, 0) != (ssize_t)n) {
		die("cannot send");
	}
	free(wire);
}

/* The preference and host of the first MX; "": there is none. */
static void ask_mx(const char *name, char text[512])
{
	ldns_pkt *q = ldns_pkt_query_new(name_of(name), LDNS_RR_TYPE_MX, LDNS_RR_CLASS_IN, 0);
	ldns_pkt *a = NULL;

	ldns_pkt_set_random_id(q);
	send_out(q);
	a = receive(ldns_pkt_id(q));
	text[0] = '\0';
	ldns_rr_list *all = a ? ldns_pkt_answer(a) : NULL;
	if (all && ldns_rr_list_rr_count(all) > 0 &&
		ldns_rr_get_type(ldns_rr_list_rr(all, 0)) == LDNS_RR_TYPE_MX) {
		const ldns_rr *rr = ldns_rr_list_rr(all, 0);
		char *first = ldns_rdf2str(ldns_rr_rdf(rr, 0));
		char *second = ldns_rdf2str(ldns_rr_rdf(rr, 1));

		(void)snprintf(text, 512, "%s %s", first, second);
		free(first);
		free(second);
	}
	ldns_pkt_free(a);
	ldns_pkt_free(q);
}

/* When the split was there. */
static int64_t wait_for_split(const char *name, const char *subdomain, bool has_pauses)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	char text[512];

	for (unsigned i = 0; i < GIVE_UP; i++) {
		ask_mx(name, text);
		if (strcmp(text, "0 .") == 0) {
			int64_t at = now_ns();

			ask_mx(subdomain, text);
			if (text[0] == '\0' || strcmp(text, "0 .") == 0) {
				die("the mail name has a null MX, and its subdomain takes no mail");
			}
			return at;
		}
		if (has_pauses) {
			(void)nanosleep(&pause, NULL);
		}
	}
	die("the split did not come");
	return 0;
}

static ldns_rr *parse_rr(const char *name, const char *rest)
{
	char text[1024];
	ldns_rr *rr = NULL;

	(void)snprintf(text, sizeof(text), "%s. %d IN MX %s", name, TTL, rest);
	if (ldns_rr_new_frm_str(&rr, text, TTL, NULL, NULL) != LDNS_STATUS_OK) {
		die("not a record");
	}
	return rr;
}

struct update {
	const char *zone, *name, *key, *secret;
};

/* All MX of the name away, this one instead. Until the server has said yes. */
static void update(const struct update *u, const char *mx)
{
	ldns_rr_list *changes = ldns_rr_list_new();
	ldns_rr *all = ldns_rr_new();

	ldns_rr_set_owner(all, name_of(u->name));
	ldns_rr_set_type(all, LDNS_RR_TYPE_MX);
	ldns_rr_set_class(all, LDNS_RR_CLASS_ANY);
	ldns_rr_set_ttl(all, 0);
	ldns_rr_set_question(all, false);
	ldns_rr_list_push_rr(changes, all);
	ldns_rr_list_push_rr(changes, parse_rr(u->name, mx));
	ldns_pkt *p = ldns_update_pkt_new(name_of(u->zone), LDNS_RR_CLASS_IN, NULL, changes, NULL);
	ldns_pkt_set_random_id(p);
	if (ldns_pkt_tsig_sign(p, u->key, u->secret, 300, "hmac-sha256.", NULL) != LDNS_STATUS_OK) {
		die("cannot sign");
	}
	send_out(p);
	ldns_pkt *a = receive(ldns_pkt_id(p));
	if (!a || ldns_pkt_get_rcode(a) != LDNS_RCODE_NOERROR) {
		die("the server does not take the update");
	}
	ldns_pkt_free(a);
	ldns_pkt_free(p);
	ldns_rr_list_deep_free(changes);
}

static void wait_for_host(const char *name, const char *host)
{
	char text[512];

	for (unsigned i = 0; i < GIVE_UP; i++) {
		ask_mx(name, text);
		if (strncmp(text, host, strlen(host)) == 0) {
			return;
		}
	}
	die("the old MX did not come back");
}

int main(int argc, char **argv)
{
	bool is_watch = argc == 5 && strcmp(argv[1], "watch") == 0;

	if (!is_watch && !(argc == 10 && strcmp(argv[1], "floor") == 0)) {
		die("watch ADDRESS NAME SUBDOMAIN, or floor ADDRESS ZONE NAME SUBDOMAIN HOST KEY "
		    "SECRET N");
	}
	connect_to(argv[2]);
	if (is_watch) {
		printf("asking\n");
		(void)fflush(stdout);
		printf("%" PRId64 "\n", wait_for_split(argv[3], argv[4], true));
		return 0;
	}
	const struct update u = {
		.zone = argv[3], .name = argv[4], .key = argv[7], .secret = argv[8]};
	for (int i = 0; i < atoi(argv[9]); i++) {
		int64_t from = now_ns();

		update(&u, "0 .");
		int64_t acknowledged = now_ns();
		int64_t there = wait_for_split(argv[4], argv[5], false);
		printf("%" PRId64 " %" PRId64 "\n", acknowledged - from, there - from);
		update(&u, argv[6]);
		wait_for_host(argv[4], argv[6]);
	}
	return 0;
}
