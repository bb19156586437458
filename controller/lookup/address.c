#include "controller/lookup/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

union any {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Returns its length; 0: not a literal. */
static socklen_t parse(const char *text, uint16_t port, union any *ret_at)
{
	*ret_at = (union any){0};
	if (inet_pton(AF_INET, text, &ret_at->v4.sin_addr) == 1) {
		ret_at->v4.sin_family = AF_INET;
		ret_at->v4.sin_port = htons(port);
		return sizeof(ret_at->v4);
	}
	if (inet_pton(AF_INET6, text, &ret_at->v6.sin6_addr) == 1) {
		ret_at->v6.sin6_family = AF_INET6;
		ret_at->v6.sin6_port = htons(port);
		return sizeof(ret_at->v6);
	}
	return 0;
}

bool dg_address_has_route(const char *text, uint16_t port)
{
	union any at;
	socklen_t len = parse(text, port, &at);
	int fd = len > 0 ? socket(at.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;

	if (fd < 0) {
		return len > 0 && errno != EAFNOSUPPORT;
	}
	int r = connect(fd, &at.sa, len); /* UDP: only asks the routing table */
	bool has_route = r == 0 || (errno != ENETUNREACH && errno != EADDRNOTAVAIL);
	(void)close(fd);
	return has_route;
}
